//! KubeVirt's VirtualMachine: an instance while it is to run, and the status that tells.
//!
//! Source: cluster-api.md section 1.1.

use super::golden;
use super::hub::{Fail, Hub, Outcome};
use super::kinds::{CLAIM, INSTANCE, VIRTUAL_MACHINE};
use super::object::{has_condition, is_deleting, is_owned_by, items, name, namespace, owner_reference, text, uid};
use crate::facts;
use serde_json::{Value, json};
use std::sync::Arc;

const FINALIZER: &str = "kubevirt.io/virtualMachineControllerFinalize";
pub(crate) const INSTANCE_FINALIZER: &str = "kubevirt.io/foregroundDeleteVirtualMachine";

pub(crate) async fn reconcile(hub: &Hub, vm: &Value) -> Result<Outcome, Fail> {
    let instance = hub.cache.get(INSTANCE, namespace(vm), name(vm)).filter(|one| is_owned_by(one, uid(vm)));
    let finalized = items(vm, "/metadata/finalizers").any(|one| one == FINALIZER);
    if is_deleting(vm) {
        match &instance {
            Some(instance) if !is_deleting(instance) => hub.delete(INSTANCE, instance).await?,
            None if finalized => {
                hub.world.migrated.forget(uid(vm));
                let kept: Vec<&Value> = items(vm, "/metadata/finalizers").filter(|one| *one != FINALIZER).collect();
                hub.merge(VIRTUAL_MACHINE, vm, &json!({"metadata": {"finalizers": kept}})).await?;
                return Ok(Outcome::Done);
            }
            _ => {}
        }
    } else if !finalized {
        let all: Vec<Value> = items(vm, "/metadata/finalizers").cloned().chain([json!(FINALIZER)]).collect();
        hub.merge(VIRTUAL_MACHINE, vm, &json!({"metadata": {"finalizers": all}})).await?;
        // The watch shows the patched object.
        return Ok(Outcome::Done);
    }
    let missing = missing_claim(hub, vm).await?;
    let wanted = is_wanted(vm, instance.as_deref());
    let complete = is_deleting(vm) || golden::provision(hub, vm).await?;
    let mut failure = None;
    match (&instance, wanted) {
        (None, true) if missing.is_none() && complete => match golden::expanded(hub, vm).await? {
            Ok(spec) => drop(hub.create(INSTANCE, instance_of(vm, spec)).await?),
            Err(why) => failure = Some(why),
        },
        (Some(instance), false) if !is_deleting(instance) => hub.delete(INSTANCE, instance).await?,
        _ => {}
    }
    let mut status = status_of(vm, instance.as_deref(), wanted, missing.is_some());
    if instance.is_none() && !is_deleting(vm) && golden::is_provisioning(hub, vm) {
        status["printableStatus"] = json!("Provisioning");
    }
    if let (Some(why), Some(conditions)) = (failure, status["conditions"].as_array_mut()) {
        let told = json!({"type": "Failure", "status": "True", "reason": "FailedCreate", "message": why});
        conditions.push(keep_time(vm, &told));
    }
    hub.put_status(VIRTUAL_MACHINE, vm, status).await?;
    Ok(Outcome::Done)
}

/// The requests that are left when the first one has been followed: stopped, or started.
fn open_requests<'a>(vm: &'a Value, instance: Option<&Value>) -> Vec<&'a Value> {
    let followed = match first_request(vm) {
        Some("Start") => instance.is_some(),
        Some("Stop") => instance.is_none(),
        _ => false,
    };
    items(vm, "/status/stateChangeRequests").skip(usize::from(followed)).collect()
}

fn first_request(vm: &Value) -> Option<&str> {
    items(vm, "/status/stateChangeRequests").next().map(|one| text(one, "/action"))
}

/// The run strategy, also from the older flag.
pub(crate) fn strategy(vm: &Value) -> &str {
    match (text(vm, "/spec/runStrategy"), vm.pointer("/spec/running").and_then(Value::as_bool)) {
        ("", Some(true)) => "Always",
        ("", _) => "Halted",
        (strategy, _) => strategy,
    }
}

fn is_wanted(vm: &Value, instance: Option<&Value>) -> bool {
    if is_deleting(vm) {
        return false;
    }
    match (strategy(vm), first_request(vm)) {
        ("Halted", _) | (_, Some("Stop")) => false,
        ("Always", _) | (_, Some("Start")) => true,
        ("RerunOnFailure" | "Once", None) => instance.is_some() || text(vm, "/status/printableStatus").is_empty(),
        _ => instance.is_some(),
    }
}

async fn missing_claim(hub: &Hub, vm: &Value) -> Result<Option<String>, Fail> {
    for volume in items(vm, "/spec/template/spec/volumes") {
        let claim = text(volume, "/persistentVolumeClaim/claimName");
        if !claim.is_empty() && hub.find(CLAIM, namespace(vm), claim).await?.is_none() {
            return Ok(Some(claim.to_owned()));
        }
    }
    Ok(None)
}

