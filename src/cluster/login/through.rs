//! A password login over an injected transport: how a rehearsal reaches a cluster that has no socket.

use super::LoginError;
use super::connect::{Wanted, password_token};
use crate::cluster::{ApiService, BoxError, Cluster, ClusterAddress, ClusterError, counting_client, server_version};
use crate::config::Settings;
use crate::http::{Network, RequestCounter, TlsPolicy};
use bytes::Bytes;
use http::{HeaderValue, Request, header};
use kube::client::Body;
use tower::ServiceExt;

/// Logs in with the host, user and password of the settings through the OAuth server on `network`, and sends every
/// request to the API server to `service`.
///
/// # Errors
/// As [`super::connect()`].
pub async fn connect_through<B>(
    settings: &Settings,
    network: &dyn Network,
    service: impl ApiService<B>,
) -> Result<Cluster, ClusterError>
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let counter = RequestCounter::default();
    let wanted = Wanted::of(settings);
    let tls = if wanted.insecure { TlsPolicy::AcceptAny } else { TlsPolicy::SystemRoots };
    let (url, token) = password_token(&wanted, &tls, network, &counter).await.map_err(Box::new)?;
    let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .map_err(|_| Box::new(LoginError::NoOAuth { url: url.clone(), status: 200 }))?;
    bearer.set_sensitive(true);
    let authorized = service.map_request(move |mut request: Request<Body>| {
        request.headers_mut().insert(header::AUTHORIZATION, bearer.clone());
        request
    });
    let client = counting_client(authorized, counter.clone(), "default");
    let cluster = Cluster::new(client, ClusterAddress { url, token: Some(token), tls }, counter);
    server_version(&cluster).await?;
    Ok(cluster)
}
