//! PATCH in its four forms.
//!
//! Source: cluster-api.md section 6.6.

use super::apply;
use super::convert::{to_served, to_stored};
use super::failure::Failure;
use super::object::{copy_field, meta, meta_text};
use super::request::{Call, decode};
use super::store::State;
use super::update::{Written, finish};
use super::{json_patch, strategic, validate};
use bytes::Bytes;
use serde_json::Value;

const JSON: &str = "application/json-patch+json";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

/// Patches the object of a call.
pub(super) fn patch(state: &mut State, call: &Call, bytes: &Bytes) -> Result<Written, Failure> {
    let body = decode(&call.content_type, bytes)?;
    if call.content_type == APPLY {
        return apply::apply(state, call, body);
    }
    if !call.params.text("force").is_empty() {
        let message =
            "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch";
        return Err(Failure::new(422, "Invalid", message));
    }
    let old = state.find(&call.kind, &call.namespace, &call.name).ok_or_else(|| call.not_found())?;
    let mut value = to_served(&call.kind, &call.version, old.value.clone());
    match call.content_type.as_str() {
        JSON => json_patch::apply(&mut value, &body)?,
        MERGE => {
            must_be_object(&body)?;
            ::json_patch::merge(&mut value, &body);
        }
        STRATEGIC if !call.kind.custom => {
            must_be_object(&body)?;
            strategic::merge(&call.kind, &mut value, &body);
        }
        other => return Err(unsupported(other, call.kind.custom)),
    }
    if !value.is_object() {
        return Err(Failure::bad_request("the patch leaves no object"));
    }
    validate::type_of(&value, &call.api_version(), &call.kind.kind)?;
    same_identity(call, &value)?;
    let mut new = to_stored(&call.kind, value);
    // An emptied list is how a client asks for ownership to be forgotten; anything else it cannot set.
    if new["metadata"]["managedFields"].as_array().is_none_or(|entries| !entries.is_empty()) {
        copy_field(&old.value["metadata"], meta(&mut new), "managedFields");
    }
    finish(state, call, &old, new, true)
}

fn must_be_object(body: &Value) -> Result<(), Failure> {
    if body.is_object() { Ok(()) } else { Err(Failure::bad_request("the patch is no object")) }
}

fn same_identity(call: &Call, value: &Value) -> Result<(), Failure> {
    let fits = meta_text(value, "name") == call.name && meta_text(value, "namespace") == call.namespace;
    if fits { Ok(()) } else { Err(Failure::bad_request("a patch cannot change the name or namespace of an object")) }
}

fn unsupported(given: &str, custom: bool) -> Failure {
    let served = if custom { [JSON, MERGE, APPLY].join(", ") } else { [JSON, MERGE, STRATEGIC, APPLY].join(", ") };
    let message = format!(
        "the body of the request was in an unknown format - accepted media types include: {served}; not {given:?}"
    );
    Failure::new(415, "UnsupportedMediaType", message)
}
