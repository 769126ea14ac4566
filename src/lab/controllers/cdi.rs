//! CDI and the provisioner: DataVolumes become bound claims with volumes, StorageProfiles follow their classes.
//!
//! Source: cluster-api.md section 2.

use super::hub::{Fail, Hub, Outcome};
use super::kinds::{CLAIM, DATA_SOURCE, DATA_VOLUME, STORAGE_CLASS, STORAGE_PROFILE, VOLUME};
use super::object::{annotation, is_deleting, is_owned_by, items, name, namespace, owner_reference, text, uid};
use crate::facts::{self, parse_quantity_bytes};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Simulated time between two reports of an import's progress.
pub(crate) const TICK: Duration = Duration::from_secs(3);
/// What is copied of a disk, or of a VM's disks by virt-v2v, per second of simulated time.
const MIB_PER_SECOND: u64 = 200;

/// Percent of `total_mib` that are copied in a time; at least one, at most a quarter, so that progress can be seen.
/// Too small a disk to show a percent is copied at once.
pub(crate) fn percent_per(time: Duration, total_mib: u64) -> u64 {
    if total_mib < 100 {
        return 100;
    }
    (MIB_PER_SECOND * time.as_secs() * 100).checked_div(total_mib).unwrap_or(100).clamp(1, 25)
}

/// Brings a DataVolume on: its claim, its volume, its import.
pub(crate) async fn reconcile(hub: &Hub, volume: &Value) -> Result<Outcome, Fail> {
    if is_deleting(volume) || text(volume, "/status/phase") == "Succeeded" {
        return Ok(Outcome::Done);
    }
    let image = text(volume, "/spec/sourceRef/name");
    if !image.is_empty() && hub.get(DATA_SOURCE, text(volume, "/spec/sourceRef/namespace"), image).await?.is_none() {
        hub.put_status(DATA_VOLUME, volume, json!({"phase": "Pending", "progress": "N/A"})).await?;
        return Ok(Outcome::Done);
    }
    let class = text(volume, "/spec/storage/storageClassName");
    let class = if class.is_empty() { default_class(hub) } else { class.to_owned() };
    if hub.find(STORAGE_CLASS, "", &class).await?.is_none() {
        hub.put_status(DATA_VOLUME, volume, json!({"phase": "Pending", "progress": "N/A"})).await?;
        return Ok(Outcome::Done);
    }
    let claim = match hub.find(CLAIM, namespace(volume), name(volume)).await? {
        Some(claim) => claim,
        None => hub.create(CLAIM, claim_of(hub, volume, &class).await?).await?,
    };
    if !is_owned_by(&claim, uid(volume)) {
        return Ok(Outcome::Done);
    }
    bind(hub, &claim, &class).await?;
    let (phase, progress, more) = match stage(volume, &claim) {
        Stage::Copying(checkpoint) => {
            let next = next_import(volume, hub.at_full_speed());
            if next.0 == "Succeeded" {
                let done = json!({"metadata": {"annotations": {format!("{COPIED}{checkpoint}"): "true"}}});
                hub.merge(CLAIM, &claim, &done).await?;
                let newest = is_last(volume, &checkpoint);
                let last = newest && volume.pointer("/spec/finalCheckpoint") == Some(&json!(true));
                if last { next } else { ("Paused", 100, !newest) }
            } else {
                next
            }
        }
        Stage::Paused => ("Paused", 100, false),
        Stage::Copied => ("Succeeded", 100, false),
        Stage::Single => next_import(volume, hub.at_full_speed()),
    };
    let running = if phase == "Succeeded" { "False" } else { "True" };
    let now = facts::rfc3339(facts::now());
    let condition = |kind: &str, status: &str| {
        let old = items(volume, "/status/conditions")
            .find(|one| text(one, "/type") == kind && text(one, "/status") == status);
        old.cloned().unwrap_or_else(
            || json!({"type": kind, "status": status, "lastTransitionTime": now, "lastHeartbeatTime": now}),
        )
    };
    let status = json!({
        "phase": phase, "progress": format!("{progress}.0%"), "claimName": name(volume),
        "conditions": [
            condition("Bound", "True"), condition("Running", running),
            condition("Ready", if phase == "Succeeded" { "True" } else { "False" }),
        ],
    });
    hub.put_status(DATA_VOLUME, volume, status).await?;
    Ok(if more { Outcome::Again(TICK) } else { Outcome::Done })
}

/// Annotation of a claim that says that a checkpoint is in it.
const COPIED: &str = "cdi.kubevirt.io/storage.checkpoint.copied.";

