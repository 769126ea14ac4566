//! Affinity of the VM's template.

use super::versions::{lost_with_template, too_old};
use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::TargetVm;
use serde_json::{Map, Value};

pub(super) const CHECK: Check = Check {
    key: "affinity",
    rule: "The VM's template has the plan's `target_affinity` and nothing else; the order of lists has no meaning.",
    source: "original-suite.md section 3 (affinity), with its gap (order) closed",
    judge: Rule::PerVm(judge),
};

fn judge(evidence: &Evidence, _: &VmEvidence, target: &TargetVm) -> Verdict {
    let Some(asked) = &evidence.asked.affinity else {
        return Verdict::NotApplicable { reason: "the plan has no target_affinity".to_owned() };
    };
    if let Some(reason) = too_old(evidence, "targetAffinity", 2, 10) {
        return Verdict::NotApplicable { reason };
    }
    let asked = canonical(asked);
    match target.affinity.as_ref().map(canonical) {
        Some(found) if found == asked => Verdict::Passed { seen: asked.to_string() },
        Some(found) => Verdict::Failed { expected: asked.to_string(), actual: found.to_string() },
        None => match lost_with_template(evidence, "targetAffinity") {
            Some(reason) => Verdict::NotApplicable { reason },
            None => Verdict::Failed { expected: asked.to_string(), actual: "none".to_owned() },
        },
    }
}

/// Every list of an affinity is a set (terms, expressions, values, namespaces), and null is absence.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(canonical).collect();
            items.sort_by_cached_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().filter(|(_, value)| !value.is_null()).collect();
            sorted.sort_by_key(|(key, _)| *key);
            Value::Object(sorted.into_iter().map(|(key, value)| (key.clone(), canonical(value))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use serde_json::json;

    #[test]
    fn order_does_not_count_and_all_else_does() {
        let mut evidence = sample::evidence();
        evidence.asked.affinity =
            Some(json!({"nodeAffinity": {"terms": [{"weight": 50, "values": ["a", "b"]}, {"weight": 60}]}}));
        let judged = |evidence: &Evidence, affinity: Option<Value>| {
            judge(evidence, &evidence.vms[0], &TargetVm { affinity, ..sample::target() })
        };
        let turned = json!({"podAffinity": null, "nodeAffinity": {"terms": [{"weight": 60}, {"values": ["b", "a"], "weight": 50}]}});
        assert!(matches!(judged(&evidence, Some(turned)), Verdict::Passed { .. }));
        for harmed in [
            json!({"nodeAffinity": {"terms": [{"weight": 50, "values": ["a", "b"]}]}}),
            json!({"nodeAffinity": {"terms": [{"weight": 51, "values": ["a", "b"]}, {"weight": 60}]}}),
            json!({"podAffinity": {}, "nodeAffinity": {"terms": [{"weight": 50, "values": ["a", "b"]}, {"weight": 60}]}}),
        ] {
            assert!(matches!(judged(&evidence, Some(harmed)), Verdict::Failed { .. }));
        }
        let Verdict::Failed { actual, .. } = judged(&evidence, None) else { panic!() };
        assert_eq!(actual, "none");
        evidence.mtv_version = Some("2.8.0".into());
        assert!(matches!(judged(&evidence, None), Verdict::NotApplicable { .. }));
        evidence.asked.affinity = None;
        assert!(matches!(judged(&evidence, None), Verdict::NotApplicable { .. }));
    }
}
