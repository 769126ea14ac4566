//! The collections of an OVA provider. No object has a revision.
//!
//! Source: inventory-api.md section 10.

use super::item::{Item, list};
use super::mirror::Copied;
use crate::facts::Firmware;
use crate::lab::world::{Disk, Inventory, NamedRef, Vm};
use serde_json::{Map, Value, json};

/// One moment's knowledge of a share, below a link such as `providers/ova/<uid>`.
pub(super) struct Snapshot<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) known: &'a Copied,
    pub(super) link: &'a str,
}

/// How many of each kind the provider has.
pub(super) fn counts(inventory: &Inventory, known: &Copied) -> Map<String, Value> {
    let disks: usize = known.vms.iter().map(|vm| vm.disks.len()).sum();
    let counts = [
        ("vmCount", known.vms.len()),
        ("networkCount", inventory.networks.len()),
        ("diskCount", disks),
        ("storageCount", disks),
    ];
    counts.into_iter().map(|(name, count)| (name.to_owned(), json!(count))).collect()
}

impl Snapshot<'_> {
    /// A collection; `None` if there is none of this name.
    pub(super) fn items(&self, name: &str) -> Option<Vec<Item>> {
        let disks = || self.known.vms.iter().flat_map(|vm| vm.disks.iter().map(move |disk| (vm, disk)));
        let plain = |id: &str, own: &str, more| {
            let mut item = Item::named(self.link, name, (id, own, id), more);
            item.base.as_object_mut().map(|base| base.remove("revision"));
            item
        };
        Some(match name {
            "vms" | "workloads" => self.known.vms.iter().map(|vm| plain(&vm.moref, &vm.name, self.vm(vm))).collect(),
            "networks" => {
                let networks = self.inventory.networks.iter();
                networks.map(|one| plain(&one.moref, &one.name, json!({"description": ""}))).collect()
            }
            "disks" => disks().map(|(vm, disk)| plain(&disk.uuid, &disk.file, details(vm, disk))).collect(),
            // A storage is one disk.
            "storages" => disks().map(|(_, disk)| plain(&disk.uuid, &disk.file, json!({}))).collect(),
            _ => return None,
        })
    }

    fn vm(&self, vm: &Vm) -> Value {
        let networks = |moref: &str| self.inventory.networks.iter().find(|one| one.moref == moref);
        let name = |moref: &str| networks(moref).map_or("", |one| one.name.as_str());
        let nic = |nic: &crate::lab::world::Nic| json!({"Name": nic.label, "MAC": nic.mac, "Network": name(&nic.network), "Config": []});
        let named = |one: &NamedRef| json!({"ID": one.moref, "Name": one.name, "Description": ""});
        let disks = vm.disks.iter().map(|disk| {
            let mut value = details(vm, disk);
            value["ID"] = json!(disk.uuid);
            value["Name"] = json!(disk.file);
            value
        });
        json!({
            "ovfPath": archive(vm), "exportSource": "VMware", "osType": vm.guest_id, "uuid": vm.moref,
            "firmware": if vm.firmware == Firmware::Efi { "efi" } else { "bios" },
            "cpuCount": vm.cpus, "coresPerSocket": vm.cores_per_socket, "memoryMB": vm.memory_mib,
            "nics": list(vm.nics.iter().map(nic).collect()),
            "disks": list(disks.collect()),
            "networks": list(vm.networks().into_iter().filter_map(networks).map(named).collect()),
            "devices": [{"Kind": "Hard Disk"}],
        })
    }
}

/// Path of a VM's archive on its share, as the server of the provider sees it.
fn archive(vm: &Vm) -> String {
    format!("/ova/{}.ova", vm.name)
}

fn details(vm: &Vm, disk: &Disk) -> Value {
    json!({
        "FilePath": archive(vm), "Capacity": disk.size_bytes >> 20, "CapacityAllocationUnits": "byte * 2^20",
        "DiskId": format!("vmdisk{}", disk.unit + 1), "FileRef": format!("file{}", disk.unit + 1),
        "Format": "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized", "PopulatedSize": 0,
    })
}
