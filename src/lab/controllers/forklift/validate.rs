//! The validation of plans: the objects they refer to, and what the lab does not simulate.
//!
//! Source: forklift-api.md section 11.

use super::super::conditions::{Condition, Conditions};
use super::super::hub::{Fail, Hub};
use super::super::kinds::{HOOK, VIRTUAL_MACHINE};
use super::super::object::{flag, has_condition, items, label, reference, text, uid};
use super::super::operator;
use super::maps::check_provider;
use super::offload;
use super::plan_facts::{PlanFacts, is_warm};
use super::validate_vms::{self, Context, Existing};
use crate::lab::fault::Failure;
use serde_json::Value;

/// Validates a plan in the product's order. VM checks are skipped while it executes.
pub(crate) async fn validate(
    hub: &Hub,
    plan: &Value,
    facts: &PlanFacts,
    executing: bool,
    conditions: &mut Conditions,
) -> Result<(), Fail> {
    check_provider(hub, plan, "Source", "/spec/provider/source", conditions).await?;
    if conditions.has("SourceProviderNotReady") {
        return Ok(());
    }
    check_provider(hub, plan, "Destination", "/spec/provider/destination", conditions).await?;
    if text(plan, "/spec/targetNamespace").is_empty() {
        conditions.set(Condition::critical("NamespaceNotValid", "NotSet", "spec.targetNamespace is empty"));
    }
    check_map(plan, "network", facts.network_map.as_deref(), conditions);
    check_map(plan, "storage", facts.storage_map.as_deref(), conditions);
    if hub.since(11) && conditions.blocked() {
        return Ok(());
    }
    check_type(hub, plan, facts.source_type(), conditions);
    if !executing {
        conditions.set_all(offload::check_plan(hub, facts));
        conditions.set_all(validate_vms::validate(&context(hub, plan, facts)));
    }
    check_hooks(hub, plan, conditions).await?;
    if !executing {
        check_vddk(hub, plan, facts, conditions);
    }
    let invalid = hub.world.faults.failing(|failure| match failure {
        Failure::PlanInvalid { condition } => Some(condition.clone()),
        _ => None,
    });
    if let (Some(condition), false) = (invalid, executing) {
        conditions.set(Condition::critical(&condition, "NotValid", "the lab was told to refuse this plan"));
    }
    Ok(())
}

fn check_map(plan: &Value, which: &str, map: Option<&Value>, conditions: &mut Conditions) {
    let (space, name) = reference(plan, &format!("/spec/map/{which}"));
    let (invalid, not_ready) = match which {
        "network" => ("NetworkMapRefNotValid", "NetworkMapNotReady"),
        _ => ("StorageRefNotValid", "StorageMapNotReady"),
    };
    match map {
        _ if space.is_empty() || name.is_empty() => {
            conditions.set(Condition::critical(invalid, "NotSet", format!("the {which} map is not set")));
        }
        None => {
            let words = format!("the {which} map {space}/{name} does not exist");
            conditions.set(Condition::critical(invalid, "NotFound", words));
        }
        Some(map) if !has_condition(map, "Ready") => {
            let words = format!("the {which} map {space}/{name} is not ready");
            conditions.set(Condition::critical(not_ready, "", words));
        }
        Some(_) => {}
    }
}

