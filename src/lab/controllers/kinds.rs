//! The kinds that the controllers read and write, with their exact plurals.

use kube::core::{ApiResource, GroupVersionKind};

/// A kind of the cluster's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    /// The `kind` of its objects.
    pub(crate) title: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) namespaced: bool,
}

const fn kind(
    group: &'static str,
    version: &'static str,
    title: &'static str,
    plural: &'static str,
    namespaced: bool,
) -> Kind {
    Kind { group, version, title, plural, namespaced }
}

const FORKLIFT: &str = "forklift.konveyor.io";

pub(crate) const PROVIDER: Kind = kind(FORKLIFT, "v1beta1", "Provider", "providers", true);
pub(crate) const PLAN: Kind = kind(FORKLIFT, "v1beta1", "Plan", "plans", true);
pub(crate) const MIGRATION: Kind = kind(FORKLIFT, "v1beta1", "Migration", "migrations", true);
pub(crate) const STORAGE_MAP: Kind = kind(FORKLIFT, "v1beta1", "StorageMap", "storagemaps", true);
pub(crate) const NETWORK_MAP: Kind = kind(FORKLIFT, "v1beta1", "NetworkMap", "networkmaps", true);
pub(crate) const HOOK: Kind = kind(FORKLIFT, "v1beta1", "Hook", "hooks", true);
pub(crate) const FORKLIFT_CONTROLLER: Kind =
    kind(FORKLIFT, "v1beta1", "ForkliftController", "forkliftcontrollers", true);
pub(crate) const POPULATOR: Kind =
    kind(FORKLIFT, "v1beta1", "VSphereXcopyVolumePopulator", "vspherexcopyvolumepopulators", true);
pub(crate) const OVIRT_POPULATOR: Kind =
    kind(FORKLIFT, "v1beta1", "OvirtVolumePopulator", "ovirtvolumepopulators", true);
pub(crate) const OPENSTACK_POPULATOR: Kind =
    kind(FORKLIFT, "v1beta1", "OpenstackVolumePopulator", "openstackvolumepopulators", true);
pub(crate) const NAMESPACE: Kind = kind("", "v1", "Namespace", "namespaces", false);
pub(crate) const SECRET: Kind = kind("", "v1", "Secret", "secrets", true);
pub(crate) const CONFIG_MAP: Kind = kind("", "v1", "ConfigMap", "configmaps", true);
pub(crate) const POD: Kind = kind("", "v1", "Pod", "pods", true);
pub(crate) const EVENT: Kind = kind("", "v1", "Event", "events", true);
pub(crate) const CLAIM: Kind = kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", true);
pub(crate) const VOLUME: Kind = kind("", "v1", "PersistentVolume", "persistentvolumes", false);
pub(crate) const JOB: Kind = kind("batch", "v1", "Job", "jobs", true);
pub(crate) const TOKEN_REVIEW: Kind = kind("authentication.k8s.io", "v1", "TokenReview", "tokenreviews", false);
pub(crate) const DEPLOYMENT: Kind = kind("apps", "v1", "Deployment", "deployments", true);
pub(crate) const CONVERSION: Kind = kind(FORKLIFT, "v1beta1", "Conversion", "conversions", true);
pub(crate) const NODE: Kind = kind("", "v1", "Node", "nodes", false);
pub(crate) const STORAGE_CLASS: Kind = kind("storage.k8s.io", "v1", "StorageClass", "storageclasses", false);
pub(crate) const STORAGE_PROFILE: Kind = kind("cdi.kubevirt.io", "v1beta1", "StorageProfile", "storageprofiles", false);
pub(crate) const DATA_VOLUME: Kind = kind("cdi.kubevirt.io", "v1beta1", "DataVolume", "datavolumes", true);
pub(crate) const ATTACHMENT: Kind =
    kind("k8s.cni.cncf.io", "v1", "NetworkAttachmentDefinition", "network-attachment-definitions", true);
pub(crate) const VIRTUAL_MACHINE: Kind = kind("kubevirt.io", "v1", "VirtualMachine", "virtualmachines", true);
pub(crate) const INSTANCE_TYPE: Kind = kind(
    "instancetype.kubevirt.io",
    "v1beta1",
    "VirtualMachineClusterInstancetype",
    "virtualmachineclusterinstancetypes",
    false,
);
pub(crate) const PREFERENCE: Kind = kind(
    "instancetype.kubevirt.io",
    "v1beta1",
    "VirtualMachineClusterPreference",
    "virtualmachineclusterpreferences",
    false,
);
pub(crate) const EXPORT: Kind =
    kind("export.kubevirt.io", "v1beta1", "VirtualMachineExport", "virtualmachineexports", true);
pub(crate) const DATA_SOURCE: Kind = kind("cdi.kubevirt.io", "v1beta1", "DataSource", "datasources", true);
pub(crate) const INSTANCE: Kind = kind("kubevirt.io", "v1", "VirtualMachineInstance", "virtualmachineinstances", true);

impl Kind {
    /// `group/version`, or the bare version of the core group.
    pub(crate) fn api_version(self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }

    /// What kube's watcher wants to know.
    pub(crate) fn resource(self) -> ApiResource {
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(self.group, self.version, self.title), self.plural)
    }

    /// The path of the collection, or of an object if `name` is not empty.
    pub(crate) fn path(self, namespace: &str, name: &str) -> String {
        let root = if self.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", self.group) };
        let scope = if self.namespaced { format!("/namespaces/{namespace}") } else { String::new() };
        let tail = if name.is_empty() { String::new() } else { format!("/{name}") };
        format!("{root}/{}{scope}/{}{tail}", self.version, self.plural)
    }
}
