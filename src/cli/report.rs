//! `report`: a stored run, rendered again.

use super::args::{GlobalArgs, ReportArgs, ReportFormat};
use super::{CliError, ExitCode, output};
use crate::config::Environment;
use crate::event::Stamped;
use crate::report::{Console, Paint, Place, RunRecord, Screen, junit_xml, read_events, replay, run_json};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// `mtvtest report`.
pub(super) fn report(
    args: &ReportArgs,
    global: GlobalArgs,
    environment: &dyn Environment,
) -> Result<ExitCode, CliError> {
    let (directory, path) = stored(&args.run);
    let events = read_events(&path)?;
    let run = RunRecord::of(&events);
    let stdout_paint = output::stdout_paint(global.colour, environment);
    match args.format {
        ReportFormat::Terminal => terminal(&events, Place::run(&directory), args.output.as_deref(), stdout_paint)?,
        ReportFormat::Junit => write(&junit_xml(&run).map_err(CliError::stdout)?, args.output.as_deref())?,
        ReportFormat::Json => write(&format!("{:#}\n", run_json(&run)), args.output.as_deref())?,
    }
    Ok(ExitCode::Success)
}

/// The run's directory and its stored events.
fn stored(given: &Path) -> (PathBuf, PathBuf) {
    if given.extension().is_some_and(|ending| ending == "jsonl") {
        (given.parent().unwrap_or(Path::new(".")).to_owned(), given.to_owned())
    } else {
        (given.to_owned(), given.join("events.jsonl"))
    }
}

fn terminal(events: &[Stamped], place: Place, output: Option<&Path>, stdout_paint: Paint) -> Result<(), CliError> {
    let (screen, paint) = match output {
        Some(path) => {
            let file = File::create(path).map_err(|cause| CliError::Write { path: path.to_owned(), cause })?;
            (Screen::plain(file), Paint::PLAIN)
        }
        None => (Screen::plain(io::stdout()), stdout_paint),
    };
    let mut console = Console::new(screen, paint, place, true);
    replay(events, &mut console).and_then(|()| console.close()).map_err(CliError::stdout)
}

fn write(text: &str, output: Option<&Path>) -> Result<(), CliError> {
    match output {
        Some(path) => std::fs::write(path, text).map_err(|cause| CliError::Write { path: path.to_owned(), cause }),
        None => output::print(text).map_err(CliError::stdout),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::{ColourChoice, LogLevel};
    use crate::config::MapEnvironment;
    use crate::event::{Event, Outcome, Summary};
    use crate::report::JsonLines;

    fn stored_run() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let events = [
            Event::RunStarted {
                session: "auto-1".into(),
                seed: 1,
                version: "0.1.0".into(),
                started: "2026-01-02T03:04:05Z".into(),
                tests: vec!["cold/a".into()],
            },
            Event::ScenarioFinished { test: "cold/a".into(), took_ms: 5, outcome: Outcome::Passed },
            Event::RunFinished { took_ms: 9, summary: Summary { passed: 1, ..Summary::default() } },
        ];
        let stamp = |(sequence, event)| Stamped { sequence, elapsed_ms: sequence, event };
        let events: Vec<Stamped> = (0..).zip(events).map(stamp).collect();
        replay(&events, &mut JsonLines::create(&folder.path().join("events.jsonl")).unwrap()).unwrap();
        folder
    }

    #[test]
    fn a_stored_run_renders_in_every_form() {
        let folder = stored_run();
        let global = GlobalArgs { colour: ColourChoice::Always, log_level: LogLevel::Off };
        for (format, expected) in [
            (ReportFormat::Terminal, "1 test: 1 passed in 9ms\n"),
            (ReportFormat::Junit, "<testcase name=\"cold/a\" classname=\"mtvtest.cold\""),
            (ReportFormat::Json, "\"outcome\": \"passed\""),
        ] {
            let output = folder.path().join("out");
            for run in [folder.path().to_owned(), folder.path().join("events.jsonl")] {
                let args = ReportArgs { run, format, output: Some(output.clone()) };
                assert_eq!(report(&args, global, &MapEnvironment::of([])).unwrap(), ExitCode::Success);
                let text = std::fs::read_to_string(&output).unwrap();
                assert!(text.contains(expected), "{format:?}: {text}");
                assert!(!text.contains('\x1b'), "a file has no colour: {text}");
            }
        }
    }
}
