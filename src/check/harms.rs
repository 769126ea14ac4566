//! Harms, and for each the one check that must find it: the pure half of the table of faults.

use super::guest_harms::GUEST;
use super::{CHECKS, Evidence, judge_all, sample};
use crate::event::Verdict;
use crate::facts::{Cpu, Firmware, NicAttachment, Power, PowerOff, SourceVm, TargetVm};
use serde_json::json;
use std::collections::BTreeSet;

/// What is harmed, in which migration, and who finds it.
pub(super) struct Harm {
    name: &'static str,
    check: &'static str,
    sample: fn() -> Evidence,
    apply: fn(&mut Evidence),
}

pub(super) const fn harm(
    check: &'static str,
    name: &'static str,
    sample: fn() -> Evidence,
    apply: fn(&mut Evidence),
) -> Harm {
    Harm { name, check, sample, apply }
}

pub(super) fn cold() -> Evidence {
    sample::evidence()
}

fn target(evidence: &mut Evidence) -> &mut TargetVm {
    evidence.vms[0].target.as_mut().unwrap()
}

fn after(evidence: &mut Evidence) -> &mut SourceVm {
    evidence.vms[0].source_after.as_mut().unwrap()
}

const MACHINE: &[Harm] = &[
    harm("provider-tls", "the flag is flipped", cold, |e| e.insecure_found = Some("true".into())),
    harm("provider-tls", "the flag is gone", cold, |e| e.insecure_found = None),
    harm("provider-tls", "the flag is no word", cold, |e| e.insecure_found = Some("yes".into())),
    harm("power", "the VM is stopped", cold, |e| {
        target(e).power = Power::Off;
        target(e).node = None;
    }),
    harm("power", "the VM is stuck between", cold, |e| target(e).power = Power::Other),
    harm("power", "the VM runs though the plan says off", cold, |e| e.asked.power = Some(Power::Off)),
    harm("cpu", "a core is lost", cold, |e| target(e).cpu = Some(Cpu { sockets: 1, cores: 1, threads: 1 })),
    harm("cpu", "sockets become cores", cold, |e| target(e).cpu = Some(Cpu { sockets: 1, cores: 2, threads: 1 })),
    harm("cpu", "threads are doubled", cold, |e| target(e).cpu = Some(Cpu { sockets: 2, cores: 1, threads: 2 })),
    harm("cpu", "no topology", cold, |e| target(e).cpu = None),
    harm("memory", "memory is halved", cold, |e| target(e).memory_bytes = Some(1 << 30)),
    harm("memory", "a byte is added", cold, |e| target(e).memory_bytes = Some((2 << 30) + 1)),
    harm("memory", "no memory size", cold, |e| target(e).memory_bytes = None),
    harm("firmware", "EFI becomes BIOS", cold, |e| {
        target(e).firmware = Firmware::Bios;
        target(e).secure_boot = false;
    }),
    harm("firmware", "secure boot is lost", cold, |e| target(e).secure_boot = false),
    harm("firmware", "the TPM is lost", cold, |e| target(e).tpm = false),
    harm("firmware", "a TPM appears", cold, |e| e.vms[0].source.tpm = Some(false)),
    harm("serial", "another serial", cold, |e| target(e).serial = Some("42170000-0000-1111-2222-333344445555".into())),
    harm("serial", "no serial", cold, |e| target(e).serial = None),
    harm("serial", "VMware's form too early", cold, |e| {
        target(e).serial = Some("VMware-42 17 1a bc 00 00 11 11-22 22 33 33 44 44 55 55".into());
    }),
    harm("serial", "the plain form too late", cold, |e| e.openshift_version = Some("4.20.1".into())),
    harm("name", "a made-up name", sample::renamed, |e| target(e).name = "vm-x1y2".into()),
    harm("name", "a suffix", cold, |e| target(e).name = "rhel8-x1y2".into()),
    harm("name", "the name for display is lost", sample::renamed, |e| target(e).display_name = None),
    harm("name", "the name for display is the new one", sample::renamed, |e| {
        target(e).display_name = Some("xcopy-test".into());
    }),
];

