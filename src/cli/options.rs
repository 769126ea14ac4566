//! What the arguments mean together: settings resolved, scenarios loaded, tests selected.

use super::CliError;
use super::args::{EnvironmentArgs, ListFormat, RunArgs, SelectionArgs};
use crate::config::{Environment, Settings, SettingsLayer};
use crate::lab::world::{SourceSpec, WorldSpec};
use crate::scenario::{Catalogue, Selection, Test, tests};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A run, resolved from arguments, environment and files. Nothing was touched yet.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The settings, each with its origin.
    pub settings: Settings,
    /// The lab's world, when the lab is used.
    pub world: Option<WorldSpec>,
    /// The source providers to run on, in order.
    pub providers: Vec<String>,
    /// The selected tests.
    pub tests: SelectedTests,
    /// Another place for the JUnit file.
    pub junit: Option<PathBuf>,
    /// How many failures end the run early.
    pub failures_max: Option<usize>,
    /// After how long the run interrupts itself.
    pub timeout: Option<Duration>,
    /// Whether live lines are wanted.
    pub progress: bool,
    /// Form of the results on standard output.
    pub format: ListFormat,
}

/// Tests, in order.
pub type SelectedTests = Vec<Test>;

impl RunOptions {
    /// Resolves the arguments of `run`.
    ///
    /// # Errors
    /// Settings, scenario files, the world's file or the selection are wrong.
    pub fn resolve(args: &RunArgs, env: &dyn Environment) -> Result<Self, CliError> {
        let settings = args.settings(env)?;
        let world = args.environment.world()?;
        let providers = provider_names(&settings, world.as_ref());
        let mut tests = select_tests(&args.all_selection(), &providers)?;
        if args.harness.ignored {
            // No test of this program is an ignored one.
            tests.clear();
        }
        Ok(Self {
            settings,
            world,
            providers,
            tests,
            junit: args.junit.clone(),
            failures_max: args.failures_max(),
            timeout: args.timeout,
            progress: !args.no_progress,
            format: args.harness.format,
        })
    }
}

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

impl super::args::PlanArgs {
    /// The settings with this command's options over all else.
    ///
    /// # Errors
    /// Faults of all layers, at once.
    pub fn settings(&self, env: &dyn Environment) -> Result<Settings, CliError> {
        self.environment.gather(env, give(self.environment.layer(), "--seed", "seed", self.seed))
    }
}

impl EnvironmentArgs {
    /// The settings with these options over all else.
    ///
    /// # Errors
    /// Faults of all layers, at once.
    pub fn settings(&self, env: &dyn Environment) -> Result<Settings, CliError> {
        self.gather(env, self.layer())
    }

    /// The lab's world, when `--lab` was given.
    ///
    /// # Errors
    /// The file cannot be read or is no world.
    pub fn world(&self) -> Result<Option<WorldSpec>, CliError> {
        Ok(match &self.lab {
            None => None,
            Some(None) => Some(WorldSpec::embedded()?),
            Some(Some(path)) => Some(WorldSpec::load(path)?),
        })
    }

    fn layer(&self) -> SettingsLayer {
        let layer = SettingsLayer::default().flag_list("--source-provider", "source_provider", &self.source_providers);
        let layer = give(layer, "--storage-class", "storage_class", self.storage_class.as_ref());
        give(layer, "--providers", "providers", self.providers.as_deref().map(shown))
    }

    fn gather(&self, env: &dyn Environment, flags: SettingsLayer) -> Result<Settings, CliError> {
        Ok(Settings::gather(self.config.as_deref(), env, &self.set, flags)?)
    }
}

/// The source providers that tests run on: those of the settings; on the lab, if they name none, all of its world.
pub fn provider_names(settings: &Settings, world: Option<&WorldSpec>) -> Vec<String> {
    if !settings.source_providers.is_empty() {
        return settings.source_providers.clone();
    }
    let sources = world.map(|world| world.sources.as_slice()).unwrap_or_default();
    sources.iter().map(source_name).collect()
}

fn source_name(source: &SourceSpec) -> String {
    let SourceSpec::Vsphere { name, .. } = source;
    name.clone()
}

/// Loads the scenario files and selects: what list, plan and run have in common.
///
/// # Errors
/// A scenario file is wrong, or nothing matches.
pub fn select_tests(args: &SelectionArgs, providers: &[String]) -> Result<SelectedTests, CliError> {
    let catalogue = match &args.scenarios {
        Some(directory) => Catalogue::load(directory)?,
        None => Catalogue::embedded()?,
    };
    let all = tests(&catalogue, providers);
    let selection = Selection {
        filters: args.filters.clone(),
        tags: args.tags.clone(),
        skips: args.skips.clone(),
        exact: args.exact,
        shard: args.shard,
    };
    Ok(selection.select(&all)?.into_iter().cloned().collect())
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
    fn a_whole_run_resolves() {
        let folder = tempfile::tempdir().unwrap();
        let scenario = "description: One.\nvirtual_machines:\n  - {name: rhel8}\nwarm_migration: false\n";
        std::fs::write(folder.path().join("one.yaml"), scenario).unwrap();
        let line = format!("--lab --scenarios {} --source-provider a --source-provider b", folder.path().display());
        let options = RunOptions::resolve(&run(&line), &MapEnvironment::of([])).unwrap();
        let names = |options: &RunOptions| options.tests.iter().map(|test| test.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&options), ["one@a", "one@b"]);
        let ignored = RunOptions::resolve(&run(&format!("{line} --ignored")), &MapEnvironment::of([])).unwrap();
        assert!(names(&ignored).is_empty());
        let exact = RunOptions::resolve(&run(&format!("{line} --exact one@b")), &MapEnvironment::of([])).unwrap();
        assert_eq!(names(&exact), ["one@b"]);
    }
}
