//! What only vSphere sources have.

use super::array::{ArraySpec, EsxiSpec};
use super::build::named;
use super::source_spec::required;
use super::{Inventory, NamedRef, Source, SourceKind, VmSpec};
use crate::facts::Seed;
use serde::{Deserialize, Serialize};

/// First number of MoRefs that are given out while the world lives; the world's own are below.
const FIRST_FREE_NUMBER: u32 = 1000;

/// A vCenter in the world file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VsphereSpec {
    /// Name in providers.json.
    pub name: String,
    /// Version (`8.0.3`).
    pub version: String,
    /// Host name of the API.
    pub host: String,
    /// User.
    pub username: String,
    /// Password; a lab's passwords are no secrets.
    pub password: String,
    /// Datacenter.
    pub datacenter: String,
    /// Cluster of the ESXi hosts.
    pub cluster: String,
    /// ESXi hosts.
    pub hosts: Vec<String>,
    /// Login of the ESXi hosts; `root` and `lab-esxi` if left out.
    #[serde(default)]
    pub esxi: EsxiSpec,
    /// The storage array that copies by itself, if there is one.
    #[serde(default)]
    pub array: Option<ArraySpec>,
    /// Datastores, in the order of their MoRefs.
    pub datastores: Vec<String>,
    /// Networks; each a distributed port group unless it begins with `std:`.
    pub networks: Vec<String>,
    /// VMs and templates.
    #[serde(default)]
    pub vms: Vec<VmSpec>,
}

/// What a living vCenter has beside its inventory.
#[derive(Debug)]
pub struct Parts {
    /// Login of its ESXi hosts.
    pub esxi: EsxiSpec,
    /// The array behind some of its datastores.
    pub array: Option<ArraySpec>,
}

impl VsphereSpec {
    pub(super) fn network_names(&self) -> Vec<&str> {
        self.networks.iter().map(|network| bare_network(network)).collect()
    }

    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> = [("hosts", self.hosts.is_empty()), ("datastores", self.datastores.is_empty())]
            .into_iter()
            .filter_map(|(what, is_empty)| required(&self.name, what, is_empty))
            .collect();
        if let Some(array) = &self.array {
            problems.extend(array.problems(&format!("source {}: array", self.name), &self.datastores));
        }
        problems
    }
}

/// A network's name without the mark of a standard network.
fn bare_network(text: &str) -> &str {
    text.strip_prefix("std:").unwrap_or(text)
}

fn numbered(kind: &str, first: usize, names: &[String]) -> Vec<NamedRef> {
    names.iter().enumerate().map(|(index, name)| named(format!("{kind}-{}", first + index), name)).collect()
}

/// The source without its VMs.
pub(super) fn build(spec: &VsphereSpec, seed: Seed) -> Source {
    let network_refs = spec.networks.iter().enumerate().map(|(index, network)| {
        let kind = if network.starts_with("std:") { "network" } else { "dvportgroup" };
        named(format!("{kind}-{}", 61 + index), bare_network(network))
    });
    let inventory = Inventory {
        datacenter: named("datacenter-2".into(), &spec.datacenter),
        cluster: named("domain-c8".into(), &spec.cluster),
        pool: named("resgroup-9".into(), "Resources"),
        vm_folder: named("group-v3".into(), "vm"),
        hosts: numbered("host", 21, &spec.hosts),
        datastores: numbered("datastore", 41, &spec.datastores),
        networks: network_refs.collect(),
        next_number: FIRST_FREE_NUMBER,
        ..Inventory::default()
    };
    let kind = SourceKind::Vsphere(Parts { esxi: spec.esxi.clone(), array: spec.array.clone() });
    Source::new((&spec.name, &spec.version, &spec.host), (&spec.username, &spec.password), kind, inventory, seed)
}
