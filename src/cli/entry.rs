//! From the command line to an exit code.

use super::args::{Cli, Command};
use super::{CliError, ExitCode, clean, completions, lab, lab_virtctl, list, man, output, plan, report, run, schema};
use crate::config::ProcessEnvironment;
use crate::facts::chain;
use clap::Parser;
use clap::error::ErrorKind;
use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the program on the arguments of the process.
pub fn main() -> std::process::ExitCode {
    main_from(std::env::args_os()).into()
}

/// Runs the program on `arguments`, the first of which is its name. The only place where an exit code is decided for
/// what went wrong outside a run.
pub fn main_from(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(as_run(arguments.into_iter().collect())) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    // The panic hook has told what happened; a defect must not look like a failed scenario.
    let ended = catch_unwind(AssertUnwindSafe(|| dispatch(cli)));
    match ended {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => {
            output::say(&format!("error: {}", chain(&error)));
            error.exit_code()
        }
        Err(_) => ExitCode::Internal,
    }
}

fn dispatch(cli: Cli) -> Result<ExitCode, CliError> {
    let (global, environment) = (cli.global, &ProcessEnvironment);
    match cli.command {
        Command::List(args) => list::list(&args),
        Command::Plan(args) => plan::plan(&args, environment),
        Command::Run(args) if args.harness.list => list::list_of_run(&args, environment),
        Command::Run(args) => run::run(&args, global, environment),
        Command::Clean(args) => clean::clean(&args, environment),
        Command::Report(args) => report::report(&args, global, environment),
        Command::Lab(args) => lab::lab(&args, global, environment),
        Command::Schema(args) => schema::schema(args),
        Command::Completions(args) => completions::completions(args),
        Command::Man(args) => man::man(&args),
        Command::LabVirtctl(args) => lab_virtctl::lab_virtctl(&args, global, environment),
    }
}

/// clap's own answer: help and version are data, the rest is for people.
fn usage(error: &clap::Error) -> ExitCode {
    error.print().ok();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::Success,
        _ => ExitCode::Usage,
    }
}

/// Test tools call a test program without a command: `BIN --list --format terse`, `BIN --exact NAME --nocapture`.
/// Source: cluster-api.md section 7.
fn as_run(mut arguments: Vec<OsString>) -> Vec<OsString> {
    if arguments.get(1).is_some_and(|first| first == "--list" || first == "--exact") {
        arguments.insert(1, "run".into());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(line: &str) -> u8 {
        main_from(line.split(' ').map(OsString::from)).number()
    }

    #[test]
    fn what_goes_wrong_before_a_run_has_its_code() {
        for (line, number) in [
            ("mtvtest --version", 0),
            ("mtvtest help run", 0),
            ("mtvtest list --scenarios does/not/exist", 2),
            ("mtvtest list --filter no-such-scenario-anywhere", 2),
            ("mtvtest --no-such-flag", 2),
            ("mtvtest no-such-command", 2),
            ("mtvtest clean", 2),
            ("mtvtest report does/not/exist", 2),
        ] {
            assert_eq!(code(line), number, "{line}");
        }
    }

    #[test]
    fn calls_of_test_tools_become_run() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(as_run(words("m --list --format terse")), words("m run --list --format terse"));
        assert_eq!(as_run(words("m --exact cold/a --nocapture")), words("m run --exact cold/a --nocapture"));
        assert_eq!(as_run(words("m list --exact")), words("m list --exact"));
        assert_eq!(as_run(words("m")), words("m"));
    }
}
