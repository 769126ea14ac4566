//! One Plan: its VMs and every option of its migration.

use super::values::{DurationText, PvcNameTemplate, duration};
use super::vm::VmRequest;
use super::words::{ExpectedResult, PipelineStep, PowerSetting, StopAfter};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// One Plan. Without `plans:` these keys stand at the top of the file.
///
/// Source: original-suite.md sections 1.4, 1.9 and 2.
#[expect(clippy::struct_excessive_bools, reason = "one flag per key of the file")]
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanSpec {
    /// VMs of the Plan, at least one.
    #[schemars(length(min = 1))]
    pub virtual_machines: Vec<VmRequest>,
    /// Warm migration (vSphere, oVirt) instead of cold. Default false.
    #[serde(default)]
    pub warm_migration: bool,
    /// When a warm migration is cut over; not given: `mins_before_cutover` after its start.
    pub cutover: Option<Cutover>,
    /// Lets the storage array copy the disks, as the provider's `copyoffload` section tells (vSphere). Default false.
    #[serde(default)]
    pub copyoffload: bool,
    /// Power state of the migrated VMs; not given: as on the source.
    pub target_power_state: Option<PowerSetting>,
    /// Keeps static addresses inside the guests; needs every VM on. Default false.
    #[serde(default)]
    pub preserve_static_ips: bool,
    /// Namespace the VMs land in; not given: the session's.
    pub vm_target_namespace: Option<String>,
    /// Namespace of the network attachment definitions; not given: that of the VMs.
    pub multus_namespace: Option<String>,
    /// Go template of PVC names, or one per provider type with `default` for the others.
    pub pvc_name_template: Option<PvcNameTemplate>,
    /// Whether a random suffix follows the template's text; not given: as the product decides.
    pub pvc_name_template_use_generate_name: Option<bool>,
    /// Labels of the migrated VMs; a null value becomes the session's id.
    #[serde(default)]
    pub target_labels: BTreeMap<String, Option<String>>,
    /// The one node label the migrated VMs are placed by; a null value becomes the session's id. The label is put on
    /// a worker node for the time of the test.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 1))]
    pub target_node_selector: BTreeMap<String, Option<String>>,
    /// Kubernetes affinity of the migrated VMs.
    #[schemars(with = "Option<BTreeMap<String, Value>>")]
    pub target_affinity: Option<Value>,
    /// Hook before the migration of each VM.
    pub pre_hook: Option<Hook>,
    /// Hook after the migration of each VM.
    pub post_hook: Option<Hook>,
    /// How the migration must end. Default succeed.
    pub expected_migration_result: Option<ExpectedResult>,
    /// Where and how the migration must fail; needs `expected_migration_result: fail`.
    pub expected_failure: Option<ExpectedFailure>,
    /// How long guest agents may take to connect; wins over `timeouts.guest_agent`.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(with = "Option<DurationText>")]
    pub guest_agent_timeout: Option<Duration>,
    /// How long clones may take to appear in the inventory; wins over `timeouts.inventory`.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(with = "Option<DurationText>")]
    pub inventory_timeout: Option<Duration>,
    /// One entry of the network map per NIC instead of one per network. Default false.
    #[serde(default)]
    pub per_nic_network_map: bool,
    /// Migrates the named VMs themselves; their power state is restored afterwards. Default false.
    #[serde(default)]
    pub skip_clone: bool,
    /// Places every clone on the ESXi host of the first (vSphere). Default false.
    #[serde(default)]
    pub clone_to_same_host: bool,
    /// Places clones outside the provider's `copyoffload.dedicated_migration_hosts` (vSphere). Default false.
    #[serde(default)]
    pub pin_to_non_dedicated_host: bool,
    /// Keeps vSphere from moving the clones between hosts. Default false.
    #[serde(default)]
    pub disable_drs_for_vms: bool,
    /// Preflight inspection of warm migrations; not given: as the product decides.
    pub run_preflight_inspection: Option<bool>,
    /// Nested virtualization in the migrated VMs; not given: as the product decides.
    pub enable_nested_virtualization: Option<bool>,
    /// Conversion that keeps old XFS readable; not given: as the product decides.
    pub xfs_compatibility: Option<bool>,
    /// A command in the migrated guest that proves the file system.
    pub xfs_check: Option<XfsCheck>,
    /// Migrates raw device mappings as LUNs; not given: as the product decides.
    pub rdm_as_lun: Option<bool>,
    /// Migrates disks shared between the VMs; not given: as the product decides.
    pub migrate_shared_disks: Option<bool>,
    /// The one node label the conversion pods are placed by; a null value becomes the session's id.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 1))]
    pub convertor_node_selector: BTreeMap<String, Option<String>>,
    /// What is marked and hashed inside the source guests, and verified after the migration.
    pub integrity: Option<IntegrityRequest>,
    /// Last step of the scenario; not given: the checks.
    pub stop_after: Option<StopAfter>,
}

/// What is marked and hashed inside the source guests; at least one of its keys asks for something.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IntegrityRequest {
    /// Writes a file that only this run can know. Default false.
    #[serde(default)]
    pub marker: bool,
    /// Files, or folders with all that is in them, by absolute path, whose contents must stay the same.
    #[serde(default)]
    pub manifest: Vec<String>,
}

/// When a warm migration is cut over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cutover {
    /// As soon as every VM has so many precopies, 1 or more.
    #[schemars(range(min = 1))]
    pub after_precopies: u32,
}

/// A hook: exactly one of its keys is given.
///
/// Source: original-suite.md section 1.6.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Uses the built-in playbook that ends so.
    pub expected_result: Option<ExpectedResult>,
    /// Own Ansible playbook, base64 of its YAML text.
    pub playbook_base64: Option<String>,
    /// Job template of Ansible Automation Platform, 1 or more.
    #[schemars(range(min = 1))]
    pub aap_job_template_id: Option<u64>,
}

/// Where and how a migration must fail.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedFailure {
    /// The pipeline step that must carry the error.
    pub step: Option<PipelineStep>,
    /// Text that the error must contain.
    pub message: Option<String>,
}

/// A command in the migrated guest that proves the file system.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct XfsCheck {
    /// Command, by absolute path; the mount point is its argument.
    pub command: String,
    /// Mount point, absolute.
    pub mount_point: String,
    /// Text that the output must contain.
    pub expected_output: String,
}
