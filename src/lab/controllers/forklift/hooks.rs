//! Hooks: their validity, and what a playbook does when it is run.
//!
//! Source: forklift-api.md sections 4 and 7.

use super::super::conditions::{Condition, Conditions};
use super::super::hub::{Fail, Hub, Outcome};
use super::super::kinds::HOOK;
use super::super::object::{generation, is_deleting, text};
use base64::Engine as _;
use serde_json::{Value, json};

pub(crate) async fn reconcile(hub: &Hub, hook: &Value) -> Result<Outcome, Fail> {
    if is_deleting(hook) {
        return Ok(Outcome::Done);
    }
    let mut conditions = Conditions::begin(hook);
    let image = text(hook, "/spec/image");
    if image.is_empty() && hook.pointer("/spec/aap").is_none() {
        conditions.set(Condition::critical("InvalidImage", "NotSet", "spec.image is empty"));
    }
    if playbook(hook).is_none() {
        conditions.set(Condition::critical("InvalidPlaybook", "DataError", "spec.playbook is not base64 of text"));
    }
    if !conditions.blocked() {
        conditions.set(Condition::required("Ready", "", "the hook is ready"));
    }
    let status = json!({"conditions": conditions.finish(), "observedGeneration": generation(hook)});
    hub.put_status(HOOK, hook, status).await?;
    Ok(Outcome::Done)
}

/// The playbook's text, empty if there is none; `None` if it cannot be decoded.
pub(crate) fn playbook(hook: &Value) -> Option<String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text(hook, "/spec/playbook").trim()).ok()?;
    String::from_utf8(bytes).ok()
}

/// Whether running the playbook fails: the lab runs no Ansible, but a playbook that calls the `fail` module fails.
pub(crate) fn playbook_fails(playbook: &str) -> bool {
    playbook.lines().any(|line| {
        let task = line.trim_start_matches([' ', '-', '\t']);
        ["fail:", "ansible.builtin.fail:"].iter().any(|module| task.starts_with(module))
    })
}

/// How long a playbook takes: what its pauses and sleeps say; everything else takes no time.
pub(crate) fn playbook_seconds(playbook: &str) -> u64 {
    let number = |text: &str| text.trim().trim_matches(['"', '\'', '}', ']']).trim().parse::<u64>().ok();
    let of_line = |line: &str| {
        let after = |word: &str| line.split_once(word).and_then(|(_, rest)| number(rest));
        after("seconds:").or(after("minutes:").map(|minutes| minutes * 60)).or(after("sleep ")).unwrap_or(0)
    };
    playbook.lines().filter(|line| !line.trim_start().starts_with('#')).map(of_line).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_playbook_with_the_fail_module_fails() {
        assert!(playbook_fails("- hosts: localhost\n  tasks:\n    - name: x\n      fail:\n        msg: no\n"));
        assert!(playbook_fails("- ansible.builtin.fail: {msg: no}"));
        assert!(!playbook_fails("- debug: {msg: failover}\n# does not fail: ever\n"));
        assert_eq!(playbook_seconds("- pause: {minutes: 2}\n# sleep 9\n- command: sleep 5\n"), 125);
        assert_eq!(playbook(&json!({"spec": {"playbook": "%%"}})), None);
        assert_eq!(playbook(&json!({"spec": {}})).as_deref(), Some(""));
    }
}
