//! From credentials to a client: TLS, proxy, token and the stack every request passes.

use super::LoginError;
use crate::cluster::{BoxError, Cluster, ClusterAddress, counting_client};
use crate::config::{Environment, Secret};
use crate::http::{RequestCounter, TlsPolicy};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::Full;
use hyper::rt::{Read, Write};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioExecutor;
use kube::client::{Body, ConfigExt};
use kube::{Client, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::time::Duration;
use tower::{Layer, Service, ServiceBuilder, ServiceExt};

/// A host that does not even accept a connection by then is reported; kube would wait 30 s each time.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A proxy to go through.
pub(super) struct Proxy {
    uri: Uri,
    auth: Option<HeaderValue>,
}

/// The cluster that `config` leads to.
pub(super) async fn cluster(
    mut config: Config,
    proxy: Option<Proxy>,
    counter: RequestCounter,
) -> Result<Cluster, LoginError> {
    let url = address(&config.cluster_url);
    let tls = policy(&config);
    config.connect_timeout = Some(CONNECT_LIMIT);
    if config.root_cert.is_none() && (config.accept_invalid_certs || !url.starts_with("https://")) {
        // Otherwise kube loads the system's roots even where none are used, and fails where there are none.
        config.root_cert = Some(Vec::new());
    }
    let token = bearer(&config).await.map_err(|cause| fail(&url, cause))?;
    let client = client(&config, proxy, counter.clone()).map_err(|cause| fail(&url, cause))?;
    Ok(Cluster::new(client, ClusterAddress { url, token, tls }, counter))
}

fn fail(url: &str, cause: kube::Error) -> LoginError {
    LoginError::Client { url: url.to_owned(), cause: Box::new(cause) }
}

fn address(url: &Uri) -> String {
    url.to_string().trim_end_matches('/').to_owned()
}

/// Which certificates the API server of `config` may show.
pub(super) fn policy(config: &Config) -> TlsPolicy {
    match &config.root_cert {
        _ if config.accept_invalid_certs => TlsPolicy::AcceptAny,
        Some(roots) if !roots.is_empty() => TlsPolicy::Pinned(roots.iter().map(|root| pem(root)).collect()),
        _ => TlsPolicy::SystemRoots,
    }
}

/// The proxy for `url`: the kubeconfig's, else `HTTPS_PROXY` unless `NO_PROXY` exempts the host.
pub(super) fn proxy_for(url: &Uri, explicit: Option<&str>, env: &dyn Environment) -> Result<Option<Proxy>, LoginError> {
    let variable = |upper: &str, lower: &str| {
        env.get(upper).filter(|text| !text.is_empty()).or_else(|| env.get(lower).filter(|text| !text.is_empty()))
    };
    let matcher = match (explicit, variable("HTTPS_PROXY", "https_proxy")) {
        (Some(proxy), _) => Matcher::builder().all(proxy.to_owned()).build(),
        (None, Some(proxy)) => {
            Matcher::builder().https(proxy).no(variable("NO_PROXY", "no_proxy").unwrap_or_default()).build()
        }
        (None, None) => return Ok(None),
    };
    let Some(found) = matcher.intercept(url) else { return Ok(None) };
    if found.uri().scheme_str() != Some("http") {
        return Err(LoginError::Proxy { proxy: found.uri().to_string() });
    }
    Ok(Some(Proxy { uri: found.uri().clone(), auth: found.basic_auth().cloned() }))
}

fn client(config: &Config, proxy: Option<Proxy>, counter: RequestCounter) -> kube::Result<Client> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    connector.set_connect_timeout(config.connect_timeout);
    match proxy {
        None => over(connector, config, counter),
        Some(proxy) => {
            let tunnel = Tunnel::new(proxy.uri, connector);
            let tunnel = match proxy.auth {
                Some(auth) => tunnel.with_auth(auth),
                None => tunnel,
            };
            over(tunnel, config, counter)
        }
    }
}

fn over<C>(connector: C, config: &Config, counter: RequestCounter) -> kube::Result<Client>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError>,
{
    let https = config.rustls_https_connector_with_connector(connector)?;
    let http: legacy::Client<_, Body> = legacy::Client::builder(TokioExecutor::new()).build(https);
    let service = ServiceBuilder::new()
        .layer(config.base_uri_layer())
        .option_layer(config.auth_layer()?)
        .layer(config.extra_headers_layer()?)
        .map_err(BoxError::from)
        .service(http);
    Ok(counting_client(service, counter, config.default_namespace.clone()))
}

/// The bearer token that requests will carry, wherever the kubeconfig takes it from (inline, file, exec plug-in): the
/// header that kube's own layer sets. `None` for certificates and Basic authentication.
async fn bearer(config: &Config) -> kube::Result<Option<Secret>> {
    let Some(layer) = config.auth_layer()? else { return Ok(None) };
    let echo = tower::service_fn(|request: Request<Body>| async move {
        let mut answer = Response::new(Full::<Bytes>::default());
        if let Some(value) = request.headers().get(header::AUTHORIZATION) {
            answer.headers_mut().insert(header::AUTHORIZATION, value.clone());
        }
        Ok::<_, BoxError>(answer)
    });
    let answer = layer.layer(echo).oneshot(Request::new(Body::empty())).await.map_err(kube::Error::Service)?;
    let value = answer.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    Ok(value.and_then(|text| text.strip_prefix("Bearer ")).map(Secret::new))
}

/// The certificates of a PEM text, as DER; what is no certificate is left out.
pub(super) fn certificates(text: &str) -> Vec<Vec<u8>> {
    CertificateDer::pem_slice_iter(text.as_bytes()).flatten().map(|certificate| certificate.to_vec()).collect()
}

fn pem(der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let mut lines = String::from("-----BEGIN CERTIFICATE-----\n");
    for (index, letter) in text.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            lines.push('\n');
        }
        lines.push(letter);
    }
    lines + "\n-----END CERTIFICATE-----\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::MapEnvironment;

    #[test]
    fn pem_and_der_lead_back_to_each_other() {
        let der = vec![vec![7; 100], vec![1, 2, 3]];
        let text: String = der.iter().map(|one| pem(one)).collect();
        assert_eq!(certificates(&text), der);
        assert!(certificates("nothing").is_empty());
    }

    #[test]
    fn proxies_come_from_the_kubeconfig_or_the_environment() {
        let url: Uri = "https://api.test:6443".parse().unwrap();
        let env = |pairs: &[(&str, &str)]| {
            MapEnvironment(pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect())
        };
        let of = |explicit: Option<&str>, pairs: &[(&str, &str)]| {
            proxy_for(&url, explicit, &env(pairs)).map(|proxy| proxy.map(|proxy| proxy.uri.to_string()))
        };
        assert_eq!(of(None, &[]).unwrap(), None);
        assert_eq!(of(Some("http://p.test:1"), &[]).unwrap().as_deref(), Some("http://p.test:1/"));
        assert_eq!(of(None, &[("https_proxy", "http://q.test:2")]).unwrap().as_deref(), Some("http://q.test:2/"));
        let exempt = [("HTTPS_PROXY", "http://q.test:2"), ("NO_PROXY", ".test")];
        assert_eq!(of(None, &exempt).unwrap(), None);
        assert!(of(Some("socks5://s.test:3"), &[]).is_err());
    }
}
