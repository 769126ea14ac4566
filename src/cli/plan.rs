//! `plan`.

use super::args::PlanArgs;
use super::{ExitCode, output};

/// `mtvtest plan`.
pub fn plan(args: PlanArgs) -> ExitCode {
    drop(args);
    output::say("error: this build has no engine, so it cannot plan; build from a branch that has one");
    ExitCode::Internal
}
