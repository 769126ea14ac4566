//! Which versions the services have: what clients ask before anything else, without a token.

use super::reply::Reply;
use super::request::Request;
use crate::lab::world::openstack::State;
use serde_json::{Value, json};

/// Nova's newest microversion here; 2.89 drops what migrations need.
pub(super) const COMPUTE_MINOR_MAX: u32 = 88;
/// Cinder's newest microversion here.
pub(super) const VOLUME_MINOR_MAX: u32 = 27;

/// The versions, if the path is that of a service or of its version.
pub(super) fn answer(state: &State, request: &Request, path: &[&str]) -> Option<Reply> {
    if request.method != http::Method::GET {
        return None;
    }
    match path {
        ["identity"] => Some(Reply::of(300, json!({"versions": {"values": [identity(request)]}}))),
        ["identity", "v3"] => Some(Reply::ok(json!({"version": identity(request)}))),
        ["compute"] => Some(Reply::ok(json!({"versions": [compute(request)]}))),
        ["compute", "v2.1"] => Some(Reply::ok(json!({"version": compute(request)}))),
        ["volume"] => Some(Reply::of(300, json!({"versions": [volume(request)]}))),
        ["volume", "v3"] => Some(Reply::ok(json!({"versions": [volume(request)]}))),
        ["volume", "v3", project] if *project == state.project_id => {
            Some(Reply::ok(json!({"versions": [volume(request)]})))
        }
        ["network"] => Some(Reply::ok(json!({"versions": [version(request, ("v2.0", "CURRENT"), "network/v2.0/")]}))),
        ["network", "v2.0"] => Some(Reply::ok(json!({"resources": []}))),
        ["image" | "image/"] => Some(Reply::of(300, images(request))),
        ["image", "versions"] => Some(Reply::ok(images(request))),
        _ => None,
    }
}

fn images(request: &Request) -> Value {
    json!({"versions": [
        version(request, ("v2.9", "CURRENT"), "image/v2/"),
        version(request, ("v2.7", "SUPPORTED"), "image/v2/"),
    ]})
}

fn version(request: &Request, (id, status): (&str, &str), path: &str) -> Value {
    let links = json!([{"rel": "self", "href": format!("{}/{path}", request.root)}]);
    json!({"id": id, "status": status, "links": links})
}

fn identity(request: &Request) -> Value {
    let mut found = version(request, ("v3.14", "stable"), "identity/v3/");
    found["updated"] = json!("2020-04-07T00:00:00Z");
    found["media-types"] = json!([{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]);
    found
}

fn compute(request: &Request) -> Value {
    let mut found = version(request, ("v2.1", "CURRENT"), "compute/v2.1/");
    found["version"] = json!(format!("2.{COMPUTE_MINOR_MAX}"));
    found["min_version"] = json!("2.1");
    found["updated"] = json!("2013-07-23T11:33:21Z");
    found
}

fn volume(request: &Request) -> Value {
    let mut found = version(request, ("v3.0", "CURRENT"), "volume/v3/");
    found["version"] = json!(format!("3.{VOLUME_MINOR_MAX}"));
    found["min_version"] = json!("3.0");
    found["updated"] = json!("2022-03-30T00:00:00Z");
    found
}
