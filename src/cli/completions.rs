//! `completions`: a shell's completion script.

use super::args::{Cli, CompletionsArgs};
use super::{CliError, ExitCode, output};
use clap::CommandFactory;

/// `mtvtest completions`.
pub(super) fn completions(args: CompletionsArgs) -> Result<ExitCode, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "mtvtest", &mut script);
    output::print(&String::from_utf8_lossy(&script)).map_err(CliError::stdout)?;
    Ok(ExitCode::Success)
}
