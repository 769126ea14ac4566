//! Why a test failed, on at most one screen.

use super::record::{RunRecord, TestRecord};
use super::words::{count_text, hang};
use crate::event::{CheckReport, Event, Outcome, Stamped, StepName, Verdict};
use std::fmt::Write;

/// A screen has about this many lines left beside the test's name and the paths.
const LINES_MAX: usize = 20;

/// Why one test did not pass, from that test's events: the step that failed, and for each failing check the VM, what was
/// expected, what was found, the rule and where the rule stands. Empty for a test that passed.
pub fn failure_text<'a>(events: impl IntoIterator<Item = &'a Event>) -> String {
    let mut run = RunRecord::default();
    for event in events {
        run.see(&Stamped { sequence: 0, elapsed_ms: 0, event: event.clone() });
    }
    run.tests.iter().map(describe).collect::<Vec<_>>().join("\n")
}

/// The same from what is known of the test.
pub(super) fn describe(test: &TestRecord) -> String {
    let mut blocks = Vec::new();
    match &test.finished {
        Some((_, Outcome::Passed | Outcome::Skipped { .. })) => return String::new(),
        Some((_, Outcome::Failed { reason })) => blocks.extend(headline(test, "failed", reason)),
        Some((_, Outcome::Broken { reason })) => {
            blocks.extend(headline(test, "broken (harness or environment, not the product)", reason));
        }
        Some((_, Outcome::Cancelled)) => blocks.extend(headline(test, "interrupted", "")),
        None => blocks.extend(headline(test, "not finished", "")),
    }
    blocks.extend(vm_lines(test));
    blocks.extend(test.failing_checks().map(check_block));
    blocks.extend(test.notes.iter().map(|note| format!("note: {}", hang(note, 6))));
    fit(&blocks)
}

/// The step that failed and why; the test's own reason only where it says more than the step's.
fn headline(test: &TestRecord, word: &str, reason: &str) -> Vec<String> {
    let Some((step, outcome)) = test.failed_step() else {
        let at = test.running_step().map(|step| format!(" in step {}", step.as_str())).unwrap_or_default();
        let colon = if reason.is_empty() { "" } else { ": " };
        return vec![format!("{word}{at}{colon}{}", hang(reason, 2))];
    };
    let failing = test.failing_checks().count();
    if step == StepName::Check && failing > 0 {
        // Each check has a block of its own, which says all of the reason.
        let checks = count_text(u64::try_from(failing).unwrap_or(u64::MAX), "check");
        return vec![format!("{word} in step {}: {checks} not passed", step.as_str())];
    }
    let why = match outcome {
        Outcome::Failed { reason } | Outcome::Broken { reason } => reason.as_str(),
        Outcome::Passed | Outcome::Skipped { .. } | Outcome::Cancelled => "",
    };
    let colon = if why.is_empty() { "" } else { ": " };
    let mut lines = vec![format!("{word} in step {}{colon}{}", step.as_str(), hang(why, 2))];
    if !reason.is_empty() && !why.contains(reason) && !reason.contains(why) {
        lines.push(format!("reason: {}", hang(reason, 2)));
    } else if reason.len() > why.len() {
        lines[0] = format!("{word} in step {}: {}", step.as_str(), hang(reason, 2));
    }
    lines
}

/// Where each VM's migration stood when the migrate step failed.
fn vm_lines(test: &TestRecord) -> Vec<String> {
    if test.failed_step().is_none_or(|(step, _)| step != StepName::Migrate) {
        return Vec::new();
    }
    test.vms
        .iter()
        .filter(|(_, progress)| progress.phase != "Completed" || progress.completed < progress.total)
        .map(|(vm, progress)| format!("VM {vm}: pipeline step {}, phase {}", progress.text(), progress.phase))
        .collect()
}

fn check_block(report: &CheckReport) -> String {
    let on = report.vm.as_deref().map(|vm| format!(" on VM {vm}")).unwrap_or_default();
    let mut text = String::new();
    let findings = match &report.verdict {
        Verdict::Failed { expected, actual } => {
            format!("\n  expected: {}\n  actual:   {}", hang(expected, 12), hang(actual, 12))
        }
        Verdict::Inconclusive { reason } => format!(" is inconclusive\n  missing:  {}", hang(reason, 12)),
        Verdict::Passed { .. } | Verdict::NotApplicable { .. } => String::new(),
    };
    write!(text, "check {}{on}{findings}\n  rule:     {} ({})", report.check, hang(&report.rule, 12), report.source)
        .ok();
    text
}

