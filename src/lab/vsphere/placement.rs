//! Adding, editing and removing devices of a VM, as clone and reconfigure specs ask for it. A change that cannot be
//! made fails the whole operation.
//!
//! Source: source-providers.md section 2.5 and the strictness of section 7.3.

use super::entities::{STORE_CAPACITY, used_bytes};
use super::fault::{Fault, Ref};
use super::tree;
use super::xml::Node;
use crate::lab::world::{Disk, Inventory, Lun, NamedRef, Nic, Source, Vm};

/// Size of every LUN that can be mapped.
const LUN_BYTES: u64 = 10 << 30;
const MODES: [&str; 5] =
    ["persistent", "independent_persistent", "independent_nonpersistent", "nonpersistent", "append"];

fn invalid(property: &str, index: usize) -> Fault {
    Fault::new("InvalidDeviceSpec", format!("Invalid configuration for device '{index}'."))
        .with(Node::leaf("property", format!("virtualDeviceSpec.device.{property}")))
        .with(Node::leaf("deviceIndex", index))
}

/// Applies all `deviceChange` elements of `spec` to `vm`, which need not be in the inventory yet.
pub(super) fn apply(source: &Source, inventory: &Inventory, vm: &mut Vm, spec: &Node) -> Result<(), Fault> {
    for (index, change) in spec.all("deviceChange").enumerate() {
        let device = change.child("device").ok_or_else(|| invalid("device", index))?;
        let class = device.kind.as_deref().unwrap_or_default();
        let is_nic = super::wsdl::wsdl().is_a(class, "VirtualEthernetCard");
        match (change.text_of("operation"), class) {
            (Some("add"), "VirtualDisk") => {
                let disk = Added { source, inventory, device, index }.disk(vm, change.text_of("fileOperation"))?;
                vm.disks.push(disk);
            }
            (Some("add"), _) if is_nic => add_nic(source, inventory, vm, (device, index))?,
            (Some("edit"), "VirtualDisk") => edit_disk(vm, device, index)?,
            (Some("edit"), _) if is_nic => edit_nic(source, vm, device, index)?,
            (Some("remove"), _) => remove(vm, device, index)?,
            _ => return Err(invalid("operation", index)),
        }
    }
    Ok(())
}

fn key(device: &Node) -> i32 {
    device.number("key").unwrap_or_default()
}

fn remove(vm: &mut Vm, device: &Node, index: usize) -> Result<(), Fault> {
    let before = vm.disks.len() + vm.nics.len();
    vm.disks.retain(|disk| disk.key != key(device));
    vm.nics.retain(|nic| nic.key != key(device));
    if vm.disks.len() + vm.nics.len() == before { Err(invalid("key", index)) } else { Ok(()) }
}

fn edit_disk(vm: &mut Vm, device: &Node, index: usize) -> Result<(), Fault> {
    let disk = vm.disks.iter_mut().find(|disk| disk.key == key(device)).ok_or_else(|| invalid("key", index))?;
    let size = device.number::<u64>("capacityInKB").unwrap_or_default() * 1024;
    if size < disk.size_bytes {
        return Err(invalid("capacityInKB", index));
    }
    disk.size_bytes = size;
    if let Some(mode) = device.child("backing").and_then(|backing| backing.text_of("diskMode")) {
        mode.clone_into(&mut disk.mode);
    }
    Ok(())
}

fn edit_nic(source: &Source, vm: &mut Vm, device: &Node, index: usize) -> Result<(), Fault> {
    let owner = vm.moref.clone();
    let nic = vm.nics.iter_mut().find(|nic| nic.key == key(device)).ok_or_else(|| invalid("key", index))?;
    match (device.text_of("addressType"), device.text_of("macAddress")) {
        (Some("generated"), _) => nic.mac = source.mac_for(&format!("{owner}/nic-{}", nic.key)),
        (Some("manual"), Some(mac)) => nic.mac = mac.to_lowercase(),
        _ => {}
    }
    nic.connected = start_connected(device).unwrap_or(nic.connected);
    Ok(())
}

fn start_connected(device: &Node) -> Option<bool> {
    device.child("connectable").map(|connectable| connectable.flag("startConnected"))
}

