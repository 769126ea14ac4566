//! What a scenario needs of a source provider, the product and the settings, and why it is skipped where it is not met.
//!
//! Beside `requires` and `known_issues`, keys have needs of their own: warm migration is for vSphere and oVirt, a disk
//! on the secondary datastore needs that datastore in the provider's entry, and so on.

use super::catalogue::Scenario;
use super::fault::or_list;
use super::model::{AddDisk, DatastoreRef, Destination, KnownIssue, PlanSpec, PowerSetting, ProviderType, VmRequest};
use semver::{Version, VersionReq};
use std::collections::BTreeSet;

/// What is known of a source provider and its surroundings.
#[derive(Debug, Clone, Copy)]
pub struct SourceFacts<'a> {
    /// Its name in the providers file.
    pub provider_name: &'a str,
    /// Its type: `vsphere`, `ovirt`, `openstack`, `openshift`, `ova`, `hyperv`.
    pub provider_type: &'a str,
    /// Version of MTV; `None` while unknown: requirements on it are then not judged.
    pub mtv_version: Option<&'a Version>,
    /// Version of OpenShift; as `mtv_version`.
    pub openshift_version: Option<&'a Version>,
    /// Keys of the entry's `copyoffload` section that are set; empty without the section.
    pub copyoffload_keys: &'a BTreeSet<String>,
    /// First version of MTV that knows the array of that section; `None` without the section.
    pub array_mtv: Option<&'a Version>,
    /// Keys of the entry that are set.
    pub provider_keys: &'a BTreeSet<String>,
    /// Settings that are set and not empty.
    pub settings: &'a BTreeSet<String>,
}

/// A key's need of the source's type: the key in words, and the types it works on.
pub(super) type TypeNeed = (&'static str, &'static [ProviderType]);

const VSPHERE: &[ProviderType] = &[ProviderType::Vsphere];
/// Source: original-suite.md section 2, "Skips".
const WARM: &[ProviderType] = &[ProviderType::Vsphere, ProviderType::Ovirt];
/// oVirt VMs cannot be used without a clone. Source: original-suite.md section 2, "N rejects before cloning".
const UNCLONED: &[ProviderType] =
    &[ProviderType::Vsphere, ProviderType::Openstack, ProviderType::Openshift, ProviderType::Ova, ProviderType::Hyperv];
/// An OVA is a file: nothing runs there. Source: source-providers.md section 1 ("OVA needs nothing").
const RUNNING: &[ProviderType] = &[
    ProviderType::Vsphere,
    ProviderType::Ovirt,
    ProviderType::Openstack,
    ProviderType::Openshift,
    ProviderType::Hyperv,
];
/// Where a VM's snapshots can be taken, and where its guest can be reached before the migration: not on a cluster, whose
/// pod network leads nowhere from outside.
const REACHED: &[ProviderType] =
    &[ProviderType::Vsphere, ProviderType::Ovirt, ProviderType::Openstack, ProviderType::Hyperv];
pub(super) const UNCLONED_KEY: &str = "migrating without a clone";
/// First MTV version with target labels, affinity and node selector. Source: original-suite.md section 2.
static PLACEMENT_MTV: Version = Version::new(2, 10, 0);
/// First MTV versions with copy-offload, with warm copy-offload, with templates. Source: forklift-api.md section 12.
static OFFLOAD_MTV: Version = Version::new(2, 8, 0);
static WARM_OFFLOAD_MTV: Version = Version::new(2, 10, 0);
static TEMPLATE_MTV: Version = Version::new(2, 8, 0);
/// First MTV version with a target power state. Source: forklift-api.md sections 5 and 12.
static POWER_MTV: Version = Version::new(2, 9, 0);
/// First MTV version in which several rows for one source network serve one NIC each. Source: forklift-api.md section 7,
/// "NICs".
static NETWORK_POOL_MTV: Version = Version::new(2, 11, 0);

