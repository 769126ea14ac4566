//! Which harm concerns what is written.

use super::super::kinds::{CLAIM, DATA_VOLUME, INSTANCE, Kind, MIGRATION, POPULATOR, VIRTUAL_MACHINE};
use super::{agent, claims, copying, disks, machine, nics, placement};
use crate::lab::world::World;
use serde_json::Value;

/// Harms an object that is about to be created.
pub(crate) fn harm_created(world: &World, kind: Kind, body: &mut Value) {
    for fault in world.faults.harms() {
        match kind {
            VIRTUAL_MACHINE => {
                machine::harm(fault, body);
                nics::harm(fault, body);
                disks::harm(fault, body);
                placement::harm(fault, body);
            }
            INSTANCE => placement::harm_instance(fault, body),
            DATA_VOLUME => claims::harm_volume(fault, body, &world.spec.cluster.storage_classes),
            CLAIM => claims::harm_claim(fault, body, &world.spec.cluster.storage_classes),
            _ => {}
        }
    }
}

/// Harms a status that is about to take the place of the one in `before`.
pub(crate) fn harm_status(world: &World, kind: Kind, before: &Value, status: &mut Value) {
    for fault in world.faults.harms() {
        match kind {
            INSTANCE => {
                agent::harm(fault, status);
                placement::harm_status(fault, before, status, &world.spec.cluster.nodes);
            }
            MIGRATION => copying::harm_record(fault, status),
            _ => {}
        }
    }
}

/// Harms a patch that is about to be merged.
pub(crate) fn harm_patch(world: &World, kind: Kind, patch: &Value) -> Value {
    let mut patch = patch.clone();
    if kind == POPULATOR {
        for fault in world.faults.harms() {
            copying::harm_populator(fault, &mut patch);
        }
    }
    patch
}

/// Harms a line that a pod is about to print: what it prints instead.
pub(crate) fn harm_line(world: &World, line: String) -> Vec<String> {
    let harm = |lines: Vec<String>, fault| lines.into_iter().flat_map(|line| copying::harm_line(fault, line)).collect();
    world.faults.harms().into_iter().fold(vec![line], harm)
}
