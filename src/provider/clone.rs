//! What a clone shall be like.
//!
//! Source: source-providers.md section 2.5.

use super::{ProviderError, VmRef};
use std::fmt;
use std::time::Duration;

/// Time that a clone may take in the original.
const CLONE_LIMIT: Duration = Duration::from_secs(1200);

/// A clone to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloneRequest {
    /// What is cloned, a VM or a template.
    pub source: VmRef,
    /// Name of the clone, complete.
    pub name: String,
    /// Provisioning of the cloned disks; `None` keeps the source's.
    pub disk_type: Option<DiskType>,
    /// Disks added to the clone, in order.
    pub add_disks: Vec<NewDisk>,
    /// Switch changed-block tracking on (warm migrations need it).
    pub cbt: bool,
    /// Give every NIC a new MAC address.
    pub regenerate_macs: bool,
    /// MoRef of the datastore; `None` takes the source's first.
    pub datastore: Option<String>,
    /// Host to place the clone on: its name or MoRef.
    pub host: Option<String>,
    /// Resource pool: its name or MoRef; `None` takes the source's, or for a template the first that there is.
    pub resource_pool: Option<String>,
    /// Where on the cluster it is made, if the source is an OpenShift cluster.
    pub place: Option<ClonePlace>,
    /// How long it may take in all.
    pub limit: Duration,
}

/// Where source VMs are made on an OpenShift cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClonePlace {
    /// Namespace.
    pub namespace: String,
    /// Network attachment of the second NIC, in that namespace.
    pub attachment: String,
    /// The session that they are labelled with.
    pub session: String,
}

impl CloneRequest {
    /// A plain clone with new MAC addresses and the original's limit of 20 minutes.
    pub fn new(source: VmRef, name: impl Into<String>) -> Self {
        Self {
            source,
            name: name.into(),
            disk_type: None,
            add_disks: Vec::new(),
            cbt: false,
            regenerate_macs: true,
            datastore: None,
            host: None,
            resource_pool: None,
            place: None,
            limit: CLONE_LIMIT,
        }
    }

    /// Refuses what only vSphere can do, for a source of type `kind`: nothing is made then.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] names every key of the scenario that is asked for in vain.
    pub(super) fn refuse_vsphere_keys(&self, kind: &str) -> Result<(), ProviderError> {
        let keys = [
            ("disk_type", self.disk_type.is_some()),
            ("add_disks", !self.add_disks.is_empty()),
            ("target_datastore_id", self.datastore.is_some()),
            ("target_esxi_host", self.host.is_some()),
            ("resource_pool", self.resource_pool.is_some()),
        ];
        let given: Vec<&str> = keys.into_iter().filter_map(|(key, given)| given.then_some(key)).collect();
        if given.is_empty() {
            return Ok(());
        }
        Err(ProviderError::Invalid {
            operation: format!("clone {} as {:?}", self.source, self.name),
            problem: format!("sources of type {kind} know no {}", given.join(", ")),
            remedy: "leave that out of the scenario, or take a source of type vsphere",
        })
    }
}

/// How a disk is provisioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DiskType {
    /// Space is taken when it is written.
    #[default]
    Thin,
    /// Space is reserved at once and zeroed when it is written.
    ThickLazy,
    /// Space is reserved and zeroed at once.
    ThickEager,
}

impl DiskType {
    /// Whether all space is reserved at once.
    pub fn is_thick(self) -> bool {
        self != Self::Thin
    }
}

impl fmt::Display for DiskType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Thin => "thin",
            Self::ThickLazy => "thick-lazy",
            Self::ThickEager => "thick-eager",
        })
    }
}

/// How a disk takes part in snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DiskMode {
    /// Part of snapshots.
    #[default]
    Persistent,
    /// Not part of snapshots.
    IndependentPersistent,
    /// Not part of snapshots, and changes are lost at power-off.
    IndependentNonpersistent,
}

impl DiskMode {
    /// The API's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Persistent => "persistent",
            Self::IndependentPersistent => "independent_persistent",
            Self::IndependentNonpersistent => "independent_nonpersistent",
        }
    }
}

/// A disk to add to a clone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewDisk {
    /// Capacity in bytes; not used by a raw device mapping, which has its LUN's.
    pub size_bytes: u64,
    /// Provisioning; not used by a raw device mapping.
    pub provisioning: DiskType,
    /// Mode; not used by a raw device mapping, whose compatibility decides it.
    pub mode: DiskMode,
    /// MoRef of its datastore; `None` takes the clone's.
    pub datastore: Option<String>,
    /// Folder on the datastore; `None` puts it beside the clone.
    pub datastore_path: Option<String>,
    /// A raw device mapping instead of a disk file. It is attached after the clone.
    pub rdm: Option<RdmLun>,
}

/// A LUN that a raw device mapping points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RdmLun {
    /// How the guest sees it.
    pub compatibility: RdmCompatibility,
    /// Canonical name of the LUN (`naa.600a...`).
    pub lun_uuid: String,
}

/// Compatibility mode of a raw device mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RdmCompatibility {
    /// The LUN behaves as a disk file: snapshots work.
    Virtual,
    /// The guest talks to the LUN itself.
    Physical,
}
