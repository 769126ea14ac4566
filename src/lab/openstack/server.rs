//! The HTTP face: faults, tokens, and which service a request is for. It owns the work that goes on after an answer.

use super::reply::{Answer, Reply};
use super::request::Request;
use super::{block, compute, identity, image, network, versions};
use crate::lab::clock::Pace;
use crate::lab::fault::{Faults, TransportEffect};
use crate::lab::network::{connection_lost, failing_status};
use crate::lab::world::openstack::{Cloud, State};
use crate::lab::world::{Inventory, Source, World};
use axum::Router;
use axum::extract::State as Extracted;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// The API of one source. Dropping the last clone ends its work.
#[derive(Debug, Clone)]
pub struct OpenstackServer(Arc<Face>);

/// What the services share.
#[derive(Debug)]
pub(super) struct Face {
    pub(super) source: Arc<Source>,
    pub(super) faults: Faults,
    pace: Pace,
    running: Mutex<JoinSet<()>>,
}

impl OpenstackServer {
    /// The server of `source` in `world`.
    pub fn new(source: Arc<Source>, world: &World) -> Self {
        let (faults, pace) = (world.faults.clone(), world.pace);
        Self(Arc::new(Face { source, faults, pace, running: Mutex::default() }))
    }

    /// Its routes.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// Ends what it runs, and waits for the end.
    pub async fn stop(&self) {
        let mut running = std::mem::take(&mut *self.0.running());
        running.shutdown().await;
    }
}

async fn answer(
    Extracted(server): Extracted<OpenstackServer>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let face = &server.0;
    let effect = face.faults.meets(method.as_str(), &format!("/{}{}", face.source.host, uri.path()));
    match effect {
        Some(TransportEffect::Status(code)) => return failing_status(code),
        Some(TransportEffect::Reset) => return connection_lost(),
        _ => {}
    }
    let reply = match (Request::read(method, &uri, headers, &body, &face.source.host), face.source.openstack()) {
        (Some(request), Some(state)) => face.serve(state, &request).unwrap_or_else(|error| error),
        _ => Reply::bad("Malformed request body"),
    };
    if effect == Some(TransportEffect::ResetAfter) { connection_lost() } else { reply.respond() }
}

impl Face {
    fn serve(&self, state: &State, request: &Request) -> Answer {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        if let Some(versions) = versions::answer(state, request, &path) {
            return Ok(versions);
        }
        let call = Call { face: self, state, request };
        if path == ["identity", "v3", "auth", "tokens"] && request.method == Method::POST {
            return identity::log_in(&call);
        }
        if !state.cloud().tokens.contains(request.header("x-auth-token")) {
            let words = "The request you have made requires authentication.";
            return Err(Reply::keystone(401, "Unauthorized", words));
        }
        match &path[..] {
            ["identity", "v3", rest @ ..] => identity::answer(&call, rest),
            ["compute", "v2.1", rest @ ..] => compute::answer(&call, rest),
            ["volume", "v3", project, rest @ ..] if *project == state.project_id => block::answer(&call, rest),
            ["network", "v2.0", rest @ ..] => network::answer(&call, rest),
            ["image", "v2", rest @ ..] => image::answer(&call, rest),
            _ => Err(Reply::no_item("The resource could not be found.")),
        }
    }

    fn running(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request of a logged-in user.
pub(super) struct Call<'a> {
    pub(super) face: &'a Face,
    pub(super) state: &'a State,
    pub(super) request: &'a Request,
}

impl Call<'_> {
    pub(super) fn source(&self) -> &Source {
        &self.face.source
    }

    /// Reads what there is.
    pub(super) fn read<T>(&self, act: impl FnOnce(&Inventory, &Cloud) -> T) -> T {
        let inventory = self.face.source.read();
        act(&inventory, &self.state.cloud())
    }

    /// Changes what there is.
    pub(super) fn change<T>(&self, act: impl FnOnce(&mut Inventory, &mut Cloud) -> T) -> T {
        self.face.source.change(|inventory| act(inventory, &mut self.state.cloud()))
    }

    /// Does `work` when so much simulated time has passed.
    pub(super) fn later(
        &self,
        lasts: Duration,
        work: impl FnOnce(&Source, &mut Inventory, &mut Cloud) + Send + 'static,
    ) {
        let (source, pace) = (Arc::clone(&self.face.source), self.face.pace);
        let mut running = self.face.running();
        while running.try_join_next().is_some() {}
        running.spawn(async move {
            pace.pass(lasts).await;
            let Some(state) = source.openstack() else { return };
            source.change(|inventory| work(&source, inventory, &mut state.cloud()));
        });
    }
}
