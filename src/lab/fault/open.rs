//! Faults that show at once: operations of the product that fail, requests that are answered badly.

use serde::{Deserialize, Serialize};

/// A product operation that fails openly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "operation")]
pub enum Failure {
    /// The provider never connects: phase ConnectionFailed with this message.
    ProviderConnection {
        /// The condition's message.
        message: String,
    },
    /// The Plan gets this Critical condition instead of Ready.
    PlanInvalid {
        /// Condition type (`VMNetworksNotMapped`).
        condition: String,
    },
    /// A pipeline step of every VM fails.
    PipelineStep {
        /// The step (`DiskTransferV2v`).
        step: String,
        /// The error's reason.
        reason: String,
    },
    /// Migrations never leave their first step.
    MigrationStalls,
    /// The operator's pods are not running.
    ForkliftPodsDown,
    /// Forklift's kinds are not installed.
    ForkliftMissing,
    /// The source's clone task fails.
    CloneFails {
        /// vSphere fault type (`InsufficientStorageSpace`).
        fault: String,
    },
    /// The token of a Provider of the cluster is refused, as one that has expired.
    ClusterToken,
    /// Volumes that an OpenStack source makes end in state error.
    VolumeStuck {
        /// What the volume service tells its users.
        message: String,
    },
    /// Cloned VMs never reach the inventory.
    InventoryStale,
    /// Plans never become Archived.
    ArchiveStalls,
}

/// A request that is answered badly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransportFault {
    /// HTTP method (`POST`), or `WATCH` for watches, or `*`.
    pub verb: String,
    /// Part of the path (`/plans`); with `$` at its end, the end of the path (`/namespaces$`).
    pub path: String,
    /// Skip so many matching requests first.
    #[serde(default)]
    pub after: u32,
    /// Answer badly so many times; `None` for ever.
    #[serde(default)]
    pub times: Option<u32>,
    /// What is done.
    pub effect: TransportEffect,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransportEffect {
    /// This status code with a Status body; the request has no effect.
    Status(u16),
    /// The connection ends before the answer; the request has no effect.
    Reset,
    /// The request takes effect, then the connection ends before the answer.
    ResetAfter,
    /// A watch ends at once, cleanly.
    DropWatch,
    /// A watch gets an ERROR event with code 410.
    ExpireWatch,
}
