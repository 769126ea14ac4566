//! What a plan asks for, resolved against its maps and its source.

use super::super::hub::{Fail, Hub};
use super::super::kinds::{NETWORK_MAP, PROVIDER, STORAGE_MAP};
use super::super::object::{flag, items, reference, text};
use super::super::operator::feature;
use super::cluster_source::{self, is_cluster};
use super::offload;
use super::phases::{CONSOLIDATION, INSPECTION, Method, REBOOTS};
use super::places;
use super::provider::{is_host, source_of};
use crate::facts;
use crate::lab::world::{Disk, NamedRef, Source, SourceKind, Vm};
use serde_json::{Value, json};
use std::sync::Arc;

/// The objects that a plan refers to. Absent ones are reported by the validation.
pub(crate) struct PlanFacts {
    pub(crate) source_provider: Option<Arc<Value>>,
    pub(crate) source: Option<Arc<Source>>,
    pub(crate) to_host: bool,
    /// Whether several rows for one source network are a pool (since 2.11); before, the first row has them all.
    pub(crate) pools: bool,
    /// Whether the array copies the disks.
    pub(crate) offload: bool,
    pub(crate) storage_map: Option<Arc<Value>>,
    pub(crate) network_map: Option<Arc<Value>>,
    pub(crate) networks: Vec<NamedRef>,
    pub(crate) datastores: Vec<NamedRef>,
    pub(crate) vms: Vec<PlannedVm>,
}

/// An entry of `spec.vms[]` and the VM it means.
#[derive(Debug, Clone)]
pub(crate) struct PlannedVm {
    pub(crate) entry: Value,
    pub(crate) vm: Option<Vm>,
    /// More than one VM has the entry's name.
    pub(crate) ambiguous: bool,
    /// Files of the shared disks that this plan leaves to another one.
    pub(crate) left_out: Vec<String>,
}

/// Where a NIC goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Attachment {
    Pod,
    Multus(String),
    Ignored,
}

impl PlanFacts {
    pub(crate) async fn read(hub: &Hub, plan: &Value) -> Result<Self, Fail> {
        let (space, name) = reference(plan, "/spec/provider/source");
        let source_provider = hub.find(PROVIDER, space, name).await?;
        let (space, name) = reference(plan, "/spec/provider/destination");
        let to_host = hub.find(PROVIDER, space, name).await?.is_none_or(|provider| is_host(&provider));
        let (space, name) = reference(plan, "/spec/map/storage");
        let storage_map = hub.find_ready(STORAGE_MAP, space, name).await?;
        let (space, name) = reference(plan, "/spec/map/network");
        let network_map = hub.find_ready(NETWORK_MAP, space, name).await?;
        let source = source_provider.as_deref().and_then(|provider| source_of(&hub.world, provider)).cloned();
        let (mut networks, mut datastores, mut vms) = (Vec::new(), Vec::new(), Vec::new());
        if source_provider.as_deref().is_some_and(is_cluster) {
            (networks, datastores) = (cluster_source::networks(hub), cluster_source::storages(hub));
            vms = cluster_source::planned(hub, plan);
        }
        if let Some(source) = &source {
            let inventory = source.read();
            networks = places::networks(source, &inventory);
            datastores = places::storages(source, &inventory);
            let warm = is_warm(hub, plan);
            let leaves_shared = !flag(plan, "/spec/migrateSharedDisks", true);
            vms = items(plan, "/spec/vms")
                .map(|entry| resolve(&known_fields(hub, entry), &inventory.vms, |vm| as_planned(source, vm, warm)))
                .map(|planned| if leaves_shared { planned.without_shared() } else { planned })
                .collect();
        }
        let mut facts = Self {
            source_provider,
            source,
            to_host,
            pools: hub.since(11),
            offload: false,
            storage_map,
            network_map,
            networks,
            datastores,
            vms,
        };
        facts.offload = offload::applies(hub, plan, &facts);
        Ok(facts)
    }

    /// Type of the source provider.
    pub(crate) fn source_type(&self) -> &str {
        self.source_provider.as_deref().map_or("vsphere", |provider| text(provider, "/spec/type"))
    }

    /// Whether populators copy the disks: from OpenStack always, from oVirt cold to the own cluster.
    pub(crate) fn populates(&self, method: Method) -> bool {
        match self.source_type() {
            "openstack" => true,
            "ovirt" => self.to_host && method == Method::Raw,
            _ => false,
        }
    }

    pub(crate) fn planned(&self, id: &str) -> Option<&PlannedVm> {
        self.vms.iter().find(|one| one.vm.as_ref().is_some_and(|vm| vm.moref == id))
    }

