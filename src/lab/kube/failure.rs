//! Failures of requests as Status bodies.
//!
//! Source: cluster-api.md section 6.3.

use super::kinds::Kind;
use serde_json::{Value, json};

/// A request that failed: the code, reason, message and details of its Status.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Failure {
    pub(super) code: u16,
    pub(super) reason: &'static str,
    pub(super) message: String,
    details: Option<Value>,
    /// Texts for `Warning` headers: a refused write is warned of, too.
    pub(super) warnings: Vec<String>,
}

/// One reason why an object is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) reason: &'static str,
    pub(super) message: String,
    pub(super) field: String,
}

impl Cause {
    pub(super) fn required(field: impl Into<String>, why: &str) -> Self {
        let tail = if why.is_empty() { String::new() } else { format!(": {why}") };
        Self { reason: "FieldValueRequired", message: format!("Required value{tail}"), field: field.into() }
    }

    pub(super) fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        let message = format!("Invalid value: {value}: {why}");
        Self { reason: "FieldValueInvalid", message, field: field.into() }
    }

    pub(super) fn unsupported(field: impl Into<String>, value: &str, supported: &[&str]) -> Self {
        let supported: Vec<String> = supported.iter().map(|word| format!("{word:?}")).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", supported.join(", "));
        Self { reason: "FieldValueNotSupported", message, field: field.into() }
    }

    pub(super) fn forbidden(field: impl Into<String>, why: &str) -> Self {
        Self { reason: "FieldValueForbidden", message: format!("Forbidden: {why}"), field: field.into() }
    }
}

