//! The rules of vSphere.
//!
//! Source: inventory-api.md sections 5 and 6.

use super::adapter::{MapKind, Source};
use super::map_source::{Named, without_repeats};
use super::wire::{VsphereDatastore, VsphereNetwork, VsphereVm};
use super::{InventoryError, InventoryVm, MapSource, VmDetail};
use crate::wait::Seen;
use serde_json::Value;

pub(super) async fn vm(source: &Source, id: &str) -> Result<InventoryVm, InventoryError> {
    let vm: VsphereVm = source.rest.get(&format!("{}/vms/{id}", source.root)).await?;
    let (id, name, path) = (vm.id.clone(), vm.name.clone(), vm.path.clone());
    Ok(InventoryVm { id, name, path, detail: VmDetail::Vsphere(Box::new(vm)) })
}

/// A fresh provider is Ready before its hosts and datastores are listed.
pub(super) async fn readiness(source: &Source, storages: &[String]) -> Result<Seen<()>, InventoryError> {
    let hosts: Option<Vec<Value>> = source.rest.get(&format!("{}/hosts", source.root)).await?;
    if hosts.is_none_or(|hosts| hosts.is_empty()) {
        return Ok(Seen::Pending("no hosts are listed yet".to_owned()));
    }
    let known = datastores(source).await?;
    match storages.iter().find(|id| !known.has(id)) {
        Some(missing) => Ok(Seen::Pending(format!("datastore {missing} is not listed"))),
        None => Ok(Seen::Met(())),
    }
}

pub(super) async fn map(
    source: &Source,
    kind: MapKind,
    vms: &[InventoryVm],
) -> Result<Seen<Vec<MapSource>>, InventoryError> {
    let known = if kind == MapKind::Storage { datastores(source).await? } else { networks(source).await? };
    let mut sources = Vec::new();
    for vm in vms {
        let VmDetail::Vsphere(detail) = &vm.detail else { continue };
        for id in references(kind, detail) {
            match known.source(id) {
                Some(source) => sources.push(source),
                None => return Ok(Seen::Pending(format!("{id} of VM {} is not listed", vm.name))),
            }
        }
    }
    Ok(Seen::Met(if kind == MapKind::PerNic { sources } else { without_repeats(sources) }))
}

/// Ids that a VM refers to, in order. Disks without a datastore and NICs without a network drop out. The set `networks`
/// has no meaningful order, so it serves only a VM without `nics` (revisions of Forklift that lack them).
fn references(kind: MapKind, vm: &VsphereVm) -> Vec<&str> {
    let ids: Vec<&str> = match kind {
        MapKind::Storage => vm.disks.iter().map(|disk| disk.datastore.id.as_str()).collect(),
        MapKind::Network if vm.nics.is_empty() => vm.networks.iter().map(|network| network.id.as_str()).collect(),
        MapKind::Network | MapKind::PerNic => vm.nics.iter().map(|nic| nic.network.id.as_str()).collect(),
    };
    ids.into_iter().filter(|id| !id.is_empty()).collect()
}

async fn datastores(source: &Source) -> Result<Named, InventoryError> {
    let listed: Option<Vec<VsphereDatastore>> = source.rest.get(&format!("{}/datastores", source.root)).await?;
    let mut named = Named::default();
    for datastore in listed.unwrap_or_default() {
        named.add(&datastore.id, &datastore.name, "");
    }
    Ok(named)
}

/// NICs on distributed port groups refer to the group's key, which only the detailed list surely tells.
async fn networks(source: &Source) -> Result<Named, InventoryError> {
    let listed: Option<Vec<VsphereNetwork>> = source.rest.get(&format!("{}/networks?detail=1", source.root)).await?;
    let mut named = Named::default();
    for network in listed.unwrap_or_default() {
        named.add(&network.id, &network.name, &network.key);
    }
    Ok(named)
}
