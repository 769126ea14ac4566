//! What only oVirt sources have.

use super::build::named_by_id;
use super::source_spec::required;
use super::{Inventory, Nic, Source, SourceKind, Vm, VmSpec};
use crate::facts::{Power, Seed, now};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// `USER_RUN_VM`.
pub(crate) const STARTED: u32 = 32;
/// `USER_STOP_VM`: the plug was pulled.
pub const HARD_STOP: u32 = 33;
/// `VM_DOWN`.
pub(crate) const DOWN: u32 = 61;
/// Number of the first event.
const FIRST_EVENT: u64 = 1001;

/// An oVirt engine in the world file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OvirtSpec {
    /// Name in providers.json.
    pub name: String,
    /// Version (`4.4.10`).
    pub version: String,
    /// Host name of the engine.
    pub host: String,
    /// User.
    pub username: String,
    /// Password; a lab's passwords are no secrets.
    pub password: String,
    /// Data center; the product's tests want one named `MTV-CNV`.
    pub datacenter: String,
    /// The data center's status.
    #[serde(default = "up")]
    pub datacenter_status: String,
    /// Cluster.
    pub cluster: String,
    /// Storage domains.
    pub storage_domains: Vec<String>,
    /// Networks, each with one vNIC profile of its name. A NIC whose network is empty has no profile.
    pub networks: Vec<String>,
    /// VMs and templates.
    #[serde(default)]
    pub vms: Vec<VmSpec>,
}

fn up() -> String {
    "up".to_owned()
}

/// What a living engine has beside its inventory.
#[derive(Debug, Default)]
pub struct State(Mutex<Live>);

/// What changes while the engine lives.
#[derive(Debug, Default)]
pub struct Live {
    /// The data center's status.
    pub datacenter_status: String,
    /// Events, oldest first.
    pub events: Vec<Event>,
    /// Statuses of VMs and snapshots that are neither up nor down, neither complete nor gone (`image_locked`), by id.
    pub statuses: BTreeMap<String, String>,
    /// Tokens that are good.
    pub tokens: BTreeSet<String>,
    /// How many logins were tried, good and bad.
    pub logins: u64,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Number; the newest has the greatest.
    pub id: u64,
    /// What it is (33).
    pub code: u32,
    /// When.
    pub at: Timestamp,
    /// Id of the VM.
    pub vm: String,
    /// In words.
    pub description: String,
}

impl State {
    /// Looks at it, or changes it. Do not hold the guard across an await.
    pub fn live(&self) -> MutexGuard<'_, Live> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every token, as time does.
    pub fn expire_tokens(&self) {
        self.live().tokens.clear();
    }

    /// Writes an event down.
    pub fn record(&self, code: u32, vm: &Vm) {
        let words = match code {
            STARTED => format!("VM {} started on Host host-1", vm.name),
            HARD_STOP => format!("VM {} powered off by admin@internal-authz (Host: host-1).", vm.name),
            DOWN => format!("VM {} is down. Exit message: User shut down from within the guest", vm.name),
            other => format!("Event {other} of VM {}.", vm.name),
        };
        let mut live = self.live();
        let id = live.events.last().map_or(FIRST_EVENT, |event| event.id + 1);
        live.events.push(Event { id, code, at: now(), vm: vm.moref.clone(), description: words });
    }
}

impl Source {
    /// What only oVirt has.
    pub fn ovirt(&self) -> Option<&State> {
        if let SourceKind::Ovirt(state) = &self.kind { Some(state) } else { None }
    }

    /// The id of the one vNIC profile of a network.
    pub(crate) fn vnic_profile(&self, network: &str) -> String {
        self.uuid_for(&format!("vnic profile/{network}"))
    }

    /// The id of a NIC off vSphere, where a key is not enough.
    pub(crate) fn nic_id(&self, vm: &Vm, nic: &Nic) -> String {
        self.uuid_for(&format!("{}/nic {}", vm.moref, nic.key))
    }

    /// Records that a VM was switched, where that is recorded; `hard`: its guest was not asked.
    pub(crate) fn record_switch(&self, moref: &str, power: Power, hard: bool) {
        let Some(state) = self.ovirt() else { return };
        let vm = self.read().vm(moref).cloned();
        let code = match power {
            Power::On => STARTED,
            _ if hard => HARD_STOP,
            _ => DOWN,
        };
        if let Some(vm) = vm {
            state.record(code, &vm);
        }
    }
}

impl OvirtSpec {
    /// What a NIC may be on; one without a profile is on nothing.
    pub(super) fn network_names(&self) -> Vec<&str> {
        self.networks.iter().map(String::as_str).chain([""]).collect()
    }

    pub(super) fn problems(&self) -> Vec<String> {
        required(&self.name, "storage_domains", self.storage_domains.is_empty()).into_iter().collect()
    }
}

/// The source without its VMs.
pub(super) fn build(spec: &OvirtSpec, seed: Seed) -> Source {
    let id = |purpose: &str| Source::id_of(seed, &spec.name, purpose);
    let inventory = Inventory {
        datacenter: named_by_id(&id, "datacenter", &spec.datacenter),
        cluster: named_by_id(&id, "cluster", &spec.cluster),
        datastores: spec.storage_domains.iter().map(|name| named_by_id(&id, "storage domain", name)).collect(),
        networks: spec.networks.iter().map(|name| named_by_id(&id, "network", name)).collect(),
        ..Inventory::default()
    };
    let state = State::default();
    state.live().datacenter_status.clone_from(&spec.datacenter_status);
    Source::new(
        (&spec.name, &spec.version, &spec.host),
        (&spec.username, &spec.password),
        SourceKind::Ovirt(state),
        inventory,
        seed,
    )
}
