//! The source VM after the migration.

use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{Power, SourceVm, TargetVm, base_disk_file};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const CHECK: Check = Check {
    key: "source",
    rule: "The source VM is left powered off and otherwise as it was: name, CPU, memory, NICs, disks and their files, \
           change tracking; no VM of the session's name was left on the source that nobody made.",
    source: "forklift-api.md sections 6 (VM phases) and 9 (cleanup); original-suite.md section 6 (leftovers)",
    judge: Rule::PerVm(judge),
};

// Snapshots are the check `snapshots`' alone.
fn judge(evidence: &Evidence, vm: &VmEvidence, _: &TargetVm) -> Verdict {
    // They are the plan's as a whole, and told once.
    let first = evidence.vms.first().is_some_and(|first| first.source.id == vm.source.id);
    let strays: &[String] = if first { &evidence.strays } else { &[] };
    let Some(after) = &vm.source_after else {
        if evidence.provider_type == "ova" {
            return Verdict::NotApplicable { reason: "an OVA is a file".to_owned() };
        }
        return Verdict::Inconclusive {
            reason: "the source VM was not seen after the migration, or is gone".to_owned(),
        };
    };
    // A snapshot that came or went changes the current file of every disk.
    let same_chain = vm.source.snapshots.len() == after.snapshots.len();
    let mut wanted = facts(&vm.source, same_chain);
    wanted.insert("power".to_owned(), Power::Off.to_string());
    let found = facts(after, same_chain);
    let (mut expected, mut actual) = (Vec::new(), Vec::new());
    for key in wanted.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
        let (wanted, found) = (wanted.get(key), found.get(key));
        if wanted != found {
            let words = |value: Option<&String>| format!("{key}: {}", value.map_or("none", String::as_str));
            expected.push(words(wanted));
            actual.push(words(found));
        }
    }
    if !strays.is_empty() {
        expected.push("no further VM of the session on the source".to_owned());
        actual.push(strays.join(", "));
    }
    if expected.is_empty() {
        return Verdict::Passed { seen: "powered off, otherwise as before".to_owned() };
    }
    Verdict::Failed { expected: expected.join("; "), actual: actual.join("; ") }
}

/// What must be the same, by what it is called in a report.
fn facts(vm: &SourceVm, exact_files: bool) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::from([
        ("power".to_owned(), vm.power.to_string()),
        ("name".to_owned(), vm.name.clone()),
        ("uuid".to_owned(), vm.uuid.clone().unwrap_or_default()),
        ("CPU".to_owned(), format!("{} x {} x {}", vm.cpu.sockets, vm.cpu.cores, vm.cpu.threads)),
        ("memory".to_owned(), format!("{} bytes", vm.memory_bytes)),
        // Unset means off.
        ("change tracking".to_owned(), if vm.tracks_changes == Some(true) { "on" } else { "off" }.to_owned()),
    ]);
    for (index, nic) in vm.nics.iter().enumerate() {
        let link = if nic.connected == Some(false) { ", link down" } else { "" };
        facts.insert(format!("NIC {index} ({})", nic.name), format!("{} on {}{link}", nic.mac, nic.network));
    }
    for disk in &vm.disks {
        let file = disk
            .file
            .as_deref()
            .map_or(String::new(), |file| if exact_files { file.to_owned() } else { base_disk_file(file) });
        let kind = [(disk.rdm, ", raw device"), (disk.shared, ", shared")];
        let kind: String = kind.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
        let place =
            [disk.controller, disk.unit].map(|number| number.map_or("-".to_owned(), |number| number.to_string()));
        facts.insert(
            format!("disk {} ({})", disk.id, disk.name),
            format!(
                "{} bytes in {file} on {} at {}, {}{kind}",
                disk.size_bytes,
                disk.storage,
                place.join(":"),
                disk.mode.as_deref().unwrap_or("no mode")
            ),
        );
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn judged(change: impl FnOnce(&mut Evidence)) -> Verdict {
        let mut evidence = sample::evidence();
        change(&mut evidence);
        judge(&evidence, &evidence.vms[0], &sample::target())
    }

    fn after(change: impl FnOnce(&mut SourceVm)) -> Verdict {
        judged(|evidence| change(evidence.vms[0].source_after.as_mut().unwrap()))
    }

    #[test]
    fn everything_but_the_power_is_as_before() {
        assert!(matches!(after(|_| {}), Verdict::Passed { .. }));
        assert_eq!(
            after(|vm| vm.power = Power::On),
            Verdict::Failed { expected: "power: off".into(), actual: "power: on".into() }
        );
        assert_eq!(
            after(|vm| drop(vm.nics.pop())),
            Verdict::Failed {
                expected: "NIC 1 (Network adapter 2): 00:50:56:00:00:02 on Mgmt, link down".into(),
                actual: "NIC 1 (Network adapter 2): none".into()
            }
        );
        for harm in [
            (|vm| drop(vm.disks.pop())) as fn(&mut SourceVm),
            |vm| vm.disks[0].file = Some("[ds1] rhel8/other.vmdk".into()),
            |vm| vm.disks[0].file = Some("[ds1] rhel8/rhel8_1-000009.vmdk".into()),
            |vm| vm.disks[0].mode = Some("independent_persistent".into()),
            |vm| vm.disks[0].size_bytes += 1,
            |vm| vm.nics[0].mac = "00:50:56:00:00:09".into(),
            |vm| vm.nics[0].network = "Mgmt".into(),
            |vm| vm.tracks_changes = Some(true),
            |vm| vm.name = "rhel8-old".into(),
            |vm| vm.memory_bytes *= 2,
            |vm| vm.cpu.cores += 1,
        ] {
            assert!(matches!(after(harm), Verdict::Failed { .. }));
        }
    }

    #[test]
    fn snapshots_are_another_checks_and_files_follow_them() {
        let left = after(|vm| {
            vm.snapshots.push(vm.snapshots[0].clone());
            vm.disks[0].file = Some("[ds1] rhel8/rhel8_1-000009.vmdk".into());
        });
        assert!(matches!(left, Verdict::Passed { .. }), "{left:?}");
        assert!(matches!(after(|vm| vm.guest_agent = true), Verdict::Passed { .. }));
    }

    #[test]
    fn strays_are_told_once_and_nothing_seen_is_no_pass() {
        let Verdict::Failed { actual, .. } = judged(|evidence| evidence.strays.push("auto-ab12-x".into())) else {
            panic!()
        };
        assert_eq!(actual, "auto-ab12-x");
        let mut evidence = sample::evidence();
        evidence.strays.push("auto-ab12-x".into());
        let mut second = evidence.vms[0].clone();
        second.source.id = "vm-2".into();
        assert!(matches!(judge(&evidence, &second, &sample::target()), Verdict::Passed { .. }));
        let gone = |evidence: &mut Evidence| evidence.vms[0].source_after = None;
        assert!(matches!(judged(gone), Verdict::Inconclusive { .. }));
    }
}
