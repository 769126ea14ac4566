//! A request, taken apart.

use super::reply::Reply;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Items on a page if the request names no limit.
const PAGE_MAX: usize = 1000;

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// Path without empty parts.
    pub(super) path: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
    /// `https://<host>` as the client wrote it.
    pub(super) root: String,
}

impl Request {
    /// `None`: the body is no JSON.
    pub(super) fn read(method: Method, uri: &Uri, headers: HeaderMap, body: &Bytes, host: &str) -> Option<Self> {
        let given = headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned);
        let host = given.or_else(|| uri.authority().map(ToString::to_string)).unwrap_or_else(|| host.to_owned());
        Some(Self {
            method,
            path: uri.path().split('/').filter(|part| !part.is_empty()).map(decoded).collect(),
            query: uri.query().unwrap_or_default().split('&').filter_map(pair).collect(),
            headers,
            body: if body.is_empty() { Value::Null } else { serde_json::from_slice(body).ok()? },
            root: format!("https://{host}"),
        })
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(super) fn asks(&self, key: &str) -> Option<&str> {
        self.query.get(key).map(String::as_str)
    }

    /// The minor part of the microversion of a service: of either header; `most` for the latest.
    pub(super) fn minor(&self, service: &str, legacy: &str, least: u32, most: u32) -> Result<u32, Reply> {
        let told = self.header("openstack-api-version");
        let own = told.split(',').find_map(|part| part.trim().strip_prefix(service)).map(str::trim);
        let wanted = own.unwrap_or_else(|| self.header(legacy));
        if wanted.is_empty() {
            return Ok(least);
        }
        if wanted == "latest" {
            return Ok(most);
        }
        let minor = wanted.split_once('.').and_then(|(_, minor)| minor.parse().ok());
        minor.filter(|minor| (least..=most).contains(minor)).ok_or_else(|| {
            let words = format!("Version {wanted} is not supported by the API.");
            Reply::fault(406, "computeFault", words)
        })
    }

    /// One page of `items`, which have ids, as the member `key` with a link to the next page.
    pub(super) fn page(&self, key: &str, items: Vec<Value>) -> Result<Value, Reply> {
        let limit = match self.asks("limit") {
            Some(text) => text.parse::<usize>().map_err(|_| Reply::bad("limit param must be an integer"))?,
            None => PAGE_MAX,
        }
        .clamp(1, PAGE_MAX);
        let start = match self.asks("marker").filter(|marker| !marker.is_empty()) {
            Some(marker) => match items.iter().position(|item| item["id"] == marker) {
                Some(at) => at + 1,
                None => return Err(Reply::bad(format!("marker [{marker}] not found"))),
            },
            None => 0,
        };
        let page: Vec<Value> = items.iter().skip(start).take(limit).cloned().collect();
        let last = page.last().map(|item| item["id"].clone());
        let more = start + page.len() < items.len();
        let mut body = json!({ key: page });
        if let Some(Value::String(last)) = last.filter(|_| more) {
            let path = format!("/{}", self.path.join("/"));
            let kept = self.query.iter().filter(|(name, _)| *name != "marker");
            let mut query: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
            query.push(format!("marker={last}"));
            let next = format!("{path}?{}", query.join("&"));
            // Glance links by path, the others by URL.
            if key == "images" {
                body["next"] = json!(next.trim_start_matches("/image"));
            } else {
                body[format!("{key}_links")] = json!([{"rel": "next", "href": format!("{}{next}", self.root)}]);
            }
        }
        Ok(body)
    }
}

fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (!name.is_empty()).then(|| (decoded(name), decoded(&value.replace('+', " "))))
}

/// Percent escapes read; what is none stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escape = (byte == b'%').then(|| after.get(..2)).flatten();
        let value =
            escape.and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(value.unwrap_or(byte));
        rest = if value.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
