//! The tests as libtest-mimic trials: the outer adapter, never the core.
//!
//! libtest-mimic runs closures on plain threads, captures nothing and knows few outcomes (cluster-api.md section 7); the
//! engine does the work on the runtime, and this module keeps the counts.

use super::args::ListFormat;
use super::error::CliError;
use crate::engine::{Session, run_test};
use crate::event::{Event, Outcome, Summary};
use crate::scenario::Test;
use libtest_mimic::{Arguments, Completion, Failed, FormatSetting, Trial};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;

/// What trials need.
pub(super) struct Harness {
    pub(super) runtime: Handle,
    pub(super) session: Arc<Session>,
    /// Begin no further test once so many failed.
    pub(super) failures_max: Option<usize>,
    pub(super) parallel: usize,
    pub(super) format: ListFormat,
    /// Where libtest-mimic writes instead of standard output: live lines share the terminal with nobody.
    pub(super) results: Option<PathBuf>,
}

impl Harness {
    /// Runs all tests and gives the session back with the counts.
    pub(super) fn run(
        self,
        tests: Vec<Test>,
        skipped: BTreeMap<String, String>,
    ) -> Result<(Session, Summary), CliError> {
        let summary = Arc::new(Mutex::new(Summary::default()));
        let arguments = Arguments {
            test_threads: Some(self.parallel.clamp(1, tests.len().max(1))),
            format: Some(match self.format {
                ListFormat::Pretty => FormatSetting::Pretty,
                ListFormat::Terse => FormatSetting::Terse,
                ListFormat::Json => FormatSetting::Json,
            }),
            logfile: self.results.as_ref().map(|path| path.display().to_string()),
            ..Arguments::default()
        };
        let mut skipped = skipped;
        let trials = tests
            .into_iter()
            .map(|test| {
                let known = skipped.remove(&test.name);
                self.trial(test, known, &summary)
            })
            .collect();
        let conclusion = libtest_mimic::run(&arguments, trials);
        tracing::debug!("{} passed, {} failed by the harness", conclusion.num_passed, conclusion.num_failed);
        let counted = *summary.lock().unwrap_or_else(PoisonError::into_inner);
        let session = Arc::into_inner(self.session).ok_or_else(|| CliError::internal("a test outlived the run"))?;
        Ok((session, counted))
    }

    fn trial(&self, test: Test, known: Option<String>, summary: &Arc<Mutex<Summary>>) -> Trial {
        let (session, runtime) = (self.session.clone(), self.runtime.clone());
        let (summary, failures_max) = (summary.clone(), self.failures_max);
        Trial::ignorable_test(test.name.clone(), move || {
            let failed = summary.lock().unwrap_or_else(PoisonError::into_inner).failures();
            let too_many = failures_max.filter(|max| failed >= *max);
            let stopped = too_many.map(|max| format!("not begun: {max} failed before (--fail-fast, --max-failures)"));
            let outcome = match known.or(stopped) {
                Some(reason) => skip(&session, &test, reason),
                None => runtime.block_on(Box::pin(run_test(&session, &test))),
            };
            summary.lock().unwrap_or_else(PoisonError::into_inner).count(&outcome);
            completion(outcome)
        })
    }
}

/// Every skip is an event, with its reason.
fn skip(session: &Session, test: &Test, reason: String) -> Outcome {
    let outcome = Outcome::Skipped { reason };
    session.parts().emit(Event::ScenarioFinished { test: test.name.clone(), took_ms: 0, outcome: outcome.clone() });
    outcome
}

fn completion(outcome: Outcome) -> Result<Completion, Failed> {
    match outcome {
        Outcome::Passed => Ok(Completion::Completed),
        Outcome::Skipped { reason } => Ok(Completion::ignored_with(reason)),
        Outcome::Failed { reason } => Err(Failed::from(reason)),
        Outcome::Broken { reason } => {
            Err(Failed::from(format!("broken (nothing is said about the product): {reason}")))
        }
        Outcome::Cancelled => Ok(Completion::ignored_with("interrupted")),
    }
}
