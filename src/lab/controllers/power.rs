//! KubeVirt's power subresources.
//!
//! Source: cluster-api.md section 1.2.

use super::kinds::{INSTANCE, VIRTUAL_MACHINE};
use super::object::{has_condition, items};
use super::subresource::{Place, failure, read};
use super::virtual_machine::strategy;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What a power request does, or why it is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Effect {
    /// Merge patches of the VM's spec or status.
    Spec(Value),
    Requests(Value),
    Refused(&'static str),
}

/// `PUT .../virtualmachines/NAME/{start|stop|restart}`, done through `client`.
pub(super) async fn act(State(client): State<kube::Client>, request: Request) -> Response {
    let Some(place) = Place::of(request.uri().path()) else { return StatusCode::NOT_FOUND.into_response() };
    match perform(&client, &place).await {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(refusal) => *refusal,
    }
}

async fn perform(client: &kube::Client, place: &Place) -> Result<(), Box<Response>> {
    let vm = read(client, VIRTUAL_MACHINE, place).await?;
    let instance = read(client, INSTANCE, place).await.ok();
    let action = place.rest.first().map(String::as_str).unwrap_or_default();
    let path = VIRTUAL_MACHINE.path(&place.namespace, &place.name);
    let (target, change) = match effect(&vm, instance.as_ref(), action) {
        Effect::Refused(why) => return Err(Box::new(failure(409, "Conflict", why, place))),
        Effect::Spec(change) => (path, change),
        Effect::Requests(change) => (format!("{path}/status"), change),
    };
    let request = http::Request::patch(target)
        .header("content-type", "application/merge-patch+json")
        .body(change.to_string().into_bytes());
    let request = request.map_err(|error| Box::new(place.broken(&kube::Error::HttpError(error))))?;
    client.request::<Value>(request).await.map(drop).map_err(|error| Box::new(place.broken(&error)))
}

fn effect(vm: &Value, instance: Option<&Value>, action: &str) -> Effect {
    let live = instance.is_some();
    let failed = instance.is_some_and(|one| one["status"]["phase"] == "Failed");
    let request = |actions: &[&str]| {
        let list: Vec<Value> = actions.iter().map(|action| json!({"action": action})).collect();
        Effect::Requests(json!({"status": {"stateChangeRequests": list}}))
    };
    let run = |strategy: &str| match vm.pointer("/spec/running") {
        Some(Value::Bool(_)) => Effect::Spec(json!({"spec": {"running": strategy == "Always"}})),
        _ => Effect::Spec(json!({"spec": {"runStrategy": strategy}})),
    };
    if items(vm, "/status/stateChangeRequests").next().is_some() && action != "stop" {
        return Effect::Refused("a start or stop is under way");
    }
    match (action, strategy(vm)) {
        ("start", _) if instance.is_some_and(|one| has_condition(one, "Ready")) => {
            Effect::Refused("VM is already running")
        }
        ("start", "Halted") => run("Always"),
        ("start", "RerunOnFailure") if failed => Effect::Refused("VM has failed and is run again by itself"),
        ("start", "Manual" | "RerunOnFailure") => request(&["Start"]),
        ("start", _) => Effect::Refused("the run strategy has no manual start"),
        ("stop", "Halted") => Effect::Refused("VM is not running"),
        ("stop", "Always" | "Once") => run("Halted"),
        ("stop", _) if live => request(&["Stop"]),
        ("stop" | "restart", "Manual" | "RerunOnFailure") if !live => Effect::Refused("VM is not running"),
        ("restart", "Halted" | "Once") => Effect::Refused("the run strategy has no restart"),
        ("restart", _) => request(&["Stop", "Start"]),
        _ => Effect::Refused("no such action"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vm(strategy: &str) -> Value {
        json!({"spec": {"runStrategy": strategy}})
    }

    #[test]
    fn the_strategy_decides_what_start_and_stop_do() {
        let live = json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}});
        assert_eq!(effect(&vm("Halted"), None, "start"), Effect::Spec(json!({"spec": {"runStrategy": "Always"}})));
        assert_eq!(
            effect(&vm("Always"), Some(&live), "stop"),
            Effect::Spec(json!({"spec": {"runStrategy": "Halted"}}))
        );
        assert_eq!(effect(&vm("Always"), Some(&live), "start"), Effect::Refused("VM is already running"));
        assert!(matches!(effect(&vm("Manual"), None, "start"), Effect::Requests(_)));
        assert!(matches!(effect(&vm("Manual"), None, "stop"), Effect::Refused(_)));
        assert!(matches!(effect(&vm("Halted"), None, "stop"), Effect::Refused(_)));
        assert!(matches!(effect(&vm("Once"), Some(&live), "restart"), Effect::Refused(_)));
    }
}
