//! `run`.

use super::args::RunArgs;
use super::{ExitCode, output};

/// `mtvtest run`.
pub fn run(args: RunArgs) -> ExitCode {
    drop(args);
    output::say("error: this build has no engine, so it cannot run; build from a branch that has one");
    ExitCode::Internal
}
