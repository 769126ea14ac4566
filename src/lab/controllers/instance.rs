//! KubeVirt's VirtualMachineInstance: scheduling, the launcher pod, interfaces and the guest agent.
//!
//! Source: cluster-api.md section 1.1.

use super::forklift::ORIGIN;
use super::golden;
use super::hub::{Fail, Hub, Outcome};
use super::kinds::{INSTANCE, NODE, POD};
use super::object::{
    annotation, is_deleting, items, name, namespace, owner_reference, pod_status, restricted_pod, text, uid,
};
use super::virtual_machine::{INSTANCE_FINALIZER, keep_time, owner_of, volumes_of};
use crate::facts::Seed;
use crate::lab::guest::{nic_inside, system_name};
use crate::lab::world::Vm;
use serde_json::{Value, json};
use std::time::Duration;

/// Simulated time between two phases of a start.
const TICK: Duration = Duration::from_secs(5);

pub(crate) async fn reconcile(hub: &Hub, instance: &Value) -> Result<Outcome, Fail> {
    let pod_name = format!("virt-launcher-{}-{}", short_name(instance), Seed(0).suffix(uid(instance), 5));
    if is_deleting(instance) {
        hub.world.migrated.halt((namespace(instance), name(instance)));
        if let Some(pod) = hub.get(POD, namespace(instance), &pod_name).await? {
            hub.delete(POD, &pod).await?;
        }
        let kept: Vec<&Value> =
            items(instance, "/metadata/finalizers").filter(|one| *one != INSTANCE_FINALIZER).collect();
        hub.merge(INSTANCE, instance, &json!({"metadata": {"finalizers": kept}})).await?;
        return Ok(Outcome::Done);
    }
    let node = node_of(hub, instance);
    let address = pod_address(uid(instance));
    let Some(node) = node else {
        return unschedulable(hub, instance, &pod_name).await;
    };
    match text(instance, "/status/phase") {
        "" => {
            start_launcher(hub, instance, &pod_name, (&node, &address)).await?;
            hub.put_status(INSTANCE, instance, json!({"phase": "Scheduling"})).await?;
            Ok(Outcome::Again(TICK))
        }
        "Scheduling" => {
            // One that had no node before has a launcher without one.
            start_launcher(hub, instance, &pod_name, (&node, &address)).await?;
            hub.put_status(INSTANCE, instance, json!({"phase": "Scheduled", "nodeName": node})).await?;
            Ok(Outcome::Again(TICK))
        }
        "Scheduled" => {
            // A guest that boots must be there.
            guest_of(hub, instance);
            boot(hub, instance);
            let status = running(instance, &node, &address, None);
            hub.put_status(INSTANCE, instance, status).await?;
            Ok(Outcome::Again(TICK))
        }
        "Running" => {
            let guest = guest_of(hub, instance);
            boot(hub, instance);
            let connected = guest.filter(|guest| guest.tools);
            let status = running(instance, &node, &address, connected.as_ref());
            hub.put_status(INSTANCE, instance, status).await?;
            Ok(Outcome::Done)
        }
        _ => Ok(Outcome::Done),
    }
}

/// The guest boots when its instance runs.
fn boot(hub: &Hub, instance: &Value) {
    if let Some(vm) = owner_of(hub, instance) {
        hub.world.migrated.boot((namespace(instance), name(instance)), uid(&vm), uid(instance));
    }
}

/// The launcher on its node.
async fn start_launcher(hub: &Hub, instance: &Value, pod: &str, (node, address): (&str, &str)) -> Result<(), Fail> {
    let mut made = hub.create(POD, launcher(instance, pod, Some(node))).await?;
    if text(&made, "/spec/nodeName").is_empty() {
        let bound = hub.merge(POD, &made, &json!({"spec": {"nodeName": node}})).await?;
        made = bound.unwrap_or(made);
    }
    if text(&made, "/status/phase") == "Running" {
        return Ok(());
    }
    let mut status = pod_status(&made, "Running");
    status["podIP"] = json!(address);
    status["podIPs"] = json!([{"ip": address}]);
    hub.put_status(POD, &made, status).await?;
    Ok(())
}

/// No node has the labels that the VM wants: its launcher stays Pending until one gets them.
async fn unschedulable(hub: &Hub, instance: &Value, pod: &str) -> Result<Outcome, Fail> {
    let words = "0 nodes are available: none matches the node selector";
    let condition = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": words});
    let made = hub.create(POD, launcher(instance, pod, None)).await?;
    let mut status = pod_status(&made, "Pending");
    status["conditions"] = json!([keep_time(&made, &condition)]);
    hub.put_status(POD, &made, status).await?;
    let conditions = json!([keep_time(instance, &condition)]);
    hub.put_status(INSTANCE, instance, json!({"phase": "Scheduling", "conditions": conditions})).await?;
    Ok(Outcome::Done)
}

fn short_name(instance: &Value) -> String {
    name(instance).chars().take(40).collect::<String>().trim_end_matches(['-', '.']).to_owned()
}

/// The guest of an instance: its VM's own. A VM that was migrated before this lab began has none yet: it gets what is on
/// the source now.
fn guest_of(hub: &Hub, instance: &Value) -> Option<Vm> {
    let vm = owner_of(hub, instance)?;
    let guests = &hub.world.migrated;
    if let Some(guest) = guests.of_vm(uid(&vm)) {
        return Some(guest);
    }
    let found = golden::guest_of(hub, &vm).or_else(|| {
        let (source, moref) = annotation(&vm, ORIGIN).split_once('/')?;
        hub.world.source(source)?.read().vm(moref).cloned()
    })?;
    guests.presume(uid(&vm), &found);
    guests.of_vm(uid(&vm))
}