fn instance_of(vm: &Value, spec: Value) -> Value {
    let template = &vm["spec"]["template"];
    let mut metadata = json!({
        "namespace": namespace(vm), "name": name(vm),
        "finalizers": [INSTANCE_FINALIZER], "ownerReferences": [owner_reference(VIRTUAL_MACHINE, vm, true)],
    });
    for field in ["labels", "annotations"] {
        if let Some(value) = template["metadata"].get(field) {
            metadata[field] = value.clone();
        }
    }
    json!({"metadata": metadata, "spec": spec})
}

/// The status. `created` and `ready` are left out when false.
fn status_of(vm: &Value, instance: Option<&Value>, wanted: bool, claim_missing: bool) -> Value {
    let ready = instance.is_some_and(|one| has_condition(one, "Ready") && !is_deleting(one));
    let phase = instance.map(|one| text(one, "/status/phase")).unwrap_or_default();
    let printable = match instance {
        _ if is_deleting(vm) => "Terminating",
        Some(one) if is_deleting(one) || !wanted => "Stopping",
        Some(_) if phase == "Running" => "Running",
        Some(one) if is_unschedulable(one) => "ErrorUnschedulable",
        Some(_) => "Starting",
        None if wanted && claim_missing => "ErrorPvcNotFound",
        None if wanted => "Starting",
        None => "Stopped",
    };
    let mut status = json!({"printableStatus": printable, "runStrategy": strategy(vm)});
    if instance.is_some() {
        status["created"] = json!(true);
    }
    if ready {
        status["ready"] = json!(true);
    }
    let requests = open_requests(vm, instance);
    if !requests.is_empty() {
        status["stateChangeRequests"] = json!(requests);
    }
    let mut conditions = Vec::new();
    let (truth, reason) = match instance {
        Some(_) if ready => ("True", ""),
        Some(_) => ("False", "GuestNotRunning"),
        None => ("False", "VMINotExists"),
    };
    conditions.push(keep_time(vm, &json!({"type": "Ready", "status": truth, "reason": reason})));
    for copied in
        items(instance.unwrap_or(&Value::Null), "/status/conditions").filter(|one| text(one, "/type") != "Ready")
    {
        conditions.push(copied.clone());
    }
    status["conditions"] = json!(conditions);
    status
}

fn is_unschedulable(instance: &Value) -> bool {
    items(instance, "/status/conditions").any(|one| text(one, "/reason") == "Unschedulable")
}

/// The condition with the transition time that it had, if it is the same.
pub(crate) fn keep_time(object: &Value, condition: &Value) -> Value {
    let mut wanted = condition.clone();
    if text(&wanted, "/reason").is_empty()
        && let Some(fields) = wanted.as_object_mut()
    {
        fields.remove("reason");
    }
    let old = items(object, "/status/conditions")
        .find(|one| one["type"] == wanted["type"] && one["status"] == wanted["status"]);
    wanted["lastTransitionTime"] =
        old.map_or_else(|| json!(facts::rfc3339(facts::now())), |one| one["lastTransitionTime"].clone());
    wanted
}

/// The claims that a VM mounts, for its launcher.
pub(crate) fn volumes_of(instance: &Value) -> Vec<Value> {
    items(instance, "/spec/volumes").cloned().collect()
}

/// The instance's VM.
pub(crate) fn owner_of(hub: &Hub, instance: &Value) -> Option<Arc<Value>> {
    hub.cache.get(VIRTUAL_MACHINE, namespace(instance), name(instance)).filter(|vm| is_owned_by(instance, uid(vm)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn false_flags_are_left_out() {
        let vm = json!({"metadata": {"name": "v"}, "spec": {"runStrategy": "Halted"}});
        let stopped = status_of(&vm, None, false, false);
        assert!(stopped.get("created").is_none() && stopped.get("ready").is_none());
        assert_eq!(stopped["printableStatus"], "Stopped");
        assert_eq!(stopped["conditions"][0]["reason"], "VMINotExists");
        let instance = json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}});
        let running = status_of(&vm, Some(&instance), true, false);
        assert_eq!((&running["created"], &running["ready"]), (&json!(true), &json!(true)));
        assert_eq!(running["printableStatus"], "Running");
    }

    #[test]
    fn the_strategy_and_requests_decide() {
        let vm = |strategy: &str, requests: Value| json!({"spec": {"runStrategy": strategy}, "status": {"printableStatus": "Stopped", "stateChangeRequests": requests}});
        assert!(is_wanted(&vm("Always", json!([])), None));
        assert!(!is_wanted(&vm("Halted", json!([])), None));
        assert!(is_wanted(&vm("Manual", json!([{"action": "Start"}])), None));
        assert!(!is_wanted(&vm("Manual", json!([])), None));
        assert!(is_wanted(&vm("Manual", json!([])), Some(&json!({}))));
        assert!(!is_wanted(&vm("Manual", json!([{"action": "Stop"}])), Some(&json!({}))));
        assert_eq!(strategy(&json!({"spec": {"running": true}})), "Always");
        let restart = vm("Always", json!([{"action": "Stop"}, {"action": "Start"}]));
        assert_eq!(open_requests(&restart, Some(&json!({}))).len(), 2);
        assert_eq!(open_requests(&restart, None), [&json!({"action": "Start"})]);
    }
}
