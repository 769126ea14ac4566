//! Evidence of an unharmed migration, for the tests of the checks to harm.

use super::{Asked, Evidence, MappedNetwork, MappedStorage, VmEvidence};
use crate::facts::{
    Cpu, DiskBus, Firmware, NicAttachment, Power, SourceDisk, SourceNic, SourceVm, TargetDisk, TargetNic, TargetVm,
};

const GIB: u64 = 1 << 30;
const CLASS: &str = "ocs-ceph-rbd";

pub(super) fn evidence() -> Evidence {
    Evidence {
        provider_type: "vsphere".into(),
        mtv_version: Some("2.11.3".into()),
        openshift_version: Some("4.19.0".into()),
        network_map: vec![
            MappedNetwork { source: "VM Network".into(), destination: NicAttachment::Pod },
            MappedNetwork { source: "Mgmt".into(), destination: NicAttachment::Multus("ns/cb-1".into()) },
        ],
        storage_map: vec![MappedStorage {
            source: "ds1".into(),
            storage_class: CLASS.into(),
            access_mode: None,
            volume_mode: None,
            vendor: None,
            on_array: false,
        }],
        insecure_asked: false,
        insecure_found: Some("false".into()),
        asked: Asked { plan_name: "plan".into(), ..Asked::default() },
        strays: Vec::new(),
        expected: Vec::new(),
        skipped: std::collections::BTreeMap::new(),
        vms: vec![VmEvidence {
            source: source(),
            source_after: Some(source()),
            target_name: "rhel8".into(),
            target: Some(target()),
            agent_asked: true,
            agent_connected: Some(true),
            offload: Vec::new(),
            warm: None,
        }],
    }
}

fn source() -> SourceVm {
    let nic = |number: u8, network: &str| SourceNic {
        name: format!("Network adapter {number}"),
        mac: format!("00:50:56:00:00:0{number}"),
        network: network.into(),
        connected: Some(true),
        addresses: Vec::new(),
    };
    let disk = |number: u64| SourceDisk {
        id: (2000 + number).to_string(),
        name: format!("Hard disk {number}"),
        size_bytes: number * 16 * GIB,
        storage: "ds1".into(),
        controller: Some(1000),
        unit: i32::try_from(number).ok(),
        bus: Some(DiskBus::Scsi),
        file: Some(format!("[ds1] rhel8/rhel8_{number}.vmdk")),
        mode: Some("persistent".into()),
        rdm: false,
        shared: false,
    };
    SourceVm {
        id: "vm-1".into(),
        name: "rhel8".into(),
        uuid: Some("42171abc-0000-1111-2222-333344445555".into()),
        power: Power::Off,
        cpu: Cpu { sockets: 2, cores: 1, threads: 1 },
        memory_bytes: 2 * GIB,
        firmware: Some(Firmware::Bios),
        secure_boot: Some(false),
        tpm: Some(false),
        tracks_changes: Some(false),
        nics: vec![nic(1, "VM Network"), nic(2, "Mgmt")],
        disks: vec![disk(1), disk(2)],
        snapshots: Vec::new(),
        guest_agent: false,
        windows: false,
        template: false,
    }
}

pub(super) fn target() -> TargetVm {
    let source = source();
    let attachments = [NicAttachment::Pod, NicAttachment::Multus("ns/cb-1".into())];
    TargetVm {
        name: "rhel8".into(),
        namespace: "ns".into(),
        uid: "u".into(),
        power: Power::Off,
        cpu: Some(source.cpu),
        memory_bytes: Some(source.memory_bytes),
        serial: source.uuid,
        firmware: Firmware::Bios,
        secure_boot: false,
        tpm: false,
        display_name: None,
        vm_id: Some("vm-1".into()),
        nics: (source.nics.into_iter().zip(attachments).enumerate())
            .map(|(index, (nic, attachment))| TargetNic {
                name: format!("net-{index}"),
                mac: Some(nic.mac),
                attachment,
                link_up: true,
            })
            .collect(),
        disks: (source.disks.into_iter().enumerate())
            .map(|(index, disk)| TargetDisk {
                name: format!("vol-{index}"),
                claim: format!("plan-vm-1-{index}"),
                storage_class: Some(CLASS.into()),
                size_bytes: disk.size_bytes,
                access_modes: vec!["ReadWriteMany".into()],
                volume_mode: Some("Block".into()),
                source: disk.file,
                index: Some(index),
                boot_order: (index == 0).then_some(1),
            })
            .collect(),
        node: None,
        agent_connected: false,
        template_labels: std::collections::BTreeMap::new(),
        node_selector: std::collections::BTreeMap::new(),
        affinity: None,
    }
}
