//! Where a target VM may run, what labels it has, and where its instance runs.

use super::machine::remove;
use crate::lab::fault::ProductFault;
use crate::lab::world::NodeSpec;
use serde_json::{Map, Value, json};

/// The label that the product gives every template itself.
const OWN_LABEL: &str = "app";
const LABELS: &str = "/spec/template/metadata/labels";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// Harms a VirtualMachine.
pub(super) fn harm(fault: ProductFault, vm: &mut Value) {
    match fault {
        ProductFault::LostLabel | ProductFault::WrongLabel | ProductFault::MisplacedLabels => harm_labels(fault, vm),
        _ => {}
    }
    let Some(pod) = vm.pointer_mut("/spec/template/spec").filter(|pod| pod.is_object()) else { return };
    let (selected, attracted) = (pod.get("nodeSelector").is_some(), pod.get("affinity").is_some());
    match fault {
        ProductFault::LostNodeSelector => remove(pod, "nodeSelector"),
        ProductFault::ReplacedNodeSelector if selected => pod["nodeSelector"] = json!({"kubernetes.io/os": "linux"}),
        ProductFault::LostAffinity => remove(pod, "affinity"),
        ProductFault::AntiAffinity if attracted => {
            let own = pod["affinity"]["podAffinity"].take();
            pod["affinity"] = json!({"podAntiAffinity": own});
        }
        ProductFault::WrongWeight | ProductFault::RequiredAffinity if attracted => {
            harm_preferences(fault, &mut pod["affinity"]["podAffinity"]);
        }
        _ => {}
    }
}

fn harm_labels(fault: ProductFault, vm: &mut Value) {
    let Some(labels) = vm.pointer_mut(LABELS).and_then(Value::as_object_mut) else { return };
    let asked: Vec<String> = labels.keys().filter(|key| *key != OWN_LABEL).cloned().collect();
    let Some(first) = asked.first() else { return };
    match fault {
        ProductFault::LostLabel => drop(labels.remove(first)),
        ProductFault::WrongLabel => drop(labels.insert(first.clone(), json!("other"))),
        _ => {
            let moved: Map<String, Value> = asked.iter().filter_map(|key| labels.remove_entry(key)).collect();
            for (key, value) in moved {
                vm["metadata"]["labels"][key] = value;
            }
        }
    }
}

fn harm_preferences(fault: ProductFault, affinity: &mut Value) {
    let Some(first) = affinity.get_mut(PREFERRED).and_then(|list| list.get_mut(0)) else { return };
    if fault == ProductFault::WrongWeight {
        first["weight"] = json!(first["weight"].as_u64().map_or(1, |weight| weight % 100 + 1));
        return;
    }
    let term = first["podAffinityTerm"].take();
    *affinity = json!({REQUIRED: [term]});
}

/// Harms a VirtualMachineInstance.
pub(super) fn harm_instance(fault: ProductFault, instance: &mut Value) {
    if fault == ProductFault::StuckStart && instance["spec"].is_object() {
        instance["spec"]["nodeSelector"]["host-model-cpu.node.kubevirt.io/none"] = json!("true");
    }
}

/// Harms the status of an instance that gets its node.
pub(super) fn harm_status(fault: ProductFault, before: &Value, status: &mut Value, nodes: &[NodeSpec]) {
    let has_node = before["status"]["nodeName"].as_str().is_some_and(|node| !node.is_empty());
    let Some(chosen) = status["nodeName"].as_str().filter(|_| !has_node) else { return };
    let other = nodes.iter().find(|node| node.name != chosen);
    if let Some(other) = other.filter(|_| fault == ProductFault::WrongNode) {
        status["nodeName"] = json!(other.name);
    }
}
