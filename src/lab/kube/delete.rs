//! Deletion of one object or of a collection.
//!
//! Source: cluster-api.md section 6.5.

use super::failure::{Cause, Failure, details};
use super::gc::{CLEANUP, FOREGROUND, ORPHAN, Work};
use super::kinds::Kind;
use super::object::{Object, finalizers, is_deleting, member, meta, name, revision, set_finalizers, uid};
use super::request::Call;
use super::selector::Selector;
use super::store::{Place, State};
use crate::facts::{now, rfc3339};
use serde_json::{Value, json};
use std::sync::Arc;

/// What becomes of the dependents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    /// The kind's default: background, unless a finalizer already says otherwise.
    Default,
    /// They go after their owner.
    Background,
    /// They go before their owner.
    Foreground,
    /// They stay.
    Orphan,
}

/// What a deletion led to.
#[derive(Debug)]
pub(super) enum Deletion {
    /// The object is gone; its last state.
    Gone(Arc<Object>),
    /// The object waits for its finalizers.
    Marked(Arc<Object>),
}

/// Namespaces that no one may delete.
const PROTECTED: [&str; 3] = ["default", "kube-system", "kube-public"];

/// Deletes the object of a call.
pub(super) fn delete(state: &mut State, call: &Call, options: &Value) -> Result<Deletion, Failure> {
    let policy = policy(call, options)?;
    let old = state.find(&call.kind, &call.namespace, &call.name).ok_or_else(|| call.not_found())?;
    check_preconditions(call, &old.value, options)?;
    if call.kind.is_core("namespaces") && PROTECTED.contains(&call.name.as_str()) {
        return Err(Failure::forbidden(&call.kind, &call.name, "this namespace may not be deleted"));
    }
    if is_dry_run(call, options) {
        let stays = !finalizers(&old.value).is_empty();
        return Ok(if stays { Deletion::Marked(old) } else { Deletion::Gone(old) });
    }
    let deletion = delete_object(state, &call.kind, &old, policy);
    state.settle();
    Ok(deletion)
}

/// Deletes everything that a call selects; the objects that were there.
pub(super) fn delete_collection(state: &mut State, call: &Call, options: &Value) -> Result<Vec<Arc<Object>>, Failure> {
    let selector = Selector::of(call)?;
    let policy = policy(call, options)?;
    let shelf = state.shelf(&call.kind);
    let selected: Vec<Arc<Object>> =
        shelf.select(call.scope()).filter(|object| selector.matches(&object.value)).cloned().collect();
    if !is_dry_run(call, options) {
        for object in &selected {
            // An earlier deletion may have taken or changed this one.
            if let Some(current) = state.find_place(&Place::of(&call.kind, &object.value)) {
                delete_object(state, &call.kind, &current, policy);
                state.settle();
            }
        }
    }
    Ok(selected)
}

/// Deletes an object, or marks it if finalizers hold it. The caller settles the state afterwards.
pub(super) fn delete_object(state: &mut State, kind: &Kind, old: &Arc<Object>, policy: Policy) -> Deletion {
    let mut value = old.value.clone();
    let mut names = finalizers(&value);
    let had = names.len();
    match policy {
        Policy::Default => {}
        Policy::Background => names.retain(|name| name != FOREGROUND && name != ORPHAN),
        Policy::Foreground => exchange(&mut names, ORPHAN, FOREGROUND),
        Policy::Orphan => exchange(&mut names, FOREGROUND, ORPHAN),
    }
    if kind.is_definition() && !is_deleting(&value) && !names.iter().any(|name| name == CLEANUP) {
        names.push(CLEANUP.to_owned());
    }
    if had != names.len() || policy != Policy::Default {
        set_finalizers(&mut value, &names);
    }
    if names.is_empty() && !kind.is_core("namespaces") {
        return Deletion::Gone(state.remove(kind, value));
    }
    if !is_deleting(&value) {
        mark(kind, &mut value);
    }
    let marked = if value == old.value { old.clone() } else { state.put(kind, value) };
    let place = Place::of(kind, &marked.value);
    if names.iter().any(|name| name == FOREGROUND) {
        state.queue.push_back(Work::Foreground(place));
    } else if names.iter().any(|name| name == ORPHAN) {
        state.queue.push_back(Work::Orphan(place));
    }
    if kind.is_core("namespaces") {
        state.queue.push_back(Work::Namespace(name(&marked.value).to_owned()));
    }
    if kind.is_definition() {
        state.queue.push_back(Work::Definition(name(&marked.value).to_owned()));
    }
    Deletion::Marked(marked)
}

