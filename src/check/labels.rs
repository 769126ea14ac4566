//! Labels of the VM's template.

use super::versions::{lost_with_template, too_old};
use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::TargetVm;

pub(super) const CHECK: Check = Check {
    key: "labels",
    rule: "The VM's template has all of the plan's `target_labels`.",
    source: "original-suite.md section 3 (check_vm_labels); forklift-api.md section 7 (labels)",
    judge: Rule::PerVm(judge),
};

fn judge(evidence: &Evidence, _: &VmEvidence, target: &TargetVm) -> Verdict {
    let asked = &evidence.asked.labels;
    if asked.is_empty() {
        return Verdict::NotApplicable { reason: "the plan has no target_labels".to_owned() };
    }
    if let Some(reason) = too_old(evidence, "targetLabels", 2, 10) {
        return Verdict::NotApplicable { reason };
    }
    if !asked.keys().any(|key| target.template_labels.contains_key(key))
        && let Some(reason) = lost_with_template(evidence, "targetLabels")
    {
        return Verdict::NotApplicable { reason };
    }
    let (mut expected, mut actual) = (Vec::new(), Vec::new());
    for (key, value) in asked {
        match target.template_labels.get(key) {
            Some(found) if found == value => continue,
            Some(found) => actual.push(format!("{key}={found}")),
            None => actual.push(format!("no {key}")),
        }
        expected.push(format!("{key}={value}"));
    }
    if expected.is_empty() {
        let seen: Vec<_> = asked.iter().map(|(key, value)| format!("{key}={value}")).collect();
        return Verdict::Passed { seen: seen.join(", ") };
    }
    Verdict::Failed { expected: expected.join(", "), actual: actual.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn all_asked_for_must_be_there_and_more_may_be() {
        let mut evidence = sample::evidence();
        let judged = |evidence: &Evidence, change: fn(&mut TargetVm)| {
            let mut target = sample::target();
            change(&mut target);
            judge(evidence, &evidence.vms[0], &target)
        };
        assert_eq!(
            judged(&evidence, |_| {}),
            Verdict::Passed { seen: "session=auto-ab12, static-label=static-value".into() }
        );
        let harmed = judged(&evidence, |target| {
            target.template_labels.remove("session");
            target.template_labels.insert("static-label".into(), "other".into());
        });
        assert_eq!(
            harmed,
            Verdict::Failed {
                expected: "session=auto-ab12, static-label=static-value".into(),
                actual: "no session, static-label=other".into()
            }
        );
        evidence.mtv_version = Some("2.9.8".into());
        assert!(matches!(judged(&evidence, |target| target.template_labels.clear()), Verdict::NotApplicable { .. }));
        evidence.mtv_version = None;
        evidence.provider_type = "openshift".into();
        assert!(matches!(judged(&evidence, |target| target.template_labels.clear()), Verdict::NotApplicable { .. }));
        assert!(matches!(
            judged(&evidence, |target| drop(target.template_labels.remove("session"))),
            Verdict::Failed { .. }
        ));
        evidence.asked.labels.clear();
        assert!(matches!(judged(&evidence, |_| {}), Verdict::NotApplicable { .. }));
    }
}
