//! How a step, a scenario and a run end.

use serde::{Deserialize, Serialize};

/// The steps of a scenario, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepName {
    /// Find or clone the source VMs, wait for the inventory, gather facts.
    Prepare,
    /// Create the `StorageMap`.
    StorageMap,
    /// Create the NADs and the `NetworkMap`.
    NetworkMap,
    /// Create the hooks.
    Hooks,
    /// Create the Plan and wait until it is Ready.
    Plan,
    /// Create the Migration and follow it.
    Migrate,
    /// Gather evidence and judge it.
    Check,
    /// Remove what the scenario created.
    CleanUp,
}

impl StepName {
    /// The name as people and files read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::StorageMap => "storage-map",
            Self::NetworkMap => "network-map",
            Self::Hooks => "hooks",
            Self::Plan => "plan",
            Self::Migrate => "migrate",
            Self::Check => "check",
            Self::CleanUp => "clean-up",
        }
    }
}

/// How a scenario or a step ended. Closed: a new ending is a new member, and every reader must say what it does with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// All of it was done and proven.
    Passed,
    /// The product did something wrong.
    Failed {
        /// What was wrong, in words that fit on one screen.
        reason: String,
    },
    /// The harness or the environment broke; nothing is said about the product.
    Broken {
        /// What broke.
        reason: String,
    },
    /// It was not run, for a reason known beforehand.
    Skipped {
        /// The reason.
        reason: String,
    },
    /// It was interrupted.
    Cancelled,
}

/// Counts of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Scenarios that passed.
    pub passed: u32,
    /// Scenarios that failed.
    pub failed: u32,
    /// Scenarios that broke.
    pub broken: u32,
    /// Scenarios that were skipped.
    pub skipped: u32,
    /// Scenarios that were interrupted.
    pub cancelled: u32,
    /// Things left behind on the cluster or on a source.
    pub leftovers: u32,
    /// Requests to the Kubernetes API.
    pub kubernetes_requests: u64,
    /// Requests to source providers and the inventory.
    pub source_requests: u64,
}

impl Summary {
    /// Scenarios that ran and did not pass.
    pub fn failures(&self) -> usize {
        (self.failed + self.broken) as usize
    }

    /// Counts one scenario's end.
    pub fn count(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed { .. } => self.failed += 1,
            Outcome::Broken { .. } => self.broken += 1,
            Outcome::Skipped { .. } => self.skipped += 1,
            Outcome::Cancelled => self.cancelled += 1,
        }
    }
}
