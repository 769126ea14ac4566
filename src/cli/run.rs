//! `run`.

use super::args::{GlobalArgs, RunArgs};
use super::{CliError, ExitCode};
use crate::config::Environment;

/// `mtvtest run`.
pub(super) fn run(_args: &RunArgs, _global: GlobalArgs, _environment: &dyn Environment) -> Result<ExitCode, CliError> {
    Err(CliError::internal("this build has no engine; build from a branch that has one"))
}
