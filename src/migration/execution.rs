//! Running a Plan: the Migration, and how it ends.
//!
//! Source: forklift-api.md section 6, original-suite.md section 1.4.

use super::progress::{VmProgress, vm_progress};
use super::provider::{blockers, critical_words};
use crate::cluster::{Condition, condition};
use crate::wait::Seen;
use kube::api::DynamicObject;
use serde_json::{Value, json};

/// A Migration of the Plan `name` in `namespace`, with the time of its cutover (RFC 3339) if it is set beforehand.
pub fn migration_body(namespace: &str, name: &str, cutover: Option<&str>) -> Value {
    let mut body = json!({ "spec": { "plan": { "name": name, "namespace": namespace } } });
    if let Some(cutover) = cutover {
        body["spec"]["cutover"] = json!(cutover);
    }
    body
}

/// The patch that sets the time of the cutover.
pub fn cutover_patch(cutover: &str) -> Value {
    json!({ "spec": { "cutover": cutover } })
}

/// A migration's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finished {
    /// Every VM was migrated.
    Succeeded,
    /// At least one VM failed.
    Failed(Vec<Failure>),
    /// It was cancelled, with the condition's reason.
    Canceled(String),
}

/// Why a VM failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Name on the source.
    pub vm: String,
    /// The step that failed first.
    pub step: String,
    /// Reasons of the step, else of the VM.
    pub reasons: Vec<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let reasons = if self.reasons.is_empty() { "no reason given".to_owned() } else { self.reasons.join("; ") };
        write!(out, "{} failed at {}: {reasons}", self.vm, self.step)
    }
}

/// Whether a Migration has ended. A Plan that is gone or not valid makes it hopeless; everything else that is not
/// terminal clears by itself.
pub fn finished(object: Option<&DynamicObject>) -> Seen<Finished> {
    let Some(object) = object else { return Seen::Hopeless("the Migration was deleted by somebody else".to_owned()) };
    let holds = |kind: &str| condition(object, kind).filter(Condition::is_true);
    if holds("Failed").is_some() {
        return Seen::Met(Finished::Failed(failures(object)));
    }
    if holds("Succeeded").is_some() {
        return Seen::Met(Finished::Succeeded);
    }
    if let Some(found) = holds("Canceled") {
        return Seen::Met(Finished::Canceled(found.reason));
    }
    if blockers(object).any(|(kind, _)| kind == "PlanNotValid") {
        return Seen::Hopeless(critical_words(object));
    }
    let words: Vec<String> = vm_progress(object).iter().map(words).collect();
    Seen::Pending(if words.is_empty() { "not started".to_owned() } else { words.join("; ") })
}

/// The failed VMs with their first failed step.
fn failures(object: &DynamicObject) -> Vec<Failure> {
    let failed = |vm: &VmProgress| {
        let step = vm.pipeline.iter().find(|step| step.error.is_some());
        let error = step.and_then(|step| step.error.as_ref()).or(vm.error.as_ref())?;
        let name = step.map_or_else(|| error.phase.clone(), |step| step.name.clone());
        Some(Failure { vm: vm.name.clone(), step: name, reasons: error.reasons.clone() })
    };
    vm_progress(object).iter().filter_map(failed).collect()
}

fn words(vm: &VmProgress) -> String {
    let precopies = match &vm.warm {
        Some(warm) => format!(", {} precopies", warm.successes),
        None => String::new(),
    };
    match vm.current_step() {
        Some(step) => {
            let (done, total) = (step.progress.completed, step.progress.total);
            format!("{} at {} {done}/{total}{precopies}", vm.name, step.name)
        }
        None => format!("{} waits", vm.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migration(status: Value) -> DynamicObject {
        serde_json::from_value(json!({ "apiVersion": "forklift.konveyor.io/v1beta1", "kind": "Migration",
            "metadata": { "name": "m" }, "status": status }))
        .unwrap()
    }

    fn advisory(kind: &str) -> Value {
        json!({ "type": kind, "status": "True", "category": "Advisory", "reason": "", "message": "" })
    }

    #[test]
    fn ends_are_told_apart() {
        assert_eq!(
            finished(Some(&migration(json!({ "conditions": [advisory("Succeeded")] })))),
            Seen::Met(Finished::Succeeded)
        );
        assert_eq!(
            finished(Some(&migration(json!({ "conditions": [advisory("Canceled")] })))),
            Seen::Met(Finished::Canceled(String::new()))
        );
        let failed = migration(
            json!({ "conditions": [advisory("Failed")], "vms": [{ "id": "vm-1", "name": "a", "pipeline": [
            { "name": "Initialize", "phase": "Completed" },
            { "name": "DiskTransferV2v", "phase": "Running", "error": { "phase": "Running", "reasons": ["no space"] } } ] }] }),
        );
        let Seen::Met(Finished::Failed(failures)) = finished(Some(&failed)) else { panic!() };
        assert_eq!(failures[0].to_string(), "a failed at DiskTransferV2v: no space");
        assert!(matches!(finished(None), Seen::Hopeless(_)));
    }

    #[test]
    fn pending_tells_what_each_vm_does() {
        let running = migration(json!({ "conditions": [advisory("Running")], "vms": [
            { "name": "a", "pipeline": [{ "name": "Initialize", "phase": "Running", "progress": { "completed": 0, "total": 1 }, "new": {} }] },
            { "name": "b", "pipeline": [{ "name": "Initialize", "phase": "Pending" }] } ] }));
        assert_eq!(finished(Some(&running)), Seen::Pending("a at Initialize 0/1; b waits".into()));
        assert_eq!(finished(Some(&migration(json!({})))), Seen::Pending("not started".into()));
    }
}
