use crate::scenario::load::load_text;
use crate::scenario::*;
use std::time::Duration;

/// Every key of the model at least once (those of `plans` excepted).
pub(super) const EVERY_KEY: &str = r#"
description: Uses every key of a scenario with one plan.
id: MTV-1
tags: [tier0, copyoffload_sanity]
requires:
  source: [vsphere]
  mtv: ">=2.10, <3"
  openshift: ">=4.18"
  copyoffload: [secondary_datastore_id]
  provider: [vddk_init_image]
  settings: [remote_ocp_cluster]
min_mtv_version: 2.11.0
known_issues:
  - {id: MTV-2846, source: [ovirt], mtv: "<2.11", summary: slow}
destination: remote
matrix:
  disk: [thin]
timeouts: {plan_ready: 6m, migration: 1h 30m, guest_agent: 301, inventory: 5m, ssh: 2m, static_ip: 11m, clone: 20m}
forklift_controller: {controller_max_vm_inflight: 2}
virtual_machines:
  - name: xcopy-template-test
    source_vm_power: on
    guest_agent: true
    clone: true
    clone_name: XCopy_Test_VM_CAPS
    preserve_name_format: true
    disk_type: ${{ matrix.disk }}
    add_disks:
      - {size_gb: 30, provision_type: thick-lazy, disk_mode: independent_persistent,
         datastore_id: secondary_datastore_id, datastore_path: shared_disks}
      - {rdm_type: virtual}
      - {size_gb: 1, provision_type: thick-eager, disk_mode: independent_nonpersistent, datastore_id: datastore-12}
    snapshots: 2
    target_esxi_host: host-10
    target_datastore_id: non_xcopy_datastore_id
    add_nic: true
    add_nic_start_connected: false
    luks: true
    luks_passphrase: wrong
    migrate_shared_disks: true
    wait_for_cloud_init: true
  - {name: second, source_vm_power: "on", migrate_shared_disks: false}
warm_migration: true
copyoffload: true
target_power_state: "off"
preserve_static_ips: true
vm_target_namespace: custom-vm-namespace
multus_namespace: default
pvc_name_template: {vsphere: '{{ .FileName | trimSuffix ".vmdk" }}-{{.DiskIndex}}', default: "{{.VmName}}"}
pvc_name_template_use_generate_name: false
target_labels: {mtv-comprehensive-test: null, static-label: static-value}
target_node_selector: {mtv-comprehensive-node: null}
target_affinity:
  podAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 75
        podAffinityTerm: {labelSelector: {matchLabels: {app: test}}, topologyKey: kubernetes.io/hostname}
pre_hook: {expected_result: succeed}
post_hook: {playbook_base64: LSBob3N0czogbG9jYWxob3N0Cg==}
expected_migration_result: fail
expected_failure: {step: PostHook, message: hook}
guest_agent_timeout: 600
inventory_timeout: 10m
per_nic_network_map: true
skip_clone: false
clone_to_same_host: true
pin_to_non_dedicated_host: true
disable_drs_for_vms: true
run_preflight_inspection: false
enable_nested_virtualization: false
xfs_compatibility: true
xfs_check: {command: /usr/sbin/xfs_info, mount_point: /, expected_output: crc=0}
rdm_as_lun: true
migrate_shared_disks: true
convertor_node_selector: {convert-here: null}
integrity: {marker: true, manifest: [/etc/fstab]}
cutover: {after_precopies: 2}
checks: {skip: {serial: "the array rewrites it"}}
expect:
  VirtualMachine: {spec: {template: {spec: {domain: {cpu: {cores: 4}}}}}}
"#;

fn one(text: &str) -> Scenario {
    let mut scenarios = load_text("full.yaml", "full", text).unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert_eq!(scenarios.len(), 1);
    scenarios.remove(0)
}

