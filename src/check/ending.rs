//! A migration that must fail: it must fail in every VM, at the step and for the reason that the scenario names.
//!
//! Source: original-suite.md section 1.6 (`validate_all_vms_same_step`, `validate_hook_failure_and_check_vms`).

use crate::event::{CheckReport, Verdict};
use crate::scenario::PipelineStep;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How a scenario says that its migration must fail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskedFailure {
    /// The pipeline steps at which it may; empty: at any one step.
    pub steps: Vec<PipelineStep>,
    /// Text that the error must contain.
    pub message: Option<String>,
}

/// How the migration of one VM ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VmEnding {
    /// Name on the source.
    pub vm: String,
    /// The step that failed; `None` when none did.
    pub failed_step: Option<String>,
    /// The reasons that the product gives.
    pub reasons: Vec<String>,
}

impl std::fmt::Display for VmEnding {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.failed_step {
            Some(step) if self.reasons.is_empty() => write!(out, "{} failed at {step}, no reason given", self.vm),
            Some(step) => write!(out, "{} failed at {step}: {}", self.vm, self.reasons.join("; ")),
            None => write!(out, "{} did not fail", self.vm),
        }
    }
}

/// Judges the end of a migration that must fail. Every VM is named where they differ.
pub fn judge_ending(asked: &AskedFailure, endings: &[VmEnding]) -> CheckReport {
    let words = || endings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    let steps: BTreeSet<Option<&str>> = endings.iter().map(|one| one.failed_step.as_deref()).collect();
    let at_asked = |step: &str| asked.steps.is_empty() || asked.steps.iter().any(|one| one.as_str() == step);
    let says = |one: &VmEnding| {
        let text = asked.message.as_deref().unwrap_or_default();
        text.is_empty() || one.reasons.iter().any(|reason| reason.contains(text))
    };
    let one_step = match (steps.len(), steps.first()) {
        (1, Some(Some(step))) => Some(*step),
        _ => None,
    };
    let verdict = match one_step {
        Some(step) if at_asked(step) && endings.iter().all(says) => {
            Verdict::Passed { seen: format!("failed at {step} in {} VM(s)", endings.len()) }
        }
        _ => Verdict::Failed {
            expected: expected(asked),
            actual: if endings.is_empty() { "no VM".to_owned() } else { words() },
        },
    };
    CheckReport {
        check: "ending".to_owned(),
        vm: None,
        rule: "A migration that must fail fails at the asked step, with the asked words, in every VM.".to_owned(),
        source: "original-suite.md section 1.6".to_owned(),
        verdict,
    }
}

fn expected(asked: &AskedFailure) -> String {
    let names: Vec<&str> = asked.steps.iter().map(|step| step.as_str()).collect();
    let place = if names.is_empty() { "one and the same step".to_owned() } else { names.join(" or ") };
    let words = asked.message.as_ref().map(|text| format!(", with {text:?} in its reasons")).unwrap_or_default();
    format!("every VM to fail at {place}{words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(vm: &str, step: Option<&str>, reason: &str) -> VmEnding {
        VmEnding { vm: vm.into(), failed_step: step.map(str::to_owned), reasons: vec![reason.to_owned()] }
    }

    fn verdict(steps: Vec<PipelineStep>, message: Option<&str>, endings: &[VmEnding]) -> Verdict {
        judge_ending(&AskedFailure { steps, message: message.map(str::to_owned) }, endings).verdict
    }

    #[test]
    fn only_the_asked_step_in_every_vm_passes() {
        let both = [ending("a", Some("PostHook"), "job"), ending("b", Some("PostHook"), "job failed")];
        assert!(matches!(verdict(vec![PipelineStep::PostHook], None, &both), Verdict::Passed { .. }));
        assert!(matches!(verdict(vec![], Some("job"), &both), Verdict::Passed { .. }));
        assert!(matches!(verdict(vec![], Some("failed"), &both), Verdict::Failed { .. }));
        assert!(matches!(verdict(vec![PipelineStep::PreHook], None, &both), Verdict::Failed { .. }));
        assert!(matches!(verdict(vec![], None, &[]), Verdict::Failed { .. }));
    }

    #[test]
    fn differences_between_vms_are_told_vm_by_vm() {
        let mixed = [ending("a", Some("PostHook"), "x"), ending("b", None, "")];
        let Verdict::Failed { expected, actual } = verdict(vec![PipelineStep::PostHook], None, &mixed) else {
            panic!()
        };
        assert_eq!(expected, "every VM to fail at PostHook");
        assert_eq!(actual, "a failed at PostHook: x\nb did not fail");
    }
}
