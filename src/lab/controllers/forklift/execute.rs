//! The life of a migration in its plan: begin, step every VM, cancel, end.
//!
//! Source: forklift-api.md sections 5, 6, 9 and 13.

use super::super::conditions::{Condition, Conditions};
use super::super::harm::after_success;
use super::super::hub::{Fail, Hub};
use super::super::kinds::{MIGRATION, NETWORK_MAP, PROVIDER, STORAGE_MAP};
use super::super::object::{
    flag, generation, has_condition, is_deleting, items, name, namespace, reference, text, uid,
};
use super::objects::{self, Run, Sweep, clean_up, deletes_on_failure};
use super::pipeline::{VmStatus, build};
use super::plan_facts::{PlanFacts, extras, method};
use super::steps::{advance_vm, set_power};
use super::warm_steps::drop_snapshot;
use crate::facts::{self, Power};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// `status.migration` of a Plan.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Record {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) started: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) completed: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) history: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) vms: Vec<VmStatus>,
}

impl Record {
    pub(crate) fn of(plan: &Value) -> Self {
        let record = plan.pointer("/status/migration").cloned().unwrap_or_default();
        serde_json::from_value(record).unwrap_or_default()
    }

    /// Uid of the migration that runs or ran last.
    pub(crate) fn migration(&self) -> &str {
        self.history.last().map(|snapshot| text(snapshot, "/migration/uid")).unwrap_or_default()
    }
}

/// Moves the plan's migration on by one step.
pub(crate) async fn advance(
    hub: &Hub,
    plan: &Value,
    facts: &PlanFacts,
    record: &mut Record,
    conditions: &mut Conditions,
) -> Result<(), Fail> {
    if conditions.blocked() {
        return Ok(());
    }
    let migrations = migrations_of(hub, plan);
    if !conditions.has("Executing") {
        if let Some(next) = migrations.iter().find(|one| is_pending(one, record))
            && conditions.has("Ready")
        {
            begin(hub, plan, facts, next, record).await?;
            for outcome in ["Succeeded", "Failed", "Canceled"] {
                conditions.retire(outcome);
            }
            conditions.set(Condition::advisory("Executing", "", "the plan is executing").durable());
        }
        return Ok(());
    }
    let migration = migrations.iter().find(|one| uid(one) == record.migration());
    let cutover = migration.and_then(|one| text(one, "/spec/cutover").parse().ok());
    let (own, method) = (record.migration().to_owned(), method(hub, plan, facts));
    let run = Run { hub, plan, facts, migration: own, method, cutover };
    if has_condition(plan, "Executing") {
        step_all(&run, migration.map(|one| &**one), record).await?;
    }
    if record.vms.iter().all(|vm| vm.completed.is_some()) {
        end(&run, record, conditions).await?;
    }
    Ok(())
}

/// The plan's migrations by age.
pub(crate) fn migrations_of(hub: &Hub, plan: &Value) -> Vec<Arc<Value>> {
    let own = (namespace(plan), name(plan));
    let mut found = hub.cache.list(MIGRATION, |one| reference(one, "/spec/plan") == own && !is_deleting(one));
    found.sort_by_key(|one| (text(one, "/metadata/creationTimestamp").to_owned(), name(one).to_owned()));
    found
}

fn is_pending(migration: &Value, record: &Record) -> bool {
    !record.history.iter().any(|snapshot| text(snapshot, "/migration/uid") == uid(migration))
}

async fn begin(hub: &Hub, plan: &Value, facts: &PlanFacts, migration: &Value, record: &mut Record) -> Result<(), Fail> {
    record.history.push(snapshot(hub, plan, migration).await?);
    record.started = Some(facts::rfc3339(facts::now()));
    record.completed = None;
    let method = method(hub, plan, facts);
    let before = std::mem::take(&mut record.vms);
    record.vms = facts
        .vms
        .iter()
        .filter_map(|planned| {
            let vm = planned.vm.as_ref()?;
            if let Some(done) = before.iter().find(|old| old.id == vm.moref && old.has("Succeeded")) {
                return Some(done.clone());
            }
            let pipeline = build(method, &extras(hub, plan, planned, method), &vm.disks);
            Some(VmStatus::queued(&planned.entry, &vm.moref, &vm.name, pipeline))
        })
        .collect();
    Ok(())
}

/// What the migration is about: the uids and generations of all objects of the plan.
async fn snapshot(hub: &Hub, plan: &Value, migration: &Value) -> Result<Value, Fail> {
    let mut parts = BTreeMap::new();
    for (key, kind, pointer) in [
        ("source", PROVIDER, "/spec/provider/source"),
        ("destination", PROVIDER, "/spec/provider/destination"),
        ("network", NETWORK_MAP, "/spec/map/network"),
        ("storage", STORAGE_MAP, "/spec/map/storage"),
    ] {
        let (space, referred) = reference(plan, pointer);
        let object = hub.find(kind, space, referred).await?.unwrap_or_default();
        parts.insert(key, described(&object));
    }
    Ok(json!({
        "plan": described(plan), "migration": described(migration),
        "provider": {"source": parts["source"], "destination": parts["destination"]},
        "map": {"network": parts["network"], "storage": parts["storage"]},
    }))
}

fn described(object: &Value) -> Value {
    json!({
        "namespace": namespace(object), "name": name(object), "uid": uid(object), "generation": generation(object),
    })
}

