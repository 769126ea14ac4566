//! Which rules belong to which type of provider. A new type is a file with the same functions and an arm in each match.

use super::rest::Rest;
use super::wire::Base;
use super::{InventoryError, InventoryVm, MapSource, openshift, openstack, ova, ovirt, vsphere};
use crate::wait::Seen;

/// What is asked of the VMs' storages and networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MapKind {
    /// Storages, without repeats.
    Storage,
    /// Networks, without repeats, in the order of the NICs.
    Network,
    /// One network per NIC, repeats kept.
    PerNic,
}

/// The inventory of one provider: where it is, and by which rules it is read. Cheap to clone.
#[derive(Clone)]
pub(super) struct Source {
    /// The service.
    pub(super) rest: Rest,
    /// `providers/<type>/<uid>`.
    pub(super) root: String,
    /// The provider's type.
    pub(super) adapter: Adapter,
}

/// A type of provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Adapter {
    /// vSphere.
    Vsphere,
    /// OpenShift.
    Openshift,
    /// oVirt or RHV.
    Ovirt,
    /// OpenStack.
    Openstack,
    /// OVA files.
    Ova,
    /// One whose rules are not written yet.
    Unsupported(String),
}

impl Adapter {
    pub(super) fn of(type_name: &str) -> Self {
        match type_name {
            "vsphere" => Self::Vsphere,
            "openshift" => Self::Openshift,
            "ovirt" => Self::Ovirt,
            "openstack" => Self::Openstack,
            "ova" => Self::Ova,
            other => Self::Unsupported(other.to_owned()),
        }
    }
}

impl Source {
    fn unsupported(kind: &str) -> InventoryError {
        InventoryError::Unsupported { kind: kind.to_owned() }
    }

    /// Every VM that is listed: id, name and path.
    pub(super) async fn vms(&self) -> Result<Vec<Base>, InventoryError> {
        match &self.adapter {
            Adapter::Vsphere | Adapter::Ovirt | Adapter::Openstack | Adapter::Openshift | Adapter::Ova => {
                Ok(self.rest.get::<Option<Vec<Base>>>(&format!("{}/vms", self.root)).await?.unwrap_or_default())
            }
            Adapter::Unsupported(kind) => Err(Self::unsupported(kind)),
        }
    }

    /// The VM of an id.
    pub(super) async fn vm(&self, id: &str) -> Result<InventoryVm, InventoryError> {
        match &self.adapter {
            Adapter::Vsphere => vsphere::vm(self, id).await,
            Adapter::Openshift => openshift::vm(self, id).await,
            Adapter::Ovirt => ovirt::vm(self, id).await,
            Adapter::Openstack => openstack::vm(self, id).await,
            Adapter::Ova => ova::vm(self, id).await,
            Adapter::Unsupported(kind) => Err(Self::unsupported(kind)),
        }
    }

    /// Whether the inventory is complete enough to plan with. `storages`: ids that must be listed.
    pub(super) async fn readiness(&self, storages: &[String]) -> Result<Seen<()>, InventoryError> {
        match &self.adapter {
            Adapter::Vsphere => vsphere::readiness(self, storages).await,
            // Read live at each request: what the cluster has, it shows.
            Adapter::Openshift => Ok(Seen::Met(())),
            Adapter::Ovirt => ovirt::readiness(self, storages).await,
            Adapter::Openstack => openstack::readiness(self, storages).await,
            Adapter::Ova => ova::readiness(self, storages).await,
            Adapter::Unsupported(kind) => Err(Self::unsupported(kind)),
        }
    }

    /// The sources of a map. Pending: the VMs refer to something that is not listed yet.
    pub(super) async fn map(&self, kind: MapKind, vms: &[InventoryVm]) -> Result<Seen<Vec<MapSource>>, InventoryError> {
        match &self.adapter {
            Adapter::Vsphere => vsphere::map(self, kind, vms).await,
            Adapter::Openshift => openshift::map(self, kind, vms).await,
            Adapter::Ovirt => ovirt::map(self, kind, vms).await,
            Adapter::Openstack => openstack::map(self, kind, vms).await,
            Adapter::Ova => ova::map(self, kind, vms).await,
            Adapter::Unsupported(kind) => Err(Self::unsupported(kind)),
        }
    }
}
