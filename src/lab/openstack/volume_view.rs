//! Volumes and snapshots as Cinder describes them, and images as Glance does.

use super::server::Call;
use super::servers::device;
use crate::facts::Firmware;
use crate::lab::world::openstack::{Cloud, Image, Volume, VolumeSnapshot};
use crate::lab::world::{Disk, Inventory, Vm};
use serde_json::{Map, Value, json};

/// What the image service notes of a guest; it goes with its boot volume, too.
pub(super) fn marks(vm: &Vm) -> Map<String, Value> {
    let mut marks = Map::new();
    let mut put = |key: &str, value: &str| drop(marks.insert(key.to_owned(), json!(value)));
    put("os_type", if vm.is_windows() { "windows" } else { "linux" });
    put("hw_cpu_cores", &vm.cores_per_socket.to_string());
    put("hw_cpu_sockets", &(vm.cpus / vm.cores_per_socket.max(1)).to_string());
    put("hw_cpu_threads", "1");
    put("hw_firmware_type", if vm.firmware == Firmware::Efi { "uefi" } else { "bios" });
    if vm.secure_boot {
        put("os_secure_boot", "required");
    }
    marks
}

/// Name of a volume type.
fn type_name<'a>(inventory: &'a Inventory, disk: &Disk) -> Option<&'a str> {
    inventory.datastores.iter().find(|kind| kind.moref == disk.datastore).map(|kind| kind.name.as_str())
}

fn volume(call: &Call<'_>, inventory: &Inventory, disk: &Disk, (status, bootable): (&str, bool)) -> Value {
    json!({
        "id": disk.uuid, "name": disk.file, "description": null, "size": disk.size_bytes >> 30, "status": status,
        "bootable": bootable.to_string(), "volume_type": type_name(inventory, disk), "availability_zone": "nova",
        "attachments": [], "metadata": {}, "encrypted": false, "multiattach": disk.shared, "source_volid": null,
        "snapshot_id": null, "consistencygroup_id": null, "replication_status": null, "migration_status": null,
        "created_at": "2026-01-15T10:00:00.000000", "updated_at": "2026-01-15T10:00:00.000000",
        "user_id": call.source().uuid_for("user").replace('-', ""),
        "os-vol-tenant-attr:tenant_id": call.state.project_id,
    })
}

/// Every volume.
pub(super) fn volumes(call: &Call<'_>, inventory: &Inventory, cloud: &Cloud) -> Vec<Value> {
    let mut found = Vec::new();
    for vm in &inventory.vms {
        let first = vm.disks.len() - cloud.volumes_of(vm).len();
        for (place, disk) in cloud.volumes_of(vm).iter().enumerate() {
            let bootable = first + place == 0;
            let mut body = volume(call, inventory, disk, ("in-use", bootable));
            body["attachments"] = json!([{
                "id": disk.uuid, "volume_id": disk.uuid, "attachment_id": disk.uuid, "server_id": vm.moref,
                "device": device(first + place), "host_name": null,
            }]);
            if bootable {
                body["volume_image_metadata"] = Value::Object(marks(vm));
            }
            found.push(body);
        }
    }
    found.extend(cloud.volumes.iter().map(|free| free_volume(call, inventory, free)));
    found
}

/// A volume that no server has.
pub(super) fn free_volume(call: &Call<'_>, inventory: &Inventory, free: &Volume) -> Value {
    let mut body = volume(call, inventory, &free.disk, (&free.status, free.bootable));
    body["snapshot_id"] = json!(free.snapshot);
    body["created_at"] = json!(without_zone(&free.created));
    if let Some(origin) = free.origin.as_ref().filter(|_| free.bootable) {
        body["volume_image_metadata"] = Value::Object(marks(origin));
    }
    body
}

/// Every snapshot: those that were taken of volumes, and those of whole servers.
pub(super) fn snapshots(call: &Call<'_>, inventory: &Inventory, cloud: &Cloud) -> Vec<Value> {
    let mut found: Vec<Value> = cloud.snapshots.iter().map(|snapshot| taken(call, snapshot)).collect();
    for vm in &inventory.vms {
        for (snapshot, disk) in
            vm.snapshots.iter().flat_map(|own| cloud.volumes_of(vm).iter().map(move |disk| (own, disk)))
        {
            let id = call.source().uuid_for(&format!("{}/{}", snapshot.moref, disk.uuid));
            found.push(described(call, (&id, &snapshot.name, "available"), disk, &snapshot.created));
        }
    }
    found
}

/// A snapshot that was taken of a volume.
pub(super) fn taken(call: &Call<'_>, snapshot: &VolumeSnapshot) -> Value {
    described(call, (&snapshot.id, &snapshot.name, &snapshot.status), &snapshot.disk, &snapshot.created)
}

fn described(call: &Call<'_>, (id, name, status): (&str, &str, &str), disk: &Disk, created: &str) -> Value {
    json!({
        "id": id, "name": name, "status": status, "volume_id": disk.uuid, "size": disk.size_bytes >> 30,
        "description": null, "metadata": {}, "created_at": without_zone(created), "updated_at": null,
        "os-extended-snapshot-attributes:project_id": call.state.project_id,
        "os-extended-snapshot-attributes:progress": "100%",
    })
}

/// Cinder's times are UTC without saying so.
fn without_zone(time: &str) -> String {
    format!("{}.000000", time.split(['.', 'Z']).next().unwrap_or_default())
}

/// An image.
pub(super) fn image(call: &Call<'_>, (inventory, cloud): (&Inventory, &Cloud), image: &Image) -> Value {
    let origin = image.origin.as_deref().or_else(|| booted_from(inventory, cloud, &image.id));
    let root_gib = origin.and_then(|vm| vm.disks.first()).map_or(1, |disk| disk.size_bytes >> 30);
    let mut body = json!({
        "id": image.id, "name": image.name, "status": image.status, "visibility": "private", "protected": false,
        "owner": call.state.project_id, "disk_format": "qcow2", "container_format": "bare", "tags": [],
        "min_disk": root_gib, "min_ram": 0, "size": if image.of_volumes { 0 } else { root_gib << 28 },
        "virtual_size": null, "checksum": null, "os_hidden": false, "created_at": image.created,
        "updated_at": image.created, "self": format!("/v2/images/{}", image.id),
        "file": format!("/v2/images/{}/file", image.id), "schema": "/v2/schemas/image",
    });
    for (key, value) in origin.map(marks).unwrap_or_default() {
        body[key] = value;
    }
    if image.of_volumes {
        let name = format!("snapshot for {}", image.name);
        let own = cloud.snapshots.iter().filter(|snapshot| snapshot.name == name);
        let mapping: Vec<Value> = own
            .map(
                |snapshot| json!({"snapshot_id": snapshot.id, "source_type": "snapshot", "destination_type": "volume"}),
            )
            .collect();
        body["bdm_v2"] = json!("True");
        body["block_device_mapping"] = json!(Value::Array(mapping).to_string());
        body["root_device_name"] = json!("/dev/vda");
    }
    body
}

/// A VM that was booted from the image.
pub(super) fn booted_from<'a>(inventory: &'a Inventory, cloud: &Cloud, image: &str) -> Option<&'a Vm> {
    let booted = |vm: &&Vm| cloud.instances.get(&vm.moref).is_some_and(|own| own.image.as_deref() == Some(image));
    inventory.vms.iter().find(booted)
}
