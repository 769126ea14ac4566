//! Who may read.
//!
//! Source: inventory-api.md sections 1 and 3.

use super::query::Refusal;
use crate::lab::world::{Role, WorldSpec};
use axum::http::{HeaderMap, StatusCode, header};
use kube::Client;
use serde_json::{Value, json};

/// Lets a request for `path` pass, or refuses it: 401 without a known token, 403 for users without rights. The world's
/// users are known here; who else a token belongs to, and what that user may do, the API server is asked.
pub(super) async fn check(spec: &WorldSpec, client: &Client, headers: &HeaderMap, path: &str) -> Result<(), Refusal> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let words: Vec<&str> = given.split(' ').collect();
    let token = match words.as_slice() {
        ["Bearer", token] => *token,
        _ => return Err(Refusal::of(StatusCode::UNAUTHORIZED)),
    };
    let user = spec.cluster.users.iter().find(|user| user.token == token);
    match user.map(|user| (user.role, &user.name)) {
        None => reviewed(client, token, path).await,
        Some((Role::None, name)) => Err(forbidden(name)),
        Some(_) => Ok(()),
    }
}

fn forbidden(name: &str) -> Refusal {
    let text = format!("Forbidden: user {name} cannot read providers.forklift.konveyor.io");
    Refusal::of(StatusCode::FORBIDDEN).with("forklift-error-message", &text)
}

/// Asks the API server who has the token, and whether that user may read Providers: `get` below one, else `list`.
async fn reviewed(client: &Client, token: &str, path: &str) -> Result<(), Refusal> {
    let whose = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}});
    let answer = ask(client, "/apis/authentication.k8s.io/v1/tokenreviews", &whose).await?;
    if answer["status"]["authenticated"] != true {
        return Err(Refusal::of(StatusCode::UNAUTHORIZED));
    }
    let user = &answer["status"]["user"];
    // `/providers/<type>/<uid>` and below.
    let verb = if path.split('/').filter(|segment| !segment.is_empty()).count() > 2 { "get" } else { "list" };
    let may = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {
        "user": user["username"], "groups": user["groups"], "uid": user["uid"],
        "resourceAttributes": {"verb": verb, "group": "forklift.konveyor.io", "resource": "providers"},
    }});
    let answer = ask(client, "/apis/authorization.k8s.io/v1/subjectaccessreviews", &may).await?;
    if answer["status"]["allowed"] == true {
        Ok(())
    } else {
        Err(forbidden(user["username"].as_str().unwrap_or_default()))
    }
}

async fn ask(client: &Client, path: &str, question: &Value) -> Result<Value, Refusal> {
    let broken = || Refusal::of(StatusCode::INTERNAL_SERVER_ERROR);
    let request = http::Request::post(path).header("content-type", "application/json");
    let request = request.body(question.to_string().into_bytes()).map_err(|_| broken())?;
    client.request(request).await.map_err(|_| broken())
}
