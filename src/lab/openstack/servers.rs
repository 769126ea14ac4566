//! Servers as Nova describes them.

use super::flavor;
use super::network::{port_id, port_subnet};
use super::server::Call;
use crate::facts::Power;
use crate::lab::world::openstack::Cloud;
use crate::lab::world::{Inventory, Vm};
use serde_json::{Map, Value, json};

/// Nova's status.
pub(super) fn status(cloud: &Cloud, vm: &Vm) -> String {
    let told = cloud.instances.get(&vm.moref).and_then(|instance| instance.status.clone());
    told.unwrap_or_else(|| {
        let word = match vm.power {
            Power::On => "ACTIVE",
            Power::Off => "SHUTOFF",
            Power::Other => "PAUSED",
        };
        word.to_owned()
    })
}

/// Name and links.
pub(super) fn short(call: &Call<'_>, vm: &Vm) -> Value {
    let href = format!("{}/compute/v2.1/servers/{}", call.request.root, vm.moref);
    json!({"id": vm.moref, "name": vm.name, "links": [{"rel": "self", "href": href}]})
}

/// Everything, by the minor part of the microversion.
pub(super) fn whole(call: &Call<'_>, (inventory, cloud): (&Inventory, &Cloud), vm: &Vm, minor: u32) -> Value {
    let instance = cloud.instances.get(&vm.moref).cloned().unwrap_or_default();
    let status = status(cloud, vm);
    let attached: Vec<Value> = cloud
        .volumes_of(vm)
        .iter()
        .map(|disk| json!({"id": disk.uuid, "delete_on_termination": cloud.ephemeral.contains(&disk.uuid)}))
        .collect();
    let mut body = short(call, vm);
    body["status"] = json!(status);
    body["tenant_id"] = json!(call.state.project_id);
    body["user_id"] = json!(call.source().uuid_for("user").replace('-', ""));
    body["metadata"] = json!({});
    body["created"] = json!("2026-01-15T10:00:00Z");
    body["updated"] = json!("2026-01-15T10:00:00Z");
    body["hostId"] = json!("lab");
    body["key_name"] = Value::Null;
    body["config_drive"] = json!("");
    body["progress"] = json!(0);
    body["image"] = instance.image.as_ref().map_or(json!(""), |id| json!({"id": id, "links": []}));
    body["flavor"] = flavor::inline(call, &flavor::of(call, cloud, vm), minor);
    body["addresses"] = addresses(inventory, vm);
    body["security_groups"] = json!([{"name": "default"}]);
    body["OS-EXT-STS:vm_state"] = json!(match status.as_str() {
        "ACTIVE" => "active",
        "SHUTOFF" => "stopped",
        "ERROR" => "error",
        "BUILD" => "building",
        _ => "paused",
    });
    body["OS-EXT-STS:task_state"] = json!(instance.task);
    body["OS-EXT-STS:power_state"] = json!(if vm.power == Power::On { 1 } else { 4 });
    body["OS-EXT-AZ:availability_zone"] = json!("nova");
    body["os-extended-volumes:volumes_attached"] = json!(attached);
    if let Some(words) = &instance.fault {
        body["fault"] = json!({"code": 500, "message": words, "created": "2026-01-15T10:00:00Z"});
    }
    body
}

fn addresses(inventory: &Inventory, vm: &Vm) -> Value {
    let mut all = Map::new();
    for nic in &vm.nics {
        let Some(network) = inventory.networks.iter().find(|network| network.moref == nic.network) else { continue };
        let entries = nic.guest.iter().map(|guest| {
            json!({"addr": guest.ip, "version": 4, "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": nic.mac})
        });
        let list = all.entry(network.name.clone()).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.extend(entries);
        }
    }
    Value::Object(all)
}

/// The volumes of a server with their devices.
pub(super) fn attachments(cloud: &Cloud, vm: &Vm) -> Value {
    let first = vm.disks.len() - cloud.volumes_of(vm).len();
    let entries = cloud.volumes_of(vm).iter().enumerate().map(|(place, disk)| {
        json!({"id": disk.uuid, "volumeId": disk.uuid, "serverId": vm.moref, "device": device(first + place)})
    });
    // In no order: clients must sort.
    let mut entries: Vec<Value> = entries.collect();
    entries.reverse();
    json!({"volumeAttachments": entries})
}

/// `/dev/vda`, `/dev/vdb`...
pub(super) fn device(place: usize) -> String {
    let letter = |at: usize| char::from(b'a' + u8::try_from(at % 26).unwrap_or_default());
    let high = if place < 26 { String::new() } else { letter(place / 26 - 1).to_string() };
    format!("/dev/vd{high}{}", letter(place))
}

/// The NICs of a server.
pub(super) fn interfaces(call: &Call<'_>, vm: &Vm) -> Value {
    let entries = vm.nics.iter().map(|nic| {
        let fixed: Vec<Value> = nic
            .guest
            .iter()
            .map(|guest| json!({"ip_address": guest.ip, "subnet_id": port_subnet(call, &nic.network)}))
            .collect();
        json!({"port_id": port_id(call, nic), "net_id": nic.network, "mac_addr": nic.mac, "port_state": "ACTIVE",
            "fixed_ips": fixed})
    });
    json!({"interfaceAttachments": entries.collect::<Vec<_>>()})
}
