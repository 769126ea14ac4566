//! What the arguments mean together, as far as it can be told without touching anything: settings, the lab's world, the
//! selected tests.

use super::CliError;
use super::args::{EnvironmentArgs, PlanArgs, RunArgs, SelectionArgs};
use crate::config::{Environment, Settings, SettingsLayer};
use crate::lab::world::WorldSpec;
use crate::scenario::{Catalogue, Test, tests};
use std::num::NonZeroUsize;
use std::path::Path;

impl RunArgs {
    /// The settings with this command's options over all else.
    ///
    /// # Errors
    /// Faults of all layers, at once.
    pub fn settings(&self, env: &dyn Environment) -> Result<Settings, CliError> {
        let path = self.data_collector_path.as_deref().map(shown);
        let threads = self.test_threads.map(NonZeroUsize::get);
        let layer = self.environment.layer();
        let layer = give(layer, "--data-collector-path", "data_collector_path", path);
        let layer = give(layer, "--test-threads", "parallel", threads);
        let layer = give(layer, "--seed", "seed", self.seed);
        let layer = raise(layer, "--skip-data-collector", "skip_data_collector", self.skip_data_collector);
        let layer = raise(layer, "--skip-teardown", "skip_teardown", self.skip_teardown);
        self.environment.gather(env, layer)
    }
}

impl PlanArgs {
    /// The settings with this command's options over all else.
    ///
    /// # Errors
    /// Faults of all layers, at once.
    pub fn settings(&self, env: &dyn Environment) -> Result<Settings, CliError> {
        self.environment.gather(env, give(self.environment.layer(), "--seed", "seed", self.seed))
    }
}

impl EnvironmentArgs {
    /// The lab's world, when `--lab` was given.
    ///
    /// # Errors
    /// The file cannot be read or is no world.
    pub fn world(&self) -> Result<Option<WorldSpec>, CliError> {
        let world = match &self.lab {
            None => None,
            Some(None) => Some(WorldSpec::embedded()?),
            Some(Some(path)) => Some(WorldSpec::load(path)?),
        };
        Ok(world.map(|mut world| {
            world.cluster.mtv = self.lab_mtv.clone().unwrap_or(world.cluster.mtv);
            world.faults.extend(&self.lab_faults);
            world
        }))
    }

    /// The settings with these options over all else.
    ///
    /// # Errors
    /// Faults of all layers, at once.
    pub fn settings(&self, env: &dyn Environment) -> Result<Settings, CliError> {
        self.gather(env, self.layer())
    }

    /// What `mtvtest clean` must be given to reach the same cluster and sources, a word each. No secret comes by these.
    pub(super) fn clean_options(&self) -> Vec<String> {
        let file = |flag: &str, path: Option<&Path>| path.map(|path| [flag.to_owned(), shown(path)]);
        let set = self.set.iter().map(|pair| ["--set".to_owned(), pair.to_string()]);
        let files = [file("--config", self.config.as_deref()), file("--providers", self.providers.as_deref())];
        files.into_iter().flatten().chain(set).flatten().collect()
    }

    fn layer(&self) -> SettingsLayer {
        let layer = SettingsLayer::default().flag_list("--source-provider", "source_provider", &self.source_providers);
        let layer = give(layer, "--storage-class", "storage_class", self.storage_class.as_ref());
        give(layer, "--providers", "providers", self.providers.as_deref().map(shown))
    }

    fn gather(&self, env: &dyn Environment, flags: SettingsLayer) -> Result<Settings, CliError> {
        let pairs: Vec<String> = self.set.iter().map(ToString::to_string).collect();
        Ok(Settings::gather(self.config.as_deref(), env, &pairs, flags)?)
    }
}

/// The source providers that tests run on: those of the settings; on the lab, if they name none, all of its world.
pub(super) fn provider_names(settings: &Settings, world: Option<&WorldSpec>) -> Vec<String> {
    if !settings.source_providers.is_empty() {
        return settings.source_providers.clone();
    }
    let sources = world.map(|world| world.sources.as_slice()).unwrap_or_default();
    sources.iter().map(|source| source.name().to_owned()).collect()
}

/// Loads the scenario files and selects: what list, plan and run have in common.
///
/// # Errors
/// A scenario file is wrong, or nothing matches.
pub(super) fn select_tests(args: &SelectionArgs, providers: &[String]) -> Result<Vec<Test>, CliError> {
    let catalogue = match &args.scenarios {
        Some(directory) => Catalogue::load(directory)?,
        None => Catalogue::embedded()?,
    };
    let all = tests(&catalogue, providers);
    Ok(args.selection().select(&all)?.into_iter().cloned().collect())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

fn give(layer: SettingsLayer, flag: &str, key: &str, value: Option<impl ToString>) -> SettingsLayer {
    match value {
        Some(value) => layer.flag(flag, key, &value.to_string()),
        None => layer,
    }
}

fn raise(layer: SettingsLayer, flag: &str, key: &str, given: bool) -> SettingsLayer {
    if given { layer.flag(flag, key, "true") } else { layer }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::config::MapEnvironment;
    use clap::Parser;

    fn run(line: &str) -> RunArgs {
        match Cli::try_parse_from(["mtvtest", "run"].into_iter().chain(line.split_whitespace())).unwrap().command {
            Command::Run(args) => *args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn options_win_over_the_environment() {
        let env = MapEnvironment::of([("MTVTEST_STORAGE_CLASS", "slow"), ("MTVTEST_PARALLEL", "9")]);
        let settings = run("--storage-class fast --set storage_class=middle --skip-teardown --seed 7").settings(&env);
        let settings = settings.unwrap();
        assert_eq!(settings.storage_class.as_deref(), Some("fast"));
        assert_eq!(settings.origin("storage_class"), Some("--storage-class"));
        assert_eq!((settings.parallel, settings.seed, settings.skip_teardown), (Some(9), Some(7), true));
        assert!(!settings.skip_data_collector);
        let set = run("--set storage_class=middle").settings(&env).unwrap();
        assert_eq!(set.origin("storage_class"), Some("--set"));
    }

    #[test]
    fn the_lab_offers_all_its_sources_unless_some_are_named() {
        let env = MapEnvironment::of([]);
        let names = |line: &str| {
            let args = run(line);
            provider_names(&args.settings(&env).unwrap(), args.environment.world().unwrap().as_ref())
        };
        assert!(names("").is_empty());
        assert!(!names("--lab").is_empty());
        assert_eq!(names("--lab --source-provider b --source-provider a"), ["b", "a"]);
    }

    #[test]
    fn tests_are_named_and_selected() {
        let folder = tempfile::tempdir().unwrap();
        let scenario = "description: One.\nvirtual_machines:\n  - {name: rhel8}\nwarm_migration: false\n";
        std::fs::write(folder.path().join("one.yaml"), scenario).unwrap();
        let names = |line: &str| {
            let args = run(&format!("--scenarios {} {line}", folder.path().display()));
            let tests = select_tests(&args.all_selection(), &args.environment.source_providers);
            tests.unwrap().into_iter().map(|test| test.name).collect::<Vec<_>>()
        };
        assert_eq!(names("--source-provider a"), ["one"]);
        assert_eq!(names("--source-provider a --source-provider b"), ["one@a", "one@b"]);
        assert_eq!(names("--source-provider a --source-provider b --exact one@b"), ["one@b"]);
        assert_eq!(names("--source-provider a --source-provider b --shard 2/2"), ["one@b"]);
    }
}
