"""Lists, details, pages, filters, by the SDK's own models of each service."""

import openstack_source
from openstack import exceptions
from steps import ok, refused, same, true

cloud = openstack_source.connect()
servers = {one.name: one for one in cloud.compute.servers()}
wanted = ["mtv-image-booted", "mtv-rhel8-warm-2disks2nics", "mtv-tests-rhel8", "mtv-win2019-3disks", "mtv-win2019-79"]
same(sorted(servers), wanted, "servers")
same(len(list(cloud.compute.servers(limit=2))), 5, "servers in pages of two")
same([one.name for one in cloud.compute.servers(name="^mtv-tests")], ["mtv-tests-rhel8"], "a name is a pattern")
ok("servers")

two = cloud.compute.find_server("mtv-rhel8-warm-2disks2nics")
two = cloud.compute.get_server(two)
same((two.status, two.vm_state, two.flavor.vcpus, two.flavor.ram), ("SHUTOFF", "stopped", 4, 4096), "a server")
same(sorted(two.addresses), ["private", "storage"], "addresses")
same(two.addresses["private"][0]["addr"], "10.8.68.12", "an address")
same(len(two.attached_volumes), 2, "volumes of a server")
attached = sorted(cloud.compute.volume_attachments(two), key=lambda one: one.device)
same([one.device for one in attached], ["/dev/vda", "/dev/vdb"], "devices")
ports = list(cloud.network.ports(device_id=two.id))
same(sorted(one.mac_addr for one in cloud.compute.server_interfaces(two)), sorted(one.mac_address for one in ports), "MACs")
same([cloud.network.get_network(one.network_id).name for one in ports], ["private", "storage"], "networks")
subnet = cloud.network.get_subnet(ports[0].fixed_ips[0]["subnet_id"])
same((subnet.cidr, subnet.gateway_ip, subnet.ip_version), ("10.8.68.0/24", "10.8.68.254", 4), "a subnet")
ok("a server with its parts")

boot, data = [cloud.block_storage.get_volume(one.volume_id) for one in attached]
same((boot.size, boot.is_bootable, boot.status, boot.volume_type), (16, True, "in-use", "tripleo"), "the boot volume")
same((data.size, data.is_bootable, data.volume_type), (5, False, "fast"), "the other volume")
same(boot.volume_image_metadata["hw_firmware_type"], "uefi", "firmware")
same(boot.attachments[0]["server_id"], two.id, "whose the volume is")
same(len(list(cloud.block_storage.volumes(limit=3))), 8, "volumes in pages of three")
same(sorted(one.name for one in cloud.block_storage.types()), ["fast", "tripleo"], "volume types")
ok("volumes")

booted = cloud.compute.get_server(servers["mtv-image-booted"].id)
image = cloud.image.get_image(booted.image.id)
same((image.status, image.os_type, image.min_disk), ("active", "linux", 10), "an image")
flavors = {one.name: one for one in cloud.compute.flavors()}
true(any(one.disk == 10 for one in flavors.values()), f"a flavor with a root disk: {sorted(flavors)}")
ok("images and flavors")

for look in [
    lambda: cloud.compute.get_server("nosuch"),
    lambda: cloud.block_storage.get_volume("nosuch"),
    lambda: cloud.block_storage.get_snapshot("nosuch"),
    lambda: cloud.image.get_image("nosuch"),
    lambda: cloud.network.get_network("nosuch"),
    lambda: cloud.compute.get_flavor("nosuch"),
]:
    with refused(exceptions.NotFoundException, "what is not there"):
        look()
true(cloud.compute.find_server("nosuch") is None, "nothing is found")
ok("what is not there")
