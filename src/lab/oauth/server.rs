//! Metadata, the challenge flow and the code flow.

use crate::lab::fault::TransportEffect;
use crate::lab::network::{connection_lost, failing_status};
use crate::lab::world::{UserSpec, World};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The client whose logins are challenged for name and password.
const CHALLENGING: &str = "openshift-challenging-client";
const LIFETIME: &str = "86400";

type Parameters = BTreeMap<String, String>;

/// The OAuth server. Clones share its codes.
#[derive(Debug, Clone)]
pub struct OauthServer {
    world: World,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    /// Base URL, without slash at the end.
    issuer: String,
    /// Code to user's token and PKCE challenge.
    codes: BTreeMap<String, (String, Option<String>)>,
    given: u64,
}

impl OauthServer {
    /// A server that calls itself `issuer` (`https://oauth.apps.lab.mtvtest`).
    pub fn new(world: &World, issuer: &str) -> Self {
        let shared = Shared { issuer: issuer.to_owned(), codes: BTreeMap::new(), given: 0 };
        Self { world: world.clone(), shared: Arc::new(Mutex::new(shared)) }
    }

    /// Changes the name that it gives itself, for when it is served somewhere.
    pub fn set_issuer(&self, issuer: &str) {
        self.with(|shared| issuer.clone_into(&mut shared.issuer));
    }

    /// Its routes, for its own host.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/oauth/authorize", get(authorize))
            .route("/oauth/token", post(token))
            .layer(middleware::from_fn_with_state(self.clone(), disturb))
            .with_state(self.clone())
    }

    /// The metadata route, for the API server's host; on plain Kubernetes there is none.
    pub fn well_known(&self) -> Router {
        if self.world.spec.cluster.openshift.is_none() {
            return Router::new();
        }
        Router::new().route("/.well-known/oauth-authorization-server", get(metadata)).with_state(self.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Shared) -> T) -> T {
        act(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn user(&self, headers: &HeaderMap) -> Option<&UserSpec> {
        let (name, password) = basic(headers)?;
        self.world.spec.cluster.users.iter().find(|user| user.name == name && user.password == password)
    }
}

async fn disturb(State(server): State<OauthServer>, request: Request, next: Next) -> Response {
    let verb = format!("OAUTH:{}", request.method());
    match server.world.faults.meets(&verb, request.uri().path()) {
        Some(TransportEffect::Status(code)) => failing_status(code),
        Some(TransportEffect::Reset) => connection_lost(),
        Some(TransportEffect::ResetAfter) => {
            next.run(request).await;
            connection_lost()
        }
        _ => next.run(request).await,
    }
}

/// Name and password of a Basic header.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(BASE64_STANDARD.decode(value.trim()).ok()?).ok()?;
    text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned()))
}

async fn metadata(State(server): State<OauthServer>) -> Response {
    let issuer = server.with(|shared| shared.issuer.clone());
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/oauth/authorize"),
        "token_endpoint": format!("{issuer}/oauth/token"),
        "scopes_supported": ["user:check-access", "user:full", "user:info", "user:list-projects"],
        "response_types_supported": ["code", "token"],
        "grant_types_supported": ["authorization_code", "implicit"],
        "code_challenge_methods_supported": ["plain", "S256"],
    }))
    .into_response()
}

fn unauthorized(name: &'static str, value: &'static str) -> Response {
    let mut response = failing_status(401);
    response.headers_mut().insert(name, HeaderValue::from_static(value));
    response
}

fn redirect(location: &str) -> Response {
    let mut response = failing_status(302);
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}

async fn authorize(
    State(server): State<OauthServer>,
    headers: HeaderMap,
    Query(parameters): Query<Parameters>,
) -> Response {
    let of = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
    let issuer = server.with(|shared| shared.issuer.clone());
    let back = format!("{issuer}/oauth/token/implicit");
    if of("client_id") != CHALLENGING {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "unauthorized_client"}))).into_response();
    }
    // Browsers must not be tricked into a password prompt, hence no challenge without the header.
    if headers.get("X-CSRF-Token").is_none_or(HeaderValue::is_empty) {
        return unauthorized(
            "warning",
            "199 Origin \"A non-empty X-CSRF-Token header is required to receive basic-auth challenges\"",
        );
    }
    let Some(user) = server.user(&headers) else {
        return unauthorized("www-authenticate", "Basic realm=\"openshift\"");
    };
    match of("response_type") {
        "token" => {
            let token = form_encode(&user.token);
            redirect(&format!("{back}#access_token={token}&expires_in={LIFETIME}&scope=user%3Afull&token_type=Bearer"))
        }
        "code" => {
            let challenge = parameters.get("code_challenge").cloned();
            let code = server.with(|shared| {
                shared.given += 1;
                let code = format!("sha256~code-{}-{}", shared.given, user.name);
                shared.codes.insert(code.clone(), (user.token.clone(), challenge));
                code
            });
            redirect(&format!("{back}?code={}&state=", form_encode(&code)))
        }
        _ => redirect(&format!(
            "{back}?error=unsupported_response_type&error_description=The+response+type+is+not+supported"
        )),
    }
}

