//! The HTTP face.

use super::entities::View;
use super::fault::Refusal;
use super::jobs::Jobs;
use super::reply::{Language, Reply};
use super::{actions, body, collections, sso};
use crate::lab::fault::TransportEffect;
use crate::lab::network::{connection_lost, failing_status};
use crate::lab::world::{Source, World};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use axum::routing::{any, post};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The REST API of one source. Clones are the same server.
#[derive(Debug, Clone)]
pub struct OvirtServer(Arc<Jobs>);

type Fields = BTreeMap<String, String>;

impl OvirtServer {
    /// The server of `source` in `world`.
    pub fn new(source: Arc<Source>, world: &World) -> Self {
        Self(Arc::new(Jobs::new(source, world)))
    }

    /// Its routes.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/ovirt-engine/sso/oauth/token", post(log_in))
            .route("/ovirt-engine/services/sso-logout", post(log_out))
            .route("/ovirt-engine/api", any(api))
            .route("/ovirt-engine/api/", any(api))
            .route("/ovirt-engine/api/{*path}", any(api))
            .with_state(self.clone())
    }

    /// Ends what it runs.
    pub async fn stop(&self) {
        self.0.stop().await;
    }

    /// The fault that meets a request: path `/<host>/ovirt-engine/api/vms`.
    fn meets(&self, method: &Method, uri: &Uri) -> Option<TransportEffect> {
        self.0.faults.meets(method.as_str(), &format!("/{}{}", self.0.source.host, uri.path()))
    }
}

async fn log_in(State(server): State<OvirtServer>, uri: Uri, text: String) -> Response {
    disturbed(server.meets(&Method::POST, &uri), || sso::token(&server.0.source, &form(&text)))
}

async fn log_out(State(server): State<OvirtServer>, text: String) -> Response {
    sso::log_out(&server.0.source, &form(&text))
}

/// The fields of a form, which are written as in a query.
fn form(text: &str) -> Fields {
    let uri = format!("/?{text}").parse::<Uri>();
    uri.ok().and_then(|uri| Query::try_from_uri(&uri).ok()).map(|Query(fields)| fields).unwrap_or_default()
}

fn disturbed(effect: Option<TransportEffect>, answer: impl FnOnce() -> Response) -> Response {
    match effect {
        Some(TransportEffect::Status(code)) => failing_status(code),
        Some(TransportEffect::Reset) => connection_lost(),
        Some(TransportEffect::ResetAfter) => {
            drop(answer());
            connection_lost()
        }
        _ => answer(),
    }
}

async fn api(
    State(server): State<OvirtServer>,
    method: Method,
    uri: Uri,
    Query(query): Query<Fields>,
    headers: HeaderMap,
    text: String,
) -> Response {
    disturbed(server.meets(&method, &uri), || {
        if !sso::is_known(&server.0.source, &headers) {
            return sso::expired();
        }
        let path: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).skip(2).collect();
        Language::of(&headers).write(answer(&server.0, &method, &path, (&query, &text)))
    })
}

fn answer(jobs: &Jobs, method: &Method, path: &[&str], (query, text): (&Fields, &str)) -> Result<Reply, Refusal> {
    let body = || body::read(text).map_err(|problem| Refusal::bad(format!("The body cannot be read: {problem}")));
    match (method, path) {
        (&Method::GET, path) => {
            let inventory = jobs.source.read();
            collections::read(View { source: &jobs.source, inventory: &inventory }, path, query)
        }
        (&Method::POST, ["vms"]) => actions::create_vm(jobs, &body()?, query),
        (&Method::POST, ["vms", id, "snapshots"]) => actions::create_snapshot(jobs, id, &body()?),
        (&Method::POST, ["vms", id, action]) => actions::act(jobs, id, action),
        (&Method::DELETE, ["vms", id]) => actions::delete_vm(jobs, id),
        (&Method::DELETE, ["vms", id, "snapshots", snapshot]) => actions::delete_snapshot(jobs, id, snapshot),
        _ => Err(Refusal::not_found(&path.join("/"))),
    }
}
