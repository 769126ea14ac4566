//! The kinds that the program reads or writes, with their exact plurals (which kube would otherwise guess).
//!
//! Source: forklift-api.md section 1, cluster-api.md sections 1 to 3.

use kube::core::{ApiResource, GroupVersionKind};

/// A kind of object, as the API server serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kind {
    /// Group and version (`forklift.konveyor.io/v1beta1`), or `v1` for the core group.
    pub api_version: &'static str,
    /// Name of the kind (`Plan`).
    pub kind: &'static str,
    /// Plural of the URL (`plans`).
    pub plural: &'static str,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

const fn namespaced(api_version: &'static str, kind: &'static str, plural: &'static str) -> Kind {
    Kind { api_version, kind, plural, namespaced: true }
}

const fn global(api_version: &'static str, kind: &'static str, plural: &'static str) -> Kind {
    Kind { api_version, kind, plural, namespaced: false }
}

const FORKLIFT: &str = "forklift.konveyor.io/v1beta1";
const CDI: &str = "cdi.kubevirt.io/v1beta1";
const OPERATORS: &str = "operators.coreos.com/v1alpha1";
const CONFIG: &str = "config.openshift.io/v1";
const INSTANCETYPE: &str = "instancetype.kubevirt.io/v1beta1";

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $make:ident($api:expr, $kind:literal, $plural:literal);)+) => {
        impl Kind {
            $($(#[$doc])* pub const $name: Self = $make($api, $kind, $plural);)+

            /// Every kind named here.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

kinds! {
    /// A source or destination of migrations.
    PROVIDER = namespaced(FORKLIFT, "Provider", "providers");
    /// What to migrate, and how.
    PLAN = namespaced(FORKLIFT, "Plan", "plans");
    /// One execution of a Plan.
    MIGRATION = namespaced(FORKLIFT, "Migration", "migrations");
    /// Source storages to storage classes.
    STORAGE_MAP = namespaced(FORKLIFT, "StorageMap", "storagemaps");
    /// Source networks to target networks.
    NETWORK_MAP = namespaced(FORKLIFT, "NetworkMap", "networkmaps");
    /// A playbook run around a VM's migration.
    HOOK = namespaced(FORKLIFT, "Hook", "hooks");
    /// An ESXi host with a transfer address of its own.
    HOST = namespaced(FORKLIFT, "Host", "hosts");
    /// A guest conversion (MTV 2.12).
    CONVERSION = namespaced(FORKLIFT, "Conversion", "conversions");
    /// The product's settings.
    FORKLIFT_CONTROLLER = namespaced(FORKLIFT, "ForkliftController", "forkliftcontrollers");
    /// A copy by storage offload (MTV 2.8).
    XCOPY_POPULATOR = namespaced(FORKLIFT, "VSphereXcopyVolumePopulator", "vspherexcopyvolumepopulators");
    /// A copy from oVirt.
    OVIRT_POPULATOR = namespaced(FORKLIFT, "OvirtVolumePopulator", "ovirtvolumepopulators");
    /// A copy from OpenStack.
    OPENSTACK_POPULATOR = namespaced(FORKLIFT, "OpenstackVolumePopulator", "openstackvolumepopulators");

    /// A namespace.
    NAMESPACE = global("v1", "Namespace", "namespaces");
    /// A node.
    NODE = global("v1", "Node", "nodes");
    /// A secret.
    SECRET = namespaced("v1", "Secret", "secrets");
    /// A config map.
    CONFIG_MAP = namespaced("v1", "ConfigMap", "configmaps");
    /// A pod.
    POD = namespaced("v1", "Pod", "pods");
    /// An event.
    EVENT = namespaced("v1", "Event", "events");
    /// A service account.
    SERVICE_ACCOUNT = namespaced("v1", "ServiceAccount", "serviceaccounts");
    /// A claim of storage.
    PVC = namespaced("v1", "PersistentVolumeClaim", "persistentvolumeclaims");
    /// A volume.
    PV = global("v1", "PersistentVolume", "persistentvolumes");
    /// A deployment.
    DEPLOYMENT = namespaced("apps/v1", "Deployment", "deployments");
    /// A claim on something, for as long as it is renewed.
    LEASE = namespaced("coordination.k8s.io/v1", "Lease", "leases");
    /// A job.
    JOB = namespaced("batch/v1", "Job", "jobs");
    /// A storage class.
    STORAGE_CLASS = global("storage.k8s.io/v1", "StorageClass", "storageclasses");
    /// A binding of cluster-wide rights.
    CLUSTER_ROLE_BINDING = global("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings");
    /// The definition of a kind.
    CRD = global("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions");
    /// A question about one's own rights.
    ACCESS_REVIEW = global("authorization.k8s.io/v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews");
    /// A question about one's own identity.
    IDENTITY_REVIEW = global("authentication.k8s.io/v1", "SelfSubjectReview", "selfsubjectreviews");

    /// A virtual machine.
    VM = namespaced("kubevirt.io/v1", "VirtualMachine", "virtualmachines");
    /// The running instance of a virtual machine.
    VMI = namespaced("kubevirt.io/v1", "VirtualMachineInstance", "virtualmachineinstances");
    /// KubeVirt's installation.
    KUBEVIRT = namespaced("kubevirt.io/v1", "KubeVirt", "kubevirts");
    /// CPU and memory by name.
    CLUSTER_INSTANCETYPE = global(INSTANCETYPE, "VirtualMachineClusterInstancetype", "virtualmachineclusterinstancetypes");
    /// Devices by name.
    CLUSTER_PREFERENCE = global(INSTANCETYPE, "VirtualMachineClusterPreference", "virtualmachineclusterpreferences");
    /// CPU and memory by name, of one namespace.
    INSTANCETYPE = namespaced(INSTANCETYPE, "VirtualMachineInstancetype", "virtualmachineinstancetypes");
    /// Devices by name, of one namespace.
    PREFERENCE = namespaced(INSTANCETYPE, "VirtualMachinePreference", "virtualmachinepreferences");
    /// An import of a disk.
    DATA_VOLUME = namespaced(CDI, "DataVolume", "datavolumes");
    /// A golden image.
    DATA_SOURCE = namespaced(CDI, "DataSource", "datasources");
    /// CDI's knowledge of a storage class.
    STORAGE_PROFILE = global(CDI, "StorageProfile", "storageprofiles");
    /// A secondary network.
    NAD = namespaced("k8s.cni.cncf.io/v1", "NetworkAttachmentDefinition", "network-attachment-definitions");

    /// A host name that leads to a service.
    ROUTE = namespaced("route.openshift.io/v1", "Route", "routes");
    /// OpenShift's version.
    CLUSTER_VERSION = global(CONFIG, "ClusterVersion", "clusterversions");
    /// Mirrors of image registries.
    IMAGE_DIGEST_MIRROR_SET = global(CONFIG, "ImageDigestMirrorSet", "imagedigestmirrorsets");
    /// Downloads offered by the console.
    CONSOLE_CLI_DOWNLOAD = global("console.openshift.io/v1", "ConsoleCLIDownload", "consoleclidownloads");
    /// An OpenShift user.
    USER = global("user.openshift.io/v1", "User", "users");
    /// An installed operator.
    CSV = namespaced(OPERATORS, "ClusterServiceVersion", "clusterserviceversions");
    /// A wish for an operator.
    SUBSCRIPTION = namespaced(OPERATORS, "Subscription", "subscriptions");
}

impl Kind {
    /// The kind of that API version and name, if it is named here.
    pub fn named(api_version: &str, kind: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.api_version == api_version && known.kind == kind)
    }

    /// The group (`forklift.konveyor.io`), empty for the core group.
    pub fn group(self) -> &'static str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The form that kube wants.
    pub(crate) fn resource(self) -> ApiResource {
        let version = self.api_version.split_once('/').map_or(self.api_version, |(_, version)| version);
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(self.group(), version, self.kind), self.plural)
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use std::collections::BTreeSet;

    #[test]
    fn kinds_are_found_by_name_and_are_told_apart() {
        assert_eq!(Kind::named("forklift.konveyor.io/v1beta1", "StorageMap"), Some(Kind::STORAGE_MAP));
        assert_eq!(Kind::named("v1", "Plan"), None);
        assert_eq!(Kind::ALL.iter().collect::<BTreeSet<_>>().len(), Kind::ALL.len());
        let nad = Kind::NAD.resource();
        assert_eq!((nad.group.as_str(), nad.version.as_str()), ("k8s.cni.cncf.io", "v1"));
        assert_eq!(nad.plural, "network-attachment-definitions");
        assert_eq!(Kind::POD.resource().api_version, "v1");
    }
}
