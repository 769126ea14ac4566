//! What can go wrong on a cluster, each with its remedy, and how kube's errors become these.

use super::LoginError;
use crate::undo::LedgerError;
use crate::wait::WaitError;
use kube::core::Status;
use std::error::Error;
use std::io;

/// Any error that may cross threads.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// A request to the cluster that did not succeed. The text begins with the operation and the object.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No way to log in was found, or it was refused.
    #[error(transparent)]
    Login(#[from] Box<LoginError>),
    /// No answer came.
    #[error("{operation}: no answer from {url}; check that the address is right and reachable from here")]
    Unreachable {
        /// What was tried.
        operation: String,
        /// The API server.
        url: String,
        /// The cause.
        #[source]
        cause: BoxError,
    },
    /// The API server's certificate is not trusted.
    #[error(
        "{operation}: the certificate of {url} is not trusted; give its CA in the kubeconfig, \
         or set insecure_verify_skip to accept any"
    )]
    Untrusted {
        /// What was tried.
        operation: String,
        /// The API server.
        url: String,
        /// The cause.
        #[source]
        cause: BoxError,
    },
    /// 401: the credentials are not, or no longer, valid.
    #[error("{operation}: the cluster refuses the credentials ({message}); log in again, tokens expire")]
    Unauthorized {
        /// What was tried.
        operation: String,
        /// The server's words.
        message: String,
    },
    /// 403: the user lacks the right.
    #[error("{operation}: not allowed ({message}); grant the right, or log in as a user who has it")]
    Forbidden {
        /// What was tried.
        operation: String,
        /// The server's words.
        message: String,
    },
    /// 404 for the kind itself: its CustomResourceDefinition is not installed.
    #[error("{operation}: the cluster does not serve this kind; check that its operator is installed")]
    KindMissing {
        /// What was tried.
        operation: String,
    },
    /// 404 for the object, or for the namespace it should be made in.
    #[error("{operation}: {message}")]
    NotFound {
        /// What was tried.
        operation: String,
        /// The server's words, which name what is missing.
        message: String,
    },
    /// 409: the name is taken.
    #[error("{operation}: {message}; delete it or choose another name")]
    AlreadyExists {
        /// What was tried.
        operation: String,
        /// The server's words.
        message: String,
    },
    /// 409: somebody changed the object meanwhile, or a precondition did not hold.
    #[error("{operation}: {message}")]
    Conflict {
        /// What was tried.
        operation: String,
        /// The server's words.
        message: String,
    },
    /// 429 or 5xx, after the retries.
    #[error("{operation}: the API server answered {code} ({message}); try again when it has recovered")]
    Unavailable {
        /// What was tried.
        operation: String,
        /// HTTP status.
        code: u16,
        /// The server's words.
        message: String,
    },
    /// Any other refusal: an invalid object, a webhook.
    #[error("{operation}: refused with {code}: {message}")]
    Rejected {
        /// What was tried.
        operation: String,
        /// HTTP status.
        code: u16,
        /// The server's words.
        message: String,
    },
    /// An answer that cannot be read.
    #[error("{operation}: the answer cannot be read; is this a Kubernetes API server of a supported version?")]
    Malformed {
        /// What was tried.
        operation: String,
        /// The cause.
        #[source]
        cause: serde_json::Error,
    },
    /// A request that could not even be made.
    #[error("{operation}: the request cannot be made")]
    Request {
        /// What was tried.
        operation: String,
        /// The cause.
        #[source]
        cause: BoxError,
    },
    /// A name that no object may have.
    #[error("{target}: {why}")]
    BadName {
        /// The object.
        target: String,
        /// The rule.
        why: &'static str,
    },
    /// The body of a creation is no JSON object.
    #[error("create {target}: the body is not an object")]
    BadBody {
        /// The object.
        target: String,
    },
    /// The name is taken by something that is not of this session.
    #[error(
        "create {target}: one exists that this session did not make (label {label}: {owner}); it is left alone: \
         delete it or choose another name"
    )]
    Foreign {
        /// The object.
        target: String,
        /// The label that would mark it as ours.
        label: &'static str,
        /// Its value, or `absent`.
        owner: String,
    },
    /// The object, or the namespace it should be made in, is being deleted.
    #[error("create {target}: {what} is being deleted; wait until it is gone, or choose another name")]
    Terminating {
        /// The object to be made.
        target: String,
        /// What is being deleted.
        what: String,
    },
    /// The ledger cannot be written; nothing was made.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A wait did not end well.
    #[error(transparent)]
    Wait(#[from] WaitError),
}

