//! Deletion that cannot hit what is somebody else's.

use super::{Cluster, ClusterError, ObjectRef};
use crate::facts::{SESSION_LABEL, SessionId, chain};
use crate::wait::{Deadline, Seen, poll};
use kube::api::{DeleteParams, Preconditions};
use kube::core::DynamicObject;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Longest pause between attempts while the API server is in trouble.
const INTERVAL: Duration = Duration::from_secs(5);

/// What an object must show to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// The label of this session.
    Session(SessionId),
    /// This UID; another object of the same name means that ours is gone.
    Uid(String),
    /// A label with this value (the product's own, such as the plan's UID).
    Label(String, String),
}

/// How a deletion ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    /// It was there and is gone now.
    Deleted,
    /// It was gone before.
    AlreadyGone,
    /// It is not what the guard admits and was left alone; the text says why.
    NotOurs(String),
}

enum Step {
    Over(Deletion),
    /// The deletion is accepted for this UID.
    Going(Option<String>),
}

impl Cluster {
    /// Deletes the object if `guard` admits it, dependents in the background, and waits until it is gone. May be
    /// repeated at will. The request names the UID that was looked at, so a new object of that name survives.
    ///
    /// # Errors
    /// See [`ClusterError`]; the text of a timeout names the finalizers that hold the object.
    pub async fn delete(
        &self,
        target: &ObjectRef,
        guard: &Guard,
        deadline: &Deadline,
    ) -> Result<Deletion, ClusterError> {
        let what = format!("delete {target}");
        let asked = AtomicBool::new(false);
        let step = poll(&what, deadline, INTERVAL, async || match self.ask_to_go(target, guard, &asked).await {
            Ok(step) => Seen::Met(Ok(step)),
            Err(error) if error.is_transient() || error.is_conflict() => Seen::Pending(chain(&error)),
            Err(error) => Seen::Met(Err(error)),
        });
        match step.await?? {
            // An answer was lost, but the deletion took effect.
            Step::Over(Deletion::AlreadyGone) if asked.load(Ordering::Relaxed) => Ok(Deletion::Deleted),
            Step::Over(deletion) => Ok(deletion),
            Step::Going(uid) => {
                self.wait_gone(target, uid.as_deref(), deadline).await?;
                Ok(Deletion::Deleted)
            }
        }
    }

    async fn ask_to_go(&self, target: &ObjectRef, guard: &Guard, asked: &AtomicBool) -> Result<Step, ClusterError> {
        let found = match self.get(target).await {
            Ok(Some(found)) => found,
            Ok(None) | Err(ClusterError::KindMissing { .. }) => return Ok(Step::Over(Deletion::AlreadyGone)),
            Err(error) => return Err(error),
        };
        if let Some(other) = refusal(&found, guard) {
            return Ok(Step::Over(other));
        }
        let uid = found.metadata.uid;
        if found.metadata.deletion_timestamp.is_some() {
            return Ok(Step::Going(uid));
        }
        let params = DeleteParams {
            preconditions: Some(Preconditions { uid: uid.clone(), resource_version: None }),
            ..DeleteParams::background()
        };
        let api = self.api(target.kind, target.namespace.as_deref());
        asked.store(true, Ordering::Relaxed);
        match api.delete(&target.name, &params).await.map_err(|error| self.classify(&format!("delete {target}"), error))
        {
            Ok(_) | Err(ClusterError::NotFound { .. }) => Ok(Step::Going(uid)),
            Err(error) => Err(error),
        }
    }
}

