//! What is known of a VM: on its source, and on the cluster after the migration.
//!
//! An `Option` is there only where a provider or the cluster may not know the value.

use super::GuestFamily;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Power of a VM; `Other` for suspended, paused and unknown states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Power {
    /// Running.
    On,
    /// Stopped.
    Off,
    /// Neither: suspended, paused, in transition or unknown.
    Other,
}

impl std::fmt::Display for Power {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Other => "neither on nor off",
        })
    }
}

/// How a VM boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Firmware {
    /// Legacy BIOS.
    Bios,
    /// UEFI.
    Efi,
}

/// CPU topology. Total virtual CPUs = sockets x cores x threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cpu {
    /// Sockets.
    pub sockets: u32,
    /// Cores per socket.
    pub cores: u32,
    /// Threads per core; 1 on vSphere.
    pub threads: u32,
}

/// A VM as its source describes it, before the migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceVm {
    /// The provider's own id: a MoRef on vSphere, a UUID elsewhere.
    pub id: String,
    /// Name on the source.
    pub name: String,
    /// BIOS UUID, lower case with dashes; `None` where the source has none.
    pub uuid: Option<String>,
    /// Power when the facts were read.
    pub power: Power,
    /// CPU topology.
    pub cpu: Cpu,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Boot firmware; `None` where the source does not tell.
    pub firmware: Option<Firmware>,
    /// Secure boot; `None` where the source does not tell.
    pub secure_boot: Option<bool>,
    /// Whether it has a TPM; `None` where the source does not tell.
    pub tpm: Option<bool>,
    /// Whether changed blocks are tracked (CBT of the VM); `None` where the source does not tell.
    pub tracks_changes: Option<bool>,
    /// NICs in device order.
    pub nics: Vec<SourceNic>,
    /// Disks in device order.
    pub disks: Vec<SourceDisk>,
    /// Snapshots, root first, along the chain.
    pub snapshots: Vec<SourceSnapshot>,
    /// Whether the guest agent (VMware Tools) reported in when the facts were read.
    pub guest_agent: bool,
    /// Whether the guest is Windows.
    pub windows: bool,
    /// Whether this is a template, which can be cloned but not migrated.
    pub template: bool,
    /// Hard power-offs that the source has on record, oldest first; `None` where it keeps no such record.
    #[serde(default)]
    pub power_offs: Option<Vec<PowerOff>>,
}

impl SourceVm {
    /// Which commands its guest understands.
    pub fn guest_family(&self) -> GuestFamily {
        if self.windows { GuestFamily::Windows } else { GuestFamily::Linux }
    }
}

/// A NIC on the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceNic {
    /// Device label (`Network adapter 1`).
    pub name: String,
    /// MAC address, lower case with colons.
    pub mac: String,
    /// Name of the source network.
    pub network: String,
    /// Whether it is connected when the VM starts; `None` where the source does not tell.
    pub connected: Option<bool>,
    /// Addresses the guest reported for this NIC.
    pub addresses: Vec<GuestAddress>,
}

/// An IPv4 address inside a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuestAddress {
    /// The address.
    pub ip: String,
    /// Length of the mask in bits.
    pub prefix_length: u8,
    /// Default gateway, if one leads out through this NIC.
    pub gateway: Option<String>,
    /// Whether it was set by hand; `None` when the guest does not tell.
    pub is_static: Option<bool>,
}

/// What a source disk's controller speaks, in the order in which Forklift takes the disks.
///
/// Source: forklift-api.md section 7 (disks).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskBus {
    /// AHCI.
    Sata,
    /// IDE.
    Ide,
    /// Any SCSI controller.
    Scsi,
    /// `NVMe`.
    Nvme,
}

/// A disk on the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceDisk {
    /// The source's id of the disk: the device key on vSphere.
    pub id: String,
    /// Device label (`Hard disk 1`).
    pub name: String,
    /// Capacity in bytes.
    pub size_bytes: u64,
    /// Name of the datastore, storage domain or volume type.
    pub storage: String,
    /// The source's id of that storage (a `MoRef` on vSphere), where it is known.
    pub storage_id: Option<String>,
    /// Controller key, where the source has controllers.
    pub controller: Option<i32>,
    /// Unit number on the controller.
    pub unit: Option<i32>,
    /// What the controller speaks, where the source has controllers.
    pub bus: Option<DiskBus>,
    /// The file behind it (`[ds] dir/x.vmdk`); the current one, so the delta above a snapshot.
    pub file: Option<String>,
    /// Disk mode (`persistent`, `independent_nonpersistent`).
    pub mode: Option<String>,
    /// Whether it is a raw device mapping.
    pub rdm: bool,
    /// Whether several VMs may write to it at one time.
    pub shared: bool,
}

