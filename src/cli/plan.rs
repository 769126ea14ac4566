//! `plan`.

use super::args::PlanArgs;
use super::{CliError, ExitCode};
use crate::config::Environment;

/// `mtvtest plan`.
pub(super) fn plan(_args: &PlanArgs, _environment: &dyn Environment) -> Result<ExitCode, CliError> {
    Err(CliError::internal("this build has no engine; build from a branch that has one"))
}
