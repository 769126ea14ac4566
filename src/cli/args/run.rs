//! plan, run and clean.

use super::{EnvironmentArgs, ListFormat, SelectionArgs};
use crate::config::parse_duration;
use crate::facts::SessionId;
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// Options of `plan`.
#[derive(Debug, Clone, Default, Args)]
pub struct PlanArgs {
    /// Which scenarios.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Against what.
    #[command(flatten)]
    pub environment: EnvironmentArgs,
    /// Seed of every random choice, so that names can be predicted.
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
}

/// Options of `run`.
#[derive(Debug, Clone, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct RunArgs {
    /// Which scenarios.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Against what.
    #[command(flatten)]
    pub environment: EnvironmentArgs,
    /// Base directory of run directories [default: .data-collector].
    #[arg(long, value_name = "DIR", help_heading = "Run")]
    pub data_collector_path: Option<PathBuf>,
    /// Gather no diagnostics when a scenario fails.
    #[arg(long, help_heading = "Run")]
    pub skip_data_collector: bool,
    /// Leave everything as it is at the end, to look at it; `mtvtest clean` removes it later.
    #[arg(long, help_heading = "Run")]
    pub skip_teardown: bool,
    /// Write a JUnit file there too (the run directory always has one).
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    pub junit: Option<PathBuf>,
    /// Begin no further scenario once one failed.
    #[arg(long, help_heading = "Run", conflicts_with = "max_failures")]
    pub fail_fast: bool,
    /// Begin no further scenario once N failed.
    #[arg(long, value_name = "N", help_heading = "Run")]
    pub max_failures: Option<NonZeroUsize>,
    /// Interrupt the run after this time (90m, 1h 30m); it still cleans up.
    #[arg(long, value_name = "TIME", help_heading = "Run", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Seed of every random choice; a run prints its own, to repeat it.
    #[arg(long, value_name = "NUMBER", help_heading = "Run")]
    pub seed: Option<u64>,
    /// How many scenarios run at once [default: 4 on a cluster, many on the lab].
    #[arg(long, value_name = "N", help_heading = "Run")]
    pub test_threads: Option<NonZeroUsize>,
    /// No live lines, even on a terminal.
    #[arg(long, help_heading = "Run")]
    pub no_progress: bool,
    /// What test tools expect.
    #[command(flatten)]
    pub harness: HarnessArgs,
}

/// What tools that drive Rust tests (cargo-nextest, editors) pass to every test program.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Test tools")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct HarnessArgs {
    /// Form of the results on standard output: pretty, terse (a character each), json (an object a line).
    #[arg(long, value_enum, value_name = "FORM", default_value_t = ListFormat::Pretty)]
    pub format: ListFormat,
    /// Only list the tests, as `mtvtest list` does.
    #[arg(long)]
    pub list: bool,
    /// Another filter, for tools that pass it bare.
    #[arg(value_name = "FILTER", hide = true)]
    pub bare_filters: Vec<String>,
    /// Only ignored tests: there are none, so nothing.
    #[arg(long, hide = true)]
    pub ignored: bool,
    /// Ignored tests too: there are none.
    #[arg(long, hide = true, conflicts_with = "ignored")]
    pub include_ignored: bool,
    /// Output is never captured.
    #[arg(long, hide = true)]
    pub nocapture: bool,
    /// Output is never captured.
    #[arg(long, hide = true)]
    pub show_output: bool,
}

impl RunArgs {
    /// The selection with the bare filters.
    pub fn all_selection(&self) -> SelectionArgs {
        let mut selection = self.selection.clone();
        selection.filters.extend(self.harness.bare_filters.iter().cloned());
        selection
    }

    /// How many failures end the run early; `None`: none do.
    pub fn failures_max(&self) -> Option<usize> {
        if self.fail_fast { Some(1) } else { self.max_failures.map(NonZeroUsize::get) }
    }
}

/// Options of `clean`.
#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["run", "session"]))]
pub struct CleanArgs {
    /// A run directory, or its resources.json.
    #[arg(value_name = "RUN")]
    pub run: Option<PathBuf>,
    /// Find what the session left behind by its label on the cluster, and by its name on the source providers.
    #[arg(long, value_name = "ID", value_parser = session)]
    pub session: Option<SessionId>,
    /// Only say what would be removed.
    #[arg(long)]
    pub dry_run: bool,
    /// Against what.
    #[command(flatten)]
    pub environment: EnvironmentArgs,
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|error| error.to_string())
}

fn session(text: &str) -> Result<SessionId, String> {
    SessionId::try_from(text.to_owned()).map_err(|error| error.to_string())
}
