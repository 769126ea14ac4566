//! `managedFields`: which manager owns which fields.
//!
//! Ownership is kept from the first apply on: until then nobody can conflict, and objects that are never applied cost
//! nothing. What existed before belongs to `before-first-apply`, as on a real server. Source: cluster-api.md 6.2, 6.6.

use super::fields::{FieldSet, Site};
use super::object::{fields, meta};
use super::request::Call;
use crate::facts::{now, rfc3339};
use serde_json::{Value, json};

/// What one manager owns through one kind of operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) manager: String,
    /// `Apply` or `Update`.
    pub(super) operation: String,
    pub(super) subresource: String,
    pub(super) api_version: String,
    pub(super) time: String,
    pub(super) set: FieldSet,
}

impl Owner {
    /// The owner that a call writes as, with nothing yet.
    pub(super) fn of_call(call: &Call, operation: &str) -> Self {
        Self {
            manager: call.manager(),
            operation: operation.to_owned(),
            subresource: call.subresource.clone(),
            api_version: call.api_version(),
            time: rfc3339(now()),
            set: FieldSet::default(),
        }
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.manager == other.manager && self.operation == other.operation && self.subresource == other.subresource
    }
}

/// The owners of an object.
pub(super) fn owners_of(value: &Value) -> Vec<Owner> {
    let entries = value["metadata"]["managedFields"].as_array().into_iter().flatten();
    entries
        .map(|entry| {
            let field = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            Owner {
                manager: field("manager"),
                operation: field("operation"),
                subresource: field("subresource"),
                api_version: field("apiVersion"),
                time: field("time"),
                set: FieldSet::from_json(&entry["fieldsV1"]),
            }
        })
        .collect()
}

/// Writes the owners into an object; those who own nothing are left out.
pub(super) fn set_owners(value: &mut Value, owners: &[Owner]) {
    let mut owners: Vec<&Owner> = owners.iter().filter(|owner| !owner.set.is_empty()).collect();
    owners.sort_by_key(|owner| (&owner.operation, &owner.time, &owner.manager, &owner.api_version));
    let entries: Vec<Value> = owners
        .into_iter()
        .map(|owner| {
            let mut entry = json!({
                "manager": owner.manager, "operation": owner.operation, "apiVersion": owner.api_version,
                "time": owner.time, "fieldsType": "FieldsV1", "fieldsV1": owner.set.to_json(),
            });
            if !owner.subresource.is_empty() {
                entry["subresource"] = owner.subresource.clone().into();
            }
            entry
        })
        .collect();
    if entries.is_empty() {
        meta(value).remove("managedFields");
    } else {
        meta(value).insert("managedFields".into(), entries.into());
    }
}

/// The part of an object that can be owned: no identity, nothing that the server sets.
pub(super) fn ownable(value: &Value) -> Value {
    const USERS: [&str; 4] = ["labels", "annotations", "ownerReferences", "finalizers"];
    let mut value = value.clone();
    let map = fields(&mut value);
    map.remove("apiVersion");
    map.remove("kind");
    let metadata = meta(&mut value);
    metadata.retain(|field, _| USERS.contains(&field.as_str()));
    if metadata.is_empty() {
        fields(&mut value).remove("metadata");
    }
    value
}

/// Makes the manager of an ordinary write the owner of what it changed.
pub(super) fn track(call: &Call, old: &Value, new: &mut Value) {
    if new["metadata"]["managedFields"].as_array().is_none_or(Vec::is_empty) {
        meta(new).remove("managedFields");
        return;
    }
    let site = Site::root(&call.kind, &call.version);
    let (changed, removed) = FieldSet::difference(&ownable(old), &ownable(new), &site);
    let mut owners = owners_of(new);
    let mut own = Owner::of_call(call, "Update");
    if let Some(known) = owners.iter_mut().find(|owner| owner.is_same(&own)) {
        known.set.add(&changed);
        known.time.clone_from(&own.time);
    } else {
        own.set = changed.clone();
        owners.push(own.clone());
    }
    for owner in &mut owners {
        owner.set = owner.set.without(&removed);
        if !owner.is_same(&own) {
            owner.set = owner.set.without(&changed);
        }
    }
    set_owners(new, &owners);
}
