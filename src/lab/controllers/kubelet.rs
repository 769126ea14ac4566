//! The nodes' part in the life of pods: a pod that was given to a node is gone only when the node says so.
//!
//! An API server ends a pod without a node at once. One with a node it only marks, and waits for the kubelet, which the
//! lab's nodes do not have.

use super::hub::{Fail, Hub, Outcome};
use super::kinds::POD;
use super::object::{is_deleting, text};
use serde_json::Value;

/// Confirms the end of a pod on one of the world's nodes.
pub(crate) async fn reconcile(hub: &Hub, pod: &Value) -> Result<Outcome, Fail> {
    let node = text(pod, "/spec/nodeName");
    let ours = hub.world.spec.cluster.nodes.iter().any(|known| known.name == node);
    if ours && is_deleting(pod) {
        hub.delete_within(POD, pod, Some(0)).await?;
    }
    Ok(Outcome::Done)
}
