//! Waiting until the product has taken up a changed ForkliftController: the operator's run, then the rollout.
//!
//! `Running` is True at rest, too; only its reason tells a run (forklift-api.md section 10).

use super::values::Values;
use crate::cluster::{Cluster, ClusterError, Condition, Kind, ObjectRef, condition};
use crate::wait::{Deadline, Seen};
use kube::api::DynamicObject;
use serde_json::{Value, json};

/// Name of the one ForkliftController and of the Deployment that its settings reach.
const CONTROLLER: &str = "forklift-controller";

/// The operator of the product in one namespace.
#[derive(Clone, Copy)]
pub(super) struct Operator<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) namespace: &'a str,
}

/// How the operator looked before a change, so that its next run is told from its last.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Before {
    status: Value,
}

impl Operator<'_> {
    /// The ForkliftController, if there is one.
    pub(super) async fn controller(&self) -> Result<Option<DynamicObject>, ClusterError> {
        self.cluster.get(&self.target()).await
    }

    /// Writes parameters; null removes one. Returns the spec as it is then.
    pub(super) async fn write(&self, values: &Values) -> Result<Value, ClusterError> {
        let changed = self.cluster.patch(&self.target(), &json!({ "spec": values })).await?;
        Ok(changed.data["spec"].clone())
    }

    /// Waits until no run goes on.
    pub(super) async fn rests(&self, deadline: &Deadline) -> Result<Before, ClusterError> {
        let target = self.target();
        let what = format!("wait for the operator to be done with {target}");
        self.cluster.wait(&what, &target, deadline, at_rest).await
    }

    /// Waits for a run that began after `before` to succeed, then for the rollout.
    pub(super) async fn has_run(&self, before: &Before, deadline: &Deadline) -> Result<(), ClusterError> {
        let target = self.target();
        let mut ran = false;
        let judge = |object: Option<&DynamicObject>| {
            // A run may be over before the first look; it leaves times or a generation in the status.
            ran |= object.is_some_and(|found| found.data["status"] != before.status);
            if ran { without_value(at_rest(object)) } else { Seen::Pending("the operator has not begun".to_owned()) }
        };
        let what = format!("wait for the operator to take up {target}");
        self.cluster.wait(&what, &target, deadline, judge).await?;
        self.is_rolled_out(deadline).await
    }

    /// Waits for the rollout of the controller's Deployment.
    pub(super) async fn is_rolled_out(&self, deadline: &Deadline) -> Result<(), ClusterError> {
        let deployment = ObjectRef::namespaced(Kind::DEPLOYMENT, self.namespace, CONTROLLER);
        let what = format!("wait for {deployment} to be rolled out");
        self.cluster.wait(&what, &deployment, deadline, rolled_out).await
    }

    fn target(&self) -> ObjectRef {
        ObjectRef::namespaced(Kind::FORKLIFT_CONTROLLER, self.namespace, CONTROLLER)
    }
}

fn without_value(seen: Seen<Before>) -> Seen<()> {
    match seen {
        Seen::Met(_) => Seen::Met(()),
        Seen::Pending(words) => Seen::Pending(words),
        Seen::Hopeless(why) => Seen::Hopeless(why),
    }
}

/// Whether the last run succeeded and none goes on. A failed one is repeated by the operator, so it may yet.
fn at_rest(object: Option<&DynamicObject>) -> Seen<Before> {
    let Some(object) = object else { return Seen::Hopeless("there is no ForkliftController".to_owned()) };
    let running = condition(object, "Running").unwrap_or_default();
    let succeeded = condition(object, "Successful").is_some_and(|found| found.is_true());
    if running.is_true() && running.reason == "Successful" && succeeded {
        return Seen::Met(Before { status: object.data["status"].clone() });
    }
    let failure = condition(object, "Failure").filter(Condition::is_true);
    let why = failure.map(|found| format!("; its last run failed: {}", found.message)).unwrap_or_default();
    Seen::Pending(format!("Running is {} with reason {:?}{why}", running.status, running.reason))
}

/// Whether every replica is of the newest template and available.
fn rolled_out(object: Option<&DynamicObject>) -> Seen<()> {
    let Some(object) = object else { return Seen::Pending("it is not there".to_owned()) };
    let status = &object.data["status"];
    if status["observedGeneration"].as_i64() < object.metadata.generation {
        return Seen::Pending("its status is older than its spec".to_owned());
    }
    let wanted = object.data["spec"]["replicas"].as_u64().unwrap_or(1);
    let count = |field: &str| status[field].as_u64().unwrap_or(0);
    let counts = [count("replicas"), count("updatedReplicas"), count("availableReplicas")];
    if counts == [wanted; 3] {
        return Seen::Met(());
    }
    let [all, updated, available] = counts;
    Seen::Pending(format!("{updated} of {wanted} replicas updated, {available} available, {all} in all"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn controller(conditions: Value) -> DynamicObject {
        serde_json::from_value(json!({ "apiVersion": "forklift.konveyor.io/v1beta1", "kind": "ForkliftController",
            "metadata": { "name": CONTROLLER }, "status": { "conditions": conditions } }))
        .unwrap()
    }

    fn one(kind: &str, status: &str, reason: &str) -> Value {
        json!({ "type": kind, "status": status, "reason": reason, "message": "boom" })
    }

    #[test]
    fn rest_is_running_with_reason_successful() {
        let seen = |conditions: Value| at_rest(Some(&controller(conditions)));
        let idle = json!([one("Running", "True", "Successful"), one("Successful", "True", "Successful")]);
        assert!(matches!(seen(idle), Seen::Met(_)));
        let busy = json!([one("Running", "True", "Running"), one("Successful", "False", "")]);
        assert!(matches!(seen(busy), Seen::Pending(_)));
        let failed = json!([one("Running", "False", ""), one("Failure", "True", "Failed")]);
        let Seen::Pending(words) = seen(failed) else { panic!() };
        assert!(words.ends_with("its last run failed: boom"), "{words}");
        assert!(matches!(at_rest(None), Seen::Hopeless(_)));
    }

    #[test]
    fn a_rollout_needs_every_replica_new_and_available() {
        let seen = |generation: i64, status: Value| {
            let object = serde_json::from_value(json!({ "apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": { "name": CONTROLLER, "generation": generation }, "spec": { "replicas": 1 }, "status": status }));
            rolled_out(Some(&object.unwrap()))
        };
        let whole = json!({ "observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1 });
        assert_eq!(seen(2, whole.clone()), Seen::Met(()));
        assert!(matches!(seen(3, whole), Seen::Pending(_)));
        let old = json!({ "observedGeneration": 2, "replicas": 2, "updatedReplicas": 1, "availableReplicas": 1 });
        assert_eq!(seen(2, old), Seen::Pending("1 of 1 replicas updated, 1 available, 2 in all".into()));
    }
}
