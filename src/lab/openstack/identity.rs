//! Keystone: login by password, the catalog.
//!
//! Source: source-providers.md section 4.1.

use super::reply::{Answer, Reply};
use super::server::Call;
use crate::facts::{now, rfc3339};
use crate::lab::world::openstack::State;
use http::Method;
use serde_json::{Value, json};

/// How long a token says that it lives: a lab's tokens end only when they are ended.
const EXPIRES: &str = "2099-12-31T23:59:59.000000Z";

pub(super) fn log_in(call: &Call<'_>) -> Answer {
    let auth = &call.request.body["auth"];
    let user = &auth["identity"]["password"]["user"];
    let project = &auth["scope"]["project"];
    if let Some(words) = malformed(user, project) {
        return Err(Reply::keystone(400, "Bad Request", &words));
    }
    let (state, source) = (call.state, call.source());
    let knows = (user["name"] == source.username || user["id"] == user_id(call))
        && user["password"] == source.password
        && (user["id"].is_string() || is_domain(state, &user["domain"]));
    let may = match (&project["id"], &project["name"]) {
        (Value::String(id), _) => *id == state.project_id,
        (_, Value::String(name)) => *name == state.project && is_domain(state, &project["domain"]),
        _ => false,
    };
    if !knows || !may {
        return Err(Reply::keystone(401, "Unauthorized", "The request you have made requires authentication."));
    }
    let token = call.change(|_, cloud| {
        let token = source.uuid_for(&format!("token/{}", cloud.next_number()));
        cloud.tokens.insert(token.clone());
        token
    });
    Ok(Reply::of(201, token_body(call)).with("x-subject-token", token))
}

/// What the schema of Keystone refuses.
fn malformed(user: &Value, project: &Value) -> Option<String> {
    let has_domain = |value: &Value| {
        value["id"].is_string() || value["domain"]["id"].is_string() || value["domain"]["name"].is_string()
    };
    if !user["password"].is_string() {
        return Some("Expecting to find password in user. The server could not comply with the request since it is either malformed or otherwise incorrect.".to_owned());
    }
    let lacking = [("user", user), ("project", project)].into_iter().find(|(_, value)| !has_domain(value))?;
    Some(format!(
        "Expecting to find domain in {}. The server could not comply with the request since it is either malformed or otherwise incorrect.",
        lacking.0
    ))
}

fn is_domain(state: &State, told: &Value) -> bool {
    match (&told["id"], &told["name"]) {
        (Value::String(id), _) => *id == domain_id(state),
        (_, Value::String(name)) => *name == state.domain,
        _ => false,
    }
}

fn domain_id(state: &State) -> String {
    state.domain.to_lowercase()
}

fn user_id(call: &Call<'_>) -> String {
    call.source().uuid_for("user").replace('-', "")
}

fn project(state: &State) -> Value {
    let domain = json!({"id": domain_id(state), "name": state.domain});
    json!({"id": state.project_id, "name": state.project, "domain": domain})
}

fn token_body(call: &Call<'_>) -> Value {
    let state = call.state;
    let user = json!({
        "id": user_id(call), "name": call.source().username, "password_expires_at": null,
        "domain": {"id": domain_id(state), "name": state.domain},
    });
    json!({"token": {
        "methods": ["password"],
        "user": user,
        "project": project(state),
        "is_domain": false,
        "roles": [{"id": "member", "name": "member"}],
        "audit_ids": [call.source().uuid_for("audit")],
        "issued_at": rfc3339(now()),
        "expires_at": EXPIRES,
        "catalog": catalog(call),
    }})
}

/// Region, interface and URL of every service. The network's URL lacks its version, and so does the image's.
fn catalog(call: &Call<'_>) -> Value {
    let (state, root) = (call.state, &call.request.root);
    let volume = format!("{root}/volume/v3/{}", state.project_id);
    let services = [
        ("identity", "keystone", format!("{root}/identity/v3")),
        ("compute", "nova", format!("{root}/compute/v2.1")),
        ("volumev3", "cinderv3", volume.clone()),
        ("block-storage", "cinder", volume),
        ("network", "neutron", format!("{root}/network")),
        ("image", "glance", format!("{root}/image")),
    ];
    let entry = |(kind, name, url): (&str, &str, String)| {
        let endpoint = |interface: &str, url: &str| {
            let id = call.source().uuid_for(&format!("endpoint/{name}/{interface}")).replace('-', "");
            json!({"id": id, "interface": interface, "region": state.region, "region_id": state.region, "url": url})
        };
        // Who takes the first endpoint instead of the public one finds nothing there.
        let internal = endpoint("internal", "https://internal.invalid/");
        let id = call.source().uuid_for(&format!("service/{name}")).replace('-', "");
        json!({"id": id, "type": kind, "name": name, "endpoints": [internal, endpoint("public", &url)]})
    };
    Value::Array(services.into_iter().map(entry).collect())
}

pub(super) fn answer(call: &Call<'_>, path: &[&str]) -> Answer {
    match (&call.request.method, path) {
        (&Method::GET, ["auth", "tokens"]) => Ok(Reply::ok(token_body(call))),
        (&Method::DELETE, ["auth", "tokens"]) => {
            call.change(|_, cloud| cloud.tokens.remove(call.request.header("x-subject-token")));
            Ok(Reply::empty(204))
        }
        (&Method::GET, ["auth", "catalog"]) => Ok(Reply::ok(json!({"catalog": catalog(call)}))),
        (&Method::GET, ["projects", id]) if *id == call.state.project_id => {
            Ok(Reply::ok(json!({"project": project(call.state)})))
        }
        _ => Err(Reply::keystone(404, "Not Found", "The resource could not be found.")),
    }
}