fn add_nic(source: &Source, inventory: &Inventory, vm: &mut Vm, (device, index): (&Node, usize)) -> Result<(), Fault> {
    let backing = device.child("backing").ok_or_else(|| invalid("backing", index))?;
    let group = backing.child("port").and_then(|port| port.text_of("portgroupKey"));
    let moref = group.or_else(|| backing.text_of("network")).unwrap_or_default();
    let name = backing.text_of("deviceName").unwrap_or_default();
    let network = inventory.networks.iter().find(|network| network.moref == moref || network.name == name);
    let network = network.ok_or_else(|| invalid("backing", index))?;
    let key = vm.nics.iter().map(|nic| nic.key + 1).max().unwrap_or(4000);
    vm.nics.push(Nic {
        key,
        label: format!("Network adapter {}", vm.nics.len() + 1),
        class: device.kind.clone().unwrap_or_default(),
        mac: source.mac_for(&format!("{}/nic-{key}", vm.moref)),
        network: network.moref.clone(),
        connected: start_connected(device).unwrap_or(true),
        guest: Vec::new(),
    });
    Ok(())
}

/// A disk that is to be added.
struct Added<'a> {
    source: &'a Source,
    inventory: &'a Inventory,
    device: &'a Node,
    index: usize,
}

impl Added<'_> {
    fn disk(&self, vm: &Vm, operation: Option<&str>) -> Result<Disk, Fault> {
        let backing = self.device.child("backing").ok_or_else(|| invalid("backing", self.index))?;
        let (controller_key, bus) = self.controller(vm)?;
        let unit = self.unit(vm, controller_key, bus)?;
        let mode = backing.text_of("diskMode").unwrap_or("persistent").to_owned();
        if !MODES.contains(&mode.as_str()) {
            return Err(invalid("backing.diskMode", self.index));
        }
        let store = self.store(vm, backing)?;
        let lun = self.lun(backing, store)?;
        let file = self.file(vm, backing, store, operation)?;
        // A file that is there already keeps what it holds, whatever the spec says of its size.
        let existing = self.everyone(vm).find(|disk| disk.file == file);
        let size_bytes = match (&lun, existing) {
            (Some(_), _) => LUN_BYTES,
            (None, Some(disk)) => disk.size_bytes,
            (None, None) => self.device.number::<u64>("capacityInKB").unwrap_or_default() * 1024,
        };
        if size_bytes == 0 {
            return Err(invalid("capacityInKB", self.index));
        }
        let thin = backing.flag("thinProvisioned");
        if !thin && lun.is_none() && used_bytes(self.inventory, &store.moref) + size_bytes > STORE_CAPACITY {
            let text = format!("Insufficient disk space on datastore '{}'.", store.name);
            return Err(Fault::new("NoDiskSpace", text).with(Node::leaf("datastore", &store.name)));
        }
        let number = vm.disks.len();
        let (_, first_key, units) = crate::lab::world::bus_numbers(bus);
        Ok(Disk {
            key: first_key + (controller_key % 1000) * units + unit,
            label: format!("Hard disk {}", number + 1),
            controller_key,
            bus: bus.to_owned(),
            unit,
            size_bytes,
            datastore: store.moref.clone(),
            mode,
            thin,
            eager: backing.flag("eagerlyScrub"),
            uuid: match existing {
                Some(disk) => disk.uuid.clone(),
                None => self.source.disk_uuid(&format!("{}/disk-{controller_key}-{unit}", vm.moref)),
            },
            lun,
            shared: backing.text_of("sharing") == Some("sharingMultiWriter"),
            partitions: existing.map(|disk| disk.partitions.clone()).unwrap_or_default(),
            file,
        })
    }

    /// The disks of every VM, those of `vm` as it is being changed.
    fn everyone<'v>(&'v self, vm: &'v Vm) -> impl Iterator<Item = &'v Disk> {
        self.inventory.vms.iter().filter(|other| other.moref != vm.moref).chain([vm]).flat_map(|vm| &vm.disks)
    }

    fn controller<'v>(&self, vm: &'v Vm) -> Result<(i32, &'v str), Fault> {
        let wanted = self.device.number::<i32>("controllerKey").unwrap_or(1000);
        let same = vm.disks.iter().find(|disk| disk.controller_key == wanted);
        same.map(|disk| (wanted, disk.bus.as_str())).ok_or_else(|| invalid("controllerKey", self.index))
    }

    fn unit(&self, vm: &Vm, controller: i32, bus: &str) -> Result<i32, Fault> {
        let (_, _, units) = crate::lab::world::bus_numbers(bus);
        let free = |unit: &i32| {
            (0..units).contains(unit)
                && !(bus == "scsi" && *unit == 7)
                && !vm.disks.iter().any(|disk| disk.controller_key == controller && disk.unit == *unit)
        };
        let wanted = self.device.number::<i32>("unitNumber").filter(|unit| *unit >= 0);
        let chosen = wanted.map_or_else(|| (0..units).find(free), |unit| Some(unit).filter(free));
        chosen.ok_or_else(|| invalid("unitNumber", self.index))
    }

    /// The datastore: it counts only if reference and file name both tell it, else the VM's own is taken.
    fn store(&self, vm: &Vm, backing: &Node) -> Result<&NamedRef, Fault> {
        let stores = &self.inventory.datastores;
        let wrong = || invalid("backing.datastore", self.index);
        let by_name =
            backing.text_of("fileName").and_then(|file| file.strip_prefix('[')?.split_once(']').map(|(name, _)| name));
        let by_name = by_name.filter(|name| !name.is_empty());
        match (Ref::child(backing, "datastore"), by_name) {
            (Some(moref), Some(name)) => {
                stores.iter().find(|store| store.moref == moref.value && store.name == name).ok_or_else(wrong)
            }
            (Some(moref), None) if !stores.iter().any(|store| store.moref == moref.value) => Err(wrong()),
            _ => {
                let own = vm.disks.first().map(|disk| &disk.datastore);
                stores.iter().find(|store| Some(&store.moref) == own).or_else(|| stores.first()).ok_or_else(wrong)
            }
        }
    }

    fn lun(&self, backing: &Node, store: &NamedRef) -> Result<Option<Lun>, Fault> {
        if backing.kind.as_deref() != Some("VirtualDiskRawDiskMappingVer1BackingInfo") {
            return Ok(None);
        }
        let wrong = |property: &str| invalid(&format!("backing.{property}"), self.index);
        let device = backing.text_of("deviceName").filter(|device| device.starts_with("/vmfs/devices/disks/naa."));
        let device = device.ok_or_else(|| wrong("deviceName"))?.to_owned();
        let mode = backing.text_of("compatibilityMode").filter(|mode| matches!(*mode, "physicalMode" | "virtualMode"));
        let mode = mode.ok_or_else(|| wrong("compatibilityMode"))?.to_owned();
        if store.name.contains("nfs") {
            return Err(wrong("datastore"));
        }
        Ok(Some(Lun { device, mode }))
    }

    /// The file: made up in the VM's folder, unless the spec names one; its folder must exist and the name be free.
    fn file(&self, vm: &Vm, backing: &Node, store: &NamedRef, operation: Option<&str>) -> Result<String, Fault> {
        let asked = backing.text_of("fileName").and_then(|file| file.split_once(']')).map(|(_, path)| path.trim());
        let Some(path) = asked.filter(|path| !path.is_empty()) else {
            return Ok(format!("[{}] {}/{}_{}.vmdk", store.name, vm.name, vm.name, vm.disks.len()));
        };
        let file = format!("[{}] {path}", store.name);
        let about =
            |kind: &str, what: &str| Fault::new(kind, format!("File {file} {what}")).with(Node::leaf("file", &file));
        let is_there = self.everyone(vm).any(|disk| disk.file == file);
        match (operation == Some("create"), is_there) {
            (false, true) => return Ok(file.clone()),
            (false, false) => return Err(about("FileNotFound", "was not found")),
            (true, true) => return Err(about("FileAlreadyExists", "already exists")),
            (true, false) => {}
        }
        let folder = file.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let exists = |folder: &String| {
            self.inventory.folders.contains(folder)
                || self.everyone(vm).any(|disk| disk.file.rsplit_once('/').is_some_and(|(home, _)| home == folder))
        };
        match folder {
            Some(folder) if !exists(&folder) => Err(about("FileNotFound", "was not found")),
            _ => Ok(file.clone()),
        }
    }
}

/// Checks that the objects a spec refers to exist.
pub(super) fn require(inventory: &Inventory, spec: &Node, names: &[&str]) -> Result<(), Fault> {
    for object in names.iter().filter_map(|name| Ref::child(spec, name)) {
        if tree::name_and_parent(inventory, &object).is_none() {
            return Err(Fault::not_found(&object));
        }
    }
    Ok(())
}
