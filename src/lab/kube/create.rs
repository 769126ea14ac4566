//! Creation of objects.
//!
//! Source: cluster-api.md section 6.2.

use super::admit;
use super::convert::to_stored;
use super::failure::{Cause, Failure};
use super::object::{Object, is_deleting, meta, meta_text, name};
use super::request::{Call, check_write};
use super::schema::{self, Notes};
use super::store::State;
use super::update::Written;
use super::validate;
use crate::facts::{now, rfc3339};
use serde_json::Value;

const SUFFIX_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const GENERATED_BASE_MAX: usize = 58;
const GENERATE_TRIES: usize = 8;

/// Creates an object from the body of a POST.
pub(super) fn create(state: &mut State, call: &Call, body: Value) -> Result<Written, Failure> {
    check_write(call, "CreateOptions")?;
    validate::type_of(call, &body)?;
    if call.kind.namespaced {
        validate::identity(&body, &call.namespace, "")?;
    }
    if !meta_text(&body, "resourceVersion").is_empty() {
        return Err(Failure::new(500, "", "resourceVersion should not be set on objects to be created"));
    }
    let mut value = to_stored(&call.kind, body);
    value["kind"] = call.kind.kind.clone().into();
    if let Some(Value::Object(metadata)) = value.get_mut("metadata") {
        metadata.remove("managedFields");
    }
    store(state, call, value)
}

/// Stores a new object in its stored form, through all the rules of creation.
pub(super) fn store(state: &mut State, call: &Call, mut value: Value) -> Result<Written, Failure> {
    let mut notes = Notes::default();
    schema::read(call, &mut value, &mut notes)?;
    stamp(call, &mut value);
    name_it(state, call, &mut value)?;
    if call.kind.has_status(&call.version) && !call.kind.is_core("nodes") {
        super::object::fields(&mut value).remove("status");
    }
    schema::admit(call, &mut value, &notes)?;
    admit::on_create(state, &call.kind, &mut value)?;
    validate::metadata(&call.kind, &value)?;
    check_namespace(state, call, name(&value))?;
    check_definition(state, call)?;
    if let Some(known) = state.find(&call.kind, &call.namespace, name(&value)) {
        let mut failure = Failure::already_exists(&call.kind, name(&value));
        if is_deleting(&known.value) {
            failure.message.insert_str(0, "object is being deleted: ");
        }
        return Err(failure);
    }
    let object = if call.params.dry_run() {
        Object::new(value)
    } else {
        let object = state.put(&call.kind, value);
        state.settle();
        object
    };
    Ok(Written { code: 201, object, warnings: notes.warnings })
}

/// Sets what only the server may set.
fn stamp(call: &Call, value: &mut Value) {
    let meta = meta(value);
    if call.kind.namespaced {
        meta.insert("namespace".into(), call.namespace.clone().into());
    } else {
        meta.remove("namespace");
    }
    for field in ["selfLink", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion"] {
        meta.remove(field);
    }
    meta.insert("uid".into(), uuid::Uuid::new_v4().to_string().into());
    meta.insert("creationTimestamp".into(), rfc3339(now()).into());
    if call.kind.custom || call.kind.generation {
        meta.insert("generation".into(), 1.into());
    }
}

fn name_it(state: &State, call: &Call, value: &mut Value) -> Result<(), Failure> {
    let base = meta_text(value, "generateName").to_owned();
    if !name(value).is_empty() {
        return Ok(());
    }
    if base.is_empty() {
        let cause = Cause::required("metadata.name", "name or generateName is required");
        return Err(Failure::invalid(&call.kind, "", &[cause]));
    }
    let base: String = base.chars().take(GENERATED_BASE_MAX).collect();
    let made = (0..GENERATE_TRIES)
        .map(|_| {
            let suffix: String =
                (0..5).map(|_| char::from(SUFFIX_LETTERS[fastrand::usize(..SUFFIX_LETTERS.len())])).collect();
            format!("{base}{suffix}")
        })
        .find(|made| state.find(&call.kind, &call.namespace, made).is_none());
    let Some(made) = made else { return Err(Failure::already_exists(&call.kind, &base)) };
    meta(value).insert("name".into(), made.into());
    Ok(())
}

/// A kind that is about to go takes no new objects.
fn check_definition(state: &State, call: &Call) -> Result<(), Failure> {
    let definitions = state.registry.find("apiextensions.k8s.io", "customresourcedefinitions");
    let definition = definitions.filter(|_| call.kind.custom);
    let definition = definition.and_then(|kind| state.find(kind, "", &call.kind.qualified()));
    if !definition.is_some_and(|definition| is_deleting(&definition.value)) {
        return Ok(());
    }
    let why = "create not allowed while custom resource definition is terminating";
    Err(Failure::new(405, "MethodNotAllowed", why).about(&call.kind, ""))
}

fn check_namespace(state: &State, call: &Call, name: &str) -> Result<(), Failure> {
    if !call.kind.namespaced {
        return Ok(());
    }
    let Some(namespaces) = state.registry.find("", "namespaces") else { return Ok(()) };
    let Some(namespace) = state.find(namespaces, "", &call.namespace) else {
        return Err(Failure::not_found(namespaces, &call.namespace));
    };
    if !is_deleting(&namespace.value) {
        return Ok(());
    }
    let why = format!("unable to create new content in namespace {} because it is being terminated", call.namespace);
    let cause = Cause {
        reason: "NamespaceTerminating",
        message: format!("namespace {} is being terminated", call.namespace),
        field: "metadata.namespace".into(),
    };
    Err(Failure::forbidden(&call.kind, name, &why).with_causes(&[cause]))
}
