//! The validation of a plan's VMs.
//!
//! Pure. Source: forklift-api.md section 11.

use super::super::conditions::{Category, Condition};
use super::super::object::{flag, text};
use super::claim_names::{Claim, device_template_fault};
use super::plan_facts::{Attachment, PlanFacts, PlannedVm};
use crate::facts::Power;
use crate::lab::world::Vm;
use semver::Version;
use serde_json::Value;
use std::collections::BTreeSet;

/// A VM on the destination cluster.
#[derive(Debug, Clone)]
pub(crate) struct Existing {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) of_this_plan: bool,
    pub(crate) macs: Vec<String>,
}

/// What the checks look at.
pub(crate) struct Context<'a> {
    pub(crate) plan: &'a Value,
    pub(crate) facts: &'a PlanFacts,
    pub(crate) existing: Vec<Existing>,
    /// Minor release of MTV 2.
    pub(crate) minor: u64,
    pub(crate) patch: u64,
    pub(crate) warm: bool,
    pub(crate) seed: u64,
}

/// Collects the VMs that a condition is about.
struct Finding {
    kind: &'static str,
    category: Category,
    reason: &'static str,
    message: &'static str,
    items: Vec<String>,
}

const fn finding(kind: &'static str, category: Category, reason: &'static str, message: &'static str) -> Finding {
    Finding { kind, category, reason, message, items: Vec::new() }
}

pub(crate) fn validate(context: &Context<'_>) -> Vec<Condition> {
    let mut conditions = Vec::new();
    let mut add = |mut finding: Finding, wrong: &dyn Fn(&PlannedVm) -> bool| {
        finding.items = context.facts.vms.iter().filter(|vm| wrong(vm)).map(described).collect();
        if !finding.items.is_empty() {
            let condition = Condition::new(finding.kind, finding.category, finding.reason, finding.message);
            conditions.push(condition.about(finding.items));
        }
    };
    let critical = Category::Critical;
    let on = |check: fn(&Context<'_>, &PlannedVm, &Vm) -> bool| {
        move |planned: &PlannedVm| planned.vm.as_ref().is_some_and(|vm| check(context, planned, vm))
    };
    add(finding("VMRefNotValid", critical, "NotSet", "a VM has neither id nor name"), &|vm| is_unset(vm));
    add(finding("VMNotFound", critical, "NotFound", "a VM does not exist"), &|vm| {
        !is_unset(vm) && vm.vm.is_none() && !vm.ambiguous
    });
    add(finding("DuplicateVM", critical, "Ambiguous", "a VM's name is not unique"), &|vm| vm.ambiguous);
    add(finding("DuplicateVM", critical, "NotUnique", "a VM or a target name is listed twice"), &on(is_duplicate));
    add(finding("TargetNameNotValid", Category::Warn, "", "a VM will be renamed"), &on(is_renamed));
    add(finding("NotValid", critical, "", "a target name is not valid"), &on(has_bad_target_name));
    add(finding("VMAlreadyExists", critical, "NotUnique", "a VM of that name exists"), &on(exists));
    add(finding("VMNetworksNotMapped", critical, "NotValid", "a VM has an unmapped network"), &on(has_unmapped_nic));
    add(finding("VMStorageNotMapped", critical, "NotValid", "a VM has an unmapped storage"), &on(has_unmapped_disk));
    add(
        finding("VMMultiplePodNetworkMappings", critical, "NotValid", "a VM has more than one NIC on the pod network"),
        &on(has_two_pod_nics),
    );
    if in_duplicate_range(context) {
        add(
            finding("VMDuplicateNADMappings", critical, "NotValid", "two NICs of a VM are on one attachment"),
            &on(has_duplicate_attachment),
        );
    }
    if context.warm {
        add(
            finding("VMMissingChangedBlockTracking", critical, "MissingChangedBlockTracking", "a VM tracks no changes"),
            &on(|context, _, vm| of_vsphere(context) && !vm.tracks_changes()),
        );
        if context.minor >= 10 {
            add(
                finding("VMHasSnapshots", critical, "", "a VM has snapshots"),
                &on(|context, _, vm| of_vsphere(context) && !vm.snapshots.is_empty()),
            );
        }
    }
    let category = if context.minor >= 8 { Category::Warn } else { critical };
    add(
        finding("VMMissingGuestIPs", category, "MissingGuestInformation", "no guest data for static addresses"),
        &on(misses_addresses),
    );
    add(
        finding("NetMapPreservingIPsOnPodNetwork", Category::Warn, "", "static addresses on the pod network are lost"),
        &on(has_static_pod_nic),
    );
    if context.minor >= 10 {
        add(finding("MacConflicts", critical, "", "a MAC address is in use on the destination"), &on(has_mac_conflict));
        add(finding("InvalidDiskSizes", critical, "", "a disk has no size"), &on(has_empty_disk));
    }
    if context.minor >= 11 {
        add(
            finding("GuestToolsIssue", critical, "", "the tools of a powered-on VM do not run"),
            &on(|context, _, vm| of_vsphere(context) && vm.power == Power::On && !vm.tools),
        );
    }
    conditions.extend(context.facts.vms.iter().filter_map(|planned| shared_disks(context, planned)));
    conditions.extend(template_fault(context));
    conditions
}

