"""Commands in a guest through VMware Tools, as the vCenter's own client gives them."""

import ssl
import urllib.request

import vsphere
from pyVim.task import WaitForTask
from pyVmomi import vim
from steps import ok, refused, same, trust, true, until

service = vsphere.connect()
content = service.RetrieveContent()
entry = vsphere.entry()
machine = content.searchIndex.FindByInventoryPath("MTV-Lab/vm/mtv-tests-rhel8")
was_on = machine.runtime.powerState == "poweredOn"
manager = content.guestOperationsManager
programs, files = manager.processManager, manager.fileManager


def login(password=entry["guest_vm_linux_password"]):
    """The guest's user."""
    return vim.vm.guest.NamePasswordAuthentication(
        username=entry["guest_vm_linux_user"], password=password, interactiveSession=False
    )


if was_on:
    WaitForTask(machine.PowerOffVM_Task())
with refused(vim.fault.InvalidPowerState, "a guest that is off"):
    manager.authManager.ValidateCredentialsInGuest(machine, login())
WaitForTask(machine.PowerOnVM_Task())


def valid():
    """Tools take their time after a start."""
    try:
        manager.authManager.ValidateCredentialsInGuest(machine, login())
    except vim.fault.GuestOperationsUnavailable:
        return False
    return True


until(valid, "the guest's tools")
ok("InvalidPowerState, then a valid login")

with refused(vim.fault.InvalidGuestLogin, "a wrong password"):
    manager.authManager.ValidateCredentialsInGuest(machine, login("wrong"))
with refused(vim.fault.InvalidGuestLogin, "a program with a wrong password"):
    programs.StartProgramInGuest(machine, login("wrong"), vim.vm.guest.ProcessManager.ProgramSpec(programPath="/bin/true", arguments=""))
ok("InvalidGuestLogin")

path = files.CreateTemporaryFileInGuest(machine, login(), "py", ".out", None)
true(path.startswith("/tmp/py") and path.endswith(".out"), path)
spec = vim.vm.guest.ProcessManager.ProgramSpec(programPath="/bin/sh", arguments=f"-c 'hostname' > {path} 2>&1")
pid = programs.StartProgramInGuest(machine, login(), spec)


def ended():
    """What is told of the program, once it ended."""
    told = programs.ListProcessesInGuest(machine, login(), [pid])
    same([one.pid for one in told], [pid], "the list of one process")
    return told[0] if told[0].endTime else None


process = until(ended, "the program")
same((process.exitCode, process.owner, process.name), (0, entry["guest_vm_linux_user"], "sh"), "the process")
true(process.startTime <= process.endTime and "hostname" in process.cmdLine, f"{process}")
true(pid in [one.pid for one in programs.ListProcessesInGuest(machine, login())], "the list of all")
ok("StartProgramInGuest, ListProcessesInGuest")

info = files.InitiateFileTransferFromGuest(machine, login(), path)
true(isinstance(info.attributes, vim.vm.guest.FileManager.PosixFileAttributes), f"{info}")
host = entry["api_url"].split("/")[2]
true(info.url.startswith("https://*:443/"), info.url)
with urllib.request.urlopen(info.url.replace("*:443", host, 1), context=trust()) as answer:
    output = answer.read()
same(len(output), info.size, "the size")
same(output.decode().strip(), machine.guest.hostName, "the output")
try:
    urllib.request.urlopen(info.url.replace("*:443", host, 1), context=ssl.create_default_context())
    raise AssertionError("the file is given to a client that does not know the authority")
except urllib.error.URLError as error:
    true(isinstance(error.reason, ssl.SSLCertVerificationError), f"{error}")
with refused(vim.fault.FileNotFound, "a file that is not there"):
    files.InitiateFileTransferFromGuest(machine, login(), "/nowhere/at/all")
ok("InitiateFileTransferFromGuest, FileNotFound")

files.DeleteFileInGuest(machine, login(), path)
with refused(vim.fault.FileNotFound, "a file that was deleted"):
    files.DeleteFileInGuest(machine, login(), path)
with refused(vim.fault.GuestProcessNotFound, "a process that is not there", pid=7):
    programs.TerminateProcessInGuest(machine, login(), 7)
same(programs.ReadEnvironmentVariableInGuest(machine, login(), ["USER"]), ["USER=root"], "the environment")
ok("DeleteFileInGuest, TerminateProcessInGuest, ReadEnvironmentVariableInGuest")

if not was_on:
    WaitForTask(machine.PowerOffVM_Task())
