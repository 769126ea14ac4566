//! Which of the selected tests can run, and what they need of the sources.

use super::args::SelectionArgs;
use super::error::CliError;
use super::options::select_tests;
use super::surroundings::Surroundings;
use crate::check::CHECKS;
use crate::config::CopyOffload;
use crate::engine::{Environment, NeededSource, unsupported_keys};
use crate::facts::parse_version;
use crate::scenario::{SourceFacts, Test};
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
    let mtv = environment.and_then(|known| parse_version(known.mtv.as_deref()?).ok());
    let openshift = environment.and_then(|known| parse_version(known.openshift.as_deref()?).ok());
    let settings: BTreeSet<String> = (around.settings.table().into_iter())
        .filter(|(_, value, _)| !value.is_empty())
        .map(|(key, ..)| key.to_owned())
        .collect();
    let reason = |test: &Test| {
        let entry = around.providers.get(test.provider.as_deref()?).ok()?;
        let array_mtv = entry.copyoffload().map(|section| section.storage_vendor_product.since());
        let facts = SourceFacts {
            provider_name: &entry.name,
            provider_type: entry.type_name(),
            mtv_version: mtv.as_ref(),
            openshift_version: openshift.as_ref(),
            copyoffload_keys: &entry.copyoffload().map(present).unwrap_or_default(),
            array_mtv: array_mtv.as_ref(),
            provider_keys: &entry.present_keys().into_iter().map(str::to_owned).collect(),
            settings: &settings,
        };
        Some((test.name.clone(), test.scenario.skip_reason(&facts)?))
    };
    tests.iter().filter_map(reason).collect()
}

fn present(section: &CopyOffload) -> BTreeSet<String> {
    section.present_keys().iter().map(|key| (*key).to_owned()).collect()
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
        let provider = test.provider.as_deref().unwrap_or_default();
        by_provider.entry(provider).or_default().extend(vms.map(|vm| vm.name.as_str()));
    }
    by_provider
        .into_iter()
        .filter_map(|(name, vms)| Some(NeededSource { entry: around.providers.get(name).ok()?, vms }))
        .collect()
}
