//! A worker node with a label of its own, so that a scenario can send its VMs there and see that they arrived.
//!
//! The original asked Prometheus for the node with most free memory and fell back to any; here it is the ready,
//! schedulable worker with most allocatable memory, which needs no further service (original-suite.md section 1.9,
//! `labeled_worker_node`). Exactly one label is put on exactly one node.
//!
//! The key is the scenario's. Tests of one run that ask for the same key and value share one node; those that ask for
//! another value of the same key get another node, or wait until one is free. A node that bears the key by somebody
//! else's will is never relabelled. Labels stay until the session ends, so that tests one after another share them.

use super::session::SessionParts;
use super::steps::StepError;
use crate::check::AskedNode;
use crate::cluster::{Cluster, ClusterError, Kind, ObjectRef, is_true};
use crate::event::Event;
use crate::facts::{SessionId, parse_quantity_bytes};
use crate::undo::{EntryId, Thing};
use crate::wait::{Deadline, Seen, WaitError, poll};
use kube::api::DynamicObject;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Longest pause between two looks for a free node.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How often an undo meets a node that changed at that moment.
const TRIES: u32 = 20;

/// Labels that bring no pod: a node with one of these roles and without the worker's is left out.
const CONTROL_PLANE: [&str; 2] = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];
const WORKER: &str = "node-role.kubernetes.io/worker";

/// The labels that the tests of one process put on nodes.
#[derive(Debug, Default)]
pub struct NodeLabels {
    put: Mutex<Vec<Put>>,
}

/// A test's use of a label: the label stays at least until it is dropped.
#[derive(Debug)]
#[must_use = "another test may get the node as soon as it is dropped"]
pub struct LabelUse {
    /// The node.
    pub node: AskedNode,
    _use: Arc<()>,
}

#[derive(Debug)]
struct Put {
    node: AskedNode,
    /// Its ledger entry; `None` where the node bore the label already.
    entry: Option<(EntryId, Thing)>,
    users: Arc<()>,
}

impl Put {
    fn share(&self) -> LabelUse {
        LabelUse { node: self.node.clone(), _use: Arc::clone(&self.users) }
    }
}

impl NodeLabels {
    /// Puts `key` on a worker node, written to the ledger first; without a value the session's id is the value.
    ///
    /// # Errors
    /// [`StepError::Broken`]: no worker is free until the deadline (the text tells what each one lacks), or the cluster
    /// or the ledger cannot be written.
    pub async fn put(
        &self,
        parts: &SessionParts,
        key: &str,
        value: Option<&str>,
        deadline: &Deadline,
    ) -> Result<LabelUse, StepError> {
        let value = value.unwrap_or(parts.id.as_str());
        let what = format!("find a worker node for the label {key}={value}");
        let look = || async {
            let mut put = self.put.lock().await;
            match Box::pin(label_one(&mut put, parts, key, value)).await {
                Ok(Ok(found)) => Seen::Met(Ok(found)),
                Ok(Err(why)) => Seen::Pending(why),
                Err(error) => Seen::Met(Err(error)),
            }
        };
        match poll(&what, deadline, LOOK_AGAIN, look).await {
            Ok(answer) => answer,
            Err(WaitError::Cancelled { .. }) => Err(StepError::Cancelled),
            Err(error) => Err(StepError::Broken(error.to_string())),
        }
    }
}

