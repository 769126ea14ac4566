//! That the storage array copied what it should, and nothing else.

use super::pairing::row_of;
use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{SourceDisk, TargetVm};

pub(super) const CHECK: Check = Check {
    key: "xcopy",
    rule: "The array copied each disk of a datastore that it reaches, unless the VM has snapshots, and no other disk; the \
           populate pod's log and the task's annotation say the same.",
    source: "original-suite.md section 3 (xcopy used); section 2 (copy-offload: snapshots, mixed_datastore, fallback_large)",
    judge: Rule::PerVm(judge),
};

fn judge(evidence: &Evidence, vm: &VmEvidence, _: &TargetVm) -> Verdict {
    if !evidence.asked.offload {
        return Verdict::NotApplicable { reason: "the plan copies without the array".to_owned() };
    }
    if vm.source.disks.is_empty() {
        return Verdict::NotApplicable { reason: "the source VM has no disk".to_owned() };
    }
    let (mut expected, mut actual, mut unseen, mut seen) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for disk in &vm.source.disks {
        let wanted = wanted(evidence, vm, disk);
        match used(vm, disk) {
            Used::Told(used) if used == wanted || open(vm, disk) => {
                seen.push(format!("{}: {}", disk.name, words(used)));
            }
            Used::Told(used) => {
                expected.push(format!("{}: {}", disk.name, words(wanted)));
                actual.push(format!("{}: {}", disk.name, words(used)));
            }
            Used::Disputed { pod, task } => {
                expected.push(format!("{}: {}", disk.name, words(wanted)));
                actual.push(format!("{}: {} by its pod, {} by its task", disk.name, words(pod), words(task)));
            }
            // Without a plugin there is no populator, and nobody who could tell.
            Used::Unseen { populated: false } if !planned(evidence, disk) => {
                seen.push(format!("{}: {}", disk.name, words(false)));
            }
            Used::Unseen { .. } => unseen.push(disk.name.as_str()),
        }
    }
    if !expected.is_empty() {
        return Verdict::Failed { expected: expected.join("; "), actual: actual.join("; ") };
    }
    if !unseen.is_empty() {
        let reason = format!("neither a pod nor a task told how it copied {}", unseen.join(", "));
        return Verdict::Inconclusive { reason };
    }
    Verdict::Passed { seen: seen.join("; ") }
}

/// Whether the disk's row has an offload plugin.
fn planned(evidence: &Evidence, disk: &SourceDisk) -> bool {
    row_of(evidence, disk).is_some_and(|row| row.vendor.is_some())
}

/// Whether the array must copy the disk.
fn wanted(evidence: &Evidence, vm: &VmEvidence, disk: &SourceDisk) -> bool {
    vm.source.snapshots.is_empty() && planned(evidence, disk) && row_of(evidence, disk).is_some_and(|row| row.on_array)
}

/// Whether nobody says what becomes of the disk: snapshots of the VM do not cover an independent disk.
fn open(vm: &VmEvidence, disk: &SourceDisk) -> bool {
    !vm.source.snapshots.is_empty() && disk.mode.as_ref().is_some_and(|mode| mode.starts_with("independent"))
}

/// What the witnesses say of a disk.
enum Used {
    Told(bool),
    Disputed { pod: bool, task: bool },
    Unseen { populated: bool },
}

fn used(vm: &VmEvidence, disk: &SourceDisk) -> Used {
    let Some(record) = vm.offload.iter().find(|record| record.disk == disk.id) else {
        return Used::Unseen { populated: false };
    };
    match (record.pod_says, record.task_says) {
        (Some(pod), Some(task)) if pod != task => Used::Disputed { pod, task },
        (Some(used), _) | (None, Some(used)) => Used::Told(used),
        (None, None) => Used::Unseen { populated: record.populated },
    }
}

fn words(used: bool) -> &'static str {
    if used { "copied by the array" } else { "not copied by the array" }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn judged(change: impl FnOnce(&mut Evidence)) -> Verdict {
        let mut evidence = sample::offload();
        change(&mut evidence);
        judge(&evidence, &evidence.vms[0], &sample::target())
    }

    #[test]
    fn each_disk_is_judged_by_its_datastore() {
        assert_eq!(
            judged(|_| {}),
            Verdict::Passed {
                seen: "Hard disk 1: copied by the array; Hard disk 2: not copied by the array; Hard disk 3: copied by \
                       the array"
                    .into()
            }
        );
        let fallback = judged(|evidence| {
            evidence.vms[0].offload[0].pod_says = Some(false);
            evidence.vms[0].offload[0].task_says = Some(false);
        });
        assert_eq!(
            fallback,
            Verdict::Failed {
                expected: "Hard disk 1: copied by the array".into(),
                actual: "Hard disk 1: not copied by the array".into()
            }
        );
        let snapshots = judged(|evidence| {
            let taken = sample::evidence().vms[0].source.snapshots.clone();
            evidence.vms[0].source.snapshots = taken;
        });
        assert!(matches!(snapshots, Verdict::Failed { .. }));
    }

    #[test]
    fn witnesses_must_agree_and_silence_is_no_pass() {
        let disputed = judged(|evidence| evidence.vms[0].offload[0].task_says = Some(false));
        let Verdict::Failed { actual, .. } = disputed else { panic!() };
        assert_eq!(actual, "Hard disk 1: copied by the array by its pod, not copied by the array by its task");
        assert!(matches!(judged(|evidence| evidence.vms[0].offload[0].task_says = None), Verdict::Passed { .. }));
        assert!(matches!(judged(|evidence| evidence.vms[0].offload[0].pod_says = None), Verdict::Passed { .. }));
        assert!(matches!(judged(|evidence| evidence.vms[0].offload.clear()), Verdict::Inconclusive { .. }));
        assert!(matches!(judged(|evidence| drop(evidence.vms[0].offload.pop())), Verdict::Inconclusive { .. }));
        let unplanned = judged(|evidence| {
            evidence.storage_map[1].vendor = None;
            evidence.vms[0].offload.remove(1);
        });
        assert!(matches!(unplanned, Verdict::Passed { .. }));
        assert!(matches!(judged(|evidence| evidence.asked.offload = false), Verdict::NotApplicable { .. }));
    }
}
