//! Rules of the keys that are not a plan's.

use super::names::namespace_fault;
use super::run::{Checked, Report};
use crate::facts::{nearest, parse_version};
use crate::scenario::model::{Requires, RunMode};
use crate::scenario::tree::join_key;
use std::collections::BTreeSet;

/// Keys of a provider's `copyoffload` section. Source: original-suite.md section 4.
const COPYOFFLOAD_KEYS: [&str; 24] = [
    "storage_vendor_product",
    "datastore_id",
    "storage_hostname",
    "storage_username",
    "storage_password",
    "secondary_datastore_id",
    "non_xcopy_datastore_id",
    "default_vm_name",
    "esxi_clone_method",
    "esxi_host",
    "esxi_user",
    "esxi_password",
    "rdm_lun_uuid",
    "resource_pool",
    "dedicated_migration_hosts",
    "storage_skip_ssl_verification",
    "storage_secret_extra",
    "ontap_svm",
    "vantara_storage_id",
    "vantara_storage_port",
    "vantara_hostgroup_id_list",
    "pure_cluster_prefix",
    "powerflex_system_id",
    "powermax_symmetrix_id",
];

/// Settings a scenario may ask for. Source: original-suite.md section 5.
const SETTING_KEYS: [&str; 16] = [
    "storage_class",
    "mtv_namespace",
    "remote_ocp_cluster",
    "target_ocp_version",
    "snapshots_interval",
    "mins_before_cutover",
    "plan_wait_timeout",
    "cluster_host",
    "cluster_username",
    "cluster_password",
    "upgrade_repo_url",
    "upgrade_repo_ref",
    "upgrade_script_path",
    "mtv_upgrade_to_version",
    "mtv_upgrade_to_source",
    "mtv_upgrade_image_index",
];

/// Checks the file's own keys.
pub(super) fn check(checked: &Checked<'_>, report: &mut Report<'_>) {
    let file = checked.file;
    if file.description.trim().is_empty() {
        report.tell("description", "the description is empty; say in one sentence what the scenario shows");
    }
    if file.id.as_ref().is_some_and(|id| id.trim().is_empty()) {
        report.tell("id", "the id is empty");
    }
    check_tags(&file.tags, report);
    check_requires(&file.requires, report);
    if let Some(fault) = file.min_mtv_version.as_deref().and_then(|text| parse_version(text).err()) {
        report.tell("min_mtv_version", fault.to_string());
    }
    for (index, issue) in file.known_issues.iter().enumerate() {
        if issue.id.trim().is_empty() {
            report.tell(format!("known_issues[{index}].id"), "a known issue needs its id");
        }
    }
    check_plans(checked, report);
    for (name, reason) in &file.checks.skip {
        if reason.trim().is_empty() {
            report.tell(format!("checks.skip.{name}"), "leaving out a check needs its reason");
        }
    }
    for (kind, partial) in &file.expect {
        if !partial.is_object() {
            report.tell(join_key("expect", kind), "expected a partial object, that is, a mapping");
        }
    }
    for (name, value) in &file.forklift_controller {
        if value.is_object() || value.is_array() || value.is_null() {
            report.tell(join_key("forklift_controller", name), "a controller parameter is a scalar");
        }
    }
}

fn check_tags(tags: &[String], report: &mut Report<'_>) {
    let mut seen = BTreeSet::new();
    for (index, tag) in tags.iter().enumerate() {
        let path = format!("tags[{index}]");
        let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_-".contains(letter);
        if tag.is_empty() || !tag.chars().all(fits) {
            report.tell(&path, format!("`{tag}` is no tag: use lower-case letters, digits, `_` and `-`"));
        }
        if !seen.insert(tag) {
            report.tell(&path, format!("the tag `{tag}` is given twice"));
        }
    }
}

fn check_requires(requires: &Requires, report: &mut Report<'_>) {
    let lists = [
        ("copyoffload", &requires.copyoffload, COPYOFFLOAD_KEYS.as_slice(), "key of the `copyoffload` section"),
        ("settings", &requires.settings, SETTING_KEYS.as_slice(), "setting"),
    ];
    for (key, words, known, what) in lists {
        for (index, word) in words.iter().enumerate().filter(|(_, word)| !known.contains(&word.as_str())) {
            let near = nearest(word, known.iter().copied(), 1);
            let hint = near.first().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            report.tell(format!("requires.{key}[{index}]"), format!("unknown {what} `{word}`{hint}"));
        }
    }
    let mut seen = BTreeSet::new();
    for (index, source) in requires.source.iter().enumerate() {
        if !seen.insert(source) {
            report.tell(format!("requires.source[{index}]"), format!("`{source}` is given twice"));
        }
    }
    for key in ["source", "copyoffload", "provider", "settings"] {
        let path = format!("requires.{key}");
        let count = match key {
            "source" => requires.source.len(),
            "copyoffload" => requires.copyoffload.len(),
            "provider" => requires.provider.len(),
            _ => requires.settings.len(),
        };
        if count == 0 && report.has(&path) {
            report.tell(&path, "the list is empty; leave the key out, or name what is required");
        }
    }
}

fn check_plans(checked: &Checked<'_>, report: &mut Report<'_>) {
    let named: Vec<&str> = checked.plans.iter().filter_map(|plan| plan.name.as_deref()).collect();
    if named.is_empty() {
        if report.has("plans") {
            report.tell("plans", "`plans` needs at least one plan");
        } else if checked.file.run.is_some() {
            report.tell("run", "`run` says how several plans run; it needs `plans`");
        }
        return;
    }
    if checked.file.run == Some(RunMode::Concurrent) && named.len() < 2 {
        report.tell("run", "one plan cannot run concurrently; give at least two");
    }
    for name in named {
        if let Some(fault) = namespace_fault(name).filter(|_| name.len() <= 63) {
            report.tell(join_key("plans", name), fault.replace("no namespace", "no plan name"));
        } else if name.len() > 20 {
            report
                .tell(join_key("plans", name), "a plan's name has at most 20 characters, so that names made of it fit");
        }
    }
}