/// Whether a claim holds what a source looked like at this checkpoint.
pub(crate) fn copied(claim: &Value, checkpoint: &str) -> bool {
    !annotation(claim, &format!("{COPIED}{checkpoint}")).is_empty()
}

/// Where an import in several stages stands.
#[derive(Debug, PartialEq, Eq)]
enum Stage {
    /// It has no checkpoints.
    Single,
    Copying(String),
    /// It waits for the next checkpoint.
    Paused,
    Copied,
}

fn stage(volume: &Value, claim: &Value) -> Stage {
    let mut checkpoints = items(volume, "/spec/checkpoints").map(|one| text(one, "/current")).peekable();
    if checkpoints.peek().is_none() {
        return Stage::Single;
    }
    match checkpoints.find(|one| !copied(claim, one)) {
        Some(next) => Stage::Copying(next.to_owned()),
        None if volume.pointer("/spec/finalCheckpoint") == Some(&json!(true)) => Stage::Copied,
        None => Stage::Paused,
    }
}

fn is_last(volume: &Value, checkpoint: &str) -> bool {
    items(volume, "/spec/checkpoints").last().is_some_and(|one| text(one, "/current") == checkpoint)
}

fn size_mib(volume: &Value) -> u64 {
    parse_quantity_bytes(text(volume, "/spec/storage/resources/requests/storage")).unwrap_or_default() >> 20
}

/// The next phase and percent of an import. A blank disk is there at once.
fn next_import(volume: &Value, full_speed: bool) -> (&'static str, u64, bool) {
    if volume.pointer("/spec/source/blank").is_some() {
        return ("Succeeded", 100, false);
    }
    let busy = if volume.pointer("/spec/sourceRef").is_some() { "CloneInProgress" } else { "ImportInProgress" };
    if text(volume, "/status/phase") != busy {
        return (busy, 0, true);
    }
    let done = text(volume, "/status/progress").split('.').next().and_then(|whole| whole.parse::<u64>().ok());
    let percent = done.unwrap_or(0) + if full_speed { 50 } else { percent_per(TICK, size_mib(volume)) };
    if percent >= 100 { ("Succeeded", 100, false) } else { (busy, percent, true) }
}

fn default_class(hub: &Hub) -> String {
    let marked = hub
        .cache
        .list(STORAGE_CLASS, |class| annotation(class, "storageclass.kubernetes.io/is-default-class") == "true");
    marked.first().map(|class| name(class).to_owned()).unwrap_or_default()
}

/// The claim of a DataVolume; modes that it does not name come from the class's profile.
async fn claim_of(hub: &Hub, volume: &Value, class: &str) -> Result<Value, Fail> {
    let profile = hub.find(STORAGE_PROFILE, "", class).await?.unwrap_or_default();
    let storage = &volume["spec"]["storage"];
    let (modes, volume_mode) = modes_of(storage, &profile);
    let mut labels = volume.pointer("/metadata/labels").and_then(Value::as_object).cloned().unwrap_or_default();
    labels.insert("app".to_owned(), json!("containerized-data-importer"));
    let own = volume.pointer("/metadata/annotations").and_then(Value::as_object);
    let annotations: Map<String, Value> = own.cloned().unwrap_or_default();
    Ok(json!({
        "metadata": {
            "namespace": namespace(volume), "name": name(volume), "labels": labels, "annotations": annotations,
            "ownerReferences": [owner_reference(DATA_VOLUME, volume, true)],
        },
        "spec": {
            "accessModes": modes, "volumeMode": volume_mode, "storageClassName": class,
            "resources": storage["resources"],
        },
    }))
}

fn modes_of(storage: &Value, profile: &Value) -> (Value, Value) {
    let set = ["/spec/claimPropertySets/0", "/status/claimPropertySets/0"]
        .iter()
        .find_map(|at| profile.pointer(at))
        .cloned()
        .unwrap_or_else(|| json!({"accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem"}));
    let given = |field: &str| storage.get(field).filter(|value| !value.is_null()).cloned();
    (
        given("accessModes").unwrap_or_else(|| set["accessModes"].clone()),
        given("volumeMode").unwrap_or_else(|| set["volumeMode"].clone()),
    )
}

