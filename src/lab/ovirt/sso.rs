//! Single sign-on: tokens for names and passwords.
//!
//! Source: source-providers.md section 3.1.

use super::reply::json;
use crate::lab::world::Source;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Milliseconds from 1970 at which tokens end: none does by itself.
const NEVER: &str = "9223372036854775807";

/// The answer to a login.
pub(super) fn token(source: &Source, form: &BTreeMap<String, String>) -> Response {
    let Some(state) = source.ovirt() else { return json(StatusCode::NOT_FOUND, &Value::Null) };
    let mut live = state.live();
    live.logins += 1;
    let of = |key: &str| form.get(key).map(String::as_str).unwrap_or_default();
    if of("grant_type") != "password" || of("scope") != "ovirt-app-api" {
        return refused("invalid_request", "The request is missing a required parameter.");
    }
    if of("username") != source.username || of("password") != source.password {
        let words = "Cannot authenticate user Unable to log in. Verify your login information or contact the system \
                     administrator.";
        return refused("access_denied", words);
    }
    let token = source.uuid_for(&format!("token-{}", live.logins)).replace('-', "");
    live.tokens.insert(token.clone());
    let answer = json!({ "access_token": token, "scope": "ovirt-app-api", "exp": NEVER, "token_type": "bearer" });
    json(StatusCode::OK, &answer)
}

fn refused(error: &str, words: &str) -> Response {
    json(StatusCode::BAD_REQUEST, &json!({ "error": error, "error_description": words }))
}

/// The answer to a logout.
pub(super) fn log_out(source: &Source, form: &BTreeMap<String, String>) -> Response {
    if let (Some(state), Some(token)) = (source.ovirt(), form.get("token")) {
        state.live().tokens.remove(token);
    }
    json(StatusCode::OK, &json!({}))
}

/// Whether a request carries a good token.
pub(super) fn is_known(source: &Source, headers: &HeaderMap) -> bool {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = value.strip_prefix("Bearer ").unwrap_or_default();
    source.ovirt().is_some_and(|state| state.live().tokens.contains(token))
}

/// The answer to a request without one.
pub(super) fn expired() -> Response {
    let words = "The provided authorization grant for the auth code has expired.";
    json(StatusCode::UNAUTHORIZED, &json!({ "error": "invalid_grant", "error_description": words }))
}
