//! The metadata of a written object as the real server reads it: typed, so unknown fields go, empty ones are left out,
//! and a wrong type is a body that cannot be read.

use super::failure::Failure;
use super::kinds::Kind;
use super::object::fields;
use serde_json::{Map, Value};

/// All fields of the metadata.
const KNOWN: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];
const TEXTS: [&str; 6] = ["name", "generateName", "namespace", "selfLink", "uid", "resourceVersion"];

/// Brings the metadata into its typed form; the paths of the fields that it does not have.
pub(super) fn tidy(kind: &Kind, version: &str, value: &mut Value) -> Result<Vec<String>, Failure> {
    let root = fields(value);
    if !kind.custom && !kind.is_definition() {
        // Of a typed object, null is the absence of a field.
        root.retain(|_, field| !field.is_null());
    }
    let texts = root.get("data").and_then(Value::as_object).into_iter().flat_map(Map::values);
    if let Some(other) = texts.filter(|text| !text.is_string()).find(|_| kind.is_core("configmaps")) {
        let found = go_type(other);
        let why = format!("json: cannot unmarshal {found} into Go struct field ConfigMap.data of type string");
        return Err(Failure::unreadable(kind, version, &why));
    }
    let metadata = match root.get_mut("metadata") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(metadata)) => metadata,
        Some(other) => {
            let (place, word) = if kind.custom {
                ("Go value".to_owned(), go_type(other))
            } else {
                (format!("Go struct field {}.metadata", kind.kind), go_type(other))
            };
            let why = format!("json: cannot unmarshal {word} into {place} of type v1.ObjectMeta");
            return Err(Failure::unreadable(kind, version, &why));
        }
    };
    let mut unknown = Vec::new();
    metadata.retain(|key, field| {
        let known = KNOWN.contains(&key.as_str());
        if !known {
            unknown.push(format!("metadata.{key}"));
        }
        known && !field.is_null()
    });
    check_types(metadata).map_err(|(field, found, wanted)| {
        let parent = if kind.custom { "" } else { "metadata." };
        let why =
            format!("json: cannot unmarshal {found} into Go struct field ObjectMeta.{parent}{field} of type {wanted}");
        Failure::unreadable(kind, version, &why)
    })?;
    for field in ["labels", "annotations"] {
        for text in metadata.get_mut(field).and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
            if text.is_null() {
                *text = "".into();
            }
        }
    }
    metadata.retain(|key, field| key == "managedFields" || !is_empty(field));
    Ok(unknown)
}

fn is_empty(field: &Value) -> bool {
    field.as_object().is_some_and(Map::is_empty) || field.as_array().is_some_and(Vec::is_empty)
}

/// The first field of a wrong type: its name, what was found, what is wanted.
fn check_types(metadata: &Map<String, Value>) -> Result<(), (String, &'static str, &'static str)> {
    for (field, value) in metadata {
        let wrong = |wanted| Err((field.clone(), go_type(value), wanted));
        match field.as_str() {
            name if TEXTS.contains(&name) && !value.is_string() => return wrong("string"),
            "labels" | "annotations" => {
                let Value::Object(map) = value else { return wrong("map[string]string") };
                if let Some(other) = map.values().find(|text| !text.is_string() && !text.is_null()) {
                    return Err((field.clone(), go_type(other), "string"));
                }
            }
            "finalizers" if !value.is_array() => return wrong("[]string"),
            "ownerReferences" if !value.is_array() => return wrong("[]v1.OwnerReference"),
            _ => {}
        }
    }
    Ok(())
}

/// What Go calls a JSON value.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::kube::kinds::built_in;
    use serde_json::json;

    #[test]
    fn metadata_is_typed() {
        let kind = built_in().find(|kind| kind.plural == "configmaps").unwrap();
        let mut value = json!({"data": null, "metadata": {"name": "a", "zzz": 1, "labels": {"a": null}, "annotations": {},
            "finalizers": [], "uid": null}});
        assert_eq!(tidy(&kind, "v1", &mut value).unwrap(), ["metadata.zzz"]);
        assert_eq!(value, json!({"metadata": {"name": "a", "labels": {"a": ""}}}));
        for (metadata, wanted) in [
            (json!({"labels": {"a": 1}}), "number into Go struct field ObjectMeta.metadata.labels of type string"),
            (json!({"name": 5}), "number into Go struct field ObjectMeta.metadata.name of type string"),
            (json!("x"), "string into Go struct field ConfigMap.metadata of type v1.ObjectMeta"),
        ] {
            let failure = tidy(&kind, "v1", &mut json!({"metadata": metadata})).unwrap_err();
            assert!(failure.message.ends_with(wanted), "{}", failure.message);
        }
    }
}
