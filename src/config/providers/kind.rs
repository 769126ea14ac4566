//! What an entry has beyond the common keys, by type.

use super::CopyOffload;
use super::fields::Fields;
use crate::config::Secret;

/// The type of a source, with its own keys.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "a run has a handful, and most are vSphere")]
pub enum ProviderKind {
    /// VMware vCenter or ESXi.
    Vsphere(Vsphere),
    /// oVirt or RHV.
    Ovirt,
    /// OpenStack.
    Openstack(Openstack),
    /// OpenShift Virtualization.
    Openshift,
    /// OVA files on an NFS share.
    Ova,
}

/// The keys of a vSphere entry.
#[derive(Debug, Clone, Default)]
pub struct Vsphere {
    /// VDDK image; `None`: the operator's.
    pub vddk_init_image: Option<String>,
    /// What `api_url` leads to; `None`: vCenter, as Forklift takes it.
    pub endpoint_type: Option<EndpointType>,
    /// Name of the vCenter entry that clones VMs for an ESXi entry.
    pub clone_provider: Option<String>,
    /// Passphrase of guests with encrypted disks.
    pub luks_passphrase: Option<Secret>,
    /// Storage copy offload.
    pub copyoffload: Option<CopyOffload>,
}

/// What a vSphere `api_url` leads to; Forklift's setting `sdkEndpoint`. Source: forklift-api.md section 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointType {
    /// A vCenter.
    Vcenter,
    /// A single ESXi host.
    Esxi,
}

impl EndpointType {
    /// The word of the file and of Forklift.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vcenter => "vcenter",
            Self::Esxi => "esxi",
        }
    }
}

/// The keys of an OpenStack entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Openstack {
    /// Keystone domain of the user, by name.
    pub user_domain_name: String,
    /// Region.
    pub region_name: String,
    /// Project.
    pub project_name: String,
    /// Keystone domain of the user, by id.
    pub user_domain_id: String,
    /// Keystone domain of the project, by id.
    pub project_domain_id: String,
}

impl ProviderKind {
    pub(super) fn build(type_name: &str, fields: &mut Fields, copyoffload: Option<CopyOffload>) -> Self {
        match type_name {
            "vsphere" => Self::Vsphere(Vsphere {
                vddk_init_image: fields.text("vddk_init_image"),
                endpoint_type: fields.text("endpoint_type").map(|word| match word.as_str() {
                    "esxi" => EndpointType::Esxi,
                    _ => EndpointType::Vcenter,
                }),
                clone_provider: fields.text("clone_provider"),
                luks_passphrase: fields.secret("luks_passphrase"),
                copyoffload,
            }),
            "openstack" => Self::Openstack(Openstack {
                user_domain_name: fields.word("user_domain_name"),
                region_name: fields.word("region_name"),
                project_name: fields.word("project_name"),
                user_domain_id: fields.word("user_domain_id"),
                project_domain_id: fields.word("project_domain_id"),
            }),
            "ovirt" => Self::Ovirt,
            "openshift" => Self::Openshift,
            _ => Self::Ova,
        }
    }
}
