//! From a world file to a living world: MoRefs, device keys, UUIDs and MAC addresses, all from the seed.

use super::load::{WorldError, bare_network, split_address};
use super::{
    Disk, DiskSpec, GuestNet, Inside, Inventory, MigratedGuests, NamedRef, Nic, NicSpec, Partition, PodLogs,
    SourceSpec, Vm, VmSpec, VsphereSource, World, WorldSpec, family_of,
};
use crate::facts::{GuestFamily, Seed, parse_quantity_bytes};
use crate::lab::clock::Pace;
use crate::lab::fault::Faults;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// First number of MoRefs that are given out while the world lives; the world's own are below.
const FIRST_FREE_NUMBER: u32 = 1000;

impl World {
    /// Makes the world of `spec` at `pace`; only the faults that it names are on.
    ///
    /// # Errors
    /// The spec contradicts itself.
    pub fn from_spec(spec: WorldSpec, pace: Pace) -> Result<Self, WorldError> {
        spec.validate()?;
        let seed = Seed(spec.seed);
        let vsphere = spec.sources.iter().map(|source| Arc::new(vsphere_source(source, seed))).collect();
        let faults = Faults::default();
        spec.faults.iter().for_each(|fault| faults.harm(*fault));
        let (pod_logs, migrated) = (PodLogs::default(), MigratedGuests::default());
        Ok(Self { spec: Arc::new(spec), vsphere, pace, faults, pod_logs, migrated })
    }
}

impl VsphereSource {
    /// A UUID in the usual form, always the same for a purpose.
    pub fn uuid_for(&self, purpose: &str) -> String {
        uuid(&mut self.seed.stream(&format!("{}/{purpose}", self.name)))
    }

    /// A MAC address of the range that a vCenter generates from, always the same for a purpose.
    pub fn mac_for(&self, purpose: &str) -> String {
        let mut stream = self.seed.stream(&format!("{}/{purpose}", self.name));
        format!("00:50:56:{:02x}:{:02x}:{:02x}", stream.u8(0x80..0xc0), stream.u8(..), stream.u8(..))
    }
}

