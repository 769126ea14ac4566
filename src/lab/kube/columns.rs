//! Printer columns: what a Table shows of a kind.

use serde_json::Value;

/// A column of a Table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub(super) kind: String,
    pub(super) format: String,
    pub(super) description: String,
    /// Above zero: only with `-o wide`.
    pub(super) priority: i64,
    /// JSON path, or `#word` for a computed cell (see `table`).
    pub(super) path: String,
}

/// Title, path and priority of a column.
type Row = (&'static str, &'static str, i64);

const AGE: Row = ("Age", ".metadata.creationTimestamp", 0);

/// Columns of built-in kinds after the name: title, path, priority. Kinds not listed show their age only.
const BUILT_IN: &[(&str, &[Row])] = &[
    ("namespaces", &[("Status", ".status.phase", 0), AGE]),
    (
        "nodes",
        &[
            ("Status", "#node-status", 0),
            ("Roles", "#node-roles", 0),
            AGE,
            ("Version", ".status.nodeInfo.kubeletVersion", 0),
            ("Internal-IP", ".status.addresses[?(@.type==\"InternalIP\")].address", 1),
            ("OS-Image", ".status.nodeInfo.osImage", 1),
        ],
    ),
    (
        "pods",
        &[
            ("Ready", "#pod-ready", 0),
            ("Status", "#pod-status", 0),
            ("Restarts", "#pod-restarts", 0),
            AGE,
            ("IP", ".status.podIP", 1),
            ("Node", ".spec.nodeName", 1),
        ],
    ),
    (
        "persistentvolumeclaims",
        &[
            ("Status", "#claim-status", 0),
            ("Volume", ".spec.volumeName", 0),
            ("Capacity", ".status.capacity.storage", 0),
            ("Access Modes", "#access-modes", 0),
            ("StorageClass", ".spec.storageClassName", 0),
            AGE,
            ("VolumeMode", ".spec.volumeMode", 1),
        ],
    ),
    (
        "persistentvolumes",
        &[
            ("Capacity", ".spec.capacity.storage", 0),
            ("Access Modes", "#access-modes", 0),
            ("Reclaim Policy", ".spec.persistentVolumeReclaimPolicy", 0),
            ("Status", ".status.phase", 0),
            ("Claim", "#volume-claim", 0),
            ("StorageClass", ".spec.storageClassName", 0),
            AGE,
            ("VolumeMode", ".spec.volumeMode", 1),
        ],
    ),
    (
        "storageclasses",
        &[
            ("Provisioner", ".provisioner", 0),
            ("ReclaimPolicy", ".reclaimPolicy", 0),
            ("VolumeBindingMode", ".volumeBindingMode", 0),
            ("AllowVolumeExpansion", "#expansion", 0),
            AGE,
        ],
    ),
    ("secrets", &[("Type", ".type", 0), ("Data", "#data-count", 0), AGE]),
    ("configmaps", &[("Data", "#data-count", 0), AGE]),
    ("services", &[("Type", ".spec.type", 0), ("Cluster-IP", ".spec.clusterIP", 0), AGE]),
    (
        "deployments",
        &[
            ("Ready", "#replicas-ready", 0),
            ("Up-to-date", ".status.updatedReplicas", 0),
            ("Available", ".status.availableReplicas", 0),
            AGE,
        ],
    ),
    ("jobs", &[("Status", "#job-status", 0), ("Completions", "#job-completions", 0), AGE]),
    (
        "events",
        &[
            ("Last Seen", ".lastTimestamp", 0),
            ("Type", ".type", 0),
            ("Reason", ".reason", 0),
            ("Object", "#event-object", 0),
            ("Message", ".message", 0),
            ("Count", ".count", 1),
        ],
    ),
    ("customresourcedefinitions", &[("Created At", "#created", 0)]),
];

fn column((name, path, priority): Row) -> Column {
    let date = name == "Age" || name == "Last Seen";
    Column {
        name: name.to_owned(),
        kind: match path {
            _ if date => "date",
            "#data-count" => "integer",
            _ => "string",
        }
        .to_owned(),
        format: String::new(),
        description: String::new(),
        priority,
        path: path.to_owned(),
    }
}

/// The columns of a built-in kind, without the name.
pub(super) fn built_in(group: &str, plural: &str) -> Vec<Column> {
    let known = BUILT_IN.iter().find(|(name, _)| *name == plural && (plural != "events" || group.is_empty()));
    known.map_or_else(|| vec![column(AGE)], |(_, columns)| columns.iter().copied().map(column).collect())
}

/// The columns of a custom kind, without the name: those its definition declares, or its age.
pub(super) fn custom(declared: Option<&[Value]>) -> Vec<Column> {
    match declared {
        Some(entries) if !entries.is_empty() => entries.iter().map(Column::declared).collect(),
        _ => vec![column(AGE)],
    }
}
