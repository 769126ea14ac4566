//! What became of each VM: where it is on the cluster, whether it runs, whether its guest agent connects.

use super::inside::{Found, asks_inside, look_into};
use super::prepare::Prepared;
use super::steps::StepError;
use super::walk::Walk;
use crate::check::VmEvidence;
use crate::cluster::{self, ClusterError, Kind, ObjectRef, is_true};
use crate::facts::{GuestEvidence, Power, SourceVm, TargetVm};
use crate::wait::{Deadline, Seen, WaitError};
use kube::api::DynamicObject;
use serde_json::json;

/// The facts of a VM on the cluster, and of its migration.
pub(super) async fn vm_evidence(
    walk: &Walk<'_>,
    vm: &Prepared,
    source_after: Option<SourceVm>,
) -> Result<VmEvidence, StepError> {
    let cluster = &walk.session.parts().cluster;
    // By the product's labels, since a VM that was given a wrong name is there all the same.
    let target = cluster::migrated_vm(cluster, &walk.target_namespace.0, &walk.plan_uid, &vm.inventory.id).await?;
    let mut target = match target {
        Some(target) => Some(settled(walk, target).await?),
        None => None,
    };
    let (agent_connected, guest) = match &mut target {
        Some(found) => inside(walk, vm, found).await?,
        None => (None, GuestEvidence::untried("the VM is not on the cluster")),
    };
    Ok(VmEvidence {
        source: vm.facts.clone(),
        source_after,
        target_name: vm.target_name.clone(),
        target,
        agent_asked: vm.guest_agent,
        luks_asked: vm.luks,
        agent_connected,
        offload: walk.offload_of(&vm.inventory.id),
        warm: walk.migration.as_ref().and_then(|run| {
            let seen = run.vms.iter().find(|seen| seen.id == vm.inventory.id)?;
            seen.warm_record(run.cutover.as_deref())
        }),
        guest,
    })
}

/// A VM that the product told to run has just been created when its migration ends, and one that it has stopped again may
/// still be stopping: it gets the guest agent's time to come to rest. A VM that does not become what its run strategy says
/// is evidence too, as it is at the end.
async fn settled(walk: &Walk<'_>, found: TargetVm) -> Result<TargetVm, StepError> {
    let target = ObjectRef::namespaced(Kind::VM, &found.namespace, &found.name);
    let object = walk.session.parts().cluster.get(&target).await?;
    let strategy = object.as_ref().and_then(|vm| vm.data["spec"]["runStrategy"].as_str());
    let rest = match (strategy, found.power) {
        (Some("Always"), Power::Off | Power::Other) => Power::On,
        (Some("Halted"), Power::Other) => Power::Off,
        _ => return Ok(found),
    };
    wait_until(walk, &target, rest).await?;
    let again = cluster::target_vm(&walk.session.parts().cluster, &found.namespace, &found.name).await?;
    Ok(again.unwrap_or(found))
}

/// Waits until the VM runs or is stopped; a VM that does not come to it is left to the checks.
async fn wait_until(walk: &Walk<'_>, target: &ObjectRef, rest: Power) -> Result<(), StepError> {
    let rests = |vm: &DynamicObject| match rest {
        Power::On => vm.data["status"]["ready"] == true,
        Power::Off | Power::Other => vm.data["status"]["printableStatus"] == "Stopped",
    };
    let judge = |object: Option<&DynamicObject>| match object {
        Some(vm) if rests(vm) => Seen::Met(()),
        Some(vm) => Seen::Pending(vm.data["status"]["printableStatus"].as_str().unwrap_or("no status").to_owned()),
        None => Seen::Hopeless("it is gone".to_owned()),
    };
    let what = format!("wait for {target} to be {rest}");
    observed(walk.session.parts().cluster.wait(&what, target, &agent_deadline(walk), judge).await).map(drop)
}

/// What can be had of a VM only while it runs. A stopped one is started if the scenario asks for an agent, or for
/// something inside the guest (original-suite.md section 1.10, last note of `openshift`).
async fn inside(walk: &Walk<'_>, vm: &Prepared, found: &TargetVm) -> Result<(Option<bool>, GuestEvidence), StepError> {
    let mut runs = found.power == Power::On;
    if !runs && (vm.guest_agent || asks_inside(walk.plan)) {
        let target = ObjectRef::namespaced(Kind::VM, &found.namespace, &found.name);
        walk.session.parts().cluster.patch(&target, &json!({ "spec": { "runStrategy": "Always" } })).await?;
        runs = true;
    }
    let agent = async { if vm.guest_agent { agent_connects(walk, found).await.map(Some) } else { Ok(None) } };
    let (agent, guest) = futures::join!(agent, look_into(walk, vm, Found { target: found, runs }));
    Ok((agent?, guest?))
}

/// Whether the guest agent connects within its time limit.
async fn agent_connects(walk: &Walk<'_>, found: &TargetVm) -> Result<bool, StepError> {
    let cluster = &walk.session.parts().cluster;
    let instance = ObjectRef::namespaced(Kind::VMI, &found.namespace, &found.name);
    let judge = |object: Option<&DynamicObject>| match object {
        Some(vmi) if is_true(vmi, "AgentConnected") => Seen::Met(()),
        Some(vmi) => Seen::Pending(vmi.data["status"]["phase"].as_str().unwrap_or("no phase").to_owned()),
        None => Seen::Pending("no instance yet".to_owned()),
    };
    let what = format!("wait for the guest agent of {}", found.name);
    observed(cluster.wait(&what, &instance, &agent_deadline(walk), judge).await)
}

fn agent_deadline(walk: &Walk<'_>) -> Deadline {
    let limit = walk.plan.guest_agent_timeout.or(walk.scenario.timeouts.guest_agent);
    walk.deadline(limit, walk.session.parts().settings.timeouts.guest_agent)
}

/// A state that did not come in time is an observation, for the checks to judge; everything else is an error.
fn observed(answer: Result<(), ClusterError>) -> Result<bool, StepError> {
    match answer {
        Ok(()) => Ok(true),
        Err(ClusterError::Wait(WaitError::TimedOut { .. } | WaitError::Hopeless { .. })) => Ok(false),
        Err(other) => Err(other.into()),
    }
}
