//! Cinder: volumes, their snapshots and types, messages.
//!
//! Source: source-providers.md sections 4.2 and 4.3.

use super::reply::{Answer, Reply, fresh_id, over_limit};
use super::server::Call;
use super::versions::VOLUME_MINOR_MAX;
use super::volume_view::{booted_from, free_volume, snapshots, taken, volumes};
use crate::facts::{now, rfc3339};
use crate::lab::fault::Failure;
use crate::lab::world::openstack::{Cloud, Message, Volume, VolumeSnapshot};
use crate::lab::world::{Disk, Inventory, Vm};
use http::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const VOLUME_TAKES: Duration = Duration::from_secs(8);
const SNAPSHOT_TAKES: Duration = Duration::from_secs(4);
const DELETION_TAKES: Duration = Duration::from_secs(3);
const VOLUME_BUSY: &str = "Invalid volume: Volume status must be available or error or error_restoring or error_extending \
                           or error_managing and must not be migrating, attached, belong to a group, have snapshots, \
                           awaiting a transfer, or be disassociated from snapshots after volume transfer.";

pub(super) fn answer(call: &Call<'_>, path: &[&str]) -> Answer {
    call.request.minor("volume", "", 0, VOLUME_MINOR_MAX)?;
    match (&call.request.method, path) {
        (&Method::GET, ["volumes"] | ["volumes", "detail"]) => {
            list(call, "volumes", call.read(|i, c| volumes(call, i, c)))
        }
        (&Method::POST, ["volumes"]) => create_volume(call, &call.request.body["volume"]),
        (&Method::GET, ["volumes", id]) => show(("volume", "Volume", id), call.read(|i, c| volumes(call, i, c))),
        (&Method::DELETE, ["volumes", id]) => delete_volume(call, id),
        (&Method::GET, ["snapshots"] | ["snapshots", "detail"]) => {
            list(call, "snapshots", call.read(|i, c| snapshots(call, i, c)))
        }
        (&Method::POST, ["snapshots"]) => create_snapshot(call, &call.request.body["snapshot"]),
        (&Method::GET, ["snapshots", id]) => {
            show(("snapshot", "Snapshot", id), call.read(|i, c| snapshots(call, i, c)))
        }
        (&Method::DELETE, ["snapshots", id]) => delete_snapshot(call, id),
        (&Method::GET, ["messages"]) => list(call, "messages", messages(call)),
        (&Method::GET, ["types"]) => list(call, "volume_types", types(call)),
        (&Method::GET, ["types", id]) => show(("volume_type", "Volume type", id), types(call)),
        _ => Err(Reply::no_item("The resource could not be found.")),
    }
}

fn list(call: &Call<'_>, key: &str, mut items: Vec<Value>) -> Answer {
    for filter in ["name", "status", "volume_id", "resource_uuid", "bootable"] {
        if let Some(wanted) = call.request.asks(filter) {
            items.retain(|item| item[filter] == wanted);
        }
    }
    Ok(Reply::ok(call.request.page(key, items)?))
}

fn show((key, kind, id): (&str, &str, &str), items: Vec<Value>) -> Answer {
    let found = items.into_iter().find(|item| item["id"] == id);
    found
        .map(|item| Reply::ok(json!({key: item})))
        .ok_or_else(|| Reply::no_item(format!("{kind} {id} could not be found.")))
}

fn types(call: &Call<'_>) -> Vec<Value> {
    let kind = |id: &str, name: &str| json!({"id": id, "name": name, "is_public": true, "description": null, "extra_specs": {}});
    call.read(|inventory, _| inventory.datastores.iter().map(|found| kind(&found.moref, &found.name)).collect())
}

fn messages(call: &Call<'_>) -> Vec<Value> {
    call.read(|_, cloud| {
        let message = |told: &Message| {
            json!({"id": told.id, "resource_uuid": told.resource, "resource_type": "VOLUME", "event_id": "VOLUME_VOLUME_001_002",
                "message_level": "ERROR", "user_message": told.words, "created_at": told.created})
        };
        cloud.messages.iter().map(message).collect()
    })
}

