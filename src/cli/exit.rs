//! Exit codes: the whole list, what each means, and which one a run or an error ends with.

use crate::event::Summary;
use std::fmt::Write;

/// How the program ends. `docs/exit-codes.md` is generated from this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExitCode {
    /// Everything that was asked for was done; every scenario that ran passed.
    Success,
    /// A scenario failed, broke or was not run to its end; nothing was left behind.
    Failed,
    /// The command line, a scenario file, the providers file or the settings are wrong.
    Usage,
    /// The environment is not ready.
    NotReady,
    /// Every scenario passed, but something could not be removed.
    LeftBehind,
    /// A scenario failed, and something could not be removed.
    FailedAndLeftBehind,
    /// The program itself failed.
    Internal,
    /// Interrupted, and everything was removed.
    Interrupted,
    /// Interrupted, and something was left behind.
    InterruptedAndLeftBehind,
}

impl ExitCode {
    /// Every code, by number.
    pub const ALL: [Self; 9] = [
        Self::Success,
        Self::Failed,
        Self::Usage,
        Self::NotReady,
        Self::LeftBehind,
        Self::FailedAndLeftBehind,
        Self::Internal,
        Self::Interrupted,
        Self::InterruptedAndLeftBehind,
    ];

    /// The number.
    pub fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotReady => 3,
            Self::LeftBehind => 4,
            Self::FailedAndLeftBehind => 5,
            Self::Internal => 6,
            Self::Interrupted => 130,
            Self::InterruptedAndLeftBehind => 131,
        }
    }

    /// What it means, and what to do.
    pub fn meaning(self) -> (&'static str, &'static str) {
        match self {
            Self::Success => (
                "Everything was done. Of a run: every scenario that ran passed and nothing is left; skipped scenarios \
                 do not change it.",
                "Nothing.",
            ),
            Self::Failed => (
                "A scenario failed, broke, or was not run to its end. Nothing is left behind.",
                "Read the failure on the terminal or in `junit.xml`; the run directory has the rest.",
            ),
            Self::Usage => (
                "The command line, a scenario file, the providers file or the settings are wrong, or nothing matches \
                 the selection. Nothing was touched.",
                "Correct what the message names.",
            ),
            Self::NotReady => (
                "The environment is not ready: cluster, source provider, rights or storage class. Nothing was created.",
                "Correct what the message names.",
            ),
            Self::LeftBehind => (
                "Every scenario passed, but something could not be removed.",
                "Run the `mtvtest clean` command that was printed.",
            ),
            Self::FailedAndLeftBehind => ("A scenario failed, and something could not be removed.", "As for 1 and 4."),
            Self::Internal => (
                "The program itself failed: it could not write its files, or it has a defect.",
                "Read the message and the log; run `mtvtest clean` on the run directory if there is one.",
            ),
            Self::Interrupted => ("Interrupted by a signal or by `--timeout`; everything was removed.", "Nothing."),
            Self::InterruptedAndLeftBehind => (
                "Interrupted, and something is left behind: a second signal came, or it could not be removed.",
                "Run the `mtvtest clean` command that was printed.",
            ),
        }
    }

    /// How a run with these counts ends.
    pub fn of_run(summary: &Summary, interrupted: bool) -> Self {
        let left = summary.leftovers > 0;
        let failed = summary.failed + summary.broken + summary.cancelled > 0;
        match (interrupted, failed, left) {
            (true, _, false) => Self::Interrupted,
            (true, _, true) => Self::InterruptedAndLeftBehind,
            (false, false, false) => Self::Success,
            (false, true, false) => Self::Failed,
            (false, false, true) => Self::LeftBehind,
            (false, true, true) => Self::FailedAndLeftBehind,
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        code.number().into()
    }
}

/// The text of `docs/exit-codes.md`.
pub fn exit_codes_page() -> String {
    let mut page = String::from(
        "# Exit codes\n\n\
         <!-- Generated from src/cli/exit.rs: cargo test --lib -- --ignored write_exit_codes_page -->\n\n\
         | code | meaning | what to do |\n|---|---|---|\n",
    );
    for code in ExitCode::ALL {
        let (meaning, remedy) = code.meaning();
        writeln!(page, "| {} | {meaning} | {remedy} |", code.number()).ok();
    }
    page.push_str(
        "\nA broken scenario (the harness or the environment failed in it, not the product) counts as a failed one \
         here; reports keep the two apart.\n",
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn page_path() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/exit-codes.md")
    }

    #[test]
    fn codes_are_those_of_the_contract() {
        let numbers: Vec<u8> = ExitCode::ALL.iter().map(|code| code.number()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 130, 131]);
    }

    #[test]
    fn a_run_ends_with_the_worst_that_happened() {
        let count = |failed, broken, cancelled, leftovers| Summary {
            passed: 1,
            skipped: 1,
            failed,
            broken,
            cancelled,
            leftovers,
            ..Summary::default()
        };
        for (summary, interrupted, number) in [
            (Summary::default(), false, 0),
            (count(0, 0, 0, 0), false, 0),
            (count(1, 0, 0, 0), false, 1),
            (count(0, 1, 0, 0), false, 1),
            (count(0, 0, 1, 0), false, 1),
            (count(0, 0, 0, 2), false, 4),
            (count(1, 0, 0, 2), false, 5),
            (count(0, 1, 0, 2), false, 5),
            (count(1, 0, 1, 0), true, 130),
            (count(0, 0, 1, 1), true, 131),
        ] {
            assert_eq!(ExitCode::of_run(&summary, interrupted).number(), number, "{summary:?} {interrupted}");
        }
    }

    #[test]
    fn the_page_is_up_to_date() {
        assert_eq!(std::fs::read_to_string(page_path()).unwrap(), exit_codes_page());
    }

    #[test]
    #[ignore = "writes docs/exit-codes.md"]
    fn write_exit_codes_page() {
        std::fs::write(page_path(), exit_codes_page()).unwrap();
    }
}
