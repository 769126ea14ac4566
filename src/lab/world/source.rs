//! The live state of a source: what its own face changes, and what the inventory and Forklift read.

use super::{Vm, openstack, ovirt, vsphere};
use crate::facts::Seed;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// A source. The server of its API changes it, its inventory and the Forklift controller read it.
#[derive(Debug)]
pub struct Source {
    /// Name in providers.json.
    pub name: String,
    /// Version (`8.0.3`).
    pub version: String,
    /// Host name of the API; empty where that is the cluster's.
    pub host: String,
    /// Further `host:port` texts under which it is served.
    pub aliases: Mutex<Vec<String>>,
    /// User.
    pub username: String,
    /// Password; a lab's passwords are no secrets.
    pub password: String,
    /// What only its type has.
    pub kind: SourceKind,
    pub(super) seed: Seed,
    pub(super) inventory: Mutex<Inventory>,
    pub(super) revision: watch::Sender<u64>,
}

/// The type of a source, with what only that type has.
#[derive(Debug)]
pub enum SourceKind {
    /// vSphere.
    Vsphere(vsphere::Parts),
    /// oVirt or RHV.
    Ovirt(ovirt::State),
    /// OpenStack.
    Openstack(openstack::State),
    /// The cluster itself, by OpenShift Virtualization.
    Openshift,
    /// OVA files on an NFS share.
    Ova,
}

/// Everything on a source, by the source's own ids: MoRef values on vSphere, UUIDs elsewhere.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Datacenter (`datacenter-2`).
    pub datacenter: NamedRef,
    /// Cluster (`domain-c8`).
    pub cluster: NamedRef,
    /// The cluster's root resource pool (`resgroup-9`).
    pub pool: NamedRef,
    /// The folder of VMs (`group-v3`).
    pub vm_folder: NamedRef,
    /// ESXi hosts (`host-21`).
    pub hosts: Vec<NamedRef>,
    /// The lines of each ESXi host's `authorized_keys`, by its MoRef.
    pub authorized_keys: BTreeMap<String, Vec<String>>,
    /// Datastores (`datastore-12`).
    pub datastores: Vec<NamedRef>,
    /// Distributed port groups (`dvportgroup-31`) and standard networks (`network-7`).
    pub networks: Vec<NamedRef>,
    /// VMs (`vm-101`) and templates.
    pub vms: Vec<Vm>,
    /// Folders that were made on datastores, `[ds] path`.
    pub folders: Vec<String>,
    /// MoRefs of the VMs that DRS leaves where they are.
    pub drs_off: Vec<String>,
    /// Files that were deleted with one VM while another had them.
    pub lost_files: Vec<String>,
    /// The next free number of a MoRef.
    pub next_number: u32,
}

/// An object that has but a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedRef {
    /// MoRef value.
    pub moref: String,
    /// Name.
    pub name: String,
}

