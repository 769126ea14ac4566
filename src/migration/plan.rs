//! The Plan.
//!
//! Source: forklift-api.md section 5, original-suite.md section 1.4.

use super::{HookStep, forced_claim_template};
use crate::facts::Power;
use crate::scenario::PlanSpec;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A VM of a Plan: the inventory's id and the name on the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanVm {
    /// Id in the inventory.
    pub id: String,
    /// Name on the source.
    pub name: String,
    /// Namespace on the source, where it has namespaces.
    pub namespace: Option<String>,
    /// Whether it takes the plan's shared disks along.
    pub migrate_shared_disks: Option<bool>,
    /// Secret with the passphrase of its disks, in the Plan's namespace.
    pub luks: Option<String>,
    /// Name that it gets on the cluster; `None`: the product makes it of the VM's own.
    pub target_name: Option<String>,
}

/// What a Plan refers to, all in its own namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRefs {
    /// Namespace of the Plan, the Providers, the maps and the hooks.
    pub namespace: String,
    /// Source Provider.
    pub source: String,
    /// Destination Provider.
    pub destination: String,
    /// NetworkMap.
    pub network_map: String,
    /// StorageMap.
    pub storage_map: String,
    /// Namespace of the migrated VMs.
    pub target_namespace: String,
    /// Hooks of every VM, by the step at which they run.
    pub hooks: Vec<(HookStep, String)>,
}

/// What only the run can say of a scenario's plan: `null` labels are filled in, templates chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanChoices {
    /// Labels of the migrated VMs.
    pub labels: BTreeMap<String, String>,
    /// Node label by which the migrated VMs are placed.
    pub node_selector: BTreeMap<String, String>,
    /// Node label by which conversion pods are placed.
    pub convertor_node_selector: BTreeMap<String, String>,
    /// Name template of the claims.
    pub claim_template: Option<String>,
}

impl PlanChoices {
    /// The choices for a plan on a source of `provider_type`; `session` stands for labels that are `null`, so that runs
    /// side by side do not collide (original-suite.md section 1.1).
    pub fn of(plan: &PlanSpec, provider_type: &str, session: &str) -> Self {
        let filled = |labels: &BTreeMap<String, Option<String>>| {
            let value = |given: &Option<String>| given.clone().unwrap_or_else(|| session.to_owned());
            labels.iter().map(|(key, given)| (key.clone(), value(given))).collect()
        };
        let own = plan.pvc_name_template.as_ref().and_then(|template| template.for_provider(provider_type));
        Self {
            labels: filled(&plan.target_labels),
            node_selector: filled(&plan.target_node_selector),
            convertor_node_selector: filled(&plan.convertor_node_selector),
            claim_template: forced_claim_template(plan).or(own).map(str::to_owned),
        }
    }
}

/// A Plan for `vms`. What the scenario does not set is left to the product's defaults.
pub fn plan_body(spec: &PlanSpec, vms: &[PlanVm], refs: &PlanRefs, choices: &PlanChoices) -> Value {
    let here = |name: &str| json!({ "name": name, "namespace": refs.namespace });
    let hooks: Vec<Value> =
        (refs.hooks.iter()).map(|(step, name)| json!({ "step": step.step().as_str(), "hook": here(name) })).collect();
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| drop(body.insert(key.to_owned(), value));
    put("targetNamespace", json!(refs.target_namespace));
    // MTV 2.9 ignores `type: warm`; every version honours the flag (forklift-api.md section 5).
    put("warm", json!(spec.warm_migration));
    put("provider", json!({ "source": here(&refs.source), "destination": here(&refs.destination) }));
    put("map", json!({ "network": here(&refs.network_map), "storage": here(&refs.storage_map) }));
    put("vms", vms.iter().map(|vm| plan_vm(vm, &hooks, here)).collect());
    if let Some(power) = spec.target_power_state {
        put("targetPowerState", json!(Power::from(power)));
    }
    if spec.preserve_static_ips {
        put("preserveStaticIPs", json!(true));
    }
    if let Some(template) = &choices.claim_template {
        put("pvcNameTemplate", json!(template));
    }
    let flags = [
        ("pvcNameTemplateUseGenerateName", spec.pvc_name_template_use_generate_name),
        ("runPreflightInspection", spec.run_preflight_inspection),
        ("enableNestedVirtualization", spec.enable_nested_virtualization),
        ("xfsCompatibility", spec.xfs_compatibility),
        ("rdmAsLun", spec.rdm_as_lun),
        ("migrateSharedDisks", spec.migrate_shared_disks),
    ];
    for (key, value) in flags {
        if let Some(value) = value {
            put(key, json!(value));
        }
    }
    let labels = [
        ("targetLabels", &choices.labels),
        ("targetNodeSelector", &choices.node_selector),
        ("convertorNodeSelector", &choices.convertor_node_selector),
    ];
    for (key, labels) in labels {
        if !labels.is_empty() {
            put(key, json!(labels));
        }
    }
    if let Some(affinity) = &spec.target_affinity {
        put("targetAffinity", affinity.clone());
    }
    json!({ "spec": body })
}

fn plan_vm(vm: &PlanVm, hooks: &[Value], here: impl Fn(&str) -> Value) -> Value {
    let mut entry = json!({ "id": vm.id, "name": vm.name });
    if !hooks.is_empty() {
        entry["hooks"] = json!(hooks);
    }
    if let Some(namespace) = &vm.namespace {
        entry["namespace"] = json!(namespace);
    }
    if let Some(shared) = vm.migrate_shared_disks {
        entry["migrateSharedDisks"] = json!(shared);
    }
    if let Some(secret) = &vm.luks {
        entry["luks"] = here(secret);
    }
    if let Some(name) = &vm.target_name {
        entry["targetName"] = json!(name);
    }
    entry
}