fn create_volume(call: &Call<'_>, asked: &Value) -> Answer {
    let stuck = call.face.faults.failing(|failure| match failure {
        Failure::VolumeStuck { message } => Some(message.clone()),
        _ => None,
    });
    let (body, id) = call.change(|inventory, cloud| {
        let id = fresh_id(call.source(), cloud, "volume");
        let volume = new_volume(call, (inventory, cloud), &id, asked)?;
        let body = free_volume(call, inventory, &volume);
        cloud.volumes.push(volume);
        Ok((body, id))
    })?;
    call.later(VOLUME_TAKES, move |source, _, cloud| {
        let number = cloud.next_number();
        let Some(volume) = cloud.volumes.iter_mut().find(|volume| volume.disk.uuid == id) else { return };
        let Some(words) = stuck else {
            "available".clone_into(&mut volume.status);
            return;
        };
        "error".clone_into(&mut volume.status);
        let (message, created) = (source.uuid_for(&format!("message/{number}")), rfc3339(now()));
        cloud.messages.push(Message { id: message, resource: id, words, created });
    });
    Ok(Reply::of(202, json!({"volume": body})))
}

/// A volume of a snapshot, of an image, or an empty one.
fn new_volume(
    call: &Call<'_>,
    (inventory, cloud): (&Inventory, &Cloud),
    id: &str,
    asked: &Value,
) -> Result<Volume, Reply> {
    let what = Content::of((inventory, cloud), asked)?;
    let size = asked["size"].as_u64().or(asked["size"].as_str().and_then(|text| text.parse().ok()));
    let least = what.disk.as_ref().map_or(1, |disk| disk.size_bytes >> 30);
    let gib = size.unwrap_or(least);
    if gib < least {
        let words =
            format!("Invalid input received: Volume size '{gib}'GB cannot be smaller than the original {least}GB.");
        return Err(Reply::bad(words));
    }
    check_quota(call, (inventory, cloud), gib)?;
    let datastore = match asked["volume_type"].as_str() {
        Some(told) => {
            let kind = inventory.datastores.iter().find(|kind| kind.name == told || kind.moref == told);
            kind.ok_or_else(|| Reply::no_item(format!("Volume type with name {told} could not be found.")))?
                .moref
                .clone()
        }
        None => match &what.disk {
            Some(disk) if inventory.datastores.iter().any(|kind| kind.moref == disk.datastore) => {
                disk.datastore.clone()
            }
            _ => inventory.datastores.first().map(|kind| kind.moref.clone()).unwrap_or_default(),
        },
    };
    let disk = Disk {
        uuid: id.to_owned(),
        file: asked["name"].as_str().unwrap_or_default().to_owned(),
        size_bytes: gib << 30,
        datastore,
        shared: asked["multiattach"] == true,
        ..what.disk.unwrap_or_else(empty_disk)
    };
    let (status, created) = ("creating".to_owned(), rfc3339(now()));
    Ok(Volume { disk, status, bootable: what.bootable, origin: what.origin, snapshot: what.snapshot, created })
}

/// What a volume begins with.
#[derive(Default)]
struct Content {
    disk: Option<Disk>,
    bootable: bool,
    origin: Option<Arc<Vm>>,
    snapshot: Option<String>,
}

