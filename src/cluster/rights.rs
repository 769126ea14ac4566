//! Who one is on the cluster, and what one may do there.

use super::{Cluster, ClusterError, Kind, tolerant};
use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::json;
use std::fmt;

/// Questions asked at one time.
const PARALLEL: usize = 8;

/// A right that the program needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Right<'a> {
    /// Verb (`create`).
    pub verb: &'a str,
    /// API group, empty for the core group.
    pub group: &'a str,
    /// Plural of the resource, with its sub-resource after a slash (`virtualmachineinstances/portforward`).
    pub resource: &'a str,
    /// Namespace; `None` means all, or a cluster-scoped resource.
    pub namespace: Option<&'a str>,
}

impl Right<'static> {
    /// The right to `verb` objects of `kind` everywhere.
    pub fn to(verb: &'static str, kind: Kind) -> Self {
        Self { verb, group: kind.group(), resource: kind.plural, namespace: None }
    }
}

impl<'a> Right<'a> {
    /// The same right, in one namespace only.
    #[must_use]
    pub fn within(self, namespace: &'a str) -> Self {
        Self { namespace: Some(namespace), ..self }
    }
}

impl fmt::Display for Right<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.verb, self.resource)?;
        if !self.group.is_empty() {
            write!(out, ".{}", self.group)?;
        }
        match self.namespace {
            Some(namespace) => write!(out, " in {namespace}"),
            None => Ok(()),
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Access {
    status: AccessStatus,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct AccessStatus {
    allowed: bool,
}

/// The rights among `wanted` that one does not have, in the order asked.
///
/// # Errors
/// See [`ClusterError`].
pub async fn missing_rights<'a>(cluster: &Cluster, wanted: &[Right<'a>]) -> Result<Vec<Right<'a>>, ClusterError> {
    let answers: Vec<Option<Right<'a>>> = stream::iter(wanted.iter().copied())
        .map(|right| async move { Ok::<_, ClusterError>((!may(cluster, right).await?).then_some(right)) })
        .buffered(PARALLEL)
        .try_collect()
        .await?;
    Ok(answers.into_iter().flatten().collect())
}

async fn may(cluster: &Cluster, right: Right<'_>) -> Result<bool, ClusterError> {
    let operation = format!("ask for the right to {right}");
    let (resource, subresource) = right.resource.split_once('/').unwrap_or((right.resource, ""));
    let spec = json!({"resourceAttributes": {
        "verb": right.verb,
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "namespace": right.namespace.unwrap_or_default(),
    }});
    let answer = cluster.review(&operation, Kind::ACCESS_REVIEW, &spec).await?;
    Ok(tolerant::read::<Access>(&operation, &answer)?.status.allowed)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Identity {
    status: IdentityStatus,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct IdentityStatus {
    user_info: UserInfo,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct UserInfo {
    username: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User {
    metadata: UserMeta,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct UserMeta {
    name: String,
}

/// The user's name: from a SelfSubjectReview, or where that is not served from OpenShift's `users/~`.
///
/// # Errors
/// See [`ClusterError`]; refused credentials are [`ClusterError::Unauthorized`].
pub async fn whoami(cluster: &Cluster) -> Result<String, ClusterError> {
    let operation = "ask who is logged in";
    match cluster.review(operation, Kind::IDENTITY_REVIEW, &json!({})).await {
        Ok(answer) => Ok(tolerant::read::<Identity>(operation, &answer)?.status.user_info.username),
        Err(ClusterError::KindMissing { .. } | ClusterError::Forbidden { .. } | ClusterError::NotFound { .. }) => {
            let user: User = cluster.get_path(operation, "/apis/user.openshift.io/v1/users/~").await?;
            Ok(user.metadata.name)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::testing::{Fake, status};

    #[tokio::test]
    async fn missing_rights_are_listed_in_order() {
        let fake = Fake::default();
        for allowed in [true, false] {
            let mut answer = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                "metadata": {}, "spec": {}, "status": {"allowed": allowed}});
            if !allowed {
                answer["status"] = json!({"reason": null});
            }
            fake.answer(201, answer);
        }
        let forward = Right {
            verb: "get",
            group: "subresources.kubevirt.io",
            resource: "virtualmachineinstances/portforward",
            namespace: Some("ns"),
        };
        let missing = missing_rights(&fake.cluster(), &[Right::to("create", Kind::PLAN), forward]).await.unwrap();
        assert_eq!(missing, [forward]);
        assert_eq!(missing[0].to_string(), "get virtualmachineinstances/portforward.subresources.kubevirt.io in ns");
        let asked = &fake.requests()[1].body["spec"]["resourceAttributes"];
        assert_eq!(asked["resource"], "virtualmachineinstances");
        assert_eq!(asked["subresource"], "portforward");
    }

    #[tokio::test]
    async fn the_user_is_found_by_either_way() {
        let fake = Fake::default();
        fake.answer(
            201,
            json!({"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1",
            "metadata": {}, "status": {"userInfo": {"username": "kube:admin", "groups": null}}}),
        );
        assert_eq!(whoami(&fake.cluster()).await.unwrap(), "kube:admin");
        let fake = Fake::default();
        fake.text(404, "404 page not found");
        fake.answer(200, json!({"kind": "User", "metadata": {"name": "ann"}}));
        assert_eq!(whoami(&fake.cluster()).await.unwrap(), "ann");
        assert_eq!(fake.calls()[1], "GET /apis/user.openshift.io/v1/users/~");
        let fake = Fake::default();
        fake.answer(401, status(401, "Unauthorized", "Unauthorized"));
        assert!(whoami(&fake.cluster()).await.unwrap_err().is_unauthorized());
    }
}
