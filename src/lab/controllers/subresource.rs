//! KubeVirt's subresources, to be mounted on the API server: what their routes share.
//!
//! Source: cluster-api.md sections 1.2 and 1.4.

use super::kinds::{INSTANCE, Kind, VIRTUAL_MACHINE};
use super::port_forward::{Forwarding, forward};
use super::power::act;
use crate::lab::guest::Guests;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use serde_json::{Value, json};
use std::sync::Arc;

/// Where they are served.
const ROOT: &str = "/apis/subresources.kubevirt.io/v1";

/// `PUT .../virtualmachines/NAME/{start|stop|restart}` and `GET .../NAME/portforward/PORT` of VMs and instances. They act
/// through `client`; connections are taken by `guests`.
pub fn kubevirt_subresources(client: kube::Client, guests: Guests) -> Router {
    let of = |plural: &str, tail: &str| format!("{ROOT}/namespaces/{{namespace}}/{plural}/{{name}}/{tail}");
    let mut forwarding = Router::new();
    for plural in [VIRTUAL_MACHINE.plural, INSTANCE.plural] {
        for tail in ["portforward/{port}", "portforward/{port}/{protocol}"] {
            forwarding = forwarding.route(&of(plural, tail), get(forward));
        }
    }
    let power = Router::new().route(&of(VIRTUAL_MACHINE.plural, "{action}"), put(act));
    let state = Forwarding { client: client.clone(), guests, running: Arc::default() };
    power.with_state(client).merge(forwarding.with_state(state)).route(ROOT, get(async || axum::Json(discovery())))
}

/// What clients and aggregators ask first.
fn discovery() -> Value {
    let one = |kind: Kind, action: &str, verb: &str| json!({"name": format!("{}/{action}", kind.plural), "singularName": "", "namespaced": true, "kind": "", "verbs": [verb]});
    let power = ["start", "stop", "restart"].map(|action| one(VIRTUAL_MACHINE, action, "update"));
    let forward = [VIRTUAL_MACHINE, INSTANCE].map(|kind| one(kind, "portforward", "get"));
    json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "subresources.kubevirt.io/v1",
        "resources": power.into_iter().chain(forward).collect::<Vec<_>>(),
    })
}

/// Which object a request is about, and what follows its name.
pub(super) struct Place {
    pub(super) plural: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) rest: Vec<String>,
}

impl Place {
    pub(super) fn of(path: &str) -> Option<Self> {
        let mut words = path.strip_prefix(ROOT)?.split('/').skip(1).map(str::to_owned);
        words.next().filter(|word| word == "namespaces")?;
        let (namespace, plural, name) = (words.next()?, words.next()?, words.next()?);
        // What comes before `portforward/PORT` is the subresource's name; of the others it is the action itself.
        let rest: Vec<String> = words.filter(|word| word != "portforward").collect();
        Some(Self { plural, namespace, name, rest })
    }

    /// An error of the API server, passed on; what is no answer of its own is a failure of this one.
    pub(super) fn broken(&self, error: &kube::Error) -> Response {
        match error {
            kube::Error::Api(status) => failure(status.code, &status.reason, &status.message, self),
            error => failure(500, "InternalError", &crate::facts::chain(error), self),
        }
    }
}

/// The object of a kind that has the place's name.
pub(super) async fn read(client: &kube::Client, kind: Kind, place: &Place) -> Result<Value, Box<Response>> {
    let request = http::Request::get(kind.path(&place.namespace, &place.name)).body(Vec::new());
    let request = request.map_err(|error| Box::new(place.broken(&kube::Error::HttpError(error))))?;
    match client.request::<Value>(request).await {
        Ok(object) => Ok(object),
        Err(kube::Error::Api(status)) if status.code == 404 => {
            let words = format!("{}.kubevirt.io {:?} not found", kind.title.to_lowercase(), place.name);
            Err(Box::new(failure(404, "NotFound", &words, place)))
        }
        Err(error) => Err(Box::new(place.broken(&error))),
    }
}

/// A failure as KubeVirt words it.
pub(super) fn failure(code: u16, reason: &str, message: &str, place: &Place) -> Response {
    let kind = if place.plural == INSTANCE.plural { INSTANCE } else { VIRTUAL_MACHINE };
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "code": code,
        "details": {"name": place.name, "group": "kubevirt.io", "kind": kind.title.to_lowercase()},
    });
    let code = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (code, axum::Json(body)).into_response()
}
