//! The objects that a scenario says more of.

use super::partial::differences;
use super::{Check, Evidence, Rule};
use crate::event::Verdict;

pub(super) const CHECK: Check = Check {
    key: "expect",
    rule: "Each object that the scenario's `expect` names is there and has the values that stand there.",
    source: "docs/checks.md, section \"Partial matches of `expect`\"",
    judge: Rule::PerPlan(judge),
};

fn judge(evidence: &Evidence) -> Verdict {
    if evidence.expected.is_empty() {
        return Verdict::NotApplicable { reason: "the scenario has no `expect`".to_owned() };
    }
    let mut lines = Vec::new();
    for object in &evidence.expected {
        let name = format!("{} {}", object.kind, object.name);
        match &object.found {
            None => lines.push(format!("{name}: is not there")),
            Some(found) => lines.extend(differences(&object.asked, Some(found)).into_iter().map(|one| {
                let path = if one.path.is_empty() { "the whole" } else { &one.path };
                format!("{name}: {path}: expected {}, actual {}", one.expected, one.actual)
            })),
        }
    }
    let objects: Vec<_> = evidence.expected.iter().map(|object| format!("{} {}", object.kind, object.name)).collect();
    if lines.is_empty() {
        return Verdict::Passed { seen: objects.join(", ") };
    }
    Verdict::Failed { expected: format!("{} as `expect` says", objects.join(", ")), actual: lines.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use serde_json::json;

    #[test]
    fn the_report_has_a_line_for_each_value() {
        let mut evidence = sample::evidence();
        assert_eq!(judge(&evidence), Verdict::Passed { seen: "VirtualMachine rhel8".into() });
        evidence.expected[0].asked = json!({"spec": {"runStrategy": "Halted", "template": {"x": 1}}});
        evidence.expected.push(super::super::ExpectedObject {
            kind: "DataVolume".into(),
            name: "d".into(),
            asked: json!({}),
            found: None,
        });
        let Verdict::Failed { expected, actual } = judge(&evidence) else { panic!() };
        assert_eq!(expected, "VirtualMachine rhel8, DataVolume d as `expect` says");
        let lines: Vec<_> = actual.lines().collect();
        assert_eq!(
            lines,
            [
                "VirtualMachine rhel8: spec.runStrategy: expected \"Halted\", actual \"Always\"",
                "VirtualMachine rhel8: spec.template: expected {\"x\":1}, actual nothing",
                "DataVolume d: is not there",
            ]
        );
        evidence.expected.clear();
        assert!(matches!(judge(&evidence), Verdict::NotApplicable { .. }));
    }
}
