//! A VM's facts, from its properties.
//!
//! Source: source-providers.md section 2.3.

use super::devices::Devices;
use super::guest;
use super::names::unescape;
use super::properties::Properties;
use super::session::Session;
use super::xml::{Element, MoRef};
use crate::facts::{Cpu, Firmware, Power, SourceDisk, SourceNic, SourceSnapshot, SourceVm};
use crate::provider::{ProviderError, VmRef};
use std::collections::{BTreeMap, BTreeSet};

/// Properties that the facts are made of.
const PATHS: [&str; 16] = [
    "name",
    "config.uuid",
    "config.guestId",
    "config.template",
    "config.firmware",
    "config.bootOptions",
    "config.changeTrackingEnabled",
    "config.hardware.device",
    "config.hardware.numCPU",
    "config.hardware.numCoresPerSocket",
    "config.hardware.memoryMB",
    "runtime.powerState",
    "snapshot",
    "guest.toolsStatus",
    "guest.net",
    "guest.ipStack",
];
/// Part of the class of the backing of a raw device mapping.
const RAW_DEVICE: &str = "RawDiskMapping";
const MIB: u64 = 1024 * 1024;

/// Names of what a VM's devices refer to.
#[derive(Debug, Default)]
struct Names {
    /// Names of networks and datastores by MoRef value.
    objects: BTreeMap<String, String>,
    /// Names of distributed port groups by key.
    portgroups: BTreeMap<String, String>,
}

/// What the source knows of the VM now.
pub(crate) async fn read(session: &Session, vm: &VmRef) -> Result<SourceVm, ProviderError> {
    let properties = session.read(&MoRef::new("VirtualMachine", &vm.id), &PATHS).await?;
    let devices = properties.get("config.hardware.device").map(|array| array.children.as_slice()).unwrap_or_default();
    let names = read_names(session, Devices(devices)).await?;
    assemble(vm, &properties, &names)
}

async fn read_names(session: &Session, devices: Devices<'_>) -> Result<Names, ProviderError> {
    let mut wanted: BTreeSet<MoRef> = devices.nics().filter_map(|nic| nic.moref_at("backing/network")).collect();
    wanted.extend(devices.disks().filter_map(|disk| disk.moref_at("backing/datastore")));
    let wanted: Vec<MoRef> = wanted.into_iter().collect();
    let mut names = Names::default();
    for found in session.read_all(&wanted, &["name"]).await? {
        if let (Some(object), Some(name)) = (&found.object, found.text("name")) {
            names.objects.insert(object.id.clone(), unescape(name));
        }
    }
    if devices.nics().any(|nic| nic.at("backing/port").is_some()) {
        for group in session.list("DistributedVirtualPortgroup", &["key", "name"]).await? {
            if let (Some(key), Some(name)) = (group.text("key"), group.text("name")) {
                names.portgroups.insert(key.to_owned(), unescape(name));
            }
        }
    }
    Ok(names)
}

fn assemble(vm: &VmRef, properties: &Properties, names: &Names) -> Result<SourceVm, ProviderError> {
    let about = vm.to_string();
    let need = |path: &str| properties.lacking(path, &about);
    let devices = properties.get("config.hardware.device").ok_or_else(|| need("config.hardware.device"))?;
    let devices = Devices(&devices.children);
    let cpus: u32 = properties.value("config.hardware.numCPU").ok_or_else(|| need("config.hardware.numCPU"))?;
    let cores = properties.value("config.hardware.numCoresPerSocket").filter(|cores| *cores > 0).unwrap_or(1);
    let memory: u64 = properties.value("config.hardware.memoryMB").ok_or_else(|| need("config.hardware.memoryMB"))?;
    let power = power(properties).ok_or_else(|| need("runtime.powerState"))?;
    let guest_id = properties.text("config.guestId").unwrap_or_default().to_lowercase();
    Ok(SourceVm {
        id: vm.id.clone(),
        name: properties.text("name").map_or_else(|| vm.name.clone(), unescape),
        uuid: properties.text("config.uuid").map(str::to_lowercase),
        power,
        cpu: Cpu { sockets: (cpus / cores).max(1), cores, threads: 1 },
        memory_bytes: memory * MIB,
        firmware: match properties.text("config.firmware") {
            Some("efi") => Some(Firmware::Efi),
            Some("bios") => Some(Firmware::Bios),
            _ => None,
        },
        secure_boot: properties.get("config.bootOptions").and_then(|boot| boot.value_at("efiSecureBootEnabled")),
        tpm: Some(devices.has_tpm()),
        tracks_changes: properties.value("config.changeTrackingEnabled"),
        nics: devices.nics().map(|nic| source_nic(nic, properties, names)).collect(),
        disks: devices.disks().map(|disk| source_disk(disk, devices, names, &about)).collect::<Result<_, _>>()?,
        snapshots: snapshots(properties.get("snapshot")),
        guest_agent: power == Power::On && properties.text("guest.toolsStatus") == Some("toolsOk"),
        // Guest ids of macOS (`darwin...`) contain `win` as well.
        windows: guest_id.contains("win") && !guest_id.starts_with("darwin"),
        template: properties.value("config.template").unwrap_or(false),
        power_offs: None,
    })
}

