//! How the source VM was switched off.

use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{PowerOff, SourceVm, TargetVm};
use std::collections::BTreeSet;

pub(super) const CHECK: Check = Check {
    key: "shutdown",
    rule: "The source VM was shut down through its guest: the source has recorded no hard power-off (event 33 of oVirt) \
           since its facts were read before the migration.",
    source: "original-suite.md section 3 (RHV power-off), with its gap (old events count) closed; \
             source-providers.md section 3.2",
    judge: Rule::PerVm(judge),
};

fn judge(evidence: &Evidence, vm: &VmEvidence, _: &TargetVm) -> Verdict {
    let Some(before) = &vm.source.power_offs else {
        return Verdict::NotApplicable { reason: format!("{} sources record no power-offs", evidence.provider_type) };
    };
    let Some(after) = &vm.source_after else {
        let reason = "the source VM was not seen after the migration, which the check `source` judges".to_owned();
        return Verdict::NotApplicable { reason };
    };
    let Some(after) = &after.power_offs else {
        let reason = "the events of the source VM could not be read after the migration".to_owned();
        return Verdict::Inconclusive { reason };
    };
    let new = newer(before, after);
    if new.is_empty() {
        return Verdict::Passed { seen: words(&vm.source) };
    }
    let told: Vec<String> = new.iter().map(|event| format!("{} of {} ({})", event.id, event.at, event.words)).collect();
    Verdict::Failed { expected: "no hard power-off during the run".to_owned(), actual: told.join("; ") }
}

/// What is on record now and was not before. Those of earlier runs, and of whoever used the VM, do not count.
fn newer<'a>(before: &[PowerOff], after: &'a [PowerOff]) -> Vec<&'a PowerOff> {
    let known: BTreeSet<&str> = before.iter().map(|event| event.id.as_str()).collect();
    after.iter().filter(|event| !known.contains(event.id.as_str())).collect()
}

fn words(source: &SourceVm) -> String {
    match source.power_offs.as_ref().map_or(0, Vec::len) {
        0 => "no hard power-off on record".to_owned(),
        older => format!("no hard power-off but {older} from before the migration"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn event(id: &str) -> PowerOff {
        PowerOff { id: id.into(), at: "2026-01-02T03:04:05Z".into(), words: "VM a powered off by admin.".into() }
    }

    fn judged(before: Option<Vec<PowerOff>>, after: Option<Vec<PowerOff>>) -> Verdict {
        sample::judged(judge, |evidence, _| {
            let vm = &mut evidence.vms[0];
            vm.source.power_offs = before;
            vm.source_after.as_mut().unwrap().power_offs = after;
        })
    }

    #[test]
    fn only_what_is_newer_than_the_facts_counts() {
        assert_eq!(
            judged(Some(vec![event("7")]), Some(vec![event("7"), event("12")])),
            Verdict::Failed {
                expected: "no hard power-off during the run".into(),
                actual: "12 of 2026-01-02T03:04:05Z (VM a powered off by admin.)".into()
            }
        );
        let passed = |seen: &str| Verdict::Passed { seen: seen.into() };
        assert_eq!(
            judged(Some(vec![event("7")]), Some(vec![event("7")])),
            passed("no hard power-off but 1 from before the migration")
        );
        assert_eq!(judged(Some(Vec::new()), Some(Vec::new())), passed("no hard power-off on record"));
    }

    #[test]
    fn what_is_not_known_is_no_pass() {
        let Verdict::NotApplicable { reason } = judged(None, None) else { panic!() };
        assert_eq!(reason, "vsphere sources record no power-offs");
        assert!(matches!(judged(Some(Vec::new()), None), Verdict::Inconclusive { .. }));
    }
}