impl Failure {
    pub(super) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None, warnings: Vec::new() }
    }

    /// The failure of a code for which only the code is known, as an injected fault has it.
    pub(super) fn of_code(code: u16) -> Self {
        let (reason, message) = match code {
            400 => ("BadRequest", "the server rejected our request for an unknown reason"),
            401 => ("Unauthorized", "Unauthorized"),
            403 => ("Forbidden", "the server does not allow this request"),
            404 => ("NotFound", "the server could not find the requested resource"),
            405 => ("MethodNotAllowed", "the server does not allow this method on the requested resource"),
            409 => ("Conflict", "the object has been modified; please apply your changes to the latest version"),
            410 => ("Expired", "The resourceVersion for the provided watch is too old."),
            415 => ("UnsupportedMediaType", "the body of the request was in an unknown format"),
            422 => ("Invalid", "the server rejected our request due to an error in our request"),
            429 => ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
            500 => ("InternalError", "an error on the server has prevented the request from succeeding"),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
            504 => ("Timeout", "the server was unable to return a response in the time allotted"),
            _ => ("", "the server answered with an unusual code"),
        };
        Self::new(code, reason, message)
    }

    /// The failure of a path or method that a built-in kind does not serve: its details are there, but empty.
    pub(super) fn unserved(code: u16) -> Self {
        Self { details: Some(json!({})), ..Self::of_code(code) }
    }

    /// A method that a custom kind does not serve.
    pub(super) fn unsupported(kind: &Kind, verb: &str) -> Self {
        let message = format!("{verb} is not supported on resources of kind {:?}", kind.qualified());
        Self::new(405, "MethodNotAllowed", message).about(kind, "")
    }

    /// Parameters or options (`ListOptions`, `PatchOptions`) that contradict themselves.
    pub(super) fn options(options: &str, causes: &[Cause]) -> Self {
        let message = format!("{options}.meta.k8s.io \"\" is invalid: {}", list_of(causes));
        let mut failure = Self::new(422, "Invalid", message);
        failure.details = Some(details("meta.k8s.io", options, ""));
        failure.with_causes(causes)
    }

    /// A body that cannot be read as an object of the kind.
    pub(super) fn unreadable(kind: &Kind, version: &str, why: &str) -> Self {
        let kind = &kind.kind;
        Self::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {why}"))
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(super) fn not_found(kind: &Kind, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{} {name:?} not found", kind.qualified())).about(kind, name)
    }

    pub(super) fn already_exists(kind: &Kind, name: &str) -> Self {
        Self::new(409, "AlreadyExists", format!("{} {name:?} already exists", kind.qualified())).about(kind, name)
    }

    pub(super) fn conflict(kind: &Kind, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", kind.qualified());
        Self::new(409, "Conflict", message).about(kind, name)
    }

    pub(super) fn stale(kind: &Kind, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(kind, name, why)
    }

    pub(super) fn forbidden(kind: &Kind, name: &str, why: &str) -> Self {
        Self::new(403, "Forbidden", format!("{} {name:?} is forbidden: {why}", kind.qualified())).about(kind, name)
    }

    pub(super) fn expired() -> Self {
        Self::new(410, "Expired", "The provided resource version is too old; list again without a continue token.")
    }

    pub(super) fn invalid(kind: &Kind, name: &str, causes: &[Cause]) -> Self {
        Self::invalid_as(&kind.kind, kind, name, causes)
    }

    /// As [`Failure::invalid`], with another word for the kind.
    pub(super) fn invalid_as(word: &str, kind: &Kind, name: &str, causes: &[Cause]) -> Self {
        let qualified = super::kinds::qualified(word, &kind.group);
        let mut failure = Self::new(422, "Invalid", format!("{qualified} {name:?} is invalid: {}", list_of(causes)));
        failure.details = Some(details(&kind.group, word, name));
        failure.with_causes(causes)
    }

    /// A precondition of a deletion that does not hold: here the real server names the kind, not its plural.
    pub(super) fn unmet(kind: &Kind, name: &str, why: &str) -> Self {
        let qualified = super::kinds::qualified(&kind.kind, &kind.group);
        let message = format!("Operation cannot be fulfilled on {qualified} {name:?}: {why}");
        let mut failure = Self::new(409, "Conflict", message);
        failure.details = Some(details(&kind.group, &kind.kind, name));
        failure
    }

    /// Adds causes to the details.
    pub(super) fn with_causes(mut self, causes: &[Cause]) -> Self {
        let list: Vec<Value> = causes
            .iter()
            .map(|cause| {
                let mut entry = json!({"reason": cause.reason, "message": cause.message});
                if !cause.field.is_empty() {
                    entry["field"] = cause.field.clone().into();
                }
                entry
            })
            .collect();
        let mut details = self.details.take().unwrap_or_else(|| json!({}));
        details["causes"] = list.into();
        self.details = Some(details);
        self
    }

    /// Says which object the failure is about, by its plural.
    pub(super) fn about(self, kind: &Kind, name: &str) -> Self {
        self.about_resource(&kind.group, &kind.plural, name)
    }

    /// As [`Failure::about`], for what may be no kind that is served.
    pub(super) fn about_resource(mut self, group: &str, plural: &str, name: &str) -> Self {
        self.details = Some(details(group, plural, name));
        self
    }

    /// Says after how many seconds to ask again.
    pub(super) fn retry_after(mut self, seconds: u32) -> Self {
        let mut details = self.details.take().unwrap_or_else(|| json!({}));
        details["retryAfterSeconds"] = seconds.into();
        self.details = Some(details);
        self
    }

    /// After how many seconds to ask again, if the failure says so.
    pub(super) fn retry_seconds(&self) -> Option<u64> {
        self.details.as_ref().and_then(|details| details["retryAfterSeconds"].as_u64())
    }

    /// The Status body.
    pub(super) fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = self.reason.into();
        }
        if let Some(details) = &self.details {
            status["details"] = details.clone();
        }
        status
    }
}

fn list_of(causes: &[Cause]) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in causes {
        let text = format!("{}: {}", cause.field, cause.message);
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    if texts.len() == 1 { texts.concat() } else { format!("[{}]", texts.join(", ")) }
}

/// Details of a Status: what is empty is left out.
pub(super) fn details(group: &str, kind: &str, name: &str) -> Value {
    let mut details = json!({});
    for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
        if !value.is_empty() {
            details[key] = value.into();
        }
    }
    details
}
