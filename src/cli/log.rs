//! The log: to a run's file with everything, to people with what they asked for.

use super::args::LogLevel;
use crate::event::{Event, Outcome, Reader, Stamped};
use crate::report::Screen;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// What the file holds: all of this crate, little of the crates below it. Headers and bodies of requests, which could
/// hold a secret, are logged by those crates at `trace` only, and never asked for.
const FILE_FILTER: &str = "info,mtvtest=debug,kube_client=error,hyper=warn,rustls=warn";

/// Sends the log to `screen` from `level` up, and to the file at `path`. Only the first call of a process has effect.
///
/// # Errors
/// The file cannot be made.
pub(super) fn init(level: LogLevel, screen: Screen, colour: bool, path: Option<&Path>) -> io::Result<()> {
    let file = path.map(File::create).transpose()?;
    let to_file = file
        .map(|file| layer().with_ansi(false).with_writer(Mutex::new(file)).with_filter(EnvFilter::new(FILE_FILTER)));
    let to_screen =
        layer().with_ansi(colour).without_time().with_writer(move || screen.clone()).with_filter(screen_filter(level));
    tracing_subscriber::registry().with(to_file).with(to_screen).try_init().ok();
    Ok(())
}

/// Writes the course of a run into the log, so that its file tells what was done when.
pub(super) struct EventLog;

impl Reader for EventLog {
    fn see(&mut self, stamped: &Stamped) -> io::Result<()> {
        match &stamped.event {
            Event::StepStarted { test, step } => tracing::info!("{test}: {} begins", step.as_str()),
            Event::StepFinished { test, step, took_ms, outcome } => {
                tracing::info!("{test}: {} {} after {took_ms} ms", step.as_str(), word(outcome));
            }
            Event::FixtureReady { what, took_ms } => tracing::info!("{what} is ready after {took_ms} ms"),
            Event::Made { test, what } => tracing::debug!("{}: made {what}", about(test.as_deref())),
            Event::Removed { test, what } => tracing::debug!("{}: removed {what}", about(test.as_deref())),
            Event::MigrationProgressed { test, vm, step, phase, completed, total } => {
                tracing::debug!("{test}: VM {vm}: {step} {phase} {completed}/{total}");
            }
            Event::RunStarted { .. }
            | Event::EnvironmentKnown { .. }
            | Event::ScenarioStarted { .. }
            | Event::MigrationMeasured { .. }
            | Event::CheckJudged { .. }
            | Event::Noted { .. }
            | Event::LeftBehind { .. }
            | Event::ScenarioFinished { .. }
            | Event::RunFinished { .. } => {}
        }
        Ok(())
    }
}

fn about(test: Option<&str>) -> &str {
    test.unwrap_or("session")
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "done",
        Outcome::Failed { .. } => "failed",
        Outcome::Broken { .. } => "broke",
        Outcome::Skipped { .. } => "skipped",
        Outcome::Cancelled => "interrupted",
    }
}

/// The crates below tell less than this one at the same level. `kube_client` tells only errors: its warning of an answer
/// that it cannot read quotes the answer, which may be a Secret.
fn screen_filter(level: LogLevel) -> EnvFilter {
    EnvFilter::new(match level {
        LogLevel::Off => "off",
        LogLevel::Error => "error",
        LogLevel::Warn => "error,mtvtest=warn",
        LogLevel::Info => "warn,mtvtest=info,kube_client=error",
        LogLevel::Debug => "info,mtvtest=debug,kube_client=error,hyper=warn,rustls=warn",
        LogLevel::Trace => "debug,mtvtest=trace,kube_client=error,hyper=info,rustls=info",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::filter::LevelFilter;

    #[test]
    fn filters_are_valid_and_ordered() {
        let levels = [
            (LogLevel::Off, LevelFilter::OFF),
            (LogLevel::Error, LevelFilter::ERROR),
            (LogLevel::Warn, LevelFilter::WARN),
            (LogLevel::Info, LevelFilter::INFO),
            (LogLevel::Debug, LevelFilter::DEBUG),
            (LogLevel::Trace, LevelFilter::TRACE),
        ];
        for (level, expected) in levels {
            assert_eq!(screen_filter(level).max_level_hint(), Some(expected), "{level:?}");
        }
        assert_eq!(EnvFilter::new(FILE_FILTER).max_level_hint(), Some(LevelFilter::DEBUG));
    }
}
