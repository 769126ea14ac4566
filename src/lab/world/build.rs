//! From a world file to a living world: MoRefs, device keys, UUIDs and MAC addresses, all from the seed.

use super::load::{WorldError, split_address};
use super::{
    Disk, DiskSpec, GuestNet, Inside, Inventory, MigratedGuests, NamedRef, Nic, NicSpec, Partition, PodLogs,
    ShownCertificates, Source, SourceKind, SourceSpec, Vm, VmSpec, World, WorldSpec, family_of, openshift, openstack,
    ova, ovirt, vsphere,
};
use crate::facts::{GuestFamily, Seed, parse_quantity_bytes};
use crate::lab::clock::Pace;
use crate::lab::fault::Faults;
use std::collections::BTreeMap;
use std::sync::Arc;

impl World {
    /// Makes the world of `spec` at `pace`; only the faults that it names are on.
    ///
    /// # Errors
    /// The spec contradicts itself.
    pub fn from_spec(spec: WorldSpec, pace: Pace) -> Result<Self, WorldError> {
        spec.validate()?;
        let seed = Seed(spec.seed);
        let sources = spec.sources.iter().map(|source| Arc::new(build_source(source, seed))).collect();
        let faults = Faults::default();
        spec.faults.iter().for_each(|fault| faults.harm(*fault));
        let (pod_logs, migrated) = (PodLogs::default(), MigratedGuests::default());
        let shown = ShownCertificates::default();
        Ok(Self { spec: Arc::new(spec), sources, pace, faults, pod_logs, shown, migrated })
    }
}

/// A name with the id that `id` makes for `kind` and the name.
pub(super) fn named_by_id(id: &impl Fn(&str) -> String, kind: &str, name: &str) -> NamedRef {
    named(id(&format!("{kind}/{name}")), name)
}

pub(super) fn named(moref: String, name: &str) -> NamedRef {
    NamedRef { moref, name: name.to_owned() }
}

/// Makes the source of `spec`.
fn build_source(spec: &SourceSpec, seed: Seed) -> Source {
    let source = match spec {
        SourceSpec::Vsphere(spec) => vsphere::build(spec, seed),
        SourceSpec::Ovirt(spec) => ovirt::build(spec, seed),
        SourceSpec::Openstack(spec) => openstack::build(spec, seed),
        SourceSpec::Openshift(spec) => openshift::build(spec, seed),
        SourceSpec::Ova(spec) => ova::build(spec, seed),
    };
    for (index, vm) in spec.vms().iter().enumerate() {
        let vm = build_vm(&source, vm, index);
        source.change(|inventory| inventory.vms.push(vm));
    }
    if let SourceSpec::Openstack(spec) = spec {
        openstack::finish(spec, &source);
    }
    source
}

pub(super) fn build_vm(source: &Source, spec: &VmSpec, index: usize) -> Vm {
    let inventory = source.read();
    let host = inventory.hosts.get(index % inventory.hosts.len().max(1));
    let mib = parse_quantity_bytes(&spec.memory).unwrap_or_default() >> 20;
    let purpose = |what: &str| format!("{}/{what}", spec.name);
    let mut vm = Vm {
        moref: source.vm_id(&spec.name, index),
        name: spec.name.clone(),
        uuid: source.uuid_for(&purpose("bios")),
        instance_uuid: source.uuid_for(&purpose("instance")),
        template: spec.template,
        power: spec.power,
        host: host.map(|host| host.moref.clone()).unwrap_or_default(),
        guest_id: spec.guest.id.clone(),
        hostname: spec.guest.hostname.clone(),
        tools: spec.guest.agent,
        inside: Arc::new(Inside::of(&spec.guest, source.uuid_for(&purpose("ssh")))),
        firmware: spec.firmware,
        secure_boot: spec.secure_boot,
        cpus: spec.cpus,
        cores_per_socket: spec.cores_per_socket,
        memory_mib: mib,
        disks: build_disks(source, &inventory, spec),
        nics: spec
            .nics
            .iter()
            .enumerate()
            .map(|(order, nic)| build_nic(source, &inventory, spec, (order, nic)))
            .collect(),
        snapshots: Vec::new(),
        extra_config: Vec::new(),
        revision: 1,
    };
    vm.set_power(spec.power);
    vm
}

/// Key of a bus's first controller, key of its first disk, and how many units a controller has (the SCSI controller
/// itself sits on unit 7).
///
/// Source: source-providers.md sections 2.3 and 2.5.
pub(crate) fn bus_numbers(bus: &str) -> (i32, i32, i32) {
    match bus {
        "sata" => (15_000, 16_000, 30),
        "ide" => (200, 3_000, 2),
        "nvme" => (31_000, 32_000, 15),
        _ => (1_000, 2_000, 16),
    }
}