impl Source {
    /// A source with this name, version and host, this user and password.
    pub(super) fn new(
        (name, version, host): (&str, &str, &str),
        (username, password): (&str, &str),
        kind: SourceKind,
        inventory: Inventory,
        seed: Seed,
    ) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            host: host.to_owned(),
            aliases: Mutex::default(),
            username: username.to_owned(),
            password: password.to_owned(),
            kind,
            seed,
            inventory: Mutex::new(inventory),
            revision: watch::Sender::new(1),
        }
    }

    /// The type, as providers.json and Forklift name it.
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            SourceKind::Vsphere(_) => "vsphere",
            SourceKind::Ovirt(_) => "ovirt",
            SourceKind::Openstack(_) => "openstack",
            SourceKind::Openshift => "openshift",
            SourceKind::Ova => "ova",
        }
    }

    /// Path of the API that `api_url` names; empty where there is none.
    pub fn api_path(&self) -> &'static str {
        match &self.kind {
            SourceKind::Vsphere(_) => "/sdk",
            SourceKind::Ovirt(_) => "/ovirt-engine/api",
            SourceKind::Openstack(_) => "/identity/v3",
            SourceKind::Openshift | SourceKind::Ova => "",
        }
    }

    /// Whether it has an API of its own.
    pub fn has_api(&self) -> bool {
        !matches!(self.kind, SourceKind::Openshift | SourceKind::Ova)
    }

    /// What only vSphere has.
    pub fn vsphere(&self) -> Option<&vsphere::Parts> {
        if let SourceKind::Vsphere(parts) = &self.kind { Some(parts) } else { None }
    }

    /// What only OpenStack has.
    pub fn openstack(&self) -> Option<&openstack::State> {
        if let SourceKind::Openstack(state) = &self.kind { Some(state) } else { None }
    }

    /// A UUID in the usual form, always the same for a purpose.
    pub fn uuid_for(&self, purpose: &str) -> String {
        Self::id_of(self.seed, &self.name, purpose)
    }

    /// As [`Self::uuid_for`], of the source `name` of a world with this seed.
    pub(super) fn id_of(seed: Seed, name: &str, purpose: &str) -> String {
        let (mut bytes, mut stream) = ([0_u8; 16], seed.stream(&format!("{name}/{purpose}")));
        stream.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
    }

    /// The id of the VM `name`, the `index`th of the world file.
    pub(super) fn vm_id(&self, name: &str, index: usize) -> String {
        if self.vsphere().is_some() { format!("vm-{}", 101 + index) } else { self.uuid_for(&format!("{name}/id")) }
    }

    /// The id of a disk. That of a disk of VMware's begins with 6000C29.
    pub(crate) fn disk_uuid(&self, purpose: &str) -> String {
        let uuid = self.uuid_for(purpose);
        if self.vsphere().is_some() { format!("6000C29{}", &uuid[7..]) } else { uuid }
    }

    /// How the source names the file of the `index`th disk of the VM `vm` on `datastore`: by a path on vSphere, by the
    /// disk's own name elsewhere.
    pub(super) fn disk_file(&self, datastore: &str, vm: &str, index: usize) -> String {
        match &self.kind {
            SourceKind::Vsphere(_) => {
                let suffix = if index == 0 { String::new() } else { format!("_{index}") };
                format!("[{datastore}] {vm}/{vm}{suffix}.vmdk")
            }
            SourceKind::Ova => format!("{vm}-{}.vmdk", index + 1),
            _ => format!("{vm}_Disk{}", index + 1),
        }
    }

    /// What the source calls the NIC of this place.
    pub(super) fn nic_label(&self, order: usize) -> String {
        match &self.kind {
            SourceKind::Vsphere(_) => format!("Network adapter {}", order + 1),
            _ => format!("nic{}", order + 1),
        }
    }

    /// A MAC address of the range that a source of this type generates from, always the same for a purpose.
    pub fn mac_for(&self, purpose: &str) -> String {
        let mut stream = self.seed.stream(&format!("{}/{purpose}", self.name));
        let (range, first) = match &self.kind {
            SourceKind::Vsphere(_) | SourceKind::Ova => ("00:50:56", stream.u8(0x80..0xc0)),
            SourceKind::Ovirt(_) => ("56:6f:1a", stream.u8(..)),
            SourceKind::Openstack(_) => ("fa:16:3e", stream.u8(..)),
            SourceKind::Openshift => ("02:00:00", stream.u8(..)),
        };
        format!("{range}:{first:02x}:{:02x}:{:02x}", stream.u8(..), stream.u8(..))
    }

    /// Reads the inventory. Do not hold the guard across an await.
    pub fn read(&self) -> MutexGuard<'_, Inventory> {
        self.inventory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the inventory and tells those who watch its revision.
    pub fn change<T>(&self, act: impl FnOnce(&mut Inventory) -> T) -> T {
        let answer = act(&mut self.read());
        self.revision.send_modify(|revision| *revision += 1);
        answer
    }

    /// A receiver that changes with each revision.
    pub fn revisions(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    /// Whether a URL with this `host` or `host:port` means this source.
    pub fn answers_to(&self, host: &str) -> bool {
        let aliases = self.aliases.lock().unwrap_or_else(PoisonError::into_inner);
        let bare = host.rsplit_once(':').map_or(host, |(name, _)| name);
        aliases.iter().any(|alias| alias == host) || (!self.host.is_empty() && bare == self.host)
    }
}

impl Inventory {
    /// The VM with this MoRef.
    pub fn vm(&self, moref: &str) -> Option<&Vm> {
        self.vms.iter().find(|vm| vm.moref == moref)
    }

    /// The VM with this MoRef, to change it.
    pub fn vm_mut(&mut self, moref: &str) -> Option<&mut Vm> {
        self.vms.iter_mut().find(|vm| vm.moref == moref)
    }

    /// Whether an ESXi host lets the owner of a public key in; `key` is one line as OpenSSH writes it.
    pub fn trusts(&self, host: &str, key: &str) -> bool {
        let Some(blob) = key.split_whitespace().nth(1) else { return false };
        let lines = self.authorized_keys.get(host);
        lines.into_iter().flatten().any(|line| line.split_whitespace().any(|word| word == blob))
    }

    /// The next MoRef value of a kind (`vm` gives `vm-101`).
    pub fn next_moref(&mut self, kind: &str) -> String {
        self.next_number += 1;
        format!("{kind}-{}", self.next_number)
    }
}
