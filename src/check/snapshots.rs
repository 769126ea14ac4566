//! The source's snapshots.

use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{SourceSnapshot, TargetVm};
use jiff::{SignedDuration, Timestamp};

pub(super) const CHECK: Check = Check {
    key: "snapshots",
    rule: "The source VM has the snapshots that it had before the migration, and no other: id, name, state, and time to \
           the minute.",
    source: "original-suite.md section 3 (snapshots), with its gap (the longer list) closed",
    judge: Rule::PerVm(judge),
};

fn judge(evidence: &Evidence, vm: &VmEvidence, _: &TargetVm) -> Verdict {
    if evidence.provider_type != "vsphere" {
        return Verdict::NotApplicable { reason: format!("{} sources have no such rule", evidence.provider_type) };
    }
    let Some(after) = &vm.source_after else {
        let reason = "the source VM was not seen after the migration, which the check `source` judges".to_owned();
        return Verdict::NotApplicable { reason };
    };
    let (before, after) = (sorted(&vm.source.snapshots), sorted(&after.snapshots));
    if before.len() == after.len() && before.iter().zip(&after).all(|(before, after)| same(before, after)) {
        return Verdict::Passed { seen: words(&before) };
    }
    Verdict::Failed { expected: words(&before), actual: words(&after) }
}

fn sorted(snapshots: &[SourceSnapshot]) -> Vec<&SourceSnapshot> {
    let mut sorted: Vec<_> = snapshots.iter().collect();
    sorted.sort_by_key(|snapshot| (snapshot.id.parse::<u64>().unwrap_or(u64::MAX), &snapshot.id));
    sorted
}

fn same(before: &SourceSnapshot, after: &SourceSnapshot) -> bool {
    let at = |snapshot: &SourceSnapshot| snapshot.created.parse::<Timestamp>();
    let same_time = match (at(before), at(after)) {
        (Ok(before), Ok(after)) => before.duration_since(after).abs() < SignedDuration::from_mins(1),
        _ => before.created == after.created,
    };
    same_time && (&before.id, &before.name, &before.state) == (&after.id, &after.name, &after.state)
}

fn words(snapshots: &[&SourceSnapshot]) -> String {
    if snapshots.is_empty() {
        return "no snapshot".to_owned();
    }
    let one = |snapshot: &&SourceSnapshot| {
        format!("{} {:?} of {} ({})", snapshot.id, snapshot.name, snapshot.created, snapshot.state)
    };
    snapshots.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn judged(change: impl FnOnce(&mut Vec<SourceSnapshot>)) -> Verdict {
        let mut evidence = sample::evidence();
        change(&mut evidence.vms[0].source_after.as_mut().unwrap().snapshots);
        judge(&evidence, &evidence.vms[0], &sample::target())
    }

    #[test]
    fn every_word_of_every_snapshot_counts_and_seconds_do_not() {
        assert!(matches!(judged(|all| all.reverse()), Verdict::Passed { .. }));
        assert!(matches!(judged(|all| all[0].created = "2026-01-02T03:04:55.5Z".into()), Verdict::Passed { .. }));
        for harm in [
            (|all| drop(all.pop())) as fn(&mut Vec<SourceSnapshot>),
            |all| all.clear(),
            |all| all[1].name = "other".into(),
            |all| all[1].id = "9".into(),
            |all| all[0].state = "poweredOn".into(),
            |all| all[0].created = "2026-01-02T03:06:05Z".into(),
            |all| all[0].created = "yesterday".into(),
            |all| all.push(all[0].clone()),
        ] {
            assert!(matches!(judged(harm), Verdict::Failed { .. }));
        }
    }

    #[test]
    fn a_source_that_was_not_seen_is_another_checks_finding() {
        let mut evidence = sample::evidence();
        evidence.vms[0].source.snapshots.clear();
        evidence.vms[0].source_after.as_mut().unwrap().snapshots.clear();
        let judged = |evidence: &Evidence| judge(evidence, &evidence.vms[0], &sample::target());
        assert_eq!(judged(&evidence), Verdict::Passed { seen: "no snapshot".into() });
        evidence.vms[0].source_after = None;
        assert!(matches!(judged(&evidence), Verdict::NotApplicable { .. }));
        evidence.provider_type = "ovirt".into();
        assert!(matches!(judged(&evidence), Verdict::NotApplicable { .. }));
    }
}
