//! Snapshots: taken, and removed any number of times.
//!
//! Source: source-providers.md sections 2.3 and 2.4.

use super::fault::CallError;
use super::names::unescape;
use super::properties::malformed;
use super::request::Call;
use super::session::Session;
use super::task::Limit;
use super::xml::{Element, MoRef};
use crate::provider::{ProviderError, Removal, VmRef};

/// Takes a snapshot without memory and without quiescing; its MoRef value.
pub(crate) async fn create(session: &Session, vm: &VmRef, name: &str, limit: &Limit) -> Result<String, ProviderError> {
    let call = Call::new("CreateSnapshot_Task", &MoRef::new("VirtualMachine", &vm.id))
        .about(vm)
        .with(Element::leaf("name", name))
        .with(Element::leaf("description", ""))
        .with(Element::leaf("memory", "false"))
        .with(Element::leaf("quiesce", "false"));
    let result = session.run_task(&call, limit).await?;
    result.to_moref().map(|made| made.id).ok_or_else(|| malformed(&call, "no snapshot"))
}

/// Removes the snapshot `id` if it has that name, else every one of exactly this name. Those above it stay.
pub(crate) async fn remove(
    session: &Session,
    vm: &VmRef,
    (name, id): (&str, Option<&str>),
    limit: &Limit,
) -> Result<Removal, ProviderError> {
    let properties = match session.read(&MoRef::new("VirtualMachine", &vm.id), &["snapshot"]).await {
        Ok(properties) => properties,
        Err(error) if error.is("ManagedObjectNotFound") => return Ok(Removal::AlreadyGone),
        Err(error) => return Err(error.into()),
    };
    let mut named = Vec::new();
    for root in properties.get("snapshot").into_iter().flat_map(|info| info.all("rootSnapshotList")) {
        collect(root, name, &mut named);
    }
    if let Some(own) = named.iter().position(|found| Some(found.id.as_str()) == id) {
        named = vec![named.swap_remove(own)];
    }
    let mut removal = Removal::AlreadyGone;
    for snapshot in named {
        let call = Call::new("RemoveSnapshot_Task", &snapshot)
            .about(&format!("snapshot {name} of {vm}"))
            .with(Element::leaf("removeChildren", "false"))
            .with(Element::leaf("consolidate", "true"));
        match session.run_task(&call, limit).await.map(drop) {
            Ok(()) => removal = Removal::Removed,
            Err(CallError::Fault(fault)) if fault.is("ManagedObjectNotFound") => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(removal)
}

/// Every snapshot of that name in the tree below `node`, itself included.
fn collect(node: &Element, name: &str, found: &mut Vec<MoRef>) {
    if node.text_at("name").map(unescape).as_deref() == Some(name)
        && let Some(snapshot) = node.moref_at("snapshot")
    {
        found.push(snapshot);
    }
    for child in node.all("childSnapshotList") {
        collect(child, name, found);
    }
}
