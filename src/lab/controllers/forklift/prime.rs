//! How a populator fills a claim: a claim beside it, a pod that copies into that one, and at the end the volume's move to
//! the populator's own claim.
//!
//! Source: forklift-api.md section 7 ("populator pod, prime PVC").

use super::super::cdi::bind;
use super::super::hub::{Fail, Hub};
use super::super::kinds::{CLAIM, POD, VOLUME};
use super::super::object::{name, namespace, owner_reference, pod_status, restricted_pod, text, uid};
use serde_json::{Value, json};
use std::sync::Arc;

/// The claim that is copied into, bound.
pub(super) async fn ensure_prime(hub: &Hub, claim: &Arc<Value>) -> Result<Arc<Value>, Fail> {
    let own = format!("prime-{}", uid(claim));
    let prime = match hub.find(CLAIM, namespace(claim), &own).await? {
        Some(prime) => prime,
        // The volume has been handed over already.
        None if text(claim, "/status/phase") == "Bound" => return Ok(Arc::clone(claim)),
        None => {
            let spec = &claim["spec"];
            let body = json!({
                "metadata": {
                    "namespace": namespace(claim), "name": own,
                    "ownerReferences": [owner_reference(CLAIM, claim, false)],
                },
                "spec": {
                    "accessModes": spec["accessModes"], "volumeMode": spec["volumeMode"],
                    "storageClassName": spec["storageClassName"], "resources": spec["resources"],
                },
            });
            hub.create(CLAIM, body).await?
        }
    };
    bind(hub, &prime, text(claim, "/spec/storageClassName")).await?;
    Ok(prime)
}

/// What a copying pod is.
pub(super) struct Filler<'a> {
    pub(super) image: &'a str,
    /// The Secret that it gets.
    pub(super) secret: &'a str,
    pub(super) labels: Value,
}

/// The pod that copies, running.
pub(super) async fn ensure_pod(
    hub: &Hub,
    filler: &Filler<'_>,
    claim: &Value,
    prime: &Value,
) -> Result<Arc<Value>, Fail> {
    let own = format!("populate-{}", uid(claim));
    if let Some(pod) = hub.find(POD, namespace(claim), &own).await? {
        return Ok(pod);
    }
    let mut spec = restricted_pod("populate", filler.image);
    spec["volumes"] = json!([{"name": "target", "persistentVolumeClaim": {"claimName": name(prime)}}]);
    if text(claim, "/spec/volumeMode") == "Block" {
        spec["containers"][0]["volumeDevices"] = json!([{"name": "target", "devicePath": "/dev/block"}]);
    } else {
        spec["containers"][0]["volumeMounts"] = json!([{"name": "target", "mountPath": "/mnt"}]);
    }
    spec["containers"][0]["envFrom"] = json!([{"secretRef": {"name": filler.secret}}]);
    let body = json!({
        "metadata": {
            "namespace": namespace(claim), "name": own, "labels": filler.labels,
            "ownerReferences": [owner_reference(CLAIM, claim, false)],
        },
        "spec": spec,
    });
    let made = hub.create(POD, body).await?;
    hub.put_status(POD, &made, pod_status(&made, "Running")).await?;
    Ok(hub.find(POD, namespace(claim), &own).await?.unwrap_or(made))
}

/// Gives the volume of the claim that was copied into to the populator's own claim.
pub(super) async fn hand_over(hub: &Hub, prime: &Arc<Value>, claim: &Arc<Value>) -> Result<(), Fail> {
    let claim = hub.find(CLAIM, namespace(claim), name(claim)).await?.unwrap_or_else(|| Arc::clone(claim));
    if text(&claim, "/status/phase") == "Bound" {
        return Ok(());
    }
    let prime = hub.find(CLAIM, namespace(prime), name(prime)).await?.unwrap_or_else(|| Arc::clone(prime));
    let volume = text(&prime, "/spec/volumeName").to_owned();
    let reference = json!({"namespace": namespace(&claim), "name": name(&claim), "uid": uid(&claim)});
    if let Some(object) = hub.find(VOLUME, "", &volume).await? {
        hub.merge(VOLUME, &object, &json!({"spec": {"claimRef": reference}})).await?;
    }
    let patch = json!({"spec": {"volumeName": volume}});
    if let Some(bound) = hub.merge(CLAIM, &claim, &patch).await? {
        let capacity = claim["spec"]["resources"]["requests"].clone();
        let modes = claim["spec"]["accessModes"].clone();
        let status = json!({"phase": "Bound", "accessModes": modes, "capacity": capacity});
        hub.put_status(CLAIM, &bound, status).await?;
    }
    hub.delete(CLAIM, &prime).await
}
