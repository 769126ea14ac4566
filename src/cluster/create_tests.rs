use super::*;
use crate::cluster::Kind;
use crate::cluster::testing::{Fake, ledger, not_found, plan, status};
use crate::undo::{State, Thing};
use serde_json::json;

fn creation(ledger: &Ledger) -> Creation<'_> {
    Creation {
        ledger,
        test: Some("cold/sanity"),
        target: ObjectRef::namespaced(Kind::PLAN, "ns", "p"),
        body: json!({"metadata": {"labels": {"extra": "1"}}, "spec": {"warm": false}}),
        undo: ObjectUndo::ArchiveThenDelete,
        needs: vec![],
        reuse_foreign: false,
    }
}

fn labelled(session: &str) -> Value {
    let mut plan = plan("3");
    plan["metadata"]["labels"] = json!({SESSION_LABEL: session});
    plan
}

fn state(ledger: &Ledger) -> (State, Option<String>) {
    let entry = ledger.entries().pop().unwrap();
    match entry.thing {
        Thing::Object { uid, .. } => (entry.state, uid),
        _ => unreachable!(),
    }
}

#[tokio::test]
async fn a_creation_is_labelled_and_entered_with_its_uid() {
    let (_folder, ledger) = ledger();
    let fake = Fake::default();
    fake.answer(201, labelled("auto-ab12"));
    let created = fake.cluster().create(creation(&ledger)).await.unwrap();
    assert!(!created.reused);
    assert_eq!(state(&ledger), (State::Made, Some("u1".into())));
    let asked = &fake.requests()[0];
    assert_eq!(asked.path, "/apis/forklift.konveyor.io/v1beta1/namespaces/ns/plans?&fieldManager=mtvtest");
    assert_eq!(
        asked.body,
        json!({"apiVersion": "forklift.konveyor.io/v1beta1", "kind": "Plan",
            "metadata": {"name": "p", "namespace": "ns", "labels": {"extra": "1", SESSION_LABEL: "auto-ab12"}},
            "spec": {"warm": false}})
    );
}

#[tokio::test(start_paused = true)]
async fn a_retried_post_that_meets_its_own_object_adopts_it() {
    let (_folder, ledger) = ledger();
    let fake = Fake::default();
    fake.answer(503, status(503, "ServiceUnavailable", "rolling"));
    fake.answer(409, status(409, "AlreadyExists", "plans \"p\" already exists"));
    fake.answer(200, labelled("auto-ab12"));
    let created = fake.cluster().create(creation(&ledger)).await.unwrap();
    assert!(!created.reused);
    assert_eq!(state(&ledger), (State::Made, Some("u1".into())));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_over_the_quota_is_tried_again() {
    let (_folder, ledger) = ledger();
    let fake = Fake::default();
    fake.answer(409, status(409, "Conflict", "Operation cannot be fulfilled on resourcequotas \"q\""));
    fake.answer(404, not_found("plans", "p"));
    fake.answer(201, labelled("auto-ab12"));
    fake.cluster().create(creation(&ledger)).await.unwrap();
    assert_eq!(state(&ledger), (State::Made, Some("u1".into())));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_survived_whether_or_not_the_post_took_effect() {
    for took_effect in [true, false] {
        let (_folder, ledger) = ledger();
        let fake = Fake::default();
        fake.reset();
        if took_effect {
            fake.answer(200, labelled("auto-ab12"));
        } else {
            fake.answer(404, not_found("plans", "p"));
            fake.answer(201, labelled("auto-ab12"));
        }
        fake.cluster().create(creation(&ledger)).await.unwrap();
        assert_eq!(state(&ledger), (State::Made, Some("u1".into())));
        assert!(fake.is_spent());
    }
}

#[tokio::test(start_paused = true)]
async fn a_foreign_object_is_an_error_or_used_but_never_entered_for_deletion() {
    for reuse in [false, true] {
        let (_folder, ledger) = ledger();
        let fake = Fake::default();
        fake.answer(409, status(409, "AlreadyExists", "exists"));
        fake.answer(200, labelled("auto-zz99"));
        let answer = fake.cluster().create(Creation { reuse_foreign: reuse, ..creation(&ledger) }).await;
        assert_eq!(state(&ledger), (State::Undone, None));
        if reuse {
            assert!(answer.unwrap().reused);
        } else {
            assert_eq!(
                answer.unwrap_err().to_string(),
                "create Plan ns/p: one exists that this session did not make (label mtvtest.io/session: auto-zz99); \
                 it is left alone: delete it or choose another name"
            );
        }
    }
}

#[tokio::test]
async fn refusals_leave_nothing_to_undo() {
    let (_folder, ledger) = ledger();
    let fake = Fake::default();
    let mut terminating = status(403, "Forbidden", "is forbidden: unable to create new content");
    terminating["details"] = json!({"name": "p", "kind": "plans", "causes": [{"reason": "NamespaceTerminating"}]});
    fake.answer(403, terminating);
    fake.answer(422, status(422, "Invalid", "spec.map: Required value"));
    let cluster = fake.cluster();
    let error = cluster.create(creation(&ledger)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "create Plan ns/p: namespace ns is being deleted; wait until it is gone, or choose another name"
    );
    let error = cluster.create(creation(&ledger)).await.unwrap_err();
    assert_eq!(error.to_string(), "create Plan ns/p: refused with 422: spec.map: Required value");
    assert!(ledger.open_entries().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_fate_stays_intended() {
    let (_folder, ledger) = ledger();
    let fake = Fake::default();
    (0..17).for_each(|_| fake.reset());
    let error = fake.cluster().create(creation(&ledger)).await.unwrap_err();
    assert!(error.is_transient());
    assert!(fake.is_spent());
    assert_eq!(state(&ledger), (State::Intended, None));
}

#[tokio::test]
async fn bad_names_and_bodies_are_refused_before_anything_is_written() {
    let (_folder, ledger) = ledger();
    let cluster = Fake::default().cluster();
    let target = ObjectRef::namespaced(Kind::PLAN, "ns", "Bad");
    let error = cluster.create(Creation { target, ..creation(&ledger) }).await.unwrap_err();
    assert!(matches!(error, ClusterError::BadName { .. }));
    let error = cluster.create(Creation { body: json!([]), ..creation(&ledger) }).await.unwrap_err();
    assert!(matches!(error, ClusterError::BadBody { .. }));
    assert!(ledger.entries().is_empty());
}
