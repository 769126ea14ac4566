"""Finding objects, and every property that the program reads, as pyVmomi's own types."""

import sys

import vsphere
from pyVmomi import vim, vmodl
from steps import ok, refused, same, true

service = vsphere.connect()
content = service.RetrieveContent()

machines = {one.name: one for one in vsphere.view(content, vim.VirtualMachine)}
same(len(machines), 16, "VMs")
found = content.searchIndex.FindByInventoryPath("MTV-Lab/vm/mtv-tests-rhel8")
same(found, machines["mtv-tests-rhel8"], "a VM by its path")
same(content.searchIndex.FindByInventoryPath("MTV-Lab/vm/nothing"), None, "an absent path")
same(content.searchIndex.FindByUuid(None, found.config.uuid, True), found, "a VM by its uuid")
ok("container views, FindByInventoryPath, FindByUuid")

up, at = [], found
while at is not None:
    up.append(at.name)
    at = at.parent
same(up, ["mtv-tests-rhel8", "vm", "MTV-Lab", "Datacenters"], "the way up")
for kind in [vim.Datacenter, vim.HostSystem, vim.Datastore, vim.Network, vim.ResourcePool, vim.ClusterComputeResource]:
    true(vsphere.view(content, kind), f"no {kind.__name__}")
ok("the tree")

# A task must have run for its properties to be read.
found.ReconfigVM_Task(vim.vm.ConfigSpec())
objects = {
    "Task": content.taskManager.recentTask[:1],
    "AuthorizationManager": [content.authorizationManager],
    "TaskManager": [content.taskManager],
    "GuestOperationsManager": [content.guestOperationsManager],
    "VirtualMachine": list(machines.values()),
}
absent = {"snapshot", "guest.ipStack", "guest.net", "config.extraConfig"}
kinds = {}
with open(sys.argv[1], encoding="utf-8") as lines:
    for line in lines:
        kind, path = line.split()
        kinds.setdefault(kind, []).append(path)
for kind, paths in kinds.items():
    of = getattr(vim, kind, None) or getattr(vim.dvs, kind, None) or getattr(vim.vm.guest, kind)
    chosen = objects.get(kind) or vsphere.view(content, of)
    told = vsphere.collect(content, of, chosen, paths)
    same(len(told), len(chosen), f"objects of {kind}")
    for one in chosen:
        for path in paths:
            value = told[one._moId].get(path)
            # A template is in no pool.
            none = path in absent or (path == "resourcePool" and kind == "VirtualMachine" and one.config.template)
            true(value is not None or none, f"{kind} {one._moId}: {path} is not there")
            # The same by the attribute, which is another call.
            direct = one
            for part in path.split("."):
                direct = getattr(direct, part) if direct is not None else None
            if kind not in ("AuthorizationManager", "Task", "TaskManager"):
                same(str(direct) if value is not None else bool(direct), str(value) if value is not None else False, path)
    ok(f"{len(paths)} properties of {len(chosen)} {kind}")

hardware = found.config.hardware
same((hardware.numCPU, hardware.numCoresPerSocket, hardware.memoryMB), (4, 1, 2048), "hardware")
disks = [one for one in hardware.device if isinstance(one, vim.vm.device.VirtualDisk)]
cards = [one for one in hardware.device if isinstance(one, vim.vm.device.VirtualEthernetCard)]
same([one.capacityInBytes for one in disks], [16 << 30], "disks")
same([one.key - disks[0].key for one in disks], [0], "keys of disks")
same(len(cards), 3, "cards")
same(disks[0].backing.datastore.name, "vmfs-1", "a disk's datastore")
true(isinstance(cards[0].backing, vim.vm.device.VirtualEthernetCard.DistributedVirtualPortBackingInfo), "a card's port")
same(cards[2].backing.network.name, "VM Network", "a card's network")
ok("devices have their types")

with refused(vmodl.fault.ManagedObjectNotFound, "an object that is gone"):
    vim.VirtualMachine("vm-9999", service._stub).name  # noqa: B018: reading it is the call
with refused(vmodl.query.InvalidProperty, "a property that no VM has"):
    vsphere.collect(content, vim.VirtualMachine, [found], ["config.nosuch"])
with refused(vmodl.RuntimeFault, "a method that the lab does not serve"):
    content.taskManager.CreateCollectorForTasks(vim.TaskFilterSpec())
ok("faults")
