//! The Secrets with the passphrases of encrypted guests.

use super::steps::StepError;
use super::walk::{Made, Walk};
use crate::cluster::Kind;
use crate::config::{ProviderEntry, Secret};
use crate::migration::{luks_secret_body, luks_secret_name};
use crate::scenario::VmRequest;

/// Makes a Secret beside the Plan for each VM whose disks are encrypted, in the plan's order; `None` for the others.
///
/// # Errors
/// Neither the scenario nor the source has a passphrase, or a Secret cannot be made.
pub(super) async fn passphrase_secrets(walk: &Walk<'_>) -> Result<Vec<Option<Made>>, StepError> {
    let mut secrets = Vec::new();
    for (index, request) in walk.plan.virtual_machines.iter().enumerate() {
        if !request.luks {
            secrets.push(None);
            continue;
        }
        let passphrase = passphrase(request, &walk.source.entry)?;
        let name = luks_secret_name(&walk.names, index);
        let draft = walk.draft(Kind::SECRET, &name, luks_secret_body(&passphrase));
        let made = draft.create(walk.session.parts()).await?;
        secrets.push(Some((name, made.entry)));
    }
    Ok(secrets)
}

/// The scenario's own passphrase (to try a wrong one), else the source's.
fn passphrase(request: &VmRequest, source: &ProviderEntry) -> Result<Secret, StepError> {
    let own = request.luks_passphrase.as_deref().map(Secret::new);
    own.or_else(|| source.luks_passphrase().cloned()).ok_or_else(|| {
        let remedy = "add it to the providers file, or choose another source";
        StepError::Broken(format!(
            "provider {} has no `luks_passphrase` for VM {}; {remedy}",
            source.name, request.name
        ))
    })
}
