//! Server-side apply.
//!
//! Source: cluster-api.md section 6.6.

use super::convert::{to_served, to_stored};
use super::failure::{Cause, Failure};
use super::fields::{FieldSet, Site, merge, remove};
use super::object::{fields, meta, namespace};
use super::ownership::{Owner, ownable, owners_of, set_owners};
use super::request::Call;
use super::store::State;
use super::update::{Written, finish};
use super::{create, schema, validate};
use serde_json::Value;

/// Who owned an object's fields before it was first applied.
const BEFORE: &str = "before-first-apply";

/// Applies a configuration to the object of a call, which is created if it is not there.
pub(super) fn apply(state: &mut State, call: &Call, mut body: Value) -> Result<Written, Failure> {
    if call.params.text("fieldManager").is_empty() {
        let cause = Cause::required("fieldManager", "is required for apply patch");
        return Err(Failure::options("PatchOptions", &[cause]));
    }
    check_type(call, &body)?;
    check_fields(call, &body)?;
    validate::identity(&body, &call.namespace, &call.name)?;
    if body["metadata"]["managedFields"].is_array() {
        return Err(Failure::bad_request("metadata.managedFields must be nil"));
    }
    meta(&mut body).remove("managedFields");
    meta(&mut body).insert("name".into(), call.name.clone().into());
    if call.kind.namespaced {
        meta(&mut body).insert("namespace".into(), call.namespace.clone().into());
    }
    fields(&mut body).insert("kind".into(), call.kind.kind.clone().into());
    keep_written_part(call, &mut body);
    let site = Site::root(&call.kind, &call.version);
    let mut own = Owner::of_call(call, "Apply");
    own.set = FieldSet::of(&ownable(&body), &site);
    let Some(old) = state.find(&call.kind, &call.namespace, &call.name) else {
        if call.on_status() {
            return Err(call.not_found());
        }
        set_owners(&mut body, &[own]);
        return create::store(state, call, to_stored(&call.kind, body));
    };
    let live = to_served(&call.kind, &call.version, old.value.clone());
    let merged = merge_owned(call, &live, &body, own)?;
    finish(state, call, &old, to_stored(&call.kind, merged), false)
}

/// An applied configuration names its type.
fn check_type(call: &Call, body: &Value) -> Result<(), Failure> {
    let text = |field: &str| body[field].as_str().unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    if kind == call.kind.kind && !api_version.is_empty() {
        return validate::type_of(call, body);
    }
    let api_version = if api_version.is_empty() { "/" } else { api_version };
    Err(Failure::bad_request(format!("invalid object type: {api_version}, Kind={kind}")))
}

/// What the schema does not declare cannot be owned, so it is no matter of `fieldValidation`.
fn check_fields(call: &Call, body: &Value) -> Result<(), Failure> {
    let schema = call.kind.version(&call.version).and_then(|version| version.schema.clone());
    let unknown = schema.map(|schema| schema::undeclared(&schema, body)).unwrap_or_default();
    let texts: Vec<String> = unknown.iter().map(|path| format!(".{path}: field not declared in schema")).collect();
    let why = match texts.as_slice() {
        [] => return Ok(()),
        [one] => one.clone(),
        all => format!("errors:\n  {}", all.join("\n  ")),
    };
    let (name, api_version, kind) = (&call.name, call.api_version(), &call.kind.kind);
    let message =
        format!("failed to create typed patch object ({}/{name}; {api_version}, Kind={kind}): {why}", namespace(body));
    Err(Failure::new(500, "", message))
}

/// Only the part that the path writes may be owned through it.
fn keep_written_part(call: &Call, body: &mut Value) {
    let map = fields(body);
    if call.on_status() {
        map.retain(|key, _| matches!(key.as_str(), "apiVersion" | "kind" | "metadata" | "status"));
    } else if call.kind.has_status(&call.version) {
        map.remove("status");
    }
}

fn merge_owned(call: &Call, live: &Value, body: &Value, mut own: Owner) -> Result<Value, Failure> {
    let site = Site::root(&call.kind, &call.version);
    let mut owners = owners_of(live);
    if owners.is_empty() {
        let set = FieldSet::of(&ownable(live), &site);
        let (manager, operation) = (BEFORE.to_owned(), "Update".to_owned());
        owners.push(Owner { manager, operation, subresource: String::new(), set, ..own.clone() });
    }
    let mut merged = live.clone();
    merge(&mut merged, body, &site);
    let (changed, _) = FieldSet::difference(&ownable(live), &ownable(&merged), &site);
    let disputed = own.set.shared(&changed);
    if call.params.flag("force") {
        for owner in owners.iter_mut().filter(|owner| !owner.is_same(&own)) {
            owner.set = owner.set.without(&owner.set.shared(&disputed));
        }
    } else {
        check_conflicts(&owners, &own, &disputed)?;
    }
    let mut others = FieldSet::default();
    for owner in owners.iter().filter(|owner| !owner.is_same(&own)) {
        others.add(&owner.set);
    }
    match owners.iter().position(|owner| owner.is_same(&own)) {
        Some(at) => {
            let dropped = owners[at].set.without(&own.set).without(&others);
            remove(&mut merged, &dropped, &site);
            if owners[at].set == own.set && owners[at].api_version == own.api_version {
                // Nothing new is owned: the same apply again must be no change at all.
                own.time.clone_from(&owners[at].time);
            }
            owners[at] = own;
        }
        None => owners.push(own),
    }
    set_owners(&mut merged, &owners);
    Ok(merged)
}

fn check_conflicts(owners: &[Owner], own: &Owner, disputed: &FieldSet) -> Result<(), Failure> {
    let mut causes = Vec::new();
    for owner in owners.iter().filter(|owner| !owner.is_same(own)) {
        let part = if owner.subresource.is_empty() {
            String::new()
        } else {
            format!(" with subresource {:?}", owner.subresource)
        };
        // Of an applied configuration the version does not matter.
        let using = if owner.operation == "Apply" { String::new() } else { format!(" using {}", owner.api_version) };
        let message = format!("conflict with {:?}{part}{using}", owner.manager);
        for field in owner.set.shared(disputed).paths() {
            causes.push(Cause { reason: "FieldManagerConflict", message: message.clone(), field });
        }
    }
    if causes.is_empty() {
        return Ok(());
    }
    let text = if let [cause] = causes.as_slice() {
        format!("Apply failed with 1 conflict: {}: {}", cause.message, cause.field)
    } else {
        let mut text = format!("Apply failed with {} conflicts:", causes.len());
        let mut before = "";
        for cause in &causes {
            if cause.message != before {
                let start = if before.is_empty() { " " } else { "\n" };
                text.push_str(&cause.message.replacen("conflict with", &format!("{start}conflicts with"), 1));
                text.push(':');
                before = &cause.message;
            }
            text.push_str("\n- ");
            text.push_str(&cause.field);
        }
        text
    };
    Err(Failure::new(409, "Conflict", text).with_causes(&causes))
}
