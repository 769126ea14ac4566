//! Changes of objects that several sessions share: each names the version that it was decided on, and tells when
//! somebody else was quicker instead of overwriting what they did.
//!
//! Nothing here is written to the ledger: the caller enters what it shares, and how it leaves, before it calls.

use super::client::{FIELD_MANAGER, typed};
use super::{Cluster, ClusterError, ObjectRef};
use kube::api::{DeleteParams, PostParams, Preconditions};
use kube::core::DynamicObject;
use serde_json::{Value, json};

impl Cluster {
    /// Makes the object, without a session's label since it belongs to all of them; `None` when it is there already.
    /// `body` is what it holds beside its type, name and namespace.
    ///
    /// # Errors
    /// See [`ClusterError`].
    pub async fn create_if_absent(
        &self,
        target: &ObjectRef,
        body: Value,
    ) -> Result<Option<DynamicObject>, ClusterError> {
        target.check()?;
        let object: DynamicObject = serde_json::from_value(target.named(body)?)
            .map_err(|_| ClusterError::BadBody { target: target.to_string() })?;
        let api = self.api(target.kind, target.namespace.as_deref());
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        // A repetition that meets its own first effect reads as "somebody was quicker", and the caller looks again.
        let made = self.steadily(&format!("create {target}"), || api.create(&params, &object)).await;
        match made {
            Ok(made) => Ok(Some(typed(made, target.kind))),
            Err(ClusterError::AlreadyExists { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Applies a merge patch to the version that was `seen`; `None` when the object changed or went since.
    ///
    /// # Errors
    /// See [`ClusterError`].
    pub async fn patch_if_unchanged(
        &self,
        target: &ObjectRef,
        seen: &DynamicObject,
        merge: Value,
    ) -> Result<Option<DynamicObject>, ClusterError> {
        let mut merge = merge;
        merge["metadata"]["resourceVersion"] = json!(seen.metadata.resource_version);
        merge["metadata"]["uid"] = json!(seen.metadata.uid);
        match self.patch(target, &merge).await {
            Ok(changed) => Ok(Some(changed)),
            Err(ClusterError::Conflict { .. } | ClusterError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes the version that was `seen`; false when the object changed since. An object that is gone counts as
    /// deleted.
    ///
    /// # Errors
    /// See [`ClusterError`].
    pub async fn delete_if_unchanged(&self, target: &ObjectRef, seen: &DynamicObject) -> Result<bool, ClusterError> {
        let params = DeleteParams {
            preconditions: Some(Preconditions {
                uid: seen.metadata.uid.clone(),
                resource_version: seen.metadata.resource_version.clone(),
            }),
            ..DeleteParams::background()
        };
        let api = self.api(target.kind, target.namespace.as_deref());
        match self.steadily(&format!("delete {target}"), || api.delete(&target.name, &params)).await {
            Ok(_) | Err(ClusterError::NotFound { .. }) => Ok(true),
            Err(ClusterError::Conflict { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Kind;
    use crate::cluster::testing::{Fake, not_found, status};

    fn lease() -> ObjectRef {
        ObjectRef::namespaced(Kind::LEASE, "ns", "l")
    }

    fn body() -> Value {
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": "l", "namespace": "ns", "uid": "u1", "resourceVersion": "7"}})
    }

    #[tokio::test(start_paused = true)]
    async fn each_change_names_the_version_it_was_decided_on() {
        let fake = Fake::default();
        fake.answer(201, body());
        fake.answer(200, body());
        fake.answer(200, status(200, "", ""));
        let cluster = fake.cluster();
        let made = cluster.create_if_absent(&lease(), json!({"spec": {}})).await.unwrap().unwrap();
        cluster.patch_if_unchanged(&lease(), &made, json!({"spec": {"a": 1}})).await.unwrap().unwrap();
        assert!(cluster.delete_if_unchanged(&lease(), &made).await.unwrap());
        let asked = fake.requests();
        assert_eq!(asked[0].body["metadata"], json!({"name": "l", "namespace": "ns"}));
        assert_eq!(asked[1].body["metadata"], json!({"resourceVersion": "7", "uid": "u1"}));
        assert_eq!(asked[2].body["preconditions"], json!({"resourceVersion": "7", "uid": "u1"}));
    }

    #[tokio::test(start_paused = true)]
    async fn who_was_quicker_is_not_overwritten() {
        let fake = Fake::default();
        fake.answer(409, status(409, "AlreadyExists", "leases \"l\" already exists"));
        fake.answer(409, status(409, "Conflict", "modified"));
        fake.answer(404, not_found("leases.coordination.k8s.io", "l"));
        fake.answer(409, status(409, "Conflict", "modified"));
        let cluster = fake.cluster();
        let seen: DynamicObject = serde_json::from_value(body()).unwrap();
        assert!(cluster.create_if_absent(&lease(), json!({})).await.unwrap().is_none());
        for _ in 0..2 {
            assert!(cluster.patch_if_unchanged(&lease(), &seen, json!({})).await.unwrap().is_none());
        }
        assert!(!cluster.delete_if_unchanged(&lease(), &seen).await.unwrap());
    }
}