/// The power that the properties tell, if they do.
pub(crate) fn power(properties: &Properties) -> Option<Power> {
    Some(match properties.text("runtime.powerState")? {
        "poweredOn" => Power::On,
        "poweredOff" => Power::Off,
        _ => Power::Other,
    })
}

fn source_nic(nic: &Element, vm: &Properties, names: &Names) -> SourceNic {
    let mac = nic.text_at("macAddress").unwrap_or_default().to_lowercase();
    let key = nic.value_at("key");
    SourceNic {
        name: label(nic),
        network: network_name(nic, names),
        connected: nic.value_at("connectable/startConnected"),
        addresses: guest::addresses(vm, &mac, key),
        mac,
    }
}

fn network_name(nic: &Element, names: &Names) -> String {
    if let Some(network) = nic.moref_at("backing/network")
        && let Some(name) = names.objects.get(&network.id)
    {
        return name.clone();
    }
    match nic.text_at("backing/port/portgroupKey") {
        Some(key) => names.portgroups.get(key).cloned().unwrap_or_else(|| format!("DVS-{key}")),
        None => "Unknown".to_owned(),
    }
}

fn source_disk(disk: &Element, all: Devices<'_>, names: &Names, vm: &str) -> Result<SourceDisk, ProviderError> {
    let malformed = |problem: &str| ProviderError::Malformed {
        operation: "RetrievePropertiesEx".to_owned(),
        object: vm.to_owned(),
        problem: format!("a disk has no {problem}"),
        remedy: "look at the VM's disks in the vCenter",
    };
    let bytes = disk.value_at::<u64>("capacityInKB").map(|kib| kib * 1024);
    let datastore = disk.moref_at("backing/datastore");
    let backing = disk.child("backing");
    let controller = disk.value_at("controllerKey");
    let storage_id = datastore.map(|store| store.id);
    let storage = storage_id.as_ref().map(|id| names.objects.get(id).unwrap_or(id).clone());
    Ok(SourceDisk {
        id: disk.text_at("key").ok_or_else(|| malformed("key"))?.to_owned(),
        name: label(disk),
        size_bytes: bytes.or_else(|| disk.value_at("capacityInBytes")).ok_or_else(|| malformed("capacity"))?,
        storage: storage.unwrap_or_default(),
        storage_id,
        unit: disk.value_at("unitNumber"),
        bus: controller.and_then(|key| all.bus_of(key)),
        controller,
        file: disk.text_at("backing/fileName").map(str::to_owned),
        mode: disk.text_at("backing/diskMode").map(str::to_owned),
        rdm: backing.and_then(|backing| backing.class.as_deref()).is_some_and(|class| class.contains(RAW_DEVICE)),
        shared: disk.text_at("backing/sharing") == Some("sharingMultiWriter"),
    })
}

fn label(device: &Element) -> String {
    device.text_at("deviceInfo/label").unwrap_or_default().to_owned()
}