fn form_encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
        }
    }
    out
}

async fn token(State(server): State<OauthServer>, headers: HeaderMap, body: String) -> Response {
    let fail = |status: StatusCode, error: &str| (status, Json(json!({"error": error}))).into_response();
    let uri = format!("/?{body}").parse().unwrap_or_default();
    let Ok(Query(form)) = Query::<Parameters>::try_from_uri(&uri) else {
        return fail(StatusCode::BAD_REQUEST, "invalid_request");
    };
    if basic(&headers).is_none_or(|(client, _)| client != CHALLENGING) {
        return fail(StatusCode::UNAUTHORIZED, "unauthorized_client");
    }
    if form.get("grant_type").map(String::as_str) != Some("authorization_code") {
        return fail(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    let code = form.get("code").map(String::as_str).unwrap_or_default();
    // A code counts once.
    let Some((token, challenge)) = server.with(|shared| shared.codes.remove(code)) else {
        return fail(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let verifier = form.get("code_verifier").map(String::as_str).unwrap_or_default();
    let proven = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    if challenge.is_some_and(|challenge| challenge != proven && challenge != verifier) {
        return fail(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    Json(json!({"access_token": token, "expires_in": 86_400, "scope": "user:full", "token_type": "Bearer"}))
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::clock::Pace;
    use crate::lab::world::WorldSpec;
    use axum::body::Body;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    fn server() -> OauthServer {
        let world = World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap();
        OauthServer::new(&world, "https://oauth.apps.lab.mtvtest")
    }

    async fn authorize(kind: &str, password: &str, csrf: bool) -> Response {
        let uri = format!("/oauth/authorize?client_id={CHALLENGING}&response_type={kind}");
        let auth = format!("Basic {}", BASE64_STANDARD.encode(format!("admin:{password}")));
        let mut request = http::Request::get(uri).header("Authorization", auth);
        if csrf {
            request = request.header("X-CSRF-Token", "1");
        }
        server().router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn a_password_gives_a_token_in_the_fragment() {
        let response = authorize("token", "lab-admin", true).await;
        assert_eq!(response.status(), 302);
        let location = response.headers()["location"].to_str().unwrap();
        let (base, fragment) = location.split_once('#').unwrap();
        assert_eq!(base, "https://oauth.apps.lab.mtvtest/oauth/token/implicit");
        assert!(fragment.contains("access_token=sha256~lab-admin-token&"), "{fragment}");
    }

    #[tokio::test]
    async fn challenges_need_the_csrf_header() {
        let wrong = authorize("token", "wrong", true).await;
        assert_eq!((wrong.status().as_u16(), wrong.headers().contains_key("www-authenticate")), (401, true));
        let bare = authorize("token", "lab-admin", false).await;
        assert_eq!((bare.status().as_u16(), bare.headers().contains_key("www-authenticate")), (401, false));
        assert!(bare.headers()["warning"].to_str().unwrap().starts_with("199"));
        let odd = authorize("banana", "lab-admin", true).await;
        assert!(odd.headers()["location"].to_str().unwrap().contains("?error=unsupported_response_type"));
    }

    #[tokio::test]
    async fn codes_count_once() {
        let server = server();
        let uri = format!("/oauth/authorize?client_id={CHALLENGING}&response_type=code");
        let auth = format!("Basic {}", BASE64_STANDARD.encode("viewer:lab-viewer"));
        let request = http::Request::get(uri).header("Authorization", auth).header("X-CSRF-Token", "x");
        let response = server.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let location = response.headers()["location"].to_str().unwrap().to_owned();
        let code = location.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        let mut statuses = Vec::new();
        for _ in 0..2 {
            let request = http::Request::post("/oauth/token")
                .header("Authorization", format!("Basic {}", BASE64_STANDARD.encode(format!("{CHALLENGING}:"))))
                .body(Body::from(format!("grant_type=authorization_code&code={code}&client_id={CHALLENGING}")))
                .unwrap();
            let response = server.router().oneshot(request).await.unwrap();
            statuses.push(response.status().as_u16());
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert!(statuses.len() == 2 || String::from_utf8_lossy(&body).contains("sha256~lab-viewer-token"));
        }
        assert_eq!(statuses, [200, 400]);
    }
}
