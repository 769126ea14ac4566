//! The rules of OVA files, which nothing but the inventory can read: it is the source of the facts, too.
//!
//! Source: inventory-api.md section 10.

use super::adapter::{MapKind, Source};
use super::map_source::{Named, without_repeats};
use super::wire::{Base, OvaDisk, OvaVm};
use super::{InventoryError, InventoryVm, MapSource, VmDetail};
use crate::facts::{Cpu, Firmware, Power, SourceDisk, SourceNic, SourceVm};
use crate::wait::Seen;

pub(super) async fn vm(source: &Source, id: &str) -> Result<InventoryVm, InventoryError> {
    let vm: OvaVm = source.rest.get(&format!("{}/vms/{id}", source.root)).await?;
    let (id, name, path) = (vm.id.clone(), vm.name.clone(), vm.path.clone());
    Ok(InventoryVm { id, name, path, detail: VmDetail::Ova(Box::new(vm)) })
}

/// A provider that is Ready has read its files.
pub(super) async fn readiness(source: &Source, storages: &[String]) -> Result<Seen<()>, InventoryError> {
    if storages.is_empty() {
        return Ok(Seen::Met(()));
    }
    let known = listed(source, "storages").await?;
    Ok(match storages.iter().find(|id| !known.has(id)) {
        Some(missing) => Seen::Pending(format!("disk {missing} is not listed")),
        None => Seen::Met(()),
    })
}

pub(super) async fn map(
    source: &Source,
    kind: MapKind,
    vms: &[InventoryVm],
) -> Result<Seen<Vec<MapSource>>, InventoryError> {
    let known = listed(source, if kind == MapKind::Storage { "storages" } else { "networks" }).await?;
    let mut sources = Vec::new();
    for vm in vms {
        let VmDetail::Ova(detail) = &vm.detail else { continue };
        for id in references(kind, detail) {
            if !known.has(id) {
                return Ok(Seen::Pending(format!("{id} of VM {} is not listed", vm.name)));
            }
            // A storage is one disk, whose name need not be unique, nor be the VM's.
            let by_id = || MapSource { id: Some(id.to_owned()), name: None, kind: None };
            sources.push(if kind == MapKind::Storage { by_id() } else { known.source(id).unwrap_or_else(by_id) });
        }
    }
    Ok(Seen::Met(if kind == MapKind::PerNic { sources } else { without_repeats(sources) }))
}

/// Ids that a VM refers to: its disks', and the networks' in the order of its NICs. A VM without NICs has those that its
/// OVF names, in their order.
///
/// The original takes every storage whose name holds the VM's, which misses disks that are not named after it and takes
/// those of others that are.
fn references(kind: MapKind, vm: &OvaVm) -> Vec<&str> {
    if kind == MapKind::Storage {
        return vm.disks.iter().map(|disk| disk.id.as_str()).collect();
    }
    let id_of = |name: &str| vm.networks.iter().find(|network| network.name == name).map(|network| network.id.as_str());
    let of_nics: Vec<&str> = vm.nics.iter().filter_map(|nic| id_of(&nic.network)).collect();
    let is_named = of_nics.is_empty() && kind == MapKind::Network;
    if is_named { vm.networks.iter().map(|network| network.id.as_str()).collect() } else { of_nics }
}

async fn listed(source: &Source, collection: &str) -> Result<Named, InventoryError> {
    let items: Option<Vec<Base>> = source.rest.get(&format!("{}/{collection}", source.root)).await?;
    let mut named = Named::default();
    for item in items.unwrap_or_default() {
        named.add(&item.id, &item.name, "");
    }
    Ok(named)
}

/// The VM as a source would describe it.
///
/// # Errors
/// A disk's size is in a unit that is not known.
pub(super) fn facts(vm: &OvaVm) -> Result<SourceVm, InventoryError> {
    let cores = vm.cores_per_socket.max(1);
    let disks = vm.disks.iter().map(|disk| source_disk(vm, disk)).collect::<Result<_, _>>()?;
    Ok(SourceVm {
        id: vm.id.clone(),
        name: vm.name.clone(),
        uuid: Some(vm.uuid.clone()).filter(|uuid| !uuid.is_empty()),
        // A file does not run.
        power: Power::Off,
        cpu: Cpu { sockets: (vm.cpu_count / cores).max(1), cores, threads: 1 },
        memory_bytes: vm.memory_mb << 20,
        firmware: match vm.firmware.as_str() {
            "efi" => Some(Firmware::Efi),
            "bios" => Some(Firmware::Bios),
            _ => None,
        },
        secure_boot: None,
        tpm: None,
        tracks_changes: None,
        nics: vm.nics.iter().map(source_nic).collect(),
        disks,
        snapshots: Vec::new(),
        guest_agent: false,
        windows: vm.os_type.to_lowercase().starts_with("win"),
        template: false,
        power_offs: None,
    })
}

fn source_nic(nic: &super::wire::OvaNic) -> SourceNic {
    SourceNic {
        name: nic.name.clone(),
        mac: nic.mac.to_lowercase(),
        network: nic.network.clone(),
        connected: None,
        addresses: Vec::new(),
    }
}

