//! PATCH in its four forms.
//!
//! Source: cluster-api.md section 6.6.

use super::apply;
use super::convert::{to_served, to_stored};
use super::failure::{Cause, Failure};
use super::object::{copy_field, meta, meta_text};
use super::request::{Call, UNKNOWN_FORMAT, check_write, decode};
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
    let served: &[&str] = if call.kind.custom { &[JSON, MERGE, APPLY] } else { &[JSON, MERGE, STRATEGIC, APPLY] };
    if !served.contains(&call.content_type.as_str()) {
        return Err(unsupported(served, call.kind.custom));
    }
    check_write(call, "PatchOptions")?;
    if call.content_type == APPLY {
        return apply::apply(state, call, decode(&call.content_type, bytes)?);
    }
    if !call.params.text("force").is_empty() {
        let cause = Cause::forbidden("force", "may not be specified for non-apply patch");
        return Err(Failure::options("PatchOptions", &[cause]));
    }
    let body = serde_json::from_slice(bytes).map_err(|error| undecodable(&error))?;
    let old = state.find(&call.kind, &call.namespace, &call.name).ok_or_else(|| call.not_found())?;
    let mut value = to_served(&call.kind, &call.version, old.value.clone());
    match call.content_type.as_str() {
        JSON => json_patch::apply(&mut value, &body)?,
        MERGE => {
            must_be_object(&body)?;
            ::json_patch::merge(&mut value, &body);
        }
        _ => {
            must_be_object(&body)?;
            strategic::merge(&call.kind, &mut value, &body);
        }
    }
    if !value.is_object() {
        return Err(Failure::bad_request("the patch leaves no object"));
    }
    same_type(call, &value)?;
    validate::type_of(call, &value)?;
    validate::identity(&value, &call.namespace, &call.name)?;
    if meta_text(&value, "name").is_empty() {
        return Err(validate::nameless(&call.name));
    }
    let mut new = to_stored(&call.kind, value);
    // A list of one empty entry is how a client asks for ownership to be forgotten, too.
    if new["metadata"]["managedFields"] == serde_json::json!([{}]) {
        meta(&mut new).insert("managedFields".into(), serde_json::json!([]));
    }
    // An emptied list is how a client asks for ownership to be forgotten; anything else it cannot set.
    if new["metadata"]["managedFields"].as_array().is_none_or(|entries| !entries.is_empty()) {
        copy_field(&old.value["metadata"], meta(&mut new), "managedFields");
    }
    finish(state, call, &old, new, true)
}

fn must_be_object(body: &Value) -> Result<(), Failure> {
    if body.is_object() {
        return Ok(());
    }
    let why = "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}";
    Err(Failure::bad_request(why))
}

fn undecodable(error: &serde_json::Error) -> Failure {
    let why = if error.is_eof() { "unexpected end of JSON input".to_owned() } else { error.to_string() };
    Failure::bad_request(format!("error decoding patch: {why}"))
}

/// A patch that gives a custom object another apiVersion makes it invalid.
fn same_type(call: &Call, value: &Value) -> Result<(), Failure> {
    let wanted = call.api_version();
    let given = value["apiVersion"].as_str().unwrap_or_default();
    if !call.kind.custom || given == wanted {
        return Ok(());
    }
    let cause = Cause::invalid("apiVersion", &given.into(), &format!("must be {wanted}"));
    Err(Failure::invalid(&call.kind, &call.name, &[cause]))
}

fn unsupported(served: &[&str], custom: bool) -> Failure {
    if custom {
        return Failure::new(415, "UnsupportedMediaType", format!("{UNKNOWN_FORMAT}{}", served.join(", ")));
    }
    let mut failure = Failure::unserved(415);
    "415: Unsupported Media Type".clone_into(&mut failure.message);
    failure
}
