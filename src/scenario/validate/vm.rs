//! Rules of the VMs of a plan and of the disks added to them.

use super::run::Report;
use crate::facts::NAME_MAX_CHARS;
use crate::scenario::model::{AddDisk, DatastoreRef, PlanSpec, VmRequest};
use crate::scenario::tree::join_key;
use std::collections::BTreeMap;

/// Snapshots of one chain. Source: vSphere allows 32; the clone's base counts.
const MOST_SNAPSHOTS: u32 = 31;

/// Largest disk. Source: vSphere allows 62 TiB.
const MOST_GIB: u32 = 62 * 1024;

/// Keys that only act on a clone.
const CLONE_KEYS: [&str; 8] = [
    "clone_name",
    "preserve_name_format",
    "disk_type",
    "add_disks",
    "target_esxi_host",
    "target_datastore_id",
    "add_nic",
    "add_nic_start_connected",
];

/// Checks the VMs of a plan, whose keys stand under `prefix`.
pub(super) fn check(plan: &PlanSpec, prefix: &str, report: &mut Report<'_>) {
    let mut unclones: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, vm) in plan.virtual_machines.iter().enumerate() {
        let path = join_key(prefix, &format!("virtual_machines[{index}]"));
        check_vm(plan, vm, &path, report);
        let cloned = vm.clone && !plan.skip_clone;
        if !cloned && let Some(first) = unclones.insert(&vm.name, index) {
            let message = format!("`{}` is also entry {first}; without a clone a VM can migrate once", vm.name);
            report.tell(format!("{path}.name"), message);
        }
    }
}

fn check_vm(plan: &PlanSpec, vm: &VmRequest, path: &str, report: &mut Report<'_>) {
    let key = |key: &str| join_key(path, key);
    if vm.name.trim().is_empty() {
        report.tell(key("name"), "a VM needs its name");
    }
    if let Some(name) = &vm.clone_name {
        let length = name.chars().count();
        if name.trim().is_empty() || length > NAME_MAX_CHARS {
            report
                .tell(key("clone_name"), format!("a clone's name has 1 to {NAME_MAX_CHARS} characters, not {length}"));
        }
    }
    check_clone(plan, vm, path, report);
    if vm.snapshots.is_some_and(|count| count == 0 || count > MOST_SNAPSHOTS) {
        report.tell(key("snapshots"), format!("the number of snapshots is 1 to {MOST_SNAPSHOTS}"));
    }
    match (vm.add_nic, vm.add_nic_start_connected) {
        (true, None) => report.tell(key("add_nic"), "`add_nic` needs `add_nic_start_connected: true` or `false`"),
        (false, Some(_)) => {
            report.tell(key("add_nic_start_connected"), "`add_nic_start_connected` needs `add_nic: true`");
        }
        _ => {}
    }
    if let Some(passphrase) = &vm.luks_passphrase {
        if !vm.luks {
            report.tell(key("luks_passphrase"), "`luks_passphrase` needs `luks: true`");
        }
        if passphrase.is_empty() {
            report.tell(key("luks_passphrase"), "the passphrase is empty");
        }
    }
    check_datastore(plan, vm.target_datastore_id.as_ref(), &key("target_datastore_id"), report);
    for (index, disk) in vm.add_disks.iter().enumerate() {
        check_disk(plan, disk, &format!("{path}.add_disks[{index}]"), report);
    }
}

fn check_clone(plan: &PlanSpec, vm: &VmRequest, path: &str, report: &mut Report<'_>) {
    if plan.skip_clone && vm.clone && report.has(&join_key(path, "clone")) {
        report.tell(join_key(path, "clone"), "`clone: true` contradicts the plan's `skip_clone`");
    }
    if vm.clone && !plan.skip_clone {
        return;
    }
    for key in CLONE_KEYS {
        let here = join_key(path, key);
        if report.has(&here) {
            report.tell(here, format!("`{key}` changes a clone, and `{}` is not cloned", vm.name));
        }
    }
}

/// The symbolic datastores are those of copy-offload. Source: original-suite.md section 1.4.
fn check_datastore(plan: &PlanSpec, datastore: Option<&DatastoreRef>, path: &str, report: &mut Report<'_>) {
    let symbolic = datastore.and_then(DatastoreRef::copyoffload_key);
    if let Some(key) = symbolic.filter(|_| !plan.copyoffload) {
        let message = format!("`{key}` is a datastore of copy-offload; the plan needs `copyoffload: true`");
        report.tell(path, message);
    }
}

fn check_disk(plan: &PlanSpec, disk: &AddDisk, path: &str, report: &mut Report<'_>) {
    match (disk.size_gb, disk.rdm_type) {
        (None, None) => report.tell(path, "an added disk needs `size_gb` or `rdm_type`"),
        (Some(0), _) => report.tell(join_key(path, "size_gb"), "a disk has at least 1 GiB"),
        (Some(_), Some(_)) => {
            report.tell(join_key(path, "size_gb"), "a raw device has its own size; leave `size_gb` out");
        }
        _ => {}
    }
    if disk.rdm_type.is_some() {
        let fixed = [
            ("provision_type", "a raw device is not provisioned"),
            ("disk_mode", "`rdm_type` sets the mode of a raw device"),
        ];
        for (key, message) in fixed {
            let here = join_key(path, key);
            if report.has(&here) {
                report.tell(here, message);
            }
        }
        if !plan.copyoffload {
            let message = "the raw device is `rdm_lun_uuid` of copy-offload; the plan needs `copyoffload: true`";
            report.tell(join_key(path, "rdm_type"), message);
        }
    }
    if disk.size_gb.is_some_and(|size| size > MOST_GIB) {
        report.tell(join_key(path, "size_gb"), format!("vSphere has no disk over {MOST_GIB} GiB"));
    }
    let strange = |folder: &String| folder.contains(['[', ']', '\\']) || folder.split('/').any(|part| part == "..");
    if disk.datastore_path.as_ref().is_some_and(strange) {
        report.tell(
            join_key(path, "datastore_path"),
            "a folder on the datastore, such as `shared_disks`, without the datastore",
        );
    }
    if disk.datastore_path.as_ref().is_some_and(|folder| folder.trim_matches('/').is_empty()) {
        report.tell(join_key(path, "datastore_path"), "the folder is empty");
    }
    check_datastore(plan, disk.datastore_id.as_ref(), &join_key(path, "datastore_id"), report);
}
