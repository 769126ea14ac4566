//! The events themselves.

use super::{CheckReport, Outcome, StepName, Summary};
use serde::{Deserialize, Serialize};

/// An event with its place in the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    /// Number of the event, from 0, without gaps.
    pub sequence: u64,
    /// Milliseconds since the run began.
    pub elapsed_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// Something that was left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// What it is, with kind and full name (`Plan mtv/auto-x-plan`, `vsphere VM auto-x-rhel8`).
    pub what: String,
    /// Why it could not be removed.
    pub why: String,
    /// The scenario that made it; `None` for a session fixture.
    pub test: Option<String>,
}

/// What happened. `test` is a test's name (`cold/sanity`, `cold/sanity@vsphere-8`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The run began.
    RunStarted {
        /// Session id.
        session: String,
        /// Seed of the run.
        seed: u64,
        /// Version of this program.
        version: String,
        /// Wall-clock start, RFC 3339.
        started: String,
        /// The tests that were selected, in order.
        tests: Vec<String>,
    },
    /// What the environment turned out to be.
    EnvironmentKnown {
        /// API server URL.
        cluster: String,
        /// MTV version, if it could be told.
        mtv: Option<String>,
        /// OpenShift version, if it could be told.
        openshift: Option<String>,
        /// Storage class of the run.
        storage_class: String,
    },
    /// A session fixture (namespace, provider) is being set up or is ready.
    FixtureReady {
        /// What it is.
        what: String,
        /// How long it took.
        took_ms: u64,
    },
    /// A scenario began.
    ScenarioStarted {
        /// Test name.
        test: String,
        /// Its description.
        description: String,
    },
    /// A step began.
    StepStarted {
        /// Test name.
        test: String,
        /// The step.
        step: StepName,
    },
    /// A step ended.
    StepFinished {
        /// Test name.
        test: String,
        /// The step.
        step: StepName,
        /// How long it took.
        took_ms: u64,
        /// How it ended.
        outcome: Outcome,
    },
    /// Something outside the process was created, found or changed.
    Made {
        /// Test name; `None` for the session.
        test: Option<String>,
        /// What, with kind and full name.
        what: String,
    },
    /// Something outside the process was removed.
    Removed {
        /// Test name; `None` for the session.
        test: Option<String>,
        /// What, with kind and full name.
        what: String,
    },
    /// A migration moved on.
    MigrationProgressed {
        /// Test name.
        test: String,
        /// VM, by its name on the source.
        vm: String,
        /// Pipeline step (`DiskTransferV2v`).
        step: String,
        /// Its phase.
        phase: String,
        /// Completed units of the step.
        completed: u64,
        /// All units of the step; MiB for disk steps.
        total: u64,
    },
    /// What the migration of a VM took, once it has ended well.
    MigrationMeasured {
        /// Test name.
        test: String,
        /// VM, by its name on the source.
        vm: String,
        /// Disk contents copied, in MiB.
        copied_mib: u64,
        /// Precopies of a warm migration, the final one included; `None` of a cold one.
        precopies: Option<u32>,
        /// How long the VM was down in a warm migration, in milliseconds; `None` of a cold one, or where it is not told.
        downtime_ms: Option<u64>,
    },
    /// A check was judged.
    CheckJudged {
        /// Test name.
        test: String,
        /// The check's report.
        #[serde(flatten)]
        report: CheckReport,
    },
    /// Something a reader should know that changes no outcome.
    Noted {
        /// Test name; `None` for the session.
        test: Option<String>,
        /// The note.
        note: String,
    },
    /// A scenario ended.
    ScenarioFinished {
        /// Test name.
        test: String,
        /// How long it took.
        took_ms: u64,
        /// How it ended.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// Something could not be removed.
    LeftBehind {
        /// The thing.
        #[serde(flatten)]
        leftover: Leftover,
    },
    /// The run ended.
    RunFinished {
        /// How long it took.
        took_ms: u64,
        /// Counts.
        summary: Summary,
    },
}
