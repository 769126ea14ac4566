//! Which keys of a scenario this version does not run, or runs without a proof. The former are valid, and refused before
//! anything is touched; the latter are told with each test.

use crate::scenario::{Scenario, UsedKey};

/// Keys that are not run, each with what is missing.
const NOT_RUN: [(&str, &str); 2] = [
    ("pre_hook.aap_job_template_id", "it has no login of an Ansible Automation Platform"),
    ("post_hook.aap_job_template_id", "it has no login of an Ansible Automation Platform"),
];

/// Keys that are handed to the product, and whose effect no check proves.
const UNPROVEN: [&str; 5] = [
    "run_preflight_inspection",
    "enable_nested_virtualization",
    "xfs_compatibility",
    "rdm_as_lun",
    "convertor_node_selector",
];

/// A key that this version does not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// The scenario.
    pub scenario: String,
    /// The rendered place and message.
    pub message: String,
}

/// The keys of `scenario` that this version does not run.
pub fn unsupported_keys(scenario: &Scenario) -> Vec<Unsupported> {
    let refuse = |key: &UsedKey| {
        let why = reason(key)?;
        let message = format!("`{}` is valid, but this version of mtvtest does not run it: {why}", key.path);
        Some(Unsupported {
            scenario: scenario.name.clone(),
            message: scenario.error_at(&key.path, message).to_string(),
        })
    };
    scenario.used_keys().iter().filter_map(refuse).collect()
}

/// What a pass of `scenario` does not prove, in words; `None` if every key has its proof.
pub(super) fn unproven(scenario: &Scenario) -> Option<String> {
    let used = scenario.used_keys();
    let asks = |name: &str| used.iter().any(|key| key.key == name);
    // What the command prints is the proof of the conversion.
    let proven = |name: &str| name == "xfs_compatibility" && asks("xfs_check.command");
    let keys: Vec<&str> = UNPROVEN.into_iter().filter(|name| asks(name) && !proven(name)).collect();
    (!keys.is_empty()).then(|| format!("asked of the product, and proven by no check: {}", keys.join(", ")))
}

/// Why a key is not run; `None` if it is.
fn reason(key: &UsedKey) -> Option<&'static str> {
    NOT_RUN.iter().find(|(name, _)| *name == key.key).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str) -> UsedKey {
        UsedKey { key: key.into(), path: key.into(), file: "f".into(), line: 1, column: 1 }
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        for (name, run) in [
            ("warm_migration", true),
            ("pre_hook.expected_result", true),
            ("virtual_machines[].wait_for_cloud_init", true),
            ("post_hook.aap_job_template_id", false),
        ] {
            assert_eq!(reason(&key(name)).is_none(), run, "{name}");
        }
    }
}
