//! What a plan can say beside its VMs, end to end: warm migrations, hooks, names and places, the remote destination,
//! copy-offload, and settings of the product that sessions share.
//!
//! The scenarios are those of the catalogue where it has one. Each run's writes are sent with strict validation, and
//! every leaf must arrive.

use super::manifests::{assert_covers, assert_whole};
use super::recorder::Recorder;
use super::rights::shipped_rules;
use super::stage::Stage;
use crate::bench::Bench;
use crate::control_plane::get;
use crate::course::{Collected, Course, Ended};
use mtvtest::cluster::{Cluster, Kind, ObjectRef};
use mtvtest::engine::{ControllerShares, SessionParts, Share, StepError, precopy_interval};
use mtvtest::event::{Event, Outcome, Verdict};
use mtvtest::wait::Deadline;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A cutover that the program writes once the product has copied often enough.
const PRECOPIES: &str = "description: x\nvirtual_machines:\n  - {name: mtv-tests-rhel8, source_vm_power: on}\n\
                         warm_migration: true\ncutover: {after_precopies: 2}\n";
pub(crate) const HOOKS: &str = "description: x\nvirtual_machines:\n  - {name: mtv-tests-rhel8, source_vm_power: on}\n\
                     pre_hook: {expected_result: succeed}\npost_hook: {expected_result: succeed}\n";
const REMOTE: &str = "description: x\ndestination: remote\nvirtual_machines:\n  - {name: mtv-tests-rhel8}\n";
pub(crate) const WARM: &str = include_str!("../../../scenarios/warm/comprehensive.yaml");
pub(crate) const FAILING_HOOK: &str = include_str!("../../../scenarios/hooks/post-hook-retain-failed-vm.yaml");
const PLACED: &str = include_str!("../../../scenarios/cold/comprehensive.yaml");
const OFFLOAD: &str = include_str!("../../../scenarios/copyoffload/thin.yaml");

/// What the role must be enough for, beside a cold migration.
pub(crate) const PASSING: [&str; 6] = [WARM, PRECOPIES, HOOKS, FAILING_HOOK, PLACED, REMOTE];

/// Scenarios name some namespaces; runs at the same time have their own.
fn apart(scenario: &str, account: &str) -> String {
    ["mtv-comprehensive-vms", "custom-vm-namespace"]
        .iter()
        .fold(scenario.to_owned(), |text, name| text.replace(name, &format!("{account}-vms")))
}

/// Runs a scenario as a service account with the shipped role. Nothing may be left, and nothing lost in its writes.
async fn run_whole(bench: &Bench, account: &str, scenario: &str, kinds: &[&str]) -> Ended {
    let stage = Stage::shared(bench);
    let _turn = stage.turns.read().await;
    let token = stage.account(account, &shipped_rules()).await;
    let (course, sent) = (stage.course(), Recorder::default());
    let cluster = sent.of(&stage.log_in(&course, &token).await);
    let ended = Box::pin(course.run(cluster, &apart(scenario, account))).await;
    assert_eq!(ended.leftovers, [], "{}", ended.reason());
    stage.assert_nothing_left(&course).await;
    let written = sent.all();
    assert_whole(&written);
    assert_covers(&written, kinds);
    ended
}

/// A run in which everything passes and of which nothing is left, with a token.
pub(crate) async fn passed(stage: &Stage, token: &str, scenario: &str) {
    let course = stage.course();
    let scenario = apart(scenario, course.session_id().as_str());
    super::runs::passed(stage, &course, token, &scenario).await;
}

/// What a check said of the first VM.
fn verdict<'a>(ended: &'a Ended, check: &str) -> &'a Verdict {
    let mut reports = ended.reports().filter(|report| report.check == check);
    &reports.next().unwrap_or_else(|| panic!("no {check}: {:#?}", ended.events)).verdict
}

#[track_caller]
fn assert_passed(ended: &Ended, checks: &[&str]) {
    assert_eq!(ended.outcome, Outcome::Passed, "{}", ended.reason());
    for check in checks {
        assert!(matches!(verdict(ended, check), Verdict::Passed { .. }), "{check}: {:?}", verdict(ended, check));
    }
}

fn was_made(ended: &Ended, words: &str) -> bool {
    ended.events.iter().any(|event| matches!(event, Event::Made { what, .. } if what.contains(words)))
}

/// Its cutover is a time, which the product waits for; names, labels and affinity are the catalogue's.
pub(crate) async fn warm(bench: Bench) {
    let kinds = ["/plans", "/migrations", "/leases", "/forkliftcontrollers/", "/network-attachment-definitions"];
    let ended = run_whole(&bench, "warm", WARM, &kinds).await;
    assert_passed(&ended, &["warm", "pvc-names", "labels", "affinity", "power", "source"]);
}

pub(crate) async fn precopies(bench: Bench) {
    let ended = run_whole(&bench, "precopies", PRECOPIES, &["/migrations/"]).await;
    assert_passed(&ended, &["warm", "source"]);
}

pub(crate) async fn hooks(bench: Bench) {
    let ended = run_whole(&bench, "hooks", HOOKS, &["/hooks", "/plans"]).await;
    assert_passed(&ended, &["cpu"]);
}

pub(crate) async fn failing_hook(bench: Bench) {
    let ended = run_whole(&bench, "failing-hook", FAILING_HOOK, &["/hooks"]).await;
    assert_passed(&ended, &["cpu", "power"]);
    assert_eq!(*verdict(&ended, "ending"), Verdict::Passed { seen: "failed at PostHook in 1 VM(s)".into() });
}

