//! What happens in each phase of a VM.
//!
//! Every effect can be repeated: a reconcile whose status was not stored does the phase again.

use super::super::hub::Fail;
use super::cluster_source;
use super::conversion::{create_conversion, fail_if_locked, finish_conversion, has_rebooted};
use super::copy::{advance, stride, volume_percents};
use super::hook_runs::run_hook;
use super::objects::{self, Run};
use super::offload;
use super::phases::{CONVERT_SNAPSHOT, Method, REBOOTS};
use super::pipeline::VmStatus;
use super::plan_facts::{PlannedVm, extras};
use super::populators;
use super::warm_steps;
use crate::facts::{Firmware, Power};
use crate::lab::fault::{Failure, ProductFault};
use crate::lab::world::Vm;

/// Steps a VM; at full speed through all phases that need nothing but the one before.
///
/// The power that is to be restored must be stored before the VM is shut down, so that phase always ends the round.
pub(super) async fn advance_vm(run: &Run<'_>, status: &mut VmStatus) -> Result<(), Fail> {
    loop {
        let before = status.phase.clone();
        step(run, status).await?;
        let chained = run.hub.at_full_speed()
            && status.phase != before
            && before != "StorePowerState"
            && status.step_of(&before) == status.step_of(&status.phase);
        if !chained {
            return Ok(());
        }
    }
}

/// Does the present phase of a VM and enters the next one when it is done.
async fn step(run: &Run<'_>, status: &mut VmStatus) -> Result<(), Fail> {
    let Some((planned, vm)) = run.facts.planned(&status.id).and_then(|one| Some((one, one.vm.as_ref()?))) else {
        status.fail("the VM is gone from the source");
        return Ok(());
    };
    if let Some(reason) = injected(run, status) {
        status.fail(&reason);
        return Ok(());
    }
    let done = match status.phase.as_str() {
        "Started" => !stalls(run),
        "PreHook" | "PostHook" => run_hook(run, planned, status).await?,
        "StorePowerState" => {
            store_facts(status, vm);
            true
        }
        "PowerOffSource" => power_off(run, vm).await?,
        "WaitForPowerOff" => is_off(run, &vm.moref),
        "CreateDataVolumes" => create_volumes(run, planned, vm, status).await?,
        "AllocateDisks" => transfer(run, status, "DiskAllocation"),
        "CopyDisks" => {
            let done = transfer(run, status, "DiskTransfer");
            if done && matches!(run.method, Method::Warm { .. }) {
                warm_steps::end_copy(run, status);
            }
            done
        }
        "CreateGuestConversionPod" => {
            create_conversion(run, &vm.moref).await?;
            true
        }
        // The conversion is over as soon as virt-v2v reports that it copies.
        "ConvertGuest" => {
            if let Some(reason) = fail_if_locked(run, planned, vm).await? {
                status.fail(reason);
            } else if run.method != Method::V2v {
                finish_conversion(run, &vm.moref).await?;
            }
            true
        }
        "CopyDisksVirtV2V" => copy_with_v2v(run, vm, status).await?,
        "CreateVM" => match objects::create_vm(run, planned, vm, status).await? {
            None => true,
            Some(reason) => {
                status.fail(&reason);
                false
            }
        },
        // The images of the snapshots are gone when their disks are copied.
        CONVERT_SNAPSHOT => true,
        REBOOTS => has_rebooted(run, planned, status).await?,
        _ => warm_steps::step(run, vm, status).await?.unwrap_or(false),
    };
    if done && status.error.is_none() {
        let next = run.method.next(&status.phase, &extras(run.hub, run.plan, planned, run.method));
        status.enter(next);
    }
    Ok(())
}

/// The reason of an injected failure of this phase's step.
fn injected(run: &Run<'_>, status: &VmStatus) -> Option<String> {
    let present = status.step_of(&status.phase);
    run.hub.world.faults.failing(|failure| match failure {
        Failure::PipelineStep { step, reason } if present == Some(step) => Some(reason.clone()),
        _ => None,
    })
}

