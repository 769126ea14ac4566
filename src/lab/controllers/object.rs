//! Reading untyped objects. Absent and mistyped fields read as empty.

use super::kinds::Kind;
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
}