/// What this lab cannot migrate is refused, never done halfway.
fn check_type(hub: &Hub, plan: &Value, source_type: &str, conditions: &mut Conditions) {
    if is_warm(hub, plan) && matches!(source_type, "openstack" | "ova" | "openshift") {
        let words = format!("providers of type {source_type} have no warm migration");
        conditions.set(Condition::critical("WarmMigrationNotReady", "NotSupported", words));
        return;
    }
    if is_warm(hub, plan) && source_type == "ovirt" && !operator::feature(hub, "controller_ovirt_warm_migration", true)
    {
        let words = "warm migrations from oVirt are switched off";
        conditions.set(Condition::critical("WarmMigrationNotReady", "NotSupported", words));
    }
    // A switch of the operator's turns warm migrations from vSphere off.
    if source_type == "vsphere"
        && is_warm(hub, plan)
        && !operator::feature(hub, "controller_vsphere_incremental_backup", true)
    {
        let words = "warm migrations from vSphere are switched off";
        conditions.set(Condition::critical("WarmMigrationNotReady", "NotSupported", words));
    }
    if hub.since(10) && ["live", "conversion"].contains(&text(plan, "/spec/type")) {
        let words = format!("migrations of type {} are not simulated by this lab yet", text(plan, "/spec/type"));
        conditions.set(Condition::critical("MigrationTypeNotValid", "NotSupported", words));
    }
}

fn context<'a>(hub: &Hub, plan: &'a Value, facts: &'a PlanFacts) -> Context<'a> {
    let existing = hub
        .cache
        .list(VIRTUAL_MACHINE, |_| true)
        .iter()
        .map(|vm| Existing {
            namespace: text(vm, "/metadata/namespace").to_owned(),
            name: text(vm, "/metadata/name").to_owned(),
            of_this_plan: label(vm, "plan") == uid(plan),
            macs: items(vm, "/spec/template/spec/domain/devices/interfaces")
                .map(|nic| text(nic, "/macAddress").to_lowercase())
                .filter(|mac| !mac.is_empty())
                .collect(),
        })
        .collect();
    let warm = is_warm(hub, plan);
    Context { plan, facts, existing, warm, patch: hub.mtv.patch, minor: hub.mtv.minor, seed: hub.world.spec.seed }
}

async fn check_hooks(hub: &Hub, plan: &Value, conditions: &mut Conditions) -> Result<(), Fail> {
    for hook in items(plan, "/spec/vms").flat_map(|vm| items(vm, "/hooks")) {
        if !["PreHook", "PostHook"].contains(&text(hook, "/step")) {
            let words = format!("{:?} is no hook step", text(hook, "/step"));
            conditions.set(Condition::critical("HookStepNotValid", "NotValid", words));
        }
        let (space, name) = reference(hook, "/hook");
        if space.is_empty() || name.is_empty() {
            conditions.set(Condition::critical("HookNotValid", "NotSet", "a hook reference is not set"));
            continue;
        }
        match hub.find_ready(HOOK, space, name).await? {
            None => {
                let words = format!("the hook {space}/{name} does not exist");
                conditions.set(Condition::critical("HookNotValid", "NotFound", words));
            }
            Some(hook) if !has_condition(&hook, "Ready") => {
                let words = format!("the hook {space}/{name} is not ready");
                conditions.set(Condition::critical("HookNotReady", "NotFound", words));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// A VDDK image is validated once; meanwhile Ready is withheld without a blocker. Warm migrations (since 2.9) and raw
/// copies (since 2.10) cannot do without.
fn check_vddk(hub: &Hub, plan: &Value, facts: &PlanFacts, conditions: &mut Conditions) {
    if facts.source_provider.as_deref().is_none_or(|one| text(one, "/spec/type") != "vsphere") {
        return;
    }
    let image = facts.source_provider.as_deref().map(|one| text(one, "/spec/settings/vddkInitImage"));
    let shared = if hub.since(9) { operator::default_vddk_image(hub) } else { String::new() };
    if image.unwrap_or_default().is_empty() && shared.is_empty() {
        let raw = hub.since(10) && flag(plan, "/spec/skipGuestConversion", false);
        if raw || hub.since(9) && is_warm(hub, plan) {
            let words = "a warm migration and a raw copy need a VDDK image";
            conditions.set(Condition::critical("VDDKInitImageNotReady", "NotSet", words));
        }
        return;
    }
    if !has_condition(plan, "ValidatingVDDK") && !has_condition(plan, "Ready") && !conditions.blocked() {
        conditions.set(Condition::advisory("ValidatingVDDK", "Started", "the VDDK image is being validated"));
    }
}
