//! The command line: arguments, exit codes, one file per command.
//!
//! It composes the other parts and owns standard output and standard error. Nothing imports it but the binary.

pub mod args;
pub mod clean;
mod completions;
mod entry;
mod error;
mod exit;
mod lab;
mod list;
pub mod log;
mod man;
mod options;
pub mod output;
pub mod plan;
mod report;
pub mod run;
mod schema;

pub use entry::{main, main_from};
pub use error::CliError;
pub use exit::{ExitCode, exit_codes_page};
pub use list::test_list;
pub use options::{RunOptions, SelectedTests, provider_names, select_tests};
