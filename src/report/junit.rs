//! JUnit XML for CI: whole at the end, and a valid file after every test so that a killed job leaves one.

use super::failure::describe;
use super::record::{RunRecord, TestRecord};
use super::words::{duration_text, leftover_line, verdict_line};
use crate::event::{CheckReport, Event, Outcome, Reader, Stamped, Verdict};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Name of the suite, and the class of tests whose name has no folder.
const SUITE: &str = "mtvtest";

/// Writes a JUnit file.
#[derive(Debug)]
pub struct JUnit {
    path: PathBuf,
    run: RunRecord,
}

impl JUnit {
    /// Writes to `path`, replacing what is there.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), run: RunRecord::default() }
    }
}

impl Reader for JUnit {
    fn see(&mut self, event: &Stamped) -> io::Result<()> {
        self.run.see(event);
        match event.event {
            Event::RunStarted { .. } | Event::ScenarioFinished { .. } | Event::RunFinished { .. } => {
                replace_file(&self.path, &junit_xml(&self.run)?)
            }
            _ => Ok(()),
        }
    }
}

/// The run as JUnit XML.
///
/// A test that has not ended is an error in it: should the run be killed now, its file must not look green.
///
/// # Errors
/// The XML cannot be written.
pub fn junit_xml(run: &RunRecord) -> io::Result<String> {
    let mut suite = TestSuite::new(SUITE);
    suite.set_time(Duration::from_millis(run.took_ms()));
    for (name, value) in properties(run) {
        suite.add_property(Property::new(name, value));
    }
    for test in &run.tests {
        suite.add_test_case(test_case(run, test));
    }
    if !run.leftovers.is_empty() {
        suite.add_test_case(leftovers_case(run));
    }
    let mut report = Report::new(SUITE);
    report.set_time(Duration::from_millis(run.took_ms()));
    if let Ok(started) = run.started.parse() {
        report.timestamp = Some(started);
        suite.timestamp = Some(started);
    }
    report.add_test_suite(suite);
    report.to_string().map_err(io::Error::other)
}

fn properties(run: &RunRecord) -> Vec<(&'static str, String)> {
    let mut pairs = vec![
        ("session", run.session.clone()),
        ("seed", run.seed.to_string()),
        ("mtvtest_version", run.version.clone()),
    ];
    if let Some(environment) = &run.environment {
        pairs.push(("cluster", environment.cluster.clone()));
        pairs.extend(environment.mtv.clone().map(|version| ("mtv_version", version)));
        pairs.extend(environment.openshift.clone().map(|version| ("openshift_version", version)));
        pairs.push(("storage_class", environment.storage_class.clone()));
    }
    if let Some((_, summary)) = &run.finished {
        pairs.push(("kubernetes_requests", summary.kubernetes_requests.to_string()));
        pairs.push(("source_requests", summary.source_requests.to_string()));
    }
    pairs
}

fn test_case(run: &RunRecord, test: &TestRecord) -> TestCase {
    let mut case = TestCase::new(test.name.as_str(), status(run, test));
    case.set_classname(class_name(&test.name));
    if let Some((took_ms, _)) = &test.finished {
        case.set_time(Duration::from_millis(*took_ms));
    }
    if !test.description.is_empty() {
        case.add_property(Property::new("description", test.description.as_str()));
    }
    if let Some(provider) = test.provider() {
        case.add_property(Property::new("source_provider", provider));
    }
    let out = system_out(test);
    if !out.is_empty() {
        case.set_system_out(out);
    }
    case
}

/// `warm/options/full@vs8` is in class `mtvtest.warm.options`.
fn class_name(test: &str) -> String {
    let scenario = test.split('@').next().unwrap_or(test);
    match scenario.rsplit_once('/') {
        Some((folder, _)) => format!("{SUITE}.{}", folder.replace('/', ".")),
        None => SUITE.to_owned(),
    }
}