/// Whether this release refuses two NICs on one attachment. Source: forklift-api.md section 11.
fn in_duplicate_range(context: &Context<'_>) -> bool {
    matches!((context.minor, context.patch), (11, 2..) | (12, ..=6))
}

fn has_duplicate_attachment(context: &Context<'_>, _: &PlannedVm, vm: &Vm) -> bool {
    let attachments = context.facts.attachments(vm);
    let nads: Vec<_> = attachments.iter().flatten().filter(|one| matches!(one, Attachment::Multus(_))).collect();
    nads.iter().collect::<BTreeSet<_>>().len() < nads.len()
}

/// A VM's shared disks can be copied only while no VM that has them runs; warm migrations only say so.
fn shared_disks(context: &Context<'_>, planned: &PlannedVm) -> Option<Condition> {
    let vm = planned.vm.as_ref()?;
    let own: Vec<&str> = vm.disks.iter().filter(|disk| disk.shared).map(|disk| disk.file.as_str()).collect();
    if own.is_empty() || !flag(context.plan, "/spec/migrateSharedDisks", true) {
        return None;
    }
    let source = context.facts.source.as_ref()?;
    let running: Vec<String> = source
        .read()
        .vms
        .iter()
        .filter(|one| one.power == Power::On && one.disks.iter().any(|disk| own.contains(&disk.file.as_str())))
        .map(|one| format!(" id:{} name:'{}' ", one.moref, one.name))
        .collect();
    let category = if context.warm { Category::Nothing } else { Category::Critical };
    let words = "VMs that share disks are running";
    let kind = format!("SharedDisks-{}", vm.moref);
    (!running.is_empty()).then(|| Condition::new(&kind, category, "", words).about(running))
}

fn described(planned: &PlannedVm) -> String {
    let id = planned.vm.as_ref().map_or_else(|| text(&planned.entry, "/id"), |vm| vm.moref.as_str());
    let name = planned.vm.as_ref().map_or_else(|| text(&planned.entry, "/name"), |vm| vm.name.as_str());
    format!(" id:{id} name:'{name}' ")
}

fn is_unset(planned: &PlannedVm) -> bool {
    text(&planned.entry, "/id").is_empty() && text(&planned.entry, "/name").is_empty()
}

fn is_duplicate(context: &Context<'_>, planned: &PlannedVm, vm: &Vm) -> bool {
    let target = planned.target_name(context.seed);
    let same = |other: &&PlannedVm| {
        other.vm.as_ref().is_some_and(|one| one.moref == vm.moref) || other.target_name(context.seed) == target
    };
    context.facts.vms.iter().filter(|other| other.vm.is_some()).filter(same).count() > 1
}

