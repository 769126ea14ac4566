//! Serving a lab over TLS on real addresses, for any client: kubectl, pyVmomi, this program as another process.

use super::authority::CertificateError;
use super::controllers::INVENTORY_HOST;
use super::downloads::{self, DOWNLOADS_HOST};
use super::lab::{API_HOST, Lab, OAUTH_HOST};
use super::network::ConnectionLost;
use crate::http::{Kubeconfig, TlsPolicy, write_private};
use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// How long a client may take for its TLS handshake.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
pub(super) const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Where to serve what. Every address is a free port of 127.0.0.1 unless it is chosen.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Directory of `kubeconfig`, `providers.json` and `ca.pem`; made if it is missing.
    pub directory: PathBuf,
    /// Address of the API server.
    pub kubernetes: SocketAddr,
    /// Address of the OAuth server.
    pub oauth: SocketAddr,
    /// Address of the inventory service.
    pub inventory: SocketAddr,
    /// Address of the download host.
    pub downloads: SocketAddr,
    /// Addresses of sources, by their names in providers.json.
    pub sources: BTreeMap<String, SocketAddr>,
}

impl ServeOptions {
    /// Free ports, and files in `directory`.
    pub fn in_directory(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            kubernetes: ANY_PORT,
            oauth: ANY_PORT,
            inventory: ANY_PORT,
            downloads: ANY_PORT,
            sources: BTreeMap::new(),
        }
    }
}

/// A lab that cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// An address cannot be had.
    #[error("serve the lab's {what} at {address}; choose another address or port 0")]
    Bind {
        /// What was to be served.
        what: String,
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("write {path}; choose a directory that can be written")]
    Write {
        /// The file.
        path: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The certificates.
    #[error("serve the lab")]
    Certificates(#[from] CertificateError),
    /// An object that names an address cannot be changed.
    #[error("let {object} name the served address")]
    Named {
        /// Kind and name.
        object: &'static str,
        /// What the API server said.
        #[source]
        source: Box<kube::Error>,
    },
}

/// A served lab. Dropping it ends all connections.
pub struct Served {
    /// The kubeconfig file, mode 0600: the administrator's token.
    pub kubeconfig: PathBuf,
    /// The providers file, mode 0600.
    pub providers: PathBuf,
    /// The certificate of the lab's authority.
    pub ca: PathBuf,
    /// `host:port` of the API server.
    pub kubernetes: String,
    /// `host:port` of the OAuth server.
    pub oauth: String,
    /// `host:port` of the inventory service.
    pub inventory: String,
    /// `host:port` of the download host.
    pub downloads: String,
    /// `host:port` of each source that has an API of its own, by name.
    pub sources: BTreeMap<String, String>,
    /// URL of the API of each of them, by name.
    pub urls: BTreeMap<String, String>,
    client: kube::Client,
    namespace: String,
    listeners: JoinSet<()>,
}

/// Serves `lab` over TLS and writes the files that clients need. Returns when everything accepts connections; it goes
/// on until the answer is stopped or dropped.
///
/// While it is served, the Route `forklift-inventory` has `host:port` as its host, and the OAuth metadata and the links to
/// virtctl name the served addresses: a client needs no name resolution.
///
/// # Errors
/// An address is taken, a file cannot be written, or an object that names an address cannot be changed.
pub async fn serve(lab: &Lab, options: ServeOptions) -> Result<Served, ServeError> {
    let faces = lab.faces();
    let (kubernetes, at_kubernetes) = bind("API server", options.kubernetes).await?;
    let (oauth, at_oauth) = bind("OAuth server", options.oauth).await?;
    let (inventory, at_inventory) = bind("inventory", options.inventory).await?;
    let (downloads, at_downloads) = bind("download host", options.downloads).await?;
    let mut endpoints = vec![
        (kubernetes, faces.api),
        (oauth, faces.oauth),
        (inventory, faces.inventory),
        (downloads, downloads::router()),
    ];
    let (mut sources, mut urls) = (BTreeMap::new(), BTreeMap::new());
    for (source, router) in faces.sources {
        let address = options.sources.get(&source.name).copied().unwrap_or(ANY_PORT);
        let (listener, place) = bind(&source.name, address).await?;
        source.aliases.lock().unwrap_or_else(PoisonError::into_inner).push(place.clone());
        endpoints.push((listener, router));
        urls.insert(source.name.clone(), format!("https://{place}{}", source.api_path()));
        sources.insert(source.name.clone(), place);
    }
    let acceptor = TlsAcceptor::from(lab.authority().server(names(lab, &endpoints))?);
    let mut listeners = JoinSet::new();
    for (listener, router) in endpoints {
        listeners.spawn(accept(listener, acceptor.clone(), router));
    }
    lab.oauth().set_issuer(&format!("https://{at_oauth}"));
    let namespace = lab.world().spec.cluster.mtv_namespace.clone();
    let client = lab.client();
    if lab.world().spec.cluster.openshift.is_some() {
        point(&client, &namespace, (&at_inventory, &at_downloads)).await?;
    }
    let files = Files::write(lab, &options.directory, &at_kubernetes, &sources)?;
    Ok(Served {
        kubeconfig: files.kubeconfig,
        providers: files.providers,
        ca: files.ca,
        kubernetes: at_kubernetes,
        oauth: at_oauth,
        inventory: at_inventory,
        downloads: at_downloads,
        sources,
        urls,
        client,
        namespace,
        listeners,
    })
}

impl std::fmt::Debug for Served {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Served").field("kubernetes", &self.kubernetes).finish_non_exhaustive()
    }
}

