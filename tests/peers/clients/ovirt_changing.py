"""A clone from a template lives, is seen, and leaves the engine as it was."""

import datetime

import ovirtsdk4 as sdk
from ovirtsdk4 import types
from ovirt import by_name, connect, inventory
from steps import ok, refused, same, true, until

connection = connect()
system = connection.system_service()
before = inventory(connection)
vms = system.vms_service()
(template,) = by_name(system.templates_service(), "mtv-rhel8-warm-2disks2nics")

wanted = types.Vm(
    name="sdk-clone",
    cluster=types.Cluster(id=template.cluster.id),
    template=types.Template(id=template.id),
    memory_policy=types.MemoryPolicy(guaranteed=0),
)
made = vms.add(wanted, clone=True)
same(made.status, types.VmStatus.IMAGE_LOCKED, "a clone begins locked")
vm = vms.vm_service(made.id)
with refused(sdk.Error, "starting a locked VM"):
    vm.start()
with refused(sdk.Error, "a name that is taken", code=409):
    vms.add(wanted, clone=True)
until(lambda: vm.get().status == types.VmStatus.DOWN, "the clone is down")
clone = vm.get()
same((clone.memory_policy.guaranteed, clone.memory), (0, template.memory), "memory")
of = lambda owner: {nic.mac.address for nic in connection.follow_link(owner.nics)}
true(not of(clone) & of(template), "a clone has addresses of its own")
same(len(connection.follow_link(clone.disk_attachments)), 2, "disks")
ok("cloned from a template")

vm.start()
until(lambda: vm.get().status == types.VmStatus.UP, "the clone is up")
devices = until(lambda: vm.reported_devices_service().list(), "the guest reports")
true(any(ip.address == "10.7.68.12" for device in devices for ip in device.ips), "an address of the guest")
with refused(sdk.Error, "deleting a running VM", code=409):
    vm.remove()
ok("started")

snapshots = vm.snapshots_service()
taken = snapshots.add(types.Snapshot(description="one", persist_memorystate=False))
snapshot = snapshots.snapshot_service(taken.id)
until(lambda: snapshot.get().snapshot_status == types.SnapshotStatus.OK, "the snapshot is complete")
now = datetime.datetime.now(datetime.timezone.utc)
true(abs(now - snapshot.get().date) < datetime.timedelta(minutes=5), "the snapshot's time")
same([one.description for one in snapshots.list()], ["Active VM", "one"], "snapshots")
snapshot.remove()
until(lambda: len(snapshots.list()) == 1, "the snapshot is gone")
ok("a snapshot came and went")

vm.shutdown()
until(lambda: vm.get().status == types.VmStatus.DOWN, "shut down")
vm.start()
until(lambda: vm.get().status == types.VmStatus.UP, "up again")
vm.stop()
same(vm.get().status, types.VmStatus.DOWN, "stopped at once")
events = system.events_service().list(search=f"Vms.id = {clone.id}")
same([event.code for event in events], [33, 32, 61, 32], "events, the newest first")
same((events[0].vm.id, events[0].severity), (clone.id, types.LogSeverity.NORMAL), "an event")
true(events[0].index is None or events[0].index > events[1].index, "events are in order")
ok("shut down and stopped, and both are on record")

vm.remove()


def gone():
    """Whether it is."""
    try:
        vm.get()
    except sdk.NotFoundError:
        return True
    return False


until(gone, "the clone is gone")
same(inventory(connection), before, "the engine")
connection.close()
ok("deleted; the engine is as it was")
