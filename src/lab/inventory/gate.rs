//! Who may read.
//!
//! Source: inventory-api.md sections 1 and 3.

use super::query::Refusal;
use crate::lab::world::{Role, WorldSpec};
use axum::http::{HeaderMap, StatusCode, header};

/// Lets a request pass, or refuses it: 401 without a known token, 403 for users without rights.
pub(super) fn check(spec: &WorldSpec, headers: &HeaderMap) -> Result<(), Refusal> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let words: Vec<&str> = given.split(' ').collect();
    let token = match words.as_slice() {
        ["Bearer", token] => *token,
        _ => return Err(Refusal::of(StatusCode::UNAUTHORIZED)),
    };
    let user = spec.cluster.users.iter().find(|user| user.token == token);
    match user.map(|user| (user.role, &user.name)) {
        None => Err(Refusal::of(StatusCode::UNAUTHORIZED)),
        Some((Role::None, name)) => {
            let text = format!("Forbidden: user {name} cannot read providers.forklift.konveyor.io");
            Err(Refusal::of(StatusCode::FORBIDDEN).with("forklift-error-message", &text))
        }
        Some(_) => Ok(()),
    }
}