/// Gives a claim its volume.
pub(crate) async fn bind(hub: &Hub, claim: &Arc<Value>, class: &str) -> Result<(), Fail> {
    if text(claim, "/status/phase") == "Bound" {
        return Ok(());
    }
    let volume = format!("pvc-{}", uid(claim));
    let size = &claim["spec"]["resources"]["requests"]["storage"];
    let class_object = hub.find(STORAGE_CLASS, "", class).await?.unwrap_or_default();
    let body = json!({
        "metadata": {"name": volume, "annotations": {"pv.kubernetes.io/provisioned-by": class_object["provisioner"]}},
        "spec": {
            "capacity": {"storage": size}, "accessModes": claim["spec"]["accessModes"],
            "volumeMode": claim["spec"]["volumeMode"], "storageClassName": class,
            "persistentVolumeReclaimPolicy": "Delete",
            "csi": {"driver": class_object["provisioner"], "volumeHandle": volume},
            "claimRef": {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace(claim),
                "name": name(claim), "uid": uid(claim),
            },
        },
    });
    let made = hub.create(VOLUME, body).await?;
    hub.put_status(VOLUME, &made, json!({"phase": "Bound"})).await?;
    let bound = hub.merge(CLAIM, claim, &json!({"spec": {"volumeName": volume}})).await?;
    if let Some(bound) = bound {
        let status =
            json!({"phase": "Bound", "accessModes": claim["spec"]["accessModes"], "capacity": {"storage": size}});
        hub.put_status(CLAIM, &bound, status).await?;
    }
    Ok(())
}

/// Releases and deletes a volume whose claim is gone. One that still says Bound is protected from its deletion.
pub(crate) async fn reclaim(hub: &Hub, volume: &Value) -> Result<Outcome, Fail> {
    let reference = &volume["spec"]["claimRef"];
    let (space, claim) = (text(reference, "/namespace"), text(reference, "/name"));
    if is_deleting(volume) || claim.is_empty() || text(volume, "/spec/persistentVolumeReclaimPolicy") != "Delete" {
        return Ok(Outcome::Done);
    }
    let living = hub.find(CLAIM, space, claim).await?;
    if living.is_none_or(|claim| uid(&claim) != text(reference, "/uid")) {
        if text(volume, "/status/phase") != "Released" {
            hub.put_status(VOLUME, volume, json!({"phase": "Released"})).await?;
            // The watch shows it released.
            return Ok(Outcome::Done);
        }
        hub.delete(VOLUME, volume).await?;
    }
    Ok(Outcome::Done)
}

/// Keeps a StorageProfile beside each class.
pub(crate) async fn profile(hub: &Hub, class: &Value) -> Result<Outcome, Fail> {
    if hub.find(STORAGE_PROFILE, "", name(class)).await?.is_some() {
        return Ok(Outcome::Done);
    }
    let made = hub.create(STORAGE_PROFILE, json!({"metadata": {"name": name(class)}, "spec": {}})).await?;
    let known = hub.world.spec.cluster.storage_classes.iter().find(|one| one.name == name(class));
    let (access, volume) =
        known.map_or(("ReadWriteOnce", "Filesystem"), |one| (one.access_mode.as_str(), one.volume_mode.as_str()));
    let status = json!({
        "storageClass": name(class), "provisioner": class["provisioner"],
        "claimPropertySets": [{"accessModes": [access], "volumeMode": volume}],
    });
    hub.put_status(STORAGE_PROFILE, &made, status).await?;
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_come_from_the_volume_then_the_override_then_the_profile() {
        let profile = json!({
            "spec": {"claimPropertySets": [{"accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem"}]},
            "status": {"claimPropertySets": [{"accessModes": ["ReadWriteMany"], "volumeMode": "Block"}]},
        });
        assert_eq!(modes_of(&json!({}), &profile), (json!(["ReadWriteOnce"]), json!("Filesystem")));
        assert_eq!(modes_of(&json!({"volumeMode": "Block"}), &profile), (json!(["ReadWriteOnce"]), json!("Block")));
        let computed = json!({"spec": {}, "status": profile["status"]});
        assert_eq!(modes_of(&json!({}), &computed), (json!(["ReadWriteMany"]), json!("Block")));
    }

    #[test]
    fn an_import_moves_and_a_blank_disk_is_there_at_once() {
        assert_eq!(next_import(&json!({"spec": {"source": {"blank": {}}}}), true), ("Succeeded", 100, false));
        let import = |status: Value| {
            json!({
            "spec": {"source": {"vddk": {}}, "storage": {"resources": {"requests": {"storage": "20Gi"}}}},
            "status": status})
        };
        assert_eq!(next_import(&import(json!({})), false), ("ImportInProgress", 0, true));
        let half = import(json!({"phase": "ImportInProgress", "progress": "50.0%"}));
        assert_eq!(next_import(&half, false), ("ImportInProgress", 52, true));
        assert_eq!(next_import(&half, true), ("Succeeded", 100, false));
        assert_eq!([99, 100, 1 << 20].map(|mib| percent_per(TICK, mib)), [100, 25, 1]);
    }
}
