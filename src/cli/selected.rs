//! Which of the selected tests can run, and what they need of the sources.

use super::args::SelectionArgs;
use super::error::CliError;
use super::options::select_tests;
use super::surroundings::Surroundings;
use crate::check::CHECKS;
use crate::engine::{Environment, NeededSource, skip_reason, unsupported_keys};
use crate::scenario::Test;
use std::collections::{BTreeMap, BTreeSet};

/// The selected tests. Keys that this version does not run, and checks that it does not know, are refused here.
pub(super) fn runnable_tests(args: &SelectionArgs, providers: &[String]) -> Result<Vec<Test>, CliError> {
    let tests = select_tests(args, providers)?;
    let known: Vec<&str> = CHECKS.iter().map(|check| check.key).collect();
    let mut seen = BTreeSet::new();
    let mut refusals = Vec::new();
    for test in &tests {
        if seen.insert(&test.scenario.name) {
            refusals.extend(unsupported_keys(&test.scenario).into_iter().map(|refusal| refusal.message));
            refusals.extend(test.scenario.unknown_checks(&known).iter().map(ToString::to_string));
        }
    }
    if refusals.is_empty() { Ok(tests) } else { Err(CliError::usage(refusals.join("\n"))) }
}

/// For each test that cannot run on its provider, why.
pub(super) fn skips(
    tests: &[Test],
    around: &Surroundings,
    environment: Option<&Environment>,
) -> BTreeMap<String, String> {
    let reason = |test: &Test| {
        let entry = around.providers.get(test.provider.as_deref()?).ok()?;
        let reason = skip_reason(&test.scenario, entry, &around.settings, environment)?;
        Some((test.name.clone(), reason))
    };
    tests.iter().filter_map(reason).collect()
}

/// What the tests that will run need of each source.
pub(super) fn needed<'a>(
    tests: &'a [Test],
    skipped: &BTreeMap<String, String>,
    around: &'a Surroundings,
) -> Vec<NeededSource<'a>> {
    let mut by_provider: BTreeMap<&str, NeededSource<'a>> = BTreeMap::new();
    for test in tests.iter().filter(|test| !skipped.contains_key(&test.name)) {
        let provider = test.provider.as_deref().unwrap_or_default();
        let Ok(entry) = around.providers.get(provider) else { continue };
        let needed = by_provider.entry(provider).or_insert_with(|| NeededSource::of(entry));
        needed.add(test);
    }
    by_provider.into_values().collect()
}
