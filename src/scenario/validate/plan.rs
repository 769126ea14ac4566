//! Rules of one plan.

use super::names::{label_key_fault, label_value_fault, namespace_fault};
use super::run::Report;
use super::{hooks, inside, template, vm};
use crate::scenario::model::{ExpectedResult, PipelineStep, PlanSpec, PowerSetting, ProviderType, StopAfter};
use crate::scenario::tree::join_key;
use k8s_openapi::api::core::v1::Affinity;
use serde::Deserialize as _;
use std::collections::BTreeMap;

/// Checks one plan, whose keys stand under `prefix`.
pub(super) fn check(plan: &PlanSpec, prefix: &str, sources: &[ProviderType], report: &mut Report<'_>) {
    let path = |key: &str| join_key(prefix, key);
    if plan.virtual_machines.is_empty() {
        report.tell(path("virtual_machines"), "a plan needs at least one VM");
    }
    hooks::check(plan, prefix, report);
    check_result(plan, prefix, report);
    check_skip_clone(plan, prefix, sources, report);
    check_static_ips(plan, prefix, report);
    check_shared_disks(plan, prefix, report);
    check_placement(plan, prefix, report);
    template::check(plan, prefix, sources, report);
    check_warm(plan, prefix, report);
    for (key, namespace) in
        [("vm_target_namespace", &plan.vm_target_namespace), ("multus_namespace", &plan.multus_namespace)]
    {
        if let Some(fault) = namespace.as_deref().and_then(namespace_fault) {
            report.tell(path(key), fault);
        }
    }
    inside::check(plan, prefix, report);
    vm::check(plan, prefix, report);
}

fn check_result(plan: &PlanSpec, prefix: &str, report: &mut Report<'_>) {
    let path = |key: &str| join_key(prefix, key);
    if let Some(failure) = &plan.expected_failure {
        if plan.expected_migration_result != Some(ExpectedResult::Fail) {
            report.tell(path("expected_failure"), "`expected_failure` needs `expected_migration_result: fail`");
        }
        if failure.step.is_none() && failure.message.is_none() {
            report.tell(path("expected_failure"), "`expected_failure` needs `step`, `message` or both");
        }
    }
    if plan.stop_after == Some(StopAfter::Plan) {
        for key in ["expected_migration_result", "cutover"] {
            if report.has(&path(key)) {
                report.tell(path(key), "nothing is migrated with `stop_after: plan`");
            }
        }
    }
}

/// Keys and steps that only warm migrations have. Source: forklift-api.md section 6.
fn check_warm(plan: &PlanSpec, prefix: &str, report: &mut Report<'_>) {
    let path = |key: &str| join_key(prefix, key);
    if plan.cutover.as_ref().is_some_and(|cutover| cutover.after_precopies == 0) {
        report.tell(path("cutover.after_precopies"), "at least one pre-copy comes before the cutover");
    }
    if plan.warm_migration {
        return;
    }
    if plan.run_preflight_inspection.is_some() {
        report.tell(path("run_preflight_inspection"), "preflight inspection belongs to warm migrations");
    }
    if plan.cutover.is_some() {
        report.tell(path("cutover"), "a cutover belongs to warm migrations; the plan needs `warm_migration: true`");
    }
    let step = plan.expected_failure.as_ref().and_then(|failure| failure.step);
    let warm_only = [PipelineStep::Cutover, PipelineStep::PreflightInspection];
    if let Some(step) = step.filter(|step| warm_only.contains(step)) {
        let message = format!("a cold migration has no step `{}`", step.as_str());
        report.tell(path("expected_failure.step"), message);
    }
}

