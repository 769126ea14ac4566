//! `clean`.

use super::args::CleanArgs;
use super::{ExitCode, output};

/// `mtvtest clean`.
pub fn clean(args: CleanArgs) -> ExitCode {
    drop(args);
    output::say("error: this build has no engine, so it cannot clean; build from a branch that has one");
    ExitCode::Internal
}