impl Content {
    fn of((inventory, cloud): (&Inventory, &Cloud), asked: &Value) -> Result<Self, Reply> {
        if let Some(id) = asked["snapshot_id"].as_str() {
            let found = cloud.snapshots.iter().find(|snapshot| snapshot.id == id);
            let found = found.ok_or_else(|| Reply::no_item(format!("Snapshot {id} could not be found.")))?;
            if found.status != "available" {
                return Err(Reply::bad(
                    "Invalid snapshot: Originating snapshot status must be one of 'available' values",
                ));
            }
            let (disk, origin) = (Some(found.disk.clone()), found.origin.clone());
            return Ok(Self { disk, bootable: found.bootable, origin, snapshot: Some(found.id.clone()) });
        }
        if let Some(id) = asked["imageRef"].as_str().filter(|id| !id.is_empty()) {
            let found = cloud.images.iter().find(|image| image.id == id);
            let found = found.ok_or_else(|| {
                Reply::bad(format!("Invalid image identifier or unable to access requested image {id}."))
            })?;
            let origin = found.origin.clone().or_else(|| booted_from(inventory, cloud, id).cloned().map(Arc::new));
            let disk = origin.as_ref().and_then(|vm| vm.disks.first()).cloned();
            return Ok(Self { disk, bootable: true, origin, snapshot: None });
        }
        Ok(Self::default())
    }
}

/// A disk with nothing on it.
fn empty_disk() -> Disk {
    Disk {
        key: 2000,
        label: String::new(),
        controller_key: 1000,
        bus: "scsi".to_owned(),
        unit: 0,
        size_bytes: 0,
        datastore: String::new(),
        file: String::new(),
        mode: "persistent".to_owned(),
        thin: true,
        eager: false,
        uuid: String::new(),
        lun: None,
        shared: false,
        partitions: Vec::new(),
    }
}

fn check_quota(call: &Call<'_>, (inventory, cloud): (&Inventory, &Cloud), gib: u64) -> Result<(), Reply> {
    let attached = inventory.vms.iter().flat_map(|vm| cloud.volumes_of(vm));
    let all: Vec<u64> =
        attached.chain(cloud.volumes.iter().map(|free| &free.disk)).map(|disk| disk.size_bytes >> 30).collect();
    let (quota, used) = (call.state.quota, all.iter().sum::<u64>());
    if all.len() >= quota.volumes {
        let most = quota.volumes;
        let words =
            format!("VolumeLimitExceeded: Maximum number of volumes allowed ({most}) exceeded for quota 'volumes'.");
        return Err(over_limit(words));
    }
    if used + gib > quota.gigabytes {
        let most = quota.gigabytes;
        return Err(over_limit(format!(
            "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested {gib}G, \
             quota is {most}G and {used}G has been consumed."
        )));
    }
    Ok(())
}

fn delete_volume(call: &Call<'_>, id: &str) -> Answer {
    call.change(|inventory, cloud| {
        let attached = inventory.vms.iter().any(|vm| cloud.volumes_of(vm).iter().any(|disk| disk.uuid == id));
        let has_snapshots = cloud.snapshots.iter().any(|snapshot| snapshot.disk.uuid == id);
        let free = cloud.volumes.iter_mut().find(|volume| volume.disk.uuid == id);
        match free {
            _ if attached => Err(Reply::bad(VOLUME_BUSY)),
            None => Err(Reply::no_item(format!("Volume {id} could not be found."))),
            Some(free) if has_snapshots || !matches!(free.status.as_str(), "available" | "error") => {
                Err(Reply::bad(VOLUME_BUSY))
            }
            Some(free) => {
                "deleting".clone_into(&mut free.status);
                Ok(())
            }
        }
    })?;
    let id = id.to_owned();
    call.later(DELETION_TAKES, move |_, _, cloud| cloud.volumes.retain(|volume| volume.disk.uuid != id));
    Ok(Reply::empty(202))
}

