//! Rules that hold for every kind: names, labels, what an update may change.

use super::failure::{Cause, Failure};
use super::kinds::Kind;
use super::object::{finalizers, is_deleting, name, namespace};
use super::request::Call;
use serde_json::{Value, json};

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
    '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// What a label's value may be.
pub(super) const LABEL: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or \
    '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used \
    for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
/// What a key may be after its prefix.
pub(super) const QUALIFIED: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with \
    an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/// Checks the metadata of an object that is about to be stored.
pub(super) fn metadata(kind: &Kind, value: &Value) -> Result<(), Failure> {
    let mut causes = Vec::new();
    let name = name(value);
    if name.is_empty() {
        causes.push(Cause::required("metadata.name", "name or generateName is required"));
    } else if !is_valid_name(kind, name) {
        let most = if is_short(kind) { 63 } else { 253 };
        let why =
            if name.len() > most { format!("must be no more than {most} characters") } else { SUBDOMAIN.to_owned() };
        causes.push(Cause::invalid("metadata.name", &name.into(), &why));
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
    check_finalizers(kind, value, &mut causes);
    if causes.is_empty() { Ok(()) } else { Err(Failure::invalid(kind, name, &causes)) }
}

fn check_owners(value: &Value, causes: &mut Vec<Cause>) {
    let owners = value["metadata"]["ownerReferences"].as_array();
    for owner in owners.into_iter().flatten() {
        for (field, word) in [("apiVersion", "version"), ("kind", "kind"), ("name", "name"), ("uid", "uid")] {
            if owner[field].as_str().unwrap_or_default().is_empty() {
                let path = format!("metadata.ownerReferences.{field}");
                causes.push(Cause::invalid(path, &json!(""), &format!("{word} must not be empty")));
            }
        }
    }
}

/// A built-in kind takes the finalizers of the standard, and those that say whose they are.
fn check_finalizers(kind: &Kind, value: &Value, causes: &mut Vec<Cause>) {
    for (index, finalizer) in finalizers(value).iter().enumerate().filter(|_| !kind.custom) {
        if !finalizer.contains('/') && !["orphan", "kubernetes", "foregroundDeletion"].contains(&finalizer.as_str()) {
            let path = format!("metadata.finalizers[{index}]");
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            causes.push(Cause::invalid(path, &finalizer.as_str().into(), why));
        }
    }
}

fn check_entry(field: &str, key: &str, text: &Value, causes: &mut Vec<Cause>) {
    let (prefix, bare) = key.split_once('/').map_or((None, key), |(prefix, bare)| (Some(prefix), bare));
    let path = format!("metadata.{field}");
    if let Some(why) = token_problem(bare, QUALIFIED).filter(|_| !bare.is_empty()) {
        causes.push(Cause::invalid(&path, &key.into(), &format!("name part {why}")));
    }
    if bare.is_empty() {
        causes.push(Cause::invalid(&path, &key.into(), "name part must be non-empty"));
    }
    if prefix.is_some_and(|prefix| !is_subdomain(prefix)) {
        causes.push(Cause::invalid(&path, &key.into(), &format!("prefix part {SUBDOMAIN}")));
    }
    let text = text.as_str().unwrap_or_default();
    if let Some(why) = token_problem(text, LABEL).filter(|_| field == "labels") {
        causes.push(Cause::invalid(&path, &text.into(), why));
    }
}

/// Why a text is no token: too long, or of other letters, which `form` describes.
pub(super) fn token_problem(text: &str, form: &'static str) -> Option<&'static str> {
    if text.len() > 63 { Some("must be no more than 63 characters") } else { (!is_token(text)).then_some(form) }
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
    is_subdomain(name) && !(is_short(kind) && (name.len() > 63 || name.contains('.')))
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

/// Whether names of the kind are DNS labels.
fn is_short(kind: &Kind) -> bool {
    kind.is_core("namespaces") || kind.is_core("services")
}

/// Checks that the body is of the kind and version of the request.
///
/// A built-in kind is known from the path, so the body need not name it.
pub(super) fn type_of(call: &Call, body: &Value) -> Result<(), Failure> {
    let (kind, api_version) = (&call.kind.kind, call.api_version());
    if !body.is_object() {
        return Err(unrecognized(kind, "couldn't get version/kind; the body is no object"));
    }
    let text = |field: &str| body[field].as_str().filter(|text| !text.is_empty());
    for (field, word) in [("kind", "Kind"), ("apiVersion", "apiVersion")] {
        if call.kind.custom && text(field).is_none() {
            let whole = body.to_string();
            let start = whole.char_indices().nth(30).map_or(whole.clone(), |(end, _)| format!("{} ...", &whole[..end]));
            return Err(unrecognized(kind, &format!("Object '{word}' is missing in '{whole}' ({start})")));
        }
    }
    let given = text("apiVersion").unwrap_or(&api_version);
    if given != api_version {
        let message =
            format!("the API version in the data ({given}) does not match the expected API version ({api_version})");
        return Err(Failure::bad_request(message));
    }
    let given = text("kind").unwrap_or(kind);
    if given == kind {
        return Ok(());
    }
    if call.kind.custom {
        let cause = Cause::invalid("kind", &given.into(), &format!("must be {kind}"));
        return Err(Failure::invalid_as(given, &call.kind, name(body), &[cause]));
    }
    let message = format!("{given} in version {:?} cannot be handled as a {kind}: unknown conversion", call.version);
    Err(Failure::bad_request(message))
}

fn unrecognized(kind: &str, why: &str) -> Failure {
    Failure::bad_request(format!("the object provided is unrecognized (must be of type {kind}): {why}"))
}

/// The failure of a changed object that has lost its name.
pub(super) fn nameless(wanted: &str) -> Failure {
    let message = format!("the name of the object ({wanted} based on URL) was undeterminable: name must be provided");
    Failure::bad_request(message)
}

/// Checks that the body names the object, and the namespace, of the request.
pub(super) fn identity(body: &Value, wanted_namespace: &str, wanted_name: &str) -> Result<(), Failure> {
    let given = namespace(body);
    if !given.is_empty() && given != wanted_namespace {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
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
    let added: Vec<String> =
        finalizers(new).into_iter().filter(|name| !known.contains(name)).map(|name| format!("{name:?}")).collect();
    if added.is_empty() {
        return Ok(());
    }
    let why = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        added.join(", ")
    );
    Err(Failure::invalid(kind, name(old), &[Cause::forbidden("metadata.finalizers", &why)]))
}
