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
    insta::assert_snapshot!(with("warm_migraton: true\n"), @r#"
    bad.yaml:4:1: unknown key `warm_migraton`; did you mean `warm_migration`?
      4 | warm_migraton: true
        | ^^^^^^^^^^^^^
        = at warm_migraton

    1 error in 1 scenario file
    "#);
    insta::assert_snapshot!(with("    guest_agnet: true\n"), @r#"
    bad.yaml:4:5: unknown key `guest_agnet`; did you mean `guest_agent`?
      4 |     guest_agnet: true
        |     ^^^^^^^^^^^
        = at virtual_machines[0].guest_agnet

    1 error in 1 scenario file
    "#);
    insta::assert_snapshot!(with("    add_disks: [{size: 3}]\n"), @r#"
    bad.yaml:4:18: unknown key `size`; did you mean `size_gb`?
      4 |     add_disks: [{size: 3}]
        |                  ^^^^
        = at virtual_machines[0].add_disks[0].size

    1 error in 1 scenario file
    "#);
}

#[test]
fn keys_of_another_level_are_sent_there() {
    insta::assert_snapshot!(with("guest_agent: true\n    "), @r#"
    bad.yaml:4:1: unknown key `guest_agent`; it belongs in an entry of `virtual_machines`
      4 | guest_agent: true
        | ^^^^^^^^^^^
        = at guest_agent

    1 error in 1 scenario file
    "#);
    insta::assert_snapshot!(with("    warm_migration: true\n"), @r#"
    bad.yaml:4:5: unknown key `warm_migration`; it belongs in the plan
      4 |     warm_migration: true
        |     ^^^^^^^^^^^^^^
        = at virtual_machines[0].warm_migration

    1 error in 1 scenario file
    "#);
}

#[test]
fn misspelt_values_get_the_nearest() {
    insta::assert_snapshot!(with("    disk_type: thik-lazy\n    source_vm_power: up\n"), @r#"
    bad.yaml:4:16: unknown value `thik-lazy`; did you mean `thick-lazy`?
      4 |     disk_type: thik-lazy
        |                ^^^^^^^^^
        = at virtual_machines[0].disk_type

    bad.yaml:5:22: unknown value `up`; expected `on` or `off`
      5 |     source_vm_power: up
        |                      ^^
        = at virtual_machines[0].source_vm_power

    2 errors in 1 scenario file
    "#);
    insta::assert_snapshot!(with("requires: {source: [vsfere]}\n"), @r#"
    bad.yaml:4:21: unknown value `vsfere`; did you mean `vsphere`?
      4 | requires: {source: [vsfere]}
        |                     ^^^^^^
        = at requires.source[0]

    1 error in 1 scenario file
    "#);
}

#[test]
fn wrong_types_name_both_sides() {
    insta::assert_snapshot!(with("    guest_agent: yes\n    source_vm_power: true\n    snapshots: many\n"), @r#"
    bad.yaml:4:18: expected true or false, found the text "yes"
      4 |     guest_agent: yes
        |                  ^^^
        = at virtual_machines[0].guest_agent

    bad.yaml:5:22: expected `on` or `off`, found `true`
      5 |     source_vm_power: true
        |                      ^^^^
        = at virtual_machines[0].source_vm_power

    bad.yaml:6:16: expected a whole number, 0 or more, found the text "many"
      6 |     snapshots: many
        |                ^^^^
        = at virtual_machines[0].snapshots

    3 errors in 1 scenario file
    "#);
    insta::assert_snapshot!(with("tags: tier0\ncheks: {}\ntarget_labels: {a: 1}\n"), @r#"
    bad.yaml:4:7: expected a list, found the text "tier0"
      4 | tags: tier0
        |       ^^^^^
        = at tags

    bad.yaml:5:1: unknown key `cheks`; did you mean `checks`?
      5 | cheks: {}
        | ^^^^^
        = at cheks

    bad.yaml:6:20: expected text, found the number 1; put it into quotes
      6 | target_labels: {a: 1}
        |                    ^
        = at target_labels.a

    3 errors in 1 scenario file
    "#);
    insta::assert_snapshot!(with("    clone:\n    add_disks: {}\n    snapshots: -1\n"), @r#"
    bad.yaml:4:5: expected true or false, found nothing
      4 |     clone:
        |     ^^^^^
        = at virtual_machines[0].clone

    bad.yaml:5:16: expected a list, found a mapping
      5 |     add_disks: {}
        |                ^
        = at virtual_machines[0].add_disks

    bad.yaml:6:16: expected a whole number, 0 or more, found the number -1
      6 |     snapshots: -1
        |                ^^
        = at virtual_machines[0].snapshots

    3 errors in 1 scenario file
    "#);
    insta::assert_snapshot!(with("timeouts: {plan_ready: soon, ssh: 0}\nrequires: {mtv: newest}\n"), @r#"
    bad.yaml:4:24: `soon` is not a duration such as 6m, 1h 30m, 45s
      4 | timeouts: {plan_ready: soon, ssh: 0}
        |                        ^^^^
        = at timeouts.plan_ready

    bad.yaml:4:35: a duration of 0 leaves no time
      4 | timeouts: {plan_ready: soon, ssh: 0}
        |                                   ^
        = at timeouts.ssh

    bad.yaml:5:17: "newest" is not a version requirement such as ">=2.10"
      5 | requires: {mtv: newest}
        |                 ^^^^^^
        = at requires.mtv

    3 errors in 1 scenario file
    "#);
}

#[test]
fn duplicates_name_the_first_line() {
    insta::assert_snapshot!(with("description: Again.\n"), @r#"
    bad.yaml:4:1: key `description` is given twice; first on line 1
      4 | description: Again.
        | ^^^^^^^^^^^
        = at description

    1 error in 1 scenario file
    "#);
}

#[test]
fn missing_keys_stand_at_their_mapping() {
    insta::assert_snapshot!(errors_of("tags: [a]\n"), @r#"
    bad.yaml:1:1: missing key `description`
      1 | tags: [a]
        | ^

    bad.yaml:1:1: missing key `virtual_machines`
      1 | tags: [a]
        | ^

    2 errors in 1 scenario file
    "#);
    insta::assert_snapshot!(errors_of("description: A.\nvirtual_machines:\n  - guest_agent: true\n"), @r#"
    bad.yaml:3:5: missing key `name`
      3 |   - guest_agent: true
        |     ^
        = at virtual_machines[0]

    1 error in 1 scenario file
    "#);
}

#[test]
fn files_that_are_no_mapping() {
    insta::assert_snapshot!(errors_of(""), @r#"
    bad.yaml: the file is empty; a scenario is a YAML mapping

    1 error in 1 scenario file
    "#);
    insta::assert_snapshot!(errors_of("# only a comment\n---\n"), @r#"
    bad.yaml: the file is empty; a scenario is a YAML mapping

    1 error in 1 scenario file
    "#);
    insta::assert_snapshot!(errors_of("- a\n- b\n"), @r#"
    bad.yaml:1:1: a scenario is a YAML mapping of keys to values
      1 | - a
        | ^

    1 error in 1 scenario file
    "#);
    insta::assert_snapshot!(errors_of("just text\n"), @r#"
    bad.yaml:1:1: a scenario is a YAML mapping of keys to values
      1 | just text
        | ^^^^^^^^^

    1 error in 1 scenario file
    "#);
    insta::assert_snapshot!(errors_of("description: a\n---\ndescription: b\n"), @r#"
    bad.yaml:3:1: a scenario file holds one YAML document
      3 | description: b
        | ^

    1 error in 1 scenario file
    "#);
}

#[test]
fn broken_yaml_has_its_place() {
    insta::assert_snapshot!(errors_of("description: [a\ntags: b\n"), @r#"
    bad.yaml:2:5: not valid YAML: illegal placement of ':' indicator
      2 | tags: b
        |     ^

    1 error in 1 scenario file
    "#);
    insta::assert_snapshot!(errors_of("description: *gone\n"), @r#"
    bad.yaml:1:14: not valid YAML: alias references unknown anchor
      1 | description: *gone
        |              ^

    1 error in 1 scenario file
    "#);
    insta::assert_snapshot!(errors_of("description: a\n  tags: b\n"), @r#"
    bad.yaml:2:7: not valid YAML: mapping values are not allowed in this context
      2 |   tags: b
        |       ^

    1 error in 1 scenario file
    "#);
}

#[test]
fn all_errors_of_a_file_are_told_at_once() {
    insta::assert_snapshot!(errors_of(
        "description: 7\ntag: [x]\nvirtual_machines:\n  - nme: a\n  - name: b\n    clone: maybe\n\
         pre_hook: {expected_result: pass}\n"
    ), @r#"
    bad.yaml:1:14: expected text, found the number 7; put it into quotes
      1 | description: 7
        |              ^
        = at description

    bad.yaml:2:1: unknown key `tag`; did you mean `tags`?
      2 | tag: [x]
        | ^^^
        = at tag

    bad.yaml:4:5: unknown key `nme`; did you mean `name`?
      4 |   - nme: a
        |     ^^^
        = at virtual_machines[0].nme

    bad.yaml:6:12: expected true or false, found the text "maybe"
      6 |     clone: maybe
        |            ^^^^^
        = at virtual_machines[1].clone

    bad.yaml:7:29: unknown value `pass`; expected `succeed` or `fail`
      7 | pre_hook: {expected_result: pass}
        |                             ^^^^
        = at pre_hook.expected_result

    5 errors in 1 scenario file
    "#);
}

#[test]
fn plan_keys_beside_plans_are_refused() {
    insta::assert_snapshot!(errors_of(
        "description: A.\nwarm_migration: true\nplans:\n  one: {virtual_machines: [{name: a}]}\n"
    ), @r#"
    bad.yaml:2:1: `warm_migration` belongs in each plan of `plans`
      2 | warm_migration: true
        | ^^^^^^^^^^^^^^
        = at warm_migration

    1 error in 1 scenario file
    "#);
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
    insta::assert_snapshot!(shown, @r#"
    DIR/cold/bad name.yaml: `cold/bad name` is no scenario name: use letters, digits, `.`, `_` and `-`, beginning with a letter or digit

    DIR/cold/bytes.yaml: the file is not UTF-8 text

    DIR/cold/sanity.yml: the scenario `cold/sanity` is also in DIR/cold/sanity.yaml; rename one of the files

    3 errors in 3 scenario files
    "#);
}

#[test]
fn folders_without_scenarios() {
    let folder = tempfile::tempdir().unwrap();
    let text = |path: &std::path::Path| {
        Catalogue::load(path).unwrap_err().to_string().replace(&folder.path().display().to_string(), "DIR")
    };
    insta::assert_snapshot!(text(folder.path()), @r#"
    DIR: no scenario here; a scenario is a .yaml file

    1 error in 1 scenario file
    "#);
    insta::assert_snapshot!(text(&folder.path().join("absent")), @r#"
    DIR/absent: the scenario folder cannot be read: No such file or directory (os error 2)

    1 error in 1 scenario file
    "#);
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
    insta::assert_snapshot!(errors[0], @r#"
    a.yaml:4:17: unknown check `seriel`; did you mean `serial`?
      4 | checks: {skip: {seriel: why, power: why}}
        |                 ^^^^^^
        = at checks.skip.seriel
    "#);
}
