//! Nova: new servers, of volumes or of an image.
//!
//! Source: source-providers.md section 4.3.

use super::reply::{Answer, Reply, fresh_id, over_instances};
use super::server::Call;
use super::volume_view::booted_from;
use crate::facts::Power;
use crate::lab::fault::Failure;
use crate::lab::world::openstack::{Cloud, IMAGE_STORAGE, Instance};
use crate::lab::world::{Disk, Inventory, Nic, Source, Vm};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const BUILD_TAKES: Duration = Duration::from_secs(12);
/// Since then a request must say which networks it means.
const NETWORKS_REQUIRED: u32 = 37;

pub(super) fn server(call: &Call<'_>, asked: &Value, minor: u32) -> Answer {
    let name = asked["name"].as_str().filter(|name| !name.trim().is_empty() && name.len() <= 255);
    let name = name.ok_or_else(|| Reply::bad("Invalid input for field/attribute name."))?;
    let failing = call.face.faults.failing(|failure| match failure {
        Failure::CloneFails { fault } => Some(fault.clone()),
        _ => None,
    });
    let id = call.change(|inventory, cloud| {
        if inventory.vms.len() >= call.state.quota.instances {
            return Err(over_instances(inventory.vms.len(), call.state.quota.instances));
        }
        let id = fresh_id(call.source(), cloud, "server");
        let (vm, instance) = build(call, (inventory, cloud), (&id, name), (asked, minor))?;
        inventory.vms.push(vm);
        cloud.instances.insert(id.clone(), instance);
        Ok(id)
    })?;
    let server = id.clone();
    call.later(BUILD_TAKES, move |_, inventory, cloud| {
        let Some(instance) = cloud.instances.get_mut(&server) else { return };
        instance.task = None;
        if let Some(words) = failing {
            instance.status = Some("ERROR".to_owned());
            instance.fault = Some(words);
            return;
        }
        instance.status = None;
        if let Some(vm) = inventory.vm_mut(&server) {
            vm.set_power(Power::On);
            vm.revision += 1;
        }
    });
    let href = format!("{}/compute/v2.1/servers/{id}", call.request.root);
    let body = json!({"server": {
        "id": id, "links": [{"rel": "self", "href": href}], "OS-DCF:diskConfig": "MANUAL",
        "security_groups": [{"name": "default"}], "adminPass": "lab",
    }});
    Ok(Reply::of(202, body).with("location", href))
}

fn build(
    call: &Call<'_>,
    (inventory, cloud): (&Inventory, &mut Cloud),
    (id, name): (&str, &str),
    (asked, minor): (&Value, u32),
) -> Result<(Vm, Instance), Reply> {
    let flavor = call.state.flavors.iter().find(|flavor| asked["flavorRef"] == flavor.id);
    let flavor = flavor.ok_or_else(|| Reply::bad("Invalid flavorRef provided."))?;
    let networks = networks(inventory, asked, minor)?;
    let image = asked["imageRef"].as_str().filter(|image| !image.is_empty());
    let root = Root::of(call.source(), (inventory, cloud), (id, image), &asked["block_device_mapping_v2"])?;
    let from = &root.origin;
    let mut vm = Vm {
        moref: id.to_owned(),
        name: name.to_owned(),
        uuid: call.source().uuid_for(&format!("{id}/bios")),
        instance_uuid: call.source().uuid_for(&format!("{id}/instance")),
        template: false,
        cpus: flavor.vcpus,
        cores_per_socket: if flavor.vcpus.is_multiple_of(from.cores_per_socket) { from.cores_per_socket } else { 1 },
        memory_mib: flavor.ram_mib,
        nics: nics(call.source(), from, id, &networks),
        disks: root.disks,
        snapshots: Vec::new(),
        revision: 1,
        ..(**from).clone()
    };
    vm.set_power(Power::Off);
    let instance = Instance {
        status: Some("BUILD".to_owned()),
        task: Some("spawning".to_owned()),
        fault: None,
        image: root.image,
        flavor: Some(flavor.id.clone()),
    };
    Ok((vm, instance))
}

/// Ids of the networks, one for each NIC.
fn networks(inventory: &Inventory, asked: &Value, minor: u32) -> Result<Vec<String>, Reply> {
    let first = || inventory.networks.first().map(|network| network.moref.clone()).into_iter().collect();
    let list = match &asked["networks"] {
        Value::String(word) if word == "none" => return Ok(Vec::new()),
        Value::String(word) if word == "auto" => return Ok(first()),
        Value::Null if minor < NETWORKS_REQUIRED => return Ok(first()),
        Value::Array(list) => list,
        _ => return Err(Reply::bad("Invalid input for field/attribute server. 'networks' is a required property")),
    };
    let known = |entry: &Value| {
        let id = entry["uuid"].as_str().unwrap_or_default();
        let found = inventory.networks.iter().find(|network| network.moref == id);
        found
            .map(|network| network.moref.clone())
            .ok_or_else(|| Reply::bad(format!("Network {id} could not be found.")))
    };
    list.iter().map(known).collect()
}

