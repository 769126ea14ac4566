//! How the inventory fails, with the remedy.

use crate::http::HttpError;
use crate::wait::WaitError;
use http::StatusCode;

/// A read of the inventory that failed.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// No answer came.
    #[error("read {url}: the inventory service did not answer")]
    Unreachable {
        /// What was read.
        url: String,
        /// Why.
        #[source]
        source: HttpError,
    },
    /// It is not ready for this yet: it synchronises, or the Provider is not known yet.
    #[error("read {url}: not ready yet ({seen})")]
    NotReady {
        /// What was read.
        url: String,
        /// What it said.
        seen: String,
    },
    /// 401 or 403.
    #[error(
        "read {url}: HTTP {status}: {reason}; log in with a user that may get the Provider resource (an OpenShift token)"
    )]
    Denied {
        /// What was read.
        url: String,
        /// The status.
        status: u16,
        /// The service's own words.
        reason: String,
    },
    /// 200 without a body, which is how denials of some reads look.
    #[error("read {url}: no access (an empty answer); log in with a user that may get the Provider resource")]
    NoAccess {
        /// What was read.
        url: String,
    },
    /// 404: there is no such object.
    #[error("read {url}: there is no such object in the inventory")]
    NotFound {
        /// What was read.
        url: String,
    },
    /// 500: its database or the source failed.
    #[error("read {url}: the inventory service failed (HTTP {status}); look at the log of pod forklift-controller")]
    Server {
        /// What was read.
        url: String,
        /// The status.
        status: u16,
    },
    /// Another status, or a body that cannot be read.
    #[error("read {url}: {problem}; see that the Route leads to forklift-inventory of this MTV")]
    Malformed {
        /// What was read.
        url: String,
        /// What is wrong.
        problem: String,
    },
    /// No VM has that name.
    #[error("no VM named {name:?} among {count} in the inventory{}", near_words(.near))]
    VmNotFound {
        /// The name.
        name: String,
        /// How many VMs there are.
        count: usize,
        /// The nearest names, best first.
        near: Vec<String>,
    },
    /// Several VMs have that name.
    #[error(
        "{} VMs are named {name:?} ({}); rename them, or let the scenario clone its VM, which is then known by its id",
        .paths.len(),
        .paths.join(", ")
    )]
    Ambiguous {
        /// The name.
        name: String,
        /// Id and path of each.
        paths: Vec<String>,
    },
    /// What the inventory says of a VM cannot be understood.
    #[error("VM {vm} in the inventory: {problem}; {remedy}")]
    Unclear {
        /// The VM.
        vm: String,
        /// What is wrong.
        problem: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A type of provider that is not supported.
    #[error(
        "the inventory of providers of type {kind} is not supported yet; choose a source of type vsphere with \
         --source-provider"
    )]
    Unsupported {
        /// The type.
        kind: String,
    },
    /// It took too long, or the run was interrupted.
    #[error(transparent)]
    Wait(#[from] WaitError),
}

impl InventoryError {
    /// Whether the same read may succeed later without anyone doing anything.
    ///
    /// Source: inventory-api.md section 3.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NotReady { .. } => true,
            Self::Unreachable { source, .. } => source.transient,
            _ => false,
        }
    }

    /// The error of an answer that is no 200; `reason` and `message` are its headers `X-Reason` and
    /// `forklift-error-message`.
    pub(super) fn of_status(url: String, status: StatusCode, reason: Option<&str>, message: Option<&str>) -> Self {
        match status {
            StatusCode::PARTIAL_CONTENT => {
                Self::NotReady { url, seen: "HTTP 206: the first synchronisation is not finished".to_owned() }
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Self::Denied {
                url,
                status: status.as_u16(),
                reason: message.unwrap_or("the service gives no reason").to_owned(),
            },
            StatusCode::NOT_FOUND => match reason {
                Some(reason) => Self::NotReady { url, seen: format!("HTTP 404: {reason}") },
                None => Self::NotFound { url },
            },
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                Self::NotReady { url, seen: format!("HTTP {}", status.as_u16()) }
            }
            StatusCode::INTERNAL_SERVER_ERROR => Self::Server { url, status: status.as_u16() },
            other => Self::Malformed { url, problem: format!("HTTP {other} is none of its answers") },
        }
    }
}

fn near_words(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; the nearest are {}", near.join(", ")) }
}