/// The node: one whose labels meet the selector. Affinity is not looked at.
fn node_of(hub: &Hub, instance: &Value) -> Option<String> {
    let chosen = text(instance, "/status/nodeName");
    if !chosen.is_empty() {
        return Some(chosen.to_owned());
    }
    let selector = instance.pointer("/spec/nodeSelector").and_then(Value::as_object);
    let fits = hub.cache.list(NODE, |node| {
        selector
            .into_iter()
            .flatten()
            .all(|(key, value)| node.pointer("/metadata/labels").and_then(|labels| labels.get(key)) == Some(value))
    });
    let nodes: Vec<&str> = fits.iter().map(|node| name(node)).collect();
    Seed(0).stream(uid(instance)).choice(&nodes).map(|node| (*node).to_owned())
}

fn pod_address(uid: &str) -> String {
    let mut stream = Seed(0).stream(uid);
    format!("10.128.{}.{}", stream.u8(..), stream.u8(2..255))
}

fn launcher(instance: &Value, pod_name: &str, node: Option<&str>) -> Value {
    let mut labels = instance.pointer("/metadata/labels").and_then(Value::as_object).cloned().unwrap_or_default();
    labels.insert("kubevirt.io".to_owned(), json!("virt-launcher"));
    labels.insert("kubevirt.io/created-by".to_owned(), json!(uid(instance)));
    labels.insert("vm.kubevirt.io/name".to_owned(), json!(name(instance)));
    let mounted = |volume: Value| {
        let claim = golden::claim_of(&volume)?;
        Some(json!({"name": volume["name"], "persistentVolumeClaim": {"claimName": claim}}))
    };
    let claims: Vec<Value> = volumes_of(instance).into_iter().filter_map(mounted).collect();
    let mut spec = restricted_pod("compute", "virt-launcher");
    if let Some(node) = node {
        spec["nodeName"] = json!(node);
    }
    if let Some(selector) = instance.pointer("/spec/nodeSelector") {
        spec["nodeSelector"] = selector.clone();
    }
    spec["volumes"] = json!(claims);
    json!({
        "metadata": {
            "namespace": namespace(instance), "name": pod_name, "labels": labels,
            "ownerReferences": [owner_reference(INSTANCE, instance, true)],
        },
        "spec": spec,
    })
}

/// The status of a running instance; with a guest when its agent is connected.
fn running(instance: &Value, node: &str, address: &str, guest: Option<&Vm>) -> Value {
    let mut conditions = vec![keep_time(instance, &json!({"type": "Ready", "status": "True"}))];
    conditions.push(keep_time(instance, &json!({"type": "LiveMigratable", "status": "True"})));
    if guest.is_some() {
        conditions.push(keep_time(instance, &json!({"type": "AgentConnected", "status": "True"})));
    }
    let system = guest.map_or_else(|| json!({}), guest_system);
    json!({
        "phase": "Running", "nodeName": node, "conditions": conditions, "guestOSInfo": system,
        "interfaces": interfaces(instance, address, guest),
    })
}

fn guest_system(guest: &Vm) -> Value {
    let system = system_name(guest);
    json!({
        "id": system.id, "name": system.name, "prettyName": system.pretty, "version": system.version,
        "versionId": system.version, "kernelRelease": system.kernel, "machine": "x86_64",
    })
}

/// The pod NIC has the launcher's address at once; the others' addresses need the agent.
fn interfaces(instance: &Value, address: &str, guest: Option<&Vm>) -> Vec<Value> {
    let mut listed: Vec<Value> = items(instance, "/spec/domain/devices/interfaces")
        .map(|nic| {
            let mac = text(nic, "/macAddress");
            let link = if text(nic, "/state") == "down" { "down" } else { "up" };
            let mut interface = json!({"name": nic["name"], "mac": mac, "linkState": link});
            let known = guest.and_then(|guest| guest.nics.iter().find(|one| one.mac.eq_ignore_ascii_case(mac)));
            let mut addresses: Vec<&str> =
                known.into_iter().flat_map(|one| one.guest.iter().map(|net| net.ip.as_str())).collect();
            if nic.get("masquerade").is_some() {
                addresses = vec![address];
            }
            if let Some(first) = addresses.first() {
                interface["ipAddress"] = json!(first);
                interface["ipAddresses"] = json!(addresses);
            }
            if let Some(inside) = guest.and_then(|guest| nic_inside(guest, mac)) {
                interface["interfaceName"] = json!(inside);
            }
            interface["infoSource"] = json!(if guest.is_some() { "domain, guest-agent" } else { "domain" });
            interface
        })
        .collect();
    let pod = |nic: &Value| {
        items(instance, "/spec/networks").any(|network| network["name"] == nic["name"] && network.get("pod").is_some())
    };
    listed.sort_by_key(|nic| !pod(nic));
    listed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pod_nic_has_an_address_without_an_agent() {
        let instance = json!({"spec": {
            "domain": {"devices": {"interfaces": [
                {"name": "net-0", "macAddress": "00:50:56:00:00:00", "bridge": {}},
                {"name": "net-1", "macAddress": "00:50:56:00:00:01", "masquerade": {}}]}},
            "networks": [{"name": "net-0", "multus": {}}, {"name": "net-1", "pod": {}}]}});
        let status = running(&instance, "n", "10.128.0.9", None);
        assert_eq!(status["interfaces"][0]["name"], "net-1");
        assert_eq!(status["interfaces"][0]["ipAddress"], "10.128.0.9");
        assert!(status["interfaces"][1].get("ipAddress").is_none());
        assert_eq!(status["guestOSInfo"], json!({}));
        assert!(items(&status, "/conditions").all(|one| text(one, "/type") != "AgentConnected"));
    }
}
