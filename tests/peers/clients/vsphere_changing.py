"""A VM's life: clone, power, snapshots, reconfiguration, its end; after that the source is as it was."""

import vsphere
from pyVim.task import WaitForTask
from pyVmomi import vim, vmodl
from steps import ok, refused, same, true, until

service = vsphere.connect()
content = service.RetrieveContent()
before = vsphere.inventory(content)
source = content.searchIndex.FindByInventoryPath("MTV-Lab/vm/mtv-tests-rhel8")

cards = [one for one in source.config.hardware.device if isinstance(one, vim.vm.device.VirtualEthernetCard)]
changes = []
for card in cards:
    card.addressType, card.macAddress = "generated", None
    changes.append(vim.vm.device.VirtualDeviceSpec(operation="edit", device=card))
task = source.CloneVM_Task(
    folder=source.parent,
    name="py-clone",
    spec=vim.vm.CloneSpec(
        location=vim.vm.RelocateSpec(pool=source.resourcePool),
        config=vim.vm.ConfigSpec(deviceChange=changes),
        powerOn=False,
        template=False,
    ),
)
true(task in content.taskManager.recentTask, "the task is a recent one")
seen = set()


def ended():
    info = task.info
    seen.add(info.progress)
    return info if info.state in (vim.TaskInfo.State.success, vim.TaskInfo.State.error) else None


info = until(ended, "the clone")
same((info.state, info.entityName, info.descriptionId), ("success", "mtv-tests-rhel8", "VirtualMachine.clone"), "the task")
true(len([one for one in seen if one]) > 1, f"progress was told: {seen}")
true(info.startTime and info.completeTime >= info.startTime, "a task has its times")
clone = info.result
same((clone.name, clone.runtime.powerState), ("py-clone", "poweredOff"), "the clone")
true(clone.config.uuid != source.config.uuid, "a clone has a uuid of its own")
macs = [{one.macAddress for one in vm.config.hardware.device if hasattr(one, "macAddress")} for vm in (source, clone)]
true(len(macs[0]) == len(macs[1]) == 3 and not macs[0] & macs[1], f"new addresses were asked for: {macs}")
ok("clone with progress")

with refused(vim.fault.DuplicateName, "a second VM of the name"):
    WaitForTask(source.CloneVM_Task(source.parent, "py-clone", vim.vm.CloneSpec(location=vim.vm.RelocateSpec())))
ok("DuplicateName")

WaitForTask(clone.PowerOnVM_Task())
same(clone.runtime.powerState, "poweredOn", "power")
with refused(vim.fault.InvalidPowerState, "a second start"):
    WaitForTask(clone.PowerOnVM_Task())
with refused(vim.fault.InvalidPowerState, "the end of a running VM"):
    WaitForTask(clone.Destroy_Task())
until(lambda: clone.guest.toolsRunningStatus == "guestToolsRunning" and clone.guest.net, "the guest's tools")
ok("power on, InvalidPowerState")

first = WaitForTask(clone.CreateSnapshot_Task("one", "first", False, False)) and clone.snapshot.currentSnapshot
WaitForTask(clone.CreateSnapshot_Task("two", "", False, False))
tree = clone.snapshot.rootSnapshotList
same([tree[0].name, tree[0].childSnapshotList[0].name], ["one", "two"], "snapshots")
same((tree[0].snapshot, tree[0].description), (first, "first"), "the first of them")
WaitForTask(first.RemoveSnapshot_Task(removeChildren=False))
same([one.name for one in clone.snapshot.rootSnapshotList], ["two"], "what is left")
WaitForTask(clone.RemoveAllSnapshots_Task())
same(clone.snapshot, None, "no snapshot")
ok("snapshots")

WaitForTask(clone.PowerOffVM_Task())
same(clone.runtime.powerState, "poweredOff", "power")
controller = [one for one in clone.config.hardware.device if isinstance(one, vim.vm.device.VirtualSCSIController)][0]
disk = vim.vm.device.VirtualDisk(
    capacityInKB=1 << 20,
    controllerKey=controller.key,
    unitNumber=1,
    key=-1,
    backing=vim.vm.device.VirtualDisk.FlatVer2BackingInfo(fileName="", diskMode="persistent", thinProvisioned=True),
)
add = vim.vm.device.VirtualDeviceSpec(operation="add", fileOperation="create", device=disk)
WaitForTask(clone.ReconfigVM_Task(vim.vm.ConfigSpec(memoryMB=4096, numCPUs=2, deviceChange=[add])))
same((clone.config.hardware.memoryMB, clone.config.hardware.numCPU), (4096, 2), "hardware")
sizes = [one.capacityInKB for one in clone.config.hardware.device if isinstance(one, vim.vm.device.VirtualDisk)]
same(sizes, [16 << 20, 1 << 20], "disks")
WaitForTask(clone.Rename_Task("py-renamed"))
same(clone.name, "py-renamed", "the name")
ok("reconfigure, rename")

WaitForTask(clone.Destroy_Task())
with refused(vmodl.fault.ManagedObjectNotFound, "a VM that is gone"):
    clone.name  # noqa: B018: reading it is the call
after = vsphere.inventory(content)
same(after.keys(), before.keys(), "objects")
for moref, facts in before.items():
    same(after[moref], facts, moref)
ok("destroy; the source is as it was")
