//! What a plan sees of its populators: how far each disk is, how it is copied, and what went wrong.

use super::super::super::kinds::{CLAIM, POD, POPULATOR};
use super::super::super::object::{annotation, name, namespace, text, uid};
use super::super::copy::advance;
use super::super::objects::Run;
use super::super::pipeline::{Step, VmStatus};
use super::{log, verdict};
use serde_json::Value;
use std::sync::Arc;

/// The first minor release of MTV 2 whose tasks tell how their disk is copied. Source: forklift-api.md section 6.
const ANNOTATED_SINCE: u64 = 12;

/// Moves a step by what the populators report; whether all disks are copied. A disk whose pod failed fails the VM.
pub(crate) fn transfer(run: &Run<'_>, status: &mut VmStatus, step: &str) -> bool {
    let claims = run.of_vm(CLAIM, &status.id);
    if let Some(reason) = claims.iter().find_map(|claim| failure(run, claim)) {
        status.fail(&reason);
        return false;
    }
    let Some(step) = status.step_mut(step) else {
        return true;
    };
    let populators: Vec<Option<Arc<Value>>> =
        claims.iter().map(|claim| run.hub.cache.get(POPULATOR, namespace(claim), name(claim))).collect();
    if run.hub.since(ANNOTATED_SINCE) {
        for (task, populator) in step.tasks.iter_mut().zip(populators.iter().flatten()) {
            annotate(task, populator);
        }
    }
    let mut percents: Vec<u64> =
        populators.iter().map(|one| one.as_deref().and_then(verdict::percent).unwrap_or(0)).collect();
    percents.resize(step.tasks.len(), 0);
    advance(step, &percents)
}

/// Writes into a disk's task what its populator tells of the copy.
fn annotate(task: &mut Step, populator: &Value) {
    for key in ["xcopyUsed", "cloneMethod", "storageVendor"] {
        let value = text(populator, &format!("/status/{key}"));
        if !value.is_empty() {
            task.annotations.insert(key.to_owned(), value.to_owned());
        }
    }
}

/// Why a disk's pod failed, if it did.
fn failure(run: &Run<'_>, claim: &Value) -> Option<String> {
    let pod = run.hub.cache.get(POD, namespace(claim), &format!("populate-{}", uid(claim)))?;
    if text(&pod, "/status/phase") != "Failed" {
        return None;
    }
    let printed = run.hub.world.pod_logs.read(uid(&pod)).unwrap_or_default();
    let why = log::failure(&printed).unwrap_or("its log says nothing");
    Some(format!("the copy of {} failed: {why}", annotation(claim, "copy-offload")))
}
