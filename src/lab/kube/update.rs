//! Changes of objects: PUT, and the common end of every change.
//!
//! Source: cluster-api.md section 6.2.

use super::admit;
use super::convert::to_stored;
use super::failure::{Cause, Failure};
use super::object::{Object, copy_field, fields, finalizers, is_deleting, member, meta, meta_text, revision, uid};
use super::ownership;
use super::request::{Call, check_write};
use super::schema::{self, Notes};
use super::store::State;
use super::validate;
use serde_json::Value;
use std::sync::Arc;

/// The answer to a write.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) code: u16,
    /// In its stored form.
    pub(super) object: Arc<Object>,
    /// Texts for `Warning` headers.
    pub(super) warnings: Vec<String>,
}

/// Fields of the metadata that only the server sets.
const SYSTEM: [&str; 7] =
    ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "name", "namespace"];

/// Replaces an object by the body of a PUT.
pub(super) fn replace(state: &mut State, call: &Call, body: Value) -> Result<Written, Failure> {
    check_write(call, "UpdateOptions")?;
    validate::type_of(call, &body)?;
    validate::identity(&body, &call.namespace, &call.name)?;
    if meta_text(&body, "name").is_empty() {
        return Err(validate::nameless(&call.name));
    }
    let old = state.find(&call.kind, &call.namespace, &call.name).ok_or_else(|| call.not_found())?;
    if meta_text(&body, "resourceVersion").is_empty() && call.kind.custom {
        let message = "Invalid value: 0x0: must be specified for an update".to_owned();
        let field = "metadata.resourceVersion".to_owned();
        let cause = Cause { reason: "FieldValueInvalid", message, field };
        return Err(Failure::invalid_as(&call.kind.plural, &call.kind, &call.name, &[cause]));
    }
    let mut new = to_stored(&call.kind, body);
    new["kind"] = call.kind.kind.clone().into();
    copy_field(&old.value["metadata"], meta(&mut new), "managedFields");
    finish(state, call, &old, new, true)
}

/// Stores a change, if it is one. `track` lets the call's manager own what changed; an apply has done that itself.
pub(super) fn finish(
    state: &mut State,
    call: &Call,
    old: &Arc<Object>,
    mut new: Value,
    track: bool,
) -> Result<Written, Failure> {
    let mut notes = Notes::default();
    schema::read(call, &mut new, &mut notes)?;
    check_version(call, &old.value, &new)?;
    for field in SYSTEM {
        copy_field(&old.value["metadata"], meta(&mut new), field);
    }
    meta(&mut new).remove("selfLink");
    new = keep_other_part(call, &old.value, new);
    validate::finalizers_only_shrink(&call.kind, &old.value, &new)?;
    schema::admit(call, &mut new, &notes)?;
    admit::on_update(&call.kind, &old.value, &mut new)?;
    validate::metadata(&call.kind, &new)?;
    copy_field(&old.value["metadata"], meta(&mut new), "resourceVersion");
    if old.value == new {
        return Ok(Written { code: 200, object: old.clone(), warnings: notes.warnings });
    }
    if track {
        ownership::track(call, &old.value, &mut new);
    }
    raise_generation(call, &old.value, &mut new);
    let object = if call.params.dry_run() {
        Object::new(new)
    } else {
        let object = if is_done(call, &new) {
            // The answer is the change; what watchers see as deleted is the last state that was stored.
            state.remove(&call.kind, old.value.clone());
            Object::new(new)
        } else {
            state.put(&call.kind, new)
        };
        if call.kind.is_core("namespaces") && is_deleting(&object.value) {
            state.queue.push_back(super::gc::Work::Namespace(call.name.clone()));
        }
        state.settle();
        object
    };
    Ok(Written { code: 200, object, warnings: notes.warnings })
}

fn check_version(call: &Call, old: &Value, new: &Value) -> Result<(), Failure> {
    let wanted = meta_text(new, "uid");
    if !wanted.is_empty() && wanted != uid(old) {
        if call.content_type.contains("patch") {
            let cause = Cause::invalid("metadata.uid", &wanted.into(), "field is immutable");
            return Err(Failure::invalid(&call.kind, &call.name, &[cause]));
        }
        let key = [
            "/registry",
            if call.kind.custom { call.kind.group.as_str() } else { "" },
            &call.kind.plural,
            &call.namespace,
            &call.name,
        ];
        let key: Vec<&str> = key.into_iter().filter(|part| !part.is_empty()).collect();
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: {}, ResourceVersion: 0, AdditionalErrorMsg: Precondition \
             failed: UID in precondition: {wanted}, UID in object meta: {}",
            key.join("/"),
            uid(old)
        );
        return Err(Failure::conflict(&call.kind, &call.name, &why));
    }
    let wanted = meta_text(new, "resourceVersion");
    if !wanted.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Failure::new(500, "", format!("strconv.ParseUint: parsing {wanted:?}: invalid syntax")));
    }
    if !wanted.is_empty() && wanted != revision(old) {
        return Err(Failure::stale(&call.kind, &call.name));
    }
    Ok(())
}

/// A write of the status keeps all else; a write of the object keeps the status, if that has a sub-resource.
fn keep_other_part(call: &Call, old: &Value, mut new: Value) -> Value {
    if call.on_status() {
        let mut kept = old.clone();
        copy_field(&new, fields(&mut kept), "status");
        if let Some(fields) = new["metadata"].get("managedFields") {
            meta(&mut kept).insert("managedFields".into(), fields.clone());
        }
        if !call.kind.custom {
            for field in ["labels", "annotations", "finalizers"] {
                copy_field(&new["metadata"], meta(&mut kept), field);
            }
        }
        return kept;
    }
    if call.subresource == "finalize" {
        let mut kept = old.clone();
        copy_field(&new["spec"], member(&mut kept, "spec"), "finalizers");
        return kept;
    }
    if call.kind.has_status(&call.version) {
        copy_field(old, fields(&mut new), "status");
    }
    new
}

fn raise_generation(call: &Call, old: &Value, new: &mut Value) {
    let Some(generation) = old["metadata"]["generation"].as_u64() else { return };
    let status_apart = call.kind.has_status(&call.version);
    let apart = |key: &str| key == "metadata" || (status_apart && key == "status");
    if !same_outside(old, new, apart) {
        meta(new).insert("generation".into(), (generation + 1).into());
    }
}

/// Whether two objects are the same in all fields but those that `apart` names.
fn same_outside(left: &Value, right: &Value, apart: impl Fn(&str) -> bool) -> bool {
    let covers = |one: &Value, other: &Value| {
        let map = one.as_object().into_iter().flatten();
        map.filter(|(key, _)| !apart(key)).all(|(key, value)| other.get(key) == Some(value))
    };
    covers(left, right) && covers(right, left)
}

/// Whether nothing holds an object that is being deleted any longer.
fn is_done(call: &Call, value: &Value) -> bool {
    is_deleting(value)
        && finalizers(value).is_empty()
        && !(call.kind.is_core("namespaces")
            && value["spec"]["finalizers"].as_array().is_some_and(|names| !names.is_empty()))
}
