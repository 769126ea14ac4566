//! The state of MTV on the cluster: is it installed, do its pods run, where is its inventory.

use crate::cluster::{Cluster, ClusterError, Kind, ObjectRef, tolerant};
use serde::Deserialize;

/// A pod and whether it does its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodState {
    /// Its name.
    pub name: String,
    /// Whether it runs with all containers ready, or has finished well.
    pub ready: bool,
    /// Why not; empty when ready.
    pub reason: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Pod {
    status: PodStatus,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct PodStatus {
    phase: String,
    reason: String,
    message: String,
    container_statuses: Vec<ContainerStatus>,
    init_container_statuses: Vec<ContainerStatus>,
    conditions: Vec<PodCondition>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PodCondition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    message: String,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ContainerStatus {
    name: String,
    ready: bool,
    restart_count: u32,
    state: ContainerState,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ContainerState {
    waiting: Because,
    terminated: Because,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Because {
    reason: String,
    exit_code: i32,
}

/// Whether the cluster serves Forklift's kinds.
///
/// # Errors
/// See [`ClusterError`].
pub async fn forklift_installed(cluster: &Cluster) -> Result<bool, ClusterError> {
    cluster.serves(Kind::PLAN).await
}

/// The product's pods, whose names begin with `forklift-`, by name. Source: original-suite.md section 1.9.
///
/// # Errors
/// See [`ClusterError`].
pub async fn forklift_pods(cluster: &Cluster, mtv_namespace: &str) -> Result<Vec<PodState>, ClusterError> {
    let operation = format!("read the pods of {mtv_namespace}");
    let mut states = Vec::new();
    for object in cluster.list(Kind::POD, Some(mtv_namespace), "").await? {
        let name = object.metadata.name.clone().unwrap_or_default();
        if name.starts_with("forklift-") {
            let pod: Pod = tolerant::read(&operation, &object)?;
            let reason = trouble(&pod.status);
            states.push(PodState { name, ready: reason.is_none(), reason: reason.unwrap_or_default() });
        }
    }
    states.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(states)
}

fn trouble(status: &PodStatus) -> Option<String> {
    if status.phase == "Succeeded" {
        return None;
    }
    let containers = || status.init_container_statuses.iter().chain(&status.container_statuses);
    for container in containers().filter(|container| !container.ready) {
        let (waiting, ended) = (&container.state.waiting, &container.state.terminated);
        let said = match (waiting.reason.as_str(), ended.reason.as_str()) {
            ("", "" | "Completed") => continue,
            ("", why) => format!("{why}, exit code {}", ended.exit_code),
            (why, _) => why.to_owned(),
        };
        return Some(format!("container {}: {said} ({} restarts)", container.name, container.restart_count));
    }
    let scheduled = status.conditions.iter().find(|condition| condition.kind == "PodScheduled");
    if let Some(condition) = scheduled.filter(|condition| condition.status == "False") {
        return Some(format!("not scheduled: {}", condition.message));
    }
    if status.phase != "Running" {
        let words = [status.phase.as_str(), &status.reason, &status.message];
        let said: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        return Some(if said.is_empty() { "no status yet".to_owned() } else { said.join(": ") });
    }
    let unready: Vec<&str> = status
        .container_statuses
        .iter()
        .filter(|container| !container.ready)
        .map(|container| container.name.as_str())
        .collect();
    (!unready.is_empty()).then(|| format!("not ready: {}", unready.join(", ")))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Route {
    spec: RouteSpec,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RouteSpec {
    host: String,
}

/// The host name of an OpenShift Route; `None` when there is none, or no Routes at all.
///
/// # Errors
/// See [`ClusterError`].
pub async fn route_host(cluster: &Cluster, namespace: &str, name: &str) -> Result<Option<String>, ClusterError> {
    let target = ObjectRef::namespaced(Kind::ROUTE, namespace, name);
    let found = match cluster.get(&target).await {
        Err(ClusterError::KindMissing { .. }) => None,
        answer => answer?,
    };
    let Some(route) = found else { return Ok(None) };
    let host = tolerant::read::<Route>(&format!("read {target}"), &route)?.spec.host;
    Ok((!host.is_empty()).then_some(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::testing::{Fake, list, not_found};
    use serde_json::json;

    #[tokio::test]
    async fn pods_tell_why_they_do_not_work() {
        let fake = Fake::default();
        let pod = |name: &str, status: serde_json::Value| json!({"metadata": {"name": name}, "status": status});
        fake.answer(
            200,
            list(
                "1",
                &[
                    pod(
                        "forklift-ui-1",
                        json!({"phase": "Pending", "containerStatuses": [
                        {"name": "ui", "ready": false, "restartCount": 3,
                         "state": {"waiting": {"reason": "ImagePullBackOff"}}}]}),
                    ),
                    pod(
                        "forklift-api-1",
                        json!({"phase": "Running", "containerStatuses": [
                        {"name": "api", "ready": true, "state": {"running": {}}}], "conditions": null}),
                    ),
                    pod(
                        "forklift-job-1",
                        json!({"phase": "Succeeded", "containerStatuses": [
                        {"name": "job", "ready": false, "state": {"terminated": {"reason": "Completed"}}}]}),
                    ),
                    pod(
                        "forklift-controller-1",
                        json!({"phase": "Running", "initContainerStatuses": [
                        {"name": "init", "ready": false, "state": {"terminated": {"reason": "Completed"}}}],
                        "containerStatuses": [{"name": "main", "ready": false, "state": {"running": {}}}]}),
                    ),
                    pod(
                        "forklift-late-1",
                        json!({"phase": "Pending", "conditions": [
                        {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]}),
                    ),
                    pod("other", json!({"phase": "Failed"})),
                ],
            ),
        );
        let states = forklift_pods(&fake.cluster(), "openshift-mtv").await.unwrap();
        let told: Vec<_> = states.iter().map(|state| (state.name.as_str(), state.reason.as_str())).collect();
        assert_eq!(
            told,
            [
                ("forklift-api-1", ""),
                ("forklift-controller-1", "not ready: main"),
                ("forklift-job-1", ""),
                ("forklift-late-1", "not scheduled: 0/3 nodes are available"),
                ("forklift-ui-1", "container ui: ImagePullBackOff (3 restarts)"),
            ]
        );
        assert!(states[0].ready && !states[1].ready);
    }

    #[tokio::test]
    async fn a_route_has_a_host_or_is_not_there() {
        let fake = Fake::default();
        fake.answer(200, json!({"metadata": {"name": "forklift-inventory"}, "spec": {"host": "inv.apps.test"}}));
        fake.answer(404, not_found("routes", "forklift-inventory"));
        fake.text(404, "404 page not found");
        let cluster = fake.cluster();
        let mut hosts = Vec::new();
        for _ in 0..3 {
            hosts.push(route_host(&cluster, "openshift-mtv", "forklift-inventory").await.unwrap());
        }
        assert_eq!(hosts, [Some("inv.apps.test".to_owned()), None, None]);
    }
}