    /// Where each NIC of a VM goes; `None` for one whose network is in no row of the map.
    ///
    /// Several rows for one source are a pool since 2.11: each NIC takes the first unused attachment.
    pub(crate) fn attachments(&self, vm: &Vm) -> Vec<Option<Attachment>> {
        let rows: Vec<&Value> = self.network_map.iter().flat_map(|map| items(map, "/spec/map")).collect();
        let mut used: Vec<Attachment> = Vec::new();
        vm.nics
            .iter()
            .map(|nic| {
                let known = called(&self.networks, &nic.network);
                let pool: Vec<Attachment> =
                    rows.iter().filter(|row| names(row, &nic.network, &known)).map(|row| attachment(row)).collect();
                let fresh = pool.iter().filter(|_| self.pools).find(|one| !used.contains(one));
                let chosen = fresh.or(pool.first()).cloned();
                used.extend(chosen.clone());
                chosen
            })
            .collect()
    }

    /// The destination of a disk, by its datastore's row in the map.
    pub(crate) fn destination(&self, disk: &Disk) -> Option<Value> {
        self.storage_entry(disk).map(|row| row["destination"].clone())
    }

    /// The row of a disk's datastore in the storage map.
    pub(crate) fn storage_entry(&self, disk: &Disk) -> Option<&Value> {
        let known = called(&self.datastores, &disk.datastore);
        let mut rows = self.storage_map.iter().flat_map(|map| items(map, "/spec/map"));
        rows.find(|row| names(row, &disk.datastore, &known))
    }
}

/// Everything that what has this id is called.
fn called<'a>(known: &'a [NamedRef], id: &str) -> Vec<&'a str> {
    known.iter().filter(|one| one.moref == id).map(|one| one.name.as_str()).collect()
}

fn names(row: &Value, id: &str, names: &[&str]) -> bool {
    // The pod network of a cluster is named by its type alone.
    if !text(row, "/source/type").is_empty() {
        return text(row, "/source/type") == id;
    }
    let wanted = text(row, "/source/id");
    if wanted.is_empty() { names.contains(&text(row, "/source/name")) } else { wanted == id }
}

fn attachment(row: &Value) -> Attachment {
    let (space, name) = reference(row, "/destination");
    match text(row, "/destination/type") {
        "multus" => Attachment::Multus(format!("{space}/{name}")),
        "ignored" => Attachment::Ignored,
        _ => Attachment::Pod,
    }
}

fn resolve(entry: &Value, vms: &[Vm], as_planned: impl Fn(Vm) -> Vm) -> PlannedVm {
    let (id, name) = (text(entry, "/id"), text(entry, "/name"));
    let hits: Vec<&Vm> = vms
        .iter()
        .filter(|vm| !vm.template && if id.is_empty() { !name.is_empty() && vm.name == name } else { vm.moref == id })
        .collect();
    let ambiguous = hits.len() > 1;
    let vm = hits.into_iter().next().filter(|_| !ambiguous).cloned().map(as_planned);
    PlannedVm { entry: entry.clone(), vm, ambiguous, left_out: Vec::new() }
}

/// The VM as the product sees it: its disks in the product's order, each by the name of its task and on its storage.
///
/// Source: forklift-api.md section 6, "Task names".
fn as_planned(source: &Source, mut vm: Vm, warm: bool) -> Vm {
    if source.vsphere().is_some() {
        return in_disk_order(vm, warm);
    }
    let id = vm.moref.clone();
    for (index, disk) in vm.disks.iter_mut().enumerate() {
        disk.datastore = places::storage_of(source, &id, (index, disk));
        disk.file = match &source.kind {
            _ if places::is_image(source, &id, index) => format!("forklift-migration-vm-{id}"),
            SourceKind::Ovirt(_) => disk.uuid.clone(),
            SourceKind::Openstack(_) => format!("forklift-migration-vm-{id}-volume-{}", disk.uuid),
            SourceKind::Ova => format!("{}::{}", archive_of(&vm.name), disk.file),
            _ => disk.file.clone(),
        };
    }
    vm
}

/// Path of a VM's archive on its share, as the server of the provider sees it.
pub(crate) fn archive_of(vm: &str) -> String {
    format!("/ova/{vm}.ova")
}

/// The disks in the product's order, each with its current file: below a snapshot that is the delta, which a warm
/// migration looks past.
///
/// Source: forklift-api.md section 6, "Task names"; forklift-api.md section 7, "Disks"; inventory-api.md section 6, "Disk files".
fn in_disk_order(mut vm: Vm, warm: bool) -> Vm {
    let file = |disk: &Disk| if warm { facts::base_disk_file(&disk.file) } else { vm.current_file(disk) };
    let files: Vec<String> = vm.disks.iter().map(file).collect();
    for (disk, file) in vm.disks.iter_mut().zip(files) {
        disk.file = file;
    }
    let rank = |disk: &Disk| ["sata", "ide", "scsi", "nvme"].iter().position(|bus| *bus == disk.bus).unwrap_or(9);
    vm.disks.sort_by_key(|disk| (rank(disk), disk.controller_key, disk.unit, disk.key));
    vm
}