/// A hard power-off that the source has on record: the guest was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PowerOff {
    /// The source's id of the event.
    pub id: String,
    /// When, RFC 3339.
    pub at: String,
    /// The source's own words.
    pub words: String,
}

/// A snapshot on the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceSnapshot {
    /// The source's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Creation time, RFC 3339.
    pub created: String,
    /// State (the VM's power when it was taken on vSphere).
    pub state: String,
}

/// A VM as the cluster describes it, after the migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetVm {
    /// Name of the `VirtualMachine`.
    pub name: String,
    /// Namespace.
    pub namespace: String,
    /// UID of the `VirtualMachine`.
    pub uid: String,
    /// Power: on when the instance runs and is ready, off when there is none.
    pub power: Power,
    /// CPU topology; from the instance when an instance type holds it, `None` if neither tells.
    pub cpu: Option<Cpu>,
    /// Memory in bytes; as `cpu`.
    pub memory_bytes: Option<u64>,
    /// `firmware.serial`, verbatim.
    pub serial: Option<String>,
    /// Boot firmware; a VM without a bootloader boots by BIOS.
    pub firmware: Firmware,
    /// Whether EFI secure boot is on.
    pub secure_boot: bool,
    /// Whether it has a TPM.
    pub tpm: bool,
    /// The name that a renamed VM had: annotation `openshift.io/display-name`.
    pub display_name: Option<String>,
    /// The source VM that it was migrated from: label `vmID`.
    pub vm_id: Option<String>,
    /// NICs in the order of the VM's interfaces.
    pub nics: Vec<TargetNic>,
    /// Disks in the order of the VM's disks.
    pub disks: Vec<TargetDisk>,
    /// Node of the running instance.
    pub node: Option<String>,
    /// Whether the instance's `AgentConnected` is true.
    pub agent_connected: bool,
    /// Labels of the VM's template.
    pub template_labels: BTreeMap<String, String>,
    /// Node selector of the VM's template.
    pub node_selector: BTreeMap<String, String>,
    /// Affinity of the VM's template.
    pub affinity: Option<serde_json::Value>,
}

/// What a target NIC is connected to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NicAttachment {
    /// The pod network.
    Pod,
    /// A network attachment definition, `namespace/name`.
    Multus(String),
}

impl std::fmt::Display for NicAttachment {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pod => out.write_str("the pod network"),
            Self::Multus(name) => write!(out, "NAD {name}"),
        }
    }
}

/// A NIC on the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetNic {
    /// Interface name (`net-0`).
    pub name: String,
    /// MAC address of the spec, lower case; `None` when KubeVirt chooses it.
    pub mac: Option<String>,
    /// What it is connected to.
    pub attachment: NicAttachment,
    /// Whether its link is up: the interface's state is not `down`.
    pub link_up: bool,
}

/// A disk on the cluster, with its claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetDisk {
    /// Volume name in the VM (`vol-0`).
    pub name: String,
    /// Name of the `PersistentVolumeClaim`.
    pub claim: String,
    /// Storage class of the claim.
    pub storage_class: Option<String>,
    /// Capacity of the claim's status, else its request, in bytes.
    pub size_bytes: u64,
    /// Access modes of the claim.
    pub access_modes: Vec<String>,
    /// Volume mode of the claim.
    pub volume_mode: Option<String>,
    /// Where the disk came from: annotation `forklift.konveyor.io/disk-source`, if it is there.
    pub source: Option<String>,
    /// The source's id of the disk it came from (label `vmdkKey`, `diskID` or `imageID` of a populator's claim).
    pub source_id: Option<String>,
    /// Its number in the product's order of the source disks: annotation `forklift.konveyor.io/disk-index`.
    pub index: Option<usize>,
    /// Its place in the boot order, if it has one.
    pub boot_order: Option<u32>,
}
