//! The controllers against the lab's API server: what goes right.

use super::bench::{Bench, SPACE, VM, kinds_of};
use super::kinds;
use super::object::{has_condition, items, name, text, uid};
use crate::facts::Power;
use crate::lab::clock::Pace;
use crate::lab::guest::Guests;
use crate::wait::{Deadline, Seen, poll};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cold_migration_arrives_intact_and_leaves_nothing() {
    let bench = Bench::start();
    bench.world.sources[0].change(|inventory| {
        let vm = inventory.vms.iter_mut().find(|vm| vm.name == VM).unwrap();
        vm.power = Power::On;
    });
    bench.ready().await;
    bench.plan("p", VM, json!({"targetLabels": {"k": "v"}})).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    let migration = bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Succeeded")).await;
    assert_eq!(kinds_of(&migration), ["Ready", "Succeeded"]);
    let plan = bench.until(kinds::PLAN, "p", |one| has_condition(one, "Succeeded")).await;
    assert!(!has_condition(&plan, "Executing") && has_condition(&plan, "Ready"));
    let steps: Vec<(&str, &str)> = items(&plan, "/status/migration/vms/0/pipeline")
        .map(|step| (text(step, "/name"), text(step, "/phase")))
        .collect();
    let names = ["Initialize", "DiskAllocation", "ImageConversion", "DiskTransferV2v", "VirtualMachineCreation"];
    assert_eq!(steps, names.map(|name| (name, "Completed")));
    let vm = bench
        .until(kinds::VIRTUAL_MACHINE, VM, |one| has_condition(one, "AgentConnected") && one["status"]["ready"] == true)
        .await;
    let source = bench.source_vm(VM);
    assert_eq!(source.power, Power::Off);
    let claims = bench.all(kinds::CLAIM);
    assert_eq!(claims.len(), source.disks.len());
    assert!(claims.iter().all(|claim| {
        let owners: Vec<&Value> = items(claim, "/metadata/ownerReferences").collect();
        owners.len() == 1 && text(owners[0], "/uid") == uid(&vm) && text(claim, "/status/phase") == "Bound"
    }));
    assert!(bench.all(kinds::DATA_VOLUME).is_empty());
    let instance = bench.until(kinds::INSTANCE, VM, |one| has_condition(one, "AgentConnected")).await;
    assert_eq!(items(&instance, "/status/interfaces").count(), source.nics.len());
    bench.hub.merge(kinds::PLAN, &plan, &json!({"spec": {"archived": true}})).await.unwrap();
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Archived") && !has_condition(one, "Ready")).await;
    bench.hub.delete(kinds::VIRTUAL_MACHINE, &vm).await.unwrap();
    bench.gone(kinds::VIRTUAL_MACHINE, VM).await;
    bench.gone(kinds::INSTANCE, VM).await;
    for claim in claims {
        bench.gone(kinds::CLAIM, name(&claim)).await;
        bench.gone(kinds::VOLUME, text(&claim, "/spec/volumeName")).await;
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_credentials_do_not_connect_until_they_are_mended() {
    let bench = Bench::start();
    bench.prepare("wrong").await;
    let provider = bench.until(kinds::PROVIDER, "src", |one| text(one, "/status/phase") == "ConnectionFailed").await;
    assert_eq!(kinds_of(&provider), ["ConnectionInsecure", "ConnectionAuthFailed"]);
    let secret = bench.hub.get(kinds::SECRET, SPACE, "login").await.unwrap().unwrap();
    let patch = json!({"stringData": {"password": "lab-vcenter"}});
    bench.hub.merge(kinds::SECRET, &secret, &patch).await.unwrap();
    bench.until(kinds::PROVIDER, "src", |one| text(one, "/status/phase") == "Ready").await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hooks_run_and_a_failing_one_stops_the_migration() {
    use base64::Engine as _;
    let bench = Bench::start();
    bench.ready().await;
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    for (own, task) in [("good", "- hosts: all\n  tasks: []\n"), ("bad", "- fail: {msg: no}\n")] {
        bench.make(kinds::HOOK, own, json!({"spec": {"image": "hook", "playbook": encode(task)}})).await;
        bench.until(kinds::HOOK, own, |one| has_condition(one, "Ready")).await;
    }
    let hook = |name: &str, step: &str| json!({"step": step, "hook": {"namespace": SPACE, "name": name}});
    let entry = |hooks: Value| json!({"vms": [{"id": bench.source_vm(VM).moref, "name": VM, "hooks": hooks}]});
    bench.plan("p", VM, entry(json!([hook("good", "PreHook"), hook("bad", "PostHook")]))).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    let migration = bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Failed")).await;
    let failed: Vec<&str> = items(&migration, "/status/vms/0/pipeline")
        .filter(|step| step.get("error").is_some())
        .map(|step| text(step, "/name"))
        .collect();
    assert_eq!(failed, ["PostHook"]);
    assert_eq!(bench.all(kinds::VIRTUAL_MACHINE).len(), 1);
    assert_eq!(bench.all(kinds::JOB).len(), 2);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_simulated_is_refused() {
    let bench = Bench::start();
    bench.ready().await;
    bench.plan("w", VM, json!({"type": "live"})).await;
    bench.until(kinds::PLAN, "w", |one| kinds_of(one).contains(&"MigrationTypeNotValid")).await;
    bench.migrate("w").await;
    let waiting = bench.until(kinds::MIGRATION, "w", |one| has_condition(one, "PlanNotReady")).await;
    assert!(!has_condition(&waiting, "Ready"));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_follows_a_change() {
    let bench = Bench::start();
    let space = bench.world.spec.cluster.mtv_namespace.clone();
    let own = bench.hub.get(kinds::FORKLIFT_CONTROLLER, &space, "forklift-controller").await.unwrap().unwrap();
    let patched = bench
        .hub
        .merge(kinds::FORKLIFT_CONTROLLER, &own, &json!({"spec": {"controller_max_vm_inflight": 5}}))
        .await
        .unwrap()
        .unwrap();
    let generation = patched["metadata"]["generation"].clone();
    let deadline = Deadline::after(Duration::from_secs(20), &CancellationToken::new());
    poll("operator", &deadline, Duration::from_millis(20), async || {
        let now = bench.hub.get(kinds::FORKLIFT_CONTROLLER, &space, "forklift-controller").await.unwrap().unwrap();
        let done = now["status"]["observedGeneration"] == generation
            && text(&now, "/status/conditions/0/reason") == "Successful";
        if done { Seen::Met(()) } else { Seen::Pending(now["status"].to_string()) }
    })
    .await
    .unwrap();
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cdi_copies_when_shared_disks_are_left_and_time_passes() {
    let bench = Bench::start_at(Pace::divided_by(3000.0));
    bench.ready().await;
    bench.plan("p", VM, json!({"migrateSharedDisks": false, "targetPowerState": "off"})).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    let migration = bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Succeeded")).await;
    let steps: Vec<&str> = items(&migration, "/status/vms/0/pipeline").map(|step| text(step, "/name")).collect();
    assert_eq!(steps, ["Initialize", "DiskTransfer", "ImageConversion", "DiskTransferV2v", "VirtualMachineCreation"]);
    let vm = bench.until(kinds::VIRTUAL_MACHINE, VM, |one| !text(one, "/status/printableStatus").is_empty()).await;
    assert_eq!(text(&vm, "/spec/runStrategy"), "Halted");
    assert_eq!(text(&vm, "/status/printableStatus"), "Stopped");
    assert!(vm["status"].get("created").is_none());
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vm_is_stopped_and_started_by_its_subresources() {
    let bench = Bench::start();
    let (client, guests) = (bench.hub.client.clone(), Guests::new(&bench.world));
    bench.server.mount("/apis/subresources.kubevirt.io/v1", super::kubevirt_subresources(client, guests));
    let devices = json!({"interfaces": [{"name": "net-0", "macAddress": "00:50:56:00:00:00", "masquerade": {}}]});
    let networks = json!([{"name": "net-0", "pod": {}}]);
    let template = json!({"spec": {"domain": {"devices": devices}, "networks": networks}});
    let body = json!({"spec": {"runStrategy": "Halted", "template": template}});
    bench.make(kinds::VIRTUAL_MACHINE, "v", body).await;
    bench.until(kinds::VIRTUAL_MACHINE, "v", |one| text(one, "/status/printableStatus") == "Stopped").await;
    let path =
        |action: &str| format!("/apis/subresources.kubevirt.io/v1/namespaces/{SPACE}/virtualmachines/v/{action}");
    let put = async |action: &str| {
        bench.hub.client.request_text(http::Request::put(path(action)).body(Vec::new()).unwrap()).await
    };
    let forward = async |plural: &str, port: &str| {
        let path = format!("/apis/subresources.kubevirt.io/v1/namespaces/{SPACE}/{plural}/v/portforward/{port}");
        let request = http::Request::get(path).header("upgrade", "websocket").header("connection", "upgrade");
        let Err(kube::Error::Api(refused)) = bench.hub.client.request_text(request.body(Vec::new()).unwrap()).await
        else {
            panic!("a closed port was forwarded")
        };
        (refused.code, refused.message)
    };
    assert_eq!(forward("virtualmachines", "22").await, (409, "VM is not running".into()));
    let gone = "virtualmachineinstance.kubevirt.io \"v\" not found";
    assert_eq!(forward("virtualmachineinstances", "22/tcp").await, (404, gone.into()));
    assert_eq!(put("start").await.unwrap(), "");
    bench.until(kinds::VIRTUAL_MACHINE, "v", |one| one["status"]["ready"] == true).await;
    assert_eq!(forward("virtualmachineinstances", "22/udp").await.0, 400);
    assert_eq!(
        forward("virtualmachineinstances", "22").await,
        (500, "dialing VM: connection refused: no SSH server listens there".into())
    );
    let Err(kube::Error::Api(refused)) = put("start").await else { panic!("a second start was taken") };
    assert_eq!((refused.code, refused.message.as_str()), (409, "VM is already running"));
    put("stop").await.unwrap();
    bench.until(kinds::VIRTUAL_MACHINE, "v", |one| one["status"].get("created").is_none()).await;
    bench.gone(kinds::INSTANCE, "v").await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clusters_own_provider_becomes_ready_and_events_tell() {
    let bench = Bench::start();
    bench.ready().await;
    let told = bench.all(kinds::EVENT);
    assert!(told.iter().any(|one| one["reason"] == "Ready" && one["involvedObject"]["kind"] == "Provider"));
    let host = bench.all(kinds::PROVIDER).into_iter().find(|one| name(one) == "host").unwrap();
    assert_eq!(text(&host, "/status/phase"), "Ready");
    bench.stop().await;
}
