//! The networks and storages of a source, as the product's inventory knows them by id, name and path: what rows of maps
//! may name, and what disks and NICs are on.
//!
//! Source: forklift-api.md section 3; inventory-api.md sections 5 and 6 to 10.

use crate::lab::world::{Disk, Inventory, NamedRef, Source, SourceKind};

/// What stands for the image that an OpenStack server was booted from.
const GLANCE: &str = "glance";

/// Networks with each of their names: one entry for each way to name one.
pub(crate) fn networks(source: &Source, inventory: &Inventory) -> Vec<NamedRef> {
    with_paths(source, inventory, &inventory.networks)
}

/// Storages, likewise. On a share with OVA files each disk is one.
pub(crate) fn storages(source: &Source, inventory: &Inventory) -> Vec<NamedRef> {
    let own = |moref: &str, name: &str| NamedRef { moref: moref.to_owned(), name: name.to_owned() };
    match &source.kind {
        SourceKind::Ova => {
            let disks = inventory.vms.iter().flat_map(|vm| &vm.disks);
            disks.map(|disk| own(&disk.uuid, &disk.file)).collect()
        }
        SourceKind::Openstack(_) => {
            let types = inventory.datastores.iter().cloned();
            types.chain([own(GLANCE, GLANCE)]).collect()
        }
        _ => with_paths(source, inventory, &inventory.datastores),
    }
}

/// The id of the storage that a disk of a VM is on.
pub(crate) fn storage_of(source: &Source, vm: &str, (index, disk): (usize, &Disk)) -> String {
    match &source.kind {
        SourceKind::Ova => disk.uuid.clone(),
        _ if is_image(source, vm, index) => GLANCE.to_owned(),
        _ => disk.datastore.clone(),
    }
}

/// Whether the disk at this place is the image that an OpenStack server was booted from, not a volume.
pub(crate) fn is_image(source: &Source, vm: &str, index: usize) -> bool {
    let SourceKind::Openstack(state) = &source.kind else { return false };
    index == 0 && state.cloud().is_image_booted(vm)
}

/// oVirt's objects are found by `<data center>/<name>`, too.
fn with_paths(source: &Source, inventory: &Inventory, all: &[NamedRef]) -> Vec<NamedRef> {
    let mut known = all.to_vec();
    if matches!(source.kind, SourceKind::Ovirt(_)) {
        let center = &inventory.datacenter.name;
        let path = |one: &NamedRef| NamedRef { moref: one.moref.clone(), name: format!("{center}/{}", one.name) };
        known.extend(all.iter().map(path));
    }
    known
}
