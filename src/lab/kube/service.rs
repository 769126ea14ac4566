//! The server as a tower service: transport faults around the routes.

use super::failure::Failure;
use super::present;
use super::request::{Params, ResourcePath};
use super::routes;
use super::server::ApiServer;
use super::upgrade::{over_connection, wants_connection};
use super::watch;
use crate::lab::fault::TransportEffect;
use axum::BoxError;
use axum::body::Body;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Method, Request, Response};
use std::task::{Context, Poll};
use tower::Service;

/// The connection ended without an answer, because a fault of the lab asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("connection reset by the lab")]
pub struct ConnectionReset;

/// The API server as a service, for requests with any body of bytes. Clones serve the same server.
#[derive(Debug, Clone)]
pub struct ApiService {
    server: ApiServer,
}

impl ApiService {
    pub(super) fn new(server: ApiServer) -> Self {
        Self { server }
    }
}

impl<B> Service<Request<B>> for ApiService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = ConnectionReset;
    type Future = BoxFuture<'static, Result<Response<Body>, ConnectionReset>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectionReset>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let request = request.map(Body::new);
        if wants_connection(&request) {
            return over_connection(self.clone(), request).boxed();
        }
        answer(self.server.clone(), request).boxed()
    }
}

async fn answer(server: ApiServer, request: Request<Body>) -> Result<Response<Body>, ConnectionReset> {
    let verb = verb(&request);
    match server.faults().meets(verb, request.uri().path()) {
        None => Ok(routes::route(&server, request).await),
        Some(TransportEffect::Status(code)) => Ok(present::failure(&Failure::of_code(code))),
        Some(TransportEffect::DropWatch) if verb == "WATCH" => Ok(watch::ended(None)),
        Some(TransportEffect::ExpireWatch) if verb == "WATCH" => Ok(watch::ended(Some(&Failure::of_code(410)))),
        Some(TransportEffect::ResetAfter) => {
            routes::route(&server, request).await;
            Err(ConnectionReset)
        }
        Some(TransportEffect::Reset | TransportEffect::DropWatch | TransportEffect::ExpireWatch) => {
            Err(ConnectionReset)
        }
    }
}

/// The verb under which faults know a request: its method, or `LIST` or `WATCH`.
fn verb(request: &Request<Body>) -> &'static str {
    match *request.method() {
        Method::GET => match ResourcePath::parse(request.uri().path()) {
            Some(path) if path.name.is_empty() && Params::of(request.uri()).flag("watch") => "WATCH",
            Some(path) if path.name.is_empty() => "LIST",
            _ => "GET",
        },
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "OTHER",
    }
}
