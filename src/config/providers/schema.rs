//! The JSON Schema of the providers file, derived from its keys.

use super::StorageVendor;
use super::keys::{self, Form, Key, Need, TYPES};
use schemars::Schema;
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 2020-12) of the providers file, for editors and other tools.
pub fn providers_schema() -> Schema {
    let mut definitions = Map::new();
    for type_name in TYPES {
        let mut entry = object(&keys::entry_keys(type_name));
        if type_name == "openstack" {
            entry["allOf"] = keys::OPENSTACK_EITHER.map(|(either, unless)| one_of(&either, unless)).into();
        }
        entry["properties"]["type"] = json!({"const": type_name, "description": "Kind of the source."});
        definitions.insert(type_name.to_owned(), entry);
    }
    definitions.insert("copyoffload".to_owned(), copyoffload());
    let branch = |type_name: &str| {
        json!({
            "if": {"properties": {"type": {"const": type_name}}, "required": ["type"]},
            "then": {"$ref": format!("#/$defs/{type_name}")},
        })
    };
    let mut schema = Schema::default();
    for (key, value) in [
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("title", json!("mtvtest providers file")),
        ("description", json!("The sources of migrations, by name.")),
        ("type", json!("object")),
        ("properties", json!({"$schema": {"type": "string"}})),
        (
            "additionalProperties",
            json!({
                "type": "object",
                "required": ["type"],
                "properties": {"type": {"enum": TYPES}},
                "allOf": TYPES.map(branch),
            }),
        ),
        ("$defs", Value::Object(definitions)),
    ] {
        schema.insert(key.to_owned(), value);
    }
    schema
}

/// One of these keys must be there, unless another one is.
fn one_of(either: &[&str], unless: Option<&str>) -> Value {
    let required: Vec<Value> = either.iter().chain(&unless).map(|key| json!({"required": [key]})).collect();
    json!({"anyOf": required})
}

/// Credentials may come from the environment instead, so the schema asks only for the keys that may not.
fn copyoffload() -> Value {
    let mut section = object(&keys::copyoffload_keys());
    let own = |vendor: StorageVendor| vendor.keys().iter().map(|key| key.name).collect::<Vec<_>>();
    let branches: Vec<Value> = StorageVendor::ALL
        .into_iter()
        .map(|vendor| {
            let foreign: Map<String, Value> = StorageVendor::ALL
                .into_iter()
                .filter(|other| *other != vendor)
                .flat_map(own)
                .map(|name| (name.to_owned(), Value::Bool(false)))
                .collect();
            json!({
                "if": {"properties": {"storage_vendor_product": {"const": vendor.as_str()}}},
                "then": {"properties": foreign},
            })
        })
        .collect();
    section["allOf"] = Value::Array(branches);
    section
}

fn object(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> =
        keys.iter().filter(|key| key.need == Need::Required && !key.env).map(|key| key.name).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn property(key: &Key) -> Value {
    let mut property = match key.form {
        Form::Text | Form::Secret => json!({"type": "string"}),
        Form::Switch => json!({"enum": [true, false, "true", "false"]}),
        Form::Choice(words) => json!({"enum": words}),
        Form::TextList => json!({"type": "array", "items": {"type": "string", "minLength": 1}}),
        Form::SecretMap => {
            json!({"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}})
        }
        Form::CopyOffload => json!({"$ref": "#/$defs/copyoffload"}),
    };
    let plain = matches!(key.form, Form::Text | Form::Secret);
    if plain && key.need == Need::Required && !key.env {
        property["minLength"] = json!(1);
    }
    property["description"] = json!(key.doc);
    property
}
