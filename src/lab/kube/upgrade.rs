//! Connection upgrades without a socket: a request that asks for one gets a connection of its own, in memory, since only
//! a real connection can become something else.

use super::service::{ApiService, ConnectionReset};
use axum::BoxError;
use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tower::ServiceExt;

/// Bytes that the connection holds in each direction.
const PIPE_BYTES: usize = 64 << 10;

/// Whether the request asks for an upgrade and came over no connection that could be upgraded.
pub(super) fn wants_connection<B>(request: &Request<B>) -> bool {
    request.headers().contains_key(header::UPGRADE) && request.extensions().get::<OnUpgrade>().is_none()
}

/// Sends one request over a connection. Both ends are driven until the connection is over, or has been handed to those
/// who speak something else on it.
pub(super) async fn over_connection(
    server: ApiService,
    request: Request<Body>,
) -> Result<Response<Body>, ConnectionReset> {
    let (near, far) = tokio::io::duplex(PIPE_BYTES);
    let shaken = hyper::client::conn::http1::handshake(TokioIo::new(near)).await;
    let (mut sender, connection) = shaken.map_err(|_| ConnectionReset)?;
    let service = service_fn(move |request: Request<Incoming>| server.clone().oneshot(request));
    let serving = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(far), service);
    let answer = async move {
        let response = sender.send_request(request).await?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(response.map(|_| Body::empty()));
        }
        let (head, body) = response.into_parts();
        Ok::<_, BoxError>(Response::from_parts(head, Body::from(body.collect().await?.to_bytes())))
    };
    // An end that breaks off shows in the answer.
    let (answer, _, _) = futures::join!(answer, connection.with_upgrades(), serving.with_upgrades());
    answer.map_err(|_| ConnectionReset)
}
