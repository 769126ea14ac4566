//! The operator: ForkliftController conditions follow its generation, and its settings are read by the controllers.
//!
//! Source: forklift-api.md section 10.

use super::hub::{Fail, Hub, Outcome};
use super::kinds::{DEPLOYMENT, FORKLIFT_CONTROLLER};
use super::object::{generation, is_deleting, items, namespace, text};
use super::virtual_machine::keep_time;
use serde_json::{Value, json};
use std::time::Duration;

/// Simulated length of the operator's playbook.
const PLAYBOOK: Duration = Duration::from_secs(30);

/// Simulated length of a rollout of the Forklift controller.
const ROLLOUT: Duration = Duration::from_secs(20);
/// The Deployment whose environment the settings are.
pub(crate) const CONTROLLER: &str = "forklift-controller";

/// A change of the spec makes the playbook run; its end leaves Running True with reason Successful.
pub(crate) async fn reconcile(hub: &Hub, controller: &Value) -> Result<Outcome, Fail> {
    if is_deleting(controller) {
        return Ok(Outcome::Done);
    }
    let seen = controller.pointer("/status/observedGeneration").and_then(Value::as_i64);
    let starts = seen != Some(generation(controller));
    if !starts && running_reason(controller) != "Running" {
        return rest(hub, controller).await;
    }
    let status = json!({
        "observedGeneration": generation(controller), "conditions": conditions(controller, starts),
    });
    hub.put_status(FORKLIFT_CONTROLLER, controller, status).await?;
    if starts {
        return Ok(Outcome::Again(PLAYBOOK));
    }
    roll_out(hub, controller).await?;
    Ok(Outcome::Again(ROLLOUT))
}

/// Between two playbooks: a rollout that is under way ends, and its settings count from then on.
async fn rest(hub: &Hub, controller: &Value) -> Result<Outcome, Fail> {
    let deployment = hub.get(DEPLOYMENT, namespace(controller), CONTROLLER).await?;
    if let Some(deployment) = &deployment {
        if generation_is_done(deployment) && hub.settings().is_some() {
            return Ok(Outcome::Done);
        }
        hub.put_status(DEPLOYMENT, deployment, rollout_status(deployment, true)).await?;
    }
    hub.settle(controller["spec"].clone());
    // What was refused for a setting may be ready now.
    super::routes::route_source(hub);
    Ok(Outcome::Done)
}

/// Gives the Forklift controller its new environment, which replaces its pod.
async fn roll_out(hub: &Hub, controller: &Value) -> Result<(), Fail> {
    let Some(deployment) = hub.get(DEPLOYMENT, namespace(controller), CONTROLLER).await? else { return Ok(()) };
    let mut containers = deployment["spec"]["template"]["spec"]["containers"].clone();
    containers[0]["env"] = environment(&controller["spec"]);
    let patch = json!({"spec": {"template": {"spec": {"containers": containers}}}});
    if let Some(patched) = hub.merge(DEPLOYMENT, &deployment, &patch).await?
        && !generation_is_done(&patched)
    {
        hub.put_status(DEPLOYMENT, &patched, rollout_status(&patched, false)).await?;
    }
    Ok(())
}

/// The Forklift controller's environment: `controller_precopy_interval` is PRECOPY_INTERVAL to the controller,
/// `feature_x` is FEATURE_X.
pub(crate) fn environment(spec: &Value) -> Value {
    let variable = |(key, value): (&String, &Value)| {
        let name = key.strip_prefix("controller_").unwrap_or(key).to_uppercase();
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        json!({"name": name, "value": value})
    };
    spec.as_object().into_iter().flatten().map(variable).collect()
}

fn generation_is_done(deployment: &Value) -> bool {
    let seen = deployment.pointer("/status/observedGeneration").and_then(Value::as_i64);
    seen == Some(generation(deployment)) && deployment["status"]["updatedReplicas"] == json!(1)
}

fn rollout_status(deployment: &Value, done: bool) -> Value {
    let mut status = deployment["status"].clone();
    status["observedGeneration"] = json!(generation(deployment));
    // The old pod serves until the new one does.
    status["updatedReplicas"] = json!(u8::from(done));
    status["replicas"] = json!(if done { 1 } else { 2 });
    status["unavailableReplicas"] = json!(u8::from(!done));
    status
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

/// The VDDK image for providers that name none.
pub(crate) fn default_vddk_image(hub: &Hub) -> String {
    let image = setting(hub, "vddk_image");
    image.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned()
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
