//! What the server knows of a kind, and the table of the built-in ones.

use super::columns::Column;
use super::schema::Schema;
use std::sync::Arc;

/// A kind that is served: a built-in one, or one that a CustomResourceDefinition declares.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "kind and listKind are what Kubernetes calls them")]
pub(super) struct Kind {
    pub(super) group: String,
    /// `Plan`.
    pub(super) kind: String,
    pub(super) list_kind: String,
    pub(super) plural: String,
    pub(super) singular: String,
    pub(super) short_names: Vec<String>,
    pub(super) categories: Vec<String>,
    pub(super) namespaced: bool,
    /// Whether a CustomResourceDefinition declares it.
    pub(super) custom: bool,
    /// Whether its metadata has a generation.
    pub(super) generation: bool,
    /// Served versions, the preferred first.
    pub(super) versions: Vec<Version>,
    /// The version that is stored.
    pub(super) storage: String,
    /// The shelf its objects lie on. Both groups of events share one.
    pub(super) shelf: Arc<str>,
}

/// A served version of a kind.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) name: String,
    pub(super) status: bool,
    pub(super) schema: Option<Arc<Schema>>,
    pub(super) columns: Vec<Column>,
    /// JSON paths that field selectors may use (`.spec.x`).
    pub(super) selectable: Vec<String>,
}

impl Kind {
    /// `plural.group`, or the plural alone in the core group.
    pub(super) fn qualified(&self) -> String {
        qualified(&self.plural, &self.group)
    }

    pub(super) fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    pub(super) fn api_version(&self, version: &str) -> String {
        api_version(&self.group, version)
    }

    pub(super) fn stored_api_version(&self) -> String {
        api_version(&self.group, &self.storage)
    }

    /// Whether the status is written through a sub-resource of its own.
    pub(super) fn has_status(&self, version: &str) -> bool {
        self.version(version).is_some_and(|version| version.status)
    }

    /// Whether this is a kind of the core group.
    pub(super) fn is_core(&self, plural: &str) -> bool {
        self.group.is_empty() && self.plural == plural
    }

    /// Whether a finished deletion answers with the object rather than a Status. Source: the response types in the
    /// published OpenAPI document.
    pub(super) fn returns_deleted(&self) -> bool {
        const RETURNED: [&str; 8] = [
            "pods",
            "services",
            "serviceaccounts",
            "persistentvolumes",
            "persistentvolumeclaims",
            "resourcequotas",
            "storageclasses",
            "volumeattachments",
        ];
        !self.custom && RETURNED.contains(&self.plural.as_str())
    }

    pub(super) fn is_definition(&self) -> bool {
        self.plural == "customresourcedefinitions" && self.group == "apiextensions.k8s.io"
    }
}

pub(super) fn qualified(plural: &str, group: &str) -> String {
    if group.is_empty() { plural.to_owned() } else { format!("{plural}.{group}") }
}

pub(super) fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// A row of the table of built-in kinds.
struct Row(&'static str, &'static str, &'static str, &'static str, &'static [&'static str], u8);

const NAMESPACED: u8 = 1;
const STATUS: u8 = 2;
const GENERATION: u8 = 4;

const RBAC: &str = "rbac.authorization.k8s.io";

const ROWS: &[Row] = &[
    Row("", "v1", "Namespace", "namespaces", &["ns"], STATUS),
    Row("", "v1", "Node", "nodes", &["no"], STATUS),
    Row("", "v1", "Pod", "pods", &["po"], NAMESPACED | STATUS | GENERATION),
    Row("", "v1", "Secret", "secrets", &[], NAMESPACED),
    Row("", "v1", "ConfigMap", "configmaps", &["cm"], NAMESPACED),
    Row("", "v1", "Service", "services", &["svc"], NAMESPACED | STATUS),
    Row("", "v1", "ServiceAccount", "serviceaccounts", &["sa"], NAMESPACED),
    Row("", "v1", "Event", "events", &["ev"], NAMESPACED),
    Row("", "v1", "PersistentVolume", "persistentvolumes", &["pv"], STATUS),
    Row("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", &["pvc"], NAMESPACED | STATUS),
    Row("", "v1", "Endpoints", "endpoints", &["ep"], NAMESPACED),
    Row("", "v1", "ResourceQuota", "resourcequotas", &["quota"], NAMESPACED | STATUS),
    Row("", "v1", "LimitRange", "limitranges", &["limits"], NAMESPACED),
    Row("apps", "v1", "Deployment", "deployments", &["deploy"], NAMESPACED | STATUS | GENERATION),
    Row("apps", "v1", "ReplicaSet", "replicasets", &["rs"], NAMESPACED | STATUS | GENERATION),
    Row("apps", "v1", "DaemonSet", "daemonsets", &["ds"], NAMESPACED | STATUS | GENERATION),
    Row("apps", "v1", "StatefulSet", "statefulsets", &["sts"], NAMESPACED | STATUS | GENERATION),
    Row("batch", "v1", "Job", "jobs", &[], NAMESPACED | STATUS | GENERATION),
    Row("storage.k8s.io", "v1", "StorageClass", "storageclasses", &["sc"], 0),
    Row("storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments", &[], STATUS),
    Row("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", &["netpol"], NAMESPACED | GENERATION),
    Row("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", &["pdb"], NAMESPACED | STATUS | GENERATION),
    Row(RBAC, "v1", "Role", "roles", &[], NAMESPACED),
    Row(RBAC, "v1", "RoleBinding", "rolebindings", &[], NAMESPACED),
    Row(RBAC, "v1", "ClusterRole", "clusterroles", &[], 0),
    Row(RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", &[], 0),
    Row("coordination.k8s.io", "v1", "Lease", "leases", &[], NAMESPACED),
    Row("events.k8s.io", "v1", "Event", "events", &["ev"], NAMESPACED),
    Row("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", &["crd", "crds"], 6),
];

/// The built-in kinds.
pub(super) fn built_in() -> impl Iterator<Item = Kind> {
    ROWS.iter().map(|Row(group, version, kind, plural, short_names, flags)| {
        let shelf = if *plural == "events" { "events".to_owned() } else { qualified(plural, group) };
        Kind {
            group: (*group).to_owned(),
            kind: (*kind).to_owned(),
            list_kind: format!("{kind}List"),
            plural: (*plural).to_owned(),
            singular: kind.to_lowercase(),
            short_names: short_names.iter().map(|name| (*name).to_owned()).collect(),
            categories: if matches!(*plural, "pods" | "services" | "deployments" | "jobs") {
                vec!["all".to_owned()]
            } else {
                Vec::new()
            },
            namespaced: flags & NAMESPACED != 0,
            custom: false,
            generation: flags & GENERATION != 0,
            versions: vec![Version {
                name: (*version).to_owned(),
                status: flags & STATUS != 0,
                schema: None,
                columns: super::columns::built_in(group, plural),
                selectable: Vec::new(),
            }],
            storage: (*version).to_owned(),
            shelf: shelf.into(),
        }
    })
}
