//! What the checks judge: facts of both sides, and what the scenario asked for.

use crate::facts::{NicAttachment, Power, SourceVm, TargetVm};
use serde::{Deserialize, Serialize};
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
    /// `target_power_state` of the plan, if it was set.
    pub target_power: Option<Power>,
    /// Checks that the scenario skips, with its reasons.
    pub skipped: BTreeMap<String, String>,
    /// The VMs of the plan.
    pub vms: Vec<VmEvidence>,
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
}

/// One VM of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VmEvidence {
    /// The VM before the migration.
    pub source: SourceVm,
    /// The VM after it, as the migration left it; `None` when it is not on the cluster.
    pub target: Option<TargetVm>,
    /// Whether the scenario asks for a guest agent.
    pub agent_asked: bool,
    /// Whether the agent connected within its time limit; `None` when that was not observed.
    pub agent_connected: Option<bool>,
}
