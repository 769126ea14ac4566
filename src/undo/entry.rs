//! One line of the ledger.

use crate::facts::{Power, SessionId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Number of an entry, in the order of intent.
pub type EntryId = u64;

/// Something outside the process, with its exact name and how to undo it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Number of the entry.
    pub id: EntryId,
    /// The session that made it.
    pub session: SessionId,
    /// The test that made it; `None` for a session fixture.
    pub scenario: Option<String>,
    /// How far it got.
    #[serde(flatten)]
    pub state: State,
    /// Entries that must outlive this one: they are undone after it.
    pub needs: Vec<EntryId>,
    /// The thing itself.
    #[serde(flatten)]
    pub thing: Thing,
}

/// How far an entry got. `Intended` means "may exist".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum State {
    /// Written before the call; the call may or may not have taken effect.
    Intended,
    /// The call took effect.
    Made,
    /// It is gone again.
    Undone,
    /// It could not be undone.
    Stuck {
        /// Why.
        why: String,
    },
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Thing {
    /// An object on the cluster.
    Object {
        /// Its kind (`Plan`).
        #[serde(skip)]
        kind: String,
        /// Its API version (`forklift.konveyor.io/v1beta1`).
        #[serde(rename = "apiVersion")]
        api_version: String,
        /// Its plural (`plans`), since it cannot be guessed for every kind.
        plural: String,
        /// Its namespace; `None` for cluster-scoped kinds.
        namespace: Option<String>,
        /// Its exact name.
        name: String,
        /// Its UID, once known.
        uid: Option<String>,
        /// How to undo it.
        undo: ObjectUndo,
    },
    /// A VM on a source provider.
    SourceVm {
        /// The provider's type (`vsphere`): the key it is listed under.
        #[serde(skip)]
        provider_type: String,
        /// The provider's name in the providers file.
        provider: String,
        /// The VM's exact name.
        name: String,
        /// The provider's id of it, once known.
        vm_id: Option<String>,
    },
    /// The power of a VM of somebody else's, which the run may change: switched back.
    SourcePower {
        /// The provider's name in the providers file.
        provider: String,
        /// The VM's name.
        name: String,
        /// The provider's id of it.
        vm_id: String,
        /// Its power before the run.
        power: Power,
    },
    /// A snapshot of a VM of somebody else's.
    SourceSnapshot {
        /// The provider's name in the providers file.
        provider: String,
        /// The VM's name.
        vm: String,
        /// The provider's id of the VM.
        vm_id: String,
        /// The snapshot's exact name, which holds the session.
        name: String,
        /// The provider's id of the snapshot, once known.
        snapshot_id: Option<String>,
    },
    /// A line of the authorized keys of an ESXi host. The line is public: no secret is in it.
    EsxiKey {
        /// The provider's name in the providers file, which knows the login.
        provider: String,
        /// The host.
        host: String,
        /// The exact line.
        line: String,
    },
    /// Settings of the product that hold while sessions share them under a Lease. Undone by leaving it; the last one to
    /// leave restores what was there before.
    ControllerShare {
        /// Namespace of the ForkliftController and of the Lease.
        namespace: String,
        /// Name of the Lease.
        lease: String,
        /// Under which name the Lease knows this holder.
        holder: String,
        /// What the settings were given, by key of the ForkliftController's spec.
        values: BTreeMap<String, Value>,
        /// What they were before; null where there was nothing.
        originals: BTreeMap<String, Value>,
    },
    /// A label of an object that is not ours. Undone by giving the label its former value, if it still has ours.
    Patched {
        /// Kind of the object (`Node`): the key it is listed under.
        #[serde(skip)]
        kind: String,
        /// Its API version.
        #[serde(rename = "apiVersion")]
        api_version: String,
        /// Its plural.
        plural: String,
        /// Its namespace; `None` for cluster-scoped kinds.
        namespace: Option<String>,
        /// Its name.
        name: String,
        /// Key of the label.
        label: String,
        /// The value that it was given.
        value: String,
        /// The value before; `None` when it had no such label.
        original: Option<String>,
    },
}

/// Key under which shares of the ForkliftController are listed.
const SHARES: &str = "ForkliftController";

/// How an object is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectUndo {
    /// Delete it if it carries the session's label, and wait until it is gone.
    Delete,
    /// A Migration: cancel it if it runs, then delete it.
    CancelThenDelete,
    /// A Plan: archive it, wait until it is archived, then delete it.
    ArchiveThenDelete,
    /// Made by the product for our Plan, so it carries no label of ours: delete it if it belongs to that Plan.
    DeleteMigrated,
}

impl Thing {
    /// The key it is listed under: a kind, or a provider's type.
    pub fn listed_under(&self) -> &str {
        match self {
            Self::Object { kind, .. } | Self::Patched { kind, .. } => kind,
            Self::SourceVm { provider_type, .. } => provider_type,
            // Never under the provider's type: what is listed there is deleted by name.
            Self::SourcePower { .. } => "SourcePower",
            Self::SourceSnapshot { .. } => "SourceSnapshot",
            Self::EsxiKey { .. } => "EsxiKey",
            Self::ControllerShare { .. } => SHARES,
        }
    }

    pub(super) fn set_listed_under(&mut self, key: &str) {
        match self {
            Self::Object { kind, .. } | Self::Patched { kind, .. } => key.clone_into(kind),
            Self::SourceVm { provider_type, .. } => key.clone_into(provider_type),
            Self::SourcePower { .. }
            | Self::SourceSnapshot { .. }
            | Self::EsxiKey { .. }
            | Self::ControllerShare { .. } => {}
        }
    }
}

impl std::fmt::Display for Thing {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Object { kind, namespace: Some(namespace), name, .. } => write!(out, "{kind} {namespace}/{name}"),
            Self::Object { kind, namespace: None, name, .. } => write!(out, "{kind} {name}"),
            Self::SourceVm { provider, name, .. } => write!(out, "VM {name} on provider {provider}"),
            Self::SourcePower { provider, name, power, .. } => {
                write!(out, "power {power} of VM {name} on provider {provider}")
            }
            Self::SourceSnapshot { provider, vm, name, .. } => {
                write!(out, "snapshot {name} of VM {vm} on provider {provider}")
            }
            Self::EsxiKey { provider, host, .. } => write!(out, "SSH key on ESXi host {host} of provider {provider}"),
            Self::ControllerShare { namespace, holder, values, .. } => {
                let keys: Vec<&str> = values.keys().map(String::as_str).collect();
                write!(out, "share {holder} of {} of the ForkliftController in {namespace}", keys.join(", "))
            }
            Self::Patched { kind, name, label, value, .. } => write!(out, "label {label}={value} of {kind} {name}"),
        }
    }
}
