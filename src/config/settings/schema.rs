//! The JSON Schema of the settings file, from the declaration.

use super::declare::KEYS;
use schemars::Schema;
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 2020-12) of the settings file, for editors and other tools.
pub fn settings_schema() -> Schema {
    let mut top = Map::new();
    for key in KEYS.iter() {
        let mut property = key.schema.clone();
        property["description"] = json!(key.doc);
        if let Some(default) = &key.default {
            property["default"] = json!(default);
        }
        match key.name.split_once('.') {
            None => drop(top.insert(key.name.to_owned(), property)),
            Some((group, name)) => {
                let empty = || json!({"type": ["object", "null"], "properties": {}, "additionalProperties": false});
                top.entry(group).or_insert_with(empty)["properties"][name] = property;
            }
        }
    }
    let mut schema = Schema::default();
    for (key, value) in [
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("title", json!("mtvtest settings file")),
        ("type", json!(["object", "null"])),
        ("properties", Value::Object(top)),
        ("additionalProperties", json!(false)),
    ] {
        schema.insert(key.to_owned(), value);
    }
    schema
}
