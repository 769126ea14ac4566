//! When maps and Plans are Ready, and when they never will be.
//!
//! Source: forklift-api.md sections 3, 5, 11. Conditions named `…NotReady` clear by themselves (a Provider is tested
//! again every 30 s and may flap); other blockers need somebody to change something, so waiting is pointless.

use super::provider::{blockers, critical_words, or_none};
use crate::cluster::{conditions, is_true, observed};
use crate::wait::Seen;
use kube::api::DynamicObject;

/// Whether a StorageMap, NetworkMap or Plan is Ready. A Plan's is withheld, without a blocker, while the VDDK image is
/// checked.
pub fn ready(object: Option<&DynamicObject>) -> Seen<()> {
    let Some(object) = object else { return Seen::Pending("it is not there yet".to_owned()) };
    if !observed(object) {
        return Seen::Pending("its status is older than its spec".to_owned());
    }
    if is_true(object, "Ready") {
        return Seen::Met(());
    }
    if blockers(object).any(|(kind, _)| !kind.ends_with("NotReady")) {
        return Seen::Hopeless(critical_words(object));
    }
    let seen: Vec<String> = conditions(object).into_iter().map(|found| found.kind).collect();
    Seen::Pending(format!("conditions {}", or_none(&seen.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn plan(conditions: Value) -> DynamicObject {
        serde_json::from_value(json!({ "apiVersion": "forklift.konveyor.io/v1beta1", "kind": "Plan",
            "metadata": { "name": "p", "generation": 2 }, "status": { "observedGeneration": 2, "conditions": conditions } }))
        .unwrap()
    }

    #[test]
    fn blockers_end_the_wait_unless_they_clear_by_themselves() {
        let condition = |kind: &str, category: &str| json!([{ "type": kind, "status": "True", "category": category, "message": "m" }]);
        assert_eq!(ready(Some(&plan(condition("Ready", "Required")))), Seen::Met(()));
        assert_eq!(
            ready(Some(&plan(condition("VMNetworksNotMapped", "Critical")))),
            Seen::Hopeless("VMNetworksNotMapped: m".into())
        );
        assert!(matches!(ready(Some(&plan(condition("SourceProviderNotReady", "Critical")))), Seen::Pending(_)));
        assert_eq!(
            ready(Some(&plan(condition("ValidatingVDDK", "Advisory")))),
            Seen::Pending("conditions ValidatingVDDK".into())
        );
        assert!(matches!(ready(None), Seen::Pending(_)));
    }
}
