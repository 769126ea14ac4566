//! Hooks: playbooks that the product runs around each VM's migration.
//!
//! Source: original-suite.md section 1.6, forklift-api.md sections 4 and 7.

use crate::scenario::{ExpectedResult, Hook, PipelineStep, PlanSpec};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// The built-in playbook that succeeds.
const SUCCEEDING: &str = "\
- name: mtvtest hook that succeeds
  hosts: localhost
  tasks:
    - name: Say so
      ansible.builtin.debug:
        msg: The hook has run.
";

/// The built-in playbook that fails.
const FAILING: &str = "\
- name: mtvtest hook that fails
  hosts: localhost
  tasks:
    - name: Fail on purpose
      ansible.builtin.fail:
        msg: This hook fails on purpose.
";

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookStep {
    /// Before the VM's migration.
    Pre,
    /// After the VM was made.
    Post,
}

impl HookStep {
    /// The pipeline step, as a Plan and a pipeline name it.
    pub fn step(self) -> PipelineStep {
        match self {
            Self::Pre => PipelineStep::PreHook,
            Self::Post => PipelineStep::PostHook,
        }
    }

    /// What its object is for, as part of a name.
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Pre => "pre-hook",
            Self::Post => "post-hook",
        }
    }
}

/// The hooks that a plan asks for, in the order in which they run.
pub fn hooks_of(plan: &PlanSpec) -> Vec<(HookStep, &Hook)> {
    let asked = [(HookStep::Pre, &plan.pre_hook), (HookStep::Post, &plan.post_hook)];
    asked.into_iter().filter_map(|(step, hook)| Some((step, hook.as_ref()?))).collect()
}

/// A Hook object. A hook without a playbook of its own runs the built-in one that ends as it must.
pub fn hook_body(hook: &Hook, image: &str) -> Value {
    let playbook = match (&hook.playbook_base64, hook.expected_result) {
        (Some(encoded), _) => encoded.split_whitespace().collect(),
        (None, Some(ExpectedResult::Fail)) => BASE64_STANDARD.encode(FAILING),
        (None, Some(ExpectedResult::Succeed) | None) => BASE64_STANDARD.encode(SUCCEEDING),
    };
    json!({ "spec": { "image": image, "playbook": playbook } })
}

/// The step at which a migration must fail because of its hooks: the first one whose built-in playbook fails. A playbook
/// of the author's own says nothing of its outcome.
pub fn failing_hook(plan: &PlanSpec) -> Option<PipelineStep> {
    let fails = |hook: &&(HookStep, &Hook)| hook.1.expected_result == Some(ExpectedResult::Fail);
    hooks_of(plan).iter().find(fails).map(|(step, _)| step.step())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(expected: Option<ExpectedResult>, playbook: Option<&str>) -> Hook {
        Hook {
            expected_result: expected,
            playbook_base64: playbook.map(|text| BASE64_STANDARD.encode(text)),
            aap_job_template_id: None,
        }
    }

    fn decoded(body: &Value) -> String {
        String::from_utf8(BASE64_STANDARD.decode(body["spec"]["playbook"].as_str().unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn playbooks_are_built_in_or_the_authors() {
        assert!(decoded(&hook_body(&hook(Some(ExpectedResult::Fail), None), "i")).contains("builtin.fail"));
        assert!(!decoded(&hook_body(&hook(Some(ExpectedResult::Succeed), None), "i")).contains("builtin.fail"));
        assert_eq!(decoded(&hook_body(&hook(None, Some("- hosts: a")), "i")), "- hosts: a");
        assert_eq!(hook_body(&hook(None, Some("x")), "i")["spec"]["image"], "i");
    }
}
