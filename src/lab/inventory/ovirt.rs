//! The collections of an oVirt provider.
//!
//! Source: inventory-api.md section 7.

use super::item::{Item, list};
use super::mirror::Copied;
use crate::facts::{Firmware, Power};
use crate::lab::world::{Disk, Inventory, NamedRef, Nic, Source, Vm};
use serde_json::{Map, Value, json};

/// One moment's knowledge of an engine, below a link such as `providers/ovirt/<uid>`.
pub(super) struct Snapshot<'a> {
    pub(super) source: &'a Source,
    pub(super) inventory: &'a Inventory,
    pub(super) known: &'a Copied,
    pub(super) link: &'a str,
}

/// The id of the one vNIC profile of a network.
fn profile_id(source: &Source, network: &str) -> String {
    source.uuid_for(&format!("vnic profile/{network}"))
}

/// How many of each kind the provider has.
pub(super) fn counts(inventory: &Inventory, known: &Copied) -> Map<String, Value> {
    let counts = [
        ("datacenterCount", 1),
        ("clusterCount", 1),
        ("hostCount", inventory.hosts.len().max(1)),
        ("vmCount", known.vms.iter().filter(|vm| !vm.template).count()),
        ("networkCount", inventory.networks.len()),
        ("storageDomainCount", inventory.datastores.len()),
    ];
    counts.into_iter().map(|(name, count)| (name.to_owned(), json!(count))).collect()
}

impl Snapshot<'_> {
    /// A collection; `None` if there is none of this name. Templates are not in the inventory.
    pub(super) fn items(&self, name: &str) -> Option<Vec<Item>> {
        let inventory = self.inventory;
        let vms = || self.known.vms.iter().filter(|vm| !vm.template);
        let center = &inventory.datacenter;
        let plain = |one: &NamedRef, more| Item::named(self.link, name, (&one.moref, &one.name, &one.name), more);
        Some(match name {
            "vms" | "workloads" => vms().map(|vm| self.vm(name, vm)).collect(),
            "datacenters" => vec![plain(center, json!({"description": ""}))],
            "clusters" => vec![plain(&inventory.cluster, json!({"dataCenter": center.moref}))],
            "hosts" => inventory.hosts.iter().map(|host| self.host(host)).collect(),
            "networks" => inventory.networks.iter().map(|network| self.network(network)).collect(),
            "nicprofiles" => inventory.networks.iter().map(|network| self.profile(network)).collect(),
            "disks" => vms().flat_map(|vm| vm.disks.iter().map(|disk| self.disk(disk))).collect(),
            "storagedomains" => inventory.datastores.iter().map(|domain| self.domain(domain)).collect(),
            "diskprofiles" | "servercpus" => Vec::new(),
            _ => return None,
        })
    }

    fn vm(&self, collection: &str, vm: &Vm) -> Item {
        let cores = vm.cores_per_socket.max(1);
        let bios = if vm.firmware == Firmware::Efi { "q35_ovmf" } else { "q35_sea_bios" };
        let bios = if vm.secure_boot { "q35_secure_boot" } else { bios };
        let attachment = |(index, disk): (usize, &Disk)| {
            json!({
                "id": disk.uuid, "interface": "virtio_scsi", "scsiReservation": false, "disk": disk.uuid,
                "bootable": index == 0,
            })
        };
        let nics = vm.nics.iter().map(|nic| self.nic(vm, nic)).collect();
        let mut snapshots = vec![json!({
            "id": self.source.uuid_for(&format!("{}/active snapshot", vm.moref)), "description": "Active VM",
            "type": "active", "persistMemory": false,
        })];
        snapshots.extend(
            vm.snapshots.iter().map(
                |one| json!({"id": one.moref, "description": one.name, "type": "regular", "persistMemory": false}),
            ),
        );
        let path = format!("{}/{}", self.inventory.cluster.name, vm.name);
        let more = json!({
            "cluster": self.inventory.cluster.moref,
            "status": if vm.power == Power::On { "up" } else { "down" },
            "host": if vm.power == Power::On { vm.host.as_str() } else { "" },
            "revisionValidated": vm.revision,
            "nics": list(nics),
            "diskAttachments": list(vm.disks.iter().enumerate().map(attachment).collect()),
            "concerns": null,
            "cpuSockets": (vm.cpus / cores).max(1), "cpuCores": cores, "cpuThreads": 1,
            "memory": vm.memory_mib << 20,
            "bios": bios, "osType": vm.guest_id, "guestName": vm.hostname,
            "snapshots": snapshots,
        });
        let mut item = Item::named(self.link, collection, (&vm.moref, &vm.name, &path), more);
        item.base["revision"] = json!(vm.revision);
        item
    }

    /// A NIC without a network has no profile.
    fn nic(&self, vm: &Vm, nic: &Nic) -> Value {
        let addresses = nic.guest.iter().map(|net| json!({"address": net.ip, "version": "v4"}));
        let profile = if nic.network.is_empty() { String::new() } else { profile_id(self.source, &nic.network) };
        json!({
            "id": self.source.uuid_for(&format!("{}/{}", vm.moref, nic.label)), "name": nic.label,
            "interface": "virtio", "plugged": true, "ipAddress": list(addresses.collect()), "profile": profile,
            "mac": nic.mac.to_lowercase(),
        })
    }

    fn host(&self, host: &NamedRef) -> Item {
        let path = format!("{}/{}", self.inventory.cluster.name, host.name);
        let more = json!({"cluster": self.inventory.cluster.moref, "status": "up"});
        Item::named(self.link, "hosts", (&host.moref, &host.name, &path), more)
    }

    fn network(&self, network: &NamedRef) -> Item {
        let center = &self.inventory.datacenter;
        let more = json!({
            "dataCenter": center.moref, "vlan": "", "usages": ["vm"],
            "nicProfiles": [profile_id(self.source, &network.moref)],
        });
        let path = format!("{}/{}", center.name, network.name);
        Item::named(self.link, "networks", (&network.moref, &network.name, &path), more)
    }

    /// The list tells only its name; a profile has no path.
    fn profile(&self, network: &NamedRef) -> Item {
        let id = profile_id(self.source, &network.moref);
        let more = json!({"network": network.moref, "qos": "", "passThrough": false});
        let mut item = Item::named(self.link, "nicprofiles", (&id, &network.name, ""), more);
        item.base.as_object_mut().map(|base| base.remove("path"));
        item
    }

    /// A LUN is on no domain.
    fn disk(&self, disk: &Disk) -> Item {
        let (domain, kind) = if disk.lun.is_some() { ("", "lun") } else { (disk.datastore.as_str(), "image") };
        let more = json!({
            "shared": disk.shared, "storageDomain": domain, "profile": "", "provisionedSize": disk.size_bytes,
            "actualSize": 0, "storageType": kind, "status": "ok",
        });
        Item::named(self.link, "disks", (&disk.uuid, &disk.file, &disk.file), more)
    }

    fn domain(&self, domain: &NamedRef) -> Item {
        let center = &self.inventory.datacenter;
        let more = json!({
            "dataCenter": center.moref, "type": "data", "capacity": 1_u64 << 44, "free": 1_u64 << 43,
            "storage": {"type": if domain.name.contains("nfs") { "nfs" } else { "iscsi" }},
        });
        let path = format!("{}/{}", center.name, domain.name);
        Item::named(self.link, "storagedomains", (&domain.moref, &domain.name, &path), more)
    }
}
