//! The custom kinds that sequences use, the same on both sides.

use crate::part::Part;
use serde_json::{Value, json};

/// Collections of kinds.
pub(crate) const MAPS: &str = "/api/v1/namespaces/{ns}/configmaps";
pub(crate) const SECRETS: &str = "/api/v1/namespaces/{ns}/secrets";
pub(crate) const PODS: &str = "/api/v1/namespaces/{ns}/pods";
/// With a schema and a status sub-resource.
pub(crate) const WIDGETS: &str = "/apis/diff.mtvtest.io/v1/namespaces/{ns}/widgets";
/// Without a status sub-resource.
pub(crate) const GADGETS: &str = "/apis/diff.mtvtest.io/v1/namespaces/{ns}/gadgets";
/// Of the whole cluster.
pub(crate) const GLOBES: &str = "/apis/diff.mtvtest.io/v1/globes";

pub(crate) fn definitions() -> [Value; 3] {
    let mut widgets = definition("widgets", "Widget", "Namespaced", &widget_schema());
    let version = &mut widgets["spec"]["versions"][0];
    version["subresources"] = json!({"status": {}});
    version["additionalPrinterColumns"] = json!([
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "Mode", "type": "string", "jsonPath": ".spec.mode", "description": "How it is."},
        {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
        {"name": "Ready", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status", "priority": 1},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]);
    version["selectableFields"] = json!([{"jsonPath": ".spec.mode"}]);
    widgets["spec"]["names"]["shortNames"] = json!(["wd"]);
    widgets["spec"]["names"]["categories"] = json!(["all"]);
    let open = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    [widgets, definition("gadgets", "Gadget", "Namespaced", &open), definition("globes", "Globe", "Cluster", &open)]
}

/// A definition with one version.
pub(crate) fn definition(plural: &str, kind: &str, scope: &str, schema: &Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.diff.mtvtest.io")},
        "spec": {
            "group": "diff.mtvtest.io", "scope": scope, "names": {"plural": plural, "kind": kind},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
        },
    })
}

fn widget_schema() -> Value {
    json!({"type": "object", "required": ["spec"], "properties": {
        "spec": {"type": "object", "required": ["size"], "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 100},
            "mode": {"type": "string", "enum": ["soft", "hard"], "default": "soft"},
            "word": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 5},
            "when": {"type": "string", "format": "date-time"},
            "note": {"type": "string", "nullable": true},
            "on": {"type": "boolean"},
            "ratio": {"type": "number"},
            "port": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
            "inner": {"type": "object", "properties": {"depth": {"type": "integer", "default": 3}, "name": {"type": "string"}}},
            "extra": {"type": "object", "additionalProperties": {"type": "string"}},
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "tags": {"type": "array", "x-kubernetes-list-type": "set", "maxItems": 3, "items": {"type": "string"}},
            "lines": {"type": "array", "items": {"type": "string"}},
            "parts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
                "items": {"type": "object", "required": ["id"], "properties": {
                    "id": {"type": "string"}, "weight": {"type": "integer"}, "color": {"type": "string", "default": "red"}}}},
        }},
        "status": {"type": "object", "properties": {
            "phase": {"type": "string"},
            "count": {"type": "integer"},
            "conditions": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
                "items": {"type": "object", "required": ["type"], "properties": {
                    "type": {"type": "string"}, "status": {"type": "string"}, "message": {"type": "string"}}}},
        }},
    }})
}

/// Forklift's own definitions.
pub(crate) fn forklift() -> Vec<Value> {
    let files = std::fs::read_dir(Part::Definitions.path()).unwrap().map(|entry| entry.unwrap().path());
    let yaml = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    yaml.map(|path| serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()).collect()
}

pub(crate) fn map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}})
}

pub(crate) fn widget(name: &str) -> Value {
    json!({"apiVersion": "diff.mtvtest.io/v1", "kind": "Widget", "metadata": {"name": name}, "spec": {"size": 1}})
}

pub(crate) fn gadget(name: &str) -> Value {
    json!({"apiVersion": "diff.mtvtest.io/v1", "kind": "Gadget", "metadata": {"name": name}, "spec": {"size": 1}})
}

/// An object with more in it.
pub(crate) fn with(mut object: Value, more: &Value) -> Value {
    json_patch::merge(&mut object, more);
    object
}
