//! What the checks judge: facts of both sides, and what the scenario asked for.

use crate::facts::{DiskOffload, GuestEvidence, NicAttachment, Power, SourceVm, TargetVm, WarmRecord};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Everything that is known about one migrated plan. Stored as `evidence/<test>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Type of the source provider (`vsphere`).
    pub provider_type: String,
    /// MTV version, if it could be told.
    pub mtv_version: Option<String>,
    /// OpenShift version; `None` on plain Kubernetes.
    pub openshift_version: Option<String>,
    /// The NetworkMap as it was asked for.
    pub network_map: Vec<MappedNetwork>,
    /// The StorageMap as it was asked for.
    pub storage_map: Vec<MappedStorage>,
    /// The TLS setting that was asked for: whether verification of the source is skipped.
    pub insecure_asked: bool,
    /// `insecureSkipVerify` of the Provider's Secret after the migration, decoded; `None` when the key is not there.
    pub insecure_found: Option<String>,
    /// What the plan asked for.
    pub asked: Asked,
    /// VMs on the source that carry the session's name and that nobody of the session made.
    pub strays: Vec<String>,
    /// The objects that the scenario's `expect` names.
    pub expected: Vec<ExpectedObject>,
    /// Checks that the scenario skips, with its reasons.
    pub skipped: BTreeMap<String, String>,
    /// The VMs of the plan.
    pub vms: Vec<VmEvidence>,
}

/// What the scenario's plan asked for, as far as a check judges it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Asked {
    /// Name of the Plan object, which claim names may hold.
    pub plan_name: String,
    /// `target_power_state`, if it was set.
    pub power: Option<Power>,
    /// Whether the migration was warm.
    pub warm: bool,
    /// Precopies that were to end before the cutover (`cutover: {after_precopies: N}`).
    pub after_precopies: Option<u32>,
    /// `target_labels`, with the session id in place of nulls.
    pub labels: BTreeMap<String, String>,
    /// `target_node_selector`, with the node that was labelled for it.
    pub node: Option<AskedNode>,
    /// `target_affinity`.
    pub affinity: Option<Value>,
    /// `pvc_name_template`, or the one that copy-offload plans are made with.
    pub claim_names: Option<AskedClaimNames>,
    /// Whether the plan copies by the storage array.
    pub offload: bool,
    /// `preserve_static_ips`, as the Plan holds it.
    pub static_ips: bool,
}

/// The node that the plan's VMs shall run on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedNode {
    /// Key of the label.
    pub label: String,
    /// Value of the label.
    pub value: String,
    /// Name of the node that carries it.
    pub node: String,
}

/// How the plan's claims shall be named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedClaimNames {
    /// The template, as the Plan holds it.
    pub template: String,
    /// Whether the API server appends to the names (`pvcNameTemplateUseGenerateName`).
    pub generate_name: bool,
}

/// An object that `expect` names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedObject {
    /// Its kind, as the scenario writes it.
    pub kind: String,
    /// Its name on the cluster.
    pub name: String,
    /// The part of it that the scenario asks for.
    pub asked: Value,
    /// The object after the migration; `None` when it is not there.
    pub found: Option<Value>,
}

/// A row of the NetworkMap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedNetwork {
    /// Name of the source network.
    pub source: String,
    /// Where its NICs go.
    pub destination: NicAttachment,
}

/// A row of the StorageMap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedStorage {
    /// Name of the source storage.
    pub source: String,
    /// Storage class its disks go to.
    pub storage_class: String,
    /// Access mode, if the map sets it.
    pub access_mode: Option<String>,
    /// Volume mode, if the map sets it.
    pub volume_mode: Option<String>,
    /// Vendor of the row's offload plugin, if it has one.
    pub vendor: Option<String>,
    /// Whether the array copies what is on it: false also for the datastore that the array cannot reach.
    pub on_array: bool,
}

/// One VM of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VmEvidence {
    /// The VM before the migration.
    pub source: SourceVm,
    /// The source VM after it; `None` when it was not read again, or is gone.
    pub source_after: Option<SourceVm>,
    /// The name that the product must give the VM.
    pub target_name: String,
    /// The VM after it, as the migration left it; `None` when it is not on the cluster.
    pub target: Option<TargetVm>,
    /// Whether the scenario asks for a guest agent.
    pub agent_asked: bool,
    /// Whether the scenario says that its disks are encrypted with LUKS.
    pub luks_asked: bool,
    /// Whether the agent connected within its time limit; `None` when that was not observed.
    pub agent_connected: Option<bool>,
    /// How its disks were copied, as far as that was seen; empty without copy-offload.
    pub offload: Vec<DiskOffload>,
    /// What its warm migration did; `None` for a cold one.
    pub warm: Option<WarmRecord>,
    /// What a look into the guest found.
    pub guest: GuestEvidence,
}
