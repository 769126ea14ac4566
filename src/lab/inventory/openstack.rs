//! The collections of an OpenStack provider: VMs first, then volumes, then networks.
//!
//! Source: inventory-api.md section 8.

use super::item::Item;
use super::mirror::Copied;
use crate::facts::{Firmware, Power};
use crate::lab::world::openstack::IMAGE_STORAGE;
use crate::lab::world::{Disk, Inventory, NamedRef, Source, Vm};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// One moment's knowledge of a cloud, below a link such as `providers/openstack/<uid>`.
pub(super) struct Snapshot<'a> {
    pub(super) source: &'a Source,
    pub(super) inventory: &'a Inventory,
    pub(super) known: &'a Copied,
    pub(super) link: &'a str,
    /// Region and project.
    pub(super) place: (&'a str, &'a str),
}

fn is_volume(disk: &Disk) -> bool {
    disk.datastore != IMAGE_STORAGE
}

/// How many of each kind the provider has.
pub(super) fn counts(inventory: &Inventory, known: &Copied) -> Map<String, Value> {
    let counts = [
        ("regionCount", 1),
        ("projectCount", 1),
        ("vmCount", known.vms.len()),
        ("imageCount", 0),
        ("volumeCount", known.volumes.len()),
        ("volumeTypeCount", inventory.datastores.len()),
        ("networkCount", known.networks.len()),
    ];
    counts.into_iter().map(|(name, count)| (name.to_owned(), json!(count))).collect()
}

impl Snapshot<'_> {
    /// A collection; `None` if there is none of this name.
    pub(super) fn items(&self, name: &str) -> Option<Vec<Item>> {
        let (region, project) = self.place;
        let named = |one: &NamedRef, more| Item::named(self.link, name, (&one.moref, &one.name, ""), more);
        let one = |id: &str, own: &str| vec![Item::named(self.link, name, (id, own, own), json!({}))];
        let servers = || self.known.vms.iter().filter(|vm| !vm.template);
        Some(match name {
            "vms" | "workloads" => servers().map(|vm| self.vm(name, vm)).collect(),
            "regions" => one(region, region),
            "projects" => one(&self.project_id(), project),
            "volumes" => {
                let disks =
                    servers().flat_map(|vm| vm.disks.iter().filter(|disk| is_volume(disk)).map(move |disk| (vm, disk)));
                let synced = disks.filter(|(_, disk)| self.known.volumes.contains(&disk.uuid));
                synced.map(|(vm, disk)| self.volume(vm, disk)).collect()
            }
            "volumetypes" => {
                self.inventory.datastores.iter().map(|kind| named(kind, json!({"isPublic": true}))).collect()
            }
            "networks" => {
                let synced = self.inventory.networks.iter().filter(|one| self.known.networks.contains(&one.moref));
                synced.map(|network| named(network, json!({"status": "ACTIVE", "adminStateUp": true}))).collect()
            }
            "images" | "flavors" | "snapshots" | "subnets" => Vec::new(),
            _ => return None,
        })
    }

    fn vm(&self, collection: &str, vm: &Vm) -> Item {
        let path = format!("{}/{}", self.place.1, vm.name);
        let status = match vm.power {
            Power::On => "ACTIVE",
            Power::Off => "SHUTOFF",
            Power::Other => "SUSPENDED",
        };
        let mut more = json!({
            "tenantID": self.project_id(),
            "status": status,
            "revisionValidated": vm.revision,
            "flavorID": self.source.uuid_for(&format!("flavor/{}x{}", vm.cpus, vm.memory_mib)),
            "addresses": self.addresses(vm),
            "concerns": null,
            "fault": {"Code": 0, "Created": "0001-01-01T00:00:00Z", "Details": "", "Message": ""},
        });
        let volumes: Vec<Value> =
            vm.disks.iter().filter(|disk| is_volume(disk)).map(|disk| json!({"ID": disk.uuid})).collect();
        if !volumes.is_empty() {
            more["attachedVolumes"] = json!(volumes);
        }
        if let Some(image) = self.image_of(vm) {
            more["imageID"] = json!(image);
        }
        let mut item = Item::named(self.link, collection, (&vm.moref, &vm.name, &path), more);
        item.base["revision"] = json!(vm.revision);
        item
    }

    /// The image that a server was booted from; then its first disk is no volume.
    fn image_of(&self, vm: &Vm) -> Option<String> {
        let cloud = self.source.openstack()?.cloud();
        cloud.instances.get(&vm.moref).and_then(|instance| instance.image.clone())
    }

    /// As Keystone writes ids.
    fn project_id(&self) -> String {
        self.source.uuid_for("project").replace('-', "")
    }

    /// By the names of the networks, which may repeat.
    fn addresses(&self, vm: &Vm) -> Value {
        let mut all: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for (order, nic) in vm.nics.iter().enumerate() {
            let network = self.inventory.networks.iter().find(|one| one.moref == nic.network);
            let name = network.map_or("", |one| one.name.as_str());
            let told: Vec<String> = nic.guest.iter().map(|net| net.ip.clone()).collect();
            let told = if told.is_empty() { vec![format!("192.168.200.{}", order + 10)] } else { told };
            all.entry(name).or_default().extend(told.into_iter().map(
                |ip| json!({"addr": ip, "version": 4, "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": nic.mac}),
            ));
        }
        json!(all)
    }

    fn volume(&self, vm: &Vm, disk: &Disk) -> Item {
        let kind = self.inventory.datastores.iter().find(|one| one.moref == disk.datastore);
        let boots = vm.disks.first().is_some_and(|first| first.uuid == disk.uuid);
        let firmware = if vm.firmware == Firmware::Efi { "uefi" } else { "bios" };
        let more = json!({
            "status": "in-use", "size": disk.size_bytes.div_ceil(1 << 30), "availabilityZone": "nova",
            "volumeType": kind.map_or("", |kind| kind.name.as_str()),
            "attachments": [{"ID": disk.uuid}], "bootable": boots.to_string(),
            "volumeImageMetadata": {
                "os_type": if vm.is_windows() { "windows" } else { "linux" }, "hw_firmware_type": firmware,
            },
        });
        Item::named(self.link, "volumes", (&disk.uuid, "", ""), more)
    }
}
