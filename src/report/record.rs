//! What the events seen so far add up to. Every reader that needs more than the event at hand keeps one of these.

use super::words::duration_text;
use crate::event::{CheckReport, Event, Leftover, Outcome, Stamped, StepName, Summary, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;

/// What the environment turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// API server URL.
    pub cluster: String,
    /// MTV version, if it could be told.
    pub mtv: Option<String>,
    /// OpenShift version, if it could be told.
    pub openshift: Option<String>,
    /// Storage class of the run.
    pub storage_class: String,
}

/// One step of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRecord {
    /// The step.
    pub step: StepName,
    /// How long it took, in milliseconds, and how it ended; `None` while it runs.
    pub finished: Option<(u64, Outcome)>,
}

/// How far the migration of one VM got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VmProgress {
    /// Pipeline step (`DiskTransferV2v`).
    pub step: String,
    /// Phase of the pipeline step.
    pub phase: String,
    /// Completed units.
    pub completed: u64,
    /// All units; MiB for disk steps, 0 when unknown.
    pub total: u64,
}

impl VmProgress {
    /// `DiskTransfer 512 of 2048 MiB`, or the step alone when it has no size.
    pub fn text(&self) -> String {
        // Only the disk steps count in MiB; the others count in tasks (forklift-api.md section 7).
        let unit = if self.step.starts_with("DiskTransfer") { " MiB" } else { "" };
        match self.total {
            0 => self.step.clone(),
            total => format!("{} {} of {total}{unit}", self.step, self.completed),
        }
    }
}

/// What the migration of a VM took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// VM, by its name on the source.
    pub vm: String,
    /// Disk contents copied, in MiB.
    pub copied_mib: u64,
    /// Precopies of a warm migration.
    pub precopies: Option<u32>,
    /// How long the VM was down in a warm migration, in milliseconds.
    pub downtime_ms: Option<u64>,
}

impl std::fmt::Display for Measure {
    /// `rhel8: 16384 MiB copied, 3 precopies, down for 41 s`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {} MiB copied", self.vm, self.copied_mib)?;
        if let Some(count) = self.precopies {
            let word = if count == 1 { "precopy" } else { "precopies" };
            write!(out, ", {count} {word}")?;
        }
        self.downtime_ms.map_or(Ok(()), |took_ms| write!(out, ", down for {}", duration_text(took_ms)))
    }
}

/// One test, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestRecord {
    /// Its name.
    pub name: String,
    /// Its description; empty until it started.
    pub description: String,
    /// When it started, in milliseconds since the run began; `None` until then.
    pub started_ms: Option<u64>,
    /// How long it took, in milliseconds, and how it ended; `None` until then.
    pub finished: Option<(u64, Outcome)>,
    /// Its steps, in the order they began.
    pub steps: Vec<StepRecord>,
    /// The checks that were judged.
    pub checks: Vec<CheckReport>,
    /// The last seen progress of each VM.
    pub vms: BTreeMap<String, VmProgress>,
    /// The VM whose progress came last.
    pub latest_vm: Option<String>,
    /// What the migration of each VM took.
    pub measures: Vec<Measure>,
    /// Notes.
    pub notes: Vec<String>,
}

impl TestRecord {
    /// The step that runs now.
    pub fn running_step(&self) -> Option<StepName> {
        self.steps.iter().rev().find(|step| step.finished.is_none()).map(|step| step.step)
    }

    /// The first step that failed, broke or was interrupted.
    pub fn failed_step(&self) -> Option<(StepName, &Outcome)> {
        self.steps.iter().find_map(|step| match &step.finished {
            Some((_, outcome @ (Outcome::Failed { .. } | Outcome::Broken { .. } | Outcome::Cancelled))) => {
                Some((step.step, outcome))
            }
            Some((_, Outcome::Passed | Outcome::Skipped { .. })) | None => None,
        })
    }

    /// Checks that fail the test: failed and inconclusive ones.
    pub fn failing_checks(&self) -> impl Iterator<Item = &CheckReport> {
        self.checks
            .iter()
            .filter(|report| matches!(report.verdict, Verdict::Failed { .. } | Verdict::Inconclusive { .. }))
    }

    /// The source provider in the name (`cold/sanity@NAME`), when the run has several.
    pub fn provider(&self) -> Option<&str> {
        self.name.split_once('@').map(|(_, provider)| provider)
    }

