//! The human view: live lines on a terminal, few plain lines elsewhere, the final report.

use super::closing::{Place, closing_text};
use super::paint::Paint;
use super::record::{RunRecord, TestRecord, test_of};
use super::screen::Screen;
use super::words::{count_text, duration_text, hang, leftover_line};
use crate::event::{Event, Outcome, Reader, Stamped, StepName};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

/// Without live lines, a running test says where it is at most this often.
const SIGN_OF_LIFE_MS: u64 = 60_000;

/// Shows a run to people. Time comes from the events, so a stored run shows the same.
#[derive(Debug)]
pub struct Console {
    screen: Screen,
    paint: Paint,
    place: Place,
    verdict_lines: bool,
    run: RunRecord,
    overall: Option<ProgressBar>,
    lines: BTreeMap<String, ProgressBar>,
    /// Test to the time of its last sign of life.
    signs: BTreeMap<String, u64>,
    closed: bool,
}

impl Console {
    /// A console on `screen`. With `verdict_lines` it prints one line for each finished test; without, somebody else
    /// (libtest-mimic) does.
    pub fn new(screen: Screen, paint: Paint, place: Place, verdict_lines: bool) -> Self {
        Self {
            screen,
            paint,
            place,
            verdict_lines,
            run: RunRecord::default(),
            overall: None,
            lines: BTreeMap::new(),
            signs: BTreeMap::new(),
            closed: false,
        }
    }

    /// Prints the final report unless the run's end did: for a run that was killed.
    ///
    /// # Errors
    /// The stream cannot be written.
    pub fn close(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        self.closed = true;
        for line in std::mem::take(&mut self.lines).into_values().chain(self.overall.take()) {
            line.finish_and_clear();
        }
        self.screen.line("")?;
        self.screen.line(closing_text(&self.run, &self.place, self.paint).trim_end())
    }

    fn print(&self, stamped: &Stamped) -> io::Result<()> {
        let paint = self.paint;
        match &stamped.event {
            Event::RunStarted { session, version, tests, .. } => {
                let count = count_text(u64::try_from(tests.len()).unwrap_or(u64::MAX), "test");
                self.screen.line(&format!("mtvtest {version}, session {session}: {count}"))
            }
            Event::EnvironmentKnown { cluster, mtv, openshift, storage_class } => {
                let (mtv, openshift) = (mtv.as_deref().unwrap_or("unknown"), openshift.as_deref().unwrap_or("unknown"));
                self.screen.line(&format!("{cluster}: MTV {mtv}, OpenShift {openshift}, storage class {storage_class}"))
            }
            Event::StepFinished { test, step, took_ms, outcome } => match outcome {
                Outcome::Failed { reason } | Outcome::Broken { reason } => {
                    let took = duration_text(*took_ms);
                    let label = paint.bad(&format!("{test}: {} failed after {took}:", step.as_str()));
                    // The final report has the rest of a check's words.
                    let first = reason.lines().next().filter(|_| *step == StepName::Check);
                    self.screen.line(&format!("{label} {}", hang(first.unwrap_or(reason), 2)))
                }
                Outcome::Passed | Outcome::Skipped { .. } | Outcome::Cancelled => Ok(()),
            },
            Event::Noted { test, note } => {
                let about = test.as_deref().unwrap_or("session");
                self.screen.line(&format!("{about}: note: {}", hang(note, 2)))
            }
            Event::LeftBehind { leftover } => {
                self.screen.line(&format!("{} {}", paint.warn("left behind:"), hang(&leftover_line(leftover), 2)))
            }
            Event::ScenarioFinished { test, took_ms, outcome } if self.verdict_lines => {
                self.screen.line(&verdict_line(test, *took_ms, outcome, paint))
            }
            Event::FixtureReady { .. }
            | Event::ScenarioStarted { .. }
            | Event::StepStarted { .. }
            | Event::Made { .. }
            | Event::Removed { .. }
            | Event::MigrationProgressed { .. }
            | Event::MigrationMeasured { .. }
            | Event::CheckJudged { .. }
            | Event::ScenarioFinished { .. }
            | Event::RunFinished { .. } => Ok(()),
        }
    }

    /// Brings the live lines up to date.
    fn draw(&mut self, event: &Event) {
        if matches!(event, Event::RunStarted { .. }) {
            self.overall = self.screen.add(live_line("{spinner} {elapsed:>5} {msg}"));
        }
        if let Some(test) = test_of(event).and_then(|name| self.run.test(name)) {
            if test.finished.is_some() {
                if let Some(line) = self.lines.remove(&test.name) {
                    line.finish_and_clear();
                }
            } else if test.started_ms.is_some() {
                let line = self.lines.entry(test.name.clone()).or_insert_with(|| {
                    let line = live_line("  {elapsed:>5} {wide_msg}");
                    self.screen.add(line.clone()).unwrap_or(line)
                });
                line.set_message(format!("{}: {}", test.name, doing_now(test)));
            }
        }
        if let Some(overall) = &self.overall {
            overall.set_message(overall_text(&self.run));
        }
    }

