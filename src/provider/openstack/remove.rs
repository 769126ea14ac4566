//! Deleting clones with everything that was made for them, so that it may be done any number of times; and finding
//! clones, also those of which only parts are there.
//!
//! Source: source-providers.md section 4.3.

use super::cloud::Cloud;
use super::keystone::Service;
use super::parts;
use super::servers;
use crate::provider::{ProviderError, Removal, VmRef};
use crate::wait::{Deadline, Seen, poll};
use std::collections::BTreeMap;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(2);
/// Looks after which nothing more is expected to appear: an image that was asked for just now gets its snapshots late.
const PASSES_MAX: usize = 5;

/// Deletes the server `id` if it still has that name, else every server of exactly this name; and all parts of a clone
/// of this name.
///
/// A server `id` of another name, where none of this name is found, is an error: somebody has taken it over, or renamed
/// it, and only people can tell which.
pub(super) async fn by_name(
    cloud: &Cloud,
    name: &str,
    id: Option<&str>,
    deadline: &Deadline,
) -> Result<Removal, ProviderError> {
    let mut renamed = None;
    if let Some(id) = id {
        let vm = VmRef { id: id.to_owned(), name: name.to_owned() };
        match servers::look(cloud, &vm).await? {
            Some(server) if server.name == name => {
                delete_server(cloud, &vm, deadline).await?;
                delete_parts(cloud, name, deadline).await?;
                return Ok(Removal::Removed);
            }
            Some(server) => renamed = Some(VmRef { name: server.name, ..vm }),
            None => {}
        }
    }
    match (everything(cloud, name, deadline).await?, renamed) {
        (Removal::AlreadyGone, Some(vm)) => Err(ProviderError::Unhealthy {
            vm: vm.to_string(),
            problem: format!("it was made as {name} and has another name now"),
            remedy: "delete it, or give it its name back and clean again",
        }),
        (removal, _) => Ok(removal),
    }
}

/// Deletes every server of this name and all parts of such a clone.
pub(super) async fn everything(cloud: &Cloud, name: &str, deadline: &Deadline) -> Result<Removal, ProviderError> {
    let mut removal = Removal::AlreadyGone;
    for vm in servers::named(cloud, name).await? {
        delete_server(cloud, &vm, deadline).await?;
        removal = Removal::Removed;
    }
    if delete_parts(cloud, name, deadline).await? {
        removal = Removal::Removed;
    }
    Ok(removal)
}

/// Whether there were any.
async fn delete_parts(cloud: &Cloud, name: &str, deadline: &Deadline) -> Result<bool, ProviderError> {
    let mut any = false;
    for _ in 0..PASSES_MAX {
        let found = parts::of_clones(cloud, |clone| clone == name).await?;
        if found.is_empty() {
            break;
        }
        for part in &found {
            parts::remove(cloud, part, deadline).await?;
        }
        any = true;
    }
    Ok(any)
}

async fn delete_server(cloud: &Cloud, vm: &VmRef, deadline: &Deadline) -> Result<(), ProviderError> {
    cloud.delete(Service::Compute, (&format!("/servers/{}", vm.id), "server"), vm).await?;
    poll(&format!("wait for {vm} to be gone"), deadline, EVERY, || look_gone(cloud, vm)).await?
}

async fn look_gone(cloud: &Cloud, vm: &VmRef) -> Seen<Result<(), ProviderError>> {
    match servers::look(cloud, vm).await {
        Ok(None) => Seen::Met(Ok(())),
        Ok(Some(server)) => Seen::Pending(format!("it is in state {}", server.state())),
        Err(error) => Seen::Met(Err(error)),
    }
}

/// Servers whose name begins so, and clones of which only parts are there: these by the id of a part.
pub(super) async fn with_prefix(cloud: &Cloud, prefix: &str) -> Result<Vec<VmRef>, ProviderError> {
    let all = servers::all(cloud).await?;
    let mut found: Vec<VmRef> = all.into_iter().filter(|vm| vm.name.starts_with(prefix)).collect();
    let mut orphans = BTreeMap::new();
    for part in parts::of_clones(cloud, |clone| clone.starts_with(prefix)).await? {
        let name = part.clone_name().to_owned();
        if !found.iter().any(|vm| vm.name == name) {
            orphans.entry(name).or_insert(part.id);
        }
    }
    found.extend(orphans.into_iter().map(|(name, id)| VmRef { id, name }));
    found.sort_by(|left, right| left.name.cmp(&right.name).then_with(|| left.id.cmp(&right.id)));
    Ok(found)
}
