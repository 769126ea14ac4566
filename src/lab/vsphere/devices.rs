//! A VM's virtual devices, as element trees.

use super::fault::Ref;
use super::tree::SWITCH;
use super::xml::Node;
use crate::lab::world::{Disk, Inventory, Nic, Vm};

/// UUID of the distributed switch.
pub(super) const SWITCH_UUID: &str = "50 12 7b 3e 11 5c 4d 20-9a 61 6d 74 76 74 65 73";

/// All devices of a VM, controllers first, as `device` elements of `hardware`.
pub(super) fn all(inventory: &Inventory, vm: &Vm) -> Vec<Node> {
    let mut devices = vec![
        controller("VirtualIDEController", 200, 0, "IDE 0", &[]),
        controller("VirtualIDEController", 201, 1, "IDE 1", &[]),
        controller(
            "VirtualPCIController",
            100,
            0,
            "PCI controller 0",
            &vm.nics.iter().map(|nic| nic.key).collect::<Vec<_>>(),
        ),
    ];
    devices.extend(disk_controllers(vm));
    devices.extend(vm.disks.iter().map(|disk| disk_node(vm, disk)));
    devices.extend(vm.nics.iter().map(|nic| nic_node(inventory, nic)));
    devices
}

fn description(label: &str, summary: &str) -> Node {
    Node::new("deviceInfo").with([Node::leaf("label", label), Node::leaf("summary", summary)])
}

fn controller(class: &str, key: i32, bus: i32, label: &str, below: &[i32]) -> Node {
    let node = Node::new("device").of(class).with([Node::leaf("key", key), description(label, label)]);
    let placed = if class == "VirtualIDEController" || class == "VirtualPCIController" {
        node
    } else {
        node.with([Node::leaf("controllerKey", 100), Node::leaf("unitNumber", 3 + bus)])
    };
    let node = placed.with([Node::leaf("busNumber", bus)]).with(below.iter().map(|key| Node::leaf("device", key)));
    if class.contains("SCSI") || class.contains("LsiLogic") {
        return node.with([
            Node::leaf("hotAddRemove", true),
            Node::leaf("sharedBus", "noSharing"),
            Node::leaf("scsiCtlrUnitNumber", 7),
        ]);
    }
    node
}

/// The controllers that the VM's disks sit on. Windows Server 2019 has LSI SAS (original-suite.md section 2).
fn disk_controllers(vm: &Vm) -> Vec<Node> {
    let mut keys: Vec<(i32, &str)> = vm.disks.iter().map(|disk| (disk.controller_key, disk.bus.as_str())).collect();
    keys.sort_unstable();
    keys.dedup();
    let nodes = keys.into_iter().filter(|(_, bus)| *bus != "ide").map(|(key, bus)| {
        let below: Vec<i32> = vm.disks.iter().filter(|disk| disk.controller_key == key).map(|disk| disk.key).collect();
        let number = key % 1000;
        match bus {
            "sata" => controller("VirtualAHCIController", key, number, &format!("SATA controller {number}"), &below),
            "nvme" => controller("VirtualNVMEController", key, number, &format!("NVME controller {number}"), &below),
            _ => {
                let sas = vm.guest_id.starts_with("windows2019srv_");
                let class = if sas { "VirtualLsiLogicSASController" } else { "ParaVirtualSCSIController" };
                controller(class, key, number, &format!("SCSI controller {number}"), &below)
            }
        }
    });
    nodes.collect()
}

fn file_fields(file: &str, datastore: &str) -> [Node; 2] {
    [Node::leaf("fileName", file), Ref::new("Datastore", datastore).node("datastore")]
}

fn disk_node(vm: &Vm, disk: &Disk) -> Node {
    let files = file_fields(&vm.current_file(disk), &disk.datastore);
    let parent = vm.parent_file(disk).map(|file| {
        Node::new("parent").with(file_fields(&file, &disk.datastore)).with([Node::leaf("diskMode", &disk.mode)])
    });
    let backing = match &disk.lun {
        Some(lun) => Node::new("backing").of("VirtualDiskRawDiskMappingVer1BackingInfo").with(files).with([
            Node::leaf("lunUuid", lun.device.rsplit('.').next().unwrap_or_default()),
            Node::leaf("deviceName", &lun.device),
            Node::leaf("compatibilityMode", &lun.mode),
            Node::leaf("diskMode", &disk.mode),
            Node::leaf("uuid", &disk.uuid),
        ]),
        None => Node::new("backing")
            .of("VirtualDiskFlatVer2BackingInfo")
            .with(files)
            .with([
                Node::leaf("diskMode", &disk.mode),
                Node::leaf("split", false),
                Node::leaf("writeThrough", false),
                Node::leaf("thinProvisioned", disk.thin),
                Node::leaf("eagerlyScrub", disk.eager),
                Node::leaf("uuid", &disk.uuid),
            ])
            .with(parent)
            .with(disk.shared.then(|| Node::leaf("sharing", "sharingMultiWriter"))),
    };
    let kib = disk.size_bytes / 1024;
    Node::new("device").of("VirtualDisk").with([
        Node::leaf("key", disk.key),
        description(&disk.label, &format!("{kib} KB")),
        backing,
        Node::leaf("controllerKey", disk.controller_key),
        Node::leaf("unitNumber", disk.unit),
        Node::leaf("capacityInKB", kib),
        Node::leaf("capacityInBytes", disk.size_bytes),
    ])
}

fn nic_node(inventory: &Inventory, nic: &Nic) -> Node {
    let name = inventory.networks.iter().find(|network| network.moref == nic.network);
    let name = name.map(|network| network.name.as_str()).unwrap_or_default();
    let backing = if nic.network.starts_with("dvportgroup-") {
        let port = Node::new("port").with([
            Node::leaf("switchUuid", SWITCH_UUID),
            Node::leaf("portgroupKey", &nic.network),
            Node::leaf("portKey", nic.key - 3999),
        ]);
        Node::new("backing").of("VirtualEthernetCardDistributedVirtualPortBackingInfo").with([port])
    } else {
        Node::new("backing").of("VirtualEthernetCardNetworkBackingInfo").with([
            Node::leaf("deviceName", name),
            Node::leaf("useAutoDetect", false),
            Ref::new("Network", &nic.network).node("network"),
        ])
    };
    let summary = if nic.network.starts_with("dvportgroup-") { format!("DVSwitch: {SWITCH}") } else { name.to_owned() };
    Node::new("device").of(&nic.class).with([
        Node::leaf("key", nic.key),
        description(&nic.label, &summary),
        backing,
        Node::new("connectable").with([
            Node::leaf("startConnected", nic.connected),
            Node::leaf("allowGuestControl", true),
            Node::leaf("connected", false),
            Node::leaf("status", "untried"),
        ]),
        Node::leaf("controllerKey", 100),
        Node::leaf("unitNumber", nic.key - 3993),
        Node::leaf("addressType", "assigned"),
        Node::leaf("macAddress", &nic.mac),
        Node::leaf("wakeOnLanEnabled", true),
        Node::leaf("uptCompatibilityEnabled", true),
    ])
}