    fn see(&mut self, elapsed_ms: u64, event: &Event) {
        match event {
            Event::ScenarioStarted { description, .. } => {
                self.description.clone_from(description);
                self.started_ms = Some(elapsed_ms);
            }
            Event::StepStarted { step, .. } => self.steps.push(StepRecord { step: *step, finished: None }),
            Event::StepFinished { step, took_ms, outcome, .. } => {
                let finished = Some((*took_ms, outcome.clone()));
                match self.steps.iter_mut().rev().find(|known| known.step == *step && known.finished.is_none()) {
                    Some(known) => known.finished = finished,
                    // A skipped step never starts.
                    None => self.steps.push(StepRecord { step: *step, finished }),
                }
            }
            Event::MigrationProgressed { vm, step, phase, completed, total, .. } => {
                let progress =
                    VmProgress { step: step.clone(), phase: phase.clone(), completed: *completed, total: *total };
                self.vms.insert(vm.clone(), progress);
                self.latest_vm = Some(vm.clone());
            }
            Event::MigrationMeasured { vm, copied_mib, precopies, downtime_ms, .. } => {
                self.measures.push(Measure {
                    vm: vm.clone(),
                    copied_mib: *copied_mib,
                    precopies: *precopies,
                    downtime_ms: *downtime_ms,
                });
            }
            Event::CheckJudged { report, .. } => self.checks.push(report.clone()),
            Event::Noted { note, .. } => self.notes.push(note.clone()),
            Event::ScenarioFinished { took_ms, outcome, .. } => self.finished = Some((*took_ms, outcome.clone())),
            Event::RunStarted { .. }
            | Event::EnvironmentKnown { .. }
            | Event::FixtureReady { .. }
            | Event::Made { .. }
            | Event::Removed { .. }
            | Event::LeftBehind { .. }
            | Event::RunFinished { .. } => {}
        }
    }
}

/// A run, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunRecord {
    /// Session id.
    pub session: String,
    /// Seed.
    pub seed: u64,
    /// Version of the program that ran it.
    pub version: String,
    /// Wall-clock start, RFC 3339.
    pub started: String,
    /// The environment, once known.
    pub environment: Option<Environment>,
    /// Tests, in the order of the selection.
    pub tests: Vec<TestRecord>,
    /// What was left behind.
    pub leftovers: Vec<Leftover>,
    /// Notes of no test.
    pub notes: Vec<String>,
    /// How long the run took, in milliseconds, and its counts; `None` until it ended.
    pub finished: Option<(u64, Summary)>,
    /// Time of the last event, in milliseconds since the run began.
    pub elapsed_ms: u64,
}

impl RunRecord {
    /// The record of a stored run.
    pub fn of<'a>(events: impl IntoIterator<Item = &'a Stamped>) -> Self {
        let mut run = Self::default();
        for event in events {
            run.see(event);
        }
        run
    }

    /// Adds the next event.
    pub fn see(&mut self, stamped: &Stamped) {
        self.elapsed_ms = self.elapsed_ms.max(stamped.elapsed_ms);
        match &stamped.event {
            Event::RunStarted { session, seed, version, started, tests } => {
                self.session.clone_from(session);
                self.seed = *seed;
                self.version.clone_from(version);
                self.started.clone_from(started);
                for name in tests {
                    self.test_mut(name);
                }
            }
            Event::EnvironmentKnown { cluster, mtv, openshift, storage_class } => {
                self.environment = Some(Environment {
                    cluster: cluster.clone(),
                    mtv: mtv.clone(),
                    openshift: openshift.clone(),
                    storage_class: storage_class.clone(),
                });
            }
            Event::LeftBehind { leftover } => self.leftovers.push(leftover.clone()),
            Event::RunFinished { took_ms, summary } => self.finished = Some((*took_ms, *summary)),
            event => match (test_of(event), event) {
                (Some(test), _) => self.test_mut(test).see(stamped.elapsed_ms, event),
                (None, Event::Noted { note, .. }) => self.notes.push(note.clone()),
                (None, _) => {}
            },
        }
    }

    /// The test of that name.
    pub fn test(&self, name: &str) -> Option<&TestRecord> {
        self.tests.iter().find(|test| test.name == name)
    }

    /// The counts: those the run ended with, else those of what is known so far.
    pub fn summary(&self) -> Summary {
        if let Some((_, summary)) = self.finished {
            return summary;
        }
        let mut summary = Summary::default();
        for (_, outcome) in self.tests.iter().filter_map(|test| test.finished.as_ref()) {
            summary.count(outcome);
        }
        summary.leftovers = u32::try_from(self.leftovers.len()).unwrap_or(u32::MAX);
        summary
    }

    /// How long the run took, or has taken so far, in milliseconds.
    pub fn took_ms(&self) -> u64 {
        self.finished.map_or(self.elapsed_ms, |(took_ms, _)| took_ms)
    }

    fn test_mut(&mut self, name: &str) -> &mut TestRecord {
        let index = self.tests.iter().position(|test| test.name == name).unwrap_or_else(|| {
            self.tests.push(TestRecord { name: name.to_owned(), ..TestRecord::default() });
            self.tests.len() - 1
        });
        &mut self.tests[index]
    }
}

/// The test that an event is about.
pub(super) fn test_of(event: &Event) -> Option<&str> {
    match event {
        Event::ScenarioStarted { test, .. }
        | Event::StepStarted { test, .. }
        | Event::StepFinished { test, .. }
        | Event::MigrationProgressed { test, .. }
        | Event::MigrationMeasured { test, .. }
        | Event::CheckJudged { test, .. }
        | Event::ScenarioFinished { test, .. } => Some(test),
        Event::Made { test, .. } | Event::Removed { test, .. } | Event::Noted { test, .. } => test.as_deref(),
        Event::LeftBehind { leftover } => leftover.test.as_deref(),
        Event::RunStarted { .. }
        | Event::EnvironmentKnown { .. }
        | Event::FixtureReady { .. }
        | Event::RunFinished { .. } => None,
    }
}