fn uuid(stream: &mut fastrand::Rng) -> String {
    let mut bytes = [0_u8; 16];
    stream.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

fn named(moref: String, name: &str) -> NamedRef {
    NamedRef { moref, name: name.to_owned() }
}

fn numbered(kind: &str, first: usize, names: &[String]) -> Vec<NamedRef> {
    names.iter().enumerate().map(|(index, name)| named(format!("{kind}-{}", first + index), name)).collect()
}

fn vsphere_source(spec: &SourceSpec, seed: Seed) -> VsphereSource {
    let SourceSpec::Vsphere {
        name,
        version,
        host,
        username,
        password,
        datacenter,
        cluster,
        hosts,
        esxi,
        array,
        datastores,
        networks,
        vms,
    } = spec;
    let network_refs = networks.iter().enumerate().map(|(index, network)| {
        let kind = if network.starts_with("std:") { "network" } else { "dvportgroup" };
        named(format!("{kind}-{}", 61 + index), bare_network(network))
    });
    let inventory = Inventory {
        datacenter: named("datacenter-2".into(), datacenter),
        cluster: named("domain-c8".into(), cluster),
        pool: named("resgroup-9".into(), "Resources"),
        vm_folder: named("group-v3".into(), "vm"),
        hosts: numbered("host", 21, hosts),
        datastores: numbered("datastore", 41, datastores),
        networks: network_refs.collect(),
        next_number: FIRST_FREE_NUMBER,
        ..Inventory::default()
    };
    let source = VsphereSource {
        name: name.clone(),
        version: version.clone(),
        host: host.clone(),
        aliases: Mutex::default(),
        username: username.clone(),
        password: password.clone(),
        esxi: esxi.clone(),
        array: array.clone(),
        seed,
        inventory: Mutex::new(inventory),
        revision: watch::Sender::new(1),
    };
    for (index, vm) in vms.iter().enumerate() {
        let vm = build_vm(&source, vm, index);
        source.change(|inventory| inventory.vms.push(vm));
    }
    source
}

fn build_vm(source: &VsphereSource, spec: &VmSpec, index: usize) -> Vm {
    let inventory = source.read();
    let host = &inventory.hosts[index % inventory.hosts.len()];
    let mib = parse_quantity_bytes(&spec.memory).unwrap_or_default() >> 20;
    let purpose = |what: &str| format!("{}/{what}", spec.name);
    let mut vm = Vm {
        moref: format!("vm-{}", 101 + index),
        name: spec.name.clone(),
        uuid: source.uuid_for(&purpose("bios")),
        instance_uuid: source.uuid_for(&purpose("instance")),
        template: spec.template,
        power: spec.power,
        host: host.moref.clone(),
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

fn build_disks(source: &VsphereSource, inventory: &Inventory, spec: &VmSpec) -> Vec<Disk> {
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
    source: &VsphereSource,
    inventory: &Inventory,
    (vm, disk, index): (&VmSpec, &DiskSpec, usize),
    (controller_key, unit, key): (i32, i32, i32),
) -> Disk {
    let chosen = inventory.datastores.iter().find(|store| Some(&store.name) == disk.datastore.as_ref());
    let datastore = chosen.unwrap_or(&inventory.datastores[0]);
    let suffix = if index == 0 { String::new() } else { format!("_{index}") };
    Disk {
        key,
        label: format!("Hard disk {}", index + 1),
        controller_key,
        bus: disk.bus.clone(),
        unit,
        size_bytes: parse_quantity_bytes(&disk.size).unwrap_or_default(),
        datastore: datastore.moref.clone(),
        file: match &disk.shared {
            Some(name) => format!("[{}] shared/{name}.vmdk", datastore.name),
            None => format!("[{}] {}/{}{suffix}.vmdk", datastore.name, vm.name, vm.name),
        },
        mode: "persistent".to_owned(),
        thin: true,
        eager: false,
        uuid: disk_uuid(source, &format!("{}/disk-{index}", vm.name)),
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

/// The UUID of a disk's backing: that of VMware's own disks begins with 6000C29.
pub(crate) fn disk_uuid(source: &VsphereSource, purpose: &str) -> String {
    format!("6000C29{}", &source.uuid_for(purpose)[7..])
}

fn build_nic(source: &VsphereSource, inventory: &Inventory, vm: &VmSpec, (order, nic): (usize, &NicSpec)) -> Nic {
    let network = inventory.networks.iter().find(|network| network.name == nic.network);
    let guest = nic.addresses.iter().filter_map(|text| split_address(text)).enumerate().map(|(index, (ip, prefix))| {
        let gateway = nic.gateway.clone().filter(|_| index == 0 || nic.is_static);
        GuestNet { ip: ip.to_string(), prefix_length: prefix, is_static: nic.is_static, gateway }
    });
    Nic {
        key: i32::try_from(order).map_or(4000, |order| 4000 + order),
        label: format!("Network adapter {}", order + 1),
        class: "VirtualVmxnet3".to_owned(),
        mac: source.mac_for(&format!("{}/nic-{order}", vm.name)),
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
            world.vsphere[0].read().vms.iter().flat_map(|vm| vm.nics.clone()).map(|nic| nic.mac).collect::<Vec<_>>()
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
        let inventory = world.vsphere[0].read();
        let windows = inventory.vms.iter().find(|vm| vm.name == "mtv-win2022-ip-3disks").unwrap();
        assert_eq!(
            windows.disks.iter().map(|disk| (disk.key, disk.controller_key, disk.unit)).collect::<Vec<_>>(),
            [(16_000, 15_000, 0), (16_001, 15_000, 1), (16_002, 15_000, 2)]
        );
        assert_eq!(windows.nics[0].guest.len(), 2);
        assert!(windows.nics.iter().all(|nic| nic.network.starts_with("dvportgroup-")));
        assert!(inventory.networks.iter().any(|network| network.moref.starts_with("network-")));
        assert_eq!(world.vsphere_at("vcenter.lab.mtvtest:443").map(|source| source.name.as_str()), Some("vsphere-8"));
    }
}
