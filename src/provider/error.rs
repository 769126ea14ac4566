//! How a source fails, with the remedy.

use crate::http::HttpError;
use crate::wait::WaitError;

/// A request that the source understood and refused, or a task that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} on {object}: {fault}: {message}; {remedy}")]
pub struct Refusal {
    /// The API's operation (`CloneVM_Task`).
    pub operation: String,
    /// What it was asked of.
    pub object: String,
    /// HTTP status of the answer, where the API speaks by it.
    pub status: Option<u16>,
    /// The API's type of fault (`NoPermission`).
    pub fault: String,
    /// The source's own words.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// A call to a source that failed.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// No answer came.
    #[error("{operation} on {object}: the source did not answer")]
    Unreachable {
        /// The API's operation.
        operation: String,
        /// What it was asked of.
        object: String,
        /// Why.
        #[source]
        source: Box<HttpError>,
    },
    /// A file of a guest could not be fetched from the host that serves it.
    #[error("fetch the output of a command in {vm} from {host}: no answer; {remedy}")]
    Transfer {
        /// The VM.
        vm: String,
        /// The host that was asked, with its port if the source gave one.
        host: String,
        /// What to do about it.
        remedy: &'static str,
        /// Why.
        #[source]
        source: Box<HttpError>,
    },
    /// An answer came that is none of this API.
    #[error("{operation} on {object}: {problem}; {remedy}")]
    Malformed {
        /// The API's operation.
        operation: String,
        /// What it was asked of.
        object: String,
        /// What is wrong with the answer.
        problem: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The source does not accept the user.
    #[error("log in to {url} as {user}: {reason}; {remedy}")]
    Login {
        /// Where.
        url: String,
        /// Who.
        user: String,
        /// The source's own words.
        reason: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// No VM has that name.
    #[error("no VM or template named {name:?} on the source{}", near_words(.near))]
    NotFound {
        /// The name.
        name: String,
        /// The nearest names, best first.
        near: Vec<String>,
    },
    /// Several VMs have that name.
    #[error(
        "{} VMs on the source are named {name:?}: {}; rename or delete all but one, or name another VM", .ids.len(), .ids.join(", ")
    )]
    Ambiguous {
        /// The name.
        name: String,
        /// The ids of all of them, in order.
        ids: Vec<String>,
    },
    /// Something that a request names is not there.
    #[error("no {kind} {name:?} on the source{}; {remedy}", near_words(.near))]
    Missing {
        /// What it would be (`host`, `datastore`).
        kind: &'static str,
        /// Its name or id.
        name: String,
        /// The nearest names, best first.
        near: Vec<String>,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The VM cannot be used as it is.
    #[error("{vm}: {problem}; {remedy}")]
    Unhealthy {
        /// The VM.
        vm: String,
        /// What is wrong with it.
        problem: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The name of the clone is taken.
    #[error(
        "clone {clone:?} of {source_vm}: the source already has a VM of this name; delete it, or run with another session"
    )]
    NameTaken {
        /// The name.
        clone: String,
        /// What was to be cloned.
        source_vm: String,
    },
    /// Thick disks that do not fit.
    #[error(
        "add disks to {clone:?}: datastore {datastore} has {free_bytes} bytes free, the thick disks need \
         {needed_bytes}; free space, or choose thin provisioning or another datastore"
    )]
    NoSpace {
        /// The clone.
        clone: String,
        /// The datastore.
        datastore: String,
        /// Sum of the thick disks in bytes.
        needed_bytes: u64,
        /// Free space in bytes.
        free_bytes: u64,
    },
    /// The request makes no sense for this source.
    #[error("{operation}: {problem}; {remedy}")]
    Invalid {
        /// What was asked for.
        operation: String,
        /// Why it cannot be.
        problem: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The source refused, or the task failed.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// It took too long, or the run was interrupted.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// The cluster that is the source refused, or did not answer.
    #[error(transparent)]
    Cluster(Box<dyn std::error::Error + Send + Sync>),
    /// No transport could be made.
    #[error("connect to {url}")]
    Transport {
        /// Where.
        url: String,
        /// Why.
        #[source]
        source: HttpError,
    },
}

/// The fault of a login that a guest does not know.
const WRONG_GUEST_LOGIN: &str = "InvalidGuestLogin";

impl ProviderError {
    /// Whether a guest does not know the login that it was asked with.
    pub fn refuses_guest_login(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.fault == WRONG_GUEST_LOGIN)
    }

    /// What this kind of source cannot do.
    pub(crate) fn not_here(operation: String) -> Self {
        Self::Invalid {
            operation,
            problem: "this type of source cannot do that".to_owned(),
            remedy: "take a source of type vsphere, or leave the key out of the scenario",
        }
    }

    /// Whether the object that was asked for is not there any more.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.fault == "ManagedObjectNotFound" || refusal.status == Some(404))
            || matches!(self, Self::NotFound { .. })
    }
}

fn near_words(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; the nearest are {}", near.join(", ")) }
}
