//! What happens in each phase of a VM.
//!
//! Every effect can be repeated: a reconcile whose status was not stored does the phase again.

use super::super::hub::Fail;
use super::super::kinds::{CONFIG_MAP, HOOK, JOB, PLAN};
use super::super::object::{items, name, namespace, owner_reference, reference, text, uid};
use super::copy::{advance, stride, volume_percents};
use super::hooks::{playbook, playbook_fails};
use super::objects::{self, Run};
use super::offload;
use super::phases::{Method, REBOOTS};
use super::pipeline::VmStatus;
use super::plan_facts::{PlannedVm, extras};
use super::warm_steps;
use crate::facts::{self, Firmware, Power};
use crate::lab::fault::Failure;
use crate::lab::world::Vm;
use serde_json::{Value, json};

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
        "PowerOffSource" => power_off(run, vm),
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
            objects::create_conversion(run, &vm.moref).await?;
            true
        }
        // The conversion is over as soon as virt-v2v reports that it copies.
        "ConvertGuest" => {
            if run.method != Method::V2v {
                objects::finish_conversion(run, &vm.moref).await?;
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
        REBOOTS => objects::has_rebooted(run, planned, status).await?,
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

/// The guest is asked to shut down; in this world it always does.
fn power_off(run: &Run<'_>, vm: &Vm) -> bool {
    if vm.power != Power::Off {
        set_power(run, &vm.moref, Power::Off);
    }
    true
}

fn is_off(run: &Run<'_>, moref: &str) -> bool {
    let source = run.facts.source.as_ref();
    source.is_some_and(|source| source.read().vm(moref).is_none_or(|vm| vm.power == Power::Off))
}

pub(super) fn set_power(run: &Run<'_>, moref: &str, power: Power) {
    if let Some(source) = &run.facts.source {
        source.change(|inventory| {
            if let Some(vm) = inventory.vm_mut(moref) {
                vm.power = power;
                vm.revision += 1;
            }
        });
    }
}

async fn create_volumes(run: &Run<'_>, planned: &PlannedVm, vm: &Vm, status: &mut VmStatus) -> Result<bool, Fail> {
    if run.method != Method::V2v && !run.facts.offload {
        objects::create_secret(run, &vm.moref, "isDV").await?;
    }
    let refused = if run.facts.offload {
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
    let warm = matches!(run.method, Method::Warm { .. });
    let mut percents = if warm { warm_steps::percents(run, status) } else { volume_percents(run, &status.id) };
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
        objects::finish_conversion(run, &vm.moref).await?;
    }
    Ok(done)
}

/// Runs the hook of the present step: its ConfigMap, its Job, and the Job's outcome.
async fn run_hook(run: &Run<'_>, planned: &PlannedVm, status: &mut VmStatus) -> Result<bool, Fail> {
    let wanted = status.phase.clone();
    let entry = items(&planned.entry, "/hooks").find(|hook| text(hook, "/step") == wanted);
    let (space, hook_name) = entry.map_or(("", ""), |hook| reference(hook, "/hook"));
    let Some(hook) = run.hub.find(HOOK, space, hook_name).await? else {
        status.fail("the hook does not exist");
        return Ok(false);
    };
    let playbook = playbook(&hook).unwrap_or_default();
    let failed = playbook_fails(&playbook);
    create_job(run, &status.id, &wanted, &hook, &playbook).await?;
    if failed {
        status.fail("the hook's job has failed");
    }
    Ok(!failed)
}

async fn create_job(run: &Run<'_>, vm: &str, step: &str, hook: &Value, playbook: &str) -> Result<(), Fail> {
    let own = namespace(run.plan);
    let job_name = run.object_name(vm, &format!("{}-", step.to_lowercase()));
    let mut labels = run.labels(vm);
    let facts = [("step", step), ("hook", name(hook)), ("resource", "hook-config")];
    labels.extend(facts.map(|(key, value)| (key.to_owned(), json!(value))));
    let mut pod = json!({
        "restartPolicy": "Never",
        "containers": [{"name": "hook", "image": hook["spec"]["image"], "volumeMounts": [
            {"name": "hook", "mountPath": "/tmp/hook"}]}],
        "volumes": [{"name": "hook", "configMap": {"name": job_name}}],
    });
    if let Some(seconds) = hook.pointer("/spec/deadline").filter(|one| one.as_i64().unwrap_or(0) > 0) {
        pod["activeDeadlineSeconds"] = seconds.clone();
    }
    let job = json!({
        "metadata": {
            "namespace": own, "name": job_name, "labels": labels,
            "ownerReferences": [owner_reference(PLAN, run.plan, false)],
        },
        "spec": {"backoffLimit": 1, "template": {"metadata": {"labels": labels}, "spec": pod}},
    });
    let job = run.hub.create(JOB, job).await?;
    let config = json!({
        "metadata": {
            "namespace": own, "name": job_name, "labels": labels,
            "ownerReferences": [owner_reference(JOB, &job, false)],
        },
        "data": {"workload.yml": format!("vm: {vm}\n"), "playbook.yml": playbook, "plan.yml": format!("plan: {}\n", uid(run.plan))},
    });
    run.hub.create(CONFIG_MAP, config).await?;
    let outcome = if playbook_fails(playbook) { "failed" } else { "succeeded" };
    if let Err(error) = run.hub.put_status(JOB, &job, json!({outcome: 1})).await {
        tracing::debug!("the status of a hook's Job was not taken: {}", facts::chain(&error));
    }
    Ok(())
}
