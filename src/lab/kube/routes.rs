//! Which part answers a request, after the user has been recognised and allowed.

use super::auth::{Attributes, User, authorize};
use super::delete::{Deletion, delete, delete_collection, success};
use super::failure::Failure;
use super::object::{name, text};
use super::request::{Call, Params, ResourcePath, decode};
use super::server::ApiServer;
use super::{create, discovery, openapi, openapi_v2, patch, present, read, reviews, scale, update, watch};
use crate::facts::{now, rfc3339};
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response};
use serde_json::{Value, json};
use tower::ServiceExt;

const BODY_MAX_BYTES: usize = 3 * 1024 * 1024;
/// The annotation whose text is the log of a pod that no controller of the lab writes one for.
const LOG_ANNOTATION: &str = "/metadata/annotations/mtvtest.io~1log";

/// Answers a request.
pub(super) async fn route(server: &ApiServer, request: Request<Body>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    if let Some(router) = server.mounted(&path) {
        return mounted(server, router, request).await;
    }
    if let Some(open) = discovery::open(server, &path) {
        return open;
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, BODY_MAX_BYTES).await else {
        let failure = Failure::new(413, "RequestEntityTooLarge", "the request's body is too large or broke off");
        return present::failure(&failure);
    };
    let user = match server.users().authenticate(&server.state(), &parts.headers) {
        Ok(user) => user,
        Err(failure) => return present::failure(&failure),
    };
    let answer = match ResourcePath::parse(&path) {
        Some(resource) => resource_request(server, &user, &resource, &parts, &bytes),
        None => other_request(server, &user, &path, &parts),
    };
    let mut answer = answer.unwrap_or_else(|failure| present::failure(&failure));
    if parts.method == Method::HEAD {
        *answer.body_mut() = Body::empty();
    }
    answer
}