    /// Without live lines: where a long test is, now and then.
    fn sign_of_life(&mut self, stamped: &Stamped) -> io::Result<()> {
        let Some(test) = test_of(&stamped.event).and_then(|name| self.run.test(name)) else { return Ok(()) };
        let (Some(started), None) = (test.started_ms, &test.finished) else { return Ok(()) };
        let last = self.signs.entry(test.name.clone()).or_insert(started);
        if stamped.elapsed_ms.saturating_sub(*last) < SIGN_OF_LIFE_MS {
            return Ok(());
        }
        *last = stamped.elapsed_ms;
        let took = duration_text(stamped.elapsed_ms.saturating_sub(started));
        self.screen.line(&format!("{}: {} ({took})", test.name, doing_now(test)))
    }
}

impl Reader for Console {
    fn see(&mut self, event: &Stamped) -> io::Result<()> {
        self.run.see(event);
        self.print(event)?;
        if self.screen.is_live() {
            self.draw(&event.event);
        } else {
            self.sign_of_life(event)?;
        }
        if matches!(event.event, Event::RunFinished { .. }) { self.close() } else { Ok(()) }
    }
}

fn live_line(template: &str) -> ProgressBar {
    // A template that cannot be read leaves indicatif's own.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    let line = ProgressBar::no_length().with_style(style);
    line.enable_steady_tick(Duration::from_millis(500));
    line
}

fn verdict_line(test: &str, took_ms: u64, outcome: &Outcome, paint: Paint) -> String {
    let took = duration_text(took_ms);
    match outcome {
        Outcome::Passed => format!("{} {test} ({took})", paint.good("passed")),
        Outcome::Failed { .. } => format!("{} {test} ({took})", paint.bad("FAILED")),
        Outcome::Broken { .. } => format!("{} {test} ({took})", paint.bad("BROKEN")),
        Outcome::Skipped { reason } => format!("{} {test}: {}", paint.warn("skipped"), hang(reason, 2)),
        Outcome::Cancelled => format!("{} {test} ({took})", paint.bad("INTERRUPTED")),
    }
}

/// What a running test does: step, VM, pipeline step, MiB of MiB.
fn doing_now(test: &TestRecord) -> String {
    let Some(step) = test.running_step() else { return "between steps".into() };
    let progress = test.latest_vm.as_ref().and_then(|vm| Some((vm, test.vms.get(vm)?)));
    match progress {
        Some((vm, progress)) if step == StepName::Migrate => {
            format!("{}, VM {vm}: {}", step.as_str(), progress.text())
        }
        _ => step.as_str().to_owned(),
    }
}

