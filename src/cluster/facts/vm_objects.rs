//! The parts of VirtualMachine, VirtualMachineInstance and PersistentVolumeClaim that the facts come from.
//!
//! Absent fields read as empty: the servers leave out what is false or nil. Source: cluster-api.md section 1.1.

use super::instance_type::Matcher;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Vm {
    pub(super) spec: VmSpec,
    pub(super) status: VmStatus,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct VmSpec {
    pub(super) instancetype: Matcher,
    pub(super) preference: Matcher,
    pub(super) template: Template,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Template {
    pub(super) metadata: TemplateMeta,
    pub(super) spec: InstanceSpec,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct TemplateMeta {
    pub(super) labels: BTreeMap<String, String>,
}

/// The spec of an instance, also a VM's template.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct InstanceSpec {
    pub(super) domain: Domain,
    pub(super) networks: Vec<Network>,
    pub(super) volumes: Vec<Volume>,
    pub(super) node_selector: BTreeMap<String, String>,
    pub(super) affinity: Option<serde_json::Value>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Domain {
    pub(super) cpu: Option<Topology>,
    pub(super) memory: Memory,
    pub(super) resources: Resources,
    pub(super) firmware: FirmwareSpec,
    pub(super) devices: Devices,
}

/// Parts that are absent or zero count as one.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Topology {
    pub(super) sockets: u32,
    pub(super) cores: u32,
    pub(super) threads: u32,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Memory {
    pub(super) guest: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Resources {
    pub(super) requests: BTreeMap<String, Quantity>,
}

/// Quantities may be written as numbers.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Quantity {
    Text(String),
    Number(u64),
}

impl Quantity {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct FirmwareSpec {
    pub(super) serial: String,
    pub(super) bootloader: Bootloader,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Bootloader {
    pub(super) efi: Option<Efi>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Efi {
    /// KubeVirt's default is true, so absence and false differ.
    pub(super) secure_boot: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Devices {
    pub(super) disks: Vec<Device>,
    pub(super) interfaces: Vec<Interface>,
    pub(super) tpm: Option<Tpm>,
}

/// A device that says nothing is there; only `enabled: false` says that there is none.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Tpm {
    pub(super) enabled: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Device {
    pub(super) name: String,
    pub(super) boot_order: Option<u32>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Named {
    pub(super) name: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Interface {
    pub(super) name: String,
    pub(super) mac_address: String,
    pub(super) state: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Network {
    pub(super) name: String,
    pub(super) multus: Multus,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Multus {
    pub(super) network_name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Volume {
    pub(super) name: String,
    #[serde(rename = "dataVolume")]
    pub(super) imported: Named,
    #[serde(rename = "persistentVolumeClaim")]
    pub(super) direct: Claim,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Claim {
    pub(super) claim_name: String,
}

impl Volume {
    /// The claim behind the volume: a DataVolume's claim has its name. Empty for cloud-init and the like.
    pub(super) fn claim(&self) -> &str {
        let direct = &self.direct.claim_name;
        if direct.is_empty() { &self.imported.name } else { direct }
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct VmStatus {
    pub(super) created: bool,
    pub(super) ready: bool,
    pub(super) printable_status: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Vmi {
    pub(super) spec: InstanceSpec,
    pub(super) status: VmiStatus,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct VmiStatus {
    pub(super) node_name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Pvc {
    pub(super) spec: PvcSpec,
    pub(super) status: PvcStatus,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PvcSpec {
    pub(super) storage_class_name: String,
    pub(super) access_modes: Vec<String>,
    pub(super) volume_mode: String,
    pub(super) resources: Resources,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct PvcStatus {
    pub(super) capacity: BTreeMap<String, Quantity>,
}