fn build_disks(source: &Source, inventory: &Inventory, spec: &VmSpec) -> Vec<Disk> {
    let mut used: BTreeMap<&str, i32> = BTreeMap::new();
    let mut disks = Vec::new();
    for (index, disk) in spec.disks.iter().enumerate() {
        let place = used.entry(disk.bus.as_str()).or_default();
        let (controller, first_key, units) = bus_numbers(&disk.bus);
        if disk.bus == "scsi" && *place % units == 7 {
            *place += 1;
        }
        let numbers = (controller + *place / units, *place % units, first_key + *place);
        *place += 1;
        disks.push(build_disk(source, inventory, (spec, disk, index), numbers));
    }
    disks
}

fn build_disk(
    source: &Source,
    inventory: &Inventory,
    (vm, disk, index): (&VmSpec, &DiskSpec, usize),
    (controller_key, unit, key): (i32, i32, i32),
) -> Disk {
    let chosen = inventory.datastores.iter().find(|store| Some(&store.name) == disk.datastore.as_ref());
    let datastore = chosen.or(inventory.datastores.first()).cloned().unwrap_or_default();
    Disk {
        key,
        label: format!("Hard disk {}", index + 1),
        controller_key,
        bus: disk.bus.clone(),
        unit,
        size_bytes: parse_quantity_bytes(&disk.size).unwrap_or_default(),
        file: match &disk.shared {
            Some(name) => format!("[{}] shared/{name}.vmdk", datastore.name),
            None => disk.file.clone().unwrap_or_else(|| source.disk_file(&datastore.name, &vm.name, index)),
        },
        datastore: datastore.moref,
        mode: "persistent".to_owned(),
        thin: true,
        eager: false,
        uuid: source.disk_uuid(&format!("{}/disk-{index}", vm.name)),
        lun: None,
        shared: disk.shared.is_some(),
        partitions: if disk.partitions.is_empty() { usual_partitions(vm, index) } else { disk.partitions.clone() },
    }
}

/// What is on a disk of which the world file says nothing.
fn usual_partitions(vm: &VmSpec, index: usize) -> Vec<Partition> {
    match (family_of(&vm.guest.id), index) {
        (GuestFamily::Linux, 0) => {
            vec![Partition::new("xfs", Some("/boot"), Some("1Gi")), Partition::new("xfs", Some("/"), None)]
        }
        (GuestFamily::Linux, _) => vec![Partition::new("xfs", Some(&format!("/data{index}")), None)],
        (GuestFamily::Windows, 0) => {
            vec![Partition::new("FAT32", None, Some("100Mi")), Partition::new("NTFS", Some("C:"), None)]
        }
        (GuestFamily::Windows, _) => vec![Partition::new("NTFS", None, None)],
    }
}

fn build_nic(source: &Source, inventory: &Inventory, vm: &VmSpec, (order, nic): (usize, &NicSpec)) -> Nic {
    let network = inventory.networks.iter().find(|network| network.name == nic.network);
    let guest = nic.addresses.iter().filter_map(|text| split_address(text)).enumerate().map(|(index, (ip, prefix))| {
        let gateway = nic.gateway.clone().filter(|_| index == 0 || nic.is_static);
        GuestNet { ip: ip.to_string(), prefix_length: prefix, is_static: nic.is_static, gateway }
    });
    Nic {
        key: i32::try_from(order).map_or(4000, |order| 4000 + order),
        label: source.nic_label(order),
        class: "VirtualVmxnet3".to_owned(),
        mac: match &nic.mac {
            Some(mac) => mac.to_lowercase(),
            None if matches!(source.kind, SourceKind::Ova) => String::new(),
            None => source.mac_for(&format!("{}/nic-{order}", vm.name)),
        },
        network: network.map(|network| network.moref.clone()).unwrap_or_default(),
        connected: true,
        guest: guest.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap()
    }

    #[test]
    fn the_seed_decides_every_generated_value() {
        let (one, two) = (world(), world());
        let macs = |world: &World| {
            world.sources[0].read().vms.iter().flat_map(|vm| vm.nics.clone()).map(|nic| nic.mac).collect::<Vec<_>>()
        };
        assert_eq!(macs(&one), macs(&two));
        let mut unique = macs(&one);
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), macs(&one).len(), "MAC addresses repeat");
    }

    #[test]
    fn keys_and_morefs_look_like_a_vcenter() {
        let world = world();
        let inventory = world.sources[0].read();
        let windows = inventory.vms.iter().find(|vm| vm.name == "mtv-win2022-ip-3disks").unwrap();
        assert_eq!(
            windows.disks.iter().map(|disk| (disk.key, disk.controller_key, disk.unit)).collect::<Vec<_>>(),
            [(16_000, 15_000, 0), (16_001, 15_000, 1), (16_002, 15_000, 2)]
        );
        assert_eq!(windows.nics[0].guest.len(), 2);
        assert!(windows.nics.iter().all(|nic| nic.network.starts_with("dvportgroup-")));
        assert!(inventory.networks.iter().any(|network| network.moref.starts_with("network-")));
        assert_eq!(world.source_at("vcenter.lab.mtvtest:443").map(|source| source.name.as_str()), Some("vsphere-8"));
    }
}
