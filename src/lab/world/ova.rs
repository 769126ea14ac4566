//! What only OVA sources have.

use super::build::named_by_id;
use super::source_spec::required;
use super::{Inventory, Source, SourceKind, VmSpec};
use crate::facts::Seed;
use serde::{Deserialize, Serialize};

/// OVA files on an NFS share, in the world file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OvaSpec {
    /// Name in providers.json.
    pub name: String,
    /// Version (`1`).
    pub version: String,
    /// Host name of the NFS server.
    pub host: String,
    /// Path of the share on it.
    pub export: String,
    /// Networks that the files name.
    pub networks: Vec<String>,
    /// VMs and templates.
    #[serde(default)]
    pub vms: Vec<VmSpec>,
}

impl OvaSpec {
    pub(super) fn problems(&self) -> Vec<String> {
        required(&self.name, "networks", self.networks.is_empty()).into_iter().collect()
    }
}

/// The source without its VMs.
pub(super) fn build(spec: &OvaSpec, seed: Seed) -> Source {
    let id = |purpose: &str| Source::id_of(seed, &spec.name, purpose);
    let inventory = Inventory {
        networks: spec.networks.iter().map(|name| named_by_id(&id, "network", name)).collect(),
        ..Inventory::default()
    };
    Source::new((&spec.name, &spec.version, &spec.host), ("", ""), SourceKind::Ova, inventory, seed)
}
