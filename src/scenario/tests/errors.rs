use crate::scenario::load::load_text;
use crate::scenario::{Catalogue, ScenarioErrors};

/// The full text of the errors of a file.
pub(super) fn errors_of(text: &str) -> String {
    match load_text("bad.yaml", "bad", text) {
        Ok(_) => "no error".to_owned(),
        Err(errors) => ScenarioErrors::new(errors).to_string(),
    }
}

const GOOD: &str = "description: A file.\nvirtual_machines:\n  - name: a\n";

fn with(more: &str) -> String {
    errors_of(&format!("{GOOD}{more}"))
}

#[test]
fn unknown_keys_get_the_nearest() {
    insta::assert_snapshot!(with("warm_migraton: true\n"), @"");
    insta::assert_snapshot!(with("    guest_agnet: true\n"), @"");
    insta::assert_snapshot!(with("    add_disks: [{size: 3}]\n"), @"");
}

#[test]
fn keys_of_another_level_are_sent_there() {
    insta::assert_snapshot!(with("guest_agent: true\n    "), @"");
    insta::assert_snapshot!(with("    warm_migration: true\n"), @"");
}

#[test]
fn misspelt_values_get_the_nearest() {
    insta::assert_snapshot!(with("    disk_type: thik-lazy\n    source_vm_power: up\n"), @"");
    insta::assert_snapshot!(with("requires: {source: [vsfere]}\n"), @"");
}

#[test]
fn wrong_types_name_both_sides() {
    insta::assert_snapshot!(with("    guest_agent: yes\n    source_vm_power: true\n    snapshots: many\n"), @"");
    insta::assert_snapshot!(with("tags: tier0\ncheks: {}\ntarget_labels: {a: 1}\n"), @"");
    insta::assert_snapshot!(with("    clone:\n    add_disks: {}\n    snapshots: -1\n"), @"");
    insta::assert_snapshot!(with("timeouts: {plan_ready: soon, ssh: 0}\nrequires: {mtv: newest}\n"), @"");
}

#[test]
fn duplicates_name_the_first_line() {
    insta::assert_snapshot!(with("description: Again.\n"), @"");
}

#[test]
fn missing_keys_stand_at_their_mapping() {
    insta::assert_snapshot!(errors_of("tags: [a]\n"), @"");
    insta::assert_snapshot!(errors_of("description: A.\nvirtual_machines:\n  - guest_agent: true\n"), @"");
}

#[test]
fn files_that_are_no_mapping() {
    insta::assert_snapshot!(errors_of(""), @"");
    insta::assert_snapshot!(errors_of("# only a comment\n---\n"), @"");
    insta::assert_snapshot!(errors_of("- a\n- b\n"), @"");
    insta::assert_snapshot!(errors_of("just text\n"), @"");
    insta::assert_snapshot!(errors_of("description: a\n---\ndescription: b\n"), @"");
}

#[test]
fn broken_yaml_has_its_place() {
    insta::assert_snapshot!(errors_of("description: [a\ntags: b\n"), @"");
    insta::assert_snapshot!(errors_of("description: *gone\n"), @"");
    insta::assert_snapshot!(errors_of("description: a\n  tags: b\n"), @"");
}

#[test]
fn all_errors_of_a_file_are_told_at_once() {
    insta::assert_snapshot!(errors_of(
        "description: 7\ntag: [x]\nvirtual_machines:\n  - nme: a\n  - name: b\n    clone: maybe\n\
         pre_hook: {expected_result: pass}\n"
    ), @"");
}

#[test]
fn plan_keys_beside_plans_are_refused() {
    insta::assert_snapshot!(errors_of(
        "description: A.\nwarm_migration: true\nplans:\n  one: {virtual_machines: [{name: a}]}\n"
    ), @"");
}

#[test]
fn two_files_of_one_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("cold")).unwrap();
    for name in ["cold/sanity.yaml", "cold/sanity.yml", "cold/bad name.yaml"] {
        std::fs::write(folder.path().join(name), GOOD).unwrap();
    }
    std::fs::write(folder.path().join("README.md"), "not a scenario").unwrap();
    std::fs::write(folder.path().join("cold/bytes.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    let errors = Catalogue::load(folder.path()).unwrap_err().to_string();
    let shown = errors.replace(&folder.path().display().to_string(), "DIR");
    insta::assert_snapshot!(shown, @"");
}

#[test]
fn folders_without_scenarios() {
    let folder = tempfile::tempdir().unwrap();
    let text = |path: &std::path::Path| {
        Catalogue::load(path).unwrap_err().to_string().replace(&folder.path().display().to_string(), "DIR")
    };
    insta::assert_snapshot!(text(folder.path()), @"");
    insta::assert_snapshot!(text(&folder.path().join("absent")), @"");
}

#[test]
fn a_folder_gives_names_from_paths() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("warm/deep")).unwrap();
    for name in ["b.yml", "warm/deep/x.yaml", "a.yaml", ".hidden.yaml"] {
        std::fs::write(folder.path().join(name), GOOD).unwrap();
    }
    let catalogue = Catalogue::load(folder.path()).unwrap();
    let names: Vec<_> = catalogue.scenarios.iter().map(|scenario| scenario.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "warm/deep/x"]);
}

#[test]
fn checks_are_known_to_the_engine_only() {
    let scenario = load_text("a.yaml", "a", &format!("{GOOD}checks: {{skip: {{seriel: why, power: why}}}}\n")).unwrap();
    let errors = scenario[0].unknown_checks(&["serial", "power"]);
    assert_eq!(errors.len(), 1);
    insta::assert_snapshot!(errors[0], @"");
}
