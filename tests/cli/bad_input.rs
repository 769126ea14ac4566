//! What the user has to correct: exit code 2, the whole message, and nothing is made.

use crate::bin::Call;
use crate::folder::{COLD, Folder, WORLD};
use crate::transcript::assert_call;

/// A providers file with one entry; nothing answers at its address.
pub(crate) const PROVIDERS: &str = r#"{"vsphere-8": {"type": "vsphere", "version": "8.0.3", "fqdn": "127.0.0.1:9",
  "api_url": "https://127.0.0.1:9/sdk", "username": "u", "password": "hunter2-marker",
  "guest_vm_linux_user": "root", "guest_vm_linux_password": "x"}}
"#;

/// The call ends with 2, says what the snapshot `name` holds, and leaves the directory as it was.
fn refused(name: &str, folder: &Folder, call: Call) {
    let before = folder.tree();
    let ended = call.end();
    assert_call(&format!("bad-{name}"), &ended);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{ended:?}");
    assert_eq!(folder.tree(), before);
    assert!(!ended.err.contains("hunter2-marker"), "a secret: {}", ended.err);
}

/// A call on a directory with these files is refused.
fn refuses(name: &str, files: &[(&str, &str)], line: &str) {
    let folder = Folder::new();
    for (path, text) in files {
        folder.write(path, text);
    }
    refused(name, &folder, folder.call(line));
}

const REAL: &str = "run --providers p.json --source-provider vsphere-8 --storage-class fast";

#[test]
fn a_providers_file_that_cannot_be_used() {
    refuses("providers-missing", &[], REAL);
    refuses("providers-empty", &[("p.json", "")], REAL);
    refuses("providers-no-json", &[("p.json", "# vsphere\n{}\n")], REAL);
    refuses("providers-no-object", &[("p.json", "[]\n")], REAL);
    refuses("providers-no-entry", &[("p.json", "{}\n")], REAL);
    refuses("providers-wrong", &[("p.json", "{\"vsphere-8\": {\"type\": \"vmware\", \"user\": \"u\"}}\n")], REAL);
}

#[test]
fn a_source_provider_or_storage_class_that_is_not_given_or_not_known() {
    let files = [("p.json", PROVIDERS)];
    refuses("source-unknown", &files, "run --providers p.json --source-provider vsphere-9 --storage-class fast");
    let folder = Folder::new();
    folder.write("p.json", PROVIDERS);
    let none = folder.call("run --providers p.json --storage-class fast").env("MTVTEST_SOURCE_PROVIDER", "");
    refused("source-none", &folder, none);
    refuses("storage-class-none", &files, "run --providers p.json --source-provider vsphere-8");
    refuses("source-unknown-on-lab", &[], "run --lab --source-provider vsphere-9");
}

#[test]
fn scenario_files_with_faults() {
    let with = |more: &str| format!("{COLD}{more}\n");
    for (name, text) in [
        ("key-misspelt", COLD.replace("description:", "descripton:")),
        ("key-unknown", with("colour: red")),
        ("key-of-vm-misspelt", COLD.replace("guest_agent", "guest_agnet")),
        ("key-twice", with("description: Again.")),
        ("key-of-wrong-type", with("warm_migration: maybe")),
        ("vms-none", "description: None.\n".to_owned()),
        ("no-yaml", "description: [\n".to_owned()),
        ("check-unknown", with("checks: {skip: {seriel: no serial here}}")),
        ("check-without-reason", with("checks: {skip: {serial: \"\"}}")),
        ("duration-of-nothing", with("timeouts: {migration: 0s}")),
        ("not-run-yet", with("pre_hook: {aap_job_template_id: 7}")),
    ] {
        refuses(&format!("scenario-{name}"), &[("s/cold/bad.yaml", &text)], "run --lab --scenarios s");
    }
}

#[test]
fn faults_of_several_files_are_told_at_once() {
    let files = [
        ("s/a.yaml", "descripton: A.\nvirtual_machines: [{name: a}]\n"),
        ("s/b.yaml", "description: B.\nvirtual_machines: [{name: b, clone: 3}]\n"),
        ("s/c.yaml", COLD),
    ];
    refuses("scenarios-many", &files, "list --scenarios s");
}

#[test]
fn scenario_files_that_are_not_there_or_not_alone() {
    refuses("scenarios-same-name", &[("s/a.yaml", COLD), ("s/a.yml", COLD)], "run --lab --scenarios s");
    refuses("scenarios-no-directory", &[], "run --lab --scenarios s");
    refuses("scenarios-no-file", &[("s/readme.txt", "none")], "run --lab --scenarios s");
}

#[test]
fn a_selection_of_nothing() {
    refuses("filter-nothing", &[("s/a.yaml", COLD)], "run --lab --scenarios s --filter no-such-scenario");
    refuses("exact-nothing", &[("s/cold/a.yaml", COLD)], "run --lab --scenarios s --exact --filter cold");
    refuses("shard-zero", &[], "run --lab --shard 0/2");
    refuses("virtctl-on-lab", &[], "run --lab --set ssh.tunnel=virtctl");
}

#[test]
fn settings_with_faults() {
    let folder = Folder::new();
    refused("setting-unknown", &folder, folder.call("run --lab --set storge_class=fast"));
    refused("setting-of-wrong-type", &folder, folder.call("run --lab --set parallel=many"));
    refused("setting-secret", &folder, folder.call("run --lab --set cluster_password=hunter2-marker"));
    refused("variable-unknown", &folder, folder.call("run --lab").env("MTVTEST_STORGE_CLASS", "fast"));
    refused("variable-wrong", &folder, folder.call("run --lab").env("MTVTEST_SKIP_TEARDOWN", "perhaps"));
    refuses("settings-file-missing", &[], "run --lab --config s.yaml");
    refuses("settings-file-wrong", &[("s.yaml", "storage_clas: fast\nparallel: many\n")], "run --lab --config s.yaml");
}

#[test]
fn options_that_make_no_sense() {
    refuses("option-unknown", &[], "run --lab --filtr x");
    refuses("option-conflict", &[], "run --lab --fail-fast --max-failures 2");
    refuses("command-unknown", &[], "rnu");
    refuses("clean-what", &[], "clean");
    refuses("fault-unknown", &[], "run --lab --lab-fault lost-cor");
    refuses("fault-without-lab", &[], "run --lab-fault lost-core");
    refuses("session-malformed", &[], "clean --session Not_A_Session");
}

#[test]
fn a_world_that_is_none() {
    refuses("world-missing", &[], "run --lab=world.yaml");
    refuses("world-no-yaml", &[("world.yaml", "cluster: [\n")], "run --lab=world.yaml");
    refuses("world-key-unknown", &[("world.yaml", "cluter: {}\n")], "run --lab=world.yaml");
    let wrong = WORLD.replacen("network: mtv-mgmt", "network: no-such-network", 1);
    refuses("world-contradiction", &[("world.yaml", &wrong)], "run --lab=world.yaml");
    refuses("world-of-lab", &[("world.yaml", "cluster: [\n")], "lab --world world.yaml");
}

#[test]
fn clean_and_report_of_what_is_no_run() {
    let files = [("d/other.txt", "x"), ("e/resources.json", "[]"), ("f/events.jsonl", "no json\n")];
    refuses("clean-no-directory", &files, "clean nowhere --lab");
    refuses("clean-no-ledger", &files, "clean d --lab");
    refuses("report-no-directory", &files, "report nowhere");
    refuses("report-no-events", &files, "report d");
    refuses("report-malformed", &files, "report f");
}
