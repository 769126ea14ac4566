//! Creation, written to the ledger before the call.
//!
//! Source: design section 4, promise 1.

use super::client::{FIELD_MANAGER, typed};
use super::{Cluster, ClusterError, ObjectRef};
use crate::facts::{SESSION_LABEL, chain};
use crate::undo::{EntryId, Ledger, ObjectUndo};
use crate::wait::pause;
use kube::api::PostParams;
use kube::core::DynamicObject;
use serde_json::Value;
use std::time::Duration;

/// How often a POST whose fate is unknown is sent again.
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// An object to be made.
pub struct Creation<'a> {
    /// The run's ledger.
    pub ledger: &'a Ledger,
    /// The test that needs it; `None` for a session fixture.
    pub test: Option<&'a str>,
    /// Kind, namespace and exact name.
    pub target: ObjectRef,
    /// `spec`, `data` and the like. Its `metadata` (labels, annotations) is kept; name, namespace and the session label
    /// are added.
    pub body: Value,
    /// How to undo it.
    pub undo: ObjectUndo,
    /// Entries that must outlive it.
    pub needs: Vec<EntryId>,
    /// Whether an object of that name that somebody else made may be used instead (namespaces). It is never deleted.
    pub reuse_foreign: bool,
}

/// An object that was made, or found.
#[derive(Debug, Clone)]
pub struct Created {
    /// The object as the server returned it.
    pub object: DynamicObject,
    /// Its ledger entry; already undone when `reused`.
    pub entry: EntryId,
    /// Whether it is somebody else's, used and left alone.
    pub reused: bool,
}

/// How a POST went.
enum Posted {
    Made(DynamicObject),
    Foreign(DynamicObject),
    /// Neither made nor seen: try once more.
    Unknown(ClusterError),
    /// It was refused: nothing was made.
    Refused(ClusterError),
}

impl Cluster {
    /// Makes the object and keeps the ledger: intent before the call, UID after it, undone when nothing was made.
    ///
    /// A POST whose answer was lost, or that a retry turned into "already exists", ends as its first effect: what
    /// carries this session's label is adopted. Anything else of that name is foreign: an error, or with
    /// `reuse_foreign` used and never deleted. When the fate stays unknown the entry stays `Intended`.
    ///
    /// # Errors
    /// See [`ClusterError`]; [`ClusterError::Ledger`] means that no call was made.
    pub async fn create(&self, creation: Creation<'_>) -> Result<Created, ClusterError> {
        let Creation { ledger, test, target, body, undo, needs, reuse_foreign } = creation;
        target.check()?;
        let manifest = target.manifest(body, ledger.session().as_str())?;
        let object: DynamicObject =
            serde_json::from_value(manifest).map_err(|_| ClusterError::BadBody { target: target.to_string() })?;
        let entry = ledger.intend(test, target.thing(undo), &needs)?;
        match self.post_surely(&target, &object, ledger.session().as_str()).await {
            Posted::Made(object) => {
                ledger.made(entry, object.metadata.uid.as_deref())?;
                Ok(Created { object, entry, reused: false })
            }
            Posted::Foreign(object) => {
                ledger.undone(entry)?;
                if object.metadata.deletion_timestamp.is_some() {
                    return Err(ClusterError::Terminating { what: target.to_string(), target: target.to_string() });
                }
                if reuse_foreign {
                    return Ok(Created { object, entry, reused: true });
                }
                let owner = label(&object).unwrap_or("absent").to_owned();
                Err(ClusterError::Foreign { target: target.to_string(), label: SESSION_LABEL, owner })
            }
            Posted::Refused(error) => {
                ledger.undone(entry)?;
                Err(error)
            }
            Posted::Unknown(error) => Err(error),
        }
    }

    /// Creates what the ledger holds already, as a VM of a source; one that is there with the session's label is ours,
    /// by an answer that was lost.
    ///
    /// # Errors
    /// See [`ClusterError`]; [`ClusterError::Foreign`] if the name is taken by something of somebody else's.
    pub async fn create_recorded(
        &self,
        target: &ObjectRef,
        body: Value,
        session: &str,
    ) -> Result<DynamicObject, ClusterError> {
        target.check()?;
        let object: DynamicObject = serde_json::from_value(target.manifest(body, session)?)
            .map_err(|_| ClusterError::BadBody { target: target.to_string() })?;
        match self.post_surely(target, &object, session).await {
            Posted::Made(object) => Ok(object),
            Posted::Foreign(object) => {
                let owner = label(&object).unwrap_or("absent").to_owned();
                Err(ClusterError::Foreign { target: target.to_string(), label: SESSION_LABEL, owner })
            }
            Posted::Refused(error) | Posted::Unknown(error) => Err(error),
        }
    }

    async fn post_surely(&self, target: &ObjectRef, object: &DynamicObject, session: &str) -> Posted {
        let mut rest = FIRST_PAUSE;
        let mut last = self.post(target, object, session).await;
        for _ in 1..ATTEMPTS {
            match &last {
                Posted::Unknown(error) => {
                    tracing::debug!("{}; looking whether it took effect", chain(error));
                    pause(rest).await;
                    rest *= 2;
                    last = self.look_then_post(target, object, session).await;
                }
                _ => break,
            }
        }
        last
    }

    async fn look_then_post(&self, target: &ObjectRef, object: &DynamicObject, session: &str) -> Posted {
        match self.get(target).await {
            Ok(Some(found)) => owned(found, session),
            Ok(None) => self.post(target, object, session).await,
            Err(error) => Posted::Unknown(error),
        }
    }

    async fn post(&self, target: &ObjectRef, object: &DynamicObject, session: &str) -> Posted {
        let operation = format!("create {target}");
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let answer = self.api(target.kind, target.namespace.as_deref()).create(&params, object).await;
        match answer {
            Ok(made) => Posted::Made(typed(made, target.kind)),
            Err(error) => match refine(target, &error).unwrap_or_else(|| self.classify(&operation, error)) {
                error @ ClusterError::AlreadyExists { .. } => match self.get(target).await {
                    Ok(Some(found)) => owned(found, session),
                    // It vanished between the two calls, or cannot be seen now.
                    Ok(None) => Posted::Unknown(error),
                    Err(unseen) => Posted::Unknown(unseen),
                },
                // The object may have been stored although the answer cannot be read.
                error @ ClusterError::Malformed { .. } => Posted::Unknown(error),
                // A conflict on a POST is of the namespace's quota, which another creation just changed.
                error if error.is_transient() || error.is_conflict() => Posted::Unknown(error),
                error => Posted::Refused(error),
            },
        }
    }
}

/// A refusal because the namespace is being deleted comes as 403 with a cause of its own.
fn refine(target: &ObjectRef, error: &kube::Error) -> Option<ClusterError> {
    let kube::Error::Api(status) = error else { return None };
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    let namespace = target.namespace.as_deref()?;
    causes
        .iter()
        .any(|cause| cause.reason == "NamespaceTerminating")
        .then(|| ClusterError::Terminating { target: target.to_string(), what: format!("namespace {namespace}") })
}

fn label(object: &DynamicObject) -> Option<&str> {
    object.metadata.labels.as_ref()?.get(SESSION_LABEL).map(String::as_str)
}

fn owned(found: DynamicObject, session: &str) -> Posted {
    let ours = label(&found) == Some(session) && found.metadata.deletion_timestamp.is_none();
    if ours { Posted::Made(found) } else { Posted::Foreign(found) }
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod tests;