/// Along the first children from the first root; further branches are not migrated.
fn snapshots(info: Option<&Element>) -> Vec<SourceSnapshot> {
    let mut found = Vec::new();
    let mut next = info.and_then(|info| info.child("rootSnapshotList"));
    while let Some(snapshot) = next {
        let text = |name| snapshot.text_at(name).unwrap_or_default().to_owned();
        found.push(SourceSnapshot {
            id: text("id"),
            name: unescape(&text("name")),
            created: text("createTime"),
            state: text("state"),
        });
        next = snapshot.child("childSnapshotList");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::xml::parse;
    use super::*;
    use crate::facts::DiskBus;

    const DEVICES: &str = r#"<val xmlns:x="y">
      <VirtualDevice x:type="VirtualDisk"><key>2000</key><deviceInfo><label>Hard disk 1</label></deviceInfo>
        <backing x:type="VirtualDiskFlatVer2BackingInfo"><fileName>[ds1] a/a.vmdk</fileName><datastore type="Datastore">datastore-1</datastore><diskMode>persistent</diskMode><sharing>sharingMultiWriter</sharing></backing>
        <controllerKey>1000</controllerKey><unitNumber>0</unitNumber><capacityInKB>10485760</capacityInKB></VirtualDevice>
      <VirtualDevice x:type="ParaVirtualSCSIController"><key>1000</key><busNumber>0</busNumber></VirtualDevice>
      <VirtualDevice x:type="VirtualTPM"><key>11000</key></VirtualDevice>
      <VirtualDevice x:type="VirtualVmxnet3"><key>4000</key><connectable><startConnected>false</startConnected></connectable><deviceInfo><label>Network adapter 1</label></deviceInfo>
        <backing x:type="VirtualEthernetCardNetworkBackingInfo"><network type="Network">network-7</network></backing><macAddress>00:50:56:AA:00:01</macAddress></VirtualDevice>
      <VirtualDevice x:type="VirtualE1000"><key>4001</key><deviceInfo><label>Network adapter 2</label></deviceInfo>
        <backing x:type="VirtualEthernetCardDistributedVirtualPortBackingInfo"><port><portgroupKey>dvportgroup-1</portgroupKey></port></backing><macAddress>00:50:56:aa:00:02</macAddress></VirtualDevice>
      <VirtualDevice x:type="VirtualE1000e"><key>4002</key>
        <backing x:type="VirtualEthernetCardDistributedVirtualPortBackingInfo"><port><portgroupKey>dvportgroup-9</portgroupKey></port></backing></VirtualDevice>
      <VirtualDevice x:type="VirtualSriovEthernetCard"><key>4003</key></VirtualDevice>
    </val>"#;

    fn properties() -> Properties {
        let mut vm = Properties::default();
        for (path, text) in [
            ("name", "a%2fb"),
            ("config.uuid", "4217AA00-0000-0000-0000-000000000001"),
            ("config.guestId", "windows2019srv_64Guest"),
            ("config.template", "false"),
            ("config.firmware", "efi"),
            ("config.changeTrackingEnabled", "true"),
            ("config.hardware.numCPU", "4"),
            ("config.hardware.numCoresPerSocket", "2"),
            ("config.hardware.memoryMB", "4096"),
            ("runtime.powerState", "poweredOff"),
            ("guest.toolsStatus", "toolsOk"),
        ] {
            vm.values.insert(path.into(), Element::leaf("val", text));
        }
        vm.values.insert("config.hardware.device".into(), parse(DEVICES).unwrap());
        vm.values.insert(
            "config.bootOptions".into(),
            parse("<val><efiSecureBootEnabled>true</efiSecureBootEnabled></val>").unwrap(),
        );
        vm.values.insert("snapshot".into(), parse(
            "<val><currentSnapshot type='VirtualMachineSnapshot'>s-2</currentSnapshot><rootSnapshotList><id>1</id><name>one</name><createTime>t1</createTime><state>poweredOff</state>\
             <childSnapshotList><id>2</id><name>two</name><createTime>t2</createTime><state>poweredOn</state></childSnapshotList></rootSnapshotList></val>").unwrap());
        vm
    }

    fn facts(vm: &Properties) -> SourceVm {
        let names = Names {
            objects: [("network-7", "VM Network"), ("datastore-1", "ds1")].map(|(id, n)| (id.into(), n.into())).into(),
            portgroups: [("dvportgroup-1".to_owned(), "dv one".to_owned())].into(),
        };
        assemble(&VmRef { id: "vm-1".into(), name: "a/b".into() }, vm, &names).unwrap()
    }

    #[test]
    fn every_fact_by_its_rule() {
        let vm = facts(&properties());
        assert_eq!((vm.name.as_str(), vm.power, vm.windows, vm.guest_agent), ("a/b", Power::Off, true, false));
        assert_eq!(vm.uuid.as_deref(), Some("4217aa00-0000-0000-0000-000000000001"));
        assert_eq!((vm.cpu.sockets, vm.cpu.cores, vm.memory_bytes), (2, 2, 4 << 30));
        assert_eq!((vm.firmware, vm.secure_boot), (Some(Firmware::Efi), Some(true)));
        let nics: Vec<_> = vm.nics.iter().map(|nic| (nic.mac.as_str(), nic.network.as_str())).collect();
        assert_eq!(
            nics,
            [
                ("00:50:56:aa:00:01", "VM Network"),
                ("00:50:56:aa:00:02", "dv one"),
                ("", "DVS-dvportgroup-9"),
                ("", "Unknown")
            ]
        );
        let disk = &vm.disks[0];
        assert_eq!((disk.id.as_str(), disk.storage.as_str(), disk.size_bytes), ("2000", "ds1", 10 << 30));
        assert_eq!(disk.storage_id.as_deref(), Some("datastore-1"));
        assert_eq!((disk.controller, disk.unit, disk.bus), (Some(1000), Some(0), Some(DiskBus::Scsi)));
        assert_eq!((disk.file.as_deref(), disk.mode.as_deref()), (Some("[ds1] a/a.vmdk"), Some("persistent")));
        assert_eq!((disk.rdm, disk.shared), (false, true));
        assert_eq!((vm.tpm, vm.tracks_changes), (Some(true), Some(true)));
        let connected: Vec<_> = vm.nics.iter().map(|nic| nic.connected).collect();
        assert_eq!(connected, [Some(false), None, None, None]);
        let names: Vec<_> = vm.snapshots.iter().map(|snapshot| snapshot.name.as_str()).collect();
        assert_eq!(names, ["one", "two"]);
    }

    #[test]
    fn darwin_is_no_windows_and_unread_paths_are_errors() {
        let mut vm = properties();
        vm.values.insert("config.guestId".into(), Element::leaf("val", "darwin19_64Guest"));
        assert!(!facts(&vm).windows);
        vm.values.remove("config.hardware.numCPU");
        vm.unreadable.insert("config.hardware.numCPU".into(), "NoPermission".into());
        let error = assemble(&VmRef { id: "vm-1".into(), name: "a".into() }, &vm, &Names::default()).unwrap_err();
        assert!(error.to_string().contains("NoPermission"), "{error}");
    }
}
