//! The proof that several plans ran at once.

use super::session::Session;
use super::steps::StepError;
use crate::cluster::{Kind, Listed, is_true};
use crate::facts::SESSION_LABEL;
use crate::wait::Seen;
use kube::api::DynamicObject;
use std::sync::Arc;
use std::time::Duration;

/// How long all may take until they execute at once. Source: original-suite.md section 1.4,
/// `wait_for_concurrent_migration_execution`.
const LIMIT: Duration = Duration::from_secs(120);

/// Waits until all `plans` (names in the session's namespace) are Executing at one moment.
///
/// All are watched as one list, so that the states belong to one moment of the server.
///
/// # Errors
/// One ended before another began, or they did not begin in time.
pub(super) async fn proven_overlap(session: &Session, plans: &[String]) -> Result<(), StepError> {
    let parts = session.parts();
    let label = format!("{SESSION_LABEL}={}", parts.id);
    let listed = Listed { kind: Kind::PLAN, namespace: Some(&session.shared.namespace), label_selector: &label };
    let deadline = parts.deadline(LIMIT);
    let judge = |objects: &[Arc<DynamicObject>]| judge(objects, plans);
    let what = format!("wait for Plans {} to execute at once", plans.join(" and "));
    Ok(parts.cluster.wait_list(&what, listed, &deadline, judge).await?)
}

fn judge(objects: &[Arc<DynamicObject>], plans: &[String]) -> Seen<()> {
    let mut waiting = Vec::new();
    for plan in plans {
        let found = objects.iter().find(|object| object.metadata.name.as_ref() == Some(plan));
        match found {
            Some(object) if is_true(object, "Executing") => {}
            Some(object) if ["Succeeded", "Failed", "Canceled"].iter().any(|end| is_true(object, end)) => {
                return Seen::Hopeless(format!("{plan} ended before all were executing at once"));
            }
            _ => waiting.push(plan.as_str()),
        }
    }
    if waiting.is_empty() { Seen::Met(()) } else { Seen::Pending(format!("not executing: {}", waiting.join(", "))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan(name: &str, condition: &str) -> Arc<DynamicObject> {
        let object = json!({ "apiVersion": "forklift.konveyor.io/v1beta1", "kind": "Plan",
            "metadata": { "name": name }, "status": { "conditions": [{ "type": condition, "status": "True" }] } });
        Arc::new(serde_json::from_value(object).unwrap())
    }

    #[test]
    fn all_must_execute_at_one_moment() {
        let names = ["a".to_owned(), "b".to_owned()];
        assert_eq!(judge(&[plan("a", "Executing"), plan("b", "Executing")], &names), Seen::Met(()));
        assert_eq!(
            judge(&[plan("a", "Executing"), plan("b", "Ready")], &names),
            Seen::Pending("not executing: b".into())
        );
        assert!(matches!(judge(&[plan("a", "Succeeded"), plan("b", "Executing")], &names), Seen::Hopeless(_)));
    }
}
