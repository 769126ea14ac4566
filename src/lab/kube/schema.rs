//! Structural schemas of custom kinds: unknown fields are pruned, defaults filled in, values checked, in this order.
//!
//! Not interpreted: the rules of `x-kubernetes-validations`. Source: cluster-api.md section 6.6.

use super::failure::{Cause, Failure};
use super::object::name;
use super::request::Call;
use serde_json::{Map, Value};

/// The schema of one version of a custom kind.
#[derive(Debug)]
pub(super) struct Schema(Value);

/// What the server has to say about a write that it accepts.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) warnings: Vec<String>,
}

const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";

impl Schema {
    /// The schema, unless it says nothing.
    pub(super) fn new(schema: &Value) -> Option<Self> {
        let says = schema.get("properties").is_some() || schema[PRESERVE] != true;
        (schema.is_object() && says).then(|| Self(schema.clone()))
    }

    pub(super) fn root(&self) -> &Value {
        &self.0
    }
}

/// Reads a body as an object of its kind: what the kind does not have is taken out, and refused or warned of.
pub(super) fn read(call: &Call, value: &mut Value, notes: &mut Notes) -> Result<(), Failure> {
    let mut unknown = super::metadata::tidy(&call.kind, &call.version, value)?;
    let schema = call.kind.version(&call.version).and_then(|version| version.schema.clone());
    let whole = if call.params.text("fieldValidation") == "Strict" { value.to_string() } else { String::new() };
    if let Some(schema) = &schema {
        prune_root(value, schema.root(), &mut unknown);
    }
    if unknown.is_empty() {
        return Ok(());
    }
    let texts: Vec<String> = unknown.iter().map(|path| format!("unknown field \"{path}\"")).collect();
    match call.params.text("fieldValidation") {
        "Strict" => Err(strictly(call, &whole, &format!("strict decoding error: {}", texts.join(", ")))),
        "Ignore" => Ok(()),
        _ => {
            notes.warnings.extend(texts);
            Ok(())
        }
    }
}

/// A body with unknown fields cannot be read; a patch that makes such a body is itself invalid.
fn strictly(call: &Call, whole: &str, why: &str) -> Failure {
    if !call.content_type.contains("patch") {
        return Failure::unreadable(&call.kind, &call.version, why);
    }
    let cause = Cause::invalid("patch", &whole.into(), why);
    let message = format!(" \"\" is invalid: patch: {}", cause.message);
    Failure::new(422, "Invalid", message).with_causes(&[cause])
}

/// Completes and checks an object of a custom kind.
pub(super) fn admit(call: &Call, value: &mut Value, notes: &Notes) -> Result<(), Failure> {
    let Some(schema) = call.kind.version(&call.version).and_then(|version| version.schema.clone()) else {
        return Ok(());
    };
    complete(value, schema.root());
    let mut causes = Vec::new();
    check(value, schema.root(), "", &mut causes);
    if causes.is_empty() {
        return Ok(());
    }
    for cause in causes.iter_mut().filter(|cause| call.on_status() && cause.field.starts_with("status.")) {
        // Of the status sub-resource, messages name fields from there.
        let inner = cause.field.replacen("status.", "", 1);
        cause.message = cause.message.replace(&format!("{} in body", cause.field), &format!("{inner} in body"));
    }
    let mut failure = Failure::invalid(&call.kind, name(value), &causes);
    failure.warnings.clone_from(&notes.warnings);
    Err(failure)
}

/// The paths of the fields that a schema does not declare.
pub(super) fn undeclared(schema: &Schema, value: &Value) -> Vec<String> {
    let mut unknown = Vec::new();
    prune_root(&mut value.clone(), schema.root(), &mut unknown);
    unknown
}

