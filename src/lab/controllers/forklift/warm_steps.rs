//! What happens in the phases of a warm migration: snapshots on the source, checkpoints of DataVolumes, the pause.
//!
//! Source: forklift-api.md section 6, "VM phases".

use super::super::cdi::copied;
use super::super::hub::Fail;
use super::super::kinds::{CLAIM, DATA_VOLUME};
use super::super::object::{annotation, name, namespace, text};
use super::super::operator;
use super::conversion::inspect;
use super::objects::Run;
use super::phases::INSPECTION;
use super::pipeline::VmStatus;
use super::warm::{Delta, Next, Precopy, Warm};
use crate::facts::{self, Power};
use crate::lab::world::{Snapshot, Vm};
use serde_json::{Value, json};

/// Name of the snapshots that a warm migration makes.
const SNAPSHOT: &str = "forklift-migration-precopy";

/// Does a phase that only warm migrations have; whether it is done. `None`: it is no such phase.
pub(super) async fn step(run: &Run<'_>, vm: &Vm, status: &mut VmStatus) -> Result<Option<bool>, Fail> {
    Ok(Some(match status.phase.as_str() {
        "CreateInitialSnapshot" | "CreateFinalSnapshot" => {
            take_snapshot(run, vm, status);
            true
        }
        "CreateSnapshot" => {
            if let Some(step) = status.step_mut("DiskTransfer") {
                step.again();
            }
            take_snapshot(run, vm, status);
            true
        }
        "RemovePreviousSnapshot" | "RemovePenultimateSnapshot" | "RemoveFinalSnapshot" => {
            drop_snapshot(run, status);
            true
        }
        "WaitForInitialSnapshot"
        | "WaitForSnapshot"
        | "WaitForFinalSnapshot"
        | "WaitForPreviousSnapshotRemoval"
        | "WaitForPenultimateSnapshotRemoval"
        | "WaitForFinalSnapshotRemoval"
        | "WaitForDataVolumesStatus"
        | "WaitForFinalDataVolumesStatus" => true,
        "StoreInitialSnapshotDeltas" | "StoreSnapshotDeltas" => {
            store_deltas(vm, status);
            true
        }
        INSPECTION => {
            inspect(run, &vm.moref).await?;
            true
        }
        "AddCheckpoint" => {
            add_checkpoint(run, status, false).await?;
            true
        }
        "AddFinalCheckpoint" => {
            add_checkpoint(run, status, true).await?;
            true
        }
        "CopyingPaused" => pause(run, status),
        "Finalize" => finalize(run, status),
        _ => return Ok(None),
    }))
}

/// A snapshot of the source on top of its chain. One that a repeated phase has made already is taken over.
fn take_snapshot(run: &Run<'_>, vm: &Vm, status: &mut VmStatus) {
    let warm = status.warm.get_or_insert_default();
    let description = format!("{}/{}", run.migration, warm.precopies.len() + 1);
    let Some(source) = &run.facts.source else { return };
    let made = source.change(|inventory| {
        let (moref, task) = (inventory.next_moref("snapshot"), inventory.next_moref("task"));
        let machine = inventory.vm_mut(&vm.moref)?;
        if let Some(known) = machine.snapshots.iter().find(|one| one.name == SNAPSHOT && one.description == description)
        {
            return Some((known.moref.clone(), task));
        }
        machine.snapshots.push(Snapshot {
            moref: moref.clone(),
            id: machine.snapshots.iter().map(|one| one.id).max().unwrap_or(0) + 1,
            name: SNAPSHOT.to_owned(),
            description,
            created: facts::rfc3339(facts::now()),
            power: Power::Off,
        });
        machine.revision += 1;
        Some((moref, task))
    });
    let Some((snapshot, create_task_id)) = made else { return };
    let start = Some(facts::rfc3339(facts::now()));
    warm.precopies.push(Precopy { start, snapshot, create_task_id, ..Precopy::default() });
}

/// Removes the last snapshot that the migration made, if it is still there.
pub(super) fn drop_snapshot(run: &Run<'_>, status: &mut VmStatus) {
    let Some(last) = status.warm.as_mut().and_then(|warm| warm.precopies.last_mut()) else { return };
    let Some(source) = &run.facts.source else { return };
    let task = source.change(|inventory| {
        let owner = inventory.vm_mut(&status.id)?;
        let before = owner.snapshots.len();
        owner.snapshots.retain(|one| one.moref != last.snapshot);
        owner.revision += 1;
        (owner.snapshots.len() < before).then(|| inventory.next_moref("task"))
    });
    if let Some(task) = task {
        last.remove_task_id = task;
    }
}