const NETWORKS: &[Harm] = &[
    harm("nics", "the first NIC is lost", cold, |e| drop(target(e).nics.remove(0))),
    harm("nics", "the last NIC is lost", cold, |e| drop(target(e).nics.pop())),
    harm("nics", "all NICs are lost", cold, |e| target(e).nics.clear()),
    harm("nics", "NICs are swapped", cold, |e| target(e).nics.reverse()),
    harm("nics", "a MAC is another", cold, |e| target(e).nics[0].mac = Some("02:00:00:00:00:01".into())),
    harm("nics", "a MAC is left to KubeVirt", cold, |e| target(e).nics[1].mac = None),
    harm("nics", "all MACs are others", cold, |e| {
        for nic in &mut target(e).nics {
            nic.mac = nic.mac.take().map(|mac| mac.replace("00:50:56", "02:00:00"));
        }
    }),
    harm("nics", "a NIC too many", cold, |e| {
        let mut nic = target(e).nics[0].clone();
        nic.mac = Some("02:00:00:00:00:01".into());
        target(e).nics.push(nic);
    }),
    harm("nics", "a NIC twice", cold, |e| {
        let nic = target(e).nics[0].clone();
        target(e).nics.push(nic);
    }),
    harm("nics", "a connected link is down", cold, |e| target(e).nics[0].link_up = false),
    harm("nics", "a disconnected link is up", cold, |e| target(e).nics[1].link_up = true),
    harm("network", "a NIC goes astray", cold, |e| {
        target(e).nics[1].attachment = NicAttachment::Multus("ns/astray".into());
    }),
    harm("network", "a NIC falls to the pod network", cold, |e| target(e).nics[1].attachment = NicAttachment::Pod),
    harm("network", "networks are swapped", cold, |e| {
        let other = target(e).nics[1].attachment.clone();
        target(e).nics[1].attachment = std::mem::replace(&mut target(e).nics[0].attachment, other);
    }),
    harm("network", "another namespace's network", cold, |e| {
        target(e).nics[1].attachment = NicAttachment::Multus("default/cb-1".into());
    }),
];

const DISKS: &[Harm] = &[
    harm("storage", "the first disk is lost", cold, |e| drop(target(e).disks.remove(0))),
    harm("storage", "the last disk is lost", cold, |e| drop(target(e).disks.pop())),
    harm("storage", "all disks are lost", cold, |e| target(e).disks.clear()),
    harm("storage", "a disk too many", cold, |e| {
        let mut disk = target(e).disks[1].clone();
        disk.boot_order = None;
        target(e).disks.push(disk);
    }),
    harm("storage", "one disk twice, another not at all", cold, |e| {
        let mut disk = target(e).disks[1].clone();
        disk.name = "vol-2".into();
        target(e).disks[2] = disk;
    }),
    harm("storage", "another storage class", cold, |e| target(e).disks[1].storage_class = Some("nfs".into())),
    harm("storage", "no storage class", cold, |e| target(e).disks[0].storage_class = None),
    harm("storage", "a shrunk disk", cold, |e| target(e).disks[2].size_bytes /= 2),
    harm("storage", "sizes are swapped", cold, |e| {
        let size = target(e).disks[0].size_bytes;
        target(e).disks[0].size_bytes = std::mem::replace(&mut target(e).disks[1].size_bytes, size);
    }),
    harm("storage", "the wrong access mode", cold, |e| {
        target(e).disks[1].access_modes = vec!["ReadWriteOnce".into()];
    }),
    harm("storage", "the map's access mode is ignored", cold, |e| {
        target(e).disks[0].access_modes = vec!["ReadWriteMany".into()];
    }),
    harm("storage", "the map's volume mode is ignored", cold, |e| {
        target(e).disks[0].volume_mode = Some("Block".into());
    }),
    harm("storage", "copied by the array into a file system", sample::offload, |e| {
        target(e).disks[1].volume_mode = Some("Filesystem".into());
    }),
    harm("disk-order", "two disks are swapped", cold, |e| target(e).disks.swap(1, 2)),
    harm("disk-order", "all disks are reversed", cold, |e| target(e).disks.reverse()),
    harm("disk-order", "the order of another version", cold, |e| target(e).disks.rotate_left(1)),
    harm("disk-order", "copied disks are swapped", sample::offload, |e| target(e).disks.swap(0, 2)),
    harm("disk-order", "the second disk boots", cold, |e| {
        target(e).disks[0].boot_order = None;
        target(e).disks[1].boot_order = Some(1);
    }),
    harm("disk-order", "no disk boots", cold, |e| target(e).disks[0].boot_order = None),
    harm("disk-order", "another disk boots first", cold, |e| {
        target(e).disks[0].boot_order = Some(2);
        target(e).disks[2].boot_order = Some(1);
    }),
    harm("pvc-names", "a claim of another name", cold, |e| target(e).disks[1].claim = "plan-vm-1-x7k2p".into()),
    harm("pvc-names", "numbers are swapped", cold, |e| {
        target(e).disks[0].claim = "rhel8-disk-1-x7k20".into();
        target(e).disks[1].claim = "rhel8-disk-0-x7k21".into();
    }),
    harm("pvc-names", "a number begins with the right one", cold, |e| {
        target(e).disks[1].claim = "rhel8-disk-10-x7k20".into();
    }),
    harm("pvc-names", "nothing is added to a prefix", cold, |e| target(e).disks[0].claim = "rhel8-disk-0".into()),
    harm("pvc-names", "something is added to a whole name", sample::renamed, |e| {
        target(e).disks[0].claim = "xcopy-test-0-x7k2p".into();
    }),
    harm("pvc-names", "five letters instead of eight digits", sample::offload, |e| {
        target(e).disks[2].claim = "pvc-x7k2p".into();
    }),
];

