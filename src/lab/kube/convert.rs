//! Between the stored form of an object and the version that a client speaks.
//!
//! Versions of a custom kind differ in their apiVersion only (conversion strategy None). Events are stored in their core
//! form and served in two groups. Source: cluster-api.md section 6.7.

use super::kinds::Kind;
use super::object::{Object, fields};
use super::request::Call;
use serde_json::{Value, json};
use std::sync::Arc;

const EVENTS: &str = "events.k8s.io";

/// Fields of an event: in `events.k8s.io`, in the core group.
const RENAMED: [(&str, &str); 6] = [
    ("regarding", "involvedObject"),
    ("note", "message"),
    ("deprecatedSource", "source"),
    ("deprecatedCount", "count"),
    ("deprecatedFirstTimestamp", "firstTimestamp"),
    ("deprecatedLastTimestamp", "lastTimestamp"),
];
/// The controller's name has one more pair of names.
const REPORTER: (&str, &str) = ("reportingController", "reportingComponent");

/// Whether objects of a kind are served in this version as they are stored.
pub(super) fn is_stored_form(kind: &Kind, version: &str) -> bool {
    kind.storage == version && kind.group != EVENTS
}

/// An object as a call's version has it.
pub(super) fn serve(call: &Call, object: &Arc<Object>) -> Arc<Object> {
    if is_stored_form(&call.kind, &call.version) {
        object.clone()
    } else {
        Object::new(to_served(&call.kind, &call.version, object.value.clone()))
    }
}

/// A stored value as a version of its kind has it.
pub(super) fn to_served(kind: &Kind, version: &str, mut value: Value) -> Value {
    let map = fields(&mut value);
    map.insert("apiVersion".into(), kind.api_version(version).into());
    if kind.group == EVENTS {
        for (served, stored) in RENAMED.into_iter().chain([REPORTER]) {
            if let Some(field) = map.remove(stored) {
                map.insert(served.into(), field);
            }
        }
    }
    value
}

/// A client's value as it is stored.
pub(super) fn to_stored(kind: &Kind, mut value: Value) -> Value {
    let map = fields(&mut value);
    if kind.group == EVENTS {
        for (served, stored) in RENAMED.into_iter().chain([REPORTER]) {
            if let Some(field) = map.remove(served) {
                map.insert(stored.into(), field);
            }
        }
        map.entry("involvedObject").or_insert_with(|| json!({}));
        map.insert("apiVersion".into(), "v1".into());
    } else {
        map.insert("apiVersion".into(), kind.stored_api_version().into());
    }
    value
}
