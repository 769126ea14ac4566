//! Why no answer came, in people's words, and whether asking again may help.

use rustls::CertificateError;
use std::error::Error;
use std::io::ErrorKind;

/// What went wrong.
#[derive(Debug)]
pub(super) struct Problem {
    /// In people's words, with the remedy.
    pub(super) text: String,
    /// Whether the same request may succeed later.
    pub(super) transient: bool,
}

impl Problem {
    /// The problem behind an error. Time limits are the caller's to tell.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let causes = causes(error);
        if let Some(refused) = causes.iter().find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
            return Self { text: tls(refused), transient: false };
        }
        // The innermost cause says most; the outer ones repeat the URL.
        let inner = causes.last().map(ToString::to_string).unwrap_or_default();
        let io = causes.iter().rev().find_map(|cause| cause.downcast_ref::<std::io::Error>());
        let text = if causes.iter().any(|cause| cause.to_string().starts_with("dns error")) || inner.contains("lookup")
        {
            format!("the host name cannot be resolved ({inner}); correct it, or look at this machine's DNS")
        } else if io.is_some_and(|io| io.kind() == ErrorKind::ConnectionRefused) {
            format!("connection refused ({inner}); see that host and port are right and the service runs")
        } else {
            inner
        };
        Self { text, transient: true }
    }
}

/// The error and everything below it; `io::Error` hides what it wraps from `source`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut found: Vec<&'a (dyn Error + 'static)> = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        found.push(cause);
        let wrapped = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        };
    }
    found
}

fn tls(error: &rustls::Error) -> String {
    let certificate = |remedy: &str| format!("the server's certificate is not trusted ({error}); {remedy}");
    match error {
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => certificate("use a host name that the certificate has, or skip verification by name in the settings"),
        rustls::Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        ) => certificate("renew it and see that the clocks agree, or skip verification by name in the settings"),
        rustls::Error::InvalidCertificate(_) => {
            certificate("give its CA, or skip verification by name in the settings")
        }
        rustls::Error::InvalidMessage(_) => {
            format!("what answers there does not speak TLS ({error}); see that scheme and port are right")
        }
        _ => format!("no TLS connection can be made ({error}); see that the server speaks TLS 1.2 or newer"),
    }
}