impl Scenario {
    /// Why the scenario is skipped on a source, in words; `None` if it can run there.
    pub fn skip_reason(&self, facts: &SourceFacts<'_>) -> Option<String> {
        let mut reasons = Vec::new();
        self.judge_type(facts, &mut reasons);
        self.judge_versions(facts, &mut reasons);
        self.judge_keys(facts, &mut reasons);
        reasons.extend(self.known_issues.iter().filter_map(|issue| known_issue(issue, facts)));
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    fn judge_type(&self, facts: &SourceFacts<'_>, reasons: &mut Vec<String>) {
        let own = facts.provider_type;
        let among = |types: &[ProviderType]| types.iter().any(|provider_type| provider_type.as_str() == own);
        let listed = |types: &[ProviderType]| or_list(&types.iter().map(|one| one.as_str()).collect::<Vec<_>>());
        let source = &self.requires.source;
        if !source.is_empty() && !among(source) {
            reasons.push(format!("needs a source of type {}, {} is `{own}`", listed(source), facts.provider_name));
            return;
        }
        let mut told = BTreeSet::new();
        for (key, types) in self.plans.iter().flat_map(|named| type_needs(&named.plan)) {
            if !among(types) && told.insert(key) {
                let name = facts.provider_name;
                reasons.push(format!("{key} is for sources of type {}, {name} is `{own}`", listed(types)));
            }
        }
    }

    fn judge_versions(&self, facts: &SourceFacts<'_>, reasons: &mut Vec<String>) {
        let mut judge = |product: &str, wanted: Option<&VersionReq>, actual: Option<&Version>| {
            if let (Some(wanted), Some(actual)) = (wanted, actual)
                && !wanted.matches(actual)
            {
                reasons.push(format!("needs {product} {wanted}, this is {actual}"));
            }
        };
        judge("MTV", self.requires.mtv.as_ref(), facts.mtv_version);
        judge("OpenShift", self.requires.openshift.as_ref(), facts.openshift_version);
        let placed = self.plans.iter().any(|named| {
            let plan = &named.plan;
            !plan.target_labels.is_empty() || !plan.target_node_selector.is_empty() || plan.target_affinity.is_some()
        });
        let any = |has: fn(&PlanSpec) -> bool| self.plans.iter().any(|named| has(&named.plan));
        let own = [
            (placed, " for target labels, affinity and node selector", &PLACEMENT_MTV),
            (any(|plan| plan.copyoffload && plan.warm_migration), " for warm copy-offload", &WARM_OFFLOAD_MTV),
            (any(|plan| plan.copyoffload), " for copy-offload", &OFFLOAD_MTV),
            (any(|plan| plan.pvc_name_template.is_some()), " for templates of PVC names", &TEMPLATE_MTV),
            (any(|plan| plan.target_power_state.is_some()), " for a target power state", &POWER_MTV),
            (any(|plan| plan.per_nic_network_map), " for a network map per NIC", &NETWORK_POOL_MTV),
        ];
        let own = own.into_iter().filter(|(given, ..)| *given).map(|(_, why, version)| (why, version));
        let offloads = any(|plan| plan.copyoffload);
        let array = facts.array_mtv.filter(|_| offloads).map(|version| (" for the provider's storage array", version));
        let own = own.chain(array);
        let lowest = self.min_mtv_version.iter().map(|version| ("", version)).chain(own);
        for (why, lowest) in lowest {
            if let Some(actual) = facts.mtv_version.filter(|actual| *actual < lowest) {
                reasons.push(format!("needs MTV {lowest} or later{why}, this is {actual}"));
            }
        }
    }

    fn judge_keys(&self, facts: &SourceFacts<'_>, reasons: &mut Vec<String>) {
        let missing = |wanted: BTreeSet<&str>, there: &BTreeSet<String>| -> Vec<String> {
            wanted.into_iter().filter(|key| !there.contains(*key)).map(|key| format!("`{key}`")).collect()
        };
        let copyoffload = missing(self.copyoffload_needs(), facts.copyoffload_keys);
        if !copyoffload.is_empty() {
            let keys = copyoffload.join(", ");
            reasons.push(format!("needs {keys} in the `copyoffload` section of {}", facts.provider_name));
        }
        let provider = missing(self.provider_needs(), facts.provider_keys);
        if !provider.is_empty() {
            reasons.push(format!("needs {} in the entry of {}", provider.join(", "), facts.provider_name));
        }
        let mut settings: BTreeSet<&str> = self.requires.settings.iter().map(String::as_str).collect();
        if self.destination == Destination::Remote {
            settings.insert("remote_ocp_cluster");
        }
        let settings = missing(settings, facts.settings);
        if !settings.is_empty() {
            let plural = if settings.len() == 1 { "setting" } else { "settings" };
            reasons.push(format!("needs the {plural} {}", settings.join(", ")));
        }
    }

    fn vms(&self) -> impl Iterator<Item = &VmRequest> {
        self.plans.iter().flat_map(|named| &named.plan.virtual_machines)
    }

    fn copyoffload_needs(&self) -> BTreeSet<&str> {
        let mut keys: BTreeSet<&str> = self.requires.copyoffload.iter().map(String::as_str).collect();
        if self.plans.iter().any(|named| named.plan.copyoffload) {
            keys.extend(["storage_vendor_product", "datastore_id"]);
        }
        if self.plans.iter().any(|named| named.plan.pin_to_non_dedicated_host) {
            keys.insert("dedicated_migration_hosts");
        }
        let disks = || self.vms().flat_map(|vm| &vm.add_disks);
        if disks().any(|disk| disk.rdm_type.is_some()) {
            keys.insert("rdm_lun_uuid");
        }
        let datastores = disks().filter_map(|disk: &AddDisk| disk.datastore_id.as_ref());
        let datastores = datastores.chain(self.vms().filter_map(|vm| vm.target_datastore_id.as_ref()));
        for key in datastores.filter_map(DatastoreRef::copyoffload_key) {
            keys.insert(key);
        }
        keys
    }

    fn provider_needs(&self) -> BTreeSet<&str> {
        let mut keys: BTreeSet<&str> = self.requires.provider.iter().map(String::as_str).collect();
        if self.vms().any(|vm| vm.luks && vm.luks_passphrase.is_none()) {
            keys.insert("luks_passphrase");
        }
        keys
    }
}

fn known_issue(issue: &KnownIssue, facts: &SourceFacts<'_>) -> Option<String> {
    let here = issue.source.is_empty() || issue.source.iter().any(|one| one.as_str() == facts.provider_type);
    // An unknown version may have the bug.
    let now = match (&issue.mtv, facts.mtv_version) {
        (Some(wanted), Some(actual)) => wanted.matches(actual),
        _ => true,
    };
    let summary = issue.summary.as_ref().map(|summary| format!(": {summary}")).unwrap_or_default();
    (here && now).then(|| format!("known issue {} on {}{summary}", issue.id, facts.provider_type))
}

/// The needs that a plan's keys have of the source's type.
pub(super) fn type_needs(plan: &PlanSpec) -> Vec<TypeNeed> {
    let any = |has: fn(&VmRequest) -> bool| plan.virtual_machines.iter().any(has);
    let hooks = [&plan.pre_hook, &plan.post_hook];
    let aap = hooks.into_iter().flatten().any(|hook| hook.aap_job_template_id.is_some());
    let needs: [(bool, TypeNeed); 18] = [
        (plan.warm_migration, ("warm migration", WARM)),
        (plan.copyoffload, ("copy-offload", VSPHERE)),
        (plan.migrate_shared_disks == Some(true), ("`migrate_shared_disks`", VSPHERE)),
        (plan.clone_to_same_host, ("`clone_to_same_host`", VSPHERE)),
        (plan.pin_to_non_dedicated_host, ("`pin_to_non_dedicated_host`", VSPHERE)),
        (plan.disable_drs_for_vms, ("`disable_drs_for_vms`", VSPHERE)),
        (aap, ("`aap_job_template_id`", VSPHERE)),
        (any(|vm| vm.disk_type.is_some()), ("`disk_type`", VSPHERE)),
        (any(|vm| !vm.add_disks.is_empty()), ("`add_disks`", VSPHERE)),
        (any(|vm| vm.add_nic), ("`add_nic`", VSPHERE)),
        (any(|vm| vm.target_esxi_host.is_some()), ("`target_esxi_host`", VSPHERE)),
        (any(|vm| vm.target_datastore_id.is_some()), ("`target_datastore_id`", VSPHERE)),
        (any(|vm| vm.source_vm_power == Some(PowerSetting::On)), ("a source VM that runs", RUNNING)),
        (any(|vm| vm.snapshots.is_some()), ("`snapshots`", REACHED)),
        (any(|vm| vm.wait_for_cloud_init), ("`wait_for_cloud_init`", REACHED)),
        (plan.integrity.is_some(), ("`integrity`", REACHED)),
        (plan.run_preflight_inspection == Some(true), ("preflight inspection", VSPHERE)),
        (plan.skip_clone || any(|vm| !vm.clone), (UNCLONED_KEY, UNCLONED)),
    ];
    needs.into_iter().filter(|(given, _)| *given).map(|(_, need)| need).collect()
}