fn create_snapshot(call: &Call<'_>, asked: &Value) -> Answer {
    let volume = asked["volume_id"].as_str().unwrap_or_default();
    let name = asked["name"].as_str().unwrap_or_default();
    let forced = asked["force"] == true || asked["force"] == "true" || asked["force"] == "True";
    let (body, id) = call.change(|inventory, cloud| {
        let taken_of = subject((inventory, cloud), volume)?;
        if taken_of.in_use && !forced {
            let words =
                format!("Invalid volume: Volume {volume} status must be available, but current status is: in-use.");
            return Err(Reply::bad(words));
        }
        let id = add_snapshot(call, cloud, name, taken_of)?;
        let body = cloud.snapshots.last().map(|snapshot| taken(call, snapshot));
        Ok((body, id))
    })?;
    become_available(call, vec![id]);
    Ok(Reply::of(202, json!({"snapshot": body})))
}

/// The volume that a snapshot is taken of.
pub(super) struct Subject {
    disk: Disk,
    bootable: bool,
    origin: Option<Arc<Vm>>,
    in_use: bool,
}

fn subject((inventory, cloud): (&Inventory, &Cloud), id: &str) -> Result<Subject, Reply> {
    for vm in &inventory.vms {
        if let Some(found) = subjects(cloud, vm).into_iter().find(|subject| subject.disk.uuid == id) {
            return Ok(found);
        }
    }
    let free = cloud.volumes.iter().find(|volume| volume.disk.uuid == id);
    let free = free.ok_or_else(|| Reply::no_item(format!("Volume {id} could not be found.")))?;
    Ok(Subject { disk: free.disk.clone(), bootable: free.bootable, origin: free.origin.clone(), in_use: false })
}

/// Every volume of a server.
pub(super) fn subjects(cloud: &Cloud, vm: &Vm) -> Vec<Subject> {
    let (origin, own) = (Arc::new(vm.clone()), cloud.volumes_of(vm));
    let is_boot = |disk: &Disk| vm.disks.first().is_some_and(|first| first.uuid == disk.uuid);
    own.iter()
        .map(|disk| Subject {
            disk: disk.clone(),
            bootable: is_boot(disk),
            origin: Some(Arc::clone(&origin)),
            in_use: true,
        })
        .collect()
}

/// Adds a snapshot that is being taken.
pub(super) fn add_snapshot(call: &Call<'_>, cloud: &mut Cloud, name: &str, of: Subject) -> Result<String, Reply> {
    let most = call.state.quota.snapshots;
    if cloud.snapshots.len() >= most {
        return Err(over_limit(format!(
            "SnapshotLimitExceeded: Maximum number of snapshots allowed ({most}) exceeded"
        )));
    }
    let id = fresh_id(call.source(), cloud, "snapshot");
    cloud.snapshots.push(VolumeSnapshot {
        id: id.clone(),
        name: name.to_owned(),
        status: "creating".to_owned(),
        disk: of.disk,
        bootable: of.bootable,
        origin: of.origin,
        created: rfc3339(now()),
    });
    Ok(id)
}

/// Snapshots that are taken after a while.
pub(super) fn become_available(call: &Call<'_>, ids: Vec<String>) {
    call.later(SNAPSHOT_TAKES, move |_, _, cloud| {
        for snapshot in cloud.snapshots.iter_mut().filter(|snapshot| ids.contains(&snapshot.id)) {
            "available".clone_into(&mut snapshot.status);
        }
    });
}

fn delete_snapshot(call: &Call<'_>, id: &str) -> Answer {
    call.change(|_, cloud| match cloud.snapshots.iter_mut().find(|snapshot| snapshot.id == id) {
        None => Err(Reply::no_item(format!("Snapshot {id} could not be found."))),
        Some(found) if !matches!(found.status.as_str(), "available" | "error") => {
            Err(Reply::bad("Invalid snapshot: Volume Snapshot status must be available or error."))
        }
        Some(found) => {
            "deleting".clone_into(&mut found.status);
            Ok(())
        }
    })?;
    let id = id.to_owned();
    call.later(DELETION_TAKES, move |_, _, cloud| cloud.snapshots.retain(|snapshot| snapshot.id != id));
    Ok(Reply::empty(202))
}
