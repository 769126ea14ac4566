//! A whole migration by kubectl alone, and what is left after its namespace is deleted.

use super::served::{Served, older_than, written};
use crate::bench::Bench;
use crate::part::Part::Kubectl;
use crate::trial::{trial, trial_unless};
use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("clients::kubectl::a_migration_is_applied_and_waited_for", &[Kubectl], migrates),
        trial("clients::kubectl::a_plan_that_cannot_be_carried_out_says_why", &[Kubectl], refused),
        trial_unless("clients::kubectl::a_wait_sees_any_field", &[Kubectl], || older_than(23), waits_for_a_field),
    ]
}

/// Namespace, Secret, Provider, maps and Plan, for the lab's own source.
pub(crate) fn set(lab: &Served) -> String {
    include_str!("set.yaml").replace("SDK", &lab.url("vsphere-8"))
}

/// The Migration that starts the Plan.
pub(crate) const MIGRATION: &str = include_str!("migration.yaml");
const READY: &str =
    "wait -n by-hand --for=condition=Ready provider/vc storagemap/st networkmap/net plan/byhand --timeout=60s";
const SUCCEEDED: &str = "wait -n by-hand --for=condition=Succeeded migration/byhand --timeout=60s";
const VM_STATUS: &str = "get vm -n by-hand mtv-tests-rhel8 -o jsonpath='{.status.printableStatus}'";

async fn migrates(bench: Bench) {
    let lab = Served::start(&bench).await;
    let made = lab.kubectl_of("apply --server-side", &set(&lab)).await.done();
    assert_eq!(made.lines().filter(|line| line.ends_with("serverside-applied")).count(), 6, "{made}");
    lab.kubectl(READY)
        .await
        .shows(&["provider.forklift.konveyor.io/vc condition met", "plan.forklift.konveyor.io/byhand"]);
    // Of a list: for a single object kubectl itself drops the first event.
    let stream = "get plans -n by-hand -w -o jsonpath='{.metadata.name}:{.status.migration.vms[0].phase} '";
    let stream = lab.watching("stream", stream, "byhand:").await;
    lab.kubectl_of("apply", MIGRATION).await.is("migration.forklift.konveyor.io/byhand created");
    lab.kubectl(SUCCEEDED).await.is("migration.forklift.konveyor.io/byhand condition met");
    written(&stream, "byhand:Completed").await;
    lab.until(VM_STATUS, "Running").await;
    made_what_it_should(&lab).await;
    lab.kubectl("patch vm -n by-hand mtv-tests-rhel8 --type merge -p '{\"spec\":{\"runStrategy\":\"Halted\"}}'")
        .await
        .done();
    lab.until(VM_STATUS, "Stopped").await;
    lab.until("get vmi -n by-hand -o name", "").await;
    lab.kubectl("patch vm -n by-hand mtv-tests-rhel8 --type merge -p '{\"spec\":{\"runStrategy\":\"Always\"}}'")
        .await
        .done();
    lab.until(VM_STATUS, "Running").await;
    leaves_nothing(&lab).await;
}

async fn made_what_it_should(lab: &Served) {
    let claim = "get pvc -n by-hand -o jsonpath='{.items[0].status.phase} {.items[0].spec.storageClassName} \
                 {.items[0].status.capacity.storage}'";
    lab.kubectl(claim).await.is("Bound nfs 16Gi");
    lab.kubectl("get vm -n by-hand").await.shows(&["READY", "mtv-tests-rhel8", "Running", "True"]);
    lab.kubectl("get pods -n by-hand").await.shows(&["virt-launcher-mtv-tests-rhel8-", "1/1"]);
    lab.kubectl("get plan -n by-hand").await.shows(&["byhand", "READY", "SUCCEEDED"]);
    lab.kubectl("describe plan -n by-hand byhand").await.shows(&["Target Power State:  on", "Succeeded", "Events:"]);
    lab.kubectl("describe vm -n by-hand mtv-tests-rhel8").await.shows(&["Run Strategy:", "Persistent Volume Claim:"]);
    let pods = lab.kubectl("describe pods -n by-hand").await;
    let pods = pods.shows(&["VirtualMachineInstance/mtv-tests-rhel8", "virt-v2v", "Terminated"]);
    assert!(!pods.contains("0001 00:00"), "a time is missing: {pods}");
    lab.kubectl("describe pvc,pv -n by-hand").await.shows(&[
        "Bound",
        "StorageClass:    nfs",
        "Claim:           by-hand/",
    ]);
}

async fn leaves_nothing(lab: &Served) {
    lab.kubectl("delete ns by-hand --timeout=60s").await.is("namespace \"by-hand\" deleted");
    lab.kubectl("get ns by-hand").await.fails(1, "NotFound");
    lab.until("get pv -o name", "").await;
    let kinds = "plans,migrations,storagemaps,networkmaps,vm,vmi,pvc,dv,pods,secrets,configmaps,jobs,events";
    lab.kubectl(&format!("get {kinds} -n by-hand -o name")).await.is("");
    lab.kubectl("get providers -A -o name").await.is("provider.forklift.konveyor.io/host");
}

async fn refused(bench: Bench) {
    let lab = Served::start(&bench).await;
    let set = set(&lab).replace("mtv-tests-rhel8", "no-such-vm");
    lab.kubectl_of("apply", &set).await.done();
    lab.kubectl("wait -n by-hand --for=condition=VMNotFound plan/byhand --timeout=60s").await.done();
    lab.kubectl("wait -n by-hand --for=condition=Ready plan/byhand --timeout=1s").await.fails(1, "timed out");
    let category = "get plan -n by-hand byhand -o jsonpath='{.status.conditions[?(@.type==\"VMNotFound\")].category}'";
    lab.kubectl(category).await.is("Critical");
    lab.kubectl("delete ns by-hand --timeout=60s").await.done();
}

async fn waits_for_a_field(bench: Bench) {
    let lab = Served::start(&bench).await;
    lab.kubectl_of("apply", &set(&lab)).await.done();
    lab.kubectl(READY).await.done();
    lab.kubectl_of("create", MIGRATION).await.done();
    lab.kubectl(SUCCEEDED).await.done();
    let wait = |field: &str| format!("wait -n by-hand --for=jsonpath='{field}' vm/mtv-tests-rhel8 --timeout=60s");
    lab.kubectl(&wait("{.status.printableStatus}=Running")).await.shows(&["condition met"]);
    lab.kubectl("patch vm -n by-hand mtv-tests-rhel8 --type merge -p '{\"spec\":{\"runStrategy\":\"Halted\"}}'")
        .await
        .done();
    lab.kubectl(&wait("{.status.printableStatus}=Stopped")).await.shows(&["condition met"]);
    lab.kubectl_of("delete --wait=false --ignore-not-found", &set(&lab))
        .await
        .shows(&["namespace \"by-hand\" deleted"]);
    lab.kubectl("wait --for=delete ns/by-hand --timeout=60s").await.done();
}
