//! What the service sends of oVirt.
//!
//! Source: inventory-api.md section 7.

use super::{Concern, null_as_empty};
use serde::{Deserialize, Serialize};

/// An oVirt VM. Templates are never listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OvirtVm {
    /// The engine's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// `<cluster>/<name>`.
    pub path: String,
    /// Grows with each change.
    pub revision: i64,
    /// Path of this object.
    pub self_link: String,
    /// Id of the cluster.
    pub cluster: String,
    /// The engine's word (`up`, `down`).
    pub status: String,
    /// Id of the host; empty unless it runs.
    pub host: String,
    /// Revision that the concerns belong to.
    pub revision_validated: i64,
    /// NICs.
    #[serde(deserialize_with = "null_as_empty")]
    pub nics: Vec<OvirtNic>,
    /// Disks.
    #[serde(deserialize_with = "null_as_empty")]
    pub disk_attachments: Vec<OvirtDiskAttachment>,
    /// What Forklift has to say against migrating it.
    #[serde(deserialize_with = "null_as_empty")]
    pub concerns: Vec<Concern>,
    /// Sockets.
    pub cpu_sockets: u32,
    /// Cores per socket.
    pub cpu_cores: u32,
    /// Threads per core.
    pub cpu_threads: u32,
    /// Memory in bytes.
    pub memory: u64,
    /// Chipset and firmware (`q35_ovmf`).
    pub bios: String,
    /// The engine's word for the guest's system (`rhel_8x64`).
    pub os_type: String,
    /// Name of the guest's operating system.
    pub guest_name: String,
    /// Snapshots; the entry of the running state is one.
    #[serde(deserialize_with = "null_as_empty")]
    pub snapshots: Vec<OvirtSnapshot>,
}

/// A NIC of an oVirt VM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OvirtNic {
    /// Id.
    pub id: String,
    /// Name (`nic1`).
    pub name: String,
    /// Model (`virtio`).
    pub interface: String,
    /// Whether it is plugged in.
    pub plugged: bool,
    /// Addresses that an agent in the guest tells.
    #[serde(deserialize_with = "null_as_empty")]
    pub ip_address: Vec<OvirtAddress>,
    /// Id of its vNIC profile; empty when it has none.
    pub profile: String,
    /// MAC address.
    pub mac: String,
}

/// An address of a NIC.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OvirtAddress {
    /// The address.
    pub address: String,
    /// `v4` or `v6`.
    pub version: String,
}

/// A disk of an oVirt VM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OvirtDiskAttachment {
    /// Equal to the disk's id.
    pub id: String,
    /// Bus (`virtio_scsi`).
    pub interface: String,
    /// Whether SCSI reservations are used.
    pub scsi_reservation: bool,
    /// Id of the disk.
    pub disk: String,
    /// Whether the VM boots from it.
    pub bootable: bool,
}

/// A snapshot of an oVirt VM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OvirtSnapshot {
    /// Id.
    pub id: String,
    /// What people call it.
    pub description: String,
    /// `active` or `regular`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it holds memory.
    pub persist_memory: bool,
}

/// A vNIC profile; its list at detail 0 lacks the network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OvirtNicProfile {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Grows with each change.
    pub revision: i64,
    /// Path of this object.
    pub self_link: String,
    /// Id of the network; empty at detail 0.
    pub network: String,
}

/// A network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OvirtNetwork {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// `<data center>/<name>`.
    pub path: String,
    /// Grows with each change.
    pub revision: i64,
    /// Path of this object.
    pub self_link: String,
}

/// A disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OvirtDisk {
    /// Id.
    pub id: String,
    /// Alias.
    pub name: String,
    /// Grows with each change.
    pub revision: i64,
    /// Path of this object.
    pub self_link: String,
    /// Whether several VMs may use it.
    pub shared: bool,
    /// Id of its storage domain; empty for a LUN.
    pub storage_domain: String,
    /// Size in bytes as the guest sees it.
    pub provisioned_size: u64,
    /// Bytes that it takes.
    pub actual_size: u64,
    /// `image` or `lun`.
    pub storage_type: String,
    /// `ok`, `locked`...
    pub status: String,
}
