//! Rules of hooks.
//!
//! Source: original-suite.md section 1.6.

use super::run::Report;
use crate::scenario::model::{ExpectedResult, Hook, PipelineStep, PlanSpec};
use crate::scenario::tree::{Kind, join_key, parse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Checks both hooks of a plan.
pub(super) fn check(plan: &PlanSpec, prefix: &str, report: &mut Report<'_>) {
    for (key, hook) in [("pre_hook", &plan.pre_hook), ("post_hook", &plan.post_hook)] {
        let Some(hook) = hook else { continue };
        let path = join_key(prefix, key);
        check_hook(hook, &path, report);
        let fails = hook.expected_result == Some(ExpectedResult::Fail);
        if fails && plan.expected_migration_result != Some(ExpectedResult::Fail) {
            let result = join_key(prefix, "expected_migration_result");
            let at = if report.has(&result) { result } else { join_key(&path, "expected_result") };
            let message = "a migration whose hook fails cannot succeed; give `expected_migration_result: fail`";
            report.tell(at, message);
        }
    }
    check_failed_step(plan, prefix, report);
}

/// A failure that is expected of a hook needs that hook, and the hook that fails first is the one to expect.
fn check_failed_step(plan: &PlanSpec, prefix: &str, report: &mut Report<'_>) {
    let path = join_key(prefix, "expected_failure.step");
    let failure = plan.expected_failure.as_ref();
    let failure = failure.filter(|_| plan.expected_migration_result == Some(ExpectedResult::Fail));
    let step = failure.and_then(|failure| failure.step);
    let steps =
        [("pre_hook", &plan.pre_hook, PipelineStep::PreHook), ("post_hook", &plan.post_hook, PipelineStep::PostHook)];
    if let Some((key, ..)) = steps.iter().find(|(_, hook, own)| step == Some(*own) && hook.is_none()) {
        report.tell(&path, format!("the plan has no `{key}` that could fail"));
        return;
    }
    let fails =
        |hook: &&Option<Hook>| hook.as_ref().and_then(|hook| hook.expected_result) == Some(ExpectedResult::Fail);
    let first = steps.iter().find(|(_, hook, _)| fails(hook));
    if let (Some((key, _, own)), Some(step)) = (first, step)
        && step != *own
    {
        let message = format!("`{key}` is expected to fail, which fails the step `{}`", own.as_str());
        report.tell(&path, message);
    }
}

fn check_hook(hook: &Hook, path: &str, report: &mut Report<'_>) {
    let given = [
        ("expected_result", hook.expected_result.is_some()),
        ("playbook_base64", hook.playbook_base64.is_some()),
        ("aap_job_template_id", hook.aap_job_template_id.is_some()),
    ];
    let given: Vec<&str> = given.into_iter().filter(|(_, is_given)| *is_given).map(|(key, _)| key).collect();
    match given.as_slice() {
        [_] => {}
        [] => report.tell(
            path,
            "a hook needs exactly one of `expected_result`, `playbook_base64`, `aap_job_template_id`; none is given",
        ),
        [_, second, ..] => {
            let message = format!("a hook has exactly one of its keys; given are `{}`", given.join("` and `"));
            report.tell(join_key(path, second), message);
        }
    }
    if let Some(fault) = hook.playbook_base64.as_deref().and_then(playbook_fault) {
        report.tell(join_key(path, "playbook_base64"), fault);
    }
    if hook.aap_job_template_id == Some(0) {
        report.tell(join_key(path, "aap_job_template_id"), "a job template's id is 1 or more");
    }
}

/// Why a text is no playbook, if it is none.
fn playbook_fault(encoded: &str) -> Option<String> {
    let bare: String = encoded.split_whitespace().collect();
    let bytes = match STANDARD.decode(bare) {
        Ok(bytes) => bytes,
        Err(error) => return Some(format!("the playbook is not base64: {error}")),
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return Some("the decoded playbook is not UTF-8 text".to_owned());
    };
    let root = match parse(&text) {
        Ok(root) => root,
        Err(error) => return Some(format!("the decoded playbook is not YAML: {}", error.without_snippet())),
    };
    match root.kind {
        Kind::List(plays) if plays.is_empty() => Some("the decoded playbook has no play".to_owned()),
        Kind::List(plays) => plays
            .iter()
            .find(|play| !matches!(play.value.kind, Kind::Map(_)))
            .map(|play| format!("play {} of the decoded playbook is not a mapping", play.index + 1)),
        _ => Some("the decoded playbook is not a list of plays".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::playbook_fault;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn playbooks_are_lists_of_plays() {
        let fault = |text: &str| playbook_fault(&STANDARD.encode(text)).unwrap_or_default();
        assert_eq!(fault("- hosts: localhost\n  tasks: []\n"), "");
        assert_eq!(fault("[]"), "the decoded playbook has no play");
        assert_eq!(fault("hosts: all"), "the decoded playbook is not a list of plays");
        assert_eq!(fault("- hosts: a\n- 7"), "play 2 of the decoded playbook is not a mapping");
        assert!(fault("- [").starts_with("the decoded playbook is not YAML"));
        assert!(playbook_fault("%%%").unwrap().starts_with("the playbook is not base64"));
        assert_eq!(playbook_fault(&STANDARD.encode([0xff, 0xfe])).unwrap(), "the decoded playbook is not UTF-8 text");
    }
}