fn status(run: &RunRecord, test: &TestRecord) -> TestCaseStatus {
    let unsuccessful = |kind, name: &str, message: &str| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(name).set_message(message).set_description(describe(test));
        status
    };
    let skipped = |reason: &str| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(reason);
        status
    };
    match &test.finished {
        Some((_, Outcome::Passed)) => TestCaseStatus::success(),
        Some((_, Outcome::Failed { reason })) => {
            unsuccessful(NonSuccessKind::Failure, "failed", &failure_message(test, reason))
        }
        Some((_, Outcome::Broken { reason })) => unsuccessful(NonSuccessKind::Error, "broken", first_line(reason)),
        Some((_, Outcome::Skipped { reason })) => skipped(reason),
        Some((_, Outcome::Cancelled)) => {
            unsuccessful(NonSuccessKind::Error, "interrupted", "interrupted before it ended")
        }
        None if run.finished.is_some() => skipped("the run ended before this test began"),
        None => unsuccessful(NonSuccessKind::Error, "not-finished", "not finished when this file was written"),
    }
}

/// The first failing check says more than the number of failed checks.
fn failure_message(test: &TestRecord, reason: &str) -> String {
    let Some(CheckReport { check, vm, verdict: Verdict::Failed { expected, actual }, .. }) =
        test.failing_checks().next()
    else {
        return first_line(reason).to_owned();
    };
    let on = vm.as_deref().map(|vm| format!(" on VM {vm}")).unwrap_or_default();
    format!("check {check}{on}: expected {}, actual {}", first_line(expected), first_line(actual))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn system_out(test: &TestRecord) -> String {
    let mut out = String::new();
    for step in &test.steps {
        let (took, ending) = match &step.finished {
            None => (String::new(), "not finished"),
            Some((took_ms, outcome)) => (
                format!(" {}", duration_text(*took_ms)),
                match outcome {
                    Outcome::Passed => "passed",
                    Outcome::Failed { .. } => "failed",
                    Outcome::Broken { .. } => "broken",
                    Outcome::Skipped { .. } => "skipped",
                    Outcome::Cancelled => "interrupted",
                },
            ),
        };
        writeln!(out, "step {}{took} {ending}", step.step.as_str()).ok();
    }
    for measure in &test.measures {
        writeln!(out, "migrated {measure}").ok();
    }
    for report in &test.checks {
        let on = report.vm.as_deref().map(|vm| format!(" on VM {vm}")).unwrap_or_default();
        writeln!(out, "check {}{on} {}", report.check, verdict_line(&report.verdict)).ok();
    }
    for note in &test.notes {
        writeln!(out, "note {note}").ok();
    }
    out
}

fn leftovers_case(run: &RunRecord) -> TestCase {
    let lines: Vec<String> = run.leftovers.iter().map(leftover_line).collect();
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status
        .set_type("left-behind")
        .set_message(format!("{} left behind; remove with: mtvtest clean --session {}", lines.len(), run.session))
        .set_description(lines.join("\n"));
    let mut case = TestCase::new("leftovers", status);
    case.set_classname(SUITE);
    case
}

/// Writes beside the file and renames, so that nobody ever reads half of it.
fn replace_file(path: &Path, text: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Leftover, StepName, Summary};

    fn stamp(events: Vec<Event>) -> Vec<Stamped> {
        (0..).zip(events).map(|(sequence, event)| Stamped { sequence, elapsed_ms: sequence * 1000, event }).collect()
    }

    fn finish(test: &str, outcome: Outcome) -> Event {
        Event::ScenarioFinished { test: test.into(), took_ms: 1500, outcome }
    }

    fn events() -> Vec<Stamped> {
        let report = CheckReport {
            check: "cpu".into(),
            vm: Some("rhel8".into()),
            rule: "Same CPUs.".into(),
            source: "sheet 3".into(),
            verdict: Verdict::Failed { expected: "4 < 5 & \"x\"".into(), actual: "2\u{1}\u{1b}[31m".into() },
        };
        let failed = Outcome::Failed { reason: "1 check".into() };
        stamp(vec![
            Event::RunStarted {
                session: "auto-1".into(),
                seed: 7,
                version: "0.1.0".into(),
                started: "2026-01-02T03:04:05Z".into(),
                tests: ["warm/a@vs8", "b", "c", "d", "e"].map(str::to_owned).to_vec(),
            },
            Event::EnvironmentKnown {
                cluster: "https://api:6443".into(),
                mtv: Some("2.11".into()),
                openshift: None,
                storage_class: "nfs".into(),
            },
            Event::ScenarioStarted { test: "warm/a@vs8".into(), description: "A warm one.".into() },
            Event::StepStarted { test: "warm/a@vs8".into(), step: StepName::Check },
            Event::CheckJudged { test: "warm/a@vs8".into(), report },
            Event::StepFinished {
                test: "warm/a@vs8".into(),
                step: StepName::Check,
                took_ms: 20,
                outcome: failed.clone(),
            },
            finish("warm/a@vs8", failed),
            finish("b", Outcome::Passed),
            finish("c", Outcome::Broken { reason: "no route\nto host".into() }),
            finish("d", Outcome::Skipped { reason: "needs ovirt".into() }),
            finish("e", Outcome::Cancelled),
            Event::LeftBehind { leftover: Leftover { what: "Plan a/b".into(), why: "stuck".into(), test: None } },
            Event::RunFinished { took_ms: 11_000, summary: Summary { kubernetes_requests: 9, ..Summary::default() } },
        ])
    }

    fn parsed(events: &[Stamped]) -> TestSuite {
        let xml = junit_xml(&RunRecord::of(events)).unwrap();
        let report = Report::deserialize_from_str(&xml).unwrap();
        assert_eq!(report.test_suites.len(), 1);
        report.test_suites.into_iter().next().unwrap()
    }

    fn kind(status: &TestCaseStatus) -> (&'static str, String) {
        let text = |message: &Option<quick_junit::XmlString>| message.as_ref().map_or("", |text| text.as_str()).into();
        match status {
            TestCaseStatus::Success { .. } => ("success", String::new()),
            TestCaseStatus::Skipped { message, .. } => ("skipped", text(message)),
            TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, message, .. } => ("failure", text(message)),
            TestCaseStatus::NonSuccess { kind: NonSuccessKind::Error, message, .. } => ("error", text(message)),
        }
    }

    #[test]
    fn every_outcome_has_its_element() {
        let suite = parsed(&events());
        let seen: Vec<_> = suite.test_cases.iter().map(|case| (case.name.as_str(), kind(&case.status))).collect();
        let expected = [
            ("warm/a@vs8", ("failure", "check cpu on VM rhel8: expected 4 < 5 & \"x\", actual 2")),
            ("b", ("success", "")),
            ("c", ("error", "no route")),
            ("d", ("skipped", "needs ovirt")),
            ("e", ("error", "interrupted before it ended")),
            ("leftovers", ("failure", "1 left behind; remove with: mtvtest clean --session auto-1")),
        ];
        assert_eq!(seen, expected.map(|(name, (kind, text))| (name, (kind, text.to_owned()))));
        assert_eq!((suite.tests, suite.failures, suite.errors, suite.skipped), (6, 2, 2, 1));
    }

    #[test]
    fn a_case_carries_class_time_steps_and_checks() {
        let suite = parsed(&events());
        let case = &suite.test_cases[0];
        assert_eq!(case.classname.as_ref().unwrap().as_str(), "mtvtest.warm");
        assert_eq!(case.time, Some(Duration::from_millis(1500)));
        let out = case.system_out.as_ref().unwrap().as_str();
        assert!(out.contains("step check 20ms failed\n"), "{out}");
        assert!(out.contains("check cpu on VM rhel8 failed: expected 4 < 5"), "{out}");
        let properties = |list: &[Property]| {
            list.iter().map(|entry| format!("{}={}", entry.name.as_str(), entry.value.as_str())).collect::<Vec<_>>()
        };
        assert_eq!(properties(&case.properties), ["description=A warm one.", "source_provider=vs8"]);
        let suite = properties(&suite.properties);
        for wanted in ["session=auto-1", "mtv_version=2.11", "storage_class=nfs", "kubernetes_requests=9"] {
            assert!(suite.iter().any(|entry| entry == wanted), "{wanted} in {suite:?}");
        }
    }

    #[test]
    fn a_killed_run_leaves_a_valid_file_that_is_not_green() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("junit.xml");
        let mut junit = JUnit::new(path.clone());
        for event in &events()[..8] {
            junit.see(event).unwrap();
        }
        let suite = Report::deserialize_from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let suite = &suite.test_suites[0];
        assert_eq!((suite.tests, suite.failures, suite.errors), (5, 1, 3));
        assert_eq!(kind(&suite.test_cases[1].status).0, "success");
        assert_eq!(kind(&suite.test_cases[4].status).0, "error");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
