//! `events.jsonl`: every event as one JSON object a line, on disk before the next is seen.

use crate::event::{Reader, Stamped};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// Writes each event as one line and flushes it, so that a killed run leaves everything it saw.
#[derive(Debug)]
pub struct JsonLines<W> {
    out: W,
}

impl JsonLines<File> {
    /// Writes to a new file.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn create(path: &Path) -> io::Result<Self> {
        let fail = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        Ok(Self { out: File::create(path).map_err(fail)? })
    }
}

impl<W: Write + Send> JsonLines<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out }
    }
}

impl<W: Write + Send> Reader for JsonLines<W> {
    fn see(&mut self, event: &Stamped) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        // One write a line: a crash cuts at most the last line.
        self.out.write_all(&line)?;
        self.out.flush()
    }
}

/// Stored events that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("read the stored events {path}; give the directory of a run, or its events.jsonl")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: io::Error,
    },
    /// A line that is no event.
    #[error("{path} line {line} is not an event of this version of mtvtest")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// The cause.
        #[source]
        cause: serde_json::Error,
    },
}

/// The events of a stored run. A last line that a crash cut short is left out.
///
/// # Errors
/// The file cannot be read, or a line before the last is no event.
pub fn read_events(path: &Path) -> Result<Vec<Stamped>, ReadError> {
    let fail = |cause| ReadError::Io { path: path.to_owned(), cause };
    let mut lines = BufReader::new(File::open(path).map_err(fail)?).lines().enumerate().peekable();
    let mut events = Vec::new();
    while let Some((index, line)) = lines.next() {
        let line = line.map_err(fail)?;
        match serde_json::from_str(&line) {
            Ok(event) => events.push(event),
            Err(cause) if lines.peek().is_none() && cause.is_eof() => {}
            Err(cause) => return Err(ReadError::Malformed { path: path.to_owned(), line: index + 1, cause }),
        }
    }
    Ok(events)
}

/// Shows stored events to a reader, as the bus did when they happened.
///
/// # Errors
/// The reader cannot go on.
pub fn replay(events: &[Stamped], reader: &mut dyn Reader) -> io::Result<()> {
    events.iter().try_for_each(|event| reader.see(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{CheckReport, Event, Leftover, Outcome, StepName, Summary, Verdict};

    fn every_event() -> Vec<Stamped> {
        let (test, what) = (|| "cold/sanity".to_owned(), || "Plan ns/p".to_owned());
        let report = CheckReport {
            check: "cpu".into(),
            vm: None,
            rule: "r".into(),
            source: "s".into(),
            verdict: Verdict::Failed { expected: "a".into(), actual: "b\nc".into() },
        };
        let failed = || Outcome::Failed { reason: "no".into() };
        let leftover = Leftover { what: what(), why: "finalizer".into(), test: None };
        let events = vec![
            Event::RunStarted {
                session: "auto-1".into(),
                seed: u64::MAX,
                version: "1".into(),
                started: "2026-01-02T03:04:05Z".into(),
                tests: vec![test()],
            },
            Event::EnvironmentKnown {
                cluster: "https://c".into(),
                mtv: None,
                openshift: Some("4.20".into()),
                storage_class: "nfs".into(),
            },
            Event::FixtureReady { what: what(), took_ms: 1 },
            Event::ScenarioStarted { test: test(), description: "d".into() },
            Event::StepStarted { test: test(), step: StepName::CleanUp },
            Event::Made { test: Some(test()), what: what() },
            Event::MigrationProgressed {
                test: test(),
                vm: "v".into(),
                step: "s".into(),
                phase: "p".into(),
                completed: 1,
                total: 2,
            },
            Event::CheckJudged { test: test(), report },
            Event::StepFinished { test: test(), step: StepName::Check, took_ms: 3, outcome: failed() },
            Event::Removed { test: None, what: what() },
            Event::Noted { test: None, note: "n".into() },
            Event::ScenarioFinished { test: test(), took_ms: 9, outcome: failed() },
            Event::ScenarioFinished { test: test(), took_ms: 9, outcome: Outcome::Cancelled },
            Event::LeftBehind { leftover },
            Event::RunFinished { took_ms: 10, summary: Summary { failed: 1, ..Summary::default() } },
        ];
        let stamp = |(sequence, event)| Stamped { sequence, elapsed_ms: sequence * 7, event };
        (0..).zip(events).map(stamp).collect()
    }

    #[test]
    fn every_event_survives_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let events = every_event();
        replay(&events, &mut JsonLines::create(&path).unwrap()).unwrap();
        assert_eq!(read_events(&path).unwrap(), events);
    }

    #[test]
    fn a_cut_last_line_is_left_out_and_a_bad_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        replay(&every_event()[..2], &mut JsonLines::create(&path).unwrap()).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        assert_eq!(read_events(&path).unwrap().len(), 1);
        std::fs::write(&path, format!("nonsense\n{whole}")).unwrap();
        let error = read_events(&path).unwrap_err().to_string();
        assert!(error.contains("line 1 is not an event"), "{error}");
        let missing = read_events(&folder.path().join("none")).unwrap_err().to_string();
        assert!(missing.contains("give the directory of a run"), "{missing}");
    }
}