/// A NIC on each network, with new MAC addresses; the addresses are those that the guest has on such a network.
fn nics(source: &Source, from: &Vm, id: &str, networks: &[String]) -> Vec<Nic> {
    let mut old: Vec<&Nic> = from.nics.iter().collect();
    let nic = |(order, network): (usize, &String)| {
        let at = old.iter().position(|nic| nic.network == *network);
        Nic {
            key: i32::try_from(order).map_or(4000, |order| 4000 + order),
            label: format!("nic{}", order + 1),
            class: "VirtualVmxnet3".to_owned(),
            mac: source.mac_for(&format!("{id}/nic-{order}")),
            network: network.clone(),
            connected: true,
            guest: at.map(|at| old.remove(at).guest.clone()).unwrap_or_default(),
        }
    };
    networks.iter().enumerate().map(nic).collect()
}

/// What a server boots from, and its other disks.
struct Root {
    origin: Arc<Vm>,
    disks: Vec<Disk>,
    image: Option<String>,
}

impl Root {
    fn of(
        source: &Source,
        (inventory, cloud): (&Inventory, &mut Cloud),
        (server, image): (&str, Option<&str>),
        mapping: &Value,
    ) -> Result<Self, Reply> {
        let mut rows: Vec<&Value> = mapping.as_array().into_iter().flatten().collect();
        rows.sort_by_key(|row| {
            let index = row["boot_index"].as_i64().or_else(|| row["boot_index"].as_str()?.parse().ok());
            index.filter(|index| *index >= 0).unwrap_or(i64::MAX)
        });
        let volumes: Vec<&Value> = rows.iter().copied().filter(|row| row["source_type"] == "volume").collect();
        let of_image = rows.iter().find(|row| row["source_type"] == "image");
        if let (Some(row), true) = (of_image.filter(|row| row["destination_type"] == "volume"), volumes.is_empty()) {
            let id = row["uuid"].as_str().unwrap_or_default();
            let mut root = Self::of_image(source, (inventory, cloud), (server, id))?;
            let kind = inventory.datastores.first().map(|kind| kind.moref.clone()).unwrap_or_default();
            root.disks.iter_mut().for_each(|disk| disk.datastore.clone_from(&kind));
            root.image = None;
            return Ok(root);
        }
        if let Some(image) = image {
            let mut root = Self::of_image(source, (inventory, cloud), (server, image))?;
            root.disks.extend(take(cloud, &volumes)?.into_iter().map(|taken| taken.disk));
            return Ok(root);
        }
        let taken = take(cloud, &volumes)?;
        let Some(boot) = taken.first().filter(|first| first.bootable) else {
            return Err(Reply::bad(
                "Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination \
                 is not valid.",
            ));
        };
        let origin = boot.origin.clone().ok_or_else(|| Reply::bad("Block Device is not bootable."))?;
        Ok(Self { origin, disks: taken.into_iter().map(|taken| taken.disk).collect(), image: None })
    }

    /// Of an image that only names snapshots each disk becomes a volume; another one is the root disk itself.
    fn of_image(
        source: &Source,
        (inventory, cloud): (&Inventory, &mut Cloud),
        (server, id): (&str, &str),
    ) -> Result<Self, Reply> {
        let found = cloud.images.iter().find(|image| image.id == id);
        let found = found.ok_or_else(|| Reply::bad("Can not find requested image"))?;
        if found.status != "active" {
            return Err(Reply::bad(format!("Image {id} is not active.")));
        }
        let origin = found.origin.clone().or_else(|| booted_from(inventory, cloud, id).cloned().map(Arc::new));
        let origin = origin.ok_or_else(|| Reply::bad(format!("Image {id} has no content.")))?;
        let mut disks = origin.disks.clone();
        disks.truncate(if found.of_volumes { disks.len() } else { 1 });
        for (place, disk) in disks.iter_mut().enumerate() {
            disk.uuid = source.uuid_for(&format!("{server}/disk-{place}"));
            disk.file.clear();
            disk.datastore = if found.of_volumes { disk.datastore.clone() } else { IMAGE_STORAGE.to_owned() };
        }
        Ok(Self { image: (!found.of_volumes).then(|| id.to_owned()), origin, disks })
    }
}

/// Takes free volumes for a server, all or none.
fn take(cloud: &mut Cloud, rows: &[&Value]) -> Result<Vec<crate::lab::world::openstack::Volume>, Reply> {
    let id_of = |row: &Value| row["uuid"].as_str().unwrap_or_default().to_owned();
    for row in rows {
        let id = id_of(row);
        match cloud.volumes.iter().find(|volume| volume.disk.uuid == id) {
            None => return Err(Reply::bad(format!("Block Device Mapping is Invalid: failed to get volume {id}."))),
            Some(volume) if volume.status != "available" => {
                let words = format!(
                    "Invalid volume: Volume {id} status must be available, but current status is: {}.",
                    volume.status
                );
                return Err(Reply::bad(words));
            }
            Some(_) => {}
        }
    }
    let mut taken = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let id = id_of(row);
        if let Some(at) = cloud.volumes.iter().position(|volume| volume.disk.uuid == id) {
            let mut volume = cloud.volumes.remove(at);
            volume.disk.key = 2000 + i32::try_from(place).unwrap_or_default();
            volume.disk.unit = i32::try_from(place).unwrap_or_default();
            volume.disk.label = format!("Hard disk {}", place + 1);
            if row["delete_on_termination"] == true || row["delete_on_termination"] == "true" {
                cloud.ephemeral.insert(id);
            }
            taken.push(volume);
        }
    }
    Ok(taken)
}
