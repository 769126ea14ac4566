//! From selection options to the tests of a run.

use super::args::SelectionArgs;
use super::error::CliError;
use crate::check::CHECKS;
use crate::engine::{Environment, NeededSource, unsupported_keys};
use crate::facts::parse_version;
use crate::scenario::{Catalogue, SourceFacts, Test};
use std::collections::{BTreeMap, BTreeSet};

use super::surroundings::Surroundings;

/// The catalogue that the options name.
pub(super) fn catalogue(args: &SelectionArgs) -> Result<Catalogue, CliError> {
    Ok(match &args.scenarios {
        Some(directory) => Catalogue::load(directory)?,
        None => Catalogue::embedded()?,
    })
}

/// The selected tests. Keys that this version does not run, and checks that it does not know, are refused here.
pub(super) fn tests(args: &SelectionArgs, providers: &[String]) -> Result<Vec<Test>, CliError> {
    let catalogue = catalogue(args)?;
    let tests = args.selection().select(&catalogue, providers)?;
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
pub(super) fn skips(tests: &[Test], around: &Surroundings, environment: Option<&Environment>) -> BTreeMap<String, String> {
    let mtv = environment.and_then(|known| parse_version(known.mtv.as_deref()?).ok());
    let openshift = environment.and_then(|known| parse_version(known.openshift.as_deref()?).ok());
    let reason = |test: &Test| {
        let entry = around.providers.get(&test.provider).ok()?;
        let facts = SourceFacts::of(entry, &around.settings, mtv.as_ref(), openshift.as_ref());
        Some((test.name.clone(), test.scenario.skip_reason(&facts)?))
    };
    tests.iter().filter_map(reason).collect()
}

/// What the tests that will run need of each source.
pub(super) fn needed<'a>(
    tests: &'a [Test],
    skipped: &BTreeMap<String, String>,
    around: &'a Surroundings,
) -> Vec<NeededSource<'a>> {
    let mut by_provider: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for test in tests.iter().filter(|test| !skipped.contains_key(&test.name)) {
        let vms = test.scenario.plans.iter().flat_map(|named| &named.plan.virtual_machines);
        by_provider.entry(&test.provider).or_default().extend(vms.map(|vm| vm.name.as_str()));
    }
    by_provider
        .into_iter()
        .filter_map(|(name, vms)| Some(NeededSource { entry: around.providers.get(name).ok()?, vms }))
        .collect()
}
