//! list, report, schema, completions and man.

use super::SelectionArgs;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Form of tests and results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ListFormat {
    /// For people.
    #[default]
    Pretty,
    /// As short as it gets.
    Terse,
    /// For programs.
    Json,
}

/// Options of `list`.
#[derive(Debug, Clone, Default, Args)]
pub struct ListArgs {
    /// Which scenarios.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Source providers the names are for: with several, names are SCENARIO@PROVIDER (repeatable).
    #[arg(long = "source-provider", value_name = "NAME")]
    pub source_providers: Vec<String>,
    /// Form of the list: pretty (a table), terse (`name: test` lines), json (an array of objects).
    #[arg(long, value_enum, value_name = "FORM", default_value_t = ListFormat::Pretty)]
    pub format: ListFormat,
}

/// Options of `report`.
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// A run directory, or its events.jsonl.
    #[arg(value_name = "RUN", default_value = ".data-collector/latest")]
    pub run: PathBuf,
    /// Form of the report.
    #[arg(long, value_enum, value_name = "FORM", default_value_t = ReportFormat::Terminal)]
    pub format: ReportFormat,
    /// Write to FILE instead of standard output.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people, as the run showed it.
    Terminal,
    /// JUnit XML, for CI.
    Junit,
    /// One JSON object: the run, its tests, checks and leftovers.
    Json,
}

/// Options of `schema`.
#[derive(Debug, Clone, Copy, Args)]
pub struct SchemaArgs {
    /// Of which file.
    #[arg(value_enum, value_name = "FILE")]
    pub kind: SchemaKind,
}

/// Files that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    /// A scenario file.
    Scenario,
    /// The providers file.
    Providers,
    /// The settings file.
    Settings,
}

/// Options of `completions`.
#[derive(Debug, Clone, Copy, Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Options of `man`.
#[derive(Debug, Clone, Args)]
pub struct ManArgs {
    /// Write the page of every command to files in DIR (mtvtest.1, mtvtest-run.1, ...).
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}