/// A request for a path that other parts of the lab serve.
async fn mounted(server: &ApiServer, router: axum::Router, mut request: Request<Body>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    if path.starts_with("/apis/") || path.starts_with("/api/") {
        let state = server.state();
        let checked = server.users().authenticate(&state, request.headers()).and_then(|user| {
            let wanted = match ResourcePath::parse(&path) {
                Some(resource) => attributes(&resource, request.method(), &Params::of(request.uri())),
                None => path_attributes(&path),
            };
            authorize(&state, &user, &wanted).map(|()| user)
        });
        match checked {
            Ok(user) => request.extensions_mut().insert(user),
            Err(failure) => return present::failure(&failure),
        };
    }
    match router.oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

fn path_attributes(path: &str) -> Attributes {
    Attributes { verb: "get".to_owned(), path: path.to_owned(), ..Attributes::default() }
}

fn other_request(server: &ApiServer, user: &User, path: &str, parts: &Parts) -> Result<Response<Body>, Failure> {
    let mut state = server.state();
    authorize(&state, user, &path_attributes(path))?;
    if parts.method != Method::GET {
        return Ok(present::unknown_path());
    }
    let found = discovery::answer(&state, path, &parts.headers)
        .or_else(|| openapi_v2::answer(&state, path, &parts.headers))
        .or_else(|| openapi::answer(&mut state, path));
    Ok(found.unwrap_or_else(present::unknown_path))
}

/// What a request for a resource wants to do.
fn attributes(path: &ResourcePath, method: &Method, params: &Params) -> Attributes {
    let verb = match *method {
        Method::GET | Method::HEAD if !path.name.is_empty() => "get",
        Method::GET | Method::HEAD if params.flag("watch") => "watch",
        Method::GET | Method::HEAD => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if path.name.is_empty() => "deletecollection",
        _ => "delete",
    };
    Attributes {
        verb: verb.to_owned(),
        group: path.group.clone(),
        resource: path.plural.clone(),
        subresource: path.subresource.clone(),
        // A namespace is asked for in itself, so a role in it may grant that.
        namespace: if path.group.is_empty() && path.plural == "namespaces" {
            path.name.clone()
        } else {
            path.namespace.clone()
        },
        name: path.name.clone(),
        path: String::new(),
    }
}

fn resource_request(
    server: &ApiServer,
    user: &User,
    path: &ResourcePath,
    parts: &Parts,
    bytes: &Bytes,
) -> Result<Response<Body>, Failure> {
    let content_type = parts.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or("application/json").split(';').next().unwrap_or_default().trim();
    let kind = {
        let state = server.state();
        authorize(&state, user, &attributes(path, &parts.method, &Params::of(&parts.uri)))?;
        if reviews::kind_at(path).is_some() && parts.method == Method::POST {
            let body = decode(content_type, bytes)?;
            return reviews::answer(&state, server.users(), user, path, body)
                .map(|body| present::json_value(201, &body));
        }
        if path.group == "user.openshift.io" && path.plural == "users" && path.name == "~" {
            return Ok(present::json_value(200, &whoami(user)));
        }
        state.registry.find(&path.group, &path.plural).cloned()
    };
    let Some(kind) = kind.filter(|kind| kind.version(&path.version).is_some()) else {
        return if is_built_in(server, path) { Err(Failure::unserved(404)) } else { Ok(present::unknown_path()) };
    };
    let out_of_scope =
        if kind.namespaced { path.namespace.is_empty() && !path.name.is_empty() } else { !path.namespace.is_empty() };
    let unscoped_write = kind.namespaced
        && path.namespace.is_empty()
        && path.name.is_empty()
        && [Method::POST, Method::DELETE].contains(&parts.method);
    if kind.custom && (out_of_scope || unscoped_write) {
        return Ok(present::unknown_path());
    }
    if out_of_scope {
        return Err(Failure::unserved(404));
    }
    let call = Call::new(kind, path, parts);
    match (path.name.is_empty(), path.subresource.as_str()) {
        (true, _) => collection(server, call, &parts.method, bytes),
        (false, "") => object(server, &call, &parts.method, bytes),
        (false, _) => part(server, &call, &parts.method, bytes),
    }
}

fn collection(server: &ApiServer, call: Call, method: &Method, bytes: &Bytes) -> Result<Response<Body>, Failure> {
    match *method {
        Method::GET | Method::HEAD if call.params.flag("watch") => watch::watch(server, call),
        Method::GET | Method::HEAD => {
            let page = read::list(&mut server.state(), &call)?;
            Ok(present::page(&call, &page))
        }
        Method::POST if !call.kind.namespaced || !call.namespace.is_empty() => {
            let body = decode(&call.content_type, bytes)?;
            let made = create::create(&mut server.state(), &call, body)?;
            Ok(present::written(&call, &made))
        }
        Method::DELETE if call.kind.is_core("namespaces") => Err(Failure::unserved(405)),
        Method::DELETE if !call.kind.namespaced || !call.namespace.is_empty() => {
            let options = delete_options(&call, bytes)?;
            let (items, revision) = {
                let mut state = server.state();
                (delete_collection(&mut state, &call, &options)?, state.revision)
            };
            let items = items.iter().map(|item| super::convert::serve(&call, item)).collect();
            Ok(present::page(&call, &read::Page { items, revision, next: String::new(), remaining: 0 }))
        }
        Method::PUT | Method::PATCH if call.kind.custom => Err(Failure::bad_request("name must be provided")),
        _ => Err(refused_method(&call, method)),
    }
}

/// Whether built-in kinds are served in this group and version: their unknown paths are answered otherwise.
fn is_built_in(server: &ApiServer, path: &ResourcePath) -> bool {
    let state = server.state();
    path.group.is_empty() || state.registry.iter().any(|kind| !kind.custom && kind.group == path.group)
}

fn refused_method(call: &Call, method: &Method) -> Failure {
    let verb = match *method {
        Method::GET | Method::HEAD => "get",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "",
    };
    if call.kind.custom { Failure::unsupported(&call.kind, verb) } else { Failure::unserved(405) }
}

fn object(server: &ApiServer, call: &Call, method: &Method, bytes: &Bytes) -> Result<Response<Body>, Failure> {
    match *method {
        Method::GET | Method::HEAD => {
            let found = read::get(&server.state(), call)?;
            Ok(present::object(call, 200, &found))
        }
        Method::PUT => {
            let body = decode(&call.content_type, bytes)?;
            let changed = update::replace(&mut server.state(), call, body)?;
            Ok(present::written(call, &changed))
        }
        Method::PATCH => {
            let changed = patch::patch(&mut server.state(), call, bytes)?;
            Ok(present::written(call, &changed))
        }
        Method::DELETE => {
            let options = delete_options(call, bytes)?;
            let deletion = delete(&mut server.state(), call, &options)?;
            Ok(match deletion {
                Deletion::Gone(last) if call.kind.returns_deleted() => present::object(call, 200, &last),
                Deletion::Gone(last) => present::json_value(200, &success(&call.kind, &last.value)),
                Deletion::Marked(object) => present::object(call, 200, &object),
            })
        }
        _ => Err(refused_method(call, method)),
    }
}

fn delete_options(call: &Call, bytes: &Bytes) -> Result<Value, Failure> {
    if bytes.is_empty() { Ok(Value::Null) } else { decode(&call.content_type, bytes) }
}

/// Sub-resources of an object.
fn part(server: &ApiServer, call: &Call, method: &Method, bytes: &Bytes) -> Result<Response<Body>, Failure> {
    let status = call.on_status() && call.kind.has_status(&call.version);
    let finalize = call.subresource == "finalize" && call.kind.is_core("namespaces");
    match (call.subresource.as_str(), method) {
        _ if (status || finalize) && ![Method::DELETE, Method::POST].contains(method) => {
            object(server, call, method, bytes)
        }
        ("scale", _) if scale::has(&call.kind) => scale::answer(&mut server.state(), call, method, bytes),
        ("log", &Method::GET) if call.kind.is_core("pods") => {
            let pod = read::get(&server.state(), call)?;
            let written = server.pod_logs().serve(text(&pod.value, "/metadata/uid"));
            log(call, written.as_deref().unwrap_or_else(|| text(&pod.value, LOG_ANNOTATION)))
        }
        ("token", &Method::POST) if call.kind.is_core("serviceaccounts") => {
            let account = read::get(&server.state(), call)?;
            let account_name = name(&account.value);
            let token = format!("sa:{}:{account_name}", call.namespace);
            let answer = json!({
                "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
                "metadata": {"name": account_name, "namespace": call.namespace, "creationTimestamp": rfc3339(now())},
                "spec": {
                    "audiences": ["https://kubernetes.default.svc"], "expirationSeconds": 3600, "boundObjectRef": null,
                },
                "status": {"token": token, "expirationTimestamp": rfc3339(now() + jiff::SignedDuration::from_hours(1))},
            });
            Ok(present::json_value(201, &answer))
        }
        _ if status => Err(refused_method(call, method)),
        _ if call.kind.custom => Err(call.not_found()),
        _ => Err(Failure::unserved(404)),
    }
}

fn log(call: &Call, log: &str) -> Result<Response<Body>, Failure> {
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    let tail = call.params.number("tailLines")?.and_then(|tail| usize::try_from(tail).ok());
    let skip = tail.map_or(0, |tail| lines.len().saturating_sub(tail));
    Ok(present::text(200, &lines[skip..].concat()))
}

/// The user as OpenShift describes it.
fn whoami(user: &User) -> Value {
    json!({
        "kind": "User", "apiVersion": "user.openshift.io/v1",
        "metadata": {"name": user.name, "uid": user.uid},
        "identities": [], "groups": user.groups,
    })
}
