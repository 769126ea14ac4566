//! A VM as the inventory describes it.

use super::wire::{OpenshiftVm, OpenstackVm, OvaVm, OvirtVm, VsphereVm};
use super::{InventoryError, openshift, ova};
use crate::facts::SourceVm;
use std::collections::BTreeSet;

/// What to look for: the source's own id if it is known (after a clone), else the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VmKey {
    /// Name on the source.
    pub name: String,
    /// The source's own id.
    pub id: Option<String>,
}

impl VmKey {
    /// By name only.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), id: None }
    }

    /// By the source's own id; the name is for messages.
    pub fn with_id(name: impl Into<String>, id: impl Into<String>) -> Self {
        Self { name: name.into(), id: Some(id.into()) }
    }
}

/// A VM in the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InventoryVm {
    /// The id that a Plan names it by; equal to the source's own.
    pub id: String,
    /// Name.
    pub name: String,
    /// Path on the source; empty where there is none.
    pub path: String,
    /// What its type of provider tells.
    pub detail: VmDetail,
}

/// What belongs to a type of provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VmDetail {
    /// vSphere.
    Vsphere(Box<VsphereVm>),
    /// OpenShift.
    Openshift(Box<OpenshiftVm>),
    /// oVirt.
    Ovirt(Box<OvirtVm>),
    /// OpenStack.
    Openstack(Box<OpenstackVm>),
    /// An OVA file.
    Ova(Box<OvaVm>),
}

impl InventoryVm {
    /// The vSphere VM, if it is one.
    pub fn vsphere(&self) -> Option<&VsphereVm> {
        match &self.detail {
            VmDetail::Vsphere(vm) => Some(vm),
            _ => None,
        }
    }

    /// The namespace that a Plan names it by, where its source has namespaces.
    pub fn namespace(&self) -> Option<&str> {
        match &self.detail {
            VmDetail::Openshift(vm) => Some(&vm.namespace),
            _ => None,
        }
    }

    /// The VM as a source would describe it, where the inventory alone can tell; `None` where the source is to be asked.
    ///
    /// # Errors
    /// [`InventoryError::Unclear`] when what the inventory says cannot be understood.
    pub fn facts(&self) -> Option<Result<SourceVm, InventoryError>> {
        match &self.detail {
            VmDetail::Ova(vm) => Some(ova::facts(vm)),
            _ => None,
        }
    }

    /// How many disks it has.
    pub fn disk_count(&self) -> usize {
        match &self.detail {
            VmDetail::Vsphere(vm) => vm.disks.len(),
            VmDetail::Openshift(vm) => openshift::claims(vm).count(),
            VmDetail::Ovirt(vm) => vm.disk_attachments.len(),
            VmDetail::Openstack(vm) => vm.attached_volumes.len() + usize::from(!vm.image_id.is_empty()),
            VmDetail::Ova(vm) => vm.disks.len(),
        }
    }

    /// MAC addresses of its NICs, lower case, in the inventory's order; empty where the hypervisor chooses one at each
    /// start.
    pub fn macs(&self) -> Vec<String> {
        match &self.detail {
            VmDetail::Vsphere(vm) => vm.nics.iter().map(|nic| nic.mac.to_lowercase()).collect(),
            VmDetail::Openshift(vm) => openshift::macs(vm),
            VmDetail::Ovirt(vm) => vm.nics.iter().map(|nic| nic.mac.to_lowercase()).collect(),
            VmDetail::Openstack(vm) => {
                let all = vm.addresses.values().flatten().map(|address| address.mac.to_lowercase());
                all.filter(|mac| !mac.is_empty()).collect::<BTreeSet<_>>().into_iter().collect()
            }
            VmDetail::Ova(vm) => {
                vm.nics.iter().map(|nic| nic.mac.to_lowercase()).filter(|mac| !mac.is_empty()).collect()
            }
        }
    }
}
