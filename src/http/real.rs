//! Real sockets, by reqwest.

use super::{HttpError, Network, TlsPolicy, Transport, chain_fetch, install_crypto};
use crate::facts::chain;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use std::sync::Arc;
use std::time::Duration;

const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// Longest single request: the inventory waits up to 10 s by itself, a slow vCenter longer.
const REQUEST_LIMIT: Duration = Duration::from_secs(120);

/// The network of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealNetwork;

struct Reqwest(reqwest::Client);

#[async_trait]
impl Network for RealNetwork {
    fn open(&self, tls: &TlsPolicy) -> Result<Arc<dyn Transport>, HttpError> {
        install_crypto();
        let fail = |error: reqwest::Error| HttpError {
            method: "open".into(),
            url: "TLS".into(),
            problem: chain(&error),
            transient: false,
        };
        let builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_LIMIT)
            .timeout(REQUEST_LIMIT)
            .redirect(reqwest::redirect::Policy::none());
        let builder = match tls {
            TlsPolicy::SystemRoots => builder,
            TlsPolicy::Pinned(pem) => {
                builder.tls_certs_only(reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(fail)?)
            }
            TlsPolicy::AcceptAny => builder.tls_danger_accept_invalid_certs(true),
        };
        Ok(Arc::new(Reqwest(builder.build().map_err(fail)?)))
    }

    async fn certificate_chain(&self, host: &str, port: u16) -> Result<String, HttpError> {
        install_crypto();
        chain_fetch::fetch(host, port, CONNECT_LIMIT).await
    }
}

#[async_trait]
impl Transport for Reqwest {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let about = |error: &reqwest::Error, sample: &Request<()>| {
            let transient = error.is_timeout()
                || error.is_request()
                || error.is_body()
                || (error.is_connect() && !chain(error).contains("certificate"));
            HttpError::about(sample, words(error), transient)
        };
        let mut sample = Request::new(());
        request.uri().clone_into(sample.uri_mut());
        request.method().clone_into(sample.method_mut());
        let request = reqwest::Request::try_from(request).map_err(|error| about(&error, &sample))?;
        let answer = self.0.execute(request).await.map_err(|error| about(&error, &sample))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.bytes().await.map_err(|error| about(&error, &sample))?;
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// The innermost cause says most; reqwest's outer texts repeat the URL.
fn words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let text = cause.to_string();
    if text.contains("certificate") || text.contains("UnknownIssuer") {
        return format!(
            "the server's certificate is not trusted ({text}); give its CA, or skip verification by name in the settings"
        );
    }
    if error.is_timeout() { format!("no answer in time ({text})") } else { text }
}
