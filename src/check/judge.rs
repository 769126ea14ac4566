//! Judging a plan by all checks, and what its verdicts mean for the scenario.

use super::{CHECKS, Check, Evidence, Rule, present};
use crate::event::{CheckReport, Verdict};

/// Reports of all checks on all VMs, in the order of the registry.
///
/// A VM that is not on the cluster gets one failed report instead of one for each check.
pub fn judge_all(evidence: &Evidence) -> Vec<CheckReport> {
    let mut reports: Vec<CheckReport> = evidence.vms.iter().filter_map(present::report_if_missing).collect();
    for check in CHECKS {
        match check.judge {
            Rule::PerPlan(judge) => reports.push(report(&check, None, evidence, || judge(evidence))),
            Rule::PerVm(judge) => {
                for vm in &evidence.vms {
                    if let Some(target) = &vm.target {
                        reports.push(report(&check, Some(&vm.source.name), evidence, || judge(evidence, vm, target)));
                    }
                }
            }
        }
    }
    reports
}

fn report(check: &Check, vm: Option<&str>, evidence: &Evidence, judge: impl FnOnce() -> Verdict) -> CheckReport {
    let verdict = match evidence.skipped.get(check.key) {
        Some(reason) => Verdict::NotApplicable { reason: format!("skipped by the scenario: {reason}") },
        None => judge(),
    };
    CheckReport {
        check: check.key.to_owned(),
        vm: vm.map(str::to_owned),
        rule: check.rule.to_owned(),
        source: check.source.to_owned(),
        verdict,
    }
}

/// Why these reports do not make a pass, or `None` if they do. Inconclusive is no pass, and neither is a list in which
/// nothing was judged.
pub fn reason_to_fail(reports: &[CheckReport]) -> Option<String> {
    let mut reasons = Vec::new();
    for report in reports {
        let place = report.vm.as_ref().map_or(String::new(), |vm| format!(" of {vm}"));
        match &report.verdict {
            Verdict::Failed { expected, actual } => reasons.push(format!(
                "{}{place}: expected {expected}, actual {actual}\n    rule: {} ({})",
                report.check, report.rule, report.source
            )),
            Verdict::Inconclusive { reason } => {
                reasons.push(format!("{}{place}: inconclusive: {reason}", report.check));
            }
            Verdict::Passed { .. } | Verdict::NotApplicable { .. } => {}
        }
    }
    let judged = reports.iter().any(|report| !matches!(report.verdict, Verdict::NotApplicable { .. }));
    if !judged {
        return Some("no check applied, so nothing was proven".to_owned());
    }
    if reasons.is_empty() { None } else { Some(reasons.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn unharmed_migrations_fail_nothing_and_every_check_judges_one_of_them() {
        let mut passed = BTreeSet::new();
        for (name, evidence) in sample::all() {
            let reports = judge_all(&evidence);
            assert_eq!(reason_to_fail(&reports), None, "{name}");
            assert_eq!(reports.len(), CHECKS.len(), "{name}");
            let judged = reports.into_iter().filter(|report| matches!(report.verdict, Verdict::Passed { .. }));
            passed.extend(judged.map(|report| report.check));
        }
        assert_eq!(passed.len(), CHECKS.len(), "{passed:?}");
    }

    #[test]
    fn a_missing_vm_is_one_failure() {
        let mut evidence = sample::evidence();
        evidence.vms[0].target = None;
        let reports = judge_all(&evidence);
        let failed: Vec<_> = reports.iter().filter(|report| matches!(report.verdict, Verdict::Failed { .. })).collect();
        assert_eq!(failed.len(), 1);
        assert_eq!(failed[0].check, "present");
    }

    #[test]
    fn a_skip_needs_its_reason_in_the_report_and_nothing_judged_is_no_pass() {
        let mut evidence = sample::evidence();
        for check in CHECKS {
            evidence.skipped.insert(check.key.to_owned(), "lab has none".to_owned());
        }
        let reports = judge_all(&evidence);
        assert_eq!(
            reports[0].verdict,
            Verdict::NotApplicable { reason: "skipped by the scenario: lab has none".into() }
        );
        assert_eq!(reason_to_fail(&reports).as_deref(), Some("no check applied, so nothing was proven"));
    }

    #[test]
    fn keys_are_unique_and_rules_carry_their_source() {
        for (index, check) in CHECKS.iter().enumerate() {
            assert!(CHECKS[index + 1..].iter().all(|other| other.key != check.key), "{}", check.key);
            assert!(check.rule.ends_with('.') && check.source.contains("section"), "{}", check.key);
        }
    }
}