fn is_subdomain(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    name.len() <= 253 && name.split('.').all(part)
}

fn is_renamed(_: &Context<'_>, planned: &PlannedVm, vm: &Vm) -> bool {
    text(&planned.entry, "/targetName").is_empty() && !is_subdomain(&vm.name)
}

fn has_bad_target_name(_: &Context<'_>, planned: &PlannedVm, _: &Vm) -> bool {
    let name = text(&planned.entry, "/targetName");
    !name.is_empty() && !is_subdomain(name)
}

fn exists(context: &Context<'_>, planned: &PlannedVm, _: &Vm) -> bool {
    let (space, name) = (text(context.plan, "/spec/targetNamespace"), planned.target_name(context.seed));
    context.existing.iter().any(|one| one.namespace == space && one.name == name && !one.of_this_plan)
}

fn has_unmapped_nic(context: &Context<'_>, _: &PlannedVm, vm: &Vm) -> bool {
    context.facts.attachments(vm).iter().any(Option::is_none)
}

fn has_unmapped_disk(context: &Context<'_>, _: &PlannedVm, vm: &Vm) -> bool {
    vm.disks.iter().any(|disk| context.facts.destination(disk).is_none())
}

fn has_two_pod_nics(context: &Context<'_>, _: &PlannedVm, vm: &Vm) -> bool {
    context.facts.attachments(vm).iter().filter(|one| **one == Some(Attachment::Pod)).count() > 1
}

/// Some rules are vSphere's alone.
fn of_vsphere(context: &Context<'_>) -> bool {
    context.facts.source_type() == "vsphere"
}

fn preserves_addresses(context: &Context<'_>) -> bool {
    of_vsphere(context) && flag(context.plan, "/spec/preserveStaticIPs", context.minor >= 10)
}

fn misses_addresses(context: &Context<'_>, _: &PlannedVm, vm: &Vm) -> bool {
    preserves_addresses(context) && !vm.nics.is_empty() && vm.nics.iter().all(|nic| nic.guest.is_empty())
}

fn has_static_pod_nic(context: &Context<'_>, _: &PlannedVm, vm: &Vm) -> bool {
    let attachments = context.facts.attachments(vm);
    let mut nics = vm.nics.iter().zip(&attachments);
    context.minor >= 10
        && preserves_addresses(context)
        && nics.any(|(nic, at)| *at == Some(Attachment::Pod) && nic.guest.iter().any(|address| address.is_static))
}

fn has_mac_conflict(context: &Context<'_>, _: &PlannedVm, vm: &Vm) -> bool {
    let told = vm.nics.iter().map(|nic| nic.mac.to_lowercase());
    let macs: BTreeSet<String> = told.filter(|mac| !mac.is_empty()).collect();
    context.existing.iter().any(|one| !one.of_this_plan && one.macs.iter().any(|mac| macs.contains(mac)))
}

fn has_empty_disk(_: &Context<'_>, _: &PlannedVm, vm: &Vm) -> bool {
    vm.disks.iter().any(|disk| disk.size_bytes == 0)
}

/// The first template that cannot be rendered for a disk, or not at all.
fn template_fault(context: &Context<'_>) -> Option<Condition> {
    let mtv = Version::new(2, context.minor, 0);
    let why = context.facts.vms.iter().find_map(|planned| {
        let vm = planned.vm.as_ref()?;
        let target = planned.target_name(context.seed);
        let source_type = context.facts.source_type();
        let claim =
            |index| Claim { plan: context.plan, planned, vm, index, target_name: &target, mtv: &mtv, source_type };
        let of_disks = (0..vm.disks.len()).find_map(|index| claim(index).validated()?.err());
        of_disks.or_else(|| device_template_fault(context.plan, &planned.entry))
    });
    why.map(|why| Condition::critical("NotValid", "", why))
}

#[cfg(test)]
#[path = "validate_vms_tests.rs"]
pub(crate) mod tests;
