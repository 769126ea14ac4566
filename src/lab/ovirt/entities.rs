//! Objects of the world as objects of the API.
//!
//! Source: source-providers.md section 3.2.

use super::item::{Item, Part};
use crate::facts::{Firmware, Power};
use crate::lab::world::ovirt::Event;
use crate::lab::world::{Disk, Inventory, NamedRef, Nic, Snapshot, Source, Vm};
use jiff::Timestamp;

/// The template that every engine has, and that what is not made from a template is made from.
const BLANK: &str = "00000000-0000-0000-0000-000000000000";
/// Id of a VM's entry among its snapshots that is none.
pub(super) const ACTIVE: &str = "active";

/// A source with its inventory, while it is looked at.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) source: &'a Source,
    pub(super) inventory: &'a Inventory,
}

fn part_of(collection: &str, object: &NamedRef) -> Item {
    Item::at(collection, &object.moref)
}

impl View<'_> {
    fn status_of(&self, id: &str) -> Option<String> {
        self.source.ovirt()?.live().statuses.get(id).cloned()
    }

    /// The API's root.
    pub(super) fn root(&self) -> Item {
        let mut numbers = self.source.version.split('.');
        let mut number = || numbers.next().unwrap_or("0").to_owned();
        let version = Item::default()
            .with("full_version", format!("{}-1.el8", self.source.version))
            .with("major", number())
            .with("minor", number())
            .with("build", number())
            .with("revision", "0");
        let product = Item::default().with("name", "oVirt Engine").with("vendor", "ovirt.org").with("version", version);
        ["vms", "templates", "datacenters", "clusters", "networks", "vnicprofiles", "disks", "storagedomains", "events"]
            .into_iter()
            .fold(Item::default().with("product_info", product), Item::linked)
    }

    /// The VM's status.
    pub(super) fn status(&self, vm: &Vm) -> String {
        self.status_of(&vm.moref).unwrap_or_else(|| {
            match vm.power {
                Power::On => "up",
                Power::Off => "down",
                Power::Other => "suspended",
            }
            .to_owned()
        })
    }

    /// A VM.
    pub(super) fn vm(&self, vm: &Vm) -> Item {
        let item = self.machine(Item::at("vms", &vm.moref), vm).with("status", self.status(vm));
        item.with("template", Item::at("templates", BLANK)).linked("snapshots").linked("reporteddevices")
    }

    /// A template.
    pub(super) fn template(&self, vm: &Vm) -> Item {
        let version = Item::default().with("version_name", "base version").with("version_number", 1_u32);
        self.machine(Item::at("templates", &vm.moref), vm).with("status", "ok").with("version", version)
    }

    /// The template that has nothing.
    pub(super) fn blank() -> Item {
        let version = Item::default().with("version_name", "base version").with("version_number", 1_u32);
        let topology = Item::default().with("cores", 1_u32).with("sockets", 1_u32).with("threads", 1_u32);
        Item::at("templates", BLANK)
            .with("name", "Blank")
            .with("memory", 1_u64 << 30)
            .with("cpu", Item::default().with("topology", topology))
            .with("status", "ok")
            .with("version", version)
            .linked("nics")
            .linked("diskattachments")
    }

    fn machine(&self, item: Item, vm: &Vm) -> Item {
        let topology = Item::default()
            .with("cores", vm.cores_per_socket)
            .with("sockets", vm.cpus / vm.cores_per_socket.max(1))
            .with("threads", 1_u32);
        let chipset = match (vm.firmware, vm.secure_boot) {
            (Firmware::Efi, true) => "q35_secure_boot",
            (Firmware::Efi, false) => "q35_ovmf",
            (Firmware::Bios, _) => "q35_sea_bios",
        };
        let memory = vm.memory_mib << 20;
        item.with("name", &vm.name)
            .with("description", "")
            .with("memory", memory)
            .with("memory_policy", Item::default().with("guaranteed", guaranteed(vm)).with("max", memory))
            .with("cpu", Item::default().with("architecture", "x86_64").with("topology", topology))
            .with("bios", Item::default().with("type", chipset))
            .with("os", Item::default().with("type", &vm.guest_id))
            .with("type", "server")
            .with("cluster", part_of("clusters", &self.inventory.cluster))
            .linked("nics")
            .linked("diskattachments")
    }

    /// A NIC of a VM or template, which is an object of `collection`.
    pub(super) fn nic(&self, collection: &str, vm: &Vm, nic: &Nic) -> Item {
        let place = format!("{collection}/{}/nics", vm.moref);
        let item = Item::at(&place, &self.source.nic_id(vm, nic))
            .with("name", &nic.label)
            .with("interface", "virtio")
            .with("linked", nic.connected)
            .with("plugged", true)
            .with("mac", Item::default().with("address", &nic.mac));
        if nic.network.is_empty() {
            return item;
        }
        item.with("vnic_profile", Item::at("vnicprofiles", &self.source.vnic_profile(&nic.network)))
    }

    /// What a guest's agent tells of a NIC.
    pub(super) fn reported(&self, vm: &Vm, nic: &Nic) -> Item {
        let ips = nic.guest.iter().map(|one| Item::default().with("address", &one.ip).with("version", "v4"));
        Item::at(&format!("vms/{}/reporteddevices", vm.moref), &self.source.nic_id(vm, nic))
            .with("name", format!("eth{}", nic.key - 4000))
            .with("type", "network")
            .with("mac", Item::default().with("address", &nic.mac))
            .with("ips", Part::List("ip", ips.collect()))
    }

    /// The place of a disk in a VM or template.
    pub(super) fn attachment(collection: &str, vm: &Vm, disk: &Disk) -> Item {
        let boots = vm.disks.first().is_some_and(|first| first.uuid == disk.uuid);
        Item::at(&format!("{collection}/{}/diskattachments", vm.moref), &disk.uuid)
            .with("active", true)
            .with("bootable", boots)
            .with("interface", if disk.bus == "scsi" { "virtio_scsi" } else { disk.bus.as_str() })
            .with("uses_scsi_reservation", false)
            .with("disk", Item::at("disks", &disk.uuid))
    }

    /// A disk.
    pub(super) fn disk(&self, vm: &Vm, disk: &Disk) -> Item {
        let locked = self.status_of(&vm.moref).is_some_and(|status| status == "image_locked");
        Item::at("disks", &disk.uuid)
            .with("name", &disk.file)
            .with("alias", &disk.file)
            .with("provisioned_size", disk.size_bytes)
            .with("total_size", disk.size_bytes)
            .with("actual_size", disk.size_bytes / 4)
            .with("format", "cow")
            .with("sparse", disk.thin)
            .with("shareable", disk.shared)
            .with("storage_type", "image")
            .with("status", if locked { "locked" } else { "ok" })
            .with("storage_domains", Part::List("storage_domain", vec![Item::at("storagedomains", &disk.datastore)]))
    }

    /// A snapshot of a VM.
    pub(super) fn snapshot(&self, vm: &Vm, snapshot: &Snapshot) -> Item {
        let item = Item::at(&format!("vms/{}/snapshots", vm.moref), &snapshot.moref)
            .with("description", &snapshot.name)
            .with("persist_memorystate", false)
            .with("snapshot_status", self.status_of(&snapshot.moref).unwrap_or_else(|| "ok".to_owned()))
            .with("snapshot_type", "regular");
        match snapshot.created.parse::<Timestamp>() {
            Ok(time) => item.with("date", time),
            Err(_) => item,
        }
    }

    /// The entry of the running state, which is no snapshot.
    pub(super) fn active(&self, vm: &Vm) -> Item {
        let id = self.source.uuid_for(&format!("{}/{ACTIVE}", vm.moref));
        Item::at(&format!("vms/{}/snapshots", vm.moref), &id)
            .with("description", "Active VM")
            .with("persist_memorystate", false)
            .with("snapshot_status", "ok")
            .with("snapshot_type", ACTIVE)
    }

    /// The data center.
    pub(super) fn data_center(&self) -> Item {
        let status = self.source.ovirt().map_or_else(String::new, |state| state.live().datacenter_status.clone());
        part_of("datacenters", &self.inventory.datacenter)
            .with("name", &self.inventory.datacenter.name)
            .with("local", false)
            .with("status", status)
    }

    /// The cluster.
    pub(super) fn cluster(&self) -> Item {
        part_of("clusters", &self.inventory.cluster)
            .with("name", &self.inventory.cluster.name)
            .with("bios_type", "q35_sea_bios")
            .with("data_center", part_of("datacenters", &self.inventory.datacenter))
    }

    /// A storage domain.
    pub(super) fn storage_domain(&self, domain: &NamedRef) -> Item {
        let centers = vec![part_of("datacenters", &self.inventory.datacenter)];
        let kind = if domain.name.contains("iscsi") { "iscsi" } else { "nfs" };
        part_of("storagedomains", domain)
            .with("name", &domain.name)
            .with("type", "data")
            .with("storage", Item::default().with("type", kind))
            .with("data_centers", Part::List("data_center", centers))
    }

    /// A network.
    pub(super) fn network(&self, network: &NamedRef) -> Item {
        part_of("networks", network)
            .with("name", &network.name)
            .with("data_center", part_of("datacenters", &self.inventory.datacenter))
    }

    /// The vNIC profile of a network.
    pub(super) fn vnic_profile(&self, network: &NamedRef) -> Item {
        Item::at("vnicprofiles", &self.source.vnic_profile(&network.moref))
            .with("name", &network.name)
            .with("network", part_of("networks", network))
    }
}

/// Memory that is reserved: all of it, unless the VM was made otherwise.
fn guaranteed(vm: &Vm) -> u64 {
    let set = vm.extra_config.iter().find(|(key, _)| key == GUARANTEED).and_then(|(_, value)| value.parse().ok());
    set.unwrap_or(vm.memory_mib << 20)
}

/// Where a VM keeps its reserved memory.
pub(super) const GUARANTEED: &str = "memory_policy.guaranteed";

/// Something that happened.
pub(super) fn event(event: &Event) -> Item {
    let id = event.id.to_string();
    Item::at("events", &id)
        .with("code", event.code)
        .with("description", &event.description)
        .with("origin", "oVirt")
        .with("severity", "normal")
        .with("time", event.at)
        .with("vm", Item::at("vms", &event.vm))
}
