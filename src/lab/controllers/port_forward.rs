//! KubeVirt's port-forward subresource: a web socket to a port of a running guest.
//!
//! Source: cluster-api.md section 1.4.

use super::kinds::{INSTANCE, VIRTUAL_MACHINE};
use super::object::{has_condition, items};
use super::subresource::{Place, failure, read};
use crate::http::WebSocketBytes;
use crate::lab::guest::Guests;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{DuplexStream, copy, split};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The sub-protocol, echoed when it is asked for.
const PLAIN: &str = "plain.kubevirt.io";

/// Bytes that wait for the guest in each direction.
const PIPE_BYTES: usize = 64 << 10;

/// What the route needs.
#[derive(Clone)]
pub(super) struct Forwarding {
    pub(super) client: kube::Client,
    pub(super) guests: Guests,
    /// Connections under way; they end with the router.
    pub(super) running: Arc<Mutex<JoinSet<()>>>,
}

pub(super) async fn forward(State(forwarding): State<Forwarding>, request: Request) -> Response {
    let Some(place) = Place::of(request.uri().path()) else { return StatusCode::NOT_FOUND.into_response() };
    let stream = match dial(&forwarding, &place).await {
        Ok(stream) => stream,
        Err(refusal) => return *refusal,
    };
    let asked = |name: header::HeaderName| request.headers().get(name).cloned();
    let Some(key) = asked(header::SEC_WEBSOCKET_KEY) else {
        return failure(400, "BadRequest", "the request asks for no web socket", &place);
    };
    let Ok(accepted) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) else {
        return failure(400, "BadRequest", "the key of the web socket cannot be answered", &place);
    };
    let plain = asked(header::SEC_WEBSOCKET_PROTOCOL)
        .is_some_and(|asked| asked.to_str().is_ok_and(|list| list.split(',').any(|one| one.trim() == PLAIN)));
    let mut running = forwarding.running.lock().unwrap_or_else(PoisonError::into_inner);
    // Those that ended are let go of.
    while running.try_join_next().is_some() {}
    running.spawn(async move {
        // A client that leaves before it has upgraded is no concern of the guest's.
        if let Ok(upgraded) = hyper::upgrade::on(request).await {
            pump(WebSocketBytes::server(TokioIo::new(upgraded)).await, stream).await;
        }
    });
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, accepted);
    if plain {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(PLAIN));
    }
    response
}

/// Bytes both ways until one side ends: there is no half-close, and no Close frame.
async fn pump(socket: WebSocketBytes<TokioIo<hyper::upgrade::Upgraded>>, guest: DuplexStream) {
    let ((mut from_client, mut to_client), (mut from_guest, mut to_guest)) = (split(socket), split(guest));
    tokio::select! {
        _ = copy(&mut from_client, &mut to_guest) => {}
        _ = copy(&mut from_guest, &mut to_client) => {}
    }
}

/// The guest is dialled before the upgrade, so that a failure is a Status.
async fn dial(forwarding: &Forwarding, place: &Place) -> Result<DuplexStream, Box<Response>> {
    let refuse = |code, reason, message: &str| Err(Box::new(failure(code, reason, message, place)));
    let found = |kind| read(&forwarding.client, kind, place);
    if place.plural == VIRTUAL_MACHINE.plural && found(VIRTUAL_MACHINE).await?["status"]["created"] != true {
        return refuse(409, "Conflict", "VM is not running");
    }
    let instance: Value = found(INSTANCE).await?;
    if has_condition(&instance, "Paused") {
        return refuse(409, "Conflict", "VMI is paused");
    }
    let Some(first) = items(&instance, "/status/interfaces").next() else {
        return refuse(400, "BadRequest", "no network interfaces are present");
    };
    let port = place.rest.first().and_then(|port| port.parse::<u16>().ok());
    let Some(port) = port.filter(|_| place.rest.get(1).is_none_or(|protocol| protocol == "tcp")) else {
        return refuse(400, "BadRequest", "the lab forwards TCP ports only");
    };
    let dialling = |why: &str| failure(500, "InternalError", &format!("dialing VM: {why}"), place);
    if first.get("ipAddress").is_none() {
        return Err(Box::new(dialling("no IP address yet")));
    }
    let (mine, theirs) = tokio::io::duplex(PIPE_BYTES);
    match forwarding.guests.accept(&place.namespace, &place.name, port, theirs) {
        Ok(()) => Ok(mine),
        // KubeVirt sets no limit to its dialling: the request lasts until the client leaves.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::future::pending().await,
        Err(error) => Err(Box::new(dialling(&error.to_string()))),
    }
}
