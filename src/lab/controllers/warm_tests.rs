//! Warm migrations against the lab's API server.

use super::bench::{Bench, SPACE};
use super::kinds;
use super::object::{has_condition, items, text};
use crate::facts::{self, Power};
use serde_json::{Value, json};

const WARM: &str = "mtv-rhel8-warm-2disks2nics";

async fn begin(bench: &Bench, cutover: Option<jiff::Timestamp>, extra: Value) {
    bench.world.sources[0].change(|inventory| {
        let vm = inventory.vms.iter_mut().find(|vm| vm.name == WARM).unwrap();
        vm.power = Power::On;
        vm.extra_config.push(("ctkEnabled".into(), "true".into()));
    });
    bench.ready().await;
    let source = bench.hub.get(kinds::PROVIDER, SPACE, "src").await.unwrap().unwrap();
    let patch = json!({"spec": {"settings": {"vddkInitImage": "vddk"}}});
    bench.hub.merge(kinds::PROVIDER, &source, &patch).await.unwrap();
    let mut spec = json!({"warm": true});
    for (key, value) in extra.as_object().unwrap() {
        spec[key] = value.clone();
    }
    bench.plan("w", WARM, spec).await;
    bench.until(kinds::PLAN, "w", |one| has_condition(one, "Ready")).await;
    let mut spec = json!({"plan": {"namespace": SPACE, "name": "w"}});
    if let Some(cutover) = cutover {
        spec["cutover"] = json!(facts::rfc3339(cutover));
    }
    bench.make(kinds::MIGRATION, "w", json!({"spec": spec})).await;
}

fn steps(migration: &Value) -> Vec<&str> {
    items(migration, "/status/vms/0/pipeline").map(|step| text(step, "/name")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_past_cutover_still_gets_one_full_copy_and_leaves_no_snapshot() {
    let bench = Bench::start();
    begin(&bench, Some(facts::now()), json!({})).await;
    let migration = bench.until(kinds::MIGRATION, "w", |one| has_condition(one, "Succeeded")).await;
    let expected =
        ["Initialize", "PreflightInspection", "DiskTransfer", "Cutover", "ImageConversion", "VirtualMachineCreation"];
    assert_eq!(steps(&migration), expected);
    assert!(items(&migration, "/status/vms/0/pipeline").all(|step| text(step, "/phase") == "Completed"));
    let warm = &migration["status"]["vms"][0]["warm"];
    assert_eq!(items(warm, "/precopies").count(), 2, "{warm}");
    assert_eq!(warm["successes"], 2);
    assert!(items(warm, "/precopies").all(|one| one["end"].is_string() && one["removeTaskId"].is_string()));
    let source = bench.source_vm(WARM);
    assert!(source.snapshots.is_empty() && source.power == Power::Off);
    let tasks: Vec<&str> =
        items(&migration, "/status/vms/0/pipeline/2/tasks").map(|task| text(task, "/name")).collect();
    assert_eq!(tasks, source.disks.iter().map(|disk| disk.file.as_str()).collect::<Vec<_>>());
    assert_eq!(text(&migration, "/status/vms/0/pipeline/2/tasks/0/annotations/Precopy"), "2");
    bench.until(kinds::VIRTUAL_MACHINE, WARM, |one| one["status"]["ready"] == true).await;
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_cutover_copies_go_on_until_one_is_set() {
    let bench = Bench::start();
    begin(&bench, None, json!({"runPreflightInspection": false})).await;
    let running = bench
        .until(kinds::PLAN, "w", |one| one["status"]["migration"]["vms"][0]["warm"]["successes"].as_u64() >= Some(3))
        .await;
    assert!(!has_condition(&running, "Succeeded"));
    assert_eq!(bench.source_vm(WARM).power, Power::On);
    assert_eq!(text(&running, "/status/migration/vms/0/pipeline/2/phase"), "", "the cutover has begun");
    let migration = bench.hub.get(kinds::MIGRATION, SPACE, "w").await.unwrap().unwrap();
    let patch = json!({"spec": {"cutover": facts::rfc3339(facts::now())}});
    bench.hub.merge(kinds::MIGRATION, &migration, &patch).await.unwrap();
    let done = bench.until(kinds::MIGRATION, "w", |one| has_condition(one, "Succeeded")).await;
    assert_eq!(steps(&done)[1], "DiskTransfer");
    assert!(items(&done, "/status/vms/0/warm/precopies").count() >= 4);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_warm_migration_leaves_a_running_source_without_snapshot() {
    let bench = Bench::start();
    begin(&bench, None, json!({})).await;
    bench.until(kinds::PLAN, "w", |one| one["status"]["migration"]["vms"][0]["phase"] == "CopyingPaused").await;
    assert_eq!(bench.source_vm(WARM).snapshots.len(), 1);
    let migration = bench.hub.get(kinds::MIGRATION, SPACE, "w").await.unwrap().unwrap();
    let patch = json!({"spec": {"cancel": [{"id": bench.source_vm(WARM).moref}]}});
    bench.hub.merge(kinds::MIGRATION, &migration, &patch).await.unwrap();
    bench.until(kinds::MIGRATION, "w", |one| has_condition(one, "Canceled")).await;
    let source = bench.source_vm(WARM);
    assert!(source.snapshots.is_empty() && source.power == Power::On);
    bench.stop().await;
}