/// The root always keeps its type and metadata, whatever the schema says of them.
fn prune_root(value: &mut Value, schema: &Value, unknown: &mut Vec<String>) {
    let Value::Object(map) = value else { return };
    let kept: Vec<(String, Value)> =
        ["apiVersion", "kind", "metadata"].iter().filter_map(|key| map.remove_entry(*key)).collect();
    prune(value, schema, "", unknown);
    if let Value::Object(map) = value {
        map.extend(kept);
    }
}

fn prune(value: &mut Value, schema: &Value, path: &str, unknown: &mut Vec<String>) {
    match value {
        Value::Object(map) => prune_object(map, schema, path, unknown),
        Value::Array(items) => {
            if let Some(item_schema) = schema.get("items") {
                for (index, item) in items.iter_mut().enumerate() {
                    prune(item, item_schema, &format!("{path}[{index}]"), unknown);
                }
            }
        }
        _ => {}
    }
}

fn prune_object(map: &mut Map<String, Value>, schema: &Value, path: &str, unknown: &mut Vec<String>) {
    let more = &schema["additionalProperties"];
    let embedded = schema["x-kubernetes-embedded-resource"] == true;
    let keys: Vec<String> = map.keys().cloned().collect();
    for key in keys {
        let below = join(path, &key);
        if embedded && matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
            continue;
        }
        let declared = schema["properties"].get(&key).or_else(|| Some(more).filter(|more| more.is_object()));
        match (declared, map.get_mut(&key)) {
            (Some(declared), Some(value)) => prune(value, declared, &below, unknown),
            _ if schema[PRESERVE] == true || *more == true => {}
            _ => {
                map.remove(&key);
                unknown.push(below);
            }
        }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn complete(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(map) => {
            for (key, declared) in schema["properties"].as_object().into_iter().flatten() {
                let missing = map.get(key).is_none_or(|value| value.is_null() && declared["nullable"] != true);
                if let Some(default) = declared.get("default").filter(|_| missing) {
                    map.insert(key.clone(), default.clone());
                } else if missing {
                    // A null that is not allowed is as good as nothing.
                    map.remove(key);
                }
                if let Some(value) = map.get_mut(key) {
                    complete(value, declared);
                }
            }
            if let Some(more) = schema.get("additionalProperties").filter(|more| more.is_object()) {
                for value in map.values_mut() {
                    complete(value, more);
                }
            }
        }
        Value::Array(items) => {
            if let Some(item_schema) = schema.get("items") {
                for item in items {
                    complete(item, item_schema);
                }
            }
        }
        // Whole numbers are integers, however they are written.
        Value::Number(number) if schema["type"] == "integer" => {
            let whole = number
                .as_f64()
                .filter(|_| number.is_f64())
                .and_then(|number| format!("{number:.0}").parse::<i64>().ok());
            if let Some(whole) = whole.filter(|_| value.as_f64().is_some_and(|number| number.fract() == 0.0)) {
                *value = whole.into();
            }
        }
        _ => {}
    }
}

fn check(value: &Value, schema: &Value, path: &str, causes: &mut Vec<Cause>) {
    if value.is_null() && (schema["nullable"] == true || schema.get("type").is_none()) {
        return;
    }
    if !has_type(value, schema) {
        let wanted = schema["type"].as_str().unwrap_or("integer,string");
        let why = format!("{path} in body must be of type {wanted}: {:?}", type_name(value));
        causes.push(Cause {
            reason: "FieldValueTypeInvalid",
            message: format!("Invalid value: {:?}: {why}", type_name(value)),
            field: field(path),
        });
        return;
    }
    if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.contains(value)) {
        let texts: Vec<String> = allowed.iter().map(Value::to_string).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", texts.join(", "));
        causes.push(Cause { reason: "FieldValueNotSupported", message, field: field(path) });
    }
    super::limits::check(value, schema, path, causes);
    check_members(value, schema, path, causes);
    check_choices(value, schema, path, causes);
}

/// Causes name the root by this word.
pub(super) fn field(path: &str) -> String {
    if path.is_empty() { "<nil>".to_owned() } else { path.to_owned() }
}

