//! Nothing that is written to the kinds of Forklift is lost: every write is sent with strict validation, and every leaf
//! that was sent is in the answer. The definitions are Forklift's own.

use super::plans;
use super::recorder::{Recorder, Written};
use super::rights::shipped_rules;
use super::stage::Stage;
use crate::bench::Bench;
use crate::control_plane::post;
use crate::course::{COLD, Course};
use futures::future::join_all;
use mtvtest::engine::Outline;
use mtvtest::event::Outcome;
use mtvtest::facts::Seed;
use mtvtest::scenario::{Catalogue, Test, tests};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Scenarios beside the catalogue's, for keys that none of those has.
const VARIANTS: [&str; 2] = [
    "description: Off.\ntarget_power_state: \"off\"\nvirtual_machines:\n  - {name: mtv-tests-rhel8}\n",
    "description: Two.\nvm_target_namespace: elsewhere\nvirtual_machines:\n  - {name: mtv-tests-rhel8}\n  - \
     {name: mtv-win2019-3disks, clone_name: Other_Name, preserve_name_format: true}\n",
];

pub(crate) async fn of_a_run_arrive_whole(bench: Bench) {
    let stage = Stage::shared(&bench);
    let _turn = stage.turns.read().await;
    let token = stage.account("manifests", &shipped_rules()).await;
    let (course, sent) = (stage.course(), Recorder::default());
    let cluster = sent.of(&stage.log_in(&course, &token).await);
    let ended = Box::pin(course.run(cluster, COLD)).await;
    assert_eq!(ended.outcome, Outcome::Passed, "{:#?}", ended.events);
    let written = sent.all();
    assert_whole(&written);
    assert_covers(
        &written,
        &[
            "namespaces",
            "secrets",
            "providers",
            "storagemaps",
            "networkmaps",
            "network-attachment-definitions",
            "plans",
            "migrations",
        ],
    );
    assert!(written.iter().any(|one| one.method == http::Method::PATCH), "no patch was sent");
}

/// The lab's controllers write nothing to Forklift's kinds that the real definitions do not know.
pub(crate) async fn of_the_labs_controllers_arrive_whole(bench: Bench) {
    let stage = Stage::shared(&bench);
    let _turn = stage.turns.write().await;
    let token = stage.account("controllers", &shipped_rules()).await;
    let runs = [plans::WARM, plans::HOOKS, plans::FAILING_HOOK].map(|scenario| plans::passed(stage, &token, scenario));
    let cold = stage.course();
    let cold = super::runs::passed(stage, &cold, &token, COLD);
    tokio::join!(cold, join_all(runs), plans::offloaded(stage, &token));
    super::runs::stalled(stage, &token).await;
    let all = stage.controllers.all();
    assert_none_refused(&all);
    let own = |one: &Written| one.path.contains("forklift.konveyor.io");
    let written: Vec<Written> = all.into_iter().filter(own).collect();
    assert_whole(&written);
    assert_covers(&written, &["providers/", "storagemaps/", "networkmaps/", "plans/", "migrations/"]);
    assert_covers(&written, &["hooks/", "forkliftcontrollers/", "vspherexcopyvolumepopulators"]);
}

/// What the program would make of other scenarios, by the manifests of `mtvtest plan`.
pub(crate) async fn of_all_variants_are_admitted(bench: Bench) {
    let stage = Stage::shared(&bench);
    let sent = Recorder::default();
    let admin = sent.around(stage.plane.admin().await);
    let course = stage.course();
    let space = "variants";
    post(&admin, "/api/v1/namespaces", &json!({"metadata": {"name": space}})).await.unwrap();
    let catalogue = Catalogue::embedded().unwrap();
    let provider = course.provider.clone();
    let all = tests(&catalogue, &[provider]).into_iter().chain(VARIANTS.map(|text| course.test(text)));
    for test in all {
        for mut manifest in outlined(&course, &test) {
            let mut path = match manifest["apiVersion"].as_str().unwrap() {
                "v1" => "/api/v1".to_owned(),
                other => format!("/apis/{other}"),
            };
            if manifest["metadata"]["namespace"].is_string() {
                manifest["metadata"]["namespace"] = space.into();
                path = format!("{path}/namespaces/{space}");
            }
            if manifest["spec"]["cutover"].is_string() {
                // The time depends on the migration's start; that of a real run is judged by that run.
                manifest["spec"]["cutover"] = "2026-01-01T00:00:00Z".into();
            }
            let plural = match manifest["kind"].as_str().unwrap() {
                "NetworkAttachmentDefinition" => "network-attachment-definitions".to_owned(),
                kind => format!("{}s", kind.to_lowercase()),
            };
            let made = post(&admin, &format!("{path}/{plural}?dryRun=All"), &manifest).await;
            made.unwrap_or_else(|why| panic!("{}: {manifest:#}: {why}", test.name));
        }
    }
    assert_whole(&sent.all());
    assert_covers(&sent.all(), &["/plans", "/storagemaps", "/networkmaps", "/hooks", "/migrations", "/providers"]);
    // The proof of the proof: what the definitions do not know is refused.
    let plan = json!({
        "apiVersion": "forklift.konveyor.io/v1beta1", "kind": "Plan", "metadata": {"name": "p"},
        "spec": {"map": {}, "provider": {}, "targetNamespace": "x", "vms": [], "nonsense": 1},
    });
    let path = format!("/apis/forklift.konveyor.io/v1beta1/namespaces/{space}/plans?dryRun=All");
    let why = post(&admin, &path, &plan).await.unwrap_err().to_string();
    assert!(why.contains("unknown field \"spec.nonsense\""), "{why}");
    let mut one = sent.all().into_iter().find(|one| one.succeeded() && one.path.ends_with("/plans")).unwrap();
    one.answer["spec"]["vms"][0]["name"].take();
    assert_eq!(one.lost().len(), 1, "a leaf that is lost is not seen: {:?}", one.lost());
}

fn outlined(course: &Course, test: &Test) -> Vec<Value> {
    let session = course.session_id();
    let class = course.settings.storage_class.clone().unwrap();
    let outline =
        Outline { session: &session, seed: Seed(course.seed), settings: &course.settings, storage_class: &class };
    let providers = course.providers();
    let entry = providers.get("vsphere-8").unwrap();
    let steps = std::iter::once(outline.session(entry)).chain(outline.test(test, entry));
    steps.flat_map(|step| step.manifests).collect()
}

/// No write was refused for its form, and none lost a leaf.
pub(super) fn assert_whole(written: &[Written]) {
    assert_none_refused(written);
    let lost: BTreeSet<String> = written.iter().filter(|one| one.succeeded()).flat_map(Written::lost).collect();
    assert!(lost.is_empty(), "lost: {lost:#?}");
}

fn assert_none_refused(written: &[Written]) {
    let refused: Vec<String> = written
        .iter()
        .filter(|one| one.refused())
        .map(|one| format!("{} {}: {} (sent {})", one.method, one.path, one.answer["message"], one.sent))
        .collect();
    assert!(refused.is_empty(), "refused: {refused:#?}");
}

pub(super) fn assert_covers(written: &[Written], kinds: &[&str]) {
    for kind in kinds {
        assert!(written.iter().any(|one| one.succeeded() && one.path.contains(kind)), "nothing was written to {kind}");
    }
}
