//! What only OpenShift sources have: the lab's own cluster, by another role.

use super::build::named_by_id;
use super::{Inventory, Source, SourceKind, VmSpec};
use crate::facts::Seed;
use serde::{Deserialize, Serialize};

/// The lab's own cluster as a source, in the world file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenshiftSpec {
    /// Name in providers.json.
    pub name: String,
    /// Version (`4.20.3`).
    pub version: String,
    /// Storage classes that its VMs may name.
    #[serde(default)]
    pub storage_classes: Vec<String>,
    /// Networks that its VMs may name.
    #[serde(default)]
    pub networks: Vec<String>,
    /// Golden images: templates, by the names of their DataSources.
    #[serde(default)]
    pub vms: Vec<VmSpec>,
}

impl OpenshiftSpec {
    /// VMs of the cluster are objects of its API; the world file has but the images that they are made from.
    pub(super) fn problems(&self) -> Vec<String> {
        let others = self.vms.iter().filter(|vm| !vm.template);
        let words =
            |vm: &VmSpec| format!("source {}: VM {} is no template: write `template: true`", self.name, vm.name);
        others.map(words).collect()
    }
}

/// The source without its VMs.
pub(super) fn build(spec: &OpenshiftSpec, seed: Seed) -> Source {
    let id = |purpose: &str| Source::id_of(seed, &spec.name, purpose);
    let inventory = Inventory {
        datastores: spec.storage_classes.iter().map(|name| named_by_id(&id, "storage class", name)).collect(),
        networks: spec.networks.iter().map(|name| named_by_id(&id, "network", name)).collect(),
        ..Inventory::default()
    };
    Source::new((&spec.name, &spec.version, ""), ("", ""), SourceKind::Openshift, inventory, seed)
}
