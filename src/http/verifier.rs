//! Which certificates are accepted where the operating system's roots do not decide.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// Judges chains by `trust`; the signatures of the handshake are checked in any case, so the peer does own the
/// certificate that it shows.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    trust: Trust,
}

#[derive(Debug)]
enum Trust {
    /// Any chain: to look at it, not to trust it.
    Any,
    /// These certificates and what they vouch for.
    Pinned { certificates: Vec<CertificateDer<'static>>, roots: Option<Arc<WebPkiServerVerifier>> },
}

/// A client that accepts any chain.
pub(super) fn any() -> Result<ClientConfig, Error> {
    config(Arc::new(ring::default_provider()), Trust::Any)
}

/// A client that accepts what the certificates of `pem` stand for.
///
/// A server that shows exactly one of them is accepted whatever that certificate says: the pin was taken from this very
/// host and port, so neither a name nor an issuer nor a date could prove more than the key does. That makes a source
/// usable which shows its leaf alone, or a chain without its root, or was set up with a certificate that has no name or
/// has expired. Any other certificate must be vouched for by a pinned one, be valid now and carry the host's name.
///
/// # Errors
/// What is wrong with `pem`, in people's words.
pub(super) fn pinned(pem: &str) -> Result<ClientConfig, String> {
    let unreadable = |error| format!("the pinned certificates cannot be read ({error}); give PEM");
    let certificates: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<_, _>>().map_err(unreadable)?;
    if certificates.is_empty() {
        return Err("there is no certificate to pin; give PEM".to_owned());
    }
    let provider = Arc::new(ring::default_provider());
    let mut store = RootCertStore::empty();
    // What cannot be a root (a certificate of version 1, an unknown critical extension) can still be pinned as it is.
    store.add_parsable_certificates(certificates.iter().cloned());
    let roots = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider.clone()).build().ok();
    config(provider, Trust::Pinned { certificates, roots }).map_err(|error| error.to_string())
}

fn config(provider: Arc<CryptoProvider>, trust: Trust) -> Result<ClientConfig, Error> {
    let verifier = Arc::new(Verifier { provider: provider.clone(), trust });
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth())
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.trust {
            Trust::Any => Ok(ServerCertVerified::assertion()),
            Trust::Pinned { certificates, .. } if certificates.iter().any(|pinned| pinned == end_entity) => {
                Ok(ServerCertVerified::assertion())
            }
            Trust::Pinned { roots: Some(roots), .. } => {
                roots.verify_server_cert(end_entity, intermediates, name, ocsp, now)
            }
            Trust::Pinned { roots: None, .. } => Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