async fn label_one(
    put: &mut Vec<Put>,
    parts: &SessionParts,
    key: &str,
    value: &str,
) -> Result<Result<LabelUse, String>, StepError> {
    if let Some(same) = put.iter().find(|one| one.node.label == key && one.node.value == value) {
        return Ok(Ok(same.share()));
    }
    let nodes = parts.cluster.list(Kind::NODE, None, "").await?;
    let bearers: Vec<&DynamicObject> = nodes.iter().filter(|node| label_of(node, key) == Some(value)).collect();
    if let [only] = bearers.as_slice() {
        let node = AskedNode { label: key.to_owned(), value: value.to_owned(), node: name_of(only) };
        let found = Put { node, entry: None, users: Arc::default() };
        let share = found.share();
        put.push(found);
        return Ok(Ok(share));
    }
    if bearers.len() > 1 {
        let names: Vec<String> = bearers.into_iter().map(name_of).collect();
        let why = format!("{key}={value} is on several nodes already ({})", names.join(", "));
        return Err(StepError::Broken(format!("{why}: it chooses none; write another key or value")));
    }
    match choose(&nodes, key) {
        Ok(node) => bear(put, parts, node, (key, value)).await,
        Err(why) => {
            // A label that no test uses any more may be what keeps the last node.
            let idle = |one: &Put| one.node.label == key && one.entry.is_some() && Arc::strong_count(&one.users) == 1;
            if let Some(index) = put.iter().position(idle)
                && let Some((entry, thing)) = put.remove(index).entry
            {
                take_back(&parts.cluster, &thing).await?;
                parts.ledger.undone(entry)?;
            }
            Ok(Err(why))
        }
    }
}

async fn bear(
    put: &mut Vec<Put>,
    parts: &SessionParts,
    node: &DynamicObject,
    (key, value): (&str, &str),
) -> Result<Result<LabelUse, String>, StepError> {
    let name = name_of(node);
    let target = ObjectRef::global(Kind::NODE, &name);
    let thing = Thing::Patched {
        kind: target.kind.kind.to_owned(),
        api_version: target.kind.api_version.to_owned(),
        plural: target.kind.plural.to_owned(),
        namespace: None,
        name: name.clone(),
        label: key.to_owned(),
        value: value.to_owned(),
        original: None,
    };
    let what = thing.to_string();
    let entry = parts.ledger.intend(None, thing.clone(), &[])?;
    let merge = json!({ "metadata": { "labels": { key: value } } });
    if parts.cluster.patch_if_unchanged(&target, node, merge).await?.is_none() {
        // A lost answer of our own write reads the same; the next look finds the label then.
        take_back(&parts.cluster, &thing).await?;
        parts.ledger.undone(entry)?;
        return Ok(Err(format!("{name} changed just now")));
    }
    parts.ledger.made(entry, None)?;
    parts.emit(Event::Made { test: None, what });
    let node = AskedNode { label: key.to_owned(), value: value.to_owned(), node: name };
    let made = Put { node, entry: Some((entry, thing)), users: Arc::default() };
    let share = made.share();
    put.push(made);
    Ok(Ok(share))
}

/// The worker with most allocatable memory that is ready, schedulable and without the key; the first by name of equals.
fn choose<'a>(nodes: &'a [DynamicObject], key: &str) -> Result<&'a DynamicObject, String> {
    let mut best: Option<(&DynamicObject, u64)> = None;
    let mut lacks = Vec::new();
    for node in nodes {
        if let Some(lack) = lack_of(node, key) {
            lacks.push(format!("{} {lack}", name_of(node)));
            continue;
        }
        let memory = node.data["status"]["allocatable"]["memory"].as_str().map(parse_quantity_bytes);
        let memory = memory.and_then(Result::ok).unwrap_or_default();
        if best.is_none_or(|(_, most)| memory > most) {
            best = Some((node, memory));
        }
    }
    best.map(|(node, _)| node)
        .ok_or_else(|| if lacks.is_empty() { "the cluster shows no nodes".to_owned() } else { lacks.join("; ") })
}

/// What keeps a node from bearing the label.
fn lack_of(node: &DynamicObject, key: &str) -> Option<String> {
    let has = |label: &str| label_of(node, label).is_some();
    let keeps_out = |taint: &serde_json::Value| matches!(taint["effect"].as_str(), Some("NoSchedule" | "NoExecute"));
    if !has(WORKER) && CONTROL_PLANE.into_iter().any(has) {
        return Some("is no worker".to_owned());
    }
    if !is_true(node, "Ready") {
        return Some("is not ready".to_owned());
    }
    if node.data["spec"]["unschedulable"] == true {
        return Some("is cordoned".to_owned());
    }
    if node.data["spec"]["taints"].as_array().is_some_and(|taints| taints.iter().any(keeps_out)) {
        return Some("has a taint that keeps VMs out".to_owned());
    }
    label_of(node, key).map(|other| format!("bears {key}={other}"))
}

