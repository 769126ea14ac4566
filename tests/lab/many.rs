//! Many tests in one session, side by side, as the program runs them.

use crate::course::Course;
use mtvtest::cluster::Cluster;
use mtvtest::engine::{Session, SessionParts, run_test, skip_reason};
use mtvtest::event::{Event, Leftover, Outcome};
use mtvtest::scenario::{Catalogue, Test, tests};
use std::collections::BTreeMap;

/// How a run of many tests went.
pub(crate) struct EndedAll {
    pub(crate) outcomes: BTreeMap<String, Outcome>,
    pub(crate) events: Vec<Event>,
    pub(crate) leftovers: Vec<Leftover>,
}

impl Course {
    /// The tests of a catalogue on every source of the world.
    pub(crate) fn tests_everywhere(&self, catalogue: &Catalogue) -> Vec<Test> {
        let names: Vec<String> = self.providers().iter().map(|entry| entry.name.clone()).collect();
        tests(catalogue, &names)
    }

    /// The tests of a catalogue, on one source.
    pub(crate) fn tests(&self, catalogue: &Catalogue) -> Vec<Test> {
        tests(catalogue, std::slice::from_ref(&self.provider))
    }

    /// A whole run of many tests, side by side as the program runs them; those that cannot run are skipped by the same
    /// rules.
    pub(crate) async fn run_all(&self, cluster: Cluster, tests: &[Test]) -> EndedAll {
        let (parts, collected) = self.parts(cluster).await.unwrap_or_else(|problems| panic!("{problems:?}"));
        let skipped: BTreeMap<String, String> =
            tests.iter().filter_map(|test| Some((test.name.clone(), self.skip_reason(&parts, test)?))).collect();
        let run: Vec<Test> = tests.iter().filter(|test| !skipped.contains_key(&test.name)).cloned().collect();
        let sources = self.sources_of(&parts, &run).await.unwrap_or_else(|problems| panic!("{problems:?}"));
        let session = Session::set_up(parts, sources).await.map_err(|failed| failed.1).unwrap();
        let outcomes =
            futures::future::join_all(run.iter().map(async |test| (test.name.clone(), run_test(&session, test).await)))
                .await;
        let mut outcomes: BTreeMap<String, Outcome> = outcomes.into_iter().collect();
        outcomes.extend(skipped.into_iter().map(|(name, reason)| (name, Outcome::Skipped { reason })));
        let parts = session.close().await;
        let leftovers = parts.tear_down().await.unwrap();
        drop(parts);
        EndedAll { outcomes, events: collected.end().await, leftovers }
    }

    fn skip_reason(&self, parts: &SessionParts, test: &Test) -> Option<String> {
        let entry = parts.providers.get(test.provider.as_deref().unwrap()).unwrap();
        skip_reason(&test.scenario, entry, &self.settings, Some(&parts.environment))
    }
}
