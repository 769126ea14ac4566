//! The NICs of a target VM and where they are connected.

use super::machine::remove;
use crate::lab::fault::ProductFault;
use serde_json::{Value, json};

const INTERFACES: &str = "/spec/template/spec/domain/devices/interfaces";
const NETWORKS: &str = "/spec/template/spec/networks";
/// An address that no source has.
const OTHER_MAC: &str = "02:00:00:00:00:01";

/// Harms the NICs of a VirtualMachine.
pub(super) fn harm(fault: ProductFault, vm: &mut Value) {
    let (mut interfaces, mut networks) = (taken(vm, INTERFACES), taken(vm, NETWORKS));
    if interfaces.len() == networks.len() && !interfaces.is_empty() {
        harm_list(fault, &mut interfaces, &mut networks);
        harm_attachments(fault, &mut interfaces, &mut networks);
    }
    give(vm, INTERFACES, interfaces);
    give(vm, NETWORKS, networks);
}

/// Takes a list out of an object.
pub(super) fn taken(object: &mut Value, pointer: &str) -> Vec<Value> {
    match object.pointer_mut(pointer).map(Value::take) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

/// Puts it back.
pub(super) fn give(object: &mut Value, pointer: &str, list: Vec<Value>) {
    if let Some(place) = object.pointer_mut(pointer) {
        *place = Value::Array(list);
    }
}

/// Interfaces and networks are in the same order.
fn harm_list(fault: ProductFault, interfaces: &mut Vec<Value>, networks: &mut Vec<Value>) {
    let last = interfaces.len() - 1;
    match fault {
        ProductFault::LostNic => {
            interfaces.pop();
            networks.pop();
        }
        ProductFault::LostFirstNic => {
            interfaces.remove(0);
            networks.remove(0);
        }
        ProductFault::SwappedNics if last > 0 => {
            interfaces.swap(0, 1);
            networks.swap(0, 1);
        }
        ProductFault::WrongMac => interfaces[0]["macAddress"] = json!(OTHER_MAC),
        ProductFault::LostMac => remove(&mut interfaces[last], "macAddress"),
        ProductFault::ExtraNic => {
            interfaces.push(json!({"name": "net-extra", "macAddress": OTHER_MAC, "model": "virtio", "masquerade": {}}));
            networks.push(json!({"name": "net-extra", "pod": {}}));
        }
        ProductFault::DoubledNic => {
            let mut copies = (interfaces[last].clone(), networks[last].clone());
            copies.0["name"] = json!("net-again");
            copies.1["name"] = json!("net-again");
            interfaces.push(copies.0);
            networks.push(copies.1);
        }
        ProductFault::LinkUp => interfaces.iter_mut().for_each(|nic| remove(nic, "state")),
        ProductFault::LinkDown => interfaces[0]["state"] = json!("down"),
        ProductFault::SlowNicModel => interfaces.iter_mut().for_each(|nic| nic["model"] = json!("e1000e")),
        _ => {}
    }
}

fn harm_attachments(fault: ProductFault, interfaces: &mut [Value], networks: &mut [Value]) {
    let last = networks.len().saturating_sub(1);
    let nad = networks.get(last).and_then(|network| network["multus"]["networkName"].as_str()).map(str::to_owned);
    let attach = |interface: &mut Value, network: &mut Value, nad: Option<String>| {
        for (field, unwanted) in [("multus", "masquerade"), ("pod", "bridge")] {
            remove(network, field);
            remove(interface, unwanted);
        }
        if let Some(nad) = nad {
            network["multus"] = json!({"networkName": nad});
            interface["bridge"] = json!({});
        } else {
            network["pod"] = json!({});
            interface["masquerade"] = json!({});
        }
    };
    match (fault, nad) {
        (ProductFault::WrongNetwork, nad) => {
            let astray = nad.map_or_else(|| "default/astray".to_owned(), |nad| format!("{nad}-astray"));
            attach(&mut interfaces[last], &mut networks[last], Some(astray));
        }
        (ProductFault::PodNetwork, Some(_)) => attach(&mut interfaces[last], &mut networks[last], None),
        (ProductFault::ForeignNetwork, Some(nad)) => {
            let own = nad.rsplit_once('/').map_or(nad.as_str(), |(_, own)| own);
            attach(&mut interfaces[last], &mut networks[last], Some(format!("openshift-mtv/{own}")));
        }
        (ProductFault::SwappedNetworks, _) if last > 0 => {
            let nads = [1, 0].map(|at| networks[at]["multus"]["networkName"].as_str().map(str::to_owned));
            for (at, nad) in nads.into_iter().enumerate() {
                attach(&mut interfaces[at], &mut networks[at], nad);
            }
        }
        _ => {}
    }
}
