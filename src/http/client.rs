//! The seam between product code and what carries its requests.

use super::TlsPolicy;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// A request that got no answer. Any answer, also 500, is not an error here.
#[derive(Debug, thiserror::Error)]
#[error("{method} {url}: {problem}")]
pub struct HttpError {
    /// The method.
    pub method: String,
    /// The URL without query, user and password.
    pub url: String,
    /// What went wrong, with the remedy where there is one.
    pub problem: String,
    /// Whether the same request may succeed later (refused, reset, timed out) or not (an untrusted certificate or other
    /// refusal of TLS, after which nothing was sent; a malformed request).
    pub transient: bool,
}

impl HttpError {
    /// An error about `request`.
    pub fn about<B>(request: &Request<B>, problem: impl Into<String>, transient: bool) -> Self {
        let uri = request.uri();
        let authority = uri.authority().map_or("?", http::uri::Authority::as_str);
        let host_and_port = authority.rsplit('@').next().unwrap_or(authority);
        let url = format!("{}://{host_and_port}{}", uri.scheme_str().unwrap_or("http"), uri.path());
        Self { method: request.method().to_string(), url, problem: problem.into(), transient }
    }
}

/// An extension of a request whose answer is larger than usual: how large it may be, and how long it may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bulk {
    /// More bytes than this are an error.
    pub bytes_max: u64,
    /// Longest time for the whole answer, instead of the usual one.
    pub limit: Duration,
}

/// What carries one request to a server and brings the whole answer back.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request`, whose URI is absolute.
    ///
    /// # Errors
    /// No answer came.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError>;
}

/// Bytes both ways, for protocols that are not HTTP (SSH).
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// The outside world: real sockets, or the lab.
#[async_trait]
pub trait Network: Send + Sync {
    /// A transport that trusts servers by `tls`.
    ///
    /// # Errors
    /// The pinned certificates cannot be read, or the system has no roots.
    fn open(&self, tls: &TlsPolicy) -> Result<Arc<dyn Transport>, HttpError>;

    /// The certificate chain that `host:port` shows, as PEM, unverified: what the original fetched with
    /// `openssl s_client -showcerts` (original-suite.md section 1.2).
    ///
    /// # Errors
    /// No TLS server answers there.
    async fn certificate_chain(&self, host: &str, port: u16) -> Result<String, HttpError>;

    /// A plain connection to `host:port`, without TLS; what is spoken over it is the caller's. A peer that accepts and
    /// says nothing is the caller's to bound, too.
    ///
    /// # Errors
    /// Nobody answers there in time, or this network carries no plain connections.
    async fn dial(&self, host: &str, port: u16) -> io::Result<Box<dyn ByteStream>> {
        let problem = format!("dial {host}:{port}: this network carries requests only");
        Err(io::Error::new(io::ErrorKind::Unsupported, problem))
    }
}

/// Counts requests. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct RequestCounter(Arc<AtomicU64>);

impl RequestCounter {
    /// Counts one.
    pub fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were counted.
    pub fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A transport with its counter; what adapters hold. Cheap to clone.
#[derive(Clone)]
pub struct HttpClient {
    transport: Arc<dyn Transport>,
    counter: RequestCounter,
}

impl HttpClient {
    /// A client on `network` that trusts by `tls` and counts with `counter`.
    ///
    /// # Errors
    /// As [`Network::open`].
    pub fn open(network: &dyn Network, tls: &TlsPolicy, counter: RequestCounter) -> Result<Self, HttpError> {
        Ok(Self::over(network.open(tls)?, counter))
    }

    /// A client over `transport`.
    pub(super) fn over(transport: Arc<dyn Transport>, counter: RequestCounter) -> Self {
        Self { transport, counter }
    }

    /// Sends `request`, whose URI is absolute, and returns the whole answer, whatever its status.
    ///
    /// # Errors
    /// No answer came.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.counter.count();
        self.transport.send(request).await
    }
}
