//! The capture of how an array copied disks, from objects that come and go.

use crate::rig::Rig;
use mtvtest::cluster::{Cluster, Kind, ObjectRef};
use mtvtest::engine::{Capture, CaptureScope, OffloadVm};
use mtvtest::event::Event;
use mtvtest::facts::{DiskOffload, SourceDisk};
use mtvtest::wait::pause;
use serde_json::{Value, json};
use std::time::Duration;

const SPACE: &str = "offloaded";

fn disk(id: &str, file: &str) -> SourceDisk {
    serde_json::from_value(json!({ "id": id, "name": id, "size_bytes": 1, "storage": "ds", "controller": null,
        "unit": null, "bus": null, "file": file, "mode": null, "rdm": false, "shared": false }))
    .unwrap()
}

async fn make(cluster: &Cluster, kind: Kind, name: &str, body: Value) -> (ObjectRef, String) {
    let target = ObjectRef::namespaced(kind, SPACE, name);
    let made = cluster.create_if_absent(&target, body).await.unwrap().unwrap();
    (target, made.metadata.uid.unwrap())
}

/// What the product makes for a disk: a claim, its populator, and a pod that logs `log`.
async fn populate(cluster: &Cluster, number: usize, marks: Value, log: &str) -> Vec<ObjectRef> {
    let name = format!("pvc-{number}");
    let labels = json!({ "migration": "m-1", "plan": "p-1", "vmID": "vm-7" });
    let mut claim = json!({ "metadata": { "labels": labels }, "spec": {
        "accessModes": ["ReadWriteOnce"], "volumeMode": "Block", "storageClassName": "nfs",
        "resources": { "requests": { "storage": "1Gi" } } } });
    for (part, own) in marks.as_object().unwrap() {
        for (key, value) in own.as_object().unwrap() {
            claim["metadata"][part][key] = value.clone();
        }
    }
    let (claim, uid) = make(cluster, Kind::PVC, &name, claim).await;
    let spec = json!({ "metadata": {}, "spec": {} });
    let (populator, _) = make(cluster, Kind::XCOPY_POPULATOR, &name, spec).await;
    let pod = json!({
        "metadata": { "labels": labels, "annotations": { "mtvtest.io/log": log } },
        "spec": { "containers": [{ "name": "populate", "image": "i" }] },
    });
    let (pod, _) = make(cluster, Kind::POD, &format!("populate-{uid}"), pod).await;
    vec![claim, populator, pod]
}

#[tokio::test(start_paused = true)]
async fn what_was_seen_is_told_after_it_is_gone() {
    let rig = Rig::new();
    let (parts, told) = rig.parts().await.unwrap_or_else(|problems| panic!("{problems:?}"));
    let cluster = &parts.cluster;
    cluster.create_if_absent(&ObjectRef::global(Kind::NAMESPACE, SPACE), json!({})).await.unwrap();
    let disks = vec![disk("2000", "[ds] v/v.vmdk"), disk("2001", "[ds] v/v_1.vmdk"), disk("2002", "[ds] v/v_2.vmdk")];
    let scope = CaptureScope {
        test: "t".into(),
        plan: "plan".into(),
        plan_uid: "p-1".into(),
        migration: ObjectRef::namespaced(Kind::MIGRATION, SPACE, "m"),
        migration_uid: "m-1".into(),
        target_namespace: SPACE.into(),
        vms: vec![OffloadVm { id: "vm-7".into(), disks }],
    };
    let capture = Capture::start(cluster, &parts.events, scope);
    let mut made =
        populate(cluster, 0, json!({ "labels": { "vmdkKey": "2000" } }), "a\nx xcopyUsed=0\ny xcopyUsed=1\n").await;
    let by_file = json!({ "annotations": { "copy-offload": "[ds] v/v_1-000003.vmdk" } });
    made.extend(populate(cluster, 1, by_file, "xcopyUsed=0\n").await);
    pause(Duration::from_secs(5)).await;
    for target in made {
        let seen = cluster.get(&target).await.unwrap().unwrap();
        while !cluster
            .delete_if_unchanged(&target, &cluster.get(&target).await.unwrap().unwrap_or(seen.clone()))
            .await
            .unwrap()
        {}
    }
    pause(Duration::from_secs(5)).await;
    let found = capture.finish().await;
    let one = |id: &str, populated, pod_says| DiskOffload {
        disk: id.to_owned(),
        populated,
        pod_says,
        task_says: None,
        clone_method: None,
    };
    let expected = [one("2000", true, Some(true)), one("2001", true, Some(false)), one("2002", false, None)];
    assert_eq!(found["vm-7"], expected);
    drop(parts);
    let is_note =
        |event: &Event| matches!(event, Event::Noted { note, .. } if note.contains("no Secret for the plan's"));
    assert!(told.end().await.iter().any(is_note));
    rig.lab.stop().await;
}
