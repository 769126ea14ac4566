//! Gathering the facts that the checks judge, once, and storing them with the run.

use super::prepare::Prepared;
use super::scenario::Walk;
use super::steps::StepError;
use crate::check::{Asked, Evidence, MappedNetwork, MappedStorage, VmEvidence};
use crate::cluster::{self, ClusterError, Kind, ObjectRef, is_true};
use crate::facts::{Power, TargetVm};
use crate::inventory::MapSource;
use crate::scenario::PowerSetting;
use crate::wait::{Seen, WaitError};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kube::api::DynamicObject;
use serde_json::json;
use std::path::Path;

/// Facts of source and destination, as the migration left them.
pub(super) async fn gather(walk: &Walk<'_>) -> Result<Evidence, StepError> {
    let parts = walk.session.parts();
    let vms = futures::future::join_all(walk.vms.iter().map(|vm| vm_evidence(walk, vm))).await;
    let vms = vms.into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(Evidence {
        provider_type: walk.source.entry.type_name().to_owned(),
        mtv_version: parts.environment.mtv.clone(),
        openshift_version: parts.environment.openshift.clone(),
        network_map: (walk.networks.iter())
            .map(|row| MappedNetwork { source: source_name(&row.source), destination: row.destination.clone() })
            .collect(),
        storage_map: (walk.storage.iter())
            .map(|row| MappedStorage {
                source: source_name(&row.source),
                storage_class: row.storage_class.clone(),
                access_mode: None,
                volume_mode: None,
                vendor: None,
                on_array: false,
            })
            .collect(),
        insecure_asked: parts.settings.source_provider_insecure_skip_verify,
        insecure_found: insecure_found(walk).await?,
        asked: Asked {
            power: walk.plan.target_power_state.map(|power| match power {
                PowerSetting::On => Power::On,
                PowerSetting::Off => Power::Off,
            }),
            ..Asked::default()
        },
        strays: Vec::new(),
        expected: Vec::new(),
        skipped: walk.scenario.checks.skip.clone(),
        vms,
    })
}

/// Stores the evidence beside the run's other files.
pub(super) fn store(path: &Path, evidence: &Evidence) -> Result<(), StepError> {
    let fail = |error: std::io::Error| StepError::Broken(format!("store the evidence {}: {error}", path.display()));
    let text = serde_json::to_vec_pretty(evidence).map_err(|error| fail(error.into()))?;
    // A test's name has folders, as its scenario's file has.
    path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(path, text)).map_err(fail)
}

async fn vm_evidence(walk: &Walk<'_>, vm: &Prepared) -> Result<VmEvidence, StepError> {
    let cluster = &walk.session.parts().cluster;
    let target = cluster::target_vm(cluster, &walk.target_namespace.0, &vm.target_name).await?;
    let mut target = match target {
        Some(target) => Some(settled(walk, vm, target).await?),
        None => None,
    };
    let agent_connected = match &mut target {
        Some(found) if vm.guest_agent => Some(agent_connects(walk, found).await?),
        Some(_) | None => None,
    };
    Ok(VmEvidence {
        source: vm.facts.clone(),
        source_after: None,
        target_name: vm.target_name.clone(),
        target,
        agent_asked: vm.guest_agent,
        agent_connected,
        offload: Vec::new(),
        warm: None,
    })
}

/// A VM that shall run has just been created when its migration succeeds: it gets the guest agent's time to start.
/// A VM that does not become what is expected is evidence too, as it is at the end.
async fn settled(walk: &Walk<'_>, vm: &Prepared, found: TargetVm) -> Result<TargetVm, StepError> {
    let asked = walk.plan.target_power_state.map(|power| power == PowerSetting::On);
    let shall_run = asked.unwrap_or(vm.facts.power == Power::On);
    if !shall_run || found.power == Power::On {
        return Ok(found);
    }
    let target = ObjectRef::namespaced(Kind::VM, &found.namespace, &found.name);
    let object = walk.session.parts().cluster.get(&target).await?;
    if object.is_none_or(|vm| vm.data["spec"]["runStrategy"] != "Always") {
        return Ok(found);
    }
    wait_until_on(walk, &target).await?;
    let again = cluster::target_vm(&walk.session.parts().cluster, &found.namespace, &found.name).await?;
    Ok(again.unwrap_or(found))
}

/// Waits until the VM runs; a VM that does not is left to the checks.
async fn wait_until_on(walk: &Walk<'_>, target: &ObjectRef) -> Result<(), StepError> {
    let judge = |object: Option<&DynamicObject>| match object {
        Some(vm) if vm.data["status"]["ready"] == true => Seen::Met(()),
        Some(vm) => Seen::Pending(vm.data["status"]["printableStatus"].as_str().unwrap_or("no status").to_owned()),
        None => Seen::Hopeless("it is gone".to_owned()),
    };
    let what = format!("wait for {target} to run");
    observed(walk.session.parts().cluster.wait(&what, target, &agent_deadline(walk), judge).await).map(drop)
}

/// Whether the guest agent connects within its time limit. A stopped VM is started for it: the scenario asked for an
/// agent, and only a running VM has one (original-suite.md section 1.10, last note of `openshift`).
async fn agent_connects(walk: &Walk<'_>, found: &TargetVm) -> Result<bool, StepError> {
    let cluster = &walk.session.parts().cluster;
    if found.power != Power::On {
        let vm = ObjectRef::namespaced(Kind::VM, &found.namespace, &found.name);
        cluster.patch(&vm, &json!({ "spec": { "runStrategy": "Always" } })).await?;
    }
    let instance = ObjectRef::namespaced(Kind::VMI, &found.namespace, &found.name);
    let judge = |object: Option<&DynamicObject>| match object {
        Some(vmi) if is_true(vmi, "AgentConnected") => Seen::Met(()),
        Some(vmi) => Seen::Pending(vmi.data["status"]["phase"].as_str().unwrap_or("no phase").to_owned()),
        None => Seen::Pending("no instance yet".to_owned()),
    };
    let what = format!("wait for the guest agent of {}", found.name);
    observed(cluster.wait(&what, &instance, &agent_deadline(walk), judge).await)
}

fn agent_deadline(walk: &Walk<'_>) -> crate::wait::Deadline {
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

async fn insecure_found(walk: &Walk<'_>) -> Result<Option<String>, StepError> {
    let secret = ObjectRef::namespaced(Kind::SECRET, &walk.session.shared.namespace, &walk.source.secret);
    let object = walk.session.parts().cluster.get(&secret).await?;
    let encoded = object.as_ref().and_then(|found| found.data["data"]["insecureSkipVerify"].as_str());
    Ok(encoded.and_then(|text| BASE64_STANDARD.decode(text).ok()).and_then(|bytes| String::from_utf8(bytes).ok()))
}

fn source_name(source: &MapSource) -> String {
    source.name.clone().or_else(|| source.id.clone()).unwrap_or_default()
}
