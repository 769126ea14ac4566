//! What was seen of a migration while it ran: how each disk was copied, and the precopies of a warm one.

use serde::{Deserialize, Serialize};

/// How one disk of a copy-offload plan was copied, by two witnesses: its populate pod, and the task of its transfer.
///
/// Source: original-suite.md section 3 (xcopy used); forklift-api.md section 6 (tasks).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskOffload {
    /// The source's id of the disk: `SourceDisk::id`.
    pub disk: String,
    /// Whether a `VSphereXcopyVolumePopulator` was seen for it.
    pub populated: bool,
    /// The last `xcopyUsed=` in its populate pod's log; `None` when the log was not seen or says nothing.
    pub pod_says: Option<bool>,
    /// Annotation `xcopyUsed` of its `DiskTransfer` task; `None` when it is not there.
    pub task_says: Option<bool>,
    /// How the array was driven (annotation `cloneMethod`), where told.
    pub clone_method: Option<String>,
}

/// What a warm migration did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarmRecord {
    /// Copies that ended, the final one included.
    pub precopies: u32,
    /// The Migration's `spec.cutover`, RFC 3339, if it was asked for.
    pub cutover_asked: Option<String>,
    /// Time from the source's power-off to the VM on the cluster, in milliseconds, where it could be told.
    pub downtime_ms: Option<u64>,
    /// Bytes that all copies moved, where they could be told.
    pub copied_bytes: Option<u64>,
}