fn exchange(names: &mut Vec<String>, out: &str, into: &str) {
    names.retain(|name| name != out);
    if !names.iter().any(|name| name == into) {
        names.push(into.to_owned());
    }
}

fn mark(kind: &Kind, value: &mut Value) {
    let generation = value["metadata"]["generation"].as_u64();
    let meta = meta(value);
    meta.insert("deletionTimestamp".into(), rfc3339(now()).into());
    // These two kinds have a registry of their own, which does not set it.
    if !kind.is_core("namespaces") && !kind.is_definition() {
        meta.insert("deletionGracePeriodSeconds".into(), 0.into());
    }
    if let Some(generation) = generation.filter(|_| !kind.is_definition()) {
        meta.insert("generation".into(), (generation + 1).into());
    }
    if kind.is_core("namespaces") {
        member(value, "status").insert("phase".into(), "Terminating".into());
    }
}

fn check_preconditions(call: &Call, old: &Value, options: &Value) -> Result<(), Failure> {
    let wanted = &options["preconditions"];
    let rules = [
        ("uid", "UID", uid(old), "been deleted and then recreated"),
        ("resourceVersion", "ResourceVersion", revision(old), "been modified"),
    ];
    for (field, label, actual, fear) in rules {
        if let Some(expected) = wanted[field].as_str().filter(|expected| *expected != actual) {
            let why = format!(
                "the {label} in the precondition ({expected}) does not match the {label} in record ({actual}). The \
                 object might have {fear}"
            );
            return Err(Failure::unmet(&call.kind, &call.name, &why));
        }
    }
    Ok(())
}

fn policy(call: &Call, options: &Value) -> Result<Policy, Failure> {
    let text = options["propagationPolicy"].as_str().unwrap_or_else(|| call.params.text("propagationPolicy"));
    let old_switch = options["orphanDependents"].as_bool().or(match call.params.text("orphanDependents") {
        "" => None,
        text => Some(text == "true"),
    });
    let refused = |cause| Err(Failure::options("DeleteOptions", &[cause]));
    if is_dry_run(call, options) {
        super::request::check_dry_run(call, options, "DeleteOptions")?;
    }
    match text {
        "" if old_switch == Some(true) => Ok(Policy::Orphan),
        text if !text.is_empty() && old_switch.is_some() => {
            let why = "orphanDependents and deletionPropagation cannot be both set";
            refused(Cause::invalid("propagationPolicy", &text.into(), why))
        }
        "" => Ok(Policy::Default),
        "Background" => Ok(Policy::Background),
        "Foreground" => Ok(Policy::Foreground),
        "Orphan" => Ok(Policy::Orphan),
        other => {
            let known = ["Foreground", "Background", "Orphan", "nil"];
            refused(Cause::unsupported("propagationPolicy", &format!("{other:?}"), &known))
        }
    }
}

fn is_dry_run(call: &Call, options: &Value) -> bool {
    !call.params.text("dryRun").is_empty() || options["dryRun"].as_array().is_some_and(|list| !list.is_empty())
}

/// The Status of a deletion that is done.
pub(super) fn success(kind: &Kind, object: &Value) -> Value {
    let mut about = details(&kind.group, &kind.plural, name(object));
    about["uid"] = uid(object).into();
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": about})
}
