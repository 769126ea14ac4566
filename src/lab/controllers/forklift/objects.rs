//! The objects that a migration makes, and how they are taken away again.
//!
//! Names are the same each time they are asked for, so that a creation whose answer was lost meets its own object.
//! Source: forklift-api.md section 7.

use super::super::golden::nic_mac;
use super::super::harm::harm_guest;
use super::super::hub::{Fail, Hub};
use super::super::kinds::{
    CLAIM, CONFIG_MAP, CONVERSION, DATA_VOLUME, JOB, Kind, NAMESPACE, POD, SECRET, VIRTUAL_MACHINE,
};
use super::super::object::{
    annotation, binary_quantity, flag, generated_name, label, name, namespace, owner_reference, reference, secret_key,
    text, uid,
};
use super::claim_names::Claim;
use super::cluster_source;
use super::offload;
use super::phases::Method;
use super::pipeline::VmStatus;
use super::plan_facts::{Attachment, PlanFacts, PlannedVm, known_fields, waits_for_reboots};
use super::populators;
use super::target_vm::{Blueprint, was_on};
use super::warm::Warm;
use super::warm_steps::checkpoints;
use crate::lab::world::{Disk, Vm};
use semver::Version;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// One migration of a plan.
pub(crate) struct Run<'a> {
    pub(crate) hub: &'a Hub,
    pub(crate) plan: &'a Value,
    pub(crate) facts: &'a PlanFacts,
    pub(crate) migration: String,
    pub(crate) method: Method,
    /// When a warm migration is to end.
    pub(crate) cutover: Option<jiff::Timestamp>,
}

impl Run<'_> {
    pub(crate) fn target_namespace(&self) -> &str {
        text(self.plan, "/spec/targetNamespace")
    }

    /// `<plan>-<vmID>-<part><5>`, always the same for this purpose.
    pub(crate) fn object_name(&self, vm: &str, part: &str) -> String {
        generated_name(&format!("{}-{vm}-{part}", name(self.plan)), &format!("{}/{vm}/{part}", self.migration))
    }

    /// The labels of what belongs to a VM's migration.
    pub(crate) fn labels(&self, vm: &str) -> Map<String, Value> {
        let mut labels = Map::from_iter([
            ("plan".to_owned(), json!(uid(self.plan))),
            ("migration".to_owned(), json!(self.migration)),
            ("vmID".to_owned(), json!(vm)),
        ]);
        if self.hub.since(10) {
            labels.insert("resource".to_owned(), json!("vm-config"));
        }
        if self.hub.since(12) {
            labels.insert("plan-name".to_owned(), json!(name(self.plan)));
            labels.insert("plan-namespace".to_owned(), json!(namespace(self.plan)));
        }
        labels
    }

    /// The VM's objects of a watched kind in the target namespace, in the order of their disks.
    pub(crate) fn of_vm(&self, kind: Kind, vm: &str) -> Vec<Arc<Value>> {
        let mut found = self.hub.cache.labelled(kind, &[("plan", uid(self.plan)), ("vmID", vm)]);
        found.retain(|one| namespace(one) == self.target_namespace());
        found.sort_by_key(|one| annotation(one, "forklift.konveyor.io/disk-index").parse::<usize>().unwrap_or(0));
        found
    }
}

/// The namespace of the target VMs, made if it is absent.
pub(crate) async fn ensure_namespace(run: &Run<'_>) -> Result<(), Fail> {
    let space = run.target_namespace();
    if run.hub.get(NAMESPACE, "", space).await?.is_none() {
        run.hub.create(NAMESPACE, json!({"metadata": {"name": space}})).await?;
    }
    Ok(())
}

/// Creates the DataVolumes of a VM; the text says why that can never work.
///
/// Those of a warm migration have a checkpoint per snapshot.
pub(crate) async fn create_volumes(
    run: &Run<'_>,
    planned: &PlannedVm,
    vm: &Vm,
    warm: Option<&Warm>,
) -> Result<Option<String>, Fail> {
    for (index, disk) in vm.disks.iter().enumerate() {
        let mut body = match volume(run, planned, vm, (index, disk)) {
            Ok(body) => body,
            Err(why) => return Ok(Some(why)),
        };
        if let Some(warm) = warm {
            body["spec"]["checkpoints"] = checkpoints(warm, index);
            body["spec"]["finalCheckpoint"] = json!(false);
            body["metadata"]["annotations"]["cdi.kubevirt.io/storage.usePopulator"] = json!("false");
        }
        let made = run.hub.create(DATA_VOLUME, body).await?;
        if label(&made, "migration") != run.migration {
            return Ok(Some(format!("datavolumes.cdi.kubevirt.io {:?} already exists", name(&made))));
        }
    }
    Ok(None)
}

/// Storage class and size in bytes of a disk's claim.
pub(crate) fn class_and_size(run: &Run<'_>, disk: &Disk) -> (String, u64) {
    let destination = run.facts.destination(disk).unwrap_or_default();
    (text(&destination, "/storageClass").to_owned(), disk.size_bytes)
}

