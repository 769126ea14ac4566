//! Migrations: they mirror what their plan does.
//!
//! Source: forklift-api.md section 6.

use super::super::conditions::{Condition, Conditions};
use super::super::hub::{Fail, Hub, Outcome};
use super::super::kinds::{MIGRATION, PLAN};
use super::super::object::{
    generation, has_condition, is_deleting, is_owned_by, items, namespace, owner_reference, reference, text, uid,
};
use serde_json::{Value, json};

pub(crate) async fn reconcile(hub: &Hub, migration: &Value) -> Result<Outcome, Fail> {
    if is_deleting(migration) {
        return Ok(Outcome::Done);
    }
    let (space, plan_name) = reference(migration, "/spec/plan");
    let plan = hub.find_ready(PLAN, space, plan_name).await?;
    if let Some(plan) = plan.as_deref().filter(|plan| namespace(plan) == namespace(migration))
        && !is_owned_by(migration, uid(plan))
    {
        let patch = json!({"metadata": {"ownerReferences": [owner_reference(PLAN, plan, false)]}});
        // The watch shows the patched object, which is then reconciled.
        hub.merge(MIGRATION, migration, &patch).await?;
        return Ok(Outcome::Done);
    }
    let status = status_of(migration, plan.as_deref());
    hub.put_status(MIGRATION, migration, status).await?;
    Ok(Outcome::Done)
}

/// The status of a migration, given its plan.
fn status_of(migration: &Value, plan: Option<&Value>) -> Value {
    let mut conditions = Conditions::begin(migration);
    let snapshot = plan.and_then(|plan| {
        items(plan, "/status/migration/history").find(|one| text(one, "/migration/uid") == uid(migration))
    });
    check(migration, plan, snapshot.is_some(), &mut conditions);
    if !conditions.blocked() {
        conditions.set(Condition::required("Ready", "", "the migration is ready"));
    }
    let mut status = json!({"observedGeneration": generation(migration)});
    for kept in ["started", "completed", "vms"] {
        if let Some(value) = migration.pointer(&format!("/status/{kept}")) {
            status[kept] = value.clone();
        }
    }
    if let (Some(plan), Some(snapshot)) = (plan, snapshot) {
        mirror(migration, plan, snapshot, &mut status, &mut conditions);
    }
    status["conditions"] = conditions.finish();
    status
}

fn check(migration: &Value, plan: Option<&Value>, has_run: bool, conditions: &mut Conditions) {
    let (space, plan_name) = reference(migration, "/spec/plan");
    match plan {
        _ if space.is_empty() || plan_name.is_empty() => {
            conditions.set(Condition::critical("PlanNotValid", "NotSet", "spec.plan is not set"));
        }
        None => {
            let words = format!("the plan {space}/{plan_name} does not exist");
            conditions.set(Condition::critical("PlanNotValid", "NotFound", words));
        }
        Some(plan) if !has_run && !has_condition(plan, "Ready") => {
            let words = format!("the plan {space}/{plan_name} is not ready");
            conditions.set(Condition::critical("PlanNotReady", "NotFound", words));
        }
        Some(plan) => check_cancel(migration, plan, conditions),
    }
}

fn check_cancel(migration: &Value, plan: &Value, conditions: &mut Conditions) {
    let vms: Vec<&Value> = items(plan, "/status/migration/vms").chain(items(plan, "/spec/vms")).collect();
    let known = |entry: &&Value| {
        let (id, name) = (text(entry, "/id"), text(entry, "/name"));
        vms.iter().any(|vm| if id.is_empty() { text(vm, "/name") == name } else { text(vm, "/id") == id })
    };
    let lost: Vec<String> = items(migration, "/spec/cancel")
        .filter(|entry| !known(entry))
        .map(|entry| format!(" id:{} name:'{}' ", text(entry, "/id"), text(entry, "/name")))
        .collect();
    if !lost.is_empty() {
        conditions.set(Condition::warn("VMNotFound", "NotFound", "a VM to cancel is not in the plan").about(lost));
    }
}

/// Takes over what the plan says, unless a later migration has taken the plan's status.
fn mirror(migration: &Value, plan: &Value, snapshot: &Value, status: &mut Value, conditions: &mut Conditions) {
    let last = items(plan, "/status/migration/history").last();
    if last.is_none_or(|one| text(one, "/migration/uid") != uid(migration)) {
        return;
    }
    let outcome = items(snapshot, "/conditions").next().map(|one| text(one, "/type"));
    if outcome != Some("Canceled") {
        for field in ["started", "completed"] {
            if let Some(value) = plan.pointer(&format!("/status/migration/{field}")) {
                status[field] = value.clone();
            }
        }
    } else if let Some(started) = plan.pointer("/status/migration/started") {
        // A cancelled migration has no completion time.
        status["started"] = started.clone();
    }
    if let Some(vms) = plan.pointer("/status/migration/vms") {
        status["vms"] = vms.clone();
    }
    match outcome {
        Some("Succeeded") => {
            conditions.set(Condition::advisory("Succeeded", "", "the migration has succeeded").durable());
        }
        Some("Failed") => conditions.set(Condition::advisory("Failed", "", "the migration has failed").durable()),
        Some("Canceled") => {
            conditions.set(Condition::advisory("Canceled", "", "the migration was cancelled").durable());
        }
        _ if has_condition(plan, "Executing") && has_condition(plan, "Ready") => {
            conditions.set(Condition::advisory("Running", "", "the migration is running"));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migration() -> Value {
        json!({"metadata": {"uid": "m", "namespace": "n"}, "spec": {"plan": {"namespace": "n", "name": "p"}}})
    }

    fn plan(conditions: &[&str], outcome: Option<&str>) -> Value {
        let list = |names: &[&str]| -> Vec<Value> {
            names.iter().map(|name| json!({"type": name, "status": "True"})).collect()
        };
        let own: Vec<&str> = outcome.into_iter().collect();
        json!({"status": {"conditions": list(conditions), "migration": {
            "started": "s", "completed": "c", "vms": [{"id": "vm-1"}],
            "history": [{"migration": {"uid": "m"}, "conditions": list(&own)}]}}})
    }

    fn kinds(status: &Value) -> Vec<&str> {
        items(status, "/conditions").map(|one| text(one, "/type")).collect()
    }

    #[test]
    fn running_is_gone_at_the_end_and_cancelled_ones_have_no_completion() {
        let running = status_of(&migration(), Some(&plan(&["Ready", "Executing"], None)));
        assert_eq!(kinds(&running), ["Ready", "Running"]);
        let done = status_of(&migration(), Some(&plan(&["Ready", "Succeeded"], Some("Succeeded"))));
        assert_eq!((kinds(&done), done["completed"].as_str()), (vec!["Ready", "Succeeded"], Some("c")));
        let cancelled = status_of(&migration(), Some(&plan(&["Ready", "Canceled"], Some("Canceled"))));
        assert_eq!((kinds(&cancelled), cancelled.get("completed")), (vec!["Ready", "Canceled"], None));
        let paused = status_of(&migration(), Some(&plan(&["Executing"], None)));
        assert_eq!(kinds(&paused), ["Ready"]);
    }

    #[test]
    fn a_migration_waits_for_its_plan() {
        assert_eq!(kinds(&status_of(&migration(), None)), ["PlanNotValid"]);
        let unready = json!({"status": {}});
        assert_eq!(kinds(&status_of(&migration(), Some(&unready))), ["PlanNotReady"]);
    }
}
