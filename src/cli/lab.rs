//! `lab`: serves the embedded lab until interrupted.

use super::args::{GlobalArgs, LabArgs};
use super::{CliError, ExitCode};

/// `mtvtest lab`.
pub(super) fn lab(_args: LabArgs, _global: GlobalArgs) -> Result<ExitCode, CliError> {
    Err(CliError::Usage("this build has no served lab; build from a branch that has one".into()))
}