impl Served {
    /// Ends all listeners and connections, and puts the names of the lab's own network back.
    pub async fn stop(mut self, lab: &Lab) {
        self.listeners.shutdown().await;
        lab.oauth().set_issuer(&format!("https://{OAUTH_HOST}"));
        for source in &lab.world().sources {
            let mut aliases = source.aliases.lock().unwrap_or_else(PoisonError::into_inner);
            aliases.retain(|alias| !self.sources.values().any(|place| place == alias));
        }
        if lab.world().spec.cluster.openshift.is_some() {
            // The lab may be stopping, too; then nobody will read them again.
            point(&self.client, &self.namespace, (INVENTORY_HOST, DOWNLOADS_HOST)).await.ok();
        }
    }
}

pub(super) async fn bind(what: &str, address: SocketAddr) -> Result<(TcpListener, String), ServeError> {
    let fail = |source| ServeError::Bind { what: what.to_owned(), address, source };
    let listener = TcpListener::bind(address).await.map_err(fail)?;
    let mut bound = listener.local_addr().map_err(fail)?;
    if bound.ip().is_unspecified() {
        bound.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    Ok((listener, bound.to_string()))
}

/// Every name and address under which the served lab may be called.
fn names(lab: &Lab, endpoints: &[(TcpListener, Router)]) -> Vec<String> {
    let mut names: Vec<String> =
        ["localhost", "127.0.0.1", "::1", API_HOST, OAUTH_HOST, INVENTORY_HOST, DOWNLOADS_HOST]
            .map(str::to_owned)
            .to_vec();
    names.extend(lab.world().sources.iter().map(|source| source.host.clone()).filter(|host| !host.is_empty()));
    let bound = endpoints.iter().filter_map(|(listener, _)| listener.local_addr().ok());
    names.extend(bound.map(|address| address.ip()).filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string()));
    names.sort_unstable();
    names.dedup();
    names
}

pub(super) async fn accept(listener: TcpListener, acceptor: TlsAcceptor, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A failed accept (a client that left, no descriptors) does not end the listener.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, acceptor.clone(), router.clone()));
                } else {
                    tokio::task::yield_now().await;
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, router: Router) {
    stream.set_nodelay(true).ok();
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(stream)).await else { return };
    let service = service_fn(move |request: Request<Incoming>| answer(router.clone(), request));
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // How a connection ends is its client's business.
    connection.with_upgrades().await.ok();
}

/// Answers by the router; where it marks the connection as lost, an error makes hyper close without an answer.
async fn answer(router: Router, request: Request<Incoming>) -> Result<Response<Body>, io::Error> {
    let Ok(response) = router.oneshot(request.map(Body::new)).await;
    if response.extensions().get::<ConnectionLost>().is_some() {
        return Err(io::Error::from(io::ErrorKind::ConnectionReset));
    }
    Ok(response)
}

/// Lets the objects that name addresses name these of the inventory and the download host.
async fn point(client: &kube::Client, namespace: &str, (inventory, downloads): (&str, &str)) -> Result<(), ServeError> {
    let route = format!("/apis/route.openshift.io/v1/namespaces/{namespace}/routes/forklift-inventory");
    let links = format!("/apis/console.openshift.io/v1/consoleclidownloads/{}", downloads::OBJECT);
    for (object, url, spec) in [
        ("the Route forklift-inventory", route, json!({"host": inventory})),
        ("the ConsoleCLIDownload of virtctl", links, json!({"links": downloads::links(downloads)})),
    ] {
        let body = json!({"spec": spec}).to_string().into_bytes();
        let request = http::Request::patch(url).header("Content-Type", "application/merge-patch+json").body(body);
        let Ok(request) = request else { continue };
        let changed = client.request::<serde_json::Value>(request).await;
        changed.map_err(|source| ServeError::Named { object, source: Box::new(source) })?;
    }
    Ok(())
}

struct Files {
    kubeconfig: PathBuf,
    providers: PathBuf,
    ca: PathBuf,
}

impl Files {
    fn write(
        lab: &Lab,
        directory: &Path,
        kubernetes: &str,
        sources: &BTreeMap<String, String>,
    ) -> Result<Self, ServeError> {
        let fail = |path: &Path, source| ServeError::Write { path: path.display().to_string(), source };
        std::fs::create_dir_all(directory).map_err(|source| fail(directory, source))?;
        let files = Self {
            kubeconfig: directory.join("kubeconfig"),
            providers: directory.join("providers.json"),
            ca: directory.join("ca.pem"),
        };
        let by_host: BTreeMap<&str, &String> = lab
            .world()
            .sources
            .iter()
            .filter_map(|source| Some((source.host.as_str(), sources.get(&source.name)?)))
            .collect();
        let providers =
            lab.providers_json_at(|host| by_host.get(host).map_or_else(|| host.to_owned(), |place| (*place).clone()));
        for (path, text) in [
            (&files.kubeconfig, kubeconfig(lab, kubernetes)),
            (&files.providers, providers),
            (&files.ca, lab.ca_pem().to_owned()),
        ] {
            write_private(path, &text).map_err(|source| fail(path, source))?;
        }
        Ok(files)
    }
}

/// A kubeconfig of the administrator.
fn kubeconfig(lab: &Lab, kubernetes: &str) -> String {
    let (server, tls) = (format!("https://{kubernetes}"), TlsPolicy::Pinned(lab.ca_pem().to_owned()));
    Kubeconfig { name: "lab", server: &server, tls: &tls, token: lab.admin_token() }.text()
}

#[cfg(test)]
mod tests;