fn check_members(value: &Value, schema: &Value, path: &str, causes: &mut Vec<Cause>) {
    match value {
        Value::Object(map) => {
            for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !map.contains_key(key) {
                    causes.push(Cause::required(join(path, key), ""));
                }
            }
            for (key, value) in map {
                if path.is_empty() && matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
                    continue;
                }
                let more = schema.get("additionalProperties").filter(|more| more.is_object());
                if let Some(declared) = schema["properties"].get(key).or(more) {
                    check(value, declared, &join(path, key), causes);
                }
            }
        }
        Value::Array(items) => {
            if let Some(item_schema) = schema.get("items") {
                for (index, item) in items.iter().enumerate() {
                    check(item, item_schema, &format!("{path}[{index}]"), causes);
                }
            }
        }
        _ => {}
    }
}

fn check_choices(value: &Value, schema: &Value, path: &str, causes: &mut Vec<Cause>) {
    let list = |name: &str| schema[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let fits = |option: &Value| {
        let mut found = Vec::new();
        check(value, option, path, &mut found);
        found.is_empty()
    };
    for part in list("allOf") {
        check(value, part, path, causes);
    }
    let (any, one) = (list("anyOf"), list("oneOf"));
    let why = if !any.is_empty() && !any.iter().any(fits) {
        "must validate at least one schema (anyOf)"
    } else if !one.is_empty() && one.iter().filter(|option| fits(option)).count() != 1 {
        "must validate one and only one schema (oneOf)"
    } else if schema.get("not").is_some_and(fits) {
        "must not validate the schema (not)"
    } else {
        return;
    };
    causes.push(Cause::invalid(field(path), value, &format!("{path} in body {why}")));
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn has_type(value: &Value, schema: &Value) -> bool {
    let actual = type_name(value);
    if schema["x-kubernetes-int-or-string"] == true {
        return actual == "integer" || actual == "string";
    }
    match schema["type"].as_str() {
        None | Some("") => true,
        Some("number") => actual == "number" || actual == "integer",
        Some("integer") => actual == "integer" || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        Some(wanted) => wanted == actual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({"type": "object", "properties": {"spec": {"type": "object", "required": ["size"], "properties": {
            "size": {"type": "integer", "minimum": 1},
            "mode": {"type": "string", "enum": ["a", "b"], "default": "a"},
            "free": {"type": "object", PRESERVE: true},
            "labels": {"type": "object", "additionalProperties": {"type": "string"}},
            "list": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "integer", "default": 3}}}},
            "port": {"x-kubernetes-int-or-string": true},
        }}}})
    }

    #[test]
    fn unknown_fields_go_and_defaults_come() {
        let mut value = json!({"kind": "X", "metadata": {"any": 1}, "extra": 1,
            "spec": {"size": 1, "typo": 1, "free": {"z": 1}, "labels": {"k": "v"}, "list": [{"y": 1}]}});
        let mut unknown = Vec::new();
        prune_root(&mut value, &schema(), &mut unknown);
        complete(&mut value, &schema());
        assert_eq!(unknown, ["extra", "spec.list[0].y", "spec.typo"]);
        assert_eq!(
            value,
            json!({"kind": "X", "metadata": {"any": 1}, "spec": {
                "size": 1, "mode": "a", "free": {"z": 1}, "labels": {"k": "v"}, "list": [{"x": 3}]}})
        );
    }

    #[test]
    fn values_are_checked() {
        let problems = |spec: Value| {
            let mut causes = Vec::new();
            check(&json!({"spec": spec}), &schema(), "", &mut causes);
            causes.into_iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect::<Vec<_>>()
        };
        assert!(problems(json!({"size": 2, "port": "http"})).is_empty());
        assert_eq!(problems(json!({})), ["spec.size: Required value"]);
        assert_eq!(
            problems(json!({"size": "2"})),
            ["spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\""]
        );
        assert_eq!(problems(json!({"size": 0, "mode": "c", "port": 1.5})).len(), 3);
    }
}
