//! The claims of the disks: class, size, modes, names.

use super::super::object::{annotation, binary_quantity, label};
use crate::facts::{Seed, parse_quantity_bytes};
use crate::lab::fault::ProductFault;
use crate::lab::world::StorageClassSpec;
use serde_json::{Value, json};

const INDEX: &str = "forklift.konveyor.io/disk-index";

/// Harms a DataVolume; its claim follows it.
pub(super) fn harm_volume(fault: ProductFault, volume: &mut Value, classes: &[StorageClassSpec]) {
    let Some(index) = index_of(volume) else { return };
    if index == 0 {
        harm_storage(fault, &mut volume["spec"]["storage"], classes);
    }
    harm_name(fault, volume, index);
}

/// Harms a claim. One that no DataVolume asked for is the product's own, and has its name.
pub(super) fn harm_claim(fault: ProductFault, claim: &mut Value, classes: &[StorageClassSpec]) {
    let Some(index) = index_of(claim) else { return };
    if index == 0 {
        match fault {
            ProductFault::WrongAccessMode => claim["spec"]["accessModes"] = json!(["ReadWriteOnce"]),
            ProductFault::WrongVolumeMode => claim["spec"]["volumeMode"] = json!("Filesystem"),
            _ => {}
        }
    }
    if claim["metadata"].get("ownerReferences").is_some() {
        return;
    }
    if index == 0 {
        harm_storage(fault, &mut claim["spec"], classes);
    }
    harm_name(fault, claim, index);
}

/// The number of the disk; nothing else has one.
fn index_of(object: &Value) -> Option<usize> {
    annotation(object, INDEX).parse().ok()
}

/// `storage` has `storageClassName` and `resources`.
fn harm_storage(fault: ProductFault, storage: &mut Value, classes: &[StorageClassSpec]) {
    match fault {
        ProductFault::ShrunkDisk => {
            let size = &mut storage["resources"]["requests"]["storage"];
            if let Some(bytes) = size.as_str().and_then(|text| parse_quantity_bytes(text).ok()) {
                *size = json!(binary_quantity(bytes / 2));
            }
        }
        ProductFault::WrongStorageClass => {
            let other = classes.iter().find(|class| storage["storageClassName"] != class.name.as_str());
            if let Some(other) = other {
                storage["storageClassName"] = json!(other.name);
            }
        }
        _ => {}
    }
}

fn harm_name(fault: ProductFault, object: &mut Value, index: usize) {
    let own = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let five = || Seed(0).suffix(&own, 5);
    let numbered = |other: usize| own.replacen(&format!("disk-{index}"), &format!("disk-{other}"), 1);
    let cut = || own.rsplit_once('-').map_or(own.as_str(), |(head, _)| head);
    let harmed = match fault {
        ProductFault::IgnoredTemplate => format!("plan-{}-{}", label(object, "vmID"), five()),
        ProductFault::ClaimsFromOne => numbered(index + 1),
        ProductFault::SwappedClaimNames if index < 2 => numbered(1 - index),
        ProductFault::LostClaimSuffix => cut().to_owned(),
        ProductFault::UnaskedClaimSuffix => format!("{own}-{}", five()),
        ProductFault::ShortClaimSuffix => format!("{}-{}", cut(), five()),
        _ => return,
    };
    object["metadata"]["name"] = json!(harmed);
    // A populator fills the claim of its own name.
    if let Some(source) = object["spec"].get_mut("dataSourceRef") {
        source["name"] = json!(harmed);
    }
}
