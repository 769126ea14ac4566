//! One GET, and what its answer means.
//!
//! Source: inventory-api.md sections 1 to 3.

use super::InventoryError;
use crate::config::Secret;
use crate::http::HttpClient;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{Request, Response, StatusCode};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Longest single read: the service waits up to 10 s by itself, the router allows 360 s.
const READ_LIMIT: Duration = Duration::from_secs(120);

/// The service, with the user's token. Cheap to clone.
#[derive(Clone)]
pub(super) struct Rest {
    base: String,
    token: Secret,
    http: HttpClient,
}

impl Rest {
    pub(super) fn new(base: &str, token: Secret, http: HttpClient) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), token, http }
    }

    /// Reads a path (`providers/...`) once.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, InventoryError> {
        let url = format!("{}/{path}", self.base);
        let request = Request::get(&url)
            .header(AUTHORIZATION, format!("Bearer {}", self.token.expose()))
            .header(ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(|error| InventoryError::Malformed { url: url.clone(), problem: error.to_string() })?;
        let late =
            InventoryError::NotReady { url: url.clone(), seen: format!("no answer in {} s", READ_LIMIT.as_secs()) };
        let answer = tokio::time::timeout(READ_LIMIT, self.http.send(request)).await.map_err(|_| late)?;
        judge(&url, &answer.map_err(|source| InventoryError::Unreachable { url: url.clone(), source })?)
    }
}

fn judge<T: DeserializeOwned>(url: &str, answer: &Response<Bytes>) -> Result<T, InventoryError> {
    let url = url.to_owned();
    if answer.status() != StatusCode::OK {
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        return Err(InventoryError::of_status(
            url,
            answer.status(),
            header("X-Reason"),
            header("forklift-error-message"),
        ));
    }
    if answer.body().is_empty() {
        return Err(InventoryError::NoAccess { url });
    }
    serde_json::from_slice(answer.body())
        .map_err(|error| InventoryError::Malformed { url, problem: format!("the answer cannot be read ({error})") })
}