fn label_of<'a>(node: &'a DynamicObject, key: &str) -> Option<&'a str> {
    node.metadata.labels.as_ref()?.get(key).map(String::as_str)
}

fn name_of(node: &DynamicObject) -> String {
    node.metadata.name.clone().unwrap_or_default()
}

/// Gives a label its former value, if it still has ours. Tells whether it had; an object that is gone has none.
pub(super) async fn take_back(cluster: &Cluster, thing: &Thing) -> Result<bool, ClusterError> {
    let Thing::Patched { kind, api_version, namespace, name, label, value, original, .. } = thing else {
        return Ok(false);
    };
    let Some(kind) = Kind::named(api_version, kind) else { return Ok(false) };
    let target = ObjectRef { kind, namespace: namespace.clone(), name: name.clone() };
    for _ in 0..TRIES {
        let Some(seen) = cluster.get(&target).await? else { return Ok(false) };
        if label_of(&seen, label) != Some(value) {
            return Ok(false);
        }
        let merge = json!({ "metadata": { "labels": { label: original } } });
        if cluster.patch_if_unchanged(&target, &seen, merge).await?.is_some() {
            return Ok(true);
        }
    }
    let message = "it changes all the time; try again".to_owned();
    Err(ClusterError::Conflict { operation: format!("change {target}"), message })
}

/// Labels of nodes whose value is the session's id, for a clean-up without a ledger. Labels with values that a scenario
/// spelt out are known to the ledger alone.
///
/// # Errors
/// Nodes cannot be listed.
pub(super) async fn found_labels(cluster: &Cluster, session: &SessionId) -> Result<Vec<Thing>, ClusterError> {
    let nodes = cluster.list(Kind::NODE, None, "").await?;
    let labels = nodes.iter().flat_map(|node| node.metadata.labels.iter().flatten().map(move |label| (node, label)));
    let ours = labels.filter(|(_, (_, value))| value.as_str() == session.as_str());
    let thing = |(node, (label, value)): (&DynamicObject, (&String, &String))| Thing::Patched {
        kind: Kind::NODE.kind.to_owned(),
        api_version: Kind::NODE.api_version.to_owned(),
        plural: Kind::NODE.plural.to_owned(),
        namespace: None,
        name: name_of(node),
        label: label.clone(),
        value: value.clone(),
        original: None,
    };
    Ok(ours.map(thing).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn node(name: &str, memory: &str, labels: Value, spec: Value) -> DynamicObject {
        serde_json::from_value(
            json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": name, "labels": labels },
            "spec": spec, "status": { "allocatable": { "memory": memory },
                "conditions": [{ "type": "Ready", "status": "True" }] } }),
        )
        .unwrap()
    }

    #[test]
    fn the_biggest_free_worker_is_chosen() {
        let worker = json!({ WORKER: "" });
        let nodes = [
            node("master", "64Gi", json!({ CONTROL_PLANE[0]: "" }), json!({})),
            node("small", "8Gi", worker.clone(), json!({})),
            node("big", "32Gi", worker.clone(), json!({})),
            node("same", "32Gi", worker.clone(), json!({})),
            node("cordoned", "99Gi", worker.clone(), json!({ "unschedulable": true })),
            node("tainted", "99Gi", worker, json!({ "taints": [{ "key": "k", "effect": "NoSchedule" }] })),
            node("taken", "99Gi", json!({ WORKER: "", "mine": "other" }), json!({})),
        ];
        assert_eq!(name_of(choose(&nodes, "mine").unwrap()), "big");
        let few = [nodes[0].clone(), nodes[4].clone(), nodes[6].clone()];
        assert_eq!(
            choose(&few, "mine").unwrap_err(),
            "master is no worker; cordoned is cordoned; taken bears mine=other"
        );
        assert_eq!(choose(&[], "mine").unwrap_err(), "the cluster shows no nodes");
    }
}
