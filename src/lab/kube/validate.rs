//! Rules that hold for every kind: names, labels, what an update may change.

use super::failure::{Cause, Failure};
use super::kinds::Kind;
use super::object::{finalizers, is_deleting, name, namespace};
use serde_json::{Value, json};

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
    '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// Checks the metadata of an object that is about to be stored.
pub(super) fn metadata(kind: &Kind, value: &Value) -> Result<(), Failure> {
    let mut causes = Vec::new();
    let name = name(value);
    if name.is_empty() {
        causes.push(Cause::required("metadata.name", "name or generateName is required"));
    } else if !is_valid_name(kind, name) {
        causes.push(Cause::invalid("metadata.name", &name.into(), SUBDOMAIN));
    }
    for field in ["labels", "annotations"] {
        match &value["metadata"][field] {
            Value::Null => {}
            Value::Object(map) => {
                for (key, text) in map {
                    check_entry(field, key, text, &mut causes);
                }
            }
            _ => return Err(Failure::bad_request(format!("metadata.{field} is no map of texts"))),
        }
    }
    check_owners(value, &mut causes);
    if causes.is_empty() { Ok(()) } else { Err(Failure::invalid(kind, name, &causes)) }
}

fn check_owners(value: &Value, causes: &mut Vec<Cause>) {
    let owners = value["metadata"]["ownerReferences"].as_array();
    for (index, owner) in owners.into_iter().flatten().enumerate() {
        for field in ["apiVersion", "kind", "name", "uid"] {
            if owner[field].as_str().unwrap_or_default().is_empty() {
                let path = format!("metadata.ownerReferences[{index}].{field}");
                causes.push(Cause::invalid(path, &json!(""), "must not be empty"));
            }
        }
    }
}

fn check_entry(field: &str, key: &str, text: &Value, causes: &mut Vec<Cause>) {
    let (prefix, bare) = key.split_once('/').map_or((None, key), |(prefix, bare)| (Some(prefix), bare));
    let path = format!("metadata.{field}");
    if !is_token(bare) || bare.is_empty() {
        causes.push(Cause::invalid(&path, &key.into(), "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"));
    }
    if prefix.is_some_and(|prefix| !is_subdomain(prefix)) {
        causes.push(Cause::invalid(&path, &key.into(), &format!("prefix part {SUBDOMAIN}")));
    }
    match text.as_str() {
        None => causes.push(Cause::invalid(&path, text, "must be a text")),
        Some(text) if field == "labels" && !is_token(text) => {
            let why = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', \
                and must start and end with an alphanumeric character";
            causes.push(Cause::invalid(&path, &text.into(), why));
        }
        Some(_) => {}
    }
}

/// At most 63 letters, digits, dashes, underscores and dots that begin and end with a letter or digit; may be empty.
fn is_token(text: &str) -> bool {
    let edge = |byte: Option<u8>| byte.is_none_or(|byte| byte.is_ascii_alphanumeric());
    text.len() <= 63
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && edge(text.bytes().next())
        && edge(text.bytes().last())
}

fn is_valid_name(kind: &Kind, name: &str) -> bool {
    if kind.group == "rbac.authorization.k8s.io" || kind.group == "user.openshift.io" {
        return name != "." && name != ".." && !name.contains(['/', '%']);
    }
    let short = kind.is_core("namespaces") || kind.is_core("services");
    is_subdomain(name) && !(short && (name.len() > 63 || name.contains('.')))
}

/// What can be part of a host's name.
fn is_subdomain(name: &str) -> bool {
    let is_label = |part: &str| {
        let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && edge(part.bytes().next())
            && edge(part.bytes().last())
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Checks that the body is of the kind and version of the request.
pub(super) fn type_of(body: &Value, api_version: &str, kind: &str) -> Result<(), Failure> {
    if !body.is_object() {
        return Err(Failure::bad_request("the body is no object"));
    }
    let given = body["apiVersion"].as_str().unwrap_or(api_version);
    if given != api_version {
        let message =
            format!("the API version in the data ({given}) does not match the expected API version ({api_version})");
        return Err(Failure::bad_request(message));
    }
    let given = body["kind"].as_str().unwrap_or(kind);
    if given != kind {
        return Err(Failure::bad_request(format!("the kind in the data ({given}) does not match {kind}")));
    }
    Ok(())
}

/// Checks that the body names the object, and the namespace, of the request.
pub(super) fn identity(body: &Value, wanted_namespace: &str, wanted_name: &str) -> Result<(), Failure> {
    let given = namespace(body);
    if !given.is_empty() && given != wanted_namespace {
        let message = format!(
            "the namespace of the provided object does not match the namespace sent on the request: {given:?} is not \
             {wanted_namespace:?}"
        );
        return Err(Failure::bad_request(message));
    }
    let given = name(body);
    if !wanted_name.is_empty() && !given.is_empty() && given != wanted_name {
        let message = format!("the name of the object ({given}) does not match the name on the URL ({wanted_name})");
        return Err(Failure::bad_request(message));
    }
    Ok(())
}

/// An object that is being deleted takes no new finalizers.
pub(super) fn finalizers_only_shrink(kind: &Kind, old: &Value, new: &Value) -> Result<(), Failure> {
    if !is_deleting(old) {
        return Ok(());
    }
    let known = finalizers(old);
    let added: Vec<String> = finalizers(new).into_iter().filter(|name| !known.contains(name)).collect();
    if added.is_empty() {
        return Ok(());
    }
    let why = format!("no new finalizers can be added if the object is being deleted, found new finalizers {added:?}");
    Err(Failure::invalid(kind, name(old), &[Cause::forbidden("metadata.finalizers", &why)]))
}
