//! The node that the VM runs on.

use super::versions::{lost_with_template, too_old};
use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{Power, TargetVm};

pub(super) const CHECK: Check = Check {
    key: "node",
    rule: "The VM's template has the plan's `target_node_selector`, and an instance that runs is on the node that was \
           labelled for it.",
    source: "original-suite.md section 3 (node placement); forklift-api.md section 7 (target VirtualMachine)",
    judge: Rule::PerVm(judge),
};

fn judge(evidence: &Evidence, _: &VmEvidence, target: &TargetVm) -> Verdict {
    let Some(asked) = &evidence.asked.node else {
        return Verdict::NotApplicable { reason: "the plan has no target_node_selector".to_owned() };
    };
    if let Some(reason) = too_old(evidence, "targetNodeSelector", 2, 10) {
        return Verdict::NotApplicable { reason };
    }
    if target.node_selector.is_empty()
        && let Some(reason) = lost_with_template(evidence, "targetNodeSelector")
    {
        return Verdict::NotApplicable { reason };
    }
    let selector = format!("node selector {}={}", asked.label, asked.value);
    if target.node_selector.get(&asked.label) != Some(&asked.value) {
        let found: Vec<_> = target.node_selector.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let actual = if found.is_empty() { "none".to_owned() } else { format!("node selector {}", found.join(", ")) };
        return Verdict::Failed { expected: selector, actual };
    }
    match (&target.node, target.power) {
        (Some(node), _) if *node == asked.node => Verdict::Passed { seen: format!("{selector}, on {node}") },
        (Some(node), _) => Verdict::Failed { expected: format!("on {}", asked.node), actual: format!("on {node}") },
        (None, Power::On) => Verdict::Inconclusive { reason: "the VM runs and tells no node".to_owned() },
        (None, _) => Verdict::Passed { seen: format!("{selector}; the VM does not run") },
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn the_selector_and_the_place_count() {
        let mut evidence = sample::evidence();
        let judged = |evidence: &Evidence, change: fn(&mut TargetVm)| {
            let mut target = sample::target();
            change(&mut target);
            judge(evidence, &evidence.vms[0], &target)
        };
        assert!(matches!(judged(&evidence, |_| {}), Verdict::Passed { .. }));
        let stopped: fn(&mut TargetVm) = |target| {
            target.node = None;
            target.power = Power::Off;
        };
        assert_eq!(
            judged(&evidence, stopped),
            Verdict::Passed { seen: "node selector mtv-node=auto-ab12; the VM does not run".into() }
        );
        assert!(matches!(judged(&evidence, |target| target.node = None), Verdict::Inconclusive { .. }));
        assert_eq!(
            judged(&evidence, |target| target.node = Some("worker-2".into())),
            Verdict::Failed { expected: "on worker-1".into(), actual: "on worker-2".into() }
        );
        assert_eq!(
            judged(&evidence, |target| target.node_selector.clear()),
            Verdict::Failed { expected: "node selector mtv-node=auto-ab12".into(), actual: "none".into() }
        );
        evidence.mtv_version = Some("2.9.0".into());
        assert!(matches!(judged(&evidence, |target| target.node_selector.clear()), Verdict::NotApplicable { .. }));
        evidence.asked.node = None;
        assert!(matches!(judged(&evidence, |_| {}), Verdict::NotApplicable { .. }));
    }
}
