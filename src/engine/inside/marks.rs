//! Marking a source guest before its migration: a file that only this run can know, and hashes of what is there.

use super::source_shell::source_shell;
use crate::engine::steps::StepError;
use crate::engine::walk::Walk;
use crate::facts::{GuestFamily, Integrity, SourceVm};
use crate::guest::integrity::record;
use crate::provider::VmRef;
use crate::scenario::IntegrityRequest;
use std::time::Duration;

/// Longest time for one command of the marking: a manifest may hold large files.
pub(super) const COMMAND: Duration = Duration::from_secs(600);

/// Marks the guest of a running source VM as the plan asks. The VM is a clone of ours if a marker is written; it is not
/// written down, since it goes with the clone.
pub(in crate::engine) async fn mark(
    walk: &Walk<'_>,
    vm: &VmRef,
    facts: &SourceVm,
    request: &IntegrityRequest,
) -> Result<Integrity, StepError> {
    let family = facts.guest_family();
    let broken = |why: String| StepError::Broken(format!("mark the guest of {vm}: {why}"));
    let manifest = manifest_of(request, family).map_err(broken)?;
    let shell = source_shell(walk, vm, facts, family).await.map_err(broken)?;
    let text = request.marker.then(|| format!("{} {} {}", walk.session.parts().id, walk.test, vm.name));
    record(shell.as_ref(), text.as_deref(), &manifest, COMMAND).await.map_err(|error| broken(error.to_string()))
}

/// The paths that a guest of this family can have.
pub(super) fn manifest_of(request: &IntegrityRequest, family: GuestFamily) -> Result<Vec<String>, String> {
    let fits = |path: &&String| path.starts_with('/') == (family == GuestFamily::Linux);
    let own: Vec<String> = request.manifest.iter().filter(fits).cloned().collect();
    if own.is_empty() && !request.marker {
        return Err(format!("no path of integrity.manifest is one of a {family} guest; add one, or `marker: true`"));
    }
    Ok(own)
}