impl ClusterError {
    /// Whether the same request may succeed later: no answer, 429, 5xx.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Unavailable { .. })
    }

    /// Whether the server did not say a word in time (as against refusing the connection).
    pub(super) fn is_silence(&self) -> bool {
        let late = |cause: &(dyn Error + 'static)| {
            cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
        };
        matches!(self, Self::Unreachable { cause, .. } if any_cause(cause.as_ref(), &late))
    }

    /// Whether somebody changed the object meanwhile.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Whether the right is missing.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Forbidden { .. })
    }

    /// Whether the credentials were refused.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Unauthorized { .. })
    }

    /// Whether the object is not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Whether the cluster does not serve the kind.
    pub fn is_kind_missing(&self) -> bool {
        matches!(self, Self::KindMissing { .. })
    }

    /// Whether the run was interrupted.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Wait(WaitError::Cancelled { .. }))
    }

    /// Whether a wait passed its deadline.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Wait(WaitError::TimedOut { .. }))
    }

    /// What kube's error means.
    pub(super) fn classify(operation: &str, url: &str, error: kube::Error) -> Self {
        let operation = operation.to_owned();
        match error {
            kube::Error::Api(status) => Self::of_status(operation, &status),
            kube::Error::SerdeError(cause) => Self::Malformed { operation, cause },
            kube::Error::Service(cause) => Self::of_transport(operation, url, cause),
            kube::Error::HyperError(cause) => Self::of_transport(operation, url, cause.into()),
            kube::Error::ReadEvents(cause) => Self::of_transport(operation, url, cause.into()),
            other => Self::Request { operation, cause: other.into() },
        }
    }

    /// What a `Status` means. Both code and reason are looked at: proxies and plain-text answers carry only a code, and
    /// some simulators only a reason. Source: cluster-api.md section 4.6.
    pub(super) fn of_status(operation: String, status: &Status) -> Self {
        let message = words(status);
        let reason = status.reason.as_str();
        match (status.code, reason) {
            (401, _) | (0, "Unauthorized") => Self::Unauthorized { operation, message },
            (403, _) | (0, "Forbidden") => Self::Forbidden { operation, message },
            (404, _) | (0, "NotFound") => {
                let named = status.details.as_ref().is_some_and(|details| !details.name.is_empty());
                if named { Self::NotFound { operation, message } } else { Self::KindMissing { operation } }
            }
            (_, "AlreadyExists") => Self::AlreadyExists { operation, message },
            (409, _) | (0, "Conflict") => Self::Conflict { operation, message },
            (code @ (429 | 500..), _) => Self::Unavailable { operation, code, message },
            (0, "TooManyRequests" | "InternalError" | "ServerTimeout" | "Timeout" | "ServiceUnavailable") => {
                Self::Unavailable { operation, code: 0, message }
            }
            (code, _) => Self::Rejected { operation, code, message },
        }
    }

    fn of_transport(operation: String, url: &str, cause: BoxError) -> Self {
        let url = url.to_owned();
        if is_auth(cause.as_ref()) {
            return Self::Unauthorized { operation, message: crate::facts::chain(cause.as_ref()) };
        }
        if is_untrusted(cause.as_ref()) {
            Self::Untrusted { operation, url, cause }
        } else {
            Self::Unreachable { operation, url, cause }
        }
    }
}

/// The server's words on one line; a proxy's HTML page is cut short.
fn words(status: &Status) -> String {
    const MOST: usize = 400;
    let line = status.message.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = if line.is_empty() { status.reason.clone() } else { line };
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None if text.is_empty() => "no message".to_owned(),
        None => text,
    }
}

/// Whether `found` holds for the error or any cause, also inside I/O errors, which hide what they wrap.
fn any_cause(error: &(dyn Error + 'static), found: &dyn Fn(&(dyn Error + 'static)) -> bool) -> bool {
    let mut next = Some(error);
    while let Some(cause) = next {
        if found(cause) {
            return true;
        }
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(inner) = wrapped
            && any_cause(inner, found)
        {
            return true;
        }
        next = cause.source();
    }
    false
}

fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    any_cause(error, &|cause| {
        matches!(
            cause.downcast_ref::<rustls::Error>(),
            Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
        )
    })
}

fn is_auth(error: &(dyn Error + 'static)) -> bool {
    any_cause(error, &|cause| cause.is::<kube::client::AuthError>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::chain;
    use serde_json::json;

    fn of(status: serde_json::Value) -> ClusterError {
        let status: Status = serde_json::from_value(status).unwrap();
        ClusterError::classify("read Plan ns/p", "https://api:6443", kube::Error::Api(Box::new(status)))
    }

    #[test]
    fn code_and_reason_both_count() {
        let gone = of(json!({"code": 404, "reason": "NotFound", "message": "plans \"p\" not found",
            "details": {"name": "p", "kind": "plans"}}));
        assert!(gone.is_not_found());
        assert_eq!(gone.to_string(), "read Plan ns/p: plans \"p\" not found");
        assert!(
            of(json!({"code": 404, "reason": "Failed to parse error data", "message": "404 page not found"}))
                .is_kind_missing()
        );
        assert!(of(json!({"code": 409, "reason": "Failed to parse error data"})).is_conflict());
        assert!(matches!(of(json!({"code": 409, "reason": "AlreadyExists"})), ClusterError::AlreadyExists { .. }));
        assert!(of(json!({"code": 403, "message": "no"})).is_forbidden());
        assert!(of(json!({"reason": "Forbidden"})).is_forbidden());
        assert!(of(json!({"code": 401})).is_unauthorized());
        for code in [429, 500, 502, 503, 504] {
            assert!(of(json!({"code": code})).is_transient(), "{code}");
        }
        assert!(!of(json!({"code": 422, "reason": "Invalid"})).is_transient());
    }

    #[test]
    fn transport_errors_are_told_apart() {
        let classify =
            |cause: BoxError| ClusterError::classify("list pods", "https://api:6443", kube::Error::Service(cause));
        let refused = classify(io::Error::new(io::ErrorKind::ConnectionRefused, "connection refused").into());
        assert!(refused.is_transient());
        assert_eq!(
            chain(&refused),
            "list pods: no answer from https://api:6443; check that the address is right and reachable from here: \
             connection refused"
        );
        let unknown = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let untrusted = classify(io::Error::other(unknown).into());
        assert!(matches!(untrusted, ClusterError::Untrusted { .. }) && !untrusted.is_transient());
        assert!(untrusted.to_string().contains("insecure_verify_skip"));
    }
}