fn volume(run: &Run<'_>, planned: &PlannedVm, vm: &Vm, disk: (usize, &Disk)) -> Result<Value, String> {
    let (index, disk) = disk;
    let target_name = planned.target_name(run.hub.world.spec.seed);
    let (mtv, source_type) = (&run.hub.mtv, run.facts.source_type());
    let claim = Claim { plan: run.plan, planned, vm, index, target_name: &target_name, mtv, source_type };
    let claim = claim.name(&format!("{}/{}/{index}", run.migration, vm.moref))?;
    let destination = run.facts.destination(disk).unwrap_or_default();
    let (class, size) = class_and_size(run, disk);
    let mut storage = json!({"resources": {"requests": {"storage": binary_quantity(size)}}, "storageClassName": class});
    if !text(&destination, "/accessMode").is_empty() {
        storage["accessModes"] = json!([destination["accessMode"]]);
    }
    if !text(&destination, "/volumeMode").is_empty() {
        storage["volumeMode"] = destination["volumeMode"].clone();
    }
    let source = match run.method {
        Method::V2v => json!({"blank": {}}),
        _ if run.facts.source_type() == "openshift" => cluster_source::export_source(&disk.file),
        _ if run.facts.source_type() == "ovirt" => json!({"imageio": {
            "url": run.facts.source_provider.as_deref().map(|one| text(one, "/spec/url")),
            "diskId": disk.uuid, "secretRef": run.object_name(&vm.moref, ""), "certConfigMap": "",
        }}),
        _ => json!({"vddk": {
            "url": run.facts.source_provider.as_deref().map(|one| text(one, "/spec/url")),
            "uuid": vm.uuid, "backingFile": disk.file, "secretRef": run.object_name(&vm.moref, "")}}),
    };
    let mut labels = run.labels(&vm.moref);
    let mut annotations = labels.clone();
    labels.insert("vmUUID".to_owned(), json!(vm.uuid));
    if disk.shared {
        labels.insert("shareable".to_owned(), json!("true"));
    }
    let facts = [
        ("forklift.konveyor.io/disk-source", disk.file.clone()),
        ("forklift.konveyor.io/disk-index", index.to_string()),
        ("cdi.kubevirt.io/storage.deleteAfterCompletion", "false".to_owned()),
    ];
    annotations.extend(facts.map(|(key, value)| (key.to_owned(), json!(value))));
    if !run.facts.to_host || matches!(run.method, Method::Warm { .. }) {
        annotations.insert("cdi.kubevirt.io/storage.bind.immediate.requested".to_owned(), json!("true"));
    }
    Ok(json!({
        "metadata": {
            "namespace": run.target_namespace(), "name": claim, "labels": labels, "annotations": annotations,
        },
        "spec": {"source": source, "storage": storage},
    }))
}

/// The Secret with the source's credentials; `purpose` is `isV2V`, `isDV` or `isPopulator`.
pub(crate) async fn create_secret(run: &Run<'_>, vm: &str, purpose: &str) -> Result<(), Fail> {
    let (space, secret) = run.facts.source_provider.as_deref().map_or(("", ""), |one| reference(one, "/spec/secret"));
    let login = run.hub.find(SECRET, space, secret).await?.unwrap_or_default();
    let user = [secret_key(&login, "user"), secret_key(&login, "username")].concat();
    let mut labels = run.labels(vm);
    labels.insert(purpose.to_owned(), json!("true"));
    let body = json!({
        "metadata": {
            "namespace": run.target_namespace(), "name": run.object_name(vm, if purpose == "isV2V" { "v2v-" } else { "" }),
            "labels": labels,
        },
        "type": "Opaque",
        "stringData": {"accessKeyId": user, "secretKey": secret_key(&login, "password")},
    });
    run.hub.create(SECRET, body).await?;
    Ok(())
}