/// Why the guard does not admit the object.
fn refusal(found: &DynamicObject, guard: &Guard) -> Option<Deletion> {
    let (key, wanted) = match guard {
        Guard::Uid(uid) => {
            return (found.metadata.uid.as_ref() != Some(uid)).then_some(Deletion::AlreadyGone);
        }
        Guard::Session(session) => (SESSION_LABEL, session.as_str()),
        Guard::Label(key, value) => (key.as_str(), value.as_str()),
    };
    match found.metadata.labels.as_ref().and_then(|labels| labels.get(key)) {
        Some(value) if value == wanted => None,
        Some(value) => Some(Deletion::NotOurs(format!("its label {key} is {value}, not {wanted}"))),
        None => Some(Deletion::NotOurs(format!("it has no label {key}, which should be {wanted}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Kind;
    use crate::cluster::testing::{Ending, Fake, list, not_found, plan, session, status};
    use serde_json::{Value, json};
    use tokio_util::sync::CancellationToken;

    fn target() -> ObjectRef {
        ObjectRef::namespaced(Kind::PLAN, "ns", "p")
    }

    fn ours(uid: &str) -> Value {
        let mut plan = plan("3");
        plan["metadata"]["uid"] = json!(uid);
        plan["metadata"]["labels"] = json!({SESSION_LABEL: "auto-ab12", "plan": "x"});
        plan
    }

    async fn delete(fake: &Fake, guard: &Guard) -> Result<Deletion, ClusterError> {
        let deadline = Deadline::after(Duration::from_secs(60), &CancellationToken::new());
        fake.cluster().delete(&target(), guard, &deadline).await
    }

    #[tokio::test(start_paused = true)]
    async fn ours_is_deleted_by_uid_and_waited_for() {
        let fake = Fake::default();
        fake.answer(200, ours("u1"));
        fake.answer(200, ours("u1"));
        fake.answer(200, list("4", &[ours("u1")]));
        fake.watch(vec![json!({"type": "DELETED", "object": ours("u1")})], Ending::Open);
        assert_eq!(delete(&fake, &Guard::Session(session())).await.unwrap(), Deletion::Deleted);
        let asked = &fake.requests()[1];
        assert_eq!(asked.method, "DELETE");
        assert_eq!(asked.body["propagationPolicy"], "Background");
        assert_eq!(asked.body["preconditions"], json!({"uid": "u1"}));
    }

    #[tokio::test(start_paused = true)]
    async fn the_guards_keep_what_is_not_ours() {
        let foreign = Guard::Session(SessionId::try_from("auto-zz99".to_owned()).unwrap());
        for (guard, expected) in [
            (foreign, Deletion::NotOurs("its label mtvtest.io/session is auto-ab12, not auto-zz99".into())),
            (Guard::Uid("u2".into()), Deletion::AlreadyGone),
            (Guard::Label("vm".into(), "1".into()), Deletion::NotOurs("it has no label vm, which should be 1".into())),
        ] {
            let fake = Fake::default();
            fake.answer(200, ours("u1"));
            assert_eq!(delete(&fake, &guard).await.unwrap(), expected);
            assert_eq!(fake.requests().len(), 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn deleting_again_is_no_error() {
        let fake = Fake::default();
        fake.answer(404, not_found("plans", "p"));
        fake.text(404, "404 page not found");
        for _ in 0..2 {
            assert_eq!(delete(&fake, &Guard::Uid("u1".into())).await.unwrap(), Deletion::AlreadyGone);
        }
        // Gone between the look and the call.
        let fake = Fake::default();
        fake.answer(200, ours("u1"));
        fake.answer(404, not_found("plans", "p"));
        fake.answer(200, list("4", &[]));
        assert_eq!(delete(&fake, &Guard::Uid("u1".into())).await.unwrap(), Deletion::Deleted);
    }

    #[tokio::test(start_paused = true)]
    async fn a_deletion_whose_answer_was_lost_counts() {
        let fake = Fake::default();
        fake.answer(200, ours("u1"));
        fake.reset();
        fake.answer(404, not_found("plans", "p"));
        assert_eq!(delete(&fake, &Guard::Session(session())).await.unwrap(), Deletion::Deleted);
    }

    #[tokio::test(start_paused = true)]
    async fn a_replaced_object_is_judged_anew() {
        let fake = Fake::default();
        fake.answer(200, ours("u1"));
        fake.answer(409, status(409, "Conflict", "the UID in the precondition does not match"));
        fake.answer(200, plan("9"));
        assert!(matches!(delete(&fake, &Guard::Session(session())).await.unwrap(), Deletion::NotOurs(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_going_already_is_only_waited_for_and_its_holders_are_named() {
        let fake = Fake::default();
        let mut going = ours("u1");
        going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        going["metadata"]["finalizers"] = json!(["forklift/ova-provider"]);
        fake.reset();
        fake.answer(200, going.clone());
        fake.answer(200, list("4", &[going]));
        fake.watch(vec![], Ending::Open);
        let error = delete(&fake, &Guard::Label("plan".into(), "x".into())).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "wait for Plan ns/p to be gone: not within 1m; last seen: it is being deleted, held by finalizers: \
             forklift/ova-provider"
        );
        assert!(fake.calls().iter().all(|call| !call.starts_with("DELETE")));
    }
}
