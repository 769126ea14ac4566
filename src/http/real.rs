//! Real sockets, by reqwest.

use super::problem::Problem;
use super::{Bulk, ByteStream, HttpError, Network, TlsPolicy, Transport, chain_fetch, install_crypto, verifier};
use crate::facts::chain;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Until a connection stands, TLS included.
    connect: Duration,
    /// Longest single request with the whole of its answer: the inventory waits up to 10 s by itself, a slow vCenter
    /// longer. A body that stalls ends with it.
    request: Duration,
}

const LIMITS: Limits = Limits { connect: Duration::from_secs(15), request: Duration::from_secs(120) };

/// The network of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealNetwork;

struct Reqwest {
    client: reqwest::Client,
    limits: Limits,
}

#[async_trait]
impl Network for RealNetwork {
    fn open(&self, tls: &TlsPolicy) -> Result<Arc<dyn Transport>, HttpError> {
        Ok(Arc::new(Reqwest::open(tls, LIMITS)?))
    }

    async fn certificate_chain(&self, host: &str, port: u16) -> Result<String, HttpError> {
        install_crypto();
        chain_fetch::fetch(host, port, LIMITS.connect).await
    }

    async fn dial(&self, host: &str, port: u16) -> io::Result<Box<dyn ByteStream>> {
        dial(host, port, LIMITS.connect).await
    }
}

/// Connects within `limit`, name lookup included.
async fn dial(host: &str, port: u16, limit: Duration) -> io::Result<Box<dyn ByteStream>> {
    let late = |_| {
        let problem = format!("no connection to {host}:{port} within {limit:?}; see that no firewall drops it");
        io::Error::new(io::ErrorKind::TimedOut, problem)
    };
    let stream = tokio::time::timeout(limit, TcpStream::connect((host, port))).await.map_err(late)??;
    // Small packets of a dialogue must not wait for each other.
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

impl Reqwest {
    fn open(tls: &TlsPolicy, limits: Limits) -> Result<Self, HttpError> {
        install_crypto();
        let fail = |problem: String| HttpError { method: "open".into(), url: "TLS".into(), problem, transient: false };
        let builder = reqwest::Client::builder()
            .connect_timeout(limits.connect)
            .timeout(limits.request)
            .redirect(reqwest::redirect::Policy::none());
        let builder = match tls {
            TlsPolicy::SystemRoots => builder,
            TlsPolicy::Pinned(pem) => builder.tls_backend_preconfigured(verifier::pinned(pem).map_err(fail)?),
            TlsPolicy::AcceptAny => builder.tls_danger_accept_invalid_certs(true),
        };
        let client = builder.build().map_err(|error| fail(chain(&error)))?;
        Ok(Self { client, limits })
    }

    fn problem(&self, error: &reqwest::Error, limit: Duration) -> Problem {
        let text = if error.is_timeout() && error.is_connect() {
            let limit = self.limits.connect;
            format!("no connection within {limit:?}; see that host and port are right and no firewall drops it")
        } else if error.is_timeout() {
            format!("no whole answer within {limit:?}; see whether the server is overloaded")
        } else if error.is_builder() {
            return Problem { text: chain(error), transient: false };
        } else {
            return Problem::of(error);
        };
        Problem { text, transient: true }
    }
}

#[async_trait]
impl Transport for Reqwest {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut sample = Request::new(());
        request.uri().clone_into(sample.uri_mut());
        request.method().clone_into(sample.method_mut());
        let bulk = request.extensions().get::<Bulk>().copied();
        let limit = bulk.map_or(self.limits.request, |bulk| bulk.limit);
        let fail = |error: reqwest::Error| {
            let problem = self.problem(&error, limit);
            HttpError::about(&sample, problem.text, problem.transient)
        };
        let mut request = reqwest::Request::try_from(request).map_err(fail)?;
        *request.timeout_mut() = Some(limit);
        let answer = self.client.execute(request).await.map_err(fail)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = match bulk {
            None => answer.bytes().await.map_err(fail)?,
            Some(Bulk { bytes_max, .. }) => read_at_most(answer, bytes_max).await.map_err(fail)?.ok_or_else(|| {
                HttpError::about(&sample, format!("the answer is larger than {bytes_max} bytes"), false)
            })?,
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// The whole body, or `None` as soon as it is larger.
async fn read_at_most(mut answer: reqwest::Response, bytes_max: u64) -> reqwest::Result<Option<Bytes>> {
    let mut body = BytesMut::new();
    let over = |length: u64| length > bytes_max;
    if answer.content_length().is_some_and(over) {
        return Ok(None);
    }
    while let Some(chunk) = answer.chunk().await? {
        if over(body.len() as u64 + chunk.len() as u64) {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.freeze()))
}

#[cfg(test)]
#[path = "real_tests.rs"]
mod tests;
