//! The populators of oVirt and OpenStack: what a plan makes of them, and the controller that copies.
//!
//! A claim tells by a label which disk of the source it is for. Source: forklift-api.md sections 3 and 7.

use super::super::cdi::{TICK, percent_per};
use super::super::hub::{Fail, Hub, Outcome};
use super::super::kinds::{CLAIM, Kind, OPENSTACK_POPULATOR, OVIRT_POPULATOR, POD, STORAGE_PROFILE};
use super::super::object::{binary_quantity, is_deleting, label, name, namespace, pod_status, text, uid};
use super::claim_names::Claim;
use super::objects::{Run, class_and_size};
use super::plan_facts::PlannedVm;
use super::prime::{Filler, ensure_pod, ensure_prime, hand_over};
use crate::facts::{Seed, parse_quantity_bytes};
use crate::lab::world::{Disk, Vm};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// What belongs to a type of source.
struct Way {
    kind: Kind,
    /// Label of the claims.
    label: &'static str,
    /// What copies.
    image: &'static str,
}

const OVIRT: Way = Way { kind: OVIRT_POPULATOR, label: "diskID", image: "forklift-ovirt-populator" };
const OPENSTACK: Way = Way { kind: OPENSTACK_POPULATOR, label: "imageID", image: "forklift-openstack-populator" };

fn way(run: &Run<'_>) -> Way {
    if run.facts.source_type() == "ovirt" { OVIRT } else { OPENSTACK }
}

/// What the product copies: oVirt's disk itself, of OpenStack an image that it makes of the volume's snapshot.
fn copied(run: &Run<'_>, disk: &Disk) -> String {
    let source = run.facts.source.as_ref().filter(|_| run.facts.source_type() != "ovirt");
    source.map_or_else(|| disk.uuid.clone(), |source| source.uuid_for(&format!("{}/{}", run.migration, disk.uuid)))
}

/// Makes a claim and a populator for each disk; the text says why that can never work.
pub(super) async fn create(run: &Run<'_>, planned: &PlannedVm, vm: &Vm) -> Result<Option<String>, Fail> {
    let way = way(run);
    for (index, disk) in vm.disks.iter().enumerate() {
        let id = copied(run, disk);
        let populator = format!("{id}-{}", Seed(0).suffix(&format!("{}/{id}", run.migration), 5));
        let body = match claim_of(run, planned, vm, (index, disk), (&id, &populator)).await? {
            Ok(body) => body,
            Err(why) => return Ok(Some(why)),
        };
        let claim = run.hub.create(CLAIM, body).await?;
        if label(&claim, "migration") != run.migration {
            return Ok(Some(format!("persistentvolumeclaims {:?} already exists", name(&claim))));
        }
        let secret = run.object_name(&vm.moref, "");
        let url = run.facts.source_provider.as_deref().map(|one| text(one, "/spec/url"));
        let spec = if way.kind == OVIRT_POPULATOR {
            json!({"diskId": id, "engineUrl": url, "engineSecretName": secret})
        } else {
            json!({"imageId": id, "identityUrl": url, "secretName": secret})
        };
        let labels = labels(run, &way, vm, &id);
        let body = json!({
            "metadata": {"namespace": run.target_namespace(), "name": populator, "labels": labels}, "spec": spec,
        });
        run.hub.create(way.kind, body).await?;
    }
    Ok(None)
}

fn labels(run: &Run<'_>, way: &Way, vm: &Vm, id: &str) -> Value {
    json!({"plan": uid(run.plan), "migration": run.migration, "vmID": vm.moref, way.label: id})
}

/// The claim of a disk. The modes of the map are ignored: the class's profile decides.
async fn claim_of(
    run: &Run<'_>,
    planned: &PlannedVm,
    vm: &Vm,
    (index, disk): (usize, &Disk),
    (id, populator): (&str, &str),
) -> Result<Result<Value, String>, Fail> {
    let way = way(run);
    let target_name = planned.target_name(run.hub.world.spec.seed);
    let (mtv, source_type) = (&run.hub.mtv, run.facts.source_type());
    let claim = Claim { plan: run.plan, planned, vm, index, target_name: &target_name, mtv, source_type };
    let own = match claim.name(&format!("{}/{}/{index}", run.migration, vm.moref)) {
        Ok(own) => own,
        Err(why) => return Ok(Err(why)),
    };
    let (class, bytes) = class_and_size(run, disk);
    let profile = run.hub.find(STORAGE_PROFILE, "", &class).await?.unwrap_or_default();
    let sets = ["/spec/claimPropertySets/0", "/status/claimPropertySets/0"];
    let modes = sets.iter().find_map(|at| profile.pointer(at)).cloned().unwrap_or_default();
    Ok(Ok(json!({
        "metadata": {"namespace": run.target_namespace(), "name": own, "labels": labels(run, &way, vm, id)},
        "spec": {
            "accessModes": modes["accessModes"], "volumeMode": modes["volumeMode"], "storageClassName": class,
            "resources": {"requests": {"storage": binary_quantity(bytes)}},
            "dataSourceRef": {"apiGroup": way.kind.group, "kind": way.kind.title, "name": populator},
        },
    })))
}

