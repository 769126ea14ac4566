//! What the service sends. Unknown members are ignored, absent ones are empty, and `null` counts as an empty array.
//!
//! Source: inventory-api.md sections 4 and 6.

mod openshift;
mod openstack;
mod ova;
mod ovirt;

pub use openshift::{
    Claim, ClaimName, ClaimSpec, DataVolumeName, Devices, Domain, InstanceSpec, MultusNetwork, OpenshiftClaim,
    OpenshiftVm, PodNetwork, VirtualMachine, VirtualMachineSpec, VirtualMachineTemplate, VmInterface, VmNetwork,
    VmVolume,
};
pub use openstack::{OpenstackAddress, OpenstackRef, OpenstackVm, OpenstackVolume};
pub use ova::{OvaDisk, OvaNetwork, OvaNic, OvaVm};
pub use ovirt::{
    OvirtAddress, OvirtDisk, OvirtDiskAttachment, OvirtNetwork, OvirtNic, OvirtNicProfile, OvirtSnapshot, OvirtVm,
};

use serde::{Deserialize, Deserializer, Serialize};

fn null_as_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(input: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(input)?.unwrap_or_default())
}

/// A provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Provider {
    /// UID of the Provider resource.
    pub uid: String,
    /// Equal to `uid`.
    pub id: String,
    /// Resource version.
    pub version: String,
    /// Namespace of the Provider resource.
    pub namespace: String,
    /// Name of the Provider resource.
    pub name: String,
    /// Path of this object.
    pub self_link: String,
    /// Type (`vsphere`).
    #[serde(rename = "type")]
    pub kind: String,
    /// Version of the source's API; empty at detail 0.
    pub api_version: String,
    /// The source's product; empty at detail 0.
    pub product: String,
    /// Number of VMs; 0 at detail 0.
    pub vm_count: u64,
}

/// A reference inside the inventory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ref {
    /// Kind (`Network`, `Datastore`, `Folder`...).
    pub kind: String,
    /// MoRef value; empty when there is none.
    pub id: String,
}

/// What every listed object has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Base {
    /// The source's id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Path on the source.
    pub path: String,
    /// Grows with each change.
    pub revision: i64,
    /// Path of this object.
    pub self_link: String,
}

/// A vSphere VM.
#[expect(clippy::struct_excessive_bools, reason = "the service sends them so")]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VsphereVm {
    /// MoRef value.
    pub id: String,
    /// Name, decoded.
    pub name: String,
    /// Folder.
    pub parent: Ref,
    /// Inventory path (`/DC0/vm/name`).
    pub path: String,
    /// Grows with each change.
    pub revision: i64,
    /// Path of this object.
    pub self_link: String,
    /// Revision that the concerns belong to.
    pub revision_validated: i64,
    /// Whether it is a template; those are never listed.
    pub is_template: bool,
    /// `poweredOn`, `poweredOff` or `suspended`.
    pub power_state: String,
    /// MoRef value of the host.
    pub host: String,
    /// Networks without repeats; the order says nothing.
    #[serde(deserialize_with = "null_as_empty")]
    pub networks: Vec<Ref>,
    /// Disks.
    #[serde(deserialize_with = "null_as_empty")]
    pub disks: Vec<VsphereDisk>,
    /// BIOS UUID.
    pub uuid: String,
    /// Instance UUID.
    pub instance_uuid: String,
    /// `bios` or `efi`.
    pub firmware: String,
    /// `connected`, `disconnected`, `inaccessible`...
    pub connection_state: String,
    /// Current snapshot.
    pub snapshot: Ref,
    /// Whether changed-block tracking is on.
    pub change_tracking_enabled: bool,
    /// Virtual CPUs.
    pub cpu_count: u32,
    /// Cores per socket.
    pub cores_per_socket: u32,
    /// Memory in MiB.
    #[serde(rename = "memoryMB")]
    pub memory_mb: u64,
    /// Name of the guest's operating system.
    pub guest_name: String,
    /// vSphere's guest id.
    pub guest_id: String,
    /// Host name inside the guest.
    pub host_name: String,
    /// First address inside the guest.
    pub ip_address: String,
    /// Whether secure boot is on.
    pub secure_boot: bool,
    /// Whether there is a TPM.
    pub tpm_enabled: bool,
    /// NICs in device order, in the guest's order once Tools report.
    #[serde(deserialize_with = "null_as_empty")]
    pub nics: Vec<VsphereNic>,
    /// Addresses inside the guest.
    #[serde(deserialize_with = "null_as_empty")]
    pub guest_networks: Vec<GuestNetwork>,
    /// Routes and name servers inside the guest.
    #[serde(deserialize_with = "null_as_empty")]
    pub guest_ip_stacks: Vec<GuestIpStack>,
    /// State of VMware Tools.
    pub tools_status: String,
    /// Whether VMware Tools run.
    pub tools_running_status: String,
    /// What Forklift has to say against migrating it.
    #[serde(deserialize_with = "null_as_empty")]
    pub concerns: Vec<Concern>,
}

