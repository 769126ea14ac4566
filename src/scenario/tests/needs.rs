use crate::scenario::load::load_text;
use crate::scenario::{Scenario, SourceFacts};
use semver::Version;
use std::collections::BTreeSet;

fn one(text: &str) -> Scenario {
    load_text("n.yaml", "n", text).unwrap_or_else(|errors| panic!("{errors:#?}")).remove(0)
}

struct Facts {
    provider_type: &'static str,
    mtv: Option<Version>,
    openshift: Option<Version>,
    copyoffload: BTreeSet<String>,
    array: Option<Version>,
    provider: BTreeSet<String>,
    settings: BTreeSet<String>,
}

fn facts(provider_type: &'static str) -> Facts {
    Facts {
        provider_type,
        mtv: Some(Version::new(2, 10, 0)),
        openshift: Some(Version::new(4, 19, 0)),
        copyoffload: BTreeSet::new(),
        array: None,
        provider: BTreeSet::new(),
        settings: BTreeSet::new(),
    }
}

impl Facts {
    fn reason(&self, rest: &str) -> String {
        let scenario = one(&format!("description: A.\n{rest}\n"));
        let facts = SourceFacts {
            provider_name: "mine",
            provider_type: self.provider_type,
            mtv_version: self.mtv.as_ref(),
            openshift_version: self.openshift.as_ref(),
            copyoffload_keys: &self.copyoffload,
            array_mtv: self.array.as_ref(),
            provider_keys: &self.provider,
            settings: &self.settings,
        };
        scenario.skip_reason(&facts).unwrap_or_default()
    }
}

const VM: &str = "virtual_machines: [{name: a}]";

#[test]
fn unmet_requirements_are_told_in_words() {
    for (rest, reason) in [
        ("", ""),
        ("requires: {source: [ovirt]}", "needs a source of type `ovirt`, mine is `vsphere`"),
        ("requires: {source: [ovirt, vsphere]}", ""),
        ("requires: {mtv: '>=2.11'}", "needs MTV >=2.11, this is 2.10.0"),
        ("requires: {mtv: '>=2.10, <2.11'}", ""),
        ("min_mtv_version: '2.11'", "needs MTV 2.11.0 or later, this is 2.10.0"),
        ("requires: {openshift: '>=4.20'}", "needs OpenShift >=4.20, this is 4.19.0"),
        (
            "requires: {copyoffload: [secondary_datastore_id]}",
            "needs `secondary_datastore_id` in the `copyoffload` section of mine",
        ),
        ("requires: {provider: [vddk_init_image]}", "needs `vddk_init_image` in the entry of mine"),
        ("requires: {settings: [storage_class]}", "needs the setting `storage_class`"),
        ("destination: remote", "needs the setting `remote_ocp_cluster`"),
        ("known_issues: [{id: MTV-1, source: [ovirt]}]", ""),
        (
            "known_issues: [{id: MTV-1, source: [vsphere], summary: loses a NIC}]",
            "known issue MTV-1 on vsphere: loses a NIC",
        ),
        ("known_issues: [{id: MTV-1, mtv: '<2.10'}]", ""),
        ("known_issues: [{id: MTV-1, mtv: '<2.11'}]", "known issue MTV-1 on vsphere"),
        ("copyoffload: true", "needs `datastore_id`, `storage_vendor_product` in the `copyoffload` section of mine"),
        ("pin_to_non_dedicated_host: true", "needs `dedicated_migration_hosts` in the `copyoffload` section of mine"),
        ("warm_migration: true", ""),
    ] {
        assert_eq!(facts("vsphere").reason(&format!("{VM}\n{rest}")), reason, "{rest}");
    }
}

