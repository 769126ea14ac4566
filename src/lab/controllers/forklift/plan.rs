//! Plans: validation, then the step of their migration.

use super::super::conditions::{Condition, Conditions};
use super::super::hub::{Fail, Hub, Outcome, STEP};
use super::super::kinds::PLAN;
use super::super::object::{flag, generation, has_condition, is_deleting, name, namespace};
use super::archive;
use super::execute::{self, Record};
use super::plan_facts::PlanFacts;
use super::validate::validate;
use semver::Version;
use serde_json::{Value, json};

pub(crate) async fn reconcile(hub: &Hub, plan: &Value) -> Result<Outcome, Fail> {
    if is_deleting(plan) || has_condition(plan, "Archived") {
        return Ok(Outcome::Done);
    }
    if flag(plan, "/spec/archived", false) {
        return archive::archive(hub, plan).await;
    }
    // Since 2.10.4 a succeeded plan is left alone, even when another Migration refers to it.
    if has_condition(plan, "Succeeded") && hub.mtv >= Version::new(2, 10, 4) {
        return Ok(Outcome::Done);
    }
    let executing = has_condition(plan, "Executing");
    if executing && hub.is_held(namespace(plan), name(plan)) {
        return Ok(Outcome::Done);
    }
    let mut conditions = Conditions::begin(plan);
    let facts = PlanFacts::read(hub, plan).await?;
    validate(hub, plan, &facts, executing, &mut conditions).await?;
    if !conditions.blocked() && !conditions.has("ValidatingVDDK") {
        conditions.set(Condition::required("Ready", "", "the plan is ready"));
    }
    let validating = conditions.has("ValidatingVDDK");
    let mut record = Record::of(plan);
    execute::advance(hub, plan, &facts, &mut record, &mut conditions).await?;
    let running = conditions.has("Executing") && !conditions.blocked();
    let mut status = plan.get("status").cloned().unwrap_or_else(|| json!({}));
    status["conditions"] = conditions.finish();
    status["observedGeneration"] = json!(generation(plan));
    if record != Record::default() {
        status["migration"] = serde_json::to_value(&record).unwrap_or_default();
    }
    let moved = hub.put_status(PLAN, plan, status).await?;
    if running && moved {
        hub.hold(namespace(plan), name(plan));
    }
    if moved && (running || validating) {
        return Ok(Outcome::Again(STEP));
    }
    // What did not move waits for a watch (a DataVolume, the source, a Migration), or for the end of a pause.
    let nap = record.vms.iter().filter_map(|vm| vm.nap).min();
    Ok(nap.filter(|_| hub.arm(namespace(plan), name(plan))).map_or(Outcome::Done, Outcome::Nap))
}
