//! What the service sends of OVA files. Members nested in a VM are capitalised, those of collections are not.
//!
//! Source: inventory-api.md section 10.

use super::null_as_empty;
use serde::{Deserialize, Serialize};

/// A VM of an OVA file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OvaVm {
    /// The OVF's id of the system if that is a UUID, else a digest; not to be kept between runs.
    pub id: String,
    /// Name.
    pub name: String,
    /// The id again.
    pub path: String,
    /// The archive or the OVF file on the share (`/ova/x.ova`).
    pub ovf_path: String,
    /// Product that exported it (`VMware`).
    pub export_source: String,
    /// The OVF's word for the guest's operating system (`rhel9_64Guest`).
    pub os_type: String,
    /// The id again.
    pub uuid: String,
    /// `bios` or `efi`.
    pub firmware: String,
    /// Virtual CPUs in all.
    pub cpu_count: u32,
    /// Cores per socket; 0 where the OVF does not tell.
    pub cores_per_socket: u32,
    /// Memory in MiB.
    #[serde(rename = "memoryMB")]
    pub memory_mb: u64,
    /// NICs.
    #[serde(deserialize_with = "null_as_empty")]
    pub nics: Vec<OvaNic>,
    /// Disks.
    #[serde(deserialize_with = "null_as_empty")]
    pub disks: Vec<OvaDisk>,
    /// Networks that the OVF names.
    #[serde(deserialize_with = "null_as_empty")]
    pub networks: Vec<OvaNetwork>,
}

/// A NIC of a VM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct OvaNic {
    /// Label (`Network adapter 1`).
    pub name: String,
    /// MAC address; mostly empty, since an OVF need not tell it.
    #[serde(rename = "MAC")]
    pub mac: String,
    /// Name of its network.
    pub network: String,
}

/// A disk of a VM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct OvaDisk {
    /// Id, which is also that of its item in `storages`.
    #[serde(rename = "ID")]
    pub id: String,
    /// File name inside the archive (`x-1.vmdk`).
    pub name: String,
    /// The archive on the share.
    pub file_path: String,
    /// Capacity in units.
    pub capacity: u64,
    /// The unit (`byte * 2^30`); empty for bytes.
    pub capacity_allocation_units: String,
}

/// A network of a VM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct OvaNetwork {
    /// Id, the same for all files that name this network.
    #[serde(rename = "ID")]
    pub id: String,
    /// Name.
    pub name: String,
}
