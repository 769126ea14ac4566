//! Answers: objects, lists and failures as HTTP responses in the form that was asked for.

use super::convert;
use super::failure::Failure;
use super::object::{Object, encode, revision};
use super::read::Page;
use super::request::{Call, Form};
use super::table;
use super::update::Written;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A response with a JSON body.
pub(super) fn json_bytes(code: u16, bytes: Bytes) -> Response<Body> {
    response(code, "application/json", bytes)
}

pub(super) fn json_value(code: u16, value: &Value) -> Response<Body> {
    json_bytes(code, encode(value))
}

pub(super) fn text(code: u16, text: &str) -> Response<Body> {
    response(code, "text/plain; charset=utf-8", Bytes::from(text.to_owned()))
}

pub(super) fn failure(failure: &Failure) -> Response<Body> {
    let mut response = json_value(failure.code, &failure.status());
    if let Some(seconds) = failure.retry_seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    warn(&mut response, &failure.warnings);
    response
}

fn warn(response: &mut Response<Body>, warnings: &[String]) {
    for warning in warnings {
        let quoted = warning.replace('\\', "\\\\").replace('"', "\\\"");
        if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{quoted}\"")) {
            response.headers_mut().append(header::WARNING, value);
        }
    }
}

/// The answer to a path that nothing serves.
pub(super) fn unknown_path() -> Response<Body> {
    text(404, "404 page not found\n")
}

fn response(code: u16, content_type: &'static str, bytes: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// One object, given in its stored form.
pub(super) fn object(call: &Call, code: u16, stored: &Arc<Object>) -> Response<Body> {
    let served = convert::serve(call, stored);
    match call.form {
        Form::Plain => json_bytes(code, served.json()),
        Form::Metadata => json_value(code, &metadata_of(&served.value)),
        Form::Table => {
            let metadata = json!({"resourceVersion": revision(&served.value)});
            json_value(code, &table::table(call, &[served], &metadata, true))
        }
    }
}

/// The answer to a write, with its warnings.
pub(super) fn written(call: &Call, written: &Written) -> Response<Body> {
    let mut response = object(call, written.code, &written.object);
    warn(&mut response, &written.warnings);
    response
}

/// A page of a list.
pub(super) fn page(call: &Call, page: &Page) -> Response<Body> {
    let mut metadata = Map::new();
    metadata.insert("resourceVersion".into(), page.revision.to_string().into());
    if !page.next.is_empty() {
        metadata.insert("continue".into(), page.next.clone().into());
        // With a selector the real server does not know the number.
        if call.params.text("labelSelector").is_empty() && call.params.text("fieldSelector").is_empty() {
            metadata.insert("remainingItemCount".into(), page.remaining.into());
        }
    } else if call.kind.custom && call.form == Form::Plain {
        metadata.insert("continue".into(), "".into());
    }
    let metadata = Value::Object(metadata);
    let kind = match call.form {
        Form::Table => return json_value(200, &table::table(call, &page.items, &metadata, true)),
        Form::Metadata => {
            let items: Vec<Value> = page.items.iter().map(|item| metadata_of(&item.value)).collect();
            let kind = "PartialObjectMetadataList";
            let list = json!({"kind": kind, "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "items": items});
            return json_value(200, &list);
        }
        Form::Plain => &call.kind.list_kind,
    };
    let items: Vec<Bytes> =
        page.items.iter().map(|item| if call.kind.custom { item.json() } else { item.item() }).collect();
    let head =
        format!("{{\"kind\":\"{kind}\",\"apiVersion\":\"{}\",\"metadata\":{metadata},\"items\":[", call.api_version());
    let mut body = Vec::with_capacity(head.len() + 2 + items.iter().map(|item| item.len() + 1).sum::<usize>());
    body.extend_from_slice(head.as_bytes());
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        body.extend_from_slice(item);
    }
    body.extend_from_slice(b"]}");
    json_bytes(200, body.into())
}

/// An object's metadata alone.
pub(super) fn metadata_of(value: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": value["metadata"]})
}