/// Source: original-suite.md section 2, "N rejects before cloning".
fn check_skip_clone(plan: &PlanSpec, prefix: &str, sources: &[ProviderType], report: &mut Report<'_>) {
    if !plan.skip_clone {
        return;
    }
    let hyperv_only = sources == [ProviderType::Hyperv];
    let against = [
        ("disable_drs_for_vms", plan.disable_drs_for_vms),
        ("clone_to_same_host", plan.clone_to_same_host),
        ("pin_to_non_dedicated_host", plan.pin_to_non_dedicated_host),
        ("migrate_shared_disks", plan.migrate_shared_disks == Some(true)),
        ("preserve_static_ips", plan.preserve_static_ips && !hyperv_only),
    ];
    for (key, _) in against.into_iter().filter(|(_, given)| *given) {
        report.tell(join_key(prefix, key), format!("`{key}` needs clones; it cannot go with `skip_clone`"));
    }
    if sources.contains(&ProviderType::Ovirt) {
        report.tell(
            join_key(prefix, "skip_clone"),
            "`skip_clone` is not possible on ovirt; take it out of `requires.source`",
        );
    }
}

fn check_static_ips(plan: &PlanSpec, prefix: &str, report: &mut Report<'_>) {
    if !plan.preserve_static_ips {
        return;
    }
    let not_on = |power: Option<PowerSetting>| power != Some(PowerSetting::On);
    for (index, vm) in plan.virtual_machines.iter().enumerate().filter(|(_, vm)| not_on(vm.source_vm_power)) {
        let path = join_key(prefix, &format!("virtual_machines[{index}].source_vm_power"));
        let message = format!(
            "`preserve_static_ips` reads the addresses from the running guest: `{}` needs `source_vm_power: on`",
            vm.name
        );
        report.tell(path, message);
    }
}

/// One VM owns the shared disks. Source: original-suite.md section 2.
fn check_shared_disks(plan: &PlanSpec, prefix: &str, report: &mut Report<'_>) {
    let vms = || plan.virtual_machines.iter().enumerate();
    if plan.migrate_shared_disks != Some(true) {
        for (index, _) in vms().filter(|(_, vm)| vm.migrate_shared_disks == Some(true)) {
            let path = join_key(prefix, &format!("virtual_machines[{index}].migrate_shared_disks"));
            report.tell(path, "the plan needs `migrate_shared_disks: true` too");
        }
        return;
    }
    let path = join_key(prefix, "migrate_shared_disks");
    if plan.virtual_machines.len() < 2 {
        report.tell(&path, "shared disks need at least two VMs");
    }
    let owners = vms().filter(|(_, vm)| vm.migrate_shared_disks == Some(true)).count();
    if owners != 1 {
        let message = format!("exactly one VM owns the shared disks (`migrate_shared_disks: true`); here {owners} do");
        report.tell(&path, message);
    }
}

fn check_placement(plan: &PlanSpec, prefix: &str, report: &mut Report<'_>) {
    let selectors = [
        ("target_node_selector", &plan.target_node_selector),
        ("convertor_node_selector", &plan.convertor_node_selector),
    ];
    for (key, selector) in selectors {
        let path = join_key(prefix, key);
        if report.has(&path) && selector.len() != 1 {
            let message = format!("`{key}` needs exactly one label; here are {}", selector.len());
            report.tell(&path, message);
        }
        check_labels(&path, selector, report);
    }
    check_labels(&join_key(prefix, "target_labels"), &plan.target_labels, report);
    let Some(affinity) = &plan.target_affinity else { return };
    let path = join_key(prefix, "target_affinity");
    let kinds = ["nodeAffinity", "podAffinity", "podAntiAffinity"];
    let Some(given) = affinity.as_object() else {
        report.tell(&path, "an affinity is a mapping");
        return;
    };
    for key in given.keys().filter(|key| !kinds.contains(&key.as_str())) {
        report.tell(join_key(&path, key), format!("unknown key `{key}`; an affinity has `{}`", kinds.join("`, `")));
    }
    if given.is_empty() {
        report.tell(&path, "the affinity is empty");
    }
    if let Err(error) = Affinity::deserialize(affinity) {
        report.tell(&path, format!("this is no Kubernetes affinity: {error}"));
    }
}

fn check_labels(path: &str, labels: &BTreeMap<String, Option<String>>, report: &mut Report<'_>) {
    for (key, value) in labels {
        let fault = label_key_fault(key).or_else(|| value.as_deref().and_then(label_value_fault));
        if let Some(fault) = fault {
            report.tell(join_key(path, key), fault);
        }
    }
}
