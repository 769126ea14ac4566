//! Versions of Kubernetes, OpenShift and MTV.

use crate::cluster::{Cluster, ClusterError, Kind, ObjectRef, tolerant};
use crate::facts::parse_version;
use semver::Version;
use serde::Deserialize;

/// Names of the operator: the product's, and upstream's.
const OPERATORS: [&str; 2] = ["mtv-operator", "forklift-operator"];

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ServerInfo {
    git_version: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ClusterVersion {
    status: ClusterVersionStatus,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ClusterVersionStatus {
    desired: Release,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Release {
    version: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Subscription {
    spec: SubscriptionSpec,
    status: SubscriptionStatus,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SubscriptionSpec {
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SubscriptionStatus {
    #[serde(rename = "installedCSV")]
    installed: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct OperatorVersion {
    spec: Release,
    status: Phase,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Phase {
    phase: String,
}

/// The version of the API server (`v1.33.1`), verbatim. Needs no rights, so it also proves that the cluster answers.
///
/// # Errors
/// See [`ClusterError`].
pub async fn server_version(cluster: &Cluster) -> Result<String, ClusterError> {
    Ok(cluster.get_path::<ServerInfo>("ask the API server's version", "/version").await?.git_version)
}

/// The version of OpenShift that the cluster runs or upgrades to; `None` on plain Kubernetes.
///
/// # Errors
/// See [`ClusterError`].
pub async fn openshift_version(cluster: &Cluster) -> Result<Option<Version>, ClusterError> {
    let target = ObjectRef::global(Kind::CLUSTER_VERSION, "version");
    let found = match cluster.get(&target).await {
        Err(ClusterError::KindMissing { .. }) => None,
        answer => answer?,
    };
    let Some(object) = found else { return Ok(None) };
    let read: ClusterVersion = tolerant::read(&format!("read {target}"), &object)?;
    Ok(parse_version(&read.status.desired.version).ok())
}

/// The version of the installed MTV (or upstream Forklift) operator: of the ClusterServiceVersion that the operator's
/// Subscription names, else the newest that is installed; `None` when none is found, as where no operator manager runs.
///
/// # Errors
/// See [`ClusterError`].
pub async fn mtv_version(cluster: &Cluster, mtv_namespace: &str) -> Result<Option<Version>, ClusterError> {
    let operation = format!("find the MTV operator in {mtv_namespace}");
    let subscriptions = match list_if_served(cluster, Kind::SUBSCRIPTION, mtv_namespace).await {
        // Fewer users may see Subscriptions than may see what they installed.
        Err(ClusterError::Forbidden { .. }) => Vec::new(),
        answer => answer?,
    };
    for object in subscriptions {
        let subscription: Subscription = tolerant::read(&operation, &object)?;
        let csv = subscription.status.installed;
        if !OPERATORS.contains(&subscription.spec.name.as_str()) || csv.is_empty() {
            continue;
        }
        let target = ObjectRef::namespaced(Kind::CSV, mtv_namespace, csv);
        if let Some(object) = cluster.get(&target).await? {
            let read: OperatorVersion = tolerant::read(&operation, &object)?;
            return Ok(version_of(&read, &target.name));
        }
    }
    let mut newest = None;
    for object in list_if_served(cluster, Kind::CSV, mtv_namespace).await? {
        let name = object.metadata.name.clone().unwrap_or_default();
        let operator = name.split_once('.').map_or("", |(operator, _)| operator);
        let read: OperatorVersion = tolerant::read(&operation, &object)?;
        let leaves = matches!(read.status.phase.as_str(), "Replacing" | "Deleting");
        if OPERATORS.contains(&operator) && !leaves {
            newest = newest.max(version_of(&read, &name));
        }
    }
    Ok(newest)
}

/// `spec.version`, else what follows the operator's name (`mtv-operator.v2.11.3`).
fn version_of(read: &OperatorVersion, name: &str) -> Option<Version> {
    let tail = name.split_once('.').map_or("", |(_, tail)| tail);
    parse_version(&read.spec.version).or_else(|_| parse_version(tail)).ok()
}

async fn list_if_served(
    cluster: &Cluster,
    kind: Kind,
    namespace: &str,
) -> Result<Vec<kube::core::DynamicObject>, ClusterError> {
    match cluster.list(kind, Some(namespace), "").await {
        Err(ClusterError::KindMissing { .. }) => Ok(Vec::new()),
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::testing::{Fake, list, status};
    use serde_json::json;

    #[tokio::test]
    async fn openshift_has_a_version_plain_kubernetes_has_not() {
        let fake = Fake::default();
        fake.answer(200, json!({"metadata": {"name": "version"}, "status": {"desired": {"version": "4.20.1"}}}));
        fake.text(404, "404 page not found");
        fake.answer(200, json!({"gitVersion": "v1.33.1", "major": "1"}));
        let cluster = fake.cluster();
        assert_eq!(openshift_version(&cluster).await.unwrap(), Some(Version::new(4, 20, 1)));
        assert_eq!(openshift_version(&cluster).await.unwrap(), None);
        assert_eq!(server_version(&cluster).await.unwrap(), "v1.33.1");
    }

    #[tokio::test]
    async fn mtv_is_found_by_subscription_or_by_list_or_not_at_all() {
        let subscription = json!({"metadata": {"name": "mtv"}, "spec": {"name": "mtv-operator"},
            "status": {"installedCSV": "mtv-operator.v2.11.3"}});
        let csv = |name: &str, version: &str, phase: &str| json!({"metadata": {"name": name}, "spec": {"version": version}, "status": {"phase": phase}});
        let fake = Fake::default();
        fake.answer(200, list("1", &[subscription]));
        fake.answer(200, csv("mtv-operator.v2.11.3", "2.11.3", "Succeeded"));
        let found = mtv_version(&fake.cluster(), "openshift-mtv").await.unwrap();
        assert_eq!(found, Some(Version::new(2, 11, 3)));

        let fake = Fake::default();
        fake.answer(403, status(403, "Forbidden", "cannot list subscriptions"));
        fake.answer(
            200,
            list(
                "1",
                &[
                    csv("mtv-operator.v2.12.0", "2.12.0", "Replacing"),
                    csv("mtv-operator.v2.9.0", "", "Succeeded"),
                    csv("mtv-operator.v2.10.1", "2.10.1", "Succeeded"),
                    csv("kubevirt-hyperconverged.v4.20.0", "4.20.0", "Succeeded"),
                ],
            ),
        );
        let found = mtv_version(&fake.cluster(), "openshift-mtv").await.unwrap();
        assert_eq!(found, Some(Version::new(2, 10, 1)));

        let fake = Fake::default();
        fake.text(404, "404 page not found");
        fake.text(404, "404 page not found");
        assert_eq!(mtv_version(&fake.cluster(), "konveyor-forklift").await.unwrap(), None);
    }
}
