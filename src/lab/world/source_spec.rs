//! A source in the world file: what all types have in common. What a type has of its own is in the file of its name.

use super::{OpenshiftSpec, OpenstackSpec, OvaSpec, OvirtSpec, VmSpec, VsphereSpec};
use serde::{Deserialize, Serialize};

/// A source of VMs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum SourceSpec {
    /// vSphere.
    Vsphere(VsphereSpec),
    /// oVirt or RHV.
    Ovirt(OvirtSpec),
    /// OpenStack.
    Openstack(OpenstackSpec),
    /// The lab's own cluster, as a source.
    Openshift(OpenshiftSpec),
    /// OVA files on an NFS share.
    Ova(OvaSpec),
}

impl SourceSpec {
    /// Name in providers.json.
    pub fn name(&self) -> &str {
        match self {
            Self::Vsphere(spec) => &spec.name,
            Self::Ovirt(spec) => &spec.name,
            Self::Openstack(spec) => &spec.name,
            Self::Openshift(spec) => &spec.name,
            Self::Ova(spec) => &spec.name,
        }
    }

    /// Version.
    pub fn version(&self) -> &str {
        match self {
            Self::Vsphere(spec) => &spec.version,
            Self::Ovirt(spec) => &spec.version,
            Self::Openstack(spec) => &spec.version,
            Self::Openshift(spec) => &spec.version,
            Self::Ova(spec) => &spec.version,
        }
    }

    /// Host name of the API, or of the NFS server; `None` where it is the cluster itself.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Vsphere(spec) => Some(&spec.host),
            Self::Ovirt(spec) => Some(&spec.host),
            Self::Openstack(spec) => Some(&spec.host),
            Self::Openshift(_) => None,
            Self::Ova(spec) => Some(&spec.host),
        }
    }

    /// Its VMs and templates.
    pub fn vms(&self) -> &[VmSpec] {
        match self {
            Self::Vsphere(spec) => &spec.vms,
            Self::Ovirt(spec) => &spec.vms,
            Self::Openstack(spec) => &spec.vms,
            Self::Openshift(spec) => &spec.vms,
            Self::Ova(spec) => &spec.vms,
        }
    }

    /// Its VMs and templates, to be changed.
    pub fn vms_mut(&mut self) -> &mut Vec<VmSpec> {
        match self {
            Self::Vsphere(spec) => &mut spec.vms,
            Self::Ovirt(spec) => &mut spec.vms,
            Self::Openstack(spec) => &mut spec.vms,
            Self::Openshift(spec) => &mut spec.vms,
            Self::Ova(spec) => &mut spec.vms,
        }
    }

    /// What only vSphere has.
    pub fn vsphere_mut(&mut self) -> Option<&mut VsphereSpec> {
        if let Self::Vsphere(spec) = self { Some(spec) } else { None }
    }

    /// Names of the storages and networks that its VMs may refer to.
    pub(super) fn places(&self) -> (Vec<&str>, Vec<&str>) {
        match self {
            Self::Vsphere(spec) => (texts(&spec.datastores), spec.network_names()),
            Self::Ovirt(spec) => (texts(&spec.storage_domains), spec.network_names()),
            Self::Openstack(spec) => (texts(&spec.volume_types), texts(&spec.networks)),
            Self::Openshift(spec) => (texts(&spec.storage_classes), texts(&spec.networks)),
            Self::Ova(spec) => (Vec::new(), texts(&spec.networks)),
        }
    }

    /// What is wrong with what only its type has.
    pub(super) fn problems(&self) -> Vec<String> {
        match self {
            Self::Vsphere(spec) => spec.problems(),
            Self::Ovirt(spec) => spec.problems(),
            Self::Openstack(spec) => spec.problems(),
            Self::Openshift(spec) => spec.problems(),
            Self::Ova(spec) => spec.problems(),
        }
    }
}

fn texts(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// A list that must not be empty.
pub(super) fn required(source: &str, what: &str, is_empty: bool) -> Option<String> {
    is_empty.then(|| format!("source {source}: {what} is empty; it needs one at least"))
}
