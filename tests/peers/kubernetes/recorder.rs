//! What a client writes, as sent and as answered. Every write is sent with `fieldValidation=Strict`, so that a field
//! that the server does not know is refused instead of dropped in silence.

use super::stage::between;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{Method, Request, Response, Uri};
use http_body_util::BodyExt;
use kube::client::Body;
use mtvtest::cluster::{BoxError, Cluster};
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// What the server itself keeps of an object's metadata.
const SERVERS_OWN: [&str; 5] = ["resourceVersion", "managedFields", "generation", "uid", "creationTimestamp"];

/// A write and its answer.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) method: Method,
    /// Without the query.
    pub(crate) path: String,
    pub(crate) sent: Value,
    pub(crate) code: u16,
    pub(crate) answer: Value,
}

/// The writes of a client. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Recorder(Arc<Mutex<Vec<Written>>>);

impl Recorder {
    /// The same client, recorded.
    pub(crate) fn around(&self, client: kube::Client) -> kube::Client {
        let recorder = self.clone();
        let service = tower::service_fn(move |request| recorder.clone().pass(client.clone(), request));
        kube::Client::new(service, "default")
    }

    /// The same cluster, recorded.
    pub(crate) fn of(&self, cluster: &Cluster) -> Cluster {
        let recorder = self.clone();
        between(cluster, move |client, request| recorder.clone().pass(client, request))
    }

    pub(crate) fn all(&self) -> Vec<Written> {
        self.0.lock().unwrap().clone()
    }

    async fn pass(self, client: kube::Client, request: Request<Body>) -> Result<Response<Body>, BoxError> {
        let review = request.uri().path().ends_with("reviews") || request.uri().path().ends_with("/token");
        if ![Method::POST, Method::PUT, Method::PATCH].contains(request.method()) || review {
            return Ok(client.send(request).await?);
        }
        let (mut head, body) = request.into_parts();
        let sent = body.collect().await?.to_bytes();
        let (method, path) = (head.method.clone(), head.uri.path().to_owned());
        let query = head.uri.query().unwrap_or_default();
        head.uri = format!("{path}?{query}&fieldValidation=Strict").parse::<Uri>().unwrap();
        let answer = client.send(Request::from_parts(head, Body::from(sent.to_vec()))).await?;
        let (head, body) = answer.into_parts();
        let answer = body.collect().await?.to_bytes();
        let json = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or_default();
        let code = head.status.as_u16();
        self.0.lock().unwrap().push(Written { method, path, sent: json(&sent), code, answer: json(&answer) });
        Ok(Response::from_parts(head, Body::from(answer.to_vec())))
    }
}

impl Written {
    pub(crate) fn succeeded(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// Whether the server refused it for its form.
    pub(crate) fn refused(&self) -> bool {
        [400, 422].contains(&self.code)
    }

    /// Leaves that were sent and are not in the answer with the same value.
    pub(crate) fn lost(&self) -> Vec<String> {
        let mut sent = self.sent.clone();
        let Some(fields) = sent.as_object_mut() else { return Vec::new() };
        if self.path.ends_with("/status") {
            fields.retain(|field, _| field == "status");
        } else if self.answer["status"] != self.sent["status"] {
            // The status has a path of its own.
            fields.remove("status");
        }
        if let Some(meta) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
            meta.retain(|field, _| !SERVERS_OWN.contains(&field.as_str()));
        }
        if let Some(Value::Object(texts)) = fields.remove("stringData") {
            let encode = |text: Value| Value::from(BASE64_STANDARD.encode(text.as_str().unwrap()));
            fields.insert("data".to_owned(), texts.into_iter().map(|(key, text)| (key, encode(text))).collect());
        }
        let mut lost = Vec::new();
        compare(&sent, &self.answer, "", &mut lost);
        lost.iter().map(|what| format!("{} {}: {what}", self.method, self.path)).collect()
    }
}

fn compare(sent: &Value, got: &Value, at: &str, lost: &mut Vec<String>) {
    match (sent, got) {
        // In a merge patch it deletes.
        (Value::Null, _) => {}
        (Value::Object(fields), _) => {
            for (field, value) in fields {
                compare(value, &got[field], &format!("{at}.{field}"), lost);
            }
            if fields.is_empty() && !got.is_object() {
                lost.push(format!("{at}: {{}} became {got}"));
            }
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            for (index, (item, other)) in items.iter().zip(others).enumerate() {
                compare(item, other, &format!("{at}[{index}]"), lost);
            }
        }
        _ if sent == got => {}
        _ => lost.push(format!("{at}: {sent} became {got}")),
    }
}