/// The fields of a plan's spec or of a VM's entry that this release knows. Source: forklift-api.md sections 5 and 12.
pub(crate) fn known_fields(hub: &Hub, given: &Value) -> Value {
    let mut known = given.clone();
    let Some(fields) = known.as_object_mut() else { return known };
    for (minor, names) in [
        (9, &["targetName", "targetPowerState", "skipGuestConversion", "deleteGuestConversionPod"][..]),
        (
            10,
            &[
                "targetLabels",
                "targetNodeSelector",
                "targetAffinity",
                "convertorLabels",
                "convertorNodeSelector",
                "convertorAffinity",
                "enableNestedVirtualization",
                "xfsCompatibility",
            ][..],
        ),
        (11, &["rdmAsLun"][..]),
    ] {
        if !hub.since(minor) {
            fields.retain(|name, _| !names.contains(&name.as_str()));
        }
    }
    known
}

impl PlannedVm {
    /// The VM without the disks that others share.
    fn without_shared(mut self) -> Self {
        if let Some(vm) = &mut self.vm {
            self.left_out = vm.disks.iter().filter(|disk| disk.shared).map(|disk| disk.file.clone()).collect();
            vm.disks.retain(|disk| !disk.shared);
        }
        self
    }

    /// The name that the VM gets on the cluster.
    pub(crate) fn target_name(&self, hub_seed: u64) -> String {
        let wanted = text(&self.entry, "/targetName");
        if !wanted.is_empty() {
            return wanted.to_owned();
        }
        let source = self.vm.as_ref().map(|vm| vm.name.as_str()).unwrap_or_default();
        let fallback = || format!("vm-{}", facts::Seed(hub_seed).suffix(source, 4));
        facts::destination_vm_name(source).unwrap_or_else(|_| fallback())
    }

    /// The hook steps of the entry (`PreHook`, `PostHook`).
    pub(crate) fn hook_steps(&self) -> Vec<String> {
        items(&self.entry, "/hooks").map(|hook| text(hook, "/step").to_owned()).collect()
    }
}

/// How a plan's disks are copied. The array's copy has the pipeline of virt-v2v's before 2.12, and since then the one of
/// CDI's. Source: forklift-api.md section 6, "Pipelines".
pub(crate) fn method(hub: &Hub, plan: &Value, facts: &PlanFacts) -> Method {
    let minor = hub.mtv.minor;
    let raw = hub.since(9) && flag(plan, "/spec/skipGuestConversion", false);
    match (facts.source_type(), is_warm(hub, plan)) {
        ("ovirt", true) => Method::Warm { converts: false, minor, vsphere: false },
        ("ovirt", false) | ("openshift", _) => Method::Raw,
        ("openstack", _) => Method::Snapshots,
        ("ova", _) => Method::V2v,
        (_, true) => Method::Warm { converts: !raw, minor, vsphere: true },
        (_, false) => cold_vsphere(hub, plan, facts),
    }
}

fn cold_vsphere(hub: &Hub, plan: &Value, facts: &PlanFacts) -> Method {
    if hub.since(9) && flag(plan, "/spec/skipGuestConversion", false) {
        Method::Raw
    } else if facts.offload && hub.since(12) {
        Method::Cdi { lists_v2v: false }
    } else if facts.offload || facts.to_host && flag(plan, "/spec/migrateSharedDisks", true) {
        Method::V2v
    } else {
        Method::Cdi { lists_v2v: !hub.since(12) }
    }
}

/// Whether a warm migration is asked for. MTV 2.9 knows only the flag.
pub(crate) fn is_warm(hub: &Hub, plan: &Value) -> bool {
    flag(plan, "/spec/warm", false) || (hub.since(10) && plan.pointer("/spec/type") == Some(&json!("warm")))
}

/// The optional steps of a VM's pipeline. Source: forklift-api.md section 6, "Pipelines".
pub(crate) fn extras(hub: &Hub, plan: &Value, planned: &PlannedVm, method: Method) -> Vec<String> {
    let mut extras = planned.hook_steps();
    let of_vsphere = matches!(method, Method::Warm { vsphere: true, .. });
    if of_vsphere && hub.since(10) && flag(plan, "/spec/runPreflightInspection", true) {
        extras.push(INSPECTION.to_owned());
    }
    if waits_for_reboots(hub, plan, planned, method) {
        extras.push(REBOOTS.to_owned());
    }
    if of_vsphere && hub.since(12) && feature(hub, "wait_for_final_snapshot_consolidation", true) {
        extras.push(CONSOLIDATION.to_owned());
    }
    extras
}

/// Since 2.12 a converted Windows guest must have started anew, unless it is to be off.
pub(crate) fn waits_for_reboots(hub: &Hub, plan: &Value, planned: &PlannedVm, method: Method) -> bool {
    let windows = planned.vm.as_ref().is_some_and(Vm::is_windows);
    let converts = method.converts();
    let own = text(&planned.entry, "/targetPowerState");
    let power = if own.is_empty() { text(plan, "/spec/targetPowerState") } else { own };
    windows && converts && power != "off" && hub.since(12) && feature(hub, "feature_windows_wait_for_reboot", true)
}
