"""Everything that the program reads, read with the SDK's types."""

import datetime

import ovirtsdk4 as sdk
from ovirtsdk4 import types
from ovirt import by_name, connect
from steps import ok, refused, same, true

connection = connect()
system = connection.system_service()

(center,) = system.data_centers_service().list()
same((center.name, center.status), ("MTV-CNV", types.DataCenterStatus.UP), "the data center")
(cluster,) = system.clusters_service().list()
same(connection.follow_link(cluster.data_center).name, center.name, "the cluster's data center")
ok("data center and cluster")

templates = system.templates_service()
(template,) = by_name(templates, "mtv-win2022-ip-3disks")
topology = template.cpu.topology
same((topology.sockets, topology.cores, topology.threads), (1, 4, 1), "topology")
same(template.memory, 8 << 30, "memory")
same(template.bios.type, types.BiosType.Q35_SECURE_BOOT, "firmware")
same((template.status, template.version.version_number), (types.TemplateStatus.OK, 1), "status and version")
same(template.cluster.id, cluster.id, "the template's cluster")
true(templates.list(search="name=MTV-WIN2022*"), "a search knows wildcards and no case")
same(templates.list(search="name=nobody"), [], "a search that finds nothing")
ok("a template")

nics = connection.follow_link(template.nics)
same([nic.name for nic in nics], ["nic1", "nic2", "nic3"], "NICs")
networks = []
for nic in nics:
    true(nic.mac.address.startswith("56:6f:"), nic.mac.address)
    profile = connection.follow_link(nic.vnic_profile)
    networks.append(connection.follow_link(profile.network).name)
same(networks, ["ovirtmgmt", "mtv-data", "mtv-backup"], "networks through vNIC profiles")
ok("NICs, vNIC profiles, networks")

places = []
for attachment in connection.follow_link(template.disk_attachments):
    disk = connection.follow_link(attachment.disk)
    same((attachment.id, disk.status), (disk.id, types.DiskStatus.OK), "a disk")
    same(disk.storage_type, types.DiskStorageType.IMAGE, "storage type")
    domain = system.storage_domains_service().storage_domain_service(disk.storage_domains[0].id).get()
    places.append((disk.provisioned_size >> 30, domain.name, attachment.bootable))
same(places, [(50, "nfs-data", True), (6, "nfs-data", False), (2, "iscsi-data", False)], "disks")
ok("disks and storage domains")

(vm,) = by_name(system.vms_service(), "mtv-rhel8-loose-nic")
same(vm.status, types.VmStatus.DOWN, "status")
loose = connection.follow_link(vm.nics)[1]
same((loose.vnic_profile, loose.linked, loose.plugged), (None, True, True), "a NIC without a profile")
snapshots = connection.follow_link(vm.snapshots)
same([one.snapshot_type for one in snapshots], [types.SnapshotType.ACTIVE], "snapshots")
same(system.events_service().list(search=f"Vms.id = {vm.id}"), [], "events")
ok("a VM")

with refused(sdk.NotFoundError, "a VM that is not there", code=404):
    system.vms_service().vm_service("00000000-0000-0000-0000-00000000abcd").get()
with refused(sdk.Error, "a search that makes no sense", code=400):
    system.vms_service().list(search="bogus~3")
ok("refusals")
connection.close()
