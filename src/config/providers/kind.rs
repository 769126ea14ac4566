//! What an entry has beyond the common keys, by type.

use super::CopyOffload;
use super::fields::{Fields, Scope};
use super::keys;
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

/// The keys of an OpenStack entry. Domains and project are told by id, by name, or by both; then the id counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Openstack {
    /// Region.
    pub region_name: String,
    /// Keystone domain of the user, by id; without it there is the name.
    pub user_domain_id: Option<String>,
    /// Keystone domain of the user, by name.
    pub user_domain_name: Option<String>,
    /// Project, by id; without it there is the name.
    pub project_id: Option<String>,
    /// Project, by name.
    pub project_name: Option<String>,
    /// Keystone domain of the project, by id; without it there is the name, or the project's own id.
    pub project_domain_id: Option<String>,
    /// Keystone domain of the project, by name.
    pub project_domain_name: Option<String>,
}

impl Openstack {
    /// Whether the project is in the user's domain, as far as the keys tell: ids count before names, and a project that
    /// is told by its id needs no domain.
    pub fn has_one_domain(&self) -> bool {
        match (&self.user_domain_id, &self.project_domain_id, &self.project_domain_name) {
            (_, None, None) => true,
            (Some(user), Some(project), _) => user == project,
            (_, _, Some(project)) => self.user_domain_name.as_ref() == Some(project),
            (None, Some(_), None) => false,
        }
    }

    /// Of keys that stand for each other one must be there.
    fn build(fields: &mut Fields, scope: &mut Scope<'_>) -> Self {
        for (either, unless) in keys::OPENSTACK_EITHER {
            let told = either.iter().chain(&unless).any(|key| fields.place(key).is_some());
            if !told {
                let [id, name] = either;
                scope.fault(&scope.entry(), id, "is missing", format!("add it or {name}: at least one must be there"));
            }
        }
        Self {
            region_name: fields.word("region_name"),
            user_domain_id: fields.text("user_domain_id"),
            user_domain_name: fields.text("user_domain_name"),
            project_id: fields.text("project_id"),
            project_name: fields.text("project_name"),
            project_domain_id: fields.text("project_domain_id"),
            project_domain_name: fields.text("project_domain_name"),
        }
    }
}

impl ProviderKind {
    pub(super) fn build(
        type_name: &str,
        fields: &mut Fields,
        copyoffload: Option<CopyOffload>,
        scope: &mut Scope<'_>,
    ) -> Self {
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
            "openstack" => Self::Openstack(Openstack::build(fields, scope)),
            "ovirt" => Self::Ovirt,
            "openshift" => Self::Openshift,
            _ => Self::Ova,
        }
    }
}
