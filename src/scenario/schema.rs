//! The JSON Schema of a scenario file, for completion and checks in editors.

use super::model::{PlanSpec, ScenarioFile};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Schema of a scenario file (draft 2020-12). Unknown keys are refused, and wherever a value is not free text a matrix
/// reference may stand for it.
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let plan = generator.subschema_for::<PlanSpec>().to_value();
    let mut root = generator.root_schema_for::<ScenarioFile>().to_value();
    let plan = resolved(&root, &plan);
    merge_plan(&mut root, plan);
    let mappings = mappings(&root);
    if let Some(definitions) = root.get_mut("$defs").and_then(Value::as_object_mut) {
        definitions.values_mut().for_each(|schema| allow_references(schema, &mappings));
        let pattern = r"^\$\{\{ *matrix\.[^ }]+ *\}\}$";
        let reference = json!({
            "description": "The value of a matrix key, such as `${{ matrix.disk }}`.",
            "type": "string",
            "pattern": pattern
        });
        definitions.insert("MatrixReference".to_owned(), reference);
    }
    allow_references(&mut root, &mappings);
    root
}

/// References to the definitions that are mappings, for which no matrix value can stand.
fn mappings(root: &Value) -> BTreeSet<String> {
    let definitions = root.get("$defs").and_then(Value::as_object).into_iter().flatten();
    let is_mapping = |schema: &Value| schema.get("type").and_then(Value::as_str) == Some("object");
    definitions.filter(|(_, schema)| is_mapping(schema)).map(|(name, _)| format!("#/$defs/{name}")).collect()
}

/// The schema that a reference into `$defs` names.
fn resolved(root: &Value, reference: &Value) -> Value {
    let name = reference.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix("#/$defs/"));
    let found = name.and_then(|name| root.get("$defs").and_then(|definitions| definitions.get(name)));
    found.cloned().unwrap_or_else(|| reference.clone())
}

/// Plan keys stand at the top of the file unless it has `plans`.
fn merge_plan(root: &mut Value, plan: Value) {
    let Some(root) = root.as_object_mut() else { return };
    let Value::Object(mut plan) = plan else { return };
    let keys = plan.remove("properties");
    if let (Some(Value::Object(own)), Some(Value::Object(more))) = (root.get_mut("properties"), keys) {
        own.extend(more);
    }
    let one = json!([{"required": ["plans"]}, {"required": ["virtual_machines"]}]);
    root.insert("oneOf".to_owned(), one);
}

/// Lets a matrix reference stand wherever a property is not free text.
fn allow_references(schema: &mut Value, mappings: &BTreeSet<String>) {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (name, property) in properties.iter_mut() {
        if name == "matrix" || !is_typed_scalar(property, mappings) {
            continue;
        }
        let Value::Object(mut old) = property.take() else { continue };
        let mut new = Map::new();
        for keyword in ["description", "default"] {
            if let Some(value) = old.remove(keyword) {
                new.insert(keyword.to_owned(), value);
            }
        }
        let choices = match old.remove("anyOf") {
            Some(Value::Array(mut choices)) if old.is_empty() => {
                choices.push(matrix_reference());
                choices
            }
            Some(any_of) => {
                old.insert("anyOf".to_owned(), any_of);
                vec![Value::Object(old), matrix_reference()]
            }
            None => vec![Value::Object(old), matrix_reference()],
        };
        new.insert("anyOf".to_owned(), Value::Array(choices));
        *property = Value::Object(new);
    }
}

fn matrix_reference() -> Value {
    json!({"$ref": "#/$defs/MatrixReference"})
}

/// Whether a value is neither text, which may be a reference as it is, nor a list or mapping.
fn is_typed_scalar(property: &Value, mappings: &BTreeSet<String>) -> bool {
    if let Some(name) = property.get("$ref").and_then(Value::as_str) {
        return !mappings.contains(name);
    }
    if let Some(choices) = property.get("anyOf").and_then(Value::as_array) {
        let null = |choice: &Value| choice.get("type").and_then(Value::as_str) == Some("null");
        return choices.iter().filter(|choice| !null(choice)).all(|choice| is_typed_scalar(choice, mappings));
    }
    let types: Vec<&str> = match property.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => return false,
    };
    !types.iter().any(|one| ["string", "array", "object"].contains(one))
}
