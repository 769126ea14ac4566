//! The lab's world: what exists before any request, and the live state of its sources.

mod array;
mod build;
mod guest;
mod load;
mod migrated;
pub mod openshift;
pub mod openstack;
pub mod ova;
pub mod ovirt;
mod pod_logs;
mod shown;
mod source;
mod source_spec;
mod spec;
mod vm;
pub mod vsphere;
mod whole;

pub(crate) use array::storage_product;
pub use array::{ArraySpec, EsxiSpec};
pub(crate) use build::bus_numbers;
pub use guest::{
    Boot, Boots, Commands, GuestSpec, Inside, Language, NetworkTool, Partition, Platform, Says, SshMethod, SshPort,
    SshSpec, SshStage,
};
pub(crate) use guest::{family_of, usual_login};
pub use load::WorldError;
pub use migrated::MigratedGuests;
pub use openshift::OpenshiftSpec;
pub use openstack::OpenstackSpec;
pub use ova::OvaSpec;
pub use ovirt::OvirtSpec;
pub use pod_logs::PodLogs;
pub use shown::ShownCertificates;
pub use source::{Inventory, NamedRef, Source, SourceKind};
pub use source_spec::SourceSpec;
pub use spec::{ClusterSpec, DiskSpec, NicSpec, NodeSpec, Role, StorageClassSpec, UserSpec, VmSpec, WorldSpec};
pub use vm::{Disk, GuestNet, Lun, Nic, Snapshot, Vm};
pub use vsphere::VsphereSpec;
pub use whole::World;
