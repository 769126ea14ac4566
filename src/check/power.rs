//! Power state after the migration.

use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{Power, TargetVm};

pub(super) const CHECK: Check = Check {
    key: "power",
    rule: "The VM is in the Plan's target power state; without one, in the state the source had before the migration.",
    source: "original-suite.md section 3 (power); forklift-api.md section 7 (run strategy)",
    judge: Rule::PerVm(judge),
};

// The original checked nothing when the scenario set neither state; the source's own state is always known.
fn judge(evidence: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    let expected = evidence.asked.power.unwrap_or(vm.source.power);
    if expected == Power::Other {
        return Verdict::NotApplicable { reason: format!("the source was {expected}") };
    }
    if target.power == expected {
        return Verdict::Passed { seen: expected.to_string() };
    }
    Verdict::Failed { expected: expected.to_string(), actual: target.power.to_string() }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn verdict(asked: Option<Power>, source: Power, found: Power) -> Verdict {
        let mut evidence = sample::evidence();
        evidence.asked.power = asked;
        evidence.vms[0].source.power = source;
        let target = TargetVm { power: found, ..sample::target() };
        judge(&evidence, &evidence.vms[0], &target)
    }

    #[test]
    fn the_plan_wins_over_the_source() {
        assert_eq!(verdict(Some(Power::On), Power::Off, Power::On), Verdict::Passed { seen: "on".into() });
        assert_eq!(verdict(None, Power::Off, Power::Off), Verdict::Passed { seen: "off".into() });
        assert_eq!(
            verdict(None, Power::Off, Power::On),
            Verdict::Failed { expected: "off".into(), actual: "on".into() }
        );
        assert!(matches!(verdict(None, Power::Other, Power::On), Verdict::NotApplicable { .. }));
    }
}
