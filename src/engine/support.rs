//! Which keys of a scenario this version runs. The others are valid, and refused before anything is touched.

use crate::scenario::{Scenario, UsedKey};

/// Keys that are run with any value.
const RUN: [&str; 32] = [
    "description",
    "id",
    "tags",
    "requires",
    "min_mtv_version",
    "known_issues",
    "matrix",
    "timeouts",
    "timeouts.plan_ready",
    "timeouts.migration",
    "timeouts.guest_agent",
    "timeouts.inventory",
    "timeouts.clone",
    "checks",
    "checks.skip",
    "virtual_machines",
    "virtual_machines[].name",
    "virtual_machines[].source_vm_power",
    "virtual_machines[].guest_agent",
    "virtual_machines[].clone_name",
    "virtual_machines[].preserve_name_format",
    "virtual_machines[].disk_type",
    "virtual_machines[].target_esxi_host",
    "virtual_machines[].add_disks",
    "virtual_machines[].add_disks[].size_gb",
    "virtual_machines[].add_disks[].provision_type",
    "virtual_machines[].add_disks[].disk_mode",
    "virtual_machines[].add_disks[].datastore_path",
    "target_power_state",
    "vm_target_namespace",
    "guest_agent_timeout",
    "inventory_timeout",
];

/// Keys that are run with this value only: their default, spelt out.
const RUN_WITH: [(&str, &str); 3] =
    [("destination", "local"), ("virtual_machines[].clone", "true"), ("expected_migration_result", "succeed")];

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
        let value = key.value.as_ref().map_or(String::new(), |value| format!(": {value}"));
        let message = format!("`{}{value}` is valid, but this version of mtvtest does not run it yet", key.path);
        Unsupported { scenario: scenario.name.clone(), message: scenario.error_at(&key.path, message).to_string() }
    };
    scenario.used_keys().iter().filter(|key| !is_run(key)).map(refuse).collect()
}

fn is_run(key: &UsedKey) -> bool {
    let general = key.key.as_str();
    let value = key.value.as_deref();
    let below = |parent: &str| general.starts_with(parent) && general[parent.len()..].starts_with(['.', '[']);
    let is_free = ["requires", "known_issues"].into_iter().any(below);
    // A flag that is spelt out as off asks for nothing; `clone` alone is on by default.
    let is_off = value == Some("false") && general != "virtual_machines[].clone";
    let is_default = RUN_WITH.iter().any(|(name, only)| *name == general && value == Some(only));
    let is_moref = ["virtual_machines[].target_datastore_id", "virtual_machines[].add_disks[].datastore_id"]
        .contains(&general)
        && value.is_some_and(|text| !text.ends_with("_datastore_id"));
    RUN.contains(&general) || is_free || is_off || is_default || is_moref
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str, value: Option<&str>) -> UsedKey {
        UsedKey {
            key: key.into(),
            path: key.into(),
            file: "f".into(),
            line: 1,
            column: 1,
            value: value.map(str::to_owned),
        }
    }

    #[test]
    fn only_what_is_run_is_admitted() {
        for (name, value, run) in [
            ("description", Some("x"), true),
            ("requires.mtv", Some(">=2.10"), true),
            ("known_issues[].id", Some("MTV-1"), true),
            ("warm_migration", Some("false"), true),
            ("warm_migration", Some("true"), false),
            ("destination", Some("local"), true),
            ("destination", Some("remote"), false),
            ("virtual_machines[].clone", Some("false"), false),
            ("virtual_machines[].add_disks[].datastore_id", Some("datastore-12"), true),
            ("virtual_machines[].add_disks[].datastore_id", Some("secondary_datastore_id"), false),
            ("pre_hook", None, false),
            ("plans", None, false),
            ("requiresx", None, false),
        ] {
            assert_eq!(is_run(&key(name, value)), run, "{name} {value:?}");
        }
    }
}
