//! The operator: ForkliftController conditions follow its generation, and its settings are read by the controllers.
//!
//! Source: forklift-api.md section 10.

use super::hub::{Fail, Hub, Outcome};
use super::kinds::FORKLIFT_CONTROLLER;
use super::object::{generation, is_deleting, items, text};
use super::virtual_machine::keep_time;
use serde_json::{Value, json};
use std::time::Duration;

/// Simulated length of the operator's playbook.
const PLAYBOOK: Duration = Duration::from_secs(30);

/// A change of the spec makes the playbook run; its end leaves Running True with reason Successful.
pub(crate) async fn reconcile(hub: &Hub, controller: &Value) -> Result<Outcome, Fail> {
    if is_deleting(controller) {
        return Ok(Outcome::Done);
    }
    let seen = controller.pointer("/status/observedGeneration").and_then(Value::as_i64);
    let runs = running_reason(controller) == "Running";
    if seen == Some(generation(controller)) && !runs {
        return Ok(Outcome::Done);
    }
    let starts = seen != Some(generation(controller));
    let status = json!({
        "observedGeneration": generation(controller), "conditions": conditions(controller, starts),
    });
    hub.put_status(FORKLIFT_CONTROLLER, controller, status).await?;
    Ok(if starts { Outcome::Again(PLAYBOOK) } else { Outcome::Done })
}

fn running_reason(controller: &Value) -> &str {
    items(controller, "/status/conditions")
        .find(|one| text(one, "/type") == "Running")
        .map(|one| text(one, "/reason"))
        .unwrap_or_default()
}

/// The three conditions, which use True and False, unlike all others of Forklift.
pub(crate) fn conditions(controller: &Value, starts: bool) -> Value {
    let reason = if starts { "Running" } else { "Successful" };
    let result = json!({"changed": 0, "failures": 0, "ok": 1, "skipped": 0});
    let one = |kind: &str, truth: bool, reason: &str| {
        let status = if truth { "True" } else { "False" };
        keep_time(controller, &json!({"type": kind, "status": status, "reason": reason, "message": ""}))
    };
    let mut running = one("Running", true, reason);
    running["message"] = json!(if starts { "Running reconciliation" } else { "Awaiting next reconciliation" });
    let mut successful = one("Successful", !starts, if starts { "" } else { "Successful" });
    if !starts {
        successful["ansibleResult"] = result;
    }
    json!([running, successful, one("Failure", false, "")])
}

/// A setting that the Forklift controller runs with: that of the first ForkliftController, as of the last rollout.
fn setting(hub: &Hub, key: &str) -> Option<Value> {
    if let Some(settled) = hub.settings() {
        return settled.get(key).cloned();
    }
    let all = hub.cache.list(FORKLIFT_CONTROLLER, |_| true);
    all.first().and_then(|controller| controller["spec"].get(key).cloned())
}

/// A feature switch, written as text or as a flag.
pub(crate) fn feature(hub: &Hub, key: &str, default: bool) -> bool {
    match setting(hub, key) {
        Some(Value::String(text)) => text == "true",
        Some(Value::Bool(flag)) => flag,
        _ => default,
    }
}

/// How many VMs of one ESXi host are migrated at once; a quoted number is ignored, as the product does.
pub(crate) fn max_in_flight(hub: &Hub) -> u64 {
    setting(hub, "controller_max_vm_inflight").and_then(|value| value.as_u64()).unwrap_or(20)
}

/// Time between two copies of a warm migration: a JSON number of minutes; a quoted one is ignored, as the product does.
pub(crate) fn precopy_interval(hub: &Hub) -> Duration {
    let minutes = setting(hub, "controller_precopy_interval").and_then(|value| value.as_f64());
    let seconds = minutes.filter(|minutes| *minutes > 0.0).unwrap_or(60.0) * 60.0;
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(3600))
}

/// How many disks of one ESXi host populators copy at once.
pub(crate) fn max_populators(hub: &Hub) -> u64 {
    setting(hub, "controller_max_populator_inflight").and_then(|value| value.as_u64()).unwrap_or(20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_is_true_at_rest_and_at_work() {
        let shape = |starts| -> Vec<(String, String)> {
            items(&conditions(&json!({}), starts), "")
                .map(|one| (text(one, "/status").to_owned(), text(one, "/reason").to_owned()))
                .collect()
        };
        let pair = |status: &str, reason: &str| (status.to_owned(), reason.to_owned());
        assert_eq!(shape(true), [pair("True", "Running"), pair("False", ""), pair("False", "")]);
        assert_eq!(shape(false), [pair("True", "Successful"), pair("True", "Successful"), pair("False", "")]);
    }
}
