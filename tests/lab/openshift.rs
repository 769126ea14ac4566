//! The cluster as a source: VMs made from its golden image, migrated within it, and gone afterwards.

use crate::rig::{COLD, Rig, all_files};
use mtvtest::engine::{Unwinder, record_found};
use mtvtest::event::{Event, Outcome, StepName, Verdict};
use mtvtest::facts::{SESSION_LABEL, SOURCE_LABEL};
use mtvtest::lab::Lab;
use mtvtest::lab::clock::Pace;
use mtvtest::lab::fault::{Failure, Faults};
use mtvtest::lab::world::WorldSpec;
use mtvtest::undo::Ledger;
use mtvtest::wait::pause;
use serde_json::{Value, json};
use std::time::Duration;

const CLUSTER: &str = "openshift-local";

fn rig() -> Rig {
    Rig::on(CLUSTER)
}

fn rig_with(change: impl FnOnce(&mut WorldSpec)) -> Rig {
    let mut rig = Rig::with_world(change, &Faults::default());
    CLUSTER.clone_into(&mut rig.provider);
    rig
}

fn objects(lab: &Lab, kind: &str) -> Vec<Value> {
    lab.api().objects().into_iter().filter(|object| object["kind"] == kind).collect()
}

/// VMs that were made as sources.
fn sources(lab: &Lab) -> Vec<Value> {
    let is_source = |vm: &Value| vm["metadata"]["labels"][SOURCE_LABEL] == "true";
    objects(lab, "VirtualMachine").into_iter().filter(is_source).collect()
}