/// Whole blocks as long as they fit; the first always stands, cut if it must be.
fn fit(blocks: &[String]) -> String {
    let mut lines: Vec<&str> = Vec::new();
    let mut left_out = 0_u64;
    for (index, block) in blocks.iter().enumerate() {
        let size = block.lines().count();
        if left_out == 0 && lines.len() + size <= LINES_MAX {
            lines.extend(block.lines());
        } else if index == 0 {
            lines.extend(block.lines().take(LINES_MAX - 1));
            lines.push("  ... (all of it stands in events.jsonl)");
        } else {
            left_out += 1;
        }
    }
    let mut text = lines.join("\n");
    if left_out > 0 {
        write!(text, "\n... and {} (all of it stands in events.jsonl)", count_text(left_out, "more finding")).ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(vm: &str, verdict: Verdict) -> Event {
        let report = CheckReport {
            check: "cpu".into(),
            vm: Some(vm.into()),
            rule: "The VM has as many CPUs as on the source.".into(),
            source: "original-suite.md section 3".into(),
            verdict,
        };
        Event::CheckJudged { test: "cold/sanity".into(), report }
    }

    fn failed_check(vm: &str) -> Event {
        check(vm, Verdict::Failed { expected: "4 CPUs".into(), actual: "2 CPUs\n(1 socket)".into() })
    }

    fn step_failed(step: StepName, reason: &str) -> Event {
        let outcome = Outcome::Failed { reason: reason.into() };
        Event::StepFinished { test: "cold/sanity".into(), step, took_ms: 1, outcome }
    }

    fn finished(outcome: Outcome) -> Event {
        Event::ScenarioFinished { test: "cold/sanity".into(), took_ms: 5, outcome }
    }

    fn failed(reason: &str) -> Event {
        finished(Outcome::Failed { reason: reason.into() })
    }

    #[test]
    fn a_failed_check_says_expected_actual_and_rule() {
        let inconclusive = check("win", Verdict::Inconclusive { reason: "no guest agent".into() });
        let passed = check("fine", Verdict::Passed { seen: "4".into() });
        let events =
            [failed_check("rhel8"), passed, inconclusive, step_failed(StepName::Check, "2 checks"), failed("2 checks")];
        insta::assert_snapshot!(failure_text(&events), @r"
        failed in step check: 2 checks not passed
        check cpu on VM rhel8
          expected: 4 CPUs
          actual:   2 CPUs
                    (1 socket)
          rule:     The VM has as many CPUs as on the source. (original-suite.md section 3)
        check cpu on VM win is inconclusive
          missing:  no guest agent
          rule:     The VM has as many CPUs as on the source. (original-suite.md section 3)
        ");
    }

    #[test]
    fn a_failed_migration_names_vm_and_pipeline_step() {
        let progress = |vm: &str, phase: &str, completed| Event::MigrationProgressed {
            test: "cold/sanity".into(),
            vm: vm.into(),
            step: "DiskTransferV2v".into(),
            phase: phase.into(),
            completed,
            total: 2048,
        };
        let events = [
            progress("done", "Completed", 2048),
            progress("rhel8", "Error", 512),
            step_failed(StepName::Migrate, "VM rhel8: Unable to transfer disk"),
            failed("VM rhel8: Unable to transfer disk"),
        ];
        insta::assert_snapshot!(failure_text(&events), @r"
        failed in step migrate: VM rhel8: Unable to transfer disk
        VM rhel8: pipeline step DiskTransferV2v 512 of 2048 MiB, phase Error
        ");
    }

    #[test]
    fn many_findings_stay_on_one_screen() {
        let mut events: Vec<Event> = (0..30).map(|number| failed_check(&format!("vm{number}"))).collect();
        events.push(failed("30 checks failed"));
        let text = failure_text(&events);
        assert!(text.lines().count() <= LINES_MAX + 1, "{text}");
        assert!(text.ends_with("... and 27 more findings (all of it stands in events.jsonl)"), "{text}");
        let endless = failure_text(&[failed(&"line\n".repeat(90))]);
        assert_eq!(endless.lines().count(), LINES_MAX);
    }

    #[test]
    fn other_endings_have_their_words() {
        let broken = finished(Outcome::Broken { reason: "no route to host".into() });
        assert_eq!(failure_text(&[broken]), "broken (harness or environment, not the product): no route to host");
        let started = Event::StepStarted { test: "cold/sanity".into(), step: StepName::Plan };
        assert_eq!(failure_text(&[started, finished(Outcome::Cancelled)]), "interrupted in step plan");
        assert_eq!(failure_text(&[finished(Outcome::Passed)]), "");
    }
}