fn overall_text(run: &RunRecord) -> String {
    let ended = run.tests.iter().filter(|test| test.finished.is_some()).count();
    let running = run.tests.iter().filter(|test| test.started_ms.is_some() && test.finished.is_none()).count();
    let summary = run.summary();
    let failed = summary.failed + summary.broken;
    format!("{ended} of {} tests, {running} running, {failed} failed", run.tests.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{CheckReport, Leftover, StepName, Summary, Verdict};
    use crate::report::jsonl::replay;
    use crate::report::screen::tests::Shared;
    use std::path::Path;

    fn stamp(events: Vec<(u64, Event)>) -> Vec<Stamped> {
        (0..).zip(events).map(|(sequence, (elapsed_ms, event))| Stamped { sequence, elapsed_ms, event }).collect()
    }

    fn started() -> Vec<(u64, Event)> {
        vec![
            (
                0,
                Event::RunStarted {
                    session: "auto-ab12".into(),
                    seed: 7,
                    version: "0.1.0".into(),
                    started: "2026-01-02T03:04:05Z".into(),
                    tests: vec!["cold/a".into(), "cold/b".into(), "warm/c".into()],
                },
            ),
            (
                5,
                Event::EnvironmentKnown {
                    cluster: "https://api.lab:6443".into(),
                    mtv: Some("2.11.0".into()),
                    openshift: None,
                    storage_class: "nfs".into(),
                },
            ),
            (10, Event::ScenarioStarted { test: "cold/a".into(), description: "A.".into() }),
            (11, Event::StepStarted { test: "cold/a".into(), step: StepName::Migrate }),
        ]
    }

    fn progress(completed: u64) -> Event {
        Event::MigrationProgressed {
            test: "cold/a".into(),
            vm: "rhel8".into(),
            step: "DiskTransfer".into(),
            phase: "Running".into(),
            completed,
            total: 2048,
        }
    }

    fn whole_run() -> Vec<Stamped> {
        let test = || "cold/a".to_owned();
        let report = CheckReport {
            check: "cpu".into(),
            vm: Some("rhel8".into()),
            rule: "Same CPUs.".into(),
            source: "sheet 3".into(),
            verdict: Verdict::Failed { expected: "4".into(), actual: "2".into() },
        };
        let failed = || Outcome::Failed { reason: "1 check failed".into() };
        let skipped = Outcome::Skipped { reason: "needs MTV >=2.12".into() };
        let leftover =
            Leftover { what: "Plan mtv/auto-ab12-p".into(), why: "finalizer".into(), test: Some("cold/a".into()) };
        let summary = Summary {
            passed: 1,
            failed: 1,
            skipped: 1,
            leftovers: 1,
            kubernetes_requests: 412,
            source_requests: 33,
            ..Summary::default()
        };
        let mut events = started();
        events.extend([
            (1_000, progress(10)),
            (70_000, progress(512)),
            (71_000, progress(600)),
            (
                80_000,
                Event::StepFinished {
                    test: test(),
                    step: StepName::Migrate,
                    took_ms: 79_989,
                    outcome: Outcome::Passed,
                },
            ),
            (80_001, Event::StepStarted { test: test(), step: StepName::Check }),
            (80_002, Event::CheckJudged { test: test(), report }),
            (80_003, Event::StepFinished { test: test(), step: StepName::Check, took_ms: 2, outcome: failed() }),
            (80_004, Event::ScenarioFinished { test: test(), took_ms: 79_994, outcome: failed() }),
            (80_005, Event::ScenarioFinished { test: "cold/b".into(), took_ms: 30, outcome: Outcome::Passed }),
            (80_006, Event::ScenarioFinished { test: "warm/c".into(), took_ms: 0, outcome: skipped }),
            (80_007, Event::LeftBehind { leftover }),
            (80_008, Event::RunFinished { took_ms: 80_008, summary }),
        ]);
        stamp(events)
    }

    fn shown(events: &[Stamped], verdict_lines: bool) -> String {
        let out = Shared::default();
        let place = Place::run(Path::new("data/auto-ab12"));
        let mut console = Console::new(Screen::plain(out.clone()), Paint::PLAIN, place, verdict_lines);
        replay(events, &mut console).unwrap();
        console.close().unwrap();
        out.text()
    }

    #[test]
    fn a_whole_run_reads_well_without_colour() {
        insta::assert_snapshot!(shown(&whole_run(), true), @r"
        mtvtest 0.1.0, session auto-ab12: 3 tests
        https://api.lab:6443: MTV 2.11.0, OpenShift unknown, storage class nfs
        cold/a: migrate, VM rhel8: DiskTransfer 512 of 2048 MiB (1m 09s)
        cold/a: check failed after 2ms: 1 check failed
        FAILED cold/a (1m 19s)
        passed cold/b (30ms)
        skipped warm/c: needs MTV >=2.12
        left behind: Plan mtv/auto-ab12-p: finalizer (made by cold/a)

        FAILED cold/a (1m 19s)
          failed in step check: 1 check not passed
          check cpu on VM rhel8
            expected: 4
            actual:   2
            rule:     Same CPUs. (sheet 3)

        skipped warm/c: needs MTV >=2.12

        LEFT BEHIND (1)
          Plan mtv/auto-ab12-p: finalizer (made by cold/a)
          to remove: mtvtest clean data/auto-ab12

        3 tests: 1 passed, 1 failed, 1 skipped in 1m 20s
        session: auto-ab12 (seed 7)
        cluster: https://api.lab:6443 (MTV 2.11.0, OpenShift unknown, storage class nfs)
        requests: 412 to Kubernetes, 33 to sources and inventory
        run directory: data/auto-ab12
        ");
    }

    #[test]
    fn a_killed_run_says_what_did_not_end() {
        let events = stamp(started());
        let text = shown(&events, false);
        assert!(text.contains("NOT FINISHED cold/a (1ms)\n  not finished in step migrate\n"), "{text}");
        assert!(text.contains("3 tests: 3 not run to the end"), "{text}");
        assert!(text.contains("it still runs or it was killed"), "{text}");
    }

    #[test]
    fn colour_adds_only_escapes() {
        let run = RunRecord::of(&whole_run());
        let coloured = closing_text(&run, &Place::default(), Paint::new(true));
        let mut bare = coloured.clone();
        for code in ["1;31", "2", "32", "33", "0"] {
            bare = bare.replace(&format!("\x1b[{code}m"), "");
        }
        assert_ne!(bare, coloured);
        assert_eq!(bare, closing_text(&run, &Place::default(), Paint::PLAIN));
        assert!(bare.contains("mtvtest clean --session auto-ab12"));
    }

    #[test]
    fn many_skips_of_one_reason_take_one_line() {
        let finish = |number: u64| Event::ScenarioFinished {
            test: format!("t{number}"),
            took_ms: 0,
            outcome: Outcome::Skipped { reason: "no copyoffload".into() },
        };
        let run = RunRecord::of(&stamp((0..9).map(|number| (number, finish(number))).collect()));
        let text = closing_text(&run, &Place::default(), Paint::PLAIN);
        assert!(text.contains("skipped t0, t1, t2, t3 and 5 more: no copyoffload\n"), "{text}");
    }

    #[test]
    fn the_live_line_says_vm_step_and_mib() {
        let mut events = started();
        events.push((20, progress(512)));
        let run = RunRecord::of(&stamp(events));
        assert_eq!(doing_now(run.test("cold/a").unwrap()), "migrate, VM rhel8: DiskTransfer 512 of 2048 MiB");
        assert_eq!(overall_text(&run), "0 of 3 tests, 1 running, 0 failed");
    }
}