#[test]
fn every_key_is_read() {
    let scenario = one(EVERY_KEY);
    assert_eq!(scenario.name, "full[disk=thin]");
    assert_eq!(scenario.id.as_deref(), Some("MTV-1"));
    assert_eq!(scenario.destination, Destination::Remote);
    assert_eq!(scenario.timeouts.migration, Some(Duration::from_secs(5400)));
    assert_eq!(scenario.timeouts.guest_agent, Some(Duration::from_secs(301)));
    assert_eq!(scenario.forklift_controller["controller_max_vm_inflight"], 2);
    let plan = &scenario.plans[0].plan;
    assert_eq!(scenario.plans.len(), 1);
    assert_eq!(plan.target_power_state, Some(PowerSetting::Off));
    assert_eq!(plan.guest_agent_timeout, Some(Duration::from_secs(600)));
    assert_eq!(plan.inventory_timeout, Some(Duration::from_secs(600)));
    assert_eq!(plan.target_labels["mtv-comprehensive-test"], None);
    assert_eq!(plan.target_labels["static-label"].as_deref(), Some("static-value"));
    assert_eq!(plan.expected_failure.as_ref().and_then(|failure| failure.step), Some(PipelineStep::PostHook));
    assert_eq!(plan.cutover, Some(Cutover { after_precopies: 2 }));
    let template = plan.pvc_name_template.as_ref().unwrap();
    assert_eq!(template.for_provider("ovirt"), Some("{{.VmName}}"));
    assert!(template.for_provider("vsphere").unwrap().starts_with("{{ .FileName"));
    let vm = &plan.virtual_machines[0];
    assert_eq!(vm.source_vm_power, Some(PowerSetting::On));
    assert_eq!(vm.disk_type, Some(DiskType::Thin));
    assert_eq!(vm.target_datastore_id, Some(DatastoreRef::NonXcopy));
    assert_eq!(vm.add_disks[0].datastore_id, Some(DatastoreRef::Secondary));
    assert_eq!(vm.add_disks[1].rdm_type, Some(RdmType::Virtual));
    assert_eq!(vm.add_disks[1].disk_mode, DiskMode::Persistent);
    assert_eq!(vm.add_disks[2].datastore_id, Some(DatastoreRef::MoRef("datastore-12".into())));
    assert!(plan.virtual_machines[1].clone, "clones are the default");
    assert_eq!(scenario.checks.skip["serial"], "the array rewrites it");
    assert_eq!(scenario.expect["VirtualMachine"]["spec"]["template"]["spec"]["domain"]["cpu"]["cores"], 4);
}

#[test]
fn the_example_uses_every_key_of_the_schema() {
    let schema = schema();
    let uses = |object: &str, text: &str| {
        let properties = if object.is_empty() {
            schema["properties"].clone()
        } else {
            schema["$defs"][object]["properties"].clone()
        };
        let keys: Vec<String> = properties.as_object().unwrap().keys().cloned().collect();
        assert!(!keys.is_empty(), "{object}");
        keys.into_iter().filter(|key| !text.contains(&format!("{key}:"))).collect::<Vec<_>>()
    };
    assert_eq!(uses("", EVERY_KEY), ["plans", "run", "stop_after"]);
    for object in
        ["VmRequest", "AddDisk", "Requires", "KnownIssue", "TimeoutOverrides", "ExpectedFailure", "XfsCheck", "Cutover"]
    {
        assert_eq!(uses(object, EVERY_KEY), Vec::<String>::new(), "{object}");
    }
    assert_eq!(uses("Hook", EVERY_KEY), ["aap_job_template_id"]);
}

#[test]
fn several_plans_keep_their_order() {
    let scenario =
        one("description: Two plans at once.\nrun: concurrent\nplans:\n  xcopy:\n    copyoffload: true\n    \
         virtual_machines: [{name: a}]\n  vddk:\n    virtual_machines: [{name: b, source_vm_power: off}]\n");
    assert_eq!(scenario.run, RunMode::Concurrent);
    let names: Vec<_> = scenario.plans.iter().map(|plan| plan.name.as_deref()).collect();
    assert_eq!(names, [Some("xcopy"), Some("vddk")]);
    assert_eq!(scenario.plans[1].plan.virtual_machines[0].source_vm_power, Some(PowerSetting::Off));
    let keys: Vec<_> = scenario.used_keys().into_iter().map(|used| (used.key, used.path, used.line)).collect();
    let expected = [
        ("description", "description", 1),
        ("run", "run", 2),
        ("plans", "plans", 3),
        ("copyoffload", "plans.xcopy.copyoffload", 5),
        ("virtual_machines", "plans.xcopy.virtual_machines", 6),
        ("virtual_machines[].name", "plans.xcopy.virtual_machines[0].name", 6),
        ("virtual_machines", "plans.vddk.virtual_machines", 8),
        ("virtual_machines[].name", "plans.vddk.virtual_machines[0].name", 8),
        ("virtual_machines[].source_vm_power", "plans.vddk.virtual_machines[0].source_vm_power", 8),
    ];
    let expected: Vec<_> =
        expected.into_iter().map(|(key, path, line)| (key.to_owned(), path.to_owned(), line)).collect();
    assert_eq!(keys, expected);
}

