//! KubeVirt's power subresources, to be mounted on the API server.
//!
//! Source: cluster-api.md section 1.2.

use super::kinds::{INSTANCE, VIRTUAL_MACHINE};
use super::object::{has_condition, items};
use super::virtual_machine::strategy;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use serde_json::{Value, json};

/// What a power request does, or why it is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Effect {
    /// Merge patches of the VM's spec or status.
    Spec(Value),
    Requests(Value),
    Refused(&'static str),
}

/// `PUT .../virtualmachines/NAME/{start|stop|restart}` below `/apis/subresources.kubevirt.io/v1`. They act through
/// `client`.
pub fn kubevirt_subresources(client: kube::Client) -> Router {
    let path = "/apis/subresources.kubevirt.io/v1/namespaces/{namespace}/virtualmachines/{name}/{action}";
    Router::new().route(path, put(act)).with_state(client)
}

async fn act(
    State(client): State<kube::Client>,
    Path((namespace, name, action)): Path<(String, String, String)>,
) -> Response {
    match perform(&client, &namespace, &name, &action).await {
        Ok(answer) => answer,
        Err(kube::Error::Api(status)) => failure(status.code, &status.reason, &status.message, &name),
        Err(error) => failure(500, "InternalError", &crate::facts::chain(&error), &name),
    }
}

async fn perform(client: &kube::Client, namespace: &str, name: &str, action: &str) -> kube::Result<Response> {
    let path = VIRTUAL_MACHINE.path(namespace, name);
    let get = |path: &str| http::Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError);
    let vm = match client.request::<Value>(get(&path)?).await {
        Ok(vm) => vm,
        Err(kube::Error::Api(status)) if status.code == 404 => {
            let words = format!("virtualmachine.kubevirt.io {name:?} not found");
            return Ok(failure(404, "NotFound", &words, name));
        }
        Err(error) => return Err(error),
    };
    let instance = client.request::<Value>(get(&INSTANCE.path(namespace, name))?).await.ok();
    let (target, change) = match effect(&vm, instance.as_ref(), action) {
        Effect::Refused(why) => return Ok(failure(409, "Conflict", why, name)),
        Effect::Spec(change) => (path, change),
        Effect::Requests(change) => (format!("{path}/status"), change),
    };
    let request = http::Request::patch(target)
        .header("content-type", "application/merge-patch+json")
        .body(change.to_string().into_bytes())
        .map_err(kube::Error::HttpError)?;
    client.request::<Value>(request).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

fn failure(code: u16, reason: &str, message: &str, name: &str) -> Response {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "code": code,
        "details": {"name": name, "group": "kubevirt.io", "kind": "virtualmachine"},
    });
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (code, axum::Json(body)).into_response()
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
