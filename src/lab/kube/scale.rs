//! The sub-resource `scale`: how many replicas a workload is to have.

use super::failure::Failure;
use super::object::{member, meta_text, name, namespace, revision, uid};
use super::request::{Call, decode};
use super::store::State;
use super::update::finish;
use super::{present, read};
use axum::body::Body;
use bytes::Bytes;
use http::{Method, Response};
use serde_json::{Value, json};

const MERGE: &str = "application/merge-patch+json";

/// Whether objects of a kind have the sub-resource.
pub(super) fn has(kind: &super::kinds::Kind) -> bool {
    kind.group == "apps" && matches!(kind.plural.as_str(), "deployments" | "replicasets" | "statefulsets")
}

/// Answers GET, PUT and a merge patch.
pub(super) fn answer(
    state: &mut State,
    call: &Call,
    method: &Method,
    bytes: &Bytes,
) -> Result<Response<Body>, Failure> {
    let old = read::get(state, call)?;
    match *method {
        Method::GET => return Ok(present::json_value(200, &scale_of(&old.value))),
        Method::PUT => {}
        Method::PATCH if call.content_type == MERGE => {}
        Method::PATCH => return Err(Failure::of_code(415)),
        _ => return Err(Failure::of_code(405)),
    }
    let mut scale = scale_of(&old.value);
    json_patch::merge(&mut scale, &decode(&call.content_type, bytes)?);
    let given = meta_text(&scale, "resourceVersion");
    if !given.is_empty() && given != revision(&old.value) {
        return Err(Failure::stale(&call.kind, &call.name));
    }
    let Some(replicas) = scale["spec"]["replicas"].as_u64() else {
        return Err(Failure::bad_request("spec.replicas must be a number from 0 on"));
    };
    let mut new = old.value.clone();
    member(&mut new, "spec").insert("replicas".into(), replicas.into());
    let written = finish(state, call, &old, new, true)?;
    Ok(present::json_value(200, &scale_of(&written.object.value)))
}

fn scale_of(value: &Value) -> Value {
    let labels = value.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let labels =
        labels.into_iter().flatten().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1",
        "metadata": {"name": name(value), "namespace": namespace(value), "uid": uid(value),
            "resourceVersion": revision(value), "creationTimestamp": value["metadata"]["creationTimestamp"]},
        "spec": {"replicas": value["spec"]["replicas"].as_u64().unwrap_or(0)},
        "status": {"replicas": value["status"]["replicas"].as_u64().unwrap_or(0),
            "selector": labels.collect::<Vec<_>>().join(",")},
    })
}
