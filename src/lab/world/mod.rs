//! The lab's world: what exists before any request, and the live state of its sources.

mod array;
mod build;
mod guest;
mod load;
mod migrated;
mod pod_logs;
mod spec;
mod vsphere;

pub(crate) use array::storage_product;
pub use array::{ArraySpec, EsxiSpec};
pub(crate) use build::{bus_numbers, disk_uuid};
pub use guest::{
    Boot, Boots, Commands, GuestSpec, Inside, Language, NetworkTool, Partition, Platform, Says, SshMethod, SshPort,
    SshSpec, SshStage,
};
pub(crate) use guest::{family_of, usual_login};
pub use load::WorldError;
pub use migrated::MigratedGuests;
pub use pod_logs::PodLogs;
pub use spec::{
    ClusterSpec, DiskSpec, NicSpec, NodeSpec, Role, SourceSpec, StorageClassSpec, UserSpec, VmSpec, WorldSpec,
};
pub use vsphere::{Disk, GuestNet, Inventory, Lun, NamedRef, Nic, Snapshot, Vm, VsphereSource};

use super::clock::Pace;
use super::fault::Faults;
use std::sync::Arc;

/// The living world that all parts of a lab share. Cheap to clone.
#[derive(Debug, Clone)]
pub struct World {
    /// What it was made from.
    pub spec: Arc<WorldSpec>,
    /// Its vSphere sources, in the order of the spec.
    pub vsphere: Vec<Arc<VsphereSource>>,
    /// How fast simulated work goes.
    pub pace: Pace,
    /// What goes wrong.
    pub faults: Faults,
    /// What the pods of the cluster print.
    pub pod_logs: PodLogs,
    /// The guests of the cluster's VMs.
    pub migrated: MigratedGuests,
}

impl World {
    /// The vSphere source whose API is at `host` (name or `host:port`), as a Provider's URL names it.
    pub fn vsphere_at(&self, host: &str) -> Option<&Arc<VsphereSource>> {
        self.vsphere.iter().find(|source| source.answers_to(host))
    }
}
