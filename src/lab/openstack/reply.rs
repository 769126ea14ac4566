//! Answers, and errors in each service's own shape.

use crate::lab::world::openstack::Cloud;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

/// An answer: status, body (null for none), headers.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Value,
    pub(super) headers: Vec<(HeaderName, String)>,
}

/// An answer, or an error as an answer.
pub(super) type Answer = Result<Reply, Reply>;

impl Reply {
    pub(super) fn of(status: u16, body: Value) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, body, headers: Vec::new() }
    }

    pub(super) fn ok(body: Value) -> Self {
        Self::of(200, body)
    }

    /// An answer without a body.
    pub(super) fn empty(status: u16) -> Self {
        Self::of(status, Value::Null)
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((HeaderName::from_static(name), value.into()));
        self
    }

    /// Nova's and Cinder's shape: one member named after the kind of fault.
    pub(super) fn fault(status: u16, kind: &str, message: impl Into<String>) -> Self {
        Self::of(status, json!({kind: {"code": status, "message": message.into()}}))
    }

    /// What is not there, in Nova's and Cinder's shape.
    pub(super) fn no_item(message: impl Into<String>) -> Self {
        Self::fault(404, "itemNotFound", message)
    }

    /// What the request should not have said, in Nova's and Cinder's shape.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::fault(400, "badRequest", message)
    }

    /// Keystone's shape, which its middleware uses before every service.
    pub(super) fn keystone(status: u16, title: &str, message: &str) -> Self {
        Self::of(status, json!({"error": {"code": status, "title": title, "message": message}}))
    }

    /// Neutron's shape.
    pub(super) fn neutron(status: u16, kind: &str, message: impl Into<String>) -> Self {
        Self::of(status, json!({"NeutronError": {"type": kind, "message": message.into(), "detail": ""}}))
    }

    /// Glance's shape.
    pub(super) fn glance(status: u16, title: &str, message: impl Into<String>) -> Self {
        let code = format!("{status} {title}");
        Self::of(status, json!({"code": code, "title": title, "message": format!("{}<br /><br />", message.into())}))
    }

    pub(super) fn respond(self) -> Response {
        let has_body = !self.body.is_null();
        let body = if has_body { self.body.to_string() } else { String::new() };
        let mut response = Response::new(body.into());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if has_body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// What Nova and Cinder say when the project may have no more.
pub(super) fn over_instances(used: usize, quota: usize) -> Reply {
    let words = format!("Quota exceeded for instances: Requested 1, but already used {used} of {quota} instances");
    Reply::fault(403, "forbidden", words)
}

pub(super) fn over_limit(words: String) -> Reply {
    Reply::fault(413, "overLimit", words).with("retry-after", "0")
}

/// A new id of the cloud's.
pub(super) fn fresh_id(source: &crate::lab::world::Source, cloud: &mut Cloud, kind: &str) -> String {
    source.uuid_for(&format!("{kind}/made-{}", cloud.next_number()))
}