/// The claims of a VM, in the order of its disks.
pub(super) fn claims(run: &Run<'_>, vm: &Vm) -> Vec<Arc<Value>> {
    let (way, found) = (way(run), run.of_vm(CLAIM, &vm.moref));
    let of = |disk: &Disk| found.iter().find(|claim| label(claim, way.label) == copied(run, disk)).cloned();
    vm.disks.iter().filter_map(of).collect()
}

/// Percent of each disk of a VM, in the order of its disks.
pub(super) fn percents(run: &Run<'_>, vm: &str) -> Vec<u64> {
    let Some(vm) = run.facts.planned(vm).and_then(|planned| planned.vm.as_ref()) else { return Vec::new() };
    let populator = |claim: &Arc<Value>| {
        let own = text(claim, "/spec/dataSourceRef/name");
        run.hub.cache.get(way(run).kind, namespace(claim), own)
    };
    let of = |claim: Arc<Value>| populator(&claim).as_deref().and_then(percent).unwrap_or(0);
    claims(run, vm).into_iter().map(of).collect()
}

/// Removes a VM's populators.
pub(super) async fn clean_up(run: &Run<'_>, vm: &str) -> Result<(), Fail> {
    for kind in [OVIRT_POPULATOR, OPENSTACK_POPULATOR] {
        for populator in run.of_vm(kind, vm) {
            run.hub.delete(kind, &populator).await?;
        }
    }
    Ok(())
}

/// How long a populator waits for its claim before it looks again.
const LOOK: Duration = Duration::from_millis(100);

/// Brings a populator on.
pub(crate) async fn reconcile(hub: &Hub, kind: Kind, populator: &Value) -> Result<Outcome, Fail> {
    let (space, own) = (namespace(populator), name(populator));
    let done = percent(populator);
    if is_deleting(populator) || done == Some(100) || hub.is_held(space, own) {
        return Ok(Outcome::Done);
    }
    let is_its = |claim: &Value| namespace(claim) == space && text(claim, "/spec/dataSourceRef/name") == own;
    let Some(claim) = hub.cache.list(CLAIM, is_its).into_iter().next() else {
        // Its claim is made first, and the watch may not have told of it; or it is gone, and the populator goes soon. A tick
        // would be a mere turn at full speed, and looking again and again would keep the machine busy.
        return Ok(if hub.arm(space, own) { Outcome::Nap(LOOK) } else { Outcome::Done });
    };
    let way = if kind == OVIRT_POPULATOR { OVIRT } else { OPENSTACK };
    let prime = ensure_prime(hub, &claim).await?;
    let secret = ["/spec/engineSecretName", "/spec/secretName"].map(|at| text(populator, at)).concat();
    // The claim's name may be longer than a label may be.
    let labels = json!({"migration": label(populator, "migration")});
    let pod = ensure_pod(hub, &Filler { image: way.image, secret: &secret, labels }, &claim, &prime).await?;
    let mib = parse_quantity_bytes(text(&claim, "/spec/resources/requests/storage")).unwrap_or_default() >> 20;
    let stride = if hub.at_full_speed() { 50 } else { percent_per(TICK, mib) };
    let next = done.map_or(0, |percent| (percent + stride).min(100));
    if next == 100 {
        if text(&pod, "/status/phase") != "Succeeded" {
            hub.put_status(POD, &pod, pod_status(&pod, "Succeeded")).await?;
        }
        hand_over(hub, &prime, &claim).await?;
    }
    hub.merge(kind, populator, &json!({"status": {"progress": next.to_string()}})).await?;
    if next == 100 {
        return Ok(Outcome::Done);
    }
    hub.hold(space, own);
    Ok(Outcome::Again(TICK))
}

/// How far a populator is; `None` before it begins.
fn percent(populator: &Value) -> Option<u64> {
    text(populator, "/status/progress").parse().ok()
}