fn source_disk(vm: &OvaVm, disk: &OvaDisk) -> Result<SourceDisk, InventoryError> {
    let size_bytes = bytes(disk.capacity, &disk.capacity_allocation_units).ok_or_else(|| InventoryError::Unclear {
        vm: vm.name.clone(),
        problem: format!(
            "the size of disk {} is {} in the unit {:?}, which is not known",
            disk.name, disk.capacity, disk.capacity_allocation_units
        ),
        remedy: "write ovf:capacityAllocationUnits as byte * 2^N",
    })?;
    Ok(SourceDisk {
        id: disk.id.clone(),
        name: disk.name.clone(),
        size_bytes,
        // One disk is one storage.
        storage: disk.name.clone(),
        storage_id: Some(disk.id.clone()),
        controller: None,
        unit: None,
        bus: None,
        // As the product names it to its importer (forklift-api.md section 6, "Task names").
        file: Some(format!("{}::{}", disk.file_path, disk.name)),
        mode: None,
        rdm: false,
        shared: false,
    })
}

/// A capacity in bytes: the unit is `byte` and factors (`byte * 2^30`), or a word of older OVFs.
fn bytes(capacity: u64, unit: &str) -> Option<u64> {
    let word = unit.trim().to_lowercase();
    let shift = match word.as_str() {
        "" | "byte" | "bytes" => Some(0),
        "kilobytes" | "kb" => Some(10),
        "megabytes" | "mb" => Some(20),
        "gigabytes" | "gb" => Some(30),
        _ => None,
    };
    if let Some(shift) = shift {
        return capacity.checked_mul(1 << shift);
    }
    let mut factors = word.split('*').map(str::trim);
    if factors.next() != Some("byte") {
        return None;
    }
    factors.try_fold(capacity, |product, factor| {
        let (base, power) = factor.split_once('^').unwrap_or((factor, "1"));
        let factor = base.trim().parse::<u64>().ok()?.checked_pow(power.trim().parse().ok()?)?;
        product.checked_mul(factor)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::wire::{OvaNetwork, OvaNic};

    fn sample() -> OvaVm {
        serde_json::from_str(
            r#"{"id":"v1","name":"1nisim-rhel9-efi","selfLink":"x","path":"v1","ovfPath":"/ova/x.ova",
            "exportSource":"VMware","osType":"rhel9_64Guest","uuid":"v1","firmware":"efi","cpuCount":4,
            "coresPerSocket":2,"memoryMB":2048,
            "nics":[{"Name":"Network adapter 1","MAC":"","Network":"Backup","Config":[]}],
            "disks":[{"ID":"d1","Name":"x-1.vmdk","FilePath":"/ova/x.ova","Capacity":10,
              "CapacityAllocationUnits":"byte * 2^30","DiskId":"vmdisk1","FileRef":"file1","PopulatedSize":0}],
            "networks":[{"ID":"n1","Name":"VM Network"},{"ID":"n2","Name":"Backup"}],"devices":null}"#,
        )
        .unwrap()
    }

    #[test]
    fn facts_come_from_the_inventory() {
        let facts = facts(&sample()).unwrap();
        assert_eq!(facts.cpu, Cpu { sockets: 2, cores: 2, threads: 1 });
        assert_eq!((facts.memory_bytes, facts.firmware, facts.power), (2 << 30, Some(Firmware::Efi), Power::Off));
        assert_eq!((facts.nics[0].mac.as_str(), facts.nics[0].network.as_str()), ("", "Backup"));
        let disk = &facts.disks[0];
        assert_eq!((disk.size_bytes, disk.storage_id.as_deref()), (10 << 30, Some("d1")));
        assert_eq!(disk.file.as_deref(), Some("/ova/x.ova::x-1.vmdk"));
        let mut odd = sample();
        odd.disks[0].capacity_allocation_units = "furlong".to_owned();
        let words = super::facts(&odd).unwrap_err().to_string();
        assert!(words.contains("x-1.vmdk") && words.contains("furlong"), "{words}");
        let spare = OvaVm { os_type: "windows2019srv_64Guest".to_owned(), cores_per_socket: 0, ..sample() };
        let facts = super::facts(&spare).unwrap();
        assert!(facts.windows && facts.cpu == Cpu { sockets: 4, cores: 1, threads: 1 });
    }

    #[test]
    fn references_follow_the_nics_and_the_disks_own_ids() {
        let mut vm = sample();
        assert_eq!(references(MapKind::Storage, &vm), ["d1"]);
        assert_eq!(references(MapKind::Network, &vm), ["n2"]);
        vm.nics.push(OvaNic { network: "VM Network".into(), ..OvaNic::default() });
        vm.nics.push(OvaNic { network: "VM Network".into(), ..OvaNic::default() });
        assert_eq!(references(MapKind::PerNic, &vm), ["n2", "n1", "n1"]);
        vm.nics.clear();
        assert_eq!(references(MapKind::Network, &vm), ["n1", "n2"]);
        assert_eq!(references(MapKind::PerNic, &vm), Vec::<&str>::new());
        vm.networks = vec![OvaNetwork::default()];
    }

    #[test]
    fn capacities_have_units() {
        for (unit, size) in [
            ("byte * 2^30", Some(3 << 30)),
            ("byte*2^20", Some(3 << 20)),
            ("byte * 10^9", Some(3_000_000_000)),
            ("byte * 512 * 2", Some(3072)),
            ("", Some(3)),
            ("MegaBytes", Some(3 << 20)),
            ("bits", None),
            ("byte * x", None),
            ("byte * 2^200", None),
        ] {
            assert_eq!(bytes(3, unit), size, "{unit}");
        }
    }
}
