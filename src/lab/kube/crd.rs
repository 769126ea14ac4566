//! CustomResourceDefinitions: what they declare, and their establishment.

use super::columns::Column;
use super::failure::{Cause, Failure};
use super::kinds::{Kind, Version, qualified};
use super::object::{member, name, text};
use super::schema::Schema;
use crate::facts::{now, rfc3339};
use serde_json::{Value, json};
use std::sync::Arc;

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The kind that a definition declares.
pub(super) fn kind_of(definition: &Value) -> Kind {
    let spec = &definition["spec"];
    let names = &spec["names"];
    let group = text(spec, "/group").to_owned();
    let plural = text(names, "/plural").to_owned();
    let declared = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let storage = declared.iter().find(|version| version["storage"] == true).or(declared.first());
    let mut versions: Vec<Version> =
        declared.iter().filter(|version| version["served"] != false).map(version_of).collect();
    versions.sort_by_key(|version| std::cmp::Reverse(priority(&version.name)));
    let kind = text(names, "/kind").to_owned();
    let list_kind = names["listKind"].as_str().map_or_else(|| format!("{kind}List"), str::to_owned);
    let singular = names["singular"].as_str().map_or_else(|| kind.to_lowercase(), str::to_owned);
    Kind {
        shelf: qualified(&plural, &group).into(),
        list_kind,
        singular,
        short_names: texts(&names["shortNames"]),
        categories: texts(&names["categories"]),
        namespaced: spec["scope"] != "Cluster",
        custom: true,
        generation: true,
        versions,
        storage: storage.map(|version| text(version, "/name")).unwrap_or_default().to_owned(),
        group,
        kind,
        plural,
    }
}

/// The shelf of the kind that a definition declares.
pub(super) fn shelf_of(definition: &Value) -> Option<String> {
    let plural = definition["spec"]["names"]["plural"].as_str()?;
    Some(qualified(plural, definition["spec"]["group"].as_str()?))
}

fn version_of(version: &Value) -> Version {
    let columns = version["additionalPrinterColumns"].as_array();
    let selectable = version["selectableFields"].as_array().into_iter().flatten();
    Version {
        name: text(version, "/name").to_owned(),
        status: version["subresources"].get("status").is_some_and(|status| !status.is_null()),
        schema: version.pointer("/schema/openAPIV3Schema").and_then(Schema::new).map(Arc::new),
        columns: super::columns::custom(columns.map(Vec::as_slice)),
        selectable: selectable.map(|field| text(field, "/jsonPath").to_owned()).collect(),
    }
}

impl Column {
    /// The column that a definition's `additionalPrinterColumns` entry declares.
    pub(super) fn declared(entry: &Value) -> Self {
        Self {
            name: text(entry, "/name").to_owned(),
            kind: text(entry, "/type").to_owned(),
            format: text(entry, "/format").to_owned(),
            description: match text(entry, "/description") {
                "" => format!("Custom resource definition column (in JSONPath format): {}", text(entry, "/jsonPath")),
                given => given.to_owned(),
            },
            priority: entry["priority"].as_i64().unwrap_or(0),
            path: text(entry, "/jsonPath").to_owned(),
        }
    }
}

/// Order of versions: stable before beta before alpha, higher numbers first.
fn priority(version: &str) -> (u8, u32, u32) {
    let Some(rest) = version.strip_prefix('v') else { return (0, 0, 0) };
    let (stage, major, minor) = if let Some((major, minor)) = rest.split_once("beta") {
        (2, major, minor)
    } else if let Some((major, minor)) = rest.split_once("alpha") {
        (1, major, minor)
    } else {
        (3, rest, "0")
    };
    match (major.parse(), minor.parse()) {
        (Ok(major), Ok(minor)) => (stage, major, minor),
        _ => (0, 0, 0),
    }
}

/// Checks a definition and gives it the status of an established one.
pub(super) fn establish(kind: &Kind, definition: &mut Value) -> Result<(), Failure> {
    check(kind, definition)?;
    let declared = kind_of(definition);
    member(&mut definition["spec"], "conversion").entry("strategy").or_insert_with(|| "None".into());
    {
        let names = member(&mut definition["spec"], "names");
        names.entry("singular").or_insert_with(|| declared.singular.clone().into());
        names.entry("listKind").or_insert_with(|| declared.list_kind.clone().into());
    }
    let names = definition["spec"]["names"].clone();
    let at = rfc3339(now());
    let condition = |kind: &str, reason: &str, message: &str| json!({"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": at});
    let status = member(definition, "status");
    status.insert("acceptedNames".into(), names);
    status.insert("storedVersions".into(), json!([declared.storage]));
    let conditions = [
        condition("NamesAccepted", "NoConflicts", "no conflicts found"),
        condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    ];
    status.entry("conditions").or_insert_with(|| conditions.to_vec().into());
    Ok(())
}

/// What a definition can never change: which kind it is of.
pub(super) fn check_change(kind: &Kind, old: &Value, new: &Value) -> Result<(), Failure> {
    let mut causes = Vec::new();
    for path in ["group", "scope", "names/kind", "names/plural"] {
        let pointer = format!("/spec/{path}");
        if let Some(value) = new.pointer(&pointer).filter(|value| Some(*value) != old.pointer(&pointer)) {
            causes.push(Cause::invalid(format!("spec.{}", path.replace('/', ".")), value, "field is immutable"));
        }
    }
    if causes.is_empty() { Ok(()) } else { Err(Failure::invalid(kind, name(old), &causes)) }
}

fn check(kind: &Kind, definition: &Value) -> Result<(), Failure> {
    let spec = &definition["spec"];
    let mut causes = Vec::new();
    for path in ["group", "names/plural", "names/kind", "scope"] {
        if text(spec, &format!("/{path}")).is_empty() {
            causes.push(Cause::required(format!("spec.{}", path.replace('/', ".")), ""));
        }
    }
    let scope = text(spec, "/scope");
    if !matches!(scope, "" | "Cluster" | "Namespaced") {
        causes.push(Cause::unsupported("spec.scope", &format!("{scope:?}"), &["Cluster", "Namespaced"]));
    }
    let versions = spec["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if versions.iter().filter(|version| version["storage"] == true).count() != 1 {
        let why = "must have exactly one version marked as storage version";
        causes.push(Cause::invalid("spec.versions", &spec["versions"], why));
    }
    for (index, version) in versions.iter().enumerate() {
        if version.pointer("/schema/openAPIV3Schema").is_none() {
            causes.push(Cause::required(
                format!("spec.versions[{index}].schema.openAPIV3Schema"),
                "schemas are required",
            ));
        }
    }
    let wanted = qualified(text(spec, "/names/plural"), text(spec, "/group"));
    if name(definition) != wanted {
        let why = "must be spec.names.plural+\".\"+spec.group";
        causes.push(Cause::invalid("metadata.name", &name(definition).into(), why));
    }
    if causes.is_empty() { Ok(()) } else { Err(Failure::invalid(kind, name(definition), &causes)) }
}

#[cfg(test)]
mod tests {
    use super::priority;

    #[test]
    fn versions_are_ordered_as_discovery_orders_them() {
        let mut versions = ["v1alpha1", "v2", "foo", "v1beta2", "v1", "v1beta10"];
        versions.sort_by_key(|version| std::cmp::Reverse(priority(version)));
        assert_eq!(versions, ["v2", "v1", "v1beta10", "v1beta2", "v1alpha1", "foo"]);
    }
}
