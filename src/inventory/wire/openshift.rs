//! What the service sends of OpenShift: resources of the cluster, wrapped.
//!
//! Source: inventory-api.md section 9.

use super::null_as_empty;
use serde::{Deserialize, Serialize};

/// A VM: the base fields, and the VirtualMachine itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OpenshiftVm {
    /// UID of the VirtualMachine.
    pub id: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Path of this object.
    pub self_link: String,
    /// The VirtualMachine.
    pub object: VirtualMachine,
}

/// The parts of a VirtualMachine that maps come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VirtualMachine {
    /// Its spec.
    pub spec: VirtualMachineSpec,
}

/// A VirtualMachine's spec.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VirtualMachineSpec {
    /// What its instances are made from.
    pub template: VirtualMachineTemplate,
}

/// A VirtualMachine's template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VirtualMachineTemplate {
    /// The spec of an instance.
    pub spec: InstanceSpec,
}

/// The spec of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InstanceSpec {
    /// The machine.
    pub domain: Domain,
    /// Networks, in the order of the interfaces as a rule.
    #[serde(deserialize_with = "null_as_empty")]
    pub networks: Vec<VmNetwork>,
    /// Volumes.
    #[serde(deserialize_with = "null_as_empty")]
    pub volumes: Vec<VmVolume>,
}

/// The machine of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Domain {
    /// Its devices.
    pub devices: Devices,
}

/// The devices of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Devices {
    /// NICs.
    #[serde(deserialize_with = "null_as_empty")]
    pub interfaces: Vec<VmInterface>,
}

/// A NIC of a VM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VmInterface {
    /// The network that it is on.
    pub name: String,
    /// MAC address; empty where KubeVirt chooses one at each start.
    pub mac_address: String,
}

/// A network of a VM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VmNetwork {
    /// Name inside the VM.
    pub name: String,
    /// There, even if empty: the pod network.
    pub pod: Option<PodNetwork>,
    /// A network attachment definition.
    pub multus: Option<MultusNetwork>,
}

/// The pod network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PodNetwork {}

/// A network attachment definition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MultusNetwork {
    /// `namespace/name`, or the bare name of one in the VM's namespace.
    pub network_name: String,
}

/// A volume of a VM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VmVolume {
    /// Name inside the VM.
    pub name: String,
    /// A DataVolume, whose claim has its name.
    pub data_volume: Option<DataVolumeName>,
    /// A claim.
    pub persistent_volume_claim: Option<ClaimName>,
}

/// A DataVolume, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataVolumeName {
    /// Its name.
    pub name: String,
}

/// A claim, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimName {
    /// Its name.
    pub claim_name: String,
}

/// A claim, with the object itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenshiftClaim {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The PersistentVolumeClaim.
    pub object: Claim,
}

/// The parts of a PersistentVolumeClaim that maps come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Claim {
    /// Its spec.
    pub spec: ClaimSpec,
}

/// A claim's spec.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimSpec {
    /// Storage class; empty while none is chosen.
    pub storage_class_name: String,
}
