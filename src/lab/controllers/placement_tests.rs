//! Places, releases, the operator and remote clusters against the lab's API server.

use super::bench::{Bench, SPACE, VM, kinds_of};
use super::kinds;
use super::object::{has_condition, items, text};
use crate::wait::{Deadline, Seen, poll};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[tokio::test(start_paused = true)]
async fn a_vm_waits_for_a_node_with_its_label() {
    let bench = Bench::start();
    bench.ready().await;
    let extra = json!({"targetNodeSelector": {"k": "v"}, "targetPowerState": "on"});
    bench.plan("p", VM, extra).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Succeeded")).await;
    bench.until(kinds::VIRTUAL_MACHINE, VM, |one| text(one, "/status/printableStatus") == "ErrorUnschedulable").await;
    let node = bench.hub.get(kinds::NODE, "", "worker-1").await.unwrap().unwrap();
    bench.hub.merge(kinds::NODE, &node, &json!({"metadata": {"labels": {"k": "v"}}})).await.unwrap();
    let instance = bench.until(kinds::INSTANCE, VM, |one| text(one, "/status/phase") == "Running").await;
    assert_eq!(text(&instance, "/status/nodeName"), "worker-1");
    bench.stop().await;
}

async fn deployment(bench: &Bench, met: impl Fn(&Value) -> bool) {
    let deadline = Deadline::after(Duration::from_secs(20), &CancellationToken::new());
    let space = bench.world.spec.cluster.mtv_namespace.clone();
    poll("deployment", &deadline, Duration::from_millis(20), async || {
        let now = bench.hub.get(kinds::DEPLOYMENT, &space, "forklift-controller").await.unwrap().unwrap();
        if met(&now) { Seen::Met(()) } else { Seen::Pending(now.to_string()) }
    })
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_setting_becomes_the_environment_of_the_controller_and_unknown_keys_are_pruned() {
    for (release, kept) in [("2.11.3", false), ("2.9.1", true)] {
        let bench = Bench::start_mtv(release);
        let space = bench.world.spec.cluster.mtv_namespace.clone();
        let own = bench.hub.get(kinds::FORKLIFT_CONTROLLER, &space, "forklift-controller").await.unwrap().unwrap();
        let patch = json!({"spec": {"controller_precopy_interval": 2, "mine": 1}});
        let patched = bench.hub.merge(kinds::FORKLIFT_CONTROLLER, &own, &patch).await.unwrap().unwrap();
        assert_eq!(patched["spec"].get("mine").is_some(), kept, "{release}");
        assert_eq!(patched["spec"]["controller_precopy_interval"], 2);
        let is_set = |one: &Value| {
            items(one, "/spec/template/spec/containers/0/env")
                .any(|variable| variable["name"] == "PRECOPY_INTERVAL" && variable["value"] == "2")
        };
        deployment(&bench, |one| {
            is_set(one)
                && one["status"]["observedGeneration"] == one["metadata"]["generation"]
                && one["status"]["updatedReplicas"] == 1
        })
        .await;
        bench.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_remote_cluster_knows_its_tokens_and_disks_are_copied_by_cdi() {
    let bench = Bench::start();
    bench.ready().await;
    let token = bench.world.spec.cluster.users[0].token.clone();
    for (own, token) in [("wrong", "sha256~nobody-knows-it"), ("right", token.as_str())] {
        bench.make(kinds::SECRET, own, json!({"stringData": {"token": token, "insecureSkipVerify": "true"}})).await;
        let secret = json!({"namespace": SPACE, "name": own});
        let spec = json!({"type": "openshift", "url": "https://api.lab.mtvtest:6443", "secret": secret});
        bench.make(kinds::PROVIDER, own, json!({"spec": spec})).await;
    }
    let refused = bench.until(kinds::PROVIDER, "wrong", |one| text(one, "/status/phase") == "ConnectionFailed").await;
    assert!(kinds_of(&refused).contains(&"ConnectionAuthFailed"));
    bench.until(kinds::PROVIDER, "right", |one| has_condition(one, "Ready")).await;
    let provider = json!({"source": {"namespace": SPACE, "name": "src"},
        "destination": {"namespace": SPACE, "name": "right"}});
    bench.plan("p", VM, json!({"provider": provider})).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    let done = bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Succeeded")).await;
    assert_eq!(text(&done, "/status/vms/0/pipeline/1/name"), "DiskTransfer");
    bench.until(kinds::VIRTUAL_MACHINE, VM, |one| !text(one, "/status/printableStatus").is_empty()).await;
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn each_release_migrates_by_its_own_pipeline() {
    for (release, windows_waits) in [("2.8.9", false), ("2.10.9", false), ("2.12.7", true)] {
        let bench = Bench::start_mtv(release);
        bench.ready().await;
        bench.plan("p", VM, json!({"targetLabels": {"k": "v"}})).await;
        bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
        bench.migrate("p").await;
        let done = bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Succeeded")).await;
        let waits = items(&done, "/status/vms/0/pipeline").any(|step| step["name"] == "WaitForGuestReboots");
        assert_eq!(waits, windows_waits, "{release}");
        let vm = bench.hub.get(kinds::VIRTUAL_MACHINE, SPACE, VM).await.unwrap().unwrap();
        assert_eq!(vm["spec"]["template"]["metadata"]["labels"].get("k").is_some(), release != "2.8.9");
        assert_eq!(text(&vm, "/spec/runStrategy"), "Halted", "{release}");
        assert_eq!(vm["metadata"]["labels"].get("plan-name").is_some(), release == "2.12.7");
        bench.stop().await;
    }
}
