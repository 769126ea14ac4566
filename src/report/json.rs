//! A run as one JSON object, for programs.

use super::record::{RunRecord, StepRecord, TestRecord};
use crate::event::Outcome;
use serde_json::{Value, json};

/// The run: its counts, environment, tests with steps and checks, and leftovers. `outcome` of a test or step that did
/// not end is null.
pub fn run_json(run: &RunRecord) -> Value {
    let environment = run.environment.as_ref().map(|environment| {
        json!({
            "cluster": environment.cluster,
            "mtv": environment.mtv,
            "openshift": environment.openshift,
            "storage_class": environment.storage_class,
        })
    });
    json!({
        "session": run.session,
        "seed": run.seed,
        "version": run.version,
        "started": run.started,
        "finished": run.finished.is_some(),
        "took_ms": run.took_ms(),
        "summary": run.summary(),
        "environment": environment,
        "tests": run.tests.iter().map(test_json).collect::<Vec<_>>(),
        "leftovers": run.leftovers,
        "notes": run.notes,
    })
}

fn test_json(test: &TestRecord) -> Value {
    let (took_ms, outcome, reason) = ending(test.finished.as_ref());
    json!({
        "name": test.name,
        "source_provider": test.provider(),
        "description": test.description,
        "took_ms": took_ms,
        "outcome": outcome,
        "reason": reason,
        "steps": test.steps.iter().map(step_json).collect::<Vec<_>>(),
        "migrated": test.measures,
        "checks": test.checks,
        "notes": test.notes,
    })
}

fn step_json(step: &StepRecord) -> Value {
    let (took_ms, outcome, reason) = ending(step.finished.as_ref());
    json!({"step": step.step, "took_ms": took_ms, "outcome": outcome, "reason": reason})
}

fn ending(finished: Option<&(u64, Outcome)>) -> (Option<u64>, Option<&'static str>, Option<&str>) {
    let Some((took_ms, outcome)) = finished else { return (None, None, None) };
    let (word, reason) = match outcome {
        Outcome::Passed => ("passed", None),
        Outcome::Failed { reason } => ("failed", Some(reason.as_str())),
        Outcome::Broken { reason } => ("broken", Some(reason.as_str())),
        Outcome::Skipped { reason } => ("skipped", Some(reason.as_str())),
        Outcome::Cancelled => ("cancelled", None),
    };
    (Some(*took_ms), Some(word), reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Stamped, StepName};

    #[test]
    fn endings_are_words_and_open_ends_are_null() {
        let test = || "cold/a@vs8".to_owned();
        let failed = Outcome::Failed { reason: "no".into() };
        let events = [
            Event::ScenarioStarted { test: test(), description: "d".into() },
            Event::StepStarted { test: test(), step: StepName::CleanUp },
            Event::ScenarioFinished { test: test(), took_ms: 7, outcome: failed },
        ];
        let stamp = |(sequence, event)| Stamped { sequence, elapsed_ms: 10, event };
        let value = run_json(&RunRecord::of(&(0..).zip(events).map(stamp).collect::<Vec<_>>()));
        assert_eq!(value["finished"], false);
        assert_eq!(value["summary"]["failed"], 1);
        let test = &value["tests"][0];
        assert_eq!(test["source_provider"], "vs8");
        assert_eq!((&test["outcome"], &test["reason"]), (&json!("failed"), &json!("no")));
        assert_eq!(test["steps"], json!([{"step": "clean-up", "took_ms": null, "outcome": null, "reason": null}]));
    }
}
