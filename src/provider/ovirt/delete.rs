//! Deleting VMs, so that it may be done any number of times.
//!
//! Source: source-providers.md section 3.3. What is locked (a clone that is still copied, a removal under way) is waited
//! for; what runs is stopped hard, since nobody needs its guest any more.

use super::engine::Engine;
use super::find;
use super::json::text;
use super::power::EVERY;
use crate::provider::rest::query_value;
use crate::provider::{ProviderError, Removal, VmRef};
use crate::wait::{Deadline, Seen, poll};
use serde_json::json;

/// Deletes the VM `id` if it still has that name, else every VM of exactly this name.
///
/// A VM `id` of another name, where none of this name is found, is an error: somebody has taken it over, or renamed it,
/// and only people can tell which.
pub(super) async fn by_name(
    engine: &Engine,
    name: &str,
    id: Option<&str>,
    deadline: &Deadline,
) -> Result<Removal, ProviderError> {
    let own = match id {
        Some(id) => own_vm(engine, id).await?,
        None => None,
    };
    if let Some(vm) = own.as_ref().filter(|vm| vm.name == name) {
        return one(engine, vm, deadline).await;
    }
    let mut removal = Removal::AlreadyGone;
    for vm in find::vms_named(engine, name).await? {
        if one(engine, &vm, deadline).await? == Removal::Removed {
            removal = Removal::Removed;
        }
    }
    match own {
        Some(vm) if removal == Removal::AlreadyGone => Err(ProviderError::Unhealthy {
            vm: vm.to_string(),
            problem: format!("it was made as {name} and has another name now"),
            remedy: "delete it, or give it its name back and clean again",
        }),
        _ => Ok(removal),
    }
}

/// The VM as it is called now; `None` when it is gone.
async fn own_vm(engine: &Engine, id: &str) -> Result<Option<VmRef>, ProviderError> {
    match engine.object(find::VMS.0, id, &format!("VM {id}")).await {
        Ok(vm) => Ok(find::reference(&vm)),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn one(engine: &Engine, vm: &VmRef, deadline: &Deadline) -> Result<Removal, ProviderError> {
    if own_vm(engine, &vm.id).await?.is_none() {
        return Ok(Removal::AlreadyGone);
    }
    let look = async || step(engine, vm).await.unwrap_or_else(|error| Seen::Met(Err(error)));
    poll(&format!("delete {vm}"), deadline, EVERY, look).await??;
    Ok(Removal::Removed)
}

/// The next step towards its end, by what it is now.
async fn step(engine: &Engine, vm: &VmRef) -> Result<Seen<Result<(), ProviderError>>, ProviderError> {
    let about = vm.to_string();
    let now = match engine.object(find::VMS.0, &vm.id, &about).await {
        Ok(now) => text(&now, "/status").unwrap_or("unknown").to_owned(),
        Err(error) if error.is_gone() => return Ok(Seen::Met(Ok(()))),
        Err(error) => return Err(error),
    };
    let path = format!("/vms/{}", query_value(&vm.id));
    let asked = match now.as_str() {
        "image_locked" => return Ok(Seen::Pending(now)),
        "down" => engine.delete(&path, &about).await,
        _ => engine.post(&format!("{path}/stop"), json!({}), &about).await.map(drop),
    };
    match asked {
        Ok(()) => Ok(Seen::Pending(now)),
        Err(error) if error.is_gone() => Ok(Seen::Met(Ok(()))),
        Err(error) => passing(error),
    }
}

/// Whether a refusal passes by itself: somebody else's action on the VM is under way.
fn passing<T>(error: ProviderError) -> Result<Seen<T>, ProviderError> {
    const PASSING: [&str; 5] = ["locked", "in progress", "is running", "is down", "being"];
    match &error {
        ProviderError::Refused(refusal) if PASSING.iter().any(|words| refusal.message.contains(words)) => {
            Ok(Seen::Pending(refusal.message.clone()))
        }
        _ => Err(error),
    }
}
