//! Whole runs of the program's engine over a real login: one that passes, ones that fail, and cleaning up after them.

use super::rights::shipped_rules;
use super::stage::Stage;
use crate::bench::Bench;
use crate::control_plane::{get, post};
use crate::course::{COLD, Course};
use mtvtest::engine::record_found;
use mtvtest::event::Outcome;
use mtvtest::lab::fault::{Failure, ProductFault};
use mtvtest::undo::Ledger;
use serde_json::json;

pub(crate) async fn cold(bench: Bench) {
    let stage = Stage::shared(&bench);
    let _turn = stage.turns.read().await;
    let token = stage.account("cold", &shipped_rules()).await;
    passed(stage, &stage.course(), &token, COLD).await;
}

/// A run in which everything passes and of which nothing is left.
pub(crate) async fn passed(stage: &Stage, course: &Course, token: &str, scenario: &str) {
    let cluster = stage.log_in(course, token).await;
    let ended = Box::pin(course.run(cluster, scenario)).await;
    assert_eq!(ended.outcome, Outcome::Passed, "{:#?}", ended.events);
    assert_eq!(ended.failed_checks(), Vec::<String>::new());
    assert!(ended.reports().count() > 5, "{:#?}", ended.events);
    assert_eq!(ended.leftovers, []);
    stage.assert_nothing_left(course).await;
}

/// A run whose migration never ends: it is diagnosed, cancelled and taken away.
pub(crate) async fn stalled(stage: &Stage, token: &str) {
    let course = stage.course();
    let faults = &stage.beside.world().faults;
    faults.fail(Failure::MigrationStalls);
    let scenario = format!("{COLD}timeouts: {{migration: 3s}}\n");
    let cluster = stage.log_in(&course, token).await;
    let ended = Box::pin(course.run(cluster, &scenario)).await;
    faults.heal();
    assert!(matches!(ended.outcome, Outcome::Failed { .. }), "{:?}", ended.outcome);
    assert!(ended.reason().contains("not within 3s"), "{}", ended.reason());
    let collected = crate::course::all_files(&course.run_directory().join("diagnostics"));
    assert!(collected.contains("kind: Migration"), "diagnostics lack the Migration: {collected}");
    assert_eq!(ended.leftovers, []);
    stage.assert_nothing_left(&course).await;
}

/// A run that fails and is left in place.
pub(crate) async fn failed_by_a_check(stage: &Stage, token: &str) -> Course {
    let mut course = stage.course();
    course.settings.skip_teardown = true;
    let faults = &stage.beside.world().faults;
    faults.harm(ProductFault::WrongSerial);
    let cluster = stage.log_in(&course, token).await;
    let ended = Box::pin(course.run(cluster, COLD)).await;
    faults.heal();
    assert_eq!(ended.failed_checks(), ["serial"], "{:?}", ended.outcome);
    course
}

/// Puts one of each kind that the product makes into a session's namespace, as if the product had forgotten it: with the
/// Plan's label, and with no VM's.
pub(crate) async fn abandon(stage: &Stage, left: &Course) {
    let admin = stage.plane.admin().await;
    let plans = get(&admin, "/apis/forklift.konveyor.io/v1beta1/plans").await.unwrap();
    let session = left.session_id();
    let plan = plans["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|plan| plan["metadata"]["namespace"].as_str().unwrap().contains(session.as_str()));
    let (uid, space) = (&plan.unwrap()["metadata"]["uid"], plan.unwrap()["spec"]["targetNamespace"].as_str().unwrap());
    let metadata = json!({"name": "forgotten", "labels": {"plan": uid}});
    let container = json!({"name": "c", "image": "i", "securityContext": {
        "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}});
    let core = format!("/api/v1/namespaces/{space}");
    for (path, body) in [
        (format!("{core}/configmaps"), json!({})),
        (format!("{core}/secrets"), json!({})),
        (
            format!("{core}/pods"),
            json!({"spec": {"containers": [container], "securityContext": {
            "runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}}}),
        ),
        (
            format!("{core}/persistentvolumeclaims"),
            json!({"spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}),
        ),
        (
            format!("/apis/cdi.kubevirt.io/v1beta1/namespaces/{space}/datavolumes"),
            json!({
            "apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "DataVolume",
            "spec": {"source": {"blank": {}}, "storage": {"storageClassName": "none"}}}),
        ),
    ] {
        let mut body = body;
        body["metadata"] = metadata.clone();
        post(&admin, &path, &body).await.unwrap_or_else(|why| panic!("{path}: {why}"));
    }
}

/// What `clean --session` does: everything that a session left is found by labels and names alone, and removed.
pub(crate) async fn clean_from_labels(stage: &Stage, left: &Course, token: &str) {
    let mut course = stage.course();
    let session = left.session_id();
    let cluster = stage.log_in(&course, token).await;
    course.settings.skip_teardown = true;
    let (parts, _collected) = course.parts(cluster).await.unwrap_or_else(|problems| panic!("{problems:?}"));
    let ledger = Ledger::create(&course.folder.path().join("found.json"), session.clone()).unwrap();
    let unwinder = parts.unwinder_of(&ledger);
    let found = record_found(&unwinder, &ledger, &parts.providers, &session).await.unwrap();
    assert!(found > 8, "only {found} things of a whole run were found");
    assert_eq!(unwinder.undo(|_| true).await.unwrap(), []);
    unwinder.close().await;
    stage.assert_nothing_left(left).await;
}
