//! A VM as the inventory describes it.

use super::wire::VsphereVm;

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
}

impl InventoryVm {
    /// The vSphere VM, if it is one.
    pub fn vsphere(&self) -> Option<&VsphereVm> {
        match &self.detail {
            VmDetail::Vsphere(vm) => Some(vm),
        }
    }

    /// How many disks it has.
    pub fn disk_count(&self) -> usize {
        match &self.detail {
            VmDetail::Vsphere(vm) => vm.disks.len(),
        }
    }

    /// MAC addresses of its NICs, lower case, in the inventory's order.
    pub fn macs(&self) -> Vec<String> {
        match &self.detail {
            VmDetail::Vsphere(vm) => vm.nics.iter().map(|nic| nic.mac.to_lowercase()).collect(),
        }
    }
}
