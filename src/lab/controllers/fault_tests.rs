//! The controllers against the lab's API server: what goes wrong, on purpose.

use super::bench::{Bench, SPACE, VM, kinds_of};
use super::kinds;
use super::object::{has_condition, items, name, text};
use crate::lab::fault::{Failure, ProductFault, TransportEffect, TransportFault};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_step_fails_the_migration_and_archive_sweeps() {
    let bench = Bench::start();
    bench.world.faults.fail(Failure::PipelineStep { step: "DiskTransferV2v".into(), reason: "broken".into() });
    bench.ready().await;
    bench.plan("p", VM, json!({})).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    let migration = bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Failed")).await;
    assert_eq!(kinds_of(&migration), ["Ready", "Failed"]);
    let step = migration.pointer("/status/vms/0/pipeline/3").unwrap();
    assert_eq!((text(step, "/phase"), text(step, "/error/reasons/0")), ("Running", "broken"));
    assert!(step.get("completed").is_none() && !text(&migration, "/status/completed").is_empty());
    assert_eq!(bench.all(kinds::DATA_VOLUME).len(), 3, "leftovers stay");
    let plan = bench.hub.get(kinds::PLAN, SPACE, "p").await.unwrap().unwrap();
    bench.hub.merge(kinds::PLAN, &plan, &json!({"spec": {"archived": true}})).await.unwrap();
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Archived")).await;
    for claim in bench.all(kinds::CLAIM) {
        bench.gone(kinds::CLAIM, name(&claim)).await;
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_migration_can_be_cancelled() {
    let bench = Bench::start();
    bench.world.faults.fail(Failure::MigrationStalls);
    bench.ready().await;
    bench.plan("p", VM, json!({})).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    let migration = bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Running")).await;
    let id = bench.source_vm(VM).moref;
    bench.hub.merge(kinds::MIGRATION, &migration, &json!({"spec": {"cancel": [{"id": id}]}})).await.unwrap();
    let cancelled = bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Canceled")).await;
    assert!(cancelled["status"].get("completed").is_none() && !has_condition(&cancelled, "Running"));
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Canceled") && !has_condition(one, "Executing")).await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_tls_setting_harms_nothing_else() {
    let bench = Bench::start();
    bench.world.faults.harm(ProductFault::TlsFlagFlipped);
    bench.ready().await;
    bench.plan("p", VM, json!({"targetPowerState": "off"})).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Succeeded")).await;
    let secret = bench.until(kinds::SECRET, "login", |_| true).await;
    assert_eq!(super::object::secret_key(&secret, "insecureSkipVerify"), "false");
    let provider = bench.until(kinds::PROVIDER, "src", |_| true).await;
    assert!(has_condition(&provider, "Ready"));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_fail_are_tried_again() {
    let bench = Bench::start();
    bench.ready().await;
    for (verb, path, effect) in [
        ("PUT", "/plans/p/status", TransportEffect::Status(409)),
        ("PUT", "/plans/p/status", TransportEffect::ResetAfter),
        ("POST", "/datavolumes", TransportEffect::ResetAfter),
        ("POST", "/virtualmachines", TransportEffect::ResetAfter),
        ("PATCH", "/persistentvolumeclaims", TransportEffect::Status(500)),
        ("WATCH", "/plans", TransportEffect::DropWatch),
    ] {
        bench.world.faults.disturb(TransportFault {
            verb: verb.into(),
            path: path.into(),
            after: 1,
            times: Some(1),
            effect,
        });
    }
    bench.plan("p", VM, json!({"targetPowerState": "off"})).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Succeeded")).await;
    assert_eq!(bench.all(kinds::CLAIM).len(), 3);
    assert_eq!(bench.all(kinds::VIRTUAL_MACHINE).len(), 1);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn providers_and_plans_fail_openly() {
    let bench = Bench::start();
    bench.world.faults.fail(Failure::PlanInvalid { condition: "VMNetworksNotMapped".into() });
    bench.world.faults.fail(Failure::ArchiveStalls);
    bench.ready().await;
    bench.plan("p", VM, json!({})).await;
    let plan = bench.until(kinds::PLAN, "p", |one| kinds_of(one).contains(&"VMNetworksNotMapped")).await;
    assert!(!has_condition(&plan, "Ready"));
    bench.world.faults.fail(Failure::ProviderConnection { message: "no route".into() });
    let provider = json!({"spec": {"type": "vsphere", "url": format!("https://{}/sdk", bench.world.sources[0].host),
        "secret": {"namespace": SPACE, "name": "login"}}});
    bench.make(kinds::PROVIDER, "late", provider).await;
    let late = bench.until(kinds::PROVIDER, "late", |one| text(one, "/status/phase") == "ConnectionFailed").await;
    assert_eq!(kinds_of(&late), ["ConnectionInsecure", "ConnectionTestFailed"]);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queued_vms_wait_for_their_turn() {
    let bench = Bench::start();
    bench.world.faults.fail(Failure::MigrationStalls);
    let space = bench.world.spec.cluster.mtv_namespace.clone();
    let own = bench.hub.get(kinds::FORKLIFT_CONTROLLER, &space, "forklift-controller").await.unwrap().unwrap();
    let one_at_a_time = json!({"spec": {"controller_max_vm_inflight": 1}});
    bench.hub.merge(kinds::FORKLIFT_CONTROLLER, &own, &one_at_a_time).await.unwrap();
    bench.world.sources[0].change(|inventory| {
        let host = inventory.hosts[0].moref.clone();
        inventory.vms.iter_mut().for_each(|vm| vm.host.clone_from(&host));
    });
    bench.ready().await;
    let vms: Vec<_> = [VM, "mtv-win2019-79"].iter().map(|name| json!({"id": bench.source_vm(name).moref})).collect();
    bench.plan("p", VM, json!({"vms": vms})).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    let started = |one: &serde_json::Value| !text(one, "/status/vms/0/started").is_empty();
    let migration = bench.until(kinds::MIGRATION, "p", started).await;
    let queued = migration.pointer("/status/vms/1").unwrap();
    assert!(queued.get("started").is_none());
    assert!(items(queued, "/pipeline").all(|step| text(step, "/phase") == "Pending"));
    bench.stop().await;
}

#[test]
fn a_missing_or_broken_forklift_is_seeded_so() {
    use crate::lab::clock::Pace;
    use crate::lab::world::{World, WorldSpec};
    let world = || World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap();
    let down = world();
    down.faults.fail(Failure::ForkliftPodsDown);
    let pods: Vec<_> = super::seed(&down).into_iter().filter(|one| one["kind"] == "Pod").collect();
    assert!(!pods.is_empty() && pods.iter().all(|pod| pod["status"]["phase"] == "Pending"));
    let missing = world();
    missing.faults.fail(Failure::ForkliftMissing);
    assert!(super::seed(&missing).iter().all(|one| !one.to_string().contains("forklift.konveyor.io")));
}
