//! The disks of a target VM: which there are, in which order, which one boots.

use super::machine::remove;
use super::nics::{give, taken};
use crate::lab::fault::ProductFault;
use serde_json::{Value, json};

const DISKS: &str = "/spec/template/spec/domain/devices/disks";
const VOLUMES: &str = "/spec/template/spec/volumes";

/// Harms the disks of a VirtualMachine. Devices and volumes are in the same order.
pub(super) fn harm(fault: ProductFault, vm: &mut Value) {
    let (mut disks, mut volumes) = (taken(vm, DISKS), taken(vm, VOLUMES));
    if disks.len() == volumes.len() && !disks.is_empty() {
        harm_list(fault, &mut disks, &mut volumes);
    }
    give(vm, DISKS, disks);
    give(vm, VOLUMES, volumes);
}

fn harm_list(fault: ProductFault, disks: &mut Vec<Value>, volumes: &mut Vec<Value>) {
    let last = disks.len() - 1;
    match fault {
        ProductFault::LostDisk => {
            disks.pop();
            volumes.pop();
        }
        ProductFault::ExtraDisk => {
            disks.push(json!({"name": "vol-extra", "disk": {"bus": "virtio"}}));
            volumes.push(json!({"name": "vol-extra", "persistentVolumeClaim": volumes[0]["persistentVolumeClaim"]}));
        }
        ProductFault::DoubledDisk => {
            volumes[last]["persistentVolumeClaim"] = volumes[0]["persistentVolumeClaim"].clone();
        }
        ProductFault::SwappedDisks if last > 0 => disks.swap(last - 1, last),
        ProductFault::ReversedDisks => disks.reverse(),
        ProductFault::WrongBootDisk if last > 0 => {
            for disk in disks.iter_mut() {
                remove(disk, "bootOrder");
            }
            disks[last]["bootOrder"] = json!(1);
        }
        ProductFault::LostBootOrder => disks.iter_mut().for_each(|disk| remove(disk, "bootOrder")),
        ProductFault::SlowDiskBus => disks.iter_mut().for_each(|disk| disk["disk"]["bus"] = json!("sata")),
        _ => {}
    }
}
