//! Reading untyped objects. Absent and mistyped fields read as empty.

use super::kinds::Kind;
use crate::facts::{Seed, now, rfc3339};
use serde_json::{Value, json};

/// The text at a JSON pointer, or nothing.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The flag at a JSON pointer, or `default`.
pub(crate) fn flag(value: &Value, pointer: &str, default: bool) -> bool {
    value.pointer(pointer).and_then(Value::as_bool).unwrap_or(default)
}

/// The elements of the list at a JSON pointer.
pub(crate) fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

pub(crate) fn name(value: &Value) -> &str {
    text(value, "/metadata/name")
}

pub(crate) fn namespace(value: &Value) -> &str {
    text(value, "/metadata/namespace")
}

pub(crate) fn uid(value: &Value) -> &str {
    text(value, "/metadata/uid")
}

pub(crate) fn generation(value: &Value) -> i64 {
    value.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or(1)
}

pub(crate) fn label<'a>(value: &'a Value, key: &str) -> &'a str {
    value.pointer("/metadata/labels").and_then(|labels| labels.get(key)).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn annotation<'a>(value: &'a Value, key: &str) -> &'a str {
    let annotations = value.pointer("/metadata/annotations");
    annotations.and_then(|all| all.get(key)).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn is_deleting(value: &Value) -> bool {
    !text(value, "/metadata/deletionTimestamp").is_empty()
}

/// `(namespace, name)` of the reference at a pointer.
pub(crate) fn reference<'a>(value: &'a Value, pointer: &str) -> (&'a str, &'a str) {
    value.pointer(pointer).map_or(("", ""), |at| (text(at, "/namespace"), text(at, "/name")))
}

/// Whether the object carries this condition as True.
pub(crate) fn has_condition(value: &Value, condition: &str) -> bool {
    items(value, "/status/conditions").any(|one| text(one, "/type") == condition && text(one, "/status") == "True")
}

/// Bytes as a quantity, as Go writes a binary one: by the largest unit that needs no fraction (`40Gi`, `1536Mi`,
/// `1000`).
pub(crate) fn binary_quantity(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    let unit = if bytes == 0 { 0 } else { bytes.trailing_zeros() / 10 };
    format!("{}{}", bytes >> (10 * unit), UNITS.get(unit as usize).copied().unwrap_or_default())
}

/// The spec of a pod of one container that a namespace of the restricted Pod Security Standard admits, as the product's
/// own pods are.
pub(crate) fn restricted_pod(container: &str, image: &str) -> Value {
    json!({
        "restartPolicy": "Never",
        "securityContext": {"runAsNonRoot": true, "runAsUser": 107, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{
            "name": container, "image": image,
            "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
        }],
    })
}

/// The status of a pod in a phase, with every field that typed clients demand of its containers.
pub(crate) fn pod_status(pod: &Value, phase: &str) -> Value {
    let runs = phase == "Running";
    let now = rfc3339(now());
    let started = pod.pointer("/status/startTime").and_then(Value::as_str).unwrap_or(&now);
    let state = match phase {
        "Succeeded" => json!({"terminated":
            {"exitCode": 0, "reason": "Completed", "startedAt": started, "finishedAt": now}}),
        "Failed" => json!({"terminated":
            {"exitCode": 1, "reason": "Error", "startedAt": started, "finishedAt": now}}),
        "Running" => json!({"running": {"startedAt": started}}),
        _ => json!({"waiting": {"reason": "ContainerCreating"}}),
    };
    let containers = items(pod, "/spec/containers").map(|container| {
        json!({
            "name": container["name"], "image": container["image"], "imageID": "", "ready": runs, "started": runs,
            "restartCount": 0, "state": state,
        })
    });
    let containers: Vec<Value> = containers.collect();
    json!({
        "phase": phase, "startTime": started, "containerStatuses": containers,
        "conditions": [{"type": "Ready", "status": if runs { "True" } else { "False" }}],
    })
}

/// An owner reference to `owner`.
pub(crate) fn owner_reference(kind: Kind, owner: &Value, controller: bool) -> Value {
    let mut reference = json!({
        "apiVersion": kind.api_version(), "kind": kind.title, "name": name(owner), "uid": uid(owner),
    });
    if controller {
        reference["controller"] = json!(true);
        reference["blockOwnerDeletion"] = json!(true);
    }
    reference
}

/// Whether one of the object's owners has this uid.
pub(crate) fn is_owned_by(value: &Value, owner_uid: &str) -> bool {
    items(value, "/metadata/ownerReferences").any(|owner| text(owner, "/uid") == owner_uid)
}

/// A Secret's key, decoded; empty if it is not there or not text.
pub(crate) fn secret_key(secret: &Value, key: &str) -> String {
    use base64::Engine as _;
    let encoded = secret.pointer("/data").and_then(|data| data.get(key)).and_then(Value::as_str).unwrap_or_default();
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// A name as an API server generates it from a `generateName`, but always the same for a purpose: what controllers make
/// must be found again.
///
/// Source: cluster-api.md section 4, `generateName`: at most 58 characters of it are kept.
pub(crate) fn generated_name(base: &str, purpose: &str) -> String {
    let kept: String = base.chars().take(58).collect();
    format!("{kept}{}", Seed(0).suffix(purpose, 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_fields_read_as_empty() {
        let object = json!({"metadata": {"name": "a", "labels": {"x.io/k": "v"}}, "data": {"user": "cm9vdA=="}});
        assert_eq!((name(&object), namespace(&object), label(&object, "x.io/k")), ("a", "", "v"));
        assert_eq!(secret_key(&object, "user"), "root");
        assert_eq!(secret_key(&object, "password"), "");
        assert!(!is_deleting(&object) && flag(&object, "/spec/warm", true));
    }

    #[test]
    fn quantities_take_the_largest_whole_unit() {
        for (bytes, text) in [(0, "0"), (1000, "1000"), (1536 << 20, "1536Mi"), (40 << 30, "40Gi"), (3 << 40, "3Ti")] {
            assert_eq!(binary_quantity(bytes), text);
            assert_eq!(crate::facts::parse_quantity_bytes(text).unwrap(), bytes);
        }
    }

    #[test]
    fn a_running_pod_has_ready_containers_with_all_required_fields() {
        let pod = json!({"spec": {"containers": [{"name": "compute", "image": "virt-launcher"}]}});
        let status = pod_status(&pod, "Running");
        let container = &status["containerStatuses"][0];
        for field in ["name", "image", "imageID", "ready", "restartCount"] {
            assert!(!container[field].is_null(), "{field}");
        }
        assert_eq!((&container["ready"], &status["conditions"][0]["status"]), (&json!(true), &json!("True")));
        assert_eq!(pod_status(&pod, "Succeeded")["containerStatuses"][0]["state"]["terminated"]["exitCode"], 0);
    }
}