#[test]
fn used_keys_stop_at_data() {
    let keys = one(EVERY_KEY).used_keys();
    let used = |key: &str| keys.iter().find(|used| used.key == key);
    assert!(used("target_labels").is_some());
    assert!(used("target_labels.static-label").is_none());
    assert!(used("virtual_machines[].snapshots").is_some());
    assert_eq!(used("virtual_machines[].add_disks[].size_gb").unwrap().line, 29);
    assert_eq!(used("requires.mtv").unwrap().column, 3);
}

#[test]
fn errors_can_be_told_at_a_key() {
    let error = one(EVERY_KEY).error_at("virtual_machines[0].snapshots", "`snapshots` cannot run yet");
    insta::assert_snapshot!(error, @r#"
    full.yaml:33:5: `snapshots` cannot run yet
      33 |     snapshots: 2
         |     ^^^^^^^^^
         = at virtual_machines[0].snapshots
    "#);
}

#[test]
fn anchors_and_merges_work() {
    let scenario = one(
        "description: Anchors.\nvirtual_machines:\n  - &first {name: a, guest_agent: true}\n  - {<<: *first, name: b}\n",
    );
    let vms = &scenario.plans[0].plan.virtual_machines;
    assert!(vms[1].guest_agent);
    assert_eq!(vms[1].name, "b");
}

#[test]
fn the_embedded_catalogue_is_sound() {
    let catalogue = Catalogue::embedded().unwrap_or_else(|errors| panic!("{errors}"));
    let sanity = catalogue.get("cold/sanity").unwrap();
    assert_eq!(sanity.tags, ["tier0", "cold"]);
    assert_eq!(sanity.id.as_deref(), Some("rhel8"));
    assert!(!sanity.requires.source.contains(&ProviderType::Ova));
    let vm = &sanity.plans[0].plan.virtual_machines[0];
    assert_eq!((vm.name.as_str(), vm.guest_agent, vm.clone), ("mtv-tests-rhel8", true, true));
    assert!(!sanity.plans[0].plan.warm_migration);
    assert_eq!(catalogue.near("cold/sanitty")[0], "cold/sanity");
}

#[test]
fn the_embedded_catalogue_is_the_original_s() {
    let catalogue = Catalogue::embedded().unwrap_or_else(|errors| panic!("{errors}"));
    let tagged = |tag: &str| catalogue.scenarios.iter().filter(|one| one.tags.iter().any(|own| own == tag)).count();
    // One is not the original's: cold/2disks2nics, its warm one for sources that migrate cold only.
    assert_eq!((catalogue.scenarios.len(), tagged("copyoffload"), tagged("copyoffload_sanity")), (42, 26, 7));
    assert_eq!((tagged("tier0"), tagged("remote"), tagged("warm")), (7, 2, 7));
    let mut ids: Vec<&str> = catalogue.scenarios.iter().filter_map(|one| one.id.as_deref()).collect();
    ids.retain(|id| id.starts_with("MTV-"));
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id is given twice");
    for scenario in &catalogue.scenarios {
        let name = &scenario.name;
        let warm = scenario.plans.iter().any(|named| named.plan.warm_migration);
        assert_eq!(scenario.tags.iter().any(|tag| tag == "warm"), warm, "{name}");
        assert_eq!(name.starts_with("copyoffload/"), scenario.tags.iter().any(|tag| tag == "copyoffload"), "{name}");
    }
    let spaces: Vec<&str> = catalogue
        .scenarios
        .iter()
        .flat_map(|one| &one.plans)
        .filter_map(|named| named.plan.vm_target_namespace.as_deref())
        .collect();
    assert_eq!(spaces, ["mtv-comprehensive-vms", "custom-vm-namespace"], "each its own");
}
