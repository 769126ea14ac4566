//! The Plan.
//!
//! Source: forklift-api.md section 5, original-suite.md section 1.4.

use crate::scenario::{PlanSpec, PowerSetting};
use serde_json::{Map, Value, json};

/// A VM of a Plan: the inventory's id and the name on the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanVm {
    /// Id in the inventory.
    pub id: String,
    /// Name on the source.
    pub name: String,
}

/// What a Plan refers to, all in its own namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRefs {
    /// Namespace of the Plan, the Providers and the maps.
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
}

/// A Plan for `vms`. What the scenario does not set is left to the product's defaults.
pub fn plan_body(spec: &PlanSpec, vms: &[PlanVm], refs: &PlanRefs) -> Value {
    let here = |name: &str| json!({ "name": name, "namespace": refs.namespace });
    let mut body = Map::new();
    body.insert("targetNamespace".to_owned(), json!(refs.target_namespace));
    body.insert("warm".to_owned(), json!(spec.warm_migration));
    body.insert("provider".to_owned(), json!({ "source": here(&refs.source), "destination": here(&refs.destination) }));
    body.insert("map".to_owned(), json!({ "network": here(&refs.network_map), "storage": here(&refs.storage_map) }));
    body.insert("vms".to_owned(), vms.iter().map(|vm| json!({ "id": vm.id, "name": vm.name })).collect());
    if let Some(power) = spec.target_power_state {
        let word = match power {
            PowerSetting::On => "on",
            PowerSetting::Off => "off",
        };
        body.insert("targetPowerState".to_owned(), json!(word));
    }
    json!({ "spec": body })
}
