//! Evidence of unharmed migrations, for the tests of the checks to harm.

use super::guest_sample;
use super::{Asked, AskedClaimNames, AskedNode, Evidence, ExpectedObject, MappedNetwork, MappedStorage, VmEvidence};
use crate::event::Verdict;
use crate::facts::{
    Cpu, DiskBus, DiskOffload, Firmware, NicAttachment, Power, SourceDisk, SourceNic, SourceSnapshot, SourceVm,
    TargetDisk, TargetNic, TargetVm, WarmRecord,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const GIB: u64 = 1 << 30;
const CEPH: &str = "ocs-storagecluster-ceph-rbd";

/// Every sample, with its name.
pub(super) fn all() -> [(&'static str, Evidence); 4] {
    [("cold", evidence()), ("warm", warm()), ("offload", offload()), ("renamed", renamed())]
}

/// The verdict of a check on the plain sample, changed on the side of the evidence or of the target.
pub(super) fn judged(
    judge: fn(&Evidence, &VmEvidence, &TargetVm) -> Verdict,
    change: impl FnOnce(&mut Evidence, &mut TargetVm),
) -> Verdict {
    let (mut evidence, mut target) = (evidence(), target());
    change(&mut evidence, &mut target);
    judge(&evidence, &evidence.vms[0], &target)
}

/// A cold migration of a VM with two NICs, one of them disconnected, two snapshots, and three disks that Forklift
/// reorders; placed, labelled, and with names for its claims. Its guest has two addresses that were set by hand, marks
/// and an encrypted disk.
pub(super) fn evidence() -> Evidence {
    let source = source();
    Evidence {
        provider_type: "vsphere".into(),
        mtv_version: Some("2.11.3".into()),
        openshift_version: Some("4.19.0".into()),
        network_map: vec![
            MappedNetwork { source: "VM Network".into(), destination: NicAttachment::Pod },
            MappedNetwork { source: "Mgmt".into(), destination: NicAttachment::Multus("ns/cb-1".into()) },
        ],
        storage_map: vec![row("ds1", CEPH, None), row("ds2", "nfs", Some(("ReadWriteOnce", "Filesystem")))],
        insecure_asked: false,
        insecure_found: Some("false".into()),
        asked: asked(),
        strays: Vec::new(),
        expected: vec![ExpectedObject {
            kind: "VirtualMachine".into(),
            name: "rhel8".into(),
            asked: json!({"spec": {"runStrategy": "Always"}}),
            found: Some(json!({"spec": {"runStrategy": "Always", "instancetype": null}})),
        }],
        skipped: BTreeMap::new(),
        vms: vec![VmEvidence {
            source_after: Some(stopped(&source)),
            guest: guest_sample::evidence(&source),
            source,
            target_name: "rhel8".into(),
            target: Some(target()),
            agent_asked: true,
            luks_asked: true,
            agent_connected: Some(true),
            offload: Vec::new(),
            warm: None,
        }],
    }
}

/// A guest that is off tells no address.
fn stopped(source: &SourceVm) -> SourceVm {
    let mut after = SourceVm { power: Power::Off, ..source.clone() };
    for nic in &mut after.nics {
        nic.addresses.clear();
    }
    after
}

/// The same VM, migrated warm with three copies; all its addresses come from DHCP, and nothing is asked of its guest.
pub(super) fn warm() -> Evidence {
    let mut evidence = without_snapshots();
    evidence.asked.warm = true;
    evidence.vms[0].luks_asked = false;
    guest_sample::lease(&mut evidence.vms[0]);
    evidence.asked.after_precopies = Some(2);
    let vm = &mut evidence.vms[0];
    vm.source.tracks_changes = Some(true);
    if let Some(after) = &mut vm.source_after {
        after.tracks_changes = Some(true);
    }
    vm.warm = Some(WarmRecord {
        precopies: 3,
        cutover_asked: Some("2026-01-02T03:04:05Z".into()),
        downtime_ms: Some(1000),
        copied_bytes: Some(GIB),
    });
    evidence
}

/// The same VM, copied by the array, which does not reach `ds2`.
pub(super) fn offload() -> Evidence {
    let mut evidence = without_snapshots();
    evidence.asked.offload = true;
    evidence.asked.claim_names = Some(AskedClaimNames { template: "pvc".into(), generate_name: true });
    for (row, on_array) in evidence.storage_map.iter_mut().zip([true, false]) {
        *row = MappedStorage {
            vendor: Some("ontap".into()),
            on_array,
            ..self::row(&row.source, CEPH, Some(("ReadWriteOnce", "Block")))
        };
    }
    let vm = &mut evidence.vms[0];
    vm.offload = (vm.source.disks.iter())
        .map(|disk| DiskOffload {
            disk: disk.id.clone(),
            populated: true,
            pod_says: Some(disk.storage == "ds1"),
            task_says: Some(disk.storage == "ds1"),
            clone_method: Some("vib".into()),
        })
        .collect();
    for (index, disk) in vm.target.iter_mut().flat_map(|target| &mut target.disks).enumerate() {
        disk.claim = format!("pvc-{index}123abcd");
        disk.storage_class = Some(CEPH.into());
        disk.access_modes = vec!["ReadWriteOnce".into()];
        disk.volume_mode = Some("Block".into());
    }
    evidence
}

/// The same VM with a name that no object of Kubernetes may have.
pub(super) fn renamed() -> Evidence {
    let mut evidence = evidence();
    evidence.asked.claim_names =
        Some(AskedClaimNames { template: "{{.TargetVmName}}-{{.DiskIndex}}".into(), generate_name: false });
    let vm = &mut evidence.vms[0];
    vm.target_name = "xcopy-test".into();
    for source in std::iter::once(&mut vm.source).chain(&mut vm.source_after) {
        source.name = "XCopy_Test".into();
    }
    if let Some(target) = &mut vm.target {
        target.name = "xcopy-test".into();
        target.display_name = Some("XCopy_Test".into());
        for (index, disk) in target.disks.iter_mut().enumerate() {
            disk.claim = format!("xcopy-test-{index}");
        }
    }
    evidence
}

fn without_snapshots() -> Evidence {
    let mut evidence = evidence();
    let vm = &mut evidence.vms[0];
    for source in std::iter::once(&mut vm.source).chain(&mut vm.source_after) {
        source.snapshots.clear();
        for disk in &mut source.disks {
            disk.file = disk.file.as_ref().map(|file| file.replace("-000002", ""));
        }
    }
    evidence
}

fn asked() -> Asked {
    Asked {
        plan_name: "plan".into(),
        labels: [("session", "auto-ab12"), ("static-label", "static-value")].map(owned).into(),
        node: Some(AskedNode { label: "mtv-node".into(), value: "auto-ab12".into(), node: "worker-1".into() }),
        affinity: Some(affinity()),
        claim_names: Some(AskedClaimNames { template: "{{.VmName}}-disk-{{.DiskIndex}}".into(), generate_name: true }),
        ..Asked::default()
    }
}

fn owned((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

fn affinity() -> Value {
    let term = json!({"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "test"}}});
    json!({"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 50, "podAffinityTerm": term}]}})
}

fn row(source: &str, class: &str, modes: Option<(&str, &str)>) -> MappedStorage {
    MappedStorage {
        source: source.into(),
        storage_class: class.into(),
        access_mode: modes.map(|(access, _)| access.to_owned()),
        volume_mode: modes.map(|(_, volume)| volume.to_owned()),
        vendor: None,
        on_array: false,
    }
}

fn source() -> SourceVm {
    let nic = |number: u8, network: &str, connected| SourceNic {
        name: format!("Network adapter {number}"),
        mac: format!("00:50:56:00:00:0{number}"),
        network: network.into(),
        connected: Some(connected),
        addresses: if number == 1 { guest_sample::addresses() } else { Vec::new() },
    };
    let disk = |number: u64, id: &str, store: u8, (controller, unit, bus), file: &str| SourceDisk {
        id: id.into(),
        name: format!("Hard disk {number}"),
        size_bytes: number * 16 * GIB,
        storage: format!("ds{store}"),
        storage_id: Some(format!("datastore-{store}")),
        controller: Some(controller),
        unit: Some(unit),
        bus: Some(bus),
        file: Some(format!("[ds{store}] rhel8/{file}.vmdk")),
        mode: Some(if number == 1 { "persistent" } else { "independent_persistent" }.into()),
        rdm: false,
        shared: false,
    };
    let snapshot = |number: u8| SourceSnapshot {
        id: number.to_string(),
        name: format!("rhel8-auto-ab12-snapshot-{number}"),
        created: format!("2026-01-02T03:0{}:05Z", number + 3),
        state: "poweredOff".into(),
    };
    SourceVm {
        id: "vm-1".into(),
        name: "rhel8".into(),
        uuid: Some("42171abc-0000-1111-2222-333344445555".into()),
        power: Power::On,
        cpu: Cpu { sockets: 2, cores: 1, threads: 1 },
        memory_bytes: 2 * GIB,
        firmware: Some(Firmware::Efi),
        secure_boot: Some(true),
        tpm: Some(true),
        tracks_changes: Some(false),
        nics: vec![nic(1, "VM Network", true), nic(2, "Mgmt", false)],
        disks: vec![
            disk(1, "2000", 1, (1000, 0, DiskBus::Scsi), "rhel8_1-000002"),
            disk(2, "16000", 2, (15000, 0, DiskBus::Sata), "rhel8_2"),
            disk(3, "2001", 1, (1000, 1, DiskBus::Scsi), "rhel8_3"),
        ],
        snapshots: vec![snapshot(1), snapshot(2)],
        guest_agent: true,
        windows: false,
        template: false,
        power_offs: Some(Vec::new()),
    }
}

/// The VM of [`evidence`] on the cluster.
pub(super) fn target() -> TargetVm {
    let mut source = source();
    source.disks.swap(0, 1);
    let nic = |(index, nic): (usize, SourceNic), attachment| TargetNic {
        name: format!("net-{index}"),
        mac: Some(nic.mac),
        attachment,
        link_up: nic.connected == Some(true),
    };
    let disk = |(index, disk): (usize, SourceDisk)| {
        let ceph = disk.storage == "ds1";
        TargetDisk {
            name: format!("vol-{index}"),
            claim: format!("rhel8-disk-{index}-x7k2{index}"),
            storage_class: Some(if ceph { CEPH } else { "nfs" }.into()),
            size_bytes: disk.size_bytes,
            access_modes: vec![if ceph { "ReadWriteMany" } else { "ReadWriteOnce" }.into()],
            volume_mode: Some(if ceph { "Block" } else { "Filesystem" }.into()),
            source: disk.file,
            source_id: None,
            index: Some(index),
            boot_order: (index == 0).then_some(1),
        }
    };
    let attachments = [NicAttachment::Pod, NicAttachment::Multus("ns/cb-1".into())];
    TargetVm {
        name: "rhel8".into(),
        namespace: "ns".into(),
        uid: "u".into(),
        power: Power::On,
        cpu: Some(source.cpu),
        memory_bytes: Some(source.memory_bytes),
        serial: source.uuid,
        firmware: Firmware::Efi,
        secure_boot: true,
        tpm: true,
        display_name: None,
        vm_id: Some("vm-1".into()),
        nics: source.nics.into_iter().enumerate().zip(attachments).map(|(numbered, to)| nic(numbered, to)).collect(),
        disks: source.disks.into_iter().enumerate().map(disk).collect(),
        node: Some("worker-1".into()),
        agent_connected: true,
        template_labels: [("app", "rhel8"), ("session", "auto-ab12"), ("static-label", "static-value")]
            .map(owned)
            .into(),
        node_selector: [("mtv-node", "auto-ab12")].map(owned).into(),
        affinity: Some(affinity()),
    }
}
