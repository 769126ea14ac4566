//! Making the source VMs of a scenario ready: clone, power, inventory, facts.
//!
//! Every VM is cloned, so that the VM that the scenario names is never touched (original-suite.md section 1.9,
//! `prepared_plan`). Clones go side by side; all of them are awaited also when one fails, since a clone that nobody
//! awaits could appear after its undo.

use super::steps::StepError;
use super::walk::Walk;
use crate::event::Event;
use crate::facts::{Power, SourceVm, destination_vm_name};
use crate::inventory::{InventoryVm, VmKey};
use crate::provider::{self, CloneRequest, NewDisk, SourceProvider, VmRef};
use crate::scenario::{AddDisk, DatastoreRef, DiskMode, DiskType, PowerSetting, VmRequest};
use crate::undo::Thing;

/// A source VM, ready to be migrated.
pub(super) struct Prepared {
    /// What the scenario asks for.
    pub(super) guest_agent: bool,
    /// The VM before the migration.
    pub(super) facts: SourceVm,
    /// The VM in the product's inventory.
    pub(super) inventory: InventoryVm,
    /// The name that the product will give it.
    pub(super) target_name: String,
}

pub(super) async fn prepare_vms(walk: &Walk<'_>) -> Result<Vec<Prepared>, StepError> {
    let requests = walk.plan.virtual_machines.iter().enumerate();
    let all = futures::future::join_all(requests.map(|(index, request)| prepare_vm(walk, index, request))).await;
    let (mut prepared, mut errors) = (Vec::new(), Vec::new());
    for answer in all {
        match answer {
            Ok(vm) => prepared.push(vm),
            Err(error) => errors.push(error),
        }
    }
    StepError::join(errors).map_or(Ok(prepared), Err)
}

async fn prepare_vm(walk: &Walk<'_>, index: usize, request: &VmRequest) -> Result<Prepared, StepError> {
    let parts = walk.session.parts();
    let sdk = walk.source.sdk.as_ref();
    let clone = clone_vm(walk, index, request).await?;
    set_power(walk, sdk, &clone, request).await?;
    let limit = walk.plan.inventory_timeout.or(walk.scenario.timeouts.inventory);
    let deadline = walk.deadline(limit, parts.settings.timeouts.inventory);
    let key = VmKey { id: Some(clone.id.clone()), name: clone.name.clone() };
    let inventory = walk.source.inventory.wait_vm(&key, &deadline).await?;
    let facts = sdk.vm_facts(&clone).await?;
    let target_name = destination_vm_name(&facts.name).map_err(|error| StepError::Broken(error.to_string()))?;
    Ok(Prepared { guest_agent: request.guest_agent, facts, inventory, target_name })
}

/// Clones the VM, written down by its exact name before the call.
async fn clone_vm(walk: &Walk<'_>, index: usize, request: &VmRequest) -> Result<VmRef, StepError> {
    let parts = walk.session.parts();
    let sdk = walk.source.sdk.as_ref();
    let source = sdk.find_vm(&request.name).await?;
    let base = request.clone_name.as_deref().unwrap_or(&request.name);
    let name = walk.names.clone_of(index, base, request.preserve_name_format);
    let thing = Thing::SourceVm {
        provider_type: walk.source.entry.type_name().to_owned(),
        provider: walk.source.entry.name.clone(),
        name: name.clone(),
        vm_id: None,
    };
    let what = thing.to_string();
    let entry = parts.ledger.intend(Some(walk.test), thing, &[])?;
    let clone = CloneRequest {
        disk_type: request.disk_type.map(disk_type),
        add_disks: request.add_disks.iter().map(new_disk).collect(),
        datastore: request.target_datastore_id.as_ref().and_then(moref),
        host: request.target_esxi_host.clone(),
        limit: walk.scenario.timeouts.clone.unwrap_or(parts.settings.timeouts.clone),
        ..CloneRequest::new(source, &name)
    };
    let made = sdk.clone_vm(&clone, &parts.cancel).await?;
    parts.ledger.made(entry, Some(&made.id))?;
    parts.emit(Event::Made { test: Some(walk.test.to_owned()), what });
    Ok(made)
}

/// Brings the clone into the power state that the scenario asks for. Guest information that does not come is noted, not
/// an error: the check of the guest agent judges the migrated VM (original-suite.md section 1.9).
async fn set_power(
    walk: &Walk<'_>,
    sdk: &dyn SourceProvider,
    clone: &VmRef,
    request: &VmRequest,
) -> Result<(), StepError> {
    let parts = walk.session.parts();
    let Some(asked) = request.source_vm_power else { return Ok(()) };
    let power = match asked {
        PowerSetting::On => Power::On,
        PowerSetting::Off => Power::Off,
    };
    sdk.set_power(clone, power).await?;
    if power == Power::On {
        let deadline = parts.deadline(parts.settings.timeouts.guest_info);
        if !sdk.wait_guest_info(clone, &deadline).await? {
            let note = format!("no guest information from {} before the migration", clone.name);
            parts.emit(Event::Noted { test: Some(walk.test.to_owned()), note });
        }
    }
    Ok(())
}

fn disk_type(asked: DiskType) -> provider::DiskType {
    match asked {
        DiskType::Thin => provider::DiskType::Thin,
        DiskType::ThickLazy => provider::DiskType::ThickLazy,
        DiskType::ThickEager => provider::DiskType::ThickEager,
    }
}

fn new_disk(asked: &AddDisk) -> NewDisk {
    NewDisk {
        size_bytes: u64::from(asked.size_gb.unwrap_or_default()) << 30,
        provisioning: disk_type(asked.provision_type),
        mode: match asked.disk_mode {
            DiskMode::Persistent => provider::DiskMode::Persistent,
            DiskMode::IndependentPersistent => provider::DiskMode::IndependentPersistent,
            DiskMode::IndependentNonpersistent => provider::DiskMode::IndependentNonpersistent,
        },
        datastore: asked.datastore_id.as_ref().and_then(moref),
        datastore_path: asked.datastore_path.clone(),
        rdm: None,
    }
}

/// A datastore by MoRef; the symbolic ones are refused before a run (`support`).
fn moref(datastore: &DatastoreRef) -> Option<String> {
    match datastore {
        DatastoreRef::MoRef(id) => Some(id.clone()),
        DatastoreRef::Secondary | DatastoreRef::NonXcopy => None,
    }
}