/// On a node that the run labels.
pub(crate) async fn placed(bench: Bench) {
    let ended = run_whole(&bench, "placed", PLACED, &["/nodes/", "/plans"]).await;
    assert_passed(&ended, &["node", "labels", "affinity", "pvc-names", "power"]);
    let nodes = get(&Stage::shared(&bench).plane.admin().await, "/api/v1/nodes").await.unwrap();
    let nodes = nodes["items"].as_array().unwrap();
    let has_label = |node: &&Value| node["metadata"]["labels"]["mtv-comprehensive-node"].is_string();
    // Another run may have its own label there just now; ours went with the run (`assert_nothing_left`).
    assert!(nodes.iter().filter(has_label).count() < nodes.len());
}

/// The destination's Secret holds the service account's own token, which the API server knows.
pub(crate) async fn remote(bench: Bench) {
    let ended = run_whole(&bench, "remote", REMOTE, &["/secrets", "/providers"]).await;
    assert_passed(&ended, &["cpu", "storage"]);
    assert!(was_made(&ended, "-destination-ocp-provider"));
}

/// Populators, claims and tasks are seen. Logs of pods are not: there is no kubelet to ask, so that nothing proves how
/// the disks were copied.
pub(crate) async fn offload(bench: Bench) {
    assert_offloaded(&run_whole(&bench, "offload", OFFLOAD, &["/secrets", "/storagemaps", "/plans"]).await);
}

/// The same, with a token.
pub(crate) async fn offloaded(stage: &Stage, token: &str) {
    let course = stage.course();
    let cluster = stage.log_in(&course, token).await;
    assert_offloaded(&Box::pin(course.run(cluster, OFFLOAD)).await);
    stage.assert_nothing_left(&course).await;
}

fn assert_offloaded(ended: &Ended) {
    assert_eq!(ended.failed_checks(), Vec::<String>::new(), "{}", ended.reason());
    let reason = "neither a pod nor a task told how it copied Hard disk 1".to_owned();
    assert_eq!(*verdict(ended, "xcopy"), Verdict::Inconclusive { reason });
    for check in ["storage", "disk-order", "pvc-names", "source"] {
        assert!(matches!(verdict(ended, check), Verdict::Passed { .. }), "{check}: {:?}", verdict(ended, check));
    }
}

/// A session that shares settings of the product.
struct Party {
    parts: SessionParts,
    shares: ControllerShares,
    sent: Recorder,
    _course: Course,
    _told: Collected,
}

impl Party {
    async fn new(stage: &Stage, token: &str) -> Self {
        let (course, sent) = (stage.course(), Recorder::default());
        let cluster = sent.of(&stage.log_in(&course, token).await);
        let (parts, told) = course.parts(cluster).await.unwrap_or_else(|problems| panic!("{problems:?}"));
        Self { parts, shares: ControllerShares::default(), sent, _course: course, _told: told }
    }

    async fn join(&self, minutes: u64, within: u64) -> Result<Share, StepError> {
        let wanted = precopy_interval(Duration::from_secs(minutes * 60));
        let deadline = Deadline::after(Duration::from_secs(within), &CancellationToken::new());
        Box::pin(self.shares.join(&self.parts, &wanted, &deadline)).await
    }

    async fn end(&self) {
        assert_eq!(self.parts.tear_down().await.unwrap(), []);
    }

    async fn present(&self) -> Value {
        let space = &self.parts.settings.mtv_namespace;
        let target = ObjectRef::namespaced(Kind::FORKLIFT_CONTROLLER, space, "forklift-controller");
        found(&self.parts.cluster, &target).await.unwrap()["spec"]["controller_precopy_interval"].clone()
    }

    async fn lease(&self) -> Option<Value> {
        let space = &self.parts.settings.mtv_namespace;
        let target = ObjectRef::namespaced(Kind::LEASE, space, "mtvtest-forklift-controller");
        found(&self.parts.cluster, &target).await
    }
}

async fn found(cluster: &Cluster, target: &ObjectRef) -> Option<Value> {
    cluster.get(target).await.unwrap().map(|object| object.data)
}

/// Two sessions agree, a third wants another value: it waits for both, and the value of before comes back.
pub(crate) async fn sessions_share_settings(bench: Bench) {
    let stage = Stage::shared(&bench);
    let _alone = stage.turns.write().await;
    let token = stage.account("sharing", &shipped_rules()).await;
    let parties = [Party::new(stage, &token).await, Party::new(stage, &token).await, Party::new(stage, &token).await];
    let [one, other, third] = &parties;
    let before = one.present().await;
    // Both at once: one of them makes the Lease, the other comes in on it.
    let (first, second) = tokio::join!(one.join(2, 100), other.join(2, 100));
    drop((first.unwrap(), second.unwrap()));
    assert_eq!(one.present().await, json!(2));
    let Err(StepError::Broken(why)) = third.join(5, 1).await else { panic!("it came in") };
    assert!(why.contains("controller_precopy_interval=2, wanted is 5"), "{why}");
    one.end().await;
    assert_eq!(other.present().await, json!(2));
    let (joined, ()) = tokio::join!(third.join(5, 100), other.end());
    drop(joined.unwrap());
    assert_eq!(third.present().await, json!(5));
    third.end().await;
    assert_eq!((third.present().await, third.lease().await), (before, None));
    for party in &parties {
        // Whoever came second was told that the object had changed meanwhile; nothing else may be refused.
        assert_whole(&party.sent.all());
    }
}
