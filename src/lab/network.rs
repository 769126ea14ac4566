//! The lab's network: requests go by host name to routers in this process. No sockets, and nothing is counted.

use super::world::ShownCertificates;
use crate::http::{ByteStream, HttpError, Network, TlsPolicy, Transport};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::DuplexStream;
use tower::ServiceExt;

/// Mark of an answer in whose place the connection ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionLost;

/// An answer in whose place the connection ends: the network in this process and the served lab both honour the mark.
pub(crate) fn connection_lost() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.extensions_mut().insert(ConnectionLost);
    response
}

/// An empty answer with a status code that a fault asks for.
pub(crate) fn failing_status(code: u16) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}

/// What a plain connection to a host leads to.
type Door = Arc<dyn Fn(DuplexStream) + Send + Sync>;

/// Takes connections to hosts that come and go, or refuses them; `WouldBlock` is no answer at all.
type Gate = Arc<dyn Fn(&str, u16, DuplexStream) -> io::Result<()> + Send + Sync>;

/// Bytes that a plain connection holds in each direction.
const PIPE_BYTES: usize = 64 << 10;

/// Routers by host name, and what listens on ports beside them. Clones share them. There is no TLS here, but a policy that pins other certificates than the hosts
/// show reaches none of them; only a served lab (`lab::serve`) has real TLS.
#[derive(Clone, Default)]
pub struct LabNetwork {
    routes: Arc<Mutex<BTreeMap<String, Router>>>,
    doors: Arc<Mutex<BTreeMap<(String, u16), Door>>>,
    gate: Arc<Mutex<Option<Gate>>>,
    chain: String,
}

impl std::fmt::Debug for LabNetwork {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("LabNetwork").finish_non_exhaustive()
    }
}

impl LabNetwork {
    /// A network without hosts, all of whose certificates are vouched for by `ca_pem`.
    pub fn new(ca_pem: impl Into<String>) -> Self {
        Self { routes: Arc::default(), doors: Arc::default(), gate: Arc::default(), chain: ca_pem.into() }
    }

    /// Lets `door` have every plain connection to a port of a host. It is called inside the runtime of whoever dials.
    pub fn listen(&self, host: &str, port: u16, door: impl Fn(DuplexStream) + Send + Sync + 'static) {
        let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
        doors.insert((host.to_owned(), port), Arc::new(door));
    }

    /// Lets `gate` have every plain connection that has no door.
    pub fn listen_elsewhere(&self, gate: impl Fn(&str, u16, DuplexStream) -> io::Result<()> + Send + Sync + 'static) {
        *self.gate.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(gate));
    }

    /// Puts a router at a host name, whatever the port.
    pub fn mount(&self, host: &str, router: Router) {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).insert(host.to_owned(), router);
    }

    /// Takes all hosts off the network: from now on everything is refused.
    pub fn cut(&self) {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.doors.lock().unwrap_or_else(PoisonError::into_inner).clear();
        *self.gate.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn route(&self, host: &str) -> Option<Router> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }
}

/// What is sent to hosts that are not trusted: nothing.
struct Untrusted;

#[async_trait]
impl Transport for Untrusted {
    async fn send(&self, request: Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let problem = "the server's certificate is not trusted (invalid peer certificate: UnknownIssuer); give its CA, \
                       or skip verification by name in the settings";
        Err(HttpError::about(&request, problem, false))
    }
}

#[async_trait]
impl Network for LabNetwork {
    fn open(&self, tls: &TlsPolicy) -> Result<Arc<dyn Transport>, HttpError> {
        let shown = ShownCertificates::default();
        shown.show(&self.chain);
        match tls {
            TlsPolicy::Pinned(pem) if !shown.are_vouched_for_by(pem) => Ok(Arc::new(Untrusted)),
            _ => Ok(Arc::new(self.clone())),
        }
    }

