//! Fetching a server's certificate chain without verifying it, so that it can be pinned or shown.

use super::problem::Problem;
use super::{HttpError, verifier};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::{CertificateDer, ServerName};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub(super) async fn fetch(host: &str, port: u16, limit: Duration) -> Result<String, HttpError> {
    let fail = |problem: String, transient| HttpError {
        method: "TLS".into(),
        url: format!("{host}:{port}"),
        problem,
        transient,
    };
    let config = verifier::any().map_err(|error| fail(error.to_string(), false))?;
    // A URL has brackets around an IPv6 address, which are no part of it.
    let address = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(address.clone()).map_err(|error| fail(error.to_string(), false))?;
    let handshake = async {
        let stream = TcpStream::connect((address.as_str(), port)).await?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    };
    let stream = tokio::time::timeout(limit, handshake)
        .await
        .map_err(|_| fail(format!("no TLS handshake within {limit:?}; see that host and port are right"), true))?
        .map_err(|error| {
            let problem = Problem::of(&error);
            fail(problem.text, problem.transient)
        })?;
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    Ok(certificates.iter().map(pem).collect())
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let text = BASE64_STANDARD.encode(certificate);
    let mut lines = String::from("-----BEGIN CERTIFICATE-----\n");
    for chunk in text.as_bytes().chunks(64) {
        lines.extend(chunk.iter().copied().map(char::from));
        lines.push('\n');
    }
    lines + "-----END CERTIFICATE-----\n"
}