fn stalls(run: &Run<'_>) -> bool {
    run.hub.world.faults.failing(|failure| matches!(failure, Failure::MigrationStalls).then_some(())).is_some()
}

fn store_facts(status: &mut VmStatus, vm: &Vm) {
    status.restore_power_state = if vm.power == Power::On { "On" } else { "Off" }.into();
    status.firmware = if vm.firmware == Firmware::Efi { "efi" } else { "bios" }.into();
    status.operating_system.clone_from(&vm.guest_id);
}

/// The guest is asked to shut down; in this world it always does. A product that pulls the plug instead is found only where
/// the source records how its VMs are switched.
async fn power_off(run: &Run<'_>, vm: &Vm) -> Result<bool, Fail> {
    if vm.power != Power::Off {
        set_power(run, &vm.moref, Power::Off).await?;
        let hard = run.hub.world.faults.harms().contains(&ProductFault::HardStop);
        if let Some(source) = &run.facts.source {
            source.record_switch(&vm.moref, Power::Off, hard);
        }
    }
    Ok(true)
}

fn is_off(run: &Run<'_>, moref: &str) -> bool {
    let Some(source) = run.facts.source.as_ref() else {
        // A cluster's VMs are as the facts have them, which are read anew for each step.
        let vm = run.facts.planned(moref).and_then(|planned| planned.vm.as_ref());
        return vm.is_some_and(|vm| vm.power == Power::Off);
    };
    source.read().vm(moref).is_none_or(|vm| vm.power == Power::Off)
}

pub(super) async fn set_power(run: &Run<'_>, moref: &str, power: Power) -> Result<(), Fail> {
    if run.facts.source_type() == "openshift" {
        return cluster_source::set_power(run, moref, power).await;
    }
    if let Some(source) = &run.facts.source {
        source.change(|inventory| {
            if let Some(vm) = inventory.vm_mut(moref) {
                vm.set_power(power);
                vm.revision += 1;
            }
        });
    }
    Ok(())
}

async fn create_volumes(run: &Run<'_>, planned: &PlannedVm, vm: &Vm, status: &mut VmStatus) -> Result<bool, Fail> {
    let populates = run.facts.populates(run.method);
    if populates {
        objects::create_secret(run, &vm.moref, "isPopulator").await?;
    } else if run.method != Method::V2v && !run.facts.offload {
        objects::create_secret(run, &vm.moref, "isDV").await?;
    }
    if run.facts.source_type() == "openshift" {
        cluster_source::export(run, vm).await?;
    }
    let refused = if populates {
        populators::create(run, planned, vm).await?
    } else if run.facts.offload {
        offload::create(run, planned, vm).await?
    } else {
        let warm = status.warm.as_ref().filter(|_| matches!(run.method, Method::Warm { .. }));
        objects::create_volumes(run, planned, vm, warm).await?
    };
    if let Some(reason) = refused {
        status.fail(&reason);
        return Ok(false);
    }
    Ok(true)
}

/// Moves a step by what CDI reports.
fn transfer(run: &Run<'_>, status: &mut VmStatus, step: &str) -> bool {
    if run.facts.offload {
        return offload::transfer(run, status, step);
    }
    let mut percents = match run.method {
        Method::Warm { .. } => warm_steps::percents(run, status),
        _ if run.facts.populates(run.method) => populators::percents(run, &status.id),
        _ => volume_percents(run, &status.id),
    };
    let Some(step) = status.step_mut(step) else {
        return true;
    };
    percents.resize(step.tasks.len(), 0);
    advance(step, &percents)
}

async fn copy_with_v2v(run: &Run<'_>, vm: &Vm, status: &mut VmStatus) -> Result<bool, Fail> {
    let Some(step) = status.step_mut("DiskTransferV2v") else {
        return Ok(true);
    };
    let full_speed = run.hub.at_full_speed();
    let stride =
        if run.method == Method::V2v && !run.facts.offload { stride(full_speed, step.progress.total) } else { 100 };
    let percent = step.reached() + stride;
    let done = advance(step, &vec![percent; step.tasks.len()]);
    if done {
        finish_conversion(run, &vm.moref).await?;
    }
    Ok(done)
}
