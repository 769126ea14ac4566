use super::errors::errors_of;

/// The messages of a file, without their places.
fn told(text: &str) -> Vec<String> {
    match crate::scenario::load::load_text("bad.yaml", "bad", text) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.into_iter().map(|error| format!("{}: {}", error.path, error.message)).collect(),
    }
}

pub(super) fn plan(vm: &str, rest: &str) -> Vec<String> {
    told(&format!("description: A.\nvirtual_machines:\n  - {{name: a{vm}}}\n{rest}"))
}

#[test]
fn hooks_have_exactly_one_key() {
    insta::assert_snapshot!(errors_of(
        "description: A.\nvirtual_machines: [{name: a}]\npre_hook: {}\npost_hook:\n  expected_result: fail\n  \
         aap_job_template_id: 0\n"
    ), @r#"
    bad.yaml:3:1: a hook needs exactly one of `expected_result`, `playbook_base64`, `aap_job_template_id`; none is given
      3 | pre_hook: {}
        | ^^^^^^^^
        = at pre_hook

    bad.yaml:5:3: a migration whose hook fails cannot succeed; give `expected_migration_result: fail`
      5 |   expected_result: fail
        |   ^^^^^^^^^^^^^^^
        = at post_hook.expected_result

    bad.yaml:6:3: a hook has exactly one of its keys; given are `expected_result` and `aap_job_template_id`
      6 |   aap_job_template_id: 0
        |   ^^^^^^^^^^^^^^^^^^^
        = at post_hook.aap_job_template_id

    bad.yaml:6:3: a job template's id is 1 or more
      6 |   aap_job_template_id: 0
        |   ^^^^^^^^^^^^^^^^^^^
        = at post_hook.aap_job_template_id

    4 errors in 1 scenario file
    "#);
    insta::assert_snapshot!(plan("", "pre_hook: {playbook_base64: '%%'}\n").join("\n"), @r#"pre_hook.playbook_base64: the playbook is not base64: Invalid symbol 37, offset 0."#);
    insta::assert_snapshot!(
        plan("", "post_hook: {expected_result: fail}\nexpected_migration_result: succeed\n").join("\n"), @r#"expected_migration_result: a migration whose hook fails cannot succeed; give `expected_migration_result: fail`"#);
}

#[test]
fn rules_of_vms() {
    for (vm, message) in [
        (", add_nic: true", "virtual_machines[0].add_nic: `add_nic` needs `add_nic_start_connected: true` or `false`"),
        (
            ", add_nic_start_connected: true",
            "virtual_machines[0].add_nic_start_connected: `add_nic_start_connected` needs `add_nic: true`",
        ),
        (", luks_passphrase: x", "virtual_machines[0].luks_passphrase: `luks_passphrase` needs `luks: true`"),
        (", snapshots: 0", "virtual_machines[0].snapshots: the number of snapshots is 1 to 31"),
        (
            ", clone: false, disk_type: thin",
            "virtual_machines[0].disk_type: `disk_type` changes a clone, and `a` is not cloned",
        ),
        (
            ", migrate_shared_disks: true",
            "virtual_machines[0].migrate_shared_disks: the plan needs `migrate_shared_disks: true` too",
        ),
        (
            ", target_datastore_id: secondary_datastore_id",
            "virtual_machines[0].target_datastore_id: `secondary_datastore_id` is a datastore of copy-offload; the plan needs `copyoffload: true`",
        ),
        (
            ", target_datastore_id: secondary_datastore",
            "virtual_machines[0].target_datastore_id: `secondary_datastore` is no datastore: give a MoRef such as `datastore-12`, or `secondary_datastore_id` or `non_xcopy_datastore_id`",
        ),
        (", add_disks: [{}]", "virtual_machines[0].add_disks[0]: an added disk needs `size_gb` or `rdm_type`"),
        (", add_disks: [{size_gb: 0}]", "virtual_machines[0].add_disks[0].size_gb: a disk has at least 1 GiB"),
        (
            ", add_disks: [{rdm_type: physical}]",
            "virtual_machines[0].add_disks[0].rdm_type: the raw device is `rdm_lun_uuid` of copy-offload; the plan needs `copyoffload: true`",
        ),
        (", clone_name: ''", "virtual_machines[0].clone_name: a clone's name has 1 to 63 characters, not 0"),
    ] {
        assert_eq!(plan(vm, ""), [message], "{vm}");
    }
}

#[test]
fn rules_of_plans() {
    for (rest, message) in [
        (
            "preserve_static_ips: true",
            "virtual_machines[0].source_vm_power: `preserve_static_ips` reads the addresses from the running guest: `a` needs `source_vm_power: on`",
        ),
        (
            "skip_clone: true\ndisable_drs_for_vms: true",
            "disable_drs_for_vms: `disable_drs_for_vms` needs clones; it cannot go with `skip_clone`",
        ),
        (
            "skip_clone: true\nrequires: {source: [ovirt]}",
            "skip_clone: `skip_clone` is not possible on ovirt; take it out of `requires.source`",
        ),
        (
            "target_node_selector: {a: b, c: d}",
            "target_node_selector: `target_node_selector` needs exactly one label; here are 2",
        ),
        (
            "target_node_selector: {}",
            "target_node_selector: `target_node_selector` needs exactly one label; here are 0",
        ),
        ("target_labels: {'a b': null}", "target_labels.a b: `a b` is no label key"),
        (
            "target_labels: {a: 'b c'}",
            "target_labels.a: `b c` is no label value: at most 63 letters, digits, `-`, `_` and `.`, no sign at either end",
        ),
        (
            "vm_target_namespace: My_NS",
            "vm_target_namespace: `My_NS` is no namespace: use lower-case letters, digits and inner dashes",
        ),
        (
            "migrate_shared_disks: false\nexpected_failure: {step: PreHook}",
            "expected_failure: `expected_failure` needs `expected_migration_result: fail`",
        ),
        (
            "stop_after: plan\nexpected_migration_result: fail",
            "expected_migration_result: nothing is migrated with `stop_after: plan`",
        ),
        (
            "pvc_name_template: {vshpere: x}",
            "pvc_name_template.vshpere: unknown value `vshpere`; did you mean `vsphere`?",
        ),
        (
            "target_affinity: {podAfinity: {}}",
            "target_affinity.podAfinity: unknown key `podAfinity`; an affinity has `nodeAffinity`, `podAffinity`, `podAntiAffinity`",
        ),
        (
            "xfs_check: {command: xfs_info, mount_point: /, expected_output: x}",
            "xfs_check.command: `xfs_info` is not an absolute path",
        ),
        ("integrity: {}", "integrity: it asks for nothing; give `marker: true` or a `manifest`"),
        (
            "integrity: {manifest: [etc/fstab]}",
            "integrity.manifest[0]: `etc/fstab` is not an absolute path (`/etc/fstab`, `C:\\Users`)",
        ),
        ("integrity: {manifest: [/a, /a]}", "integrity.manifest[1]: `/a` is there twice"),
        (
            "integrity: {manifest: ['/a\"b']}",
            "integrity.manifest[0]: the path has a line break or a quotation mark, which no shell is trusted with",
        ),
        (
            "integrity: {marker: true}\nskip_clone: true",
            "skip_clone: `integrity.marker` writes into the guest, so the VM must be cloned",
        ),
        ("run_preflight_inspection: true", "run_preflight_inspection: preflight inspection belongs to warm migrations"),
    ] {
        assert_eq!(plan("", &format!("{rest}\n")), [message], "{rest}");
    }
}

#[test]
fn rules_of_files() {
    for (rest, message) in [
        ("run: concurrent", "run: `run` says how several plans run; it needs `plans`"),
        ("tags: [Tier 0]", "tags[0]: `Tier 0` is no tag: use lower-case letters, digits, `_` and `-`"),
        ("tags: [a, a]", "tags[1]: the tag `a` is given twice"),
        (
            "requires: {copyoffload: [secondary_datastore]}",
            "requires.copyoffload[0]: unknown key of the `copyoffload` section `secondary_datastore`; did you mean `secondary_datastore_id`?",
        ),
        (
            "requires: {settings: [remote_cluster]}",
            "requires.settings[0]: unknown setting `remote_cluster`; did you mean `remote_ocp_cluster`?",
        ),
        ("requires: {source: []}", "requires.source: the list is empty; leave the key out, or name what is required"),
        ("min_mtv_version: latest", "min_mtv_version: \"latest\" is not a version such as 2.11 or 4.20.1"),
        ("checks: {skip: {serial: ''}}", "checks.skip.serial: leaving out a check needs its reason"),
        ("expect: {VirtualMachine: 3}", "expect.VirtualMachine: expected a partial object, that is, a mapping"),
        ("forklift_controller: {a: [1]}", "forklift_controller.a: a controller parameter is a scalar"),
        ("known_issues: [{id: ''}]", "known_issues[0].id: a known issue needs its id"),
    ] {
        assert_eq!(plan("", &format!("{rest}\n")), [message], "{rest}");
    }
}

#[test]
fn affinities_are_those_of_kubernetes() {
    let told =
        plan("", "target_affinity: {podAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: x}]}}\n");
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("target_affinity: this is no Kubernetes affinity: "), "{}", told[0]);
}

#[test]
fn shared_disks_have_one_owner() {
    let shared = |first: &str, second: &str| {
        told(&format!(
            "description: A.\nmigrate_shared_disks: true\nvirtual_machines:\n  - {{name: a{first}}}\n  - {{name: b{second}}}\n"
        ))
    };
    assert_eq!(shared(", migrate_shared_disks: true", ", migrate_shared_disks: false"), Vec::<String>::new());
    let message = "migrate_shared_disks: exactly one VM owns the shared disks (`migrate_shared_disks: true`); here ";
    assert_eq!(shared("", ""), [format!("{message}0 do")]);
    assert_eq!(shared(", migrate_shared_disks: true", ", migrate_shared_disks: true"), [format!("{message}2 do")]);
}

#[test]
fn uncloned_vms_migrate_once() {
    let twice = |key: &str| told(&format!("description: A.\n{key}virtual_machines: [{{name: a}}, {{name: a}}]\n"));
    assert_eq!(twice(""), Vec::<String>::new(), "one template may be cloned several times");
    assert_eq!(
        twice("skip_clone: true\n"),
        ["virtual_machines[1].name: `a` is also entry 0; without a clone a VM can migrate once"]
    );
}

#[test]
fn rules_of_several_plans() {
    let plans = |run: &str, plans: &str| told(&format!("description: A.\n{run}plans: {plans}\n"));
    let vms = "{virtual_machines: [{name: a}]}";
    assert_eq!(plans("", "{}"), ["plans: `plans` needs at least one plan"]);
    assert_eq!(
        plans("run: concurrent\n", &format!("{{a: {vms}}}")),
        ["run: one plan cannot run concurrently; give at least two"]
    );
    assert_eq!(
        plans("", &format!("{{A_b: {vms}}}")),
        ["plans.A_b: `A_b` is no plan name: use lower-case letters, digits and inner dashes"]
    );
    assert_eq!(plans("", "{a: {virtual_machines: []}}"), ["plans.a.virtual_machines: a plan needs at least one VM"]);
}

#[test]
fn a_cutover_belongs_to_warm_migrations() {
    let warm = |rest: &str| plan("", &format!("warm_migration: true\n{rest}\n"));
    assert_eq!(warm("cutover: {after_precopies: 2}"), Vec::<String>::new());
    assert_eq!(
        warm("cutover: {after_precopies: 0}"),
        ["cutover.after_precopies: at least one pre-copy comes before the cutover"]
    );
    assert_eq!(warm("cutover: {}"), ["cutover: missing key `after_precopies`"]);
    assert_eq!(
        plan("", "cutover: {after_precopies: 2}\n"),
        ["cutover: a cutover belongs to warm migrations; the plan needs `warm_migration: true`"]
    );
    assert_eq!(
        plan("", "expected_migration_result: fail\nexpected_failure: {step: Cutover}\n"),
        ["expected_failure.step: a cold migration has no step `Cutover`"]
    );
}

#[test]
fn expected_failures_fit_the_hooks() {
    let failing = |rest: &str| plan("", &format!("expected_migration_result: fail\n{rest}\n"));
    let post = "post_hook: {expected_result: fail}";
    assert_eq!(failing(&format!("{post}\nexpected_failure: {{step: PostHook}}")), Vec::<String>::new());
    assert_eq!(
        failing("expected_failure: {step: PreHook}"),
        ["expected_failure.step: the plan has no `pre_hook` that could fail"]
    );
    assert_eq!(
        failing(&format!("pre_hook: {{expected_result: fail}}\n{post}\nexpected_failure: {{step: PostHook}}")),
        ["expected_failure.step: `pre_hook` is expected to fail, which fails the step `PreHook`"]
    );
    assert_eq!(
        failing(&format!("{post}\nexpected_failure: {{step: ImageConversion}}")),
        ["expected_failure.step: `post_hook` is expected to fail, which fails the step `PostHook`"]
    );
    assert_eq!(
        plan("", &format!("{post}\n")),
        [
            "post_hook.expected_result: a migration whose hook fails cannot succeed; give `expected_migration_result: fail`"
        ]
    );
}

#[test]
fn expected_objects_have_known_kinds() {
    for (rest, message) in [
        (
            "expect: {VirtualMachin: {spec: {}}}",
            "expect.VirtualMachin: unknown kind `VirtualMachin`; did you mean `VirtualMachine`?",
        ),
        ("expect: {Plan: {}}", "expect.Plan: the partial object is empty; it would match anything"),
        (
            "stop_after: plan\nexpect: {Plan: {spec: {warm: false}}}",
            "expect: objects are compared in the checks, which `stop_after` leaves out",
        ),
    ] {
        assert_eq!(plan("", &format!("{rest}\n")), [message], "{rest}");
    }
    for kind in ["VirtualMachineInstance", "PersistentVolumeClaim", "Migration", "StorageMap", "NetworkMap", "Provider"]
    {
        assert_eq!(plan("", &format!("expect: {{{kind}: {{spec: {{a: 1}}}}}}\n")), Vec::<String>::new(), "{kind}");
    }
}

#[test]
fn controller_parameters_have_the_product_s_types() {
    for (rest, message) in [
        (
            "controller_precopy_interval: '2'",
            "controller_precopy_interval: `controller_precopy_interval` is a whole number, 1 or more, without quotes",
        ),
        (
            "controller_max_vm_inflight: 0",
            "controller_max_vm_inflight: `controller_max_vm_inflight` is a whole number, 1 or more, without quotes",
        ),
        ("feature_copy_offload: yes", "feature_copy_offload: `feature_copy_offload` is `true` or `false`"),
        ("Feature: 1", "Feature: `Feature` is no controller parameter: use lower-case letters, digits and `_`"),
    ] {
        assert_eq!(
            plan("", &format!("forklift_controller: {{{rest}}}\n")),
            [format!("forklift_controller.{message}")],
            "{rest}"
        );
    }
    for rest in ["controller_precopy_interval: 2", "feature_copy_offload: 'true'", "feature_copy_offload: true"] {
        assert_eq!(plan("", &format!("forklift_controller: {{{rest}}}\n")), Vec::<String>::new(), "{rest}");
    }
}

#[test]
fn a_scenario_needs_a_source_that_can_run_it() {
    assert_eq!(
        plan("", "warm_migration: true\nrequires: {source: [openstack, ova]}\n"),
        ["requires.source: warm migration is for sources of type `vsphere` or `ovirt`; none of them is listed"]
    );
    assert_eq!(plan("", "warm_migration: true\nrequires: {source: [openstack, ovirt]}\n"), Vec::<String>::new());
}

#[test]
fn added_disks_fit_vsphere() {
    let disk = |keys: &str| plan(&format!(", add_disks: [{{{keys}}}]"), "");
    assert_eq!(disk("size_gb: 63488, datastore_path: shared_disks/a"), Vec::<String>::new());
    assert_eq!(
        disk("size_gb: 63489"),
        ["virtual_machines[0].add_disks[0].size_gb: vSphere has no disk over 63488 GiB"]
    );
    for folder in ["../a", "'[ds] a'"] {
        assert_eq!(
            disk(&format!("size_gb: 1, datastore_path: {folder}")),
            [
                "virtual_machines[0].add_disks[0].datastore_path: a folder on the datastore, such as `shared_disks`, without the datastore"
            ]
        );
    }
}

/// `requires.settings` may name what the settings have.
#[test]
fn settings_to_require_are_settings() {
    use crate::scenario::validate::SETTING_KEYS;
    let known = crate::config::Settings::resolve(Vec::new()).unwrap();
    let known: Vec<&str> = known.table().into_iter().map(|(key, ..)| key).collect();
    for key in SETTING_KEYS {
        assert!(known.contains(&key), "{key}");
    }
}

/// Each kind of bad input is told with the line that it stands in. (base64: `hosts: all`, a mapping.)
#[test]
fn bad_input_has_its_file_and_line() {
    let after = |vm: &str, rest: &str| format!("description: A.\nvirtual_machines:\n  - name: a\n{vm}{rest}");
    for (text, place, words) in [
        (after("", "pre_hook: {}\n"), "bad.yaml:4:1", "a hook needs exactly one of"),
        (
            after("", "pre_hook: {playbook_base64: aG9zdHM6IGFsbAo=}\n"),
            "bad.yaml:4:12",
            "the decoded playbook is not a list of plays",
        ),
        (after("", "pre_hook:\n  playbook_base64: '%%'\n"), "bad.yaml:5:3", "the playbook is not base64"),
        (after("", "pre_hook:\n  playbook_base64: ''\n"), "bad.yaml:5:3", "playbook"),
        (after("", "post_hook:\n  expected_result: fail\n"), "bad.yaml:5:3", "give `expected_migration_result: fail`"),
        (
            after("    target_datastore_id: secondary_datastore_id\n", ""),
            "bad.yaml:4:5",
            "the plan needs `copyoffload: true`",
        ),
        (
            after("    add_disks:\n      - rdm_type: physical\n", ""),
            "bad.yaml:5:9",
            "the plan needs `copyoffload: true`",
        ),
        (after("", "pvc_name_template: '{{ .VmName | b64enc }}'\n"), "bad.yaml:4:1", "have no function `b64enc`"),
        (after("", "pvc_name_template: '{{ if .VmName }}x'\n"), "bad.yaml:4:1", "end"),
        (after("", "pvc_name_template: '{{ .VmNam }}'\n"), "bad.yaml:4:1", "VmNam"),
        (after("", "target_node_selector: {a: b, c: d}\n"), "bad.yaml:4:1", "needs exactly one label; here are 2"),
        (
            after("", "convertor_node_selector:\n  a: b\n  c: d\n"),
            "bad.yaml:4:1",
            "needs exactly one label; here are 2",
        ),
        (after("", "target_labels:\n  'a b': c\n"), "bad.yaml:5:3", "is no label key"),
        (after("    guest_agnet: true\n", ""), "bad.yaml:4:5", "did you mean `guest_agent`?"),
        (after("", "warm_migration: maybe\n"), "bad.yaml:4:1", "maybe"),
        (after("", "cutover: {after_precopies: 2}\n"), "bad.yaml:4:1", "warm"),
    ] {
        let told = errors_of(&text);
        assert!(told.starts_with(place) && told.contains(words), "{place}, {words}:\n{text}\n{told}");
        assert!(told.ends_with("1 error in 1 scenario file"), "{told}");
    }
}
