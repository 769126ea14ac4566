use super::*;
use crate::cluster::is_true;
use crate::cluster::testing::{Ending, Fake, list, plan, status};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

fn target() -> ObjectRef {
    ObjectRef::namespaced(Kind::PLAN, "ns", "p")
}

fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(540), &CancellationToken::new())
}

fn event(kind: &str, object: &Value) -> Value {
    json!({"type": kind, "object": object})
}

fn ready(version: &str) -> Value {
    let mut plan = plan(version);
    plan["status"] = json!({"conditions": [{"type": "Ready", "status": "True"}]});
    plan
}

async fn wait_ready(fake: &Fake) -> Result<(), ClusterError> {
    fake.cluster()
        .wait("wait for Plan ns/p to be Ready", &target(), &deadline(), |plan| match plan {
            Some(plan) if is_true(plan, "Ready") => Seen::Met(()),
            Some(_) => Seen::Pending("not Ready".into()),
            None => Seen::Pending("absent".into()),
        })
        .await
}

#[tokio::test(start_paused = true)]
async fn the_state_of_the_list_may_be_enough() {
    let fake = Fake::default();
    fake.answer(200, list("5", &[ready("4")]));
    wait_ready(&fake).await.unwrap();
    assert_eq!(fake.requests().len(), 1);
    assert!(fake.requests()[0].path.contains("fieldSelector=metadata.name%3Dp"));
}

#[tokio::test(start_paused = true)]
async fn a_change_comes_by_the_watch_and_other_objects_do_not_count() {
    let fake = Fake::default();
    fake.answer(200, list("5", &[plan("4")]));
    let mut other = ready("6");
    other["metadata"]["name"] = json!("q");
    fake.watch(vec![event("MODIFIED", &other), event("MODIFIED", &ready("7"))], Ending::Open);
    wait_ready(&fake).await.unwrap();
    assert!(fake.requests()[1].path.contains("resourceVersion=5"), "{}", fake.requests()[1].path);
}

