//! Rules of the keys that are not a plan's.

use super::names::namespace_fault;
use super::run::{Checked, Report};
use crate::facts::{nearest, parse_version};
use crate::scenario::fault::or_list;
use crate::scenario::model::{NamedPlan, ProviderType, Requires, RunMode};
use crate::scenario::needs::{TypeNeed, UNCLONED_KEY, type_needs};
use crate::scenario::tree::join_key;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

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

/// Settings a scenario may ask for: those that can be left unset. A test compares them with the settings themselves.
pub(in crate::scenario) const SETTING_KEYS: [&str; 10] = [
    "storage_class",
    "kubeconfig",
    "context",
    "mtv_namespace",
    "remote_ocp_cluster",
    "target_ocp_version",
    "mins_before_cutover",
    "cluster_host",
    "cluster_username",
    "cluster_password",
];

/// Kinds that `expect` knows.
const EXPECTED_KINDS: [&str; 8] = [
    "VirtualMachine",
    "VirtualMachineInstance",
    "PersistentVolumeClaim",
    "Plan",
    "Migration",
    "StorageMap",
    "NetworkMap",
    "Provider",
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
    check_expect(checked, report);
    check_controller(&file.forklift_controller, report);
    check_sources(checked, report);
}

fn check_expect(checked: &Checked<'_>, report: &mut Report<'_>) {
    for (kind, partial) in &checked.file.expect {
        let path = join_key("expect", kind);
        if !EXPECTED_KINDS.contains(&kind.as_str()) {
            let near = nearest(kind, EXPECTED_KINDS, 1);
            let hint = near.first().map(|near| format!("; did you mean `{near}`?"));
            let hint = hint.unwrap_or_else(|| format!("; the kinds are {}", or_list(&EXPECTED_KINDS)));
            report.tell(&path, format!("unknown kind `{kind}`{hint}"));
        }
        match partial.as_object() {
            None => report.tell(&path, "expected a partial object, that is, a mapping"),
            Some(keys) if keys.is_empty() => report.tell(&path, "the partial object is empty; it would match anything"),
            Some(_) => {}
        }
    }
    let ends_early = checked.plans.iter().all(|named| named.plan.stop_after.is_some());
    if ends_early && !checked.file.expect.is_empty() {
        report.tell("expect", "objects are compared in the checks, which `stop_after` leaves out");
    }
}

/// Source: forklift-api.md section 10: a number that is quoted is ignored in silence.
fn check_controller(parameters: &BTreeMap<String, Value>, report: &mut Report<'_>) {
    for (name, value) in parameters {
        let path = join_key("forklift_controller", name);
        let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if name.is_empty() || !name.chars().all(fits) {
            report.tell(&path, format!("`{name}` is no controller parameter: use lower-case letters, digits and `_`"));
        }
        if value.is_object() || value.is_array() || value.is_null() {
            report.tell(&path, "a controller parameter is a scalar");
            continue;
        }
        let number = ["controller_precopy_interval", "controller_max_vm_inflight"].contains(&name.as_str());
        if number && value.as_u64().is_none_or(|value| value == 0) {
            report.tell(&path, format!("`{name}` is a whole number, 1 or more, without quotes"));
        }
        let word = value.as_str().is_some_and(|text| ["true", "false"].contains(&text));
        if name.starts_with("feature_") && !word && !value.is_boolean() {
            report.tell(&path, format!("`{name}` is `true` or `false`"));
        }
    }
}

/// A scenario that none of its sources can run would always be skipped.
fn check_sources(checked: &Checked<'_>, report: &mut Report<'_>) {
    let own = &checked.file.requires.source;
    // What `skip_clone` needs is told at that key.
    let untold = |named: &NamedPlan, need: &TypeNeed| !named.plan.skip_clone || need.0 != UNCLONED_KEY;
    let all = checked.plans.iter().flat_map(|named| type_needs(&named.plan).into_iter().map(move |need| (named, need)));
    let needs: Vec<TypeNeed> = all.filter(|(named, need)| untold(named, need)).map(|(_, need)| need).collect();
    let runs = |one: &ProviderType| needs.iter().all(|(_, types)| types.contains(one));
    if own.is_empty() || own.iter().any(runs) {
        return;
    }
    let unmet = needs.iter().find(|(_, types)| !types.iter().any(|one| own.contains(one)));
    if let Some((key, types)) = unmet {
        let types: Vec<&str> = types.iter().map(|one| one.as_str()).collect();
        report.tell(
            "requires.source",
            format!("{key} is for sources of type {}; none of them is listed", or_list(&types)),
        );
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