async fn step_all(run: &Run<'_>, migration: Option<&Value>, record: &mut Record) -> Result<(), Fail> {
    let mut in_flight = count_in_flight(run, record);
    let limit = super::super::operator::max_in_flight(run.hub);
    for index in 0..record.vms.len() {
        let vm = &mut record.vms[index];
        vm.nap = None;
        if vm.completed.is_some() {
            continue;
        }
        if vm.phase == "Completed" {
            close(run, vm).await?;
        } else if migration.is_none() {
            vm.cancel("Deleted");
        } else if vm.started.is_none() {
            let host = host_of(run, &vm.id);
            let running = in_flight.entry(host).or_insert(0);
            if *running < limit {
                *running += 1;
                let machine = deletes_on_failure(run.hub, run.plan, vm);
                if run.plan.pointer("/status/migration/history/1").is_some() {
                    clean_up(run, &vm.id, Sweep { machine, pod: true }).await?;
                }
                objects::ensure_namespace(run).await?;
                vm.begin();
            }
        } else if migration.is_some_and(|one| is_cancelled(one, vm)) {
            vm.cancel("UserRequested");
        } else {
            advance_vm(run, vm).await?;
            if vm.phase == "Completed" && vm.error.is_none() {
                close(run, vm).await?;
            }
        }
    }
    Ok(())
}

fn host_of(run: &Run<'_>, id: &str) -> String {
    let vm = run.facts.planned(id).and_then(|planned| planned.vm.as_ref());
    vm.map(|vm| vm.host.clone()).unwrap_or_default()
}

fn count_in_flight(run: &Run<'_>, record: &Record) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for vm in record.vms.iter().filter(|vm| vm.started.is_some() && vm.completed.is_none()) {
        *counts.entry(host_of(run, &vm.id)).or_insert(0) += 1;
    }
    counts
}

fn is_cancelled(migration: &Value, vm: &VmStatus) -> bool {
    items(migration, "/spec/cancel").any(|entry| {
        let id = text(entry, "/id");
        if id.is_empty() { text(entry, "/name") == vm.name } else { id == vm.id }
    })
}

/// The last cycle of a VM. A failed one keeps all it made until it is archived or tried again.
async fn close(run: &Run<'_>, vm: &mut VmStatus) -> Result<(), Fail> {
    if vm.has("Canceled") {
        let machine = deletes_on_failure(run.hub, run.plan, vm);
        clean_up(run, &vm.id, Sweep { machine, pod: true }).await?;
        drop_snapshot(run, vm);
        if vm.restore_power_state == "On" {
            set_power(run, &vm.id, Power::On).await?;
        }
        vm.close_started_steps();
    } else if !vm.has("Failed") {
        vm.succeed();
        let pod = flag(run.plan, "/spec/deleteGuestConversionPod", false);
        if pod || run.hub.since(11) {
            clean_up(run, &vm.id, Sweep { machine: false, pod }).await?;
        }
    }
    vm.end();
    Ok(())
}

/// Any failed VM fails the plan; else any success makes it succeed; else it was cancelled.
async fn end(run: &Run<'_>, record: &mut Record, conditions: &mut Conditions) -> Result<(), Fail> {
    let any = |kind: &str| record.vms.iter().any(|vm| vm.has(kind));
    let (outcome, words) = match (any("Failed"), any("Succeeded")) {
        (true, _) => ("Failed", "the plan execution has failed"),
        (false, true) => ("Succeeded", "the plan execution has succeeded"),
        (false, false) => ("Canceled", "the plan execution has been cancelled"),
    };
    if outcome == "Succeeded" {
        let moved = record.vms.iter().filter(|vm| vm.has("Succeeded"));
        let moved: Vec<&str> = moved.map(|vm| vm.id.as_str()).collect();
        after_success(run.hub, run.facts, &run.migration, &moved).await?;
    }
    conditions.retire("Executing");
    conditions.set(Condition::advisory(outcome, "", words).durable());
    let mut own = Conditions::default();
    own.set(Condition::advisory(outcome, "", words).durable());
    if let Some(snapshot) = record.history.last_mut() {
        snapshot["conditions"] = own.finish();
    }
    record.completed = Some(facts::rfc3339(facts::now()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_its_round_trip_and_names_its_migration() {
        let plan = json!({"status": {"migration": {"started": "t", "history": [
            {"migration": {"uid": "old"}}, {"migration": {"uid": "new"}}]}}});
        let record = Record::of(&plan);
        assert_eq!(record.migration(), "new");
        assert!(!is_pending(&json!({"metadata": {"uid": "old"}}), &record));
        assert!(is_pending(&json!({"metadata": {"uid": "third"}}), &record));
        assert_eq!(serde_json::to_value(&record).unwrap(), plan["status"]["migration"]);
    }

    #[test]
    fn a_cancel_reference_is_an_id_or_a_name() {
        let vm = VmStatus { id: "vm-1".into(), name: "a".into(), ..VmStatus::default() };
        let cancel = |entry: Value| is_cancelled(&json!({"spec": {"cancel": [entry]}}), &vm);
        assert!(cancel(json!({"id": "vm-1"})) && cancel(json!({"name": "a"})));
        assert!(!cancel(json!({"id": "vm-2", "name": "a"})));
    }
}
