"""A server's life: an image of it, volumes of the image's snapshots, a server of those, power, its end."""

import openstack_source
from openstack import exceptions
from steps import ok, refused, same, true, until

cloud = openstack_source.connect()
compute, storage = cloud.compute, cloud.block_storage
before = openstack_source.everything(cloud)
source = compute.get_server(compute.find_server("mtv-rhel8-warm-2disks2nics"))

image = compute.create_server_image(source, "sdk-clone-snapshot", wait=True)
same(image.status, "active", "the image")
own = {one.volume_id: one for one in storage.snapshots() if one.name == "snapshot for sdk-clone-snapshot"}
same(len(own), 2, "a snapshot of each volume")
for one in own.values():
    storage.wait_for_status(one, "available", ["error"], 0.2, 60)
ok("an image with its snapshots")

volumes = []
for number, attached in enumerate(sorted(compute.volume_attachments(source), key=lambda one: one.device)):
    snapshot = own[attached.volume_id]
    made = storage.create_volume(name=f"sdk-vol-{number}", size=snapshot.size, snapshot_id=snapshot.id)
    same(made.status, "creating", "a new volume")
    volumes.append(storage.wait_for_status(made, "available", ["error"], 0.2, 60))
same([(one.size, one.volume_type, one.is_bootable) for one in volumes], [(16, "tripleo", True), (5, "fast", False)], "volumes")
with refused(exceptions.HttpException, "a volume that is smaller than its snapshot"):
    storage.create_volume(name="small", size=1, snapshot_id=own[attached.volume_id].id)
ok("volumes of snapshots")

networks = [{"uuid": one.network_id} for one in cloud.network.ports(device_id=source.id)]
flavor = compute.find_flavor(source.flavor.original_name)
mapping = [
    {"uuid": one.id, "source_type": "volume", "destination_type": "volume", "boot_index": number, "delete_on_termination": True}
    for number, one in enumerate(volumes)
]
server = compute.create_server(
    name="sdk-clone", flavor_id=flavor.id, networks=networks, block_device_mapping_v2=mapping
)
server = compute.wait_for_server(server, "ACTIVE", ["ERROR"], 0.2, 60)
same(sorted(server.addresses), ["private", "storage"], "networks of the new server")
same([storage.get_volume(one.id).status for one in volumes], ["in-use", "in-use"], "its volumes")
with refused(exceptions.HttpException, "the end of a volume in use"):
    storage.delete_volume(volumes[1], ignore_missing=False)
with refused(exceptions.HttpException, "a second server of the volumes"):
    compute.create_server(name="other", flavor_id=flavor.id, networks="none", block_device_mapping_v2=mapping)
ok("a server of volumes")

with refused(exceptions.ConflictException, "a second start"):
    compute.start_server(server)
compute.stop_server(server)
server = compute.wait_for_server(server, "SHUTOFF", ["ERROR"], 0.2, 60)
compute.start_server(server)
server = compute.wait_for_server(server, "ACTIVE", ["ERROR"], 0.2, 60)
ok("power")

with refused(exceptions.HttpException, "a snapshot of a volume in use, not forced"):
    storage.create_snapshot(volume_id=volumes[0].id, name="sdk-one")
one = storage.create_snapshot(volume_id=volumes[0].id, name="sdk-one", is_forced=True)
storage.wait_for_status(one, "available", ["error"], 0.2, 60)
storage.delete_snapshot(one)
storage.wait_for_delete(one, 0.2, 60)
ok("a snapshot of a volume")

compute.delete_server(server)
compute.wait_for_delete(server, 0.2, 60)
true(all(storage.find_volume(one.id) is None for one in volumes), "its volumes go with it")
for one in own.values():
    storage.delete_snapshot(one)
    storage.wait_for_delete(one, 0.2, 60)
cloud.image.delete_image(image.id)
until(lambda: openstack_source.everything(cloud) == before, "the cloud as it was")
ok("everything is as it was")

# The SDK's own way: a server of an image, all by one call.
server = cloud.create_server(
    "sdk-image", image="mtv-image-booted-image", flavor=compute.get_server(compute.find_server("mtv-image-booted").id).flavor.original_name,
    network="private", wait=True, auto_ip=False,
)
same(server.status, "ACTIVE", "a server of an image")
true(cloud.delete_server("sdk-image", wait=True), "its end")
same(openstack_source.everything(cloud), before, "the cloud")
ok("a server of an image")
