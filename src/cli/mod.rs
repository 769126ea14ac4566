//! The command line: arguments, exit codes, one file per command.
//!
//! It composes the other parts and owns standard output and standard error. Nothing imports it but the binary.

pub mod args;
mod clean;
mod completions;
mod entry;
mod error;
mod exit;
mod harness;
mod interrupt;
mod lab;
mod lab_faults;
mod lab_virtctl;
mod list;
mod log;
mod man;
mod options;
mod output;
mod plan;
mod report;
mod run;
mod runtime;
mod schema;
mod selected;
mod surroundings;

pub use entry::{main, main_from};
pub use error::CliError;
pub use exit::{ExitCode, exit_codes_page};
use runtime::runtime;