const PLACE_AND_COPY: &[Harm] = &[
    harm("guest-agent", "the agent is silent", cold, |e| e.vms[0].agent_connected = Some(false)),
    harm("guest-agent", "the agent was not observed", cold, |e| e.vms[0].agent_connected = None),
    harm("node", "another node", cold, |e| target(e).node = Some("worker-2".into())),
    harm("node", "no selector", cold, |e| target(e).node_selector.clear()),
    harm("node", "another value in the selector", cold, |e| {
        target(e).node_selector.insert("mtv-node".into(), "auto-zz99".into());
    }),
    harm("node", "a running VM without a node", cold, |e| target(e).node = None),
    harm("labels", "a label is lost", cold, |e| drop(target(e).template_labels.remove("session"))),
    harm("labels", "a label has another value", cold, |e| {
        target(e).template_labels.insert("static-label".into(), "other".into());
    }),
    harm("labels", "all labels are lost", cold, |e| target(e).template_labels.clear()),
    harm("affinity", "no affinity", cold, |e| target(e).affinity = None),
    harm("affinity", "another weight", cold, |e| {
        let path = "/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/0/weight";
        *target(e).affinity.as_mut().unwrap().pointer_mut(path).unwrap() = json!(75);
    }),
    harm("affinity", "preferred becomes required", cold, |e| {
        target(e).affinity = Some(json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": []}}));
    }),
    harm("warm", "only the final copy", sample::warm, |e| e.vms[0].warm.as_mut().unwrap().precopies = 1),
    harm("warm", "cut over one copy too early", sample::warm, |e| e.vms[0].warm.as_mut().unwrap().precopies = 2),
    harm("warm", "no precopies told", sample::warm, |e| e.vms[0].warm = None),
    harm("xcopy", "a silent fallback", sample::offload, |e| {
        e.vms[0].offload[0].pod_says = Some(false);
        e.vms[0].offload[0].task_says = Some(false);
    }),
    harm("xcopy", "an array where none is", sample::offload, |e| {
        e.vms[0].offload[1].pod_says = Some(true);
        e.vms[0].offload[1].task_says = Some(true);
    }),
    harm("xcopy", "pod and task disagree", sample::offload, |e| e.vms[0].offload[2].task_says = Some(false)),
    harm("xcopy", "nobody says anything", sample::offload, |e| {
        e.vms[0].offload[0].pod_says = None;
        e.vms[0].offload[0].task_says = None;
    }),
    harm("xcopy", "no populator was seen", sample::offload, |e| e.vms[0].offload.clear()),
];

const SOURCE: &[Harm] = &[
    harm("snapshots", "a snapshot is lost", cold, |e| drop(after(e).snapshots.pop())),
    harm("snapshots", "all snapshots are lost", cold, |e| after(e).snapshots.clear()),
    harm("snapshots", "a warm snapshot is left behind", sample::warm, |e| {
        let mut left = sample::evidence().vms[0].source.snapshots[0].clone();
        left.name = "forklift-migration-precopy".into();
        after(e).snapshots.push(left);
        for disk in &mut after(e).disks {
            disk.file = disk.file.take().map(|file| file.replace(".vmdk", "-000001.vmdk"));
        }
    }),
    harm("snapshots", "a snapshot is renamed", cold, |e| after(e).snapshots[0].name = "other".into()),
    harm("snapshots", "a snapshot is taken anew", cold, |e| {
        after(e).snapshots[1].created = "2026-01-02T04:00:00Z".into();
    }),
    harm("snapshots", "a snapshot has another state", cold, |e| after(e).snapshots[1].state = "poweredOn".into()),
    harm("source", "the source runs again", cold, |e| after(e).power = Power::On),
    harm("source", "the source is suspended", cold, |e| after(e).power = Power::Other),
    harm("source", "the source loses a disk", cold, |e| drop(after(e).disks.pop())),
    harm("source", "the source is on a delta without snapshot", sample::warm, |e| {
        after(e).disks[0].file = Some("[ds1] rhel8/rhel8_1-000001.vmdk".into());
    }),
    harm("source", "the source loses a NIC", cold, |e| drop(after(e).nics.pop())),
    harm("source", "the source gets another MAC", cold, |e| after(e).nics[0].mac = "00:50:56:00:00:0f".into()),
    harm("source", "change tracking is switched off", sample::warm, |e| after(e).tracks_changes = Some(false)),
    harm("source", "change tracking is left on", cold, |e| after(e).tracks_changes = Some(true)),
    harm("source", "a stray clone is left", cold, |e| e.strays.push("auto-ab12-rhel8-x1y2".into())),
    harm("source", "the source is renamed", cold, |e| after(e).name = "rhel8-migrated".into()),
    harm("source", "the source is gone", cold, |e| e.vms[0].source_after = None),
    harm("shutdown", "the source is switched off hard", cold, |e| {
        after(e).power_offs = Some(vec![PowerOff {
            id: "12".into(),
            at: "2026-01-02T03:04:05Z".into(),
            words: "VM rhel8 powered off by admin@internal".into(),
        }]);
    }),
    harm("shutdown", "the source's events cannot be read any more", cold, |e| after(e).power_offs = None),
    harm("expect", "another value", cold, |e| {
        e.expected[0].found = Some(json!({"spec": {"runStrategy": "Halted"}}));
    }),
    harm("expect", "no such value", cold, |e| e.expected[0].found = Some(json!({"spec": {}}))),
    harm("expect", "no such object", cold, |e| e.expected[0].found = None),
];

fn all() -> impl Iterator<Item = &'static Harm> {
    [MACHINE, NETWORKS, DISKS, PLACE_AND_COPY, GUEST, SOURCE].into_iter().flatten()
}

#[test]
fn each_harm_is_found_by_one_check_and_no_other() {
    for row in all() {
        let mut evidence = (row.sample)();
        (row.apply)(&mut evidence);
        let reports = judge_all(&evidence);
        let found: BTreeSet<&str> = (reports.iter())
            .filter(|report| matches!(report.verdict, Verdict::Failed { .. } | Verdict::Inconclusive { .. }))
            .map(|report| report.check.as_str())
            .collect();
        assert_eq!(found, BTreeSet::from([row.check]), "{}: {reports:#?}", row.name);
    }
}

#[test]
fn every_check_finds_harms_that_have_names_of_their_own() {
    let names: BTreeSet<&str> = all().map(|row| row.name).collect();
    assert_eq!(names.len(), all().count());
    assert!(names.len() >= 70, "{}", names.len());
    for check in CHECKS {
        assert!(all().any(|row| row.check == check.key), "nothing harms what {} judges", check.key);
    }
}
