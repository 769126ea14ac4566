//! The Secret with the array's login.

use crate::cluster::{Kind, ObjectRef};
use crate::config::{CopyOffload, ProviderEntry};
use crate::engine::fixtures::Draft;
use crate::engine::session::SessionParts;
use crate::engine::steps::StepError;
use crate::migration::{Names, storage_secret_body};
use crate::undo::EntryId;

/// The purpose in the name of the storage Secret.
pub(in crate::engine) const STORAGE_SECRET: &str = "storage-secret";

/// What a copy-offload plan refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffloadSetup {
    /// Name of the storage Secret, in the Providers' namespace.
    pub secret: String,
    /// Its ledger entry: the StorageMap and the Plan need it.
    pub entry: EntryId,
}

/// The section `copyoffload` of a source.
///
/// # Errors
/// There is none. Scenarios are skipped on such a source, so this tells of a source that changed since.
pub fn offload_section(source: &ProviderEntry) -> Result<&CopyOffload, StepError> {
    let missing = || {
        let remedy = "add it to the providers file, or choose another source";
        StepError::Broken(format!("provider {} has no section `copyoffload`; {remedy}", source.name))
    };
    source.copyoffload().ok_or_else(missing)
}

/// Makes the storage Secret of a test's plan beside the source's Provider, whose `namespace` comes with its ledger
/// entry.
///
/// # Errors
/// The source has no section `copyoffload`, or the Secret cannot be made.
pub async fn set_up_offload(
    parts: &SessionParts,
    test: &str,
    names: &Names,
    source: &ProviderEntry,
    (namespace, namespace_entry): (&str, EntryId),
) -> Result<OffloadSetup, StepError> {
    let secret = names.resource(STORAGE_SECRET);
    let body = storage_secret_body(offload_section(source)?);
    let target = ObjectRef::namespaced(Kind::SECRET, namespace, &secret);
    let made = Draft { test: Some(test), target, body, needs: vec![namespace_entry] }.create(parts).await?;
    Ok(OffloadSetup { secret, entry: made.entry })
}
