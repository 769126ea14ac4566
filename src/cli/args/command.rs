//! The program and its commands.

use super::{
    CleanArgs, CompletionsArgs, LabArgs, LabVirtctlArgs, ListArgs, ManArgs, PlanArgs, ReportArgs, RunArgs, SchemaArgs,
};
use clap::{Args, Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  mtvtest run --lab                       every scenario on the embedded lab: no cluster, no credentials
  mtvtest list --tag tier0                what a tag selects
  mtvtest plan --filter warm/sanity       what a run would set up, touching nothing
  mtvtest run --source-provider vsphere-8 --storage-class ocs-storagecluster-ceph-rbd --tag tier0
  mtvtest clean .data-collector/latest    remove what a killed run left behind

Exit codes:
  0  all passed                           4  passed, but something was left behind
  1  a scenario failed                    5  failed, and something was left behind
  2  usage, scenario or settings error    6  internal error
  3  environment not ready                130, 131  interrupted: cleaned, not cleaned";

/// Runs declarative VM-migration scenarios against MTV / Forklift on OpenShift Virtualization.
///
/// Each scenario migrates VMs from a source provider, proves that every migrated VM is right, explains what is not, and
/// leaves nothing behind, on the cluster or on the source. With --lab everything runs against a simulated world inside
/// the program.
#[derive(Debug, Parser)]
#[command(name = "mtvtest", version, propagate_version = true, arg_required_else_help = true)]
#[command(after_long_help = EXAMPLES, after_help = "Exit codes and examples: mtvtest --help")]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
}

/// Options of every command.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct GlobalArgs {
    /// When to colour the output.
    ///
    /// With `auto`, only on a terminal and unless NO_COLOR is set.
    #[arg(long = "color", global = true, value_enum, value_name = "WHEN", default_value_t = ColourChoice::Auto)]
    pub colour: ColourChoice,
    /// How much of the log goes to standard error.
    ///
    /// A run's own log file always holds `debug` and above.
    #[arg(long, global = true, value_enum, value_name = "LEVEL", default_value_t = LogLevel::Warn)]
    pub log_level: LogLevel,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColourChoice {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What went wrong.
    Error,
    /// And what looks wrong.
    #[default]
    Warn,
    /// And what is done.
    Info,
    /// And how.
    Debug,
    /// And every request.
    Trace,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the scenarios that a selection picks.
    ///
    /// Loads and validates the scenario files, expands matrices, selects and prints. Needs no cluster and no providers
    /// file; every fault of every file is reported with its file and line.
    #[command(after_long_help = "\
Examples:
  mtvtest list                            a table: name, tags, description
  mtvtest list --filter warm --format json
  mtvtest list --format terse             `name: test` lines, as Rust's test runners expect them
  mtvtest list --scenarios ./mine         check and list your own scenario files")]
    List(ListArgs),
    /// Show what a run would set up, in order, with the manifests; touches nothing.
    #[command(after_long_help = "\
Examples:
  mtvtest plan --filter warm/sanity --source-provider vsphere-8 --storage-class nfs
  mtvtest plan --lab --tag copyoffload")]
    Plan(PlanArgs),
    /// Run the selected scenarios.
    ///
    /// Sets up what they need, migrates, judges every migrated VM, removes all of it again, and reports. A test is a
    /// scenario on a source provider. The first interrupt (Ctrl-C, SIGTERM) cancels and cleans up; a second one exits
    /// at once and prints the `clean` command.
    ///
    /// Each run keeps its files in a directory of its own, DATA-COLLECTOR-PATH/SESSION, to which `latest` beside it
    /// points: resources.json (everything it made), events.jsonl, junit.xml, the log, evidence and diagnostics.
    #[command(after_long_help = "\
Examples:
  mtvtest run --lab                                       the whole catalogue on the embedded lab
  mtvtest run --lab=world.yaml --scenarios ./mine         your scenarios in your simulated world
  mtvtest run --source-provider vsphere-8 --storage-class nfs --tag tier0 --junit junit.xml
  mtvtest run --filter copyoffload --set plan_wait_timeout=2h --fail-fast
  mtvtest run --tag tier1 --shard 2/4                     the second of four CI jobs")]
    Run(Box<RunArgs>),
    /// Remove what a run left behind.
    ///
    /// Works from the run's ledger (a run directory, or its resources.json), or from the labels on the cluster alone.
    /// Deletes only what carries the session's label or UID; repeating it does no harm.
    #[command(after_long_help = "\
Examples:
  mtvtest clean .data-collector/latest
  mtvtest clean --session auto-k3x9 --source-provider vsphere-8      when the run's files are lost")]
    Clean(CleanArgs),
    /// Render a stored run again.
    #[command(after_long_help = "\
Examples:
  mtvtest report                                          the latest run, as it was shown
  mtvtest report .data-collector/auto-k3x9 --format junit --output junit.xml
  mtvtest report .data-collector/auto-k3x9 --format json | jq .summary")]
    Report(ReportArgs),
    /// Serve the embedded lab for any client, until interrupted.
    ///
    /// The lab is a simulated world: a Kubernetes API server with Forklift, CDI and KubeVirt controllers, the inventory
    /// service, OAuth login and vSphere. It writes a kubeconfig, a providers.json and its CA, so that kubectl, other
    /// clients and `mtvtest run` itself can use it over TLS.
    #[command(after_long_help = "\
Examples:
  mtvtest lab                                             write to ./lab and serve on free ports
  mtvtest lab --dir /tmp/lab --kubernetes 127.0.0.1:6443 --speed 60
  kubectl --kubeconfig lab/kubeconfig get plans -A        (in another terminal)
  mtvtest lab faults                                      what the product may do wrong, and which check finds it
  mtvtest lab --fault lost-core                           a product that does it")]
    Lab(LabArgs),
    /// Print a JSON Schema: for completion and checks in an editor.
    #[command(after_long_help = "\
Examples:
  mtvtest schema scenario > scenario.schema.json
  (in a scenario file)  # yaml-language-server: $schema=scenario.schema.json")]
    Schema(SchemaArgs),
    /// Print a shell's completion script.
    #[command(after_long_help = "\
Examples:
  source <(mtvtest completions bash)
  mtvtest completions zsh > ~/.zfunc/_mtvtest")]
    Completions(CompletionsArgs),
    /// Print the manual page, or write the pages of all commands.
    #[command(after_long_help = "\
Examples:
  mtvtest man | man -l -
  mtvtest man --dir ./man")]
    Man(ManArgs),
    /// The virtctl of a served lab: what the archives that it offers for download call. Not for people, not for clusters.
    #[command(hide = true)]
    LabVirtctl(LabVirtctlArgs),
}