#[test]
fn keys_have_needs_of_their_own() {
    let ovirt = facts("ovirt");
    let ova = facts("ova");
    assert_eq!(ovirt.reason(&format!("{VM}\nwarm_migration: true")), "");
    assert_eq!(
        ova.reason(&format!("{VM}\nwarm_migration: true")),
        "warm migration is for sources of type `vsphere` or `ovirt`, mine is `ova`"
    );
    assert_eq!(
        ova.reason("virtual_machines: [{name: a, source_vm_power: on}]"),
        "a source VM that runs is for sources of type `vsphere`, `ovirt`, `openstack`, `openshift` or `hyperv`, mine is \
         `ova`"
    );
    for (key, name) in [("snapshots: 1", "snapshots"), ("wait_for_cloud_init: true", "wait_for_cloud_init")] {
        assert_eq!(
            facts("openshift").reason(&format!("virtual_machines: [{{name: a, {key}}}]")),
            format!("`{name}` is for sources of type `vsphere`, `ovirt`, `openstack` or `hyperv`, mine is `openshift`")
        );
    }
    assert_eq!(
        ovirt.reason("virtual_machines: [{name: a, add_nic: true, add_nic_start_connected: true}]"),
        "`add_nic` is for sources of type `vsphere`, mine is `ovirt`"
    );
    assert_eq!(
        ovirt.reason(&format!("{VM}\nskip_clone: true")),
        "migrating without a clone is for sources of type `vsphere`, `openstack`, `openshift`, `ova` or `hyperv`, mine \
         is `ovirt`"
    );
    assert_eq!(
        facts("vsphere").reason("virtual_machines: [{name: a, luks: true}]"),
        "needs `luks_passphrase` in the entry of mine"
    );
    assert_eq!(facts("vsphere").reason("virtual_machines: [{name: a, luks: true, luks_passphrase: wrong}]"), "");
}

#[test]
fn copy_offload_needs_the_datastores_it_names() {
    let text = "copyoffload: true\nvirtual_machines:\n  - name: a\n    target_datastore_id: non_xcopy_datastore_id\n    \
                add_disks: [{size_gb: 1, datastore_id: secondary_datastore_id}, {rdm_type: virtual}]";
    let mut facts = facts("vsphere");
    facts.copyoffload.extend(["storage_vendor_product", "datastore_id", "rdm_lun_uuid"].map(str::to_owned));
    assert_eq!(
        facts.reason(text),
        "needs `non_xcopy_datastore_id`, `secondary_datastore_id` in the `copyoffload` section of mine"
    );
    facts.copyoffload.extend(["non_xcopy_datastore_id", "secondary_datastore_id"].map(str::to_owned));
    assert_eq!(facts.reason(text), "");
}

#[test]
fn unknown_versions_are_not_judged() {
    let mut unknown = facts("vsphere");
    unknown.mtv = None;
    assert_eq!(unknown.reason(&format!("{VM}\nrequires: {{mtv: '>=9'}}\nmin_mtv_version: '9'")), "");
    let mut old = facts("vsphere");
    old.mtv = Some(Version::new(2, 9, 3));
    assert_eq!(
        old.reason(&format!("{VM}\ntarget_labels: {{a: b}}")),
        "needs MTV 2.10.0 or later for target labels, affinity and node selector, this is 2.9.3"
    );
}

#[test]
fn features_need_the_version_that_has_them() {
    for (version, rest, reason) in [
        ((2, 8), "target_power_state: 'on'", "needs MTV 2.9.0 or later for a target power state, this is 2.8.0"),
        ((2, 9), "target_power_state: 'on'", ""),
        ((2, 10), "per_nic_network_map: true", "needs MTV 2.11.0 or later for a network map per NIC, this is 2.10.0"),
        ((2, 11), "per_nic_network_map: true", ""),
        ((2, 8), "copyoffload: true", "needs MTV 2.9.0 or later for the provider's storage array, this is 2.8.0"),
        ((2, 9), "copyoffload: true", ""),
        ((2, 8), "target_labels: {a: b}", PLACED),
    ] {
        let mut at = facts("vsphere");
        at.mtv = Some(Version::new(version.0, version.1, 0));
        at.copyoffload = ["storage_vendor_product", "datastore_id"].map(str::to_owned).into();
        at.array = Some(Version::new(2, 9, 0));
        assert_eq!(at.reason(&format!("{VM}\n{rest}")), reason, "{rest} {version:?}");
    }
}

const PLACED: &str = "needs MTV 2.10.0 or later for target labels, affinity and node selector, this is 2.8.0";

#[test]
fn every_reason_is_told() {
    assert_eq!(
        facts("ova").reason(&format!("{VM}\nwarm_migration: true\ndestination: remote\nknown_issues: [{{id: X-1}}]")),
        "warm migration is for sources of type `vsphere` or `ovirt`, mine is `ova`; needs the setting \
         `remote_ocp_cluster`; known issue X-1 on ova"
    );
}

#[test]
fn copy_offload_needs_its_section_and_vsphere() {
    let rest = format!("{VM}\ncopyoffload: true");
    let mut with_section = facts("vsphere");
    with_section.copyoffload = ["storage_vendor_product", "datastore_id"].map(str::to_owned).into();
    assert_eq!(with_section.reason(&rest), "");
    let reason = facts("ovirt").reason(&rest);
    assert!(reason.starts_with("copy-offload is for sources of type `vsphere`, mine is `ovirt`"), "{reason}");
}
