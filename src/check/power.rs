//! Power state after the migration.

use super::versions::{at_least, mtv_before};
use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{Power, TargetVm};

pub(super) const CHECK: Check = Check {
    key: "power",
    rule: "The VM is in the Plan's target power state (since MTV 2.9); without one, in the state the source had before the \
           migration.",
    source: "original-suite.md section 3 (power); forklift-api.md section 7 (run strategy)",
    judge: Rule::PerVm(judge),
};

// The original checked nothing when the scenario set neither state; the source's own state is always known.
fn judge(evidence: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    let asked = evidence.asked.power.filter(|_| !mtv_before(evidence, 2, 9));
    let expected = asked.unwrap_or(vm.source.power);
    if expected == Power::Other {
        return Verdict::NotApplicable { reason: format!("the source was {expected}") };
    }
    // MTV 2.12 may start a Windows VM for the reboots of its first boot, and whether it may is a setting.
    let may_run = asked.is_none() && vm.source.windows && at_least(evidence.mtv_version.as_ref(), 2, 12) == Some(true);
    if may_run && target.power == Power::On {
        return Verdict::Passed { seen: format!("{}, Windows, which MTV 2.12 starts", target.power) };
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

    #[test]
    fn old_products_have_no_target_power_and_new_ones_start_windows() {
        let mut evidence = sample::evidence();
        evidence.asked.power = Some(Power::Off);
        let judged =
            |evidence: &Evidence, power| judge(evidence, &evidence.vms[0], &TargetVm { power, ..sample::target() });
        assert!(matches!(judged(&evidence, Power::On), Verdict::Failed { .. }));
        evidence.mtv_version = Some("2.8.3".into());
        assert!(matches!(judged(&evidence, Power::On), Verdict::Passed { .. }));
        evidence.asked.power = None;
        evidence.vms[0].source.power = Power::Off;
        evidence.vms[0].source.windows = true;
        assert!(matches!(judged(&evidence, Power::On), Verdict::Failed { .. }));
        evidence.mtv_version = Some("2.12.7".into());
        assert!(matches!(judged(&evidence, Power::On), Verdict::Passed { .. }));
        assert!(matches!(judged(&evidence, Power::Off), Verdict::Passed { .. }));
    }
}