/// Creates the target VM (the text says why that can never work), makes it the owner of the claims, and removes the
/// DataVolumes.
pub(crate) async fn create_vm(
    run: &Run<'_>,
    planned: &PlannedVm,
    vm: &Vm,
    status: &mut VmStatus,
) -> Result<Option<String>, Fail> {
    let target = planned.target_name(run.hub.world.spec.seed);
    if target != vm.name {
        status.new_name.clone_from(&target);
    }
    let populates = run.facts.populates(run.method);
    let claims = if populates { populators::claims(run, vm) } else { run.of_vm(CLAIM, &vm.moref) };
    let mut labels = run.labels(&vm.moref);
    if run.hub.since(9) && run.method.converts() {
        labels.insert("guestConverted".to_owned(), json!("true"));
    }
    let attachments = run.facts.attachments(vm);
    let spec = known_fields(run.hub, &run.plan["spec"]);
    let mut volumes: Vec<String> = claims.iter().map(|claim| name(claim).to_owned()).collect();
    volumes.extend(shared_claims(run, planned));
    let source = run.facts.source.as_ref().map(|source| source.name.as_str()).unwrap_or_default();
    let blueprint = Blueprint {
        vm,
        name: target,
        namespace: run.target_namespace().to_owned(),
        labels,
        spec: &spec,
        entry: &planned.entry,
        attachments: attachments.into_iter().map(|one| one.unwrap_or(Attachment::Ignored)).collect(),
        claims: volumes,
        was_on: was_on(&status.restore_power_state, vm.power)
            || waits_for_reboots(run.hub, run.plan, planned, run.method),
        source_type: run.facts.source_type(),
        vmware_serial: has_vmware_serial(run.hub),
        origin: format!("{source}/{}", vm.moref),
    };
    let of_cluster = run.facts.source_type() == "openshift";
    let body = if of_cluster { cluster_source::target(run.hub, &blueprint) } else { blueprint.build() };
    let made = run.hub.create(VIRTUAL_MACHINE, body).await?;
    if label(&made, "migration") != run.migration {
        return Ok(Some(format!("virtualmachines.kubevirt.io {:?} already exists", name(&made))));
    }
    let mut guest = vm.clone();
    if of_cluster {
        // KubeVirt chooses new addresses for the new VM.
        guest.nics.iter_mut().for_each(|nic| nic.mac = nic_mac(uid(&made), &nic.label));
    }
    harm_guest(&run.hub.world, &mut guest);
    run.hub.world.migrated.adopt(uid(&made), &guest);
    for claim in &claims {
        let patch = json!({"metadata": {"ownerReferences": [owner_reference(VIRTUAL_MACHINE, &made, false)]}});
        run.hub.merge(CLAIM, claim, &patch).await?;
    }
    for volume in run.of_vm(DATA_VOLUME, &vm.moref) {
        run.hub.delete(DATA_VOLUME, &volume).await?;
    }
    Ok(None)
}

/// The claims of shared disks that another plan has migrated into the same namespace.
fn shared_claims(run: &Run<'_>, planned: &PlannedVm) -> Vec<String> {
    let is_it = |claim: &Value| {
        let file = annotation(claim, "forklift.konveyor.io/disk-source");
        label(claim, "shareable") == "true" && planned.left_out.iter().any(|left| left == file)
    };
    let found = run.hub.cache.list(CLAIM, |claim| namespace(claim) == run.target_namespace() && is_it(claim));
    found.iter().map(|claim| name(claim).to_owned()).collect()
}

/// The product's own form of the serial: MTV since 2.10 on OpenShift since 4.20, unless switched off.
fn has_vmware_serial(hub: &Hub) -> bool {
    let recent = hub.openshift.as_ref().is_some_and(|version| *version >= Version::new(4, 20, 0));
    hub.since(10) && recent && super::super::operator::feature(hub, "feature_vmware_system_serial_number", true)
}

/// Whether what a failed migration made is removed: the VM's own setting, the plan's, the version's default.
pub(crate) fn deletes_on_failure(hub: &Hub, plan: &Value, status: &VmStatus) -> bool {
    let own = status.rest.get("deleteVmOnFailMigration").and_then(Value::as_bool);
    match own {
        _ if !hub.since(9) => true,
        Some(own) => own,
        None => flag(plan, "/spec/deleteVmOnFailMigration", hub.since(11)),
    }
}

/// What a clean-up takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sweep {
    /// The VM, its DataVolumes and claims.
    pub(crate) machine: bool,
    /// The conversion pod.
    pub(crate) pod: bool,
}

/// Removes what a VM's migration left: Secrets, ConfigMaps and hook Jobs always, the rest as `sweep` says.
pub(crate) async fn clean_up(run: &Run<'_>, vm: &str, sweep: Sweep) -> Result<(), Fail> {
    offload::clean_up(run, vm).await?;
    if run.facts.source_type() == "openshift" {
        cluster_source::drop_export(run, vm).await?;
    }
    populators::clean_up(run, vm).await?;
    if sweep.machine {
        for kind in [VIRTUAL_MACHINE, DATA_VOLUME, CLAIM] {
            for object in run.of_vm(kind, vm) {
                run.hub.delete(kind, &object).await?;
            }
        }
    }
    let selector = format!("plan={},vmID={vm}", uid(run.plan));
    let own = namespace(run.plan);
    let mut doomed =
        vec![(SECRET, run.target_namespace()), (CONFIG_MAP, run.target_namespace()), (JOB, own), (CONFIG_MAP, own)];
    if sweep.pod {
        doomed.push((POD, run.target_namespace()));
    }
    if run.hub.since(12) && sweep.pod {
        doomed.push((CONVERSION, own));
    }
    for (kind, space) in doomed {
        for object in run.hub.list(kind, space, &selector).await? {
            run.hub.delete(kind, &object).await?;
        }
    }
    Ok(())
}