#[tokio::test(start_paused = true)]
async fn a_vm_of_the_cluster_is_made_migrated_and_judged_and_nothing_is_left() {
    let mut rig = rig();
    let session = rig.session_id().to_string();
    let space = format!("{session}-source-vms");
    let (mut made, mut migrated, mut namespaces, mut plans) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let ran = Box::pin(rig.run_and_look(COLD, |lab| {
        made = sources(lab);
        let is_migrated = |vm: &Value| vm["metadata"]["labels"].get("plan").is_some();
        migrated = objects(lab, "VirtualMachine").into_iter().filter(is_migrated).collect();
        namespaces = objects(lab, "Namespace");
        plans = objects(lab, "Plan");
    }))
    .await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    assert_eq!(ran.failed_checks(), Vec::<String>::new());
    let [source] = &made[..] else { panic!("one source VM: {made:?}") };
    assert_eq!(
        (&source["metadata"]["namespace"], &source["metadata"]["labels"][SESSION_LABEL]),
        (&json!(space), &json!(session))
    );
    assert_eq!(source["spec"]["runStrategy"], "Halted", "a cold migration stops its source");
    let namespace = namespaces.iter().find(|one| one["metadata"]["name"] == space.as_str()).unwrap();
    assert_eq!(namespace["metadata"]["labels"]["mutatevirtualmachines.kubemacpool.io"], "ignore");
    assert!(namespace["metadata"]["labels"].get("pod-security.kubernetes.io/enforce").is_none());
    assert_eq!(plans[0]["spec"]["vms"][0]["namespace"], space.as_str());
    let [target] = &migrated[..] else { panic!("one migrated VM: {migrated:?}") };
    assert_eq!(target["metadata"]["name"], source["metadata"]["name"]);
    assert_eq!(
        (&target["spec"]["instancetype"]["name"], &target["spec"]["preference"]["name"]),
        (&json!("u1.small"), &json!("rhel.9"))
    );
    assert!(target["metadata"]["labels"].get(SOURCE_LABEL).is_none());
    ran.assert_empty_world();
    let verdict = |key: &str| ran.reports().find(|report| report.check == key).map(|report| report.verdict.clone());
    for key in ["cpu", "memory", "nics", "network", "storage", "power", "guest-agent", "ssh", "source", "name"] {
        assert!(matches!(verdict(key), Some(Verdict::Passed { .. })), "{key}: {:?}", verdict(key));
    }
    for key in ["serial", "firmware", "provider-tls", "disk-order", "snapshots"] {
        assert!(matches!(verdict(key), Some(Verdict::NotApplicable { .. })), "{key}: {:?}", verdict(key));
    }
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn everything_that_is_missing_is_told_at_once_before_anything_is_made() {
    let rig = rig_with(|spec| spec.sources.iter_mut().find(|one| one.name() == CLUSTER).unwrap().vms_mut().clear());
    let path = "/apis/instancetype.kubevirt.io/v1beta1/virtualmachineclusterinstancetypes/u1.small";
    let request = http::Request::delete(path).body(Vec::new()).unwrap();
    rig.lab.client().request::<Value>(request).await.unwrap();
    assert_eq!(
        rig.preflight(COLD).await,
        ["provider openshift-local: make source VMs on the cluster: there is no DataSource \
          openshift-virtualization-os-images/rhel9, there is no VirtualMachineClusterInstancetype u1.small; enable \
          OpenShift Virtualization's common boot images and instance types, or leave sources of type openshift out"]
    );
    assert!(
        objects(&rig.lab, "Namespace")
            .iter()
            .all(|one| !one["metadata"]["name"].as_str().unwrap().starts_with("auto-"))
    );
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_image_that_is_not_ready_is_told_in_its_own_words() {
    let rig = rig();
    let path = "/apis/cdi.kubevirt.io/v1beta1/namespaces/openshift-virtualization-os-images/datasources/rhel9/status";
    let status = json!({"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "NoSource", "message": "the boot image is not imported"}]}});
    let request = http::Request::patch(path).header("content-type", "application/merge-patch+json");
    rig.lab.client().request::<Value>(request.body(status.to_string().into_bytes()).unwrap()).await.unwrap();
    let problems = rig.preflight(COLD).await;
    assert!(problems[0].contains("rhel9 is not ready: the boot image is not imported"), "{problems:?}");
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn another_cluster_than_the_runs_is_refused_in_words() {
    let mut rig = rig();
    let mut providers: Value = serde_json::from_str(&rig.providers_json).unwrap();
    providers[CLUSTER]["api_url"] = "https://api.other.test:6443".into();
    rig.providers_json = providers.to_string();
    let problems = rig.preflight(COLD).await;
    assert_eq!(
        problems,
        [
            "provider openshift-local: connect to source \"openshift-local\": its api_url is https://api.other.test:6443, but \
          the run is logged in to https://api.lab.mtvtest:6443; a source of type openshift is the cluster of the run: leave \
          api_url empty, or log in to that cluster"
        ]
    );
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn keys_that_no_vm_of_a_cluster_has_are_refused_before_anything_is_made() {
    let rig = rig();
    for (keys, word) in [("disk_type: thin", "disk_type"), ("add_disks: [{size_gb: 1}]", "add_disks")] {
        let scenario = format!("description: d\nvirtual_machines: [{{name: v, {keys}}}]\n");
        let ran = Box::pin(rig.run(&scenario)).await;
        assert!(matches!(ran.outcome, Outcome::Broken { .. } | Outcome::Skipped { .. }), "{:?}", ran.outcome);
        assert!(ran.reason().contains(word), "{}", ran.reason());
        ran.assert_empty_world();
        std::fs::rename(rig.run_directory(), rig.folder.path().join(word)).unwrap();
    }
    rig.lab.stop().await;
}

/// A finished run that left everything in place.
async fn left_in_place() -> Rig {
    let mut rig = rig();
    rig.settings.skip_teardown = true;
    let ran = Box::pin(rig.run(COLD)).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    assert_eq!(sources(&rig.lab).len(), 1);
    rig
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_moment_is_cleaned_from_the_ledger() {
    let rig = Box::pin(left_in_place()).await;
    let path = rig.run_directory().join("resources.json");
    let mut listed: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    for entry in listed.as_object_mut().unwrap().values_mut().flat_map(|list| list.as_array_mut().unwrap()) {
        entry["state"] = "intended".into();
        if !entry["vm_id"].is_null() {
            entry["vm_id"] = Value::Null;
        }
    }
    let copy = rig.folder.path().join("crashed.json");
    std::fs::write(&copy, listed.to_string()).unwrap();
    std::fs::rename(rig.run_directory(), rig.folder.path().join("before")).unwrap();
    let (parts, _collected) = rig.parts().await.unwrap_or_else(|problems| panic!("{problems:?}"));
    let ledger = Ledger::open(&copy).unwrap();
    let unwinder = parts.unwinder_of(&ledger);
    assert_eq!(unwinder.undo(|_| true).await.unwrap(), []);
    unwinder.close().await;
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_ledger_the_labels_find_the_source_vms() {
    let mut rig = Box::pin(left_in_place()).await;
    std::fs::rename(rig.run_directory(), rig.folder.path().join("before")).unwrap();
    let mut providers: Value = serde_json::from_str(&rig.providers_json).unwrap();
    providers.as_object_mut().unwrap().retain(|name, _| name == CLUSTER);
    rig.providers_json = providers.to_string();
    let (parts, _collected) = rig.parts().await.unwrap_or_else(|problems| panic!("{problems:?}"));
    let session = rig.session_id();
    let ledger = Ledger::create(&rig.folder.path().join("found.json"), session.clone()).unwrap();
    let unwinder = Unwinder { ledger: &ledger, ..parts.unwinder() };
    record_found(&unwinder, &ledger, &parts.providers, &session).await.unwrap();
    let vms = ledger.entries().iter().filter(|entry| entry.thing.listed_under() == "openshift").count();
    assert_eq!(vms, 1);
    assert_eq!(unwinder.undo(|_| true).await.unwrap(), []);
    unwinder.close().await;
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_migrated_vm_of_the_same_name_is_never_taken_for_its_source() {
    let rig = Box::pin(left_in_place()).await;
    let (name, uid) = {
        let source = &sources(&rig.lab)[0]["metadata"];
        (source["name"].as_str().unwrap().to_owned(), source["uid"].clone())
    };
    std::fs::rename(rig.run_directory(), rig.folder.path().join("before")).unwrap();
    let (parts, _collected) = rig.parts().await.unwrap_or_else(|problems| panic!("{problems:?}"));
    let entry = parts.providers.get(CLUSTER).unwrap();
    let source = mtvtest::provider::openshift::Openshift::at(parts.cluster.clone(), entry).unwrap();
    let listed = mtvtest::provider::SourceProvider::vms_with_prefix(&source, "auto-").await.unwrap();
    assert_eq!(listed.iter().map(|vm| vm.id.as_str()).collect::<Vec<_>>(), [uid.as_str().unwrap()]);
    mtvtest::provider::SourceProvider::delete_vm(&source, &name, None).await.unwrap();
    let left = objects(&rig.lab, "VirtualMachine");
    assert!(left.iter().any(|vm| vm["metadata"]["name"] == name.as_str()), "the migrated one stays");
    assert!(sources(&rig.lab).is_empty());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_source_vm_that_somebody_deletes_in_mid_run_is_told_and_nothing_is_left() {
    let rig = rig();
    rig.faults().fail(Failure::MigrationStalls);
    let deleting = async {
        rig.migration_exists().await;
        let vm = sources(&rig.lab).remove(0);
        let (space, name) = (vm["metadata"]["namespace"].as_str().unwrap(), vm["metadata"]["name"].as_str().unwrap());
        let path = format!("/apis/kubevirt.io/v1/namespaces/{space}/virtualmachines/{name}");
        rig.lab.client().request::<Value>(http::Request::delete(path).body(Vec::new()).unwrap()).await.unwrap();
        rig.until(|lab| sources(lab).is_empty()).await;
    };
    let (ran, ()) = tokio::join!(Box::pin(rig.run(COLD)), deleting);
    assert!(matches!(ran.outcome, Outcome::Failed { .. }), "{:?}", ran.outcome);
    assert!(ran.reason().contains("gone from the source"), "{}", ran.reason());
    ran.assert_empty_world();
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_token_that_the_cluster_no_longer_takes_is_told_with_the_remedy() {
    let rig = rig();
    // The Provider's Secret holds the run's token: one that has expired is refused where the product uses it.
    rig.faults().fail(Failure::ClusterToken);
    let ran = Box::pin(rig.run(COLD)).await;
    assert!(ran.reason().contains("ConnectionAuthFailed: the cluster refuses the token"), "{}", ran.reason());
    ran.assert_empty_world();
    rig.lab.stop().await;
}

/// A VM of somebody else's, stopped, with one disk.
const OWN: &str =
    "description: Itself.\nskip_clone: true\nvirtual_machines: [{name: own-vm, source_vm_power: \"on\"}]\n";

#[tokio::test(start_paused = true)]
async fn a_vm_that_is_there_is_migrated_itself_and_its_power_restored() {
    let mut rig = rig();
    let labels = json!({});
    let spec = json!({"runStrategy": "Manual", "instancetype": {"name": "u1.medium"}, "preference": {"name": "rhel.9"},
        "dataVolumeTemplates": [{"metadata": {"name": "own-disk"}, "spec": {
            "sourceRef": {"kind": "DataSource", "namespace": "openshift-virtualization-os-images", "name": "rhel9"},
            "storage": {"resources": {"requests": {"storage": "30Gi"}}}}}],
        "template": {"metadata": {}, "spec": {
            "domain": {"resources": {}, "devices": {"interfaces": [{"name": "default", "masquerade": {}}]}},
            "networks": [{"name": "default", "pod": {}}],
            "volumes": [{"name": "root", "dataVolume": {"name": "own-disk"}},
                {"name": "ci", "cloudInitNoCloud": {"userData": "#cloud-config\n{\"user\": \"root\", \"password\": \"lab-guest\"}\n"}}]}}});
    let vm = json!({"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine",
        "metadata": {"namespace": "default", "name": "own-vm", "labels": labels}, "spec": spec});
    rig.lab.api().insert(vm).unwrap();
    rig.until(|lab| objects(lab, "VirtualMachine").iter().any(|vm| vm["status"]["printableStatus"] == "Stopped")).await;
    let baseline = mtvtest::lab::Baseline::take(&rig.lab);
    rig.settings.skip_teardown = false;
    let ran = Box::pin(rig.run(OWN)).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    let prepared = ran.events.iter().any(|event| matches!(event, Event::StepFinished { step: StepName::Prepare, .. }));
    assert!(prepared);
    assert_eq!(ran.leftovers, []);
    let differences: Vec<String> = baseline
        .differences(&rig.lab)
        .into_iter()
        .filter(|line| !line.contains("VirtualMachine default/own-vm"))
        .collect();
    assert_eq!(differences, Vec::<String>::new());
    let own = objects(&rig.lab, "VirtualMachine").remove(0);
    assert_eq!(own["status"]["printableStatus"], "Stopped");
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn hooks_run_around_a_vm_of_the_cluster_and_remote_destinations_take_it() {
    for scenario in [
        include_str!("../../scenarios/hooks/post-hook-retain-failed-vm.yaml"),
        include_str!("../../scenarios/remote/cold.yaml"),
    ] {
        let rig = rig();
        let ran = Box::pin(rig.run(scenario)).await;
        assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
        ran.assert_empty_world();
        rig.lab.stop().await;
    }
}

/// A VM that is being made at the pace of a real cluster, interrupted after so long.
async fn interrupted(after: Duration) {
    let mut rig = Rig::at_pace(Pace::divided_by(1.0), |_| {}, &Faults::default());
    CLUSTER.clone_into(&mut rig.provider);
    let begun = async {
        rig.until(|lab| !sources(lab).is_empty()).await;
        pause(after).await;
        rig.cancel.cancel();
    };
    let (ran, ()) = tokio::join!(Box::pin(rig.run(COLD)), begun);
    assert_eq!(ran.outcome, Outcome::Cancelled, "{}", ran.reason());
    pause(Duration::from_secs(300)).await;
    assert_eq!(rig.leftovers(), Vec::<String>::new());
    ran.assert_empty_world();
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_interruption_while_a_source_vm_is_made_leaves_nothing() {
    for seconds in [0, 5, 20, 45] {
        Box::pin(interrupted(Duration::from_secs(seconds))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_password_of_a_guest_is_in_what_a_failed_run_stores() {
    let rig = rig();
    rig.faults().fail(Failure::PipelineStep { step: "DiskTransfer".into(), reason: "lost".into() });
    let ran = Box::pin(rig.run(COLD)).await;
    assert!(matches!(ran.outcome, Outcome::Failed { .. }), "{:?}", ran.outcome);
    let stored = all_files(&rig.run_directory());
    assert!(stored.contains("cloudInitNoCloud"), "the source VM is among the diagnostics");
    assert!(!stored.contains("lab-guest"));
    ran.assert_empty_world();
    rig.lab.stop().await;
}
