//! Archiving: what a plan's migrations left is removed; what succeeded stays.
//!
//! Source: forklift-api.md section 9.

use super::super::conditions::{Condition, Conditions};
use super::super::hub::{Fail, Hub, Outcome};
use super::super::kinds::PLAN;
use super::super::object::generation;
use super::execute::Record;
use super::objects::{Run, Sweep, clean_up, deletes_on_failure};
use super::plan_facts::{PlanFacts, method};
use super::warm_steps::drop_snapshot;
use crate::lab::fault::Failure;
use serde_json::{Value, json};

pub(crate) async fn archive(hub: &Hub, plan: &Value) -> Result<Outcome, Fail> {
    let stalls = hub.world.faults.failing(|failure| matches!(failure, Failure::ArchiveStalls).then_some(()));
    if stalls.is_some() {
        return Ok(Outcome::Done);
    }
    let facts = PlanFacts::read(hub, plan).await?;
    let mut record = Record::of(plan);
    let migration = record.migration().to_owned();
    let run = Run { hub, plan, facts: &facts, migration, method: method(hub, plan, &facts), cutover: None };
    for vm in &mut record.vms {
        let machine = !vm.has("Succeeded") && deletes_on_failure(hub, plan, vm);
        clean_up(&run, &vm.id, Sweep { machine, pod: true }).await?;
        drop_snapshot(&run, vm);
    }
    // Only the durable conditions are carried over: Ready goes.
    let mut conditions = Conditions::begin(plan);
    conditions.set(Condition::advisory("Archived", "UserRequested", "the plan has been archived").durable());
    let mut status = plan.get("status").cloned().unwrap_or_else(|| json!({}));
    status["conditions"] = conditions.finish();
    status["observedGeneration"] = json!(generation(plan));
    hub.put_status(PLAN, plan, status).await?;
    Ok(Outcome::Done)
}
