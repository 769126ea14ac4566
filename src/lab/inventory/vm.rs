//! A vSphere VM as the inventory shows it.
//!
//! Source: inventory-api.md section 6.

use super::item::list;
use super::vsphere::reference;
use crate::facts::{Firmware, Power};
use crate::lab::world::{Inventory, Vm};
use serde_json::{Value, json};

/// The whole resource. `reported` tells whether the guest ever reported.
pub(super) fn resource(inventory: &Inventory, link: &str, vm: &Vm, reported: bool) -> Value {
    let power = match vm.power {
        Power::On => "poweredOn",
        Power::Off => "poweredOff",
        Power::Other => "suspended",
    };
    let snapshot = vm
        .snapshots
        .last()
        .map_or_else(|| reference("", ""), |snapshot| reference("VirtualMachineSnapshot", &snapshot.moref));
    let tools = match (vm.tools, vm.power) {
        (false, _) => ("toolsNotInstalled", "guestToolsNotRunning"),
        (true, Power::On) => ("toolsOk", "guestToolsRunning"),
        (true, _) => ("toolsNotRunning", "guestToolsNotRunning"),
    };
    let networks: Vec<Value> = vm.networks().into_iter().map(|moref| reference("Network", moref)).collect();
    json!({
        "id": vm.moref,
        "name": vm.name,
        "parent": reference("Folder", &inventory.vm_folder.moref),
        "path": format!("/{}/vm/{}", inventory.datacenter.name, vm.name),
        "revision": vm.revision,
        "selfLink": format!("{link}/{}", vm.moref),
        "revisionValidated": vm.revision,
        "isTemplate": vm.template,
        "powerState": power,
        "host": vm.host,
        "networks": list(networks),
        "disks": list(disks(vm)),
        "concerns": null,
        "uuid": vm.uuid,
        "instanceUuid": vm.instance_uuid,
        "firmware": if vm.firmware == Firmware::Efi { "efi" } else { "bios" },
        "connectionState": "connected",
        "snapshot": snapshot,
        "changeTrackingEnabled": vm.tracks_changes(),
        "cpuCount": vm.cpus,
        "coresPerSocket": vm.cores_per_socket,
        "memoryMB": vm.memory_mib,
        "guestName": vm.guest_id,
        "guestId": vm.guest_id,
        "hostName": if reported { vm.hostname.as_str() } else { "" },
        "ipAddress": vm.nics.iter().flat_map(|nic| &nic.guest).next().filter(|_| reported).map_or("", |net| net.ip.as_str()),
        "secureBoot": vm.secure_boot,
        "tpmEnabled": false,
        "nics": list(nics(vm)),
        "guestNetworks": list(if reported { guest_networks(inventory, vm) } else { Vec::new() }),
        "guestIpStacks": list(if reported { stacks(vm) } else { Vec::new() }),
        "toolsStatus": tools.0,
        "toolsRunningStatus": tools.1,
    })
}

fn disks(vm: &Vm) -> Vec<Value> {
    let disk = |disk: &crate::lab::world::Disk| {
        let mut value = json!({
            "key": disk.key,
            "unitNumber": disk.unit,
            "controllerKey": disk.controller_key,
            "file": vm.current_file(disk),
            "datastore": reference("Datastore", &disk.datastore),
            "capacity": disk.size_bytes,
            "shared": disk.shared,
            "rdm": disk.lun.is_some(),
            "bus": disk.bus,
            "mode": disk.mode,
            "serial": disk.uuid.replace('-', ""),
            "changeTrackingEnabled": vm.tracks_changes(),
            "parent": vm.parent_file(disk).unwrap_or_default(),
        });
        if let Some(lun) = &disk.lun {
            value["physicalMode"] = json!(lun.mode == "physicalMode");
            value["deviceName"] = json!(lun.device);
            value["lunUuid"] = json!(lun.device.rsplit('/').next().unwrap_or_default());
        }
        value
    };
    vm.disks.iter().map(disk).collect()
}

fn nics(vm: &Vm) -> Vec<Value> {
    let nic = |(order, nic): (usize, &crate::lab::world::Nic)| {
        json!({
            "network": reference("Network", &nic.network),
            "mac": nic.mac.to_lowercase(),
            "order": order,
            "deviceKey": nic.key,
            "startConnected": nic.connected,
        })
    };
    vm.nics.iter().enumerate().map(nic).collect()
}

fn guest_networks(inventory: &Inventory, vm: &Vm) -> Vec<Value> {
    let mut networks = Vec::new();
    for (index, nic) in vm.nics.iter().enumerate() {
        let name = inventory.networks.iter().find(|network| network.moref == nic.network).map(|network| &network.name);
        for address in &nic.guest {
            networks.push(json!({
                "device": index.to_string(),
                "deviceConfigId": nic.key,
                "mac": nic.mac.to_lowercase(),
                "ip": address.ip,
                "origin": if address.is_static { "manual" } else { "dhcp" },
                "prefix": address.prefix_length,
                "dns": ["10.6.68.1"],
                "network": name,
            }));
        }
    }
    networks
}

fn stacks(vm: &Vm) -> Vec<Value> {
    let gateways = vm.nics.iter().enumerate().filter_map(|(index, nic)| {
        let gateway = nic.guest.iter().find_map(|address| address.gateway.as_ref())?;
        Some(json!({"device": index.to_string(), "gateway": gateway, "network": "0.0.0.0", "prefix": 0, "dns": ["10.6.68.1"]}))
    });
    gateways.collect()
}