/// A disk of a vSphere VM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VsphereDisk {
    /// Device key.
    pub key: i32,
    /// Unit on the controller.
    pub unit_number: i32,
    /// Key of the controller.
    pub controller_key: i32,
    /// Current file (`[ds] folder/name.vmdk`); with snapshots the delta.
    pub file: String,
    /// Datastore; its id is empty when there is none.
    pub datastore: Ref,
    /// Capacity in bytes.
    pub capacity: u64,
    /// Whether several VMs may use it.
    pub shared: bool,
    /// Whether it is a raw device mapping.
    pub rdm: bool,
    /// `scsi`, `sata`, `ide` or `nvme`.
    pub bus: String,
    /// Disk mode.
    pub mode: String,
    /// Serial number.
    pub serial: String,
    /// Whether changed-block tracking is on.
    pub change_tracking_enabled: bool,
    /// File below the current one, when there are snapshots.
    pub parent: String,
}

/// A NIC of a vSphere VM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VsphereNic {
    /// Network: MoRef value, or the key of a distributed port group.
    pub network: Ref,
    /// MAC address, lower case.
    pub mac: String,
    /// Position.
    pub order: i32,
    /// Device key.
    pub device_key: i32,
    /// Whether it is connected at power-on.
    pub start_connected: bool,
}

/// An address inside a guest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GuestNetwork {
    /// Index of the NIC.
    pub device: String,
    /// Device key of the NIC.
    pub device_config_id: i32,
    /// MAC address, lower case.
    pub mac: String,
    /// Address.
    pub ip: String,
    /// `manual`, `dhcp`, ...
    pub origin: String,
    /// Length of the mask in bits.
    pub prefix: i32,
    /// Name servers.
    #[serde(deserialize_with = "null_as_empty")]
    pub dns: Vec<String>,
    /// Name of the network.
    pub network: String,
}

/// A route inside a guest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GuestIpStack {
    /// Index of the NIC.
    pub device: String,
    /// Gateway.
    pub gateway: String,
    /// Network of the route.
    pub network: String,
    /// Length of its mask in bits.
    pub prefix: i32,
    /// Name servers.
    #[serde(deserialize_with = "null_as_empty")]
    pub dns: Vec<String>,
}

/// A concern.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Concern {
    /// Rule.
    pub id: String,
    /// Title.
    pub label: String,
    /// `Information`, `Warning` or `Critical`.
    pub category: String,
    /// Text.
    pub assessment: String,
}

/// A vSphere network; switches are listed too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VsphereNetwork {
    /// MoRef value.
    pub id: String,
    /// Name, decoded.
    pub name: String,
    /// `Standard`, `DvPortGroup`, `OpaqueNetwork` or `DvSwitch`.
    pub variant: String,
    /// Folder.
    pub parent: Ref,
    /// Inventory path.
    pub path: String,
    /// Grows with each change.
    pub revision: i64,
    /// Path of this object.
    pub self_link: String,
    /// Key of a distributed port group, normally equal to `id`.
    pub key: String,
}

/// A vSphere datastore.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VsphereDatastore {
    /// MoRef value.
    pub id: String,
    /// Name, decoded.
    pub name: String,
    /// Inventory path.
    pub path: String,
    /// Grows with each change.
    pub revision: i64,
    /// Path of this object.
    pub self_link: String,
    /// `VMFS`, `NFS`, ...; empty at detail 0.
    #[serde(rename = "type")]
    pub kind: String,
    /// Bytes; 0 at detail 0.
    pub capacity: u64,
    /// Bytes; 0 at detail 0.
    pub free: u64,
    /// `normal` unless it is in maintenance; empty at detail 0.
    pub maintenance: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nulls_unknown_members_and_absent_ones_are_read() {
        let vm: VsphereVm = serde_json::from_str(
            r#"{"id":"vm-1","name":"a","networks":null,"disks":null,"nics":[{"network":{"kind":"Network","id":"network-7"},"mac":"00:50"}],
                "concerns":null,"newInForklift3":{"x":1},"memoryMB":4096}"#,
        )
        .unwrap();
        assert!(vm.disks.is_empty() && vm.networks.is_empty());
        assert_eq!((vm.memory_mb, vm.nics[0].network.id.as_str()), (4096, "network-7"));
        let again: VsphereVm = serde_json::from_value(serde_json::to_value(&vm).unwrap()).unwrap();
        assert_eq!(again, vm);
    }
}
