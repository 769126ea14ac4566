//! `clean`.

use super::args::CleanArgs;
use super::{CliError, ExitCode};
use crate::config::Environment;

/// `mtvtest clean`.
pub(super) fn clean(_args: &CleanArgs, _environment: &dyn Environment) -> Result<ExitCode, CliError> {
    Err(CliError::internal("this build has no engine; build from a branch that has one"))
}
