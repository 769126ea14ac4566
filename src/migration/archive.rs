//! Cancelling a Migration, archiving a Plan, and telling what a Plan owns.
//!
//! Source: forklift-api.md section 9.

use super::progress::vm_progress;
use crate::cluster::is_true;
use crate::wait::Seen;
use kube::api::DynamicObject;
use serde_json::{Value, json};

/// Whether a Migration has begun and not ended: only then does cancelling mean anything.
pub fn is_running(migration: &DynamicObject) -> bool {
    let ended = ["Succeeded", "Failed", "Canceled"];
    !ended.iter().any(|kind| is_true(migration, kind))
}

/// The patch that cancels every VM of a Migration; `plan` lists them while the Migration's own status is empty.
pub fn cancel_patch(migration: &DynamicObject, plan: Option<&DynamicObject>) -> Value {
    let mut ids: Vec<String> = vm_progress(migration).into_iter().map(|vm| vm.id).collect();
    if ids.is_empty()
        && let Some(list) = plan.and_then(|plan| plan.data["spec"]["vms"].as_array())
    {
        ids = list.iter().filter_map(|vm| vm["id"].as_str().map(str::to_owned)).collect();
    }
    let cancel: Vec<Value> = ids.into_iter().map(|id| json!({ "id": id })).collect();
    json!({ "spec": { "cancel": cancel } })
}

/// Whether a cancelled Migration has come to rest, or is gone.
pub fn stopped(object: Option<&DynamicObject>) -> Seen<()> {
    match object {
        Some(migration) if is_running(migration) => Seen::Pending("still running".to_owned()),
        Some(_) | None => Seen::Met(()),
    }
}

/// The patch that archives a Plan.
pub fn archive_patch() -> Value {
    json!({ "spec": { "archived": true } })
}

/// Whether a Plan is archived, or gone.
pub fn archived(object: Option<&DynamicObject>) -> Seen<()> {
    match object {
        Some(plan) if is_true(plan, "Archived") => Seen::Met(()),
        Some(_) => Seen::Pending("no condition Archived yet".to_owned()),
        None => Seen::Met(()),
    }
}

/// Label selector of everything that the Plan with this UID made (forklift-api.md section 7, labels L).
pub fn owned_by_plan(uid: &str) -> String {
    format!("plan={uid}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, body: Value) -> DynamicObject {
        let mut object =
            json!({ "apiVersion": "forklift.konveyor.io/v1beta1", "kind": kind, "metadata": { "name": "x" } });
        object.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn a_queued_migration_is_cancelled_by_the_vms_of_its_plan() {
        let plan = object("Plan", json!({ "spec": { "vms": [{ "id": "vm-1" }, { "id": "vm-2" }] } }));
        let queued = object("Migration", json!({}));
        assert!(is_running(&queued));
        assert_eq!(
            cancel_patch(&queued, Some(&plan)),
            json!({ "spec": { "cancel": [{ "id": "vm-1" }, { "id": "vm-2" }] } })
        );
        let running = object("Migration", json!({ "status": { "vms": [{ "id": "vm-2", "name": "b" }] } }));
        assert_eq!(cancel_patch(&running, Some(&plan)), json!({ "spec": { "cancel": [{ "id": "vm-2" }] } }));
    }

    #[test]
    fn rest_is_reached_by_any_end() {
        let ended =
            object("Migration", json!({ "status": { "conditions": [{ "type": "Failed", "status": "True" }] } }));
        assert_eq!(stopped(Some(&ended)), Seen::Met(()));
        assert_eq!(stopped(None), Seen::Met(()));
        let plan = object("Plan", json!({}));
        assert!(matches!(archived(Some(&plan)), Seen::Pending(_)));
    }
}
