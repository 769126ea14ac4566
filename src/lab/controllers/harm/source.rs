//! The source of a VM that has been migrated.

use crate::facts::{self, Power};
use crate::lab::fault::ProductFault;
use crate::lab::world::{Inventory, Snapshot, Vm};

/// Name of the snapshots that warm migrations make. Source: forklift-api.md section 6.
const PRECOPY: &str = "forklift-migration-precopy";
const TRACKING: &str = "ctkEnabled";

/// Harms the source VM of this MoRef.
pub(super) fn harm(fault: ProductFault, inventory: &mut Inventory, moref: &str) {
    match fault {
        ProductFault::StrayClone => leave_copy(inventory, moref),
        ProductFault::DeletedSource => inventory.vms.retain(|vm| vm.moref != moref),
        _ => {
            let snapshot = inventory.next_moref("snapshot");
            if let Some(vm) = inventory.vm_mut(moref) {
                harm_vm(fault, vm);
                harm_snapshots(fault, vm, snapshot);
                vm.revision += 1;
            }
        }
    }
}

fn leave_copy(inventory: &mut Inventory, moref: &str) {
    let Some(mut copy) = inventory.vm(moref).cloned() else { return };
    copy.moref = inventory.next_moref("vm");
    copy.name.push_str("-copy");
    for disk in &mut copy.disks {
        disk.file = disk.file.replace(".vmdk", "_copy.vmdk");
    }
    inventory.vms.push(copy);
}

fn harm_vm(fault: ProductFault, vm: &mut Vm) {
    match fault {
        ProductFault::RestartedSource => vm.set_power(Power::On),
        ProductFault::SuspendedSource => vm.set_power(Power::Other),
        ProductFault::RenamedSource => vm.name.push_str("-migrated"),
        ProductFault::ShrunkSource => vm.memory_mib /= 2,
        ProductFault::LostSourceDisk => drop(vm.disks.pop()),
        ProductFault::OrphanedDelta => {
            for disk in vm.disks.iter_mut().take(1) {
                disk.file = disk.file.replace(".vmdk", "-000001.vmdk");
            }
        }
        ProductFault::LostSourceNic => drop(vm.nics.pop()),
        ProductFault::WrongSourceMac => {
            for nic in vm.nics.iter_mut().take(1) {
                "00:50:56:00:00:0f".clone_into(&mut nic.mac);
            }
        }
        ProductFault::TrackedSource => {
            let opposite = (!vm.tracks_changes()).to_string();
            vm.extra_config.retain(|(key, _)| key != TRACKING);
            vm.extra_config.push((TRACKING.to_owned(), opposite));
        }
        _ => {}
    }
}

fn harm_snapshots(fault: ProductFault, vm: &mut Vm, moref: String) {
    match fault {
        ProductFault::LostSnapshot => drop(vm.snapshots.pop()),
        ProductFault::LostSnapshots => vm.snapshots.clear(),
        ProductFault::LeftSnapshot => vm.snapshots.push(Snapshot {
            moref,
            id: next_id(vm),
            name: PRECOPY.to_owned(),
            description: String::new(),
            created: facts::rfc3339(facts::now()),
            power: Power::Off,
        }),
        ProductFault::RenamedSnapshot => vm.snapshots.iter_mut().take(1).for_each(|one| one.name.push_str("-old")),
        ProductFault::RetakenSnapshot => {
            let id = next_id(vm);
            if let Some(newest) = vm.snapshots.last_mut() {
                newest.moref = moref;
                newest.id = id;
                newest.created = facts::rfc3339(facts::now());
            }
        }
        _ => {}
    }
}

fn next_id(vm: &Vm) -> i32 {
    vm.snapshots.iter().map(|one| one.id).max().unwrap_or(0) + 1
}