#[tokio::test(start_paused = true)]
async fn drops_both_forms_of_410_429_and_5xx_are_survived() {
    let fake = Fake::default();
    fake.answer(200, list("5", &[plan("4")]));
    fake.watch(vec![event("MODIFIED", &plan("6"))], Ending::Broken);
    fake.answer(200, list("6", &[plan("6")]));
    let gone = status(410, "Expired", "too old resource version");
    fake.watch(vec![event("ERROR", &gone)], Ending::Closed);
    fake.answer(200, list("8", &[plan("6")]));
    fake.answer(410, gone);
    fake.answer(500, status(500, "InternalError", "etcd"));
    fake.answer(429, status(429, "TooManyRequests", "later"));
    fake.reset();
    fake.answer(200, list("9", &[plan("6")]));
    fake.watch(
        vec![event(
            "BOOKMARK",
            &json!({"kind": "Plan", "apiVersion": "f/v1",
        "metadata": {"resourceVersion": "12"}}),
        )],
        Ending::Closed,
    );
    fake.watch(vec![event("MODIFIED", &ready("13"))], Ending::Open);
    wait_ready(&fake).await.unwrap();
    assert!(fake.is_spent());
    let last = fake.requests().pop().unwrap();
    assert!(last.path.contains("resourceVersion=12"), "{}", last.path);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_missed_while_disconnected_is_seen_by_the_next_list() {
    let fake = Fake::default();
    fake.answer(200, list("5", &[plan("4")]));
    fake.watch(vec![], Ending::Broken);
    fake.answer(200, list("9", &[]));
    fake.cluster().wait_gone(&target(), Some("u1"), &deadline()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_idle_wait_asks_only_when_a_watch_ended() {
    let fake = Fake::default();
    fake.answer(200, list("5", &[plan("4")]));
    fake.watch(vec![], Ending::Open);
    // Silent beyond its length: dead, so the state is read again.
    fake.answer(200, list("5", &[plan("4")]));
    fake.watch(vec![], Ending::Open);
    let error = wait_ready(&fake).await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(error.to_string(), "wait for Plan ns/p to be Ready: not within 9m; last seen: not Ready");
    assert_eq!(fake.requests().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn trouble_is_told_beside_the_last_state() {
    let fake = Fake::default();
    fake.answer(200, list("5", &[plan("4")]));
    (0..200).for_each(|_| fake.reset());
    let error = wait_ready(&fake).await.unwrap_err().to_string();
    assert!(error.contains("last seen: not Ready; since then: watch Plan ns/p: no answer from"), "{error}");
    assert!(error.ends_with("connection reset"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_or_kind_ends_the_wait_a_single_refusal_does_not() {
    let fake = Fake::default();
    fake.answer(403, status(403, "Forbidden", "cannot list plans"));
    fake.answer(200, list("5", &[ready("4")]));
    wait_ready(&fake).await.unwrap();

    let fake = Fake::default();
    (0..3).for_each(|_| fake.answer(403, status(403, "Forbidden", "cannot list plans")));
    let error = wait_ready(&fake).await.unwrap_err();
    assert!(error.to_string().contains("not allowed (cannot list plans)"), "{error}");

    let fake = Fake::default();
    (0..6).for_each(|_| fake.text(404, "404 page not found"));
    let error = wait_ready(&fake).await.unwrap_err();
    assert!(error.to_string().contains("does not serve this kind"), "{error}");
    // What has no kind is gone.
    fake.cluster().wait_gone(&target(), None, &deadline()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_the_wait() {
    let fake = Fake::default();
    fake.stall();
    let cancel = CancellationToken::new();
    cancel.cancel();
    let deadline = Deadline::after(Duration::from_secs(60), &cancel);
    let error = fake.cluster().wait_gone(&target(), None, &deadline).await.unwrap_err();
    assert!(error.is_cancelled());
}

#[test]
fn what_holds_an_object_is_named() {
    let held: DynamicObject = serde_json::from_value(json!({
        "metadata": {"name": "ns", "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["a/b"]},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"conditions": [
            {"type": "NamespaceContentRemaining", "status": "True", "message": "1 VM remains"},
            {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "fine"}]}
    }))
    .unwrap();
    assert_eq!(remaining(&held), "it is being deleted, held by finalizers: a/b, kubernetes; 1 VM remains");
}

#[tokio::test(start_paused = true)]
async fn a_list_is_followed_as_a_whole() {
    let pod =
        |name: &str, version: &str| json!({"metadata": {"name": name, "namespace": "ns", "resourceVersion": version}});
    let fake = Fake::default();
    fake.answer(200, list("5", &[pod("b", "1"), pod("a", "2")]));
    fake.watch(vec![event("ADDED", &pod("c", "6")), event("DELETED", &pod("a", "7"))], Ending::Broken);
    // What was missed meanwhile: b went.
    fake.answer(200, list("9", &[pod("c", "6")]));
    fake.watch(vec![event("DELETED", &pod("c", "10"))], Ending::Open);
    let listed = Listed { kind: Kind::POD, namespace: Some("ns"), label_selector: "plan=x" };
    let mut seen = Vec::new();
    let (cluster, deadline) = (fake.cluster(), deadline());
    let wait = cluster.wait_list("wait for the pods to be gone", listed, &deadline, |pods| {
        let names: Vec<_> = pods.iter().filter_map(|pod| pod.metadata.name.clone()).collect();
        seen.push(names.join(","));
        if pods.is_empty() { Seen::Met(()) } else { Seen::Pending(format!("still there: {}", names.join(", "))) }
    });
    wait.await.unwrap();
    assert_eq!(seen, ["a,b", "a,b,c", "b,c", "c", ""]);
    assert!(fake.requests().iter().all(|asked| asked.path.contains("labelSelector=plan%3Dx")));
}
