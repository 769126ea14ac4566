//! When a plan is copied by the array, and what of its maps cannot be.

use super::super::super::conditions::Condition;
use super::super::super::hub::{Fail, Hub};
use super::super::super::kinds::SECRET;
use super::super::super::object::{items, namespace, secret_key, text};
use super::super::super::operator::feature;
use super::super::plan_facts::{PlanFacts, is_warm};
use super::super::provider::source_of;
use crate::lab::world::storage_product;
use serde_json::Value;

/// The plugin of a StorageMap's entry: the array copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plugin<'a> {
    /// Secret with the array's login, in the source provider's namespace.
    pub(super) secret: &'a str,
    pub(super) vendor: &'a str,
    /// MoRefs of the hosts that copy; empty: the host of the VM.
    pub(super) hosts: Vec<&'a str>,
}

/// The plugin of an entry. Source: forklift-api.md section 3.
pub(super) fn plugin(entry: &Value) -> Option<Plugin<'_>> {
    let config = entry.pointer("/offloadPlugin/vsphereXcopyConfig").filter(|config| config.is_object())?;
    Some(Plugin {
        secret: text(config, "/secretRef"),
        vendor: text(config, "/storageVendorProduct"),
        hosts: items(config, "/dedicatedMigrationHosts").filter_map(Value::as_str).collect(),
    })
}

/// Whether this MTV offers copy-offload: since 2.8, switched on by hand before 2.11.
///
/// Switched off, the plugin of a map is ignored and disks are copied as without it. Source: forklift-api.md section 10.
fn is_offered(hub: &Hub) -> bool {
    hub.since(8) && feature(hub, "feature_copy_offload", hub.since(11))
}

/// Whether the array copies this plan's disks: the feature is on, the destination is the host cluster, and a disk's
/// datastore has a plugin. Before 2.10 only cold migrations can. Source: forklift-api.md section 12.
pub(crate) fn applies(hub: &Hub, plan: &Value, facts: &PlanFacts) -> bool {
    let possible = is_offered(hub) && facts.to_host && (hub.since(10) || !is_warm(hub, plan));
    possible && of_disks(facts).contains(&true)
}

/// For each disk of the plan's VMs, whether its datastore has a plugin.
fn of_disks(facts: &PlanFacts) -> Vec<bool> {
    let disks = facts.vms.iter().filter_map(|planned| planned.vm.as_ref()).flat_map(|vm| &vm.disks);
    disks.filter_map(|disk| facts.storage_entry(disk)).map(|entry| plugin(entry).is_some()).collect()
}

/// What is wrong with a plan: some of its disks have a plugin, others have not; or another plugin than XCOPY.
///
/// Source: forklift-api.md section 11, `VDDKAndOffloadMixedUsage`.
pub(crate) fn check_plan(hub: &Hub, facts: &PlanFacts) -> Vec<Condition> {
    let mut found = Vec::new();
    let mut entries = facts.storage_map.iter().flat_map(|map| items(map, "/spec/map"));
    if is_offered(hub) && entries.any(|entry| entry.pointer("/offloadPlugin/csiVolumeImport").is_some()) {
        let words = "the plugin csiVolumeImport is not simulated by this lab";
        found.push(Condition::critical("NotValid", "", words));
    }
    if facts.offload && of_disks(facts).contains(&false) {
        let kind = if hub.since(11) { "VDDKAndOffloadMixedUsage" } else { "NotValid" };
        let words = "some disks of the plan are copied by the array and others are not";
        found.push(Condition::critical(kind, if hub.since(11) { "NotValid" } else { "" }, words));
    }
    found
}

/// What is wrong with the plugins of a StorageMap: the vendor, the Secret, or a host.
///
/// The product refuses an unknown vendor when the map is created, and finds the rest out while it migrates; the lab says
/// it at once, by a condition of its own name. Source: forklift-api.md section 3.
pub(crate) async fn check_map(hub: &Hub, map: &Value, provider: &Value) -> Result<Vec<Condition>, Fail> {
    if !is_offered(hub) {
        return Ok(Vec::new());
    }
    let mut problems = Vec::new();
    let mut gravest = "";
    for plugin in items(map, "/spec/map").filter_map(plugin) {
        let known = storage_product(plugin.vendor).filter(|product| hub.since(product.since));
        let Some(product) = known else {
            gravest = "NotSupported";
            problems.push(format!("storageVendorProduct {:?}", plugin.vendor));
            continue;
        };
        let Some(secret) = hub.find(SECRET, namespace(provider), plugin.secret).await? else {
            gravest = "NotFound";
            problems.push(format!("secret {}/{}", namespace(provider), plugin.secret));
            continue;
        };
        let own: Vec<&str> = product.keys.iter().map(|(_, key)| *key).collect();
        for key in missing_keys(&secret, &own) {
            gravest = "DataErr";
            problems.push(format!("{key} of secret {}/{}", namespace(provider), plugin.secret));
        }
        if let Some(source) = source_of(&hub.world, provider) {
            let inventory = source.read();
            for host in plugin.hosts.iter().filter(|id| !inventory.hosts.iter().any(|host| host.moref == **id)) {
                gravest = "NotFound";
                problems.push(format!("host {host}"));
            }
        }
    }
    if problems.is_empty() {
        return Ok(Vec::new());
    }
    problems.sort();
    problems.dedup();
    Ok(vec![Condition::critical("OffloadPluginNotValid", gravest, "an offload plugin cannot be used").about(problems)])
}

/// The keys that a storage Secret must have and has not. A token stands for user and password.
///
/// Source: forklift-api.md section 3, original-suite.md section 4.
fn missing_keys<'a>(secret: &Value, own: &[&'a str]) -> Vec<&'a str> {
    let mut required = vec!["STORAGE_HOSTNAME"];
    if secret_key(secret, "STORAGE_TOKEN").is_empty() {
        required.extend(["STORAGE_USERNAME", "STORAGE_PASSWORD"]);
    }
    required.extend(own);
    required.retain(|key| secret_key(secret, key).is_empty());
    required
}