fn store_deltas(vm: &Vm, status: &mut VmStatus) {
    let warm = status.warm.get_or_insert_default();
    let number = warm.precopies.len();
    let Some(last) = warm.precopies.last_mut() else { return };
    let delta = |disk: &crate::lab::world::Disk| Delta {
        disk: facts::base_disk_file(&disk.file),
        delta_id: format!("{}/{number}", disk.uuid.to_lowercase()),
    };
    last.deltas = vm.disks.iter().map(delta).collect();
}

/// The checkpoints of a disk: one per snapshot, each from the change id of the one before.
pub(super) fn checkpoints(warm: &Warm, disk: usize) -> Value {
    let mut previous = String::new();
    let list = warm.precopies.iter().map(|copy| {
        let entry = json!({"current": copy.snapshot, "previous": previous});
        previous = copy.deltas.get(disk).map(|delta| delta.delta_id.clone()).unwrap_or_default();
        entry
    });
    list.collect()
}

async fn add_checkpoint(run: &Run<'_>, status: &VmStatus, is_final: bool) -> Result<(), Fail> {
    let Some(warm) = &status.warm else { return Ok(()) };
    for (index, volume) in run.of_vm(DATA_VOLUME, &status.id).iter().enumerate() {
        let index = annotation(volume, "forklift.konveyor.io/disk-index").parse().unwrap_or(index);
        let patch = json!({"spec": {"checkpoints": checkpoints(warm, index), "finalCheckpoint": is_final}});
        run.hub.merge(DATA_VOLUME, volume, &patch).await?;
    }
    Ok(())
}

/// Percent of each disk that is copied of the newest checkpoint.
pub(super) fn percents(run: &Run<'_>, status: &VmStatus) -> Vec<u64> {
    let newest = status.warm.as_ref().and_then(|warm| warm.precopies.last());
    let newest = newest.map(|copy| copy.snapshot.as_str()).unwrap_or_default();
    let claims = run.of_vm(CLAIM, &status.id);
    let share = |volume: &Value| {
        let claim = claims.iter().find(|claim| name(claim) == name(volume) && namespace(claim) == namespace(volume));
        if claim.is_some_and(|claim| copied(claim, newest)) {
            return 100;
        }
        let whole = text(volume, "/status/progress").split('.').next().unwrap_or_default();
        let importing = text(volume, "/status/phase") == "ImportInProgress";
        if importing { whole.parse::<u64>().unwrap_or(0).min(99) } else { 0 }
    };
    run.of_vm(DATA_VOLUME, &status.id).iter().map(|volume| share(volume)).collect()
}

/// A copy has ended: the transfer counts as completed until the next snapshot, and each disk says which copy it was.
pub(super) fn end_copy(run: &Run<'_>, status: &mut VmStatus) {
    let warm = status.warm.get_or_insert_default();
    warm.end_copy(facts::now(), operator::precopy_interval(run.hub));
    let number = warm.precopies.len().to_string();
    if let Some(step) = status.step_mut("DiskTransfer") {
        step.complete();
        for task in &mut step.tasks {
            task.annotations.insert("Precopy".to_owned(), number.clone());
        }
    }
}

/// Waits for the next copy or the cutover, and enters what comes.
fn pause(run: &Run<'_>, status: &mut VmStatus) -> bool {
    let interval = operator::precopy_interval(run.hub);
    let cutover = run.cutover;
    let Some(warm) = &status.warm else { return true };
    let next = warm.next(cutover, interval);
    let key = format!("{}/{}/{}", run.migration, status.id, warm.precopies.len());
    let lasts = warm.real_pause(run.hub.world.pace, next, cutover.is_some());
    let passed = run.hub.paused_for(&key);
    if passed < lasts {
        status.nap = lasts.checked_sub(passed);
        return false;
    }
    if let Next::Cutover(_) = next {
        status.enter("StorePowerState");
        return false;
    }
    true
}

/// Waits until the last difference is copied.
fn finalize(run: &Run<'_>, status: &mut VmStatus) -> bool {
    let volumes = run.of_vm(DATA_VOLUME, &status.id);
    let done = volumes.iter().all(|volume| text(volume, "/status/phase") == "Succeeded");
    if done && let Some(warm) = &mut status.warm {
        let now = facts::rfc3339(facts::now());
        let count = warm.precopies.len().to_string();
        if let Some(last) = warm.precopies.last_mut() {
            last.end = Some(now);
        }
        warm.successes += 1;
        warm.next_precopy_at = None;
        if let Some(step) = status.step_mut("DiskTransfer") {
            step.tasks.iter_mut().for_each(|task| {
                task.annotations.insert("Precopy".to_owned(), count.clone());
            });
        }
    }
    done
}
