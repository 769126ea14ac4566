//! Deleting VMs, so that it may be done any number of times.
//!
//! Source: source-providers.md sections 2.4 and 6.

use super::fault::CallError;
use super::names::unescape;
use super::power;
use super::reconfigure;
use super::request::Call;
use super::session::Session;
use super::task::Limit;
use super::xml::MoRef;
use super::{clones, find};
use crate::facts::Power;
use crate::provider::{ProviderError, Removal, VmRef};
use std::collections::BTreeMap;

/// Deletes the VM `id` if it still has that name, else every VM of exactly this name. Without an id the VM may be a
/// clone that is not there yet: then nothing counts as gone before the clones that run now have ended.
///
/// A VM `id` of another name, where none of this name is found, is an error: somebody has taken it over, or renamed it,
/// and only people can tell which.
pub(crate) async fn by_name(
    session: &Session,
    name: &str,
    id: Option<&str>,
    limit: &Limit,
) -> Result<Removal, ProviderError> {
    let own = match id {
        Some(id) => name_of(session, id).await?.map(|now| VmRef { id: id.to_owned(), name: now }),
        None => None,
    };
    if let Some(vm) = own.as_ref().filter(|vm| vm.name == name)
        && one(session, vm, limit).await? == Removal::Removed
    {
        return Ok(Removal::Removed);
    }
    // First the tasks: a clone that ends after this look shows up in the list of VMs that follows.
    let running = if id.is_none() { clones::under_way(session, name).await? } else { BTreeMap::new() };
    let removal = all_named(session, name, limit).await?;
    if removal == Removal::Removed {
        return Ok(removal);
    }
    if let Some(vm) = own.filter(|vm| vm.name != name) {
        return Err(ProviderError::Unhealthy {
            vm: vm.to_string(),
            problem: format!("it was made as {name} and has another name now"),
            remedy: "delete it, or give it its name back and clean again",
        });
    }
    if running.is_empty() {
        return Ok(removal);
    }
    clones::wait_for(session, name, &running, &limit.deadline).await?;
    all_named(session, name, limit).await
}

async fn all_named(session: &Session, name: &str, limit: &Limit) -> Result<Removal, ProviderError> {
    let mut removal = Removal::AlreadyGone;
    for vm in find::all_vms(session).await?.iter().filter(|vm| vm.name == name) {
        if one(session, vm, limit).await? == Removal::Removed {
            removal = Removal::Removed;
        }
    }
    Ok(removal)
}

/// The VM's name now; `None` when it is gone.
async fn name_of(session: &Session, id: &str) -> Result<Option<String>, ProviderError> {
    match session.read(&MoRef::new("VirtualMachine", id), &["name"]).await {
        Ok(properties) => Ok(properties.text("name").map(unescape)),
        Err(error) if error.is("ManagedObjectNotFound") => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn one(session: &Session, vm: &VmRef, limit: &Limit) -> Result<Removal, ProviderError> {
    match off_and_destroy(session, vm, limit).await {
        // It was switched on between the two calls.
        Err(error) if error.is("InvalidPowerState") => finish(off_and_destroy(session, vm, limit).await),
        other => finish(other),
    }
}

fn finish(outcome: Result<(), CallError>) -> Result<Removal, ProviderError> {
    match outcome {
        Ok(()) => Ok(Removal::Removed),
        Err(error) if error.is("ManagedObjectNotFound") => Ok(Removal::AlreadyGone),
        Err(error) => Err(error.into()),
    }
}

async fn off_and_destroy(session: &Session, vm: &VmRef, limit: &Limit) -> Result<(), CallError> {
    power::set(session, vm, Power::Off, limit).await?;
    // Destroying a VM deletes every file that it has, also one that is another VM's.
    reconfigure::let_go_of_others_disks(session, vm, limit).await?;
    let call = Call::new("Destroy_Task", &MoRef::new("VirtualMachine", &vm.id)).about(vm);
    session.run_task(&call, limit).await.map(drop)
}
