//! OpenAPI v3: an index and a document for each group and version.
//!
//! The documents name the operations of each kind, which is what kubectl wants to know before it creates or applies, and
//! the schemas of custom kinds. Source: cluster-api.md section 6.1.

use super::kinds::{Kind, Version};
use super::present;
use super::store::State;
use axum::body::Body;
use http::Response;
use serde_json::{Map, Value, json};

const ROOT: &str = "/openapi/v3";

/// The OpenAPI document at a path.
pub(super) fn answer(state: &mut State, path: &str) -> Option<Response<Body>> {
    let rest = path.strip_prefix(ROOT)?.trim_matches('/');
    if rest.is_empty() {
        return Some(present::json_value(200, &index(state)));
    }
    let (group, version) = match rest.split('/').collect::<Vec<_>>().as_slice() {
        ["api", version] => (String::new(), (*version).to_owned()),
        ["apis", group, version] => ((*group).to_owned(), (*version).to_owned()),
        _ => return None,
    };
    document(state, &group, &version).map(|document| present::json_value(200, &document))
}

pub(super) fn base(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

fn index(state: &State) -> Value {
    let mut paths = Map::new();
    for kind in state.registry.iter() {
        for version in &kind.versions {
            let base = base(&kind.group, &version.name);
            // The hash lets clients cache a document until the kinds change.
            let url = format!("{ROOT}/{base}?hash={}", state.registry.generation);
            paths.insert(base, json!({"serverRelativeURL": url}));
        }
    }
    json!({"paths": paths})
}

fn document(state: &State, group: &str, version: &str) -> Option<Value> {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for kind in state.registry.iter().filter(|kind| kind.group == group) {
        let Some(served) = kind.version(version) else { continue };
        let scope = if kind.namespaced { "namespaces/{namespace}/" } else { "" };
        let collection = format!("/{}/{scope}{}", base(group, version), kind.plural);
        let item = format!("{collection}/{{name}}");
        paths.insert(collection, operations(kind, version, &[("get", "list"), ("post", "post")]));
        let verbs = [("get", "get"), ("put", "put"), ("patch", "patch"), ("delete", "delete")];
        paths.insert(item, operations(kind, version, &verbs));
        schemas.insert(schema_name(kind, version), schema(kind, served));
    }
    (!paths.is_empty()).then(|| {
        json!({
            "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "unversioned"},
            "paths": paths, "components": {"schemas": schemas},
        })
    })
}

fn type_of(kind: &Kind, version: &str) -> Value {
    json!({"group": kind.group, "kind": kind.kind, "version": version})
}

fn operations(kind: &Kind, version: &str, verbs: &[(&str, &str)]) -> Value {
    let parameter =
        |name: &str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
    let body = json!({"$ref": format!("#/components/schemas/{}", schema_name(kind, version))});
    let mut operations = Map::new();
    for (method, action) in verbs {
        let mut operation = json!({
            "x-kubernetes-action": action, "x-kubernetes-group-version-kind": type_of(kind, version),
            "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": body}}}},
        });
        if matches!(*method, "post" | "put" | "patch") {
            operation["parameters"] = ["dryRun", "fieldManager", "fieldValidation"].map(parameter).to_vec().into();
        }
        operations.insert((*method).to_owned(), operation);
    }
    Value::Object(operations)
}

/// `io.konveyor.forklift.v1beta1.Plan`.
fn schema_name(kind: &Kind, version: &str) -> String {
    let group = if kind.group.is_empty() { "io.k8s.api.core" } else { &kind.group };
    let mut parts: Vec<&str> = group.split('.').collect();
    if !kind.group.is_empty() {
        parts.reverse();
    }
    format!("{}.{version}.{}", parts.join("."), kind.kind)
}

fn schema(kind: &Kind, version: &Version) -> Value {
    let mut schema = version.schema.as_ref().map_or_else(|| json!({"type": "object"}), |schema| schema.root().clone());
    schema["x-kubernetes-group-version-kind"] = json!([type_of(kind, &version.name)]);
    if version.schema.is_none() {
        // Anything may be in it: say so, or clients would call every field unknown.
        schema["x-kubernetes-preserve-unknown-fields"] = true.into();
    }
    schema
}
