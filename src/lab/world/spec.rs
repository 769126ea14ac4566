//! The world file: one YAML document. The embedded default is `world.yaml` beside the sources of the lab.

use super::SourceSpec;
use super::guest::{GuestSpec, Partition};
use crate::facts::{Firmware, Power};
use crate::lab::fault::ProductFault;
use serde::{Deserialize, Serialize};

/// A whole world.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldSpec {
    /// Seed of every generated value (UUIDs, MAC addresses).
    #[serde(default)]
    pub seed: u64,
    /// The cluster.
    pub cluster: ClusterSpec,
    /// The sources.
    pub sources: Vec<SourceSpec>,
    /// What the product does wrong, by the keys of `mtvtest lab faults`.
    #[serde(default)]
    pub faults: Vec<ProductFault>,
}

/// The cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSpec {
    /// OpenShift version (`4.20.3`); `None` for plain Kubernetes.
    pub openshift: Option<String>,
    /// MTV version (`2.11.3`).
    pub mtv: String,
    /// Kubernetes version (`v1.33.5`).
    pub kubernetes: String,
    /// Namespace of MTV.
    pub mtv_namespace: String,
    /// Worker nodes.
    pub nodes: Vec<NodeSpec>,
    /// Storage classes; the first is the default.
    pub storage_classes: Vec<StorageClassSpec>,
    /// Who may log in.
    pub users: Vec<UserSpec>,
}

/// A worker node.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSpec {
    /// Name.
    pub name: String,
    /// Allocatable memory, a quantity.
    pub memory: String,
}

/// A storage class.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StorageClassSpec {
    /// Name.
    pub name: String,
    /// Provisioner.
    pub provisioner: String,
    /// Access mode that CDI chooses for it.
    pub access_mode: String,
    /// Volume mode that CDI chooses for it.
    pub volume_mode: String,
}

/// A user of the cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSpec {
    /// Name.
    pub name: String,
    /// Password for the OAuth login; a lab's passwords are no secrets.
    pub password: String,
    /// Bearer token.
    pub token: String,
    /// What the user may do.
    pub role: Role,
}

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Admin,
    /// Read only.
    Viewer,
    /// Nothing but asking who they are.
    None,
}

/// A VM of a source.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VmSpec {
    /// Name.
    pub name: String,
    /// Power.
    #[serde(default = "off")]
    pub power: Power,
    /// Whether it is a template.
    #[serde(default)]
    pub template: bool,
    /// Virtual CPUs in all.
    pub cpus: u32,
    /// Cores per socket.
    #[serde(default = "one")]
    pub cores_per_socket: u32,
    /// Memory, a quantity.
    pub memory: String,
    /// Firmware.
    #[serde(default = "bios")]
    pub firmware: Firmware,
    /// Secure boot.
    #[serde(default)]
    pub secure_boot: bool,
    /// Disks.
    pub disks: Vec<DiskSpec>,
    /// NICs.
    pub nics: Vec<NicSpec>,
    /// What runs inside.
    pub guest: GuestSpec,
}

/// A disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiskSpec {
    /// Capacity, a quantity.
    pub size: String,
    /// Datastore; the first one if left out.
    #[serde(default)]
    pub datastore: Option<String>,
    /// Controller: `scsi`, `sata`, `ide` or `nvme`.
    #[serde(default = "scsi")]
    pub bus: String,
    /// Name of a disk that several VMs share; all that say the same name have the same file.
    #[serde(default)]
    pub shared: Option<String>,
    /// Name of its file in an OVA archive; made of the VM's name if left out.
    #[serde(default)]
    pub file: Option<String>,
    /// What is on it; what its place among the disks suggests if left out.
    #[serde(default)]
    pub partitions: Vec<Partition>,
}

/// A NIC.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NicSpec {
    /// Network.
    pub network: String,
    /// IPv4 addresses with prefix (`10.0.0.5/24`) that the guest has on it.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// Whether the addresses were set by hand.
    #[serde(default, rename = "static")]
    pub is_static: bool,
    /// Gateway.
    #[serde(default)]
    pub gateway: Option<String>,
    /// MAC address; generated if left out, but in an OVA file, which then has none.
    #[serde(default)]
    pub mac: Option<String>,
}

fn off() -> Power {
    Power::Off
}

fn one() -> u32 {
    1
}

fn bios() -> Firmware {
    Firmware::Bios
}

fn scsi() -> String {
    "scsi".to_owned()
}