    async fn certificate_chain(&self, host: &str, port: u16) -> Result<String, HttpError> {
        match self.route(host) {
            Some(_) => Ok(self.chain.clone()),
            None => Err(HttpError {
                method: "TLS".into(),
                url: format!("{host}:{port}"),
                problem: "connection refused: the lab has no such host".into(),
                transient: true,
            }),
        }
    }

    async fn dial(&self, host: &str, port: u16) -> io::Result<Box<dyn ByteStream>> {
        let door = {
            let doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
            doors.get(&(host.to_owned(), port)).cloned()
        };
        let refused = || {
            let problem = format!("dial {host}:{port}: nothing in the lab listens there");
            io::Error::new(io::ErrorKind::ConnectionRefused, problem)
        };
        let (mine, theirs) = tokio::io::duplex(PIPE_BYTES);
        if let Some(door) = door {
            door(theirs);
            return Ok(Box::new(mine));
        }
        let gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match gate.ok_or_else(refused)?(host, port, theirs) {
            Ok(()) => Ok(Box::new(mine)),
            // Nobody answers: whoever dials has a limit of its own.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::future::pending().await,
            Err(_) => Err(refused()),
        }
    }
}

#[async_trait]
impl Transport for LabNetwork {
    async fn send(&self, request: Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let mut sample = Request::new(());
        request.uri().clone_into(sample.uri_mut());
        request.method().clone_into(sample.method_mut());
        let host = request.uri().host().unwrap_or_default().to_owned();
        let refused = || HttpError::about(&sample, "connection refused: the lab has no such host", true);
        let router = self.route(&host).ok_or_else(refused)?;
        let request = with_relative_uri(request).map(Body::from);
        let Ok(response) = router.oneshot(request).await;
        let (head, body) = response.into_parts();
        if head.extensions.get::<ConnectionLost>().is_some() {
            return Err(HttpError::about(&sample, "the connection ended before the answer", true));
        }
        let body = body.collect().await.map_err(|error| HttpError::about(&sample, error.to_string(), true))?;
        Ok(http::Response::from_parts(head, body.to_bytes()))
    }
}

/// As a server sees the request: the path alone, the host in its header.
fn with_relative_uri(mut request: Request<Bytes>) -> Request<Bytes> {
    let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
    if let Ok(value) = authority.parse() {
        request.headers_mut().entry(http::header::HOST).or_insert(value);
    }
    let path = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    if let Ok(uri) = path.parse() {
        *request.uri_mut() = uri;
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn ask(network: &LabNetwork, url: &str) -> Result<http::Response<Bytes>, HttpError> {
        let transport = network.open(&TlsPolicy::SystemRoots).unwrap();
        transport.send(Request::builder().uri(url).body(Bytes::new()).unwrap()).await
    }

    #[tokio::test]
    async fn hosts_are_found_by_name_and_losses_are_transient() {
        let network = LabNetwork::new("PEM");
        let router =
            Router::new().route("/a", get(|| async { "yes" })).route("/lost", get(|| async { connection_lost() }));
        network.mount("one.lab", router);
        assert_eq!(ask(&network, "https://one.lab:8443/a").await.unwrap().body(), "yes");
        assert!(ask(&network, "https://one.lab/lost").await.unwrap_err().transient);
        let error = ask(&network, "https://two.lab/a").await.unwrap_err();
        assert!(error.transient && error.to_string().contains("refused"), "{error}");
        assert_eq!(network.certificate_chain("one.lab", 443).await.unwrap(), "PEM");
        let (arrived, mut waiting) = tokio::sync::mpsc::unbounded_channel();
        network.listen("one.lab", 22, move |stream| arrived.send(stream).unwrap());
        let mut dialled = network.dial("one.lab", 22).await.unwrap();
        let mut served = waiting.recv().await.unwrap();
        served.write_all(b"hello").await.unwrap();
        drop(served);
        let mut text = String::new();
        dialled.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "hello");
        let refused = network.dial("one.lab", 23).await.err().unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        network.cut();
        assert!(network.dial("one.lab", 22).await.is_err());
        assert!(ask(&network, "https://one.lab/a").await.is_err());
    }
}
