//! Migrations from a cluster: VMs of KubeVirt as sources, which in this world are those of the lab's own cluster.
//!
//! Source: forklift-api.md sections 3, 6 and 7 (OpenShift source).

use super::super::golden::{POD, claim_of, disks, network_of};
use super::super::hub::{Fail, Hub};
use super::super::kinds::{ATTACHMENT, EXPORT, STORAGE_CLASS, VIRTUAL_MACHINE};
use super::super::object::{flag, is_deleting, items, name, namespace, text, uid};
use super::objects::Run;
use super::plan_facts::{Attachment, PlannedVm, known_fields};
use super::target_vm::Blueprint;
use crate::facts::{Firmware, Power};
use crate::lab::world::{Inside, NamedRef, Nic, Vm};
use serde_json::{Value, json};
use std::sync::Arc;

/// Host of the proxy that serves exports.
const EXPORT_PROXY: &str = "virt-exportproxy-openshift-cnv.apps.lab.mtvtest";

/// Whether a provider's VMs are KubeVirt's.
pub(super) fn is_cluster(provider: &Value) -> bool {
    text(provider, "/spec/type") == "openshift"
}

/// Networks that rows may name: the pod network, and each attachment definition by `namespace/name`.
pub(super) fn networks(hub: &Hub) -> Vec<NamedRef> {
    let of = |one: &Arc<Value>| NamedRef {
        moref: format!("{}/{}", namespace(one), name(one)),
        name: format!("{}/{}", namespace(one), name(one)),
    };
    let pod = NamedRef { moref: POD.to_owned(), name: POD.to_owned() };
    std::iter::once(pod).chain(hub.cache.list(ATTACHMENT, |_| true).iter().map(of)).collect()
}

/// Storages that rows may name: the storage classes.
pub(super) fn storages(hub: &Hub) -> Vec<NamedRef> {
    let of = |one: &Arc<Value>| NamedRef { moref: uid(one).to_owned(), name: name(one).to_owned() };
    hub.cache.list(STORAGE_CLASS, |_| true).iter().map(of).collect()
}

/// The VMs that a plan's entries mean: by id, else by name and, where it is given, namespace.
pub(super) fn planned(hub: &Hub, plan: &Value) -> Vec<PlannedVm> {
    items(plan, "/spec/vms").map(|entry| known_fields(hub, entry)).map(|entry| resolve(hub, entry)).collect()
}

fn resolve(hub: &Hub, entry: Value) -> PlannedVm {
    let (id, own, space) = (text(&entry, "/id"), text(&entry, "/name"), text(&entry, "/namespace"));
    let named = |vm: &Value| !own.is_empty() && name(vm) == own && (space.is_empty() || namespace(vm) == space);
    let hits =
        hub.cache.list(VIRTUAL_MACHINE, |vm| !is_deleting(vm) && if id.is_empty() { named(vm) } else { uid(vm) == id });
    let ambiguous = hits.len() > 1;
    let vm = hits.first().filter(|_| !ambiguous).map(|vm| described(hub, vm));
    PlannedVm { entry, vm, ambiguous, left_out: Vec::new() }
}

/// A VirtualMachine as a source's VM. Its MAC addresses are left out: those that KubeVirt chose are not the VM's own, and
/// its own ones are in use by itself.
fn described(hub: &Hub, vm: &Value) -> Vm {
    let guest = hub.world.migrated.of_vm(uid(vm));
    let nic = |(interface, key): (&Value, i32)| Nic {
        key,
        label: text(interface, "/name").to_owned(),
        class: "virtio".to_owned(),
        mac: String::new(),
        network: network_of(vm, text(interface, "/name")),
        connected: text(interface, "/state") != "down",
        guest: Vec::new(),
    };
    let mut known = Vm {
        moref: uid(vm).to_owned(),
        name: name(vm).to_owned(),
        uuid: String::new(),
        instance_uuid: uid(vm).to_owned(),
        template: false,
        power: if flag(vm, "/status/created", false) { Power::On } else { Power::Off },
        host: String::new(),
        guest_id: guest.as_ref().map(|guest| guest.guest_id.clone()).unwrap_or_default(),
        hostname: guest.as_ref().map(|guest| guest.hostname.clone()).unwrap_or_default(),
        tools: guest.as_ref().is_none_or(|guest| guest.tools),
        inside: guest.as_ref().map_or_else(|| Arc::new(Inside::default()), |guest| Arc::clone(&guest.inside)),
        firmware: Firmware::Bios,
        secure_boot: false,
        cpus: 1,
        cores_per_socket: 1,
        memory_mib: 0,
        disks: Vec::new(),
        nics: items(vm, "/spec/template/spec/domain/devices/interfaces").zip(4000..).map(nic).collect(),
        snapshots: Vec::new(),
        extra_config: Vec::new(),
        revision: 0,
    };
    known.disks = disks(hub, vm, guest.as_ref().unwrap_or(&known));
    known
}

/// The VM of an id.
fn find(hub: &Hub, id: &str) -> Option<Arc<Value>> {
    hub.cache.list(VIRTUAL_MACHINE, |vm| uid(vm) == id).pop()
}

/// Starts or stops the source by its run strategy.
pub(super) async fn set_power(run: &Run<'_>, id: &str, power: Power) -> Result<(), Fail> {
    let Some(vm) = find(run.hub, id) else { return Ok(()) };
    let strategy = if power == Power::On { "Always" } else { "Halted" };
    if text(&vm, "/spec/runStrategy") != strategy {
        run.hub.merge(VIRTUAL_MACHINE, &vm, &json!({"spec": {"runStrategy": strategy}})).await?;
    }
    Ok(())
}

/// Exports the disks of a stopped VM, so that CDI can fetch them.
pub(super) async fn export(run: &Run<'_>, vm: &Vm) -> Result<(), Fail> {
    let Some(object) = find(run.hub, &vm.moref) else { return Ok(()) };
    let body = json!({
        "metadata": {"namespace": namespace(&object), "name": name(&object), "labels": run.labels(&vm.moref)},
        "spec": {"source": {"apiGroup": "kubevirt.io", "kind": VIRTUAL_MACHINE.title, "name": name(&object)}},
    });
    let made = run.hub.create(EXPORT, body).await?;
    run.hub.put_status(EXPORT, &made, json!({"phase": "Ready"})).await?;
    Ok(())
}

/// Where CDI fetches an exported disk.
pub(super) fn export_source(file: &str) -> Value {
    let (space, claim) = file.split_once('/').unwrap_or(("", file));
    let path =
        format!("api/export.kubevirt.io/v1beta1/namespaces/{space}/virtualmachineexports/volumes/{claim}/disk.img.gz");
    json!({"http": {"url": format!("https://{EXPORT_PROXY}/{path}")}})
}

/// Removes the export of a VM.
pub(super) async fn drop_export(run: &Run<'_>, id: &str) -> Result<(), Fail> {
    let Some(vm) = find(run.hub, id) else { return Ok(()) };
    if let Some(export) = run.hub.get(EXPORT, namespace(&vm), name(&vm)).await? {
        run.hub.delete(EXPORT, &export).await?;
    }
    Ok(())
}

/// The VM that the migration makes: the source's own spec on the new claims. The source's template replaces what the plan
/// asks for there; NICs whose kind of network changes are dropped.
pub(super) fn target(hub: &Hub, blueprint: &Blueprint<'_>) -> Value {
    let mut made = blueprint.build();
    let Some(source) = find(hub, &blueprint.vm.moref) else { return made };
    for key in ["instancetype", "preference"] {
        if let Some(given) = source["spec"].get(key) {
            made["spec"][key] = given.clone();
        }
    }
    let mut template = source["spec"]["template"].clone();
    let spec = &mut template["spec"];
    let kept = attached(spec, &blueprint.attachments);
    let (interfaces, networks): (Vec<Value>, Vec<Value>) = kept.into_iter().unzip();
    spec["domain"]["devices"]["interfaces"] = json!(interfaces);
    spec["networks"] = json!(networks);
    let mut claims = blueprint.claims.iter();
    for volume in spec.pointer_mut("/volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        if claim_of(volume).is_some()
            && let Some(claim) = claims.next()
        {
            *volume = json!({"name": volume["name"], "persistentVolumeClaim": {"claimName": claim}});
        }
    }
    made["spec"]["template"] = template;
    made
}

/// Interfaces with their networks on the target.
fn attached(spec: &Value, attachments: &[Attachment]) -> Vec<(Value, Value)> {
    let network = |nic: &Value| items(spec, "/networks").find(|network| network["name"] == nic["name"]).cloned();
    items(spec, "/domain/devices/interfaces")
        .zip(attachments)
        .filter_map(|(nic, to)| {
            let mut network = network(nic)?;
            match (to, network.get("multus").is_some()) {
                (Attachment::Pod, false) => {}
                (Attachment::Multus(nad), true) => network["multus"]["networkName"] = json!(nad),
                _ => return None,
            }
            Some((nic.clone(), network))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nics_that_change_their_kind_of_network_are_dropped() {
        let spec = json!({
            "domain": {"devices": {"interfaces": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}},
            "networks": [{"name": "a", "pod": {}}, {"name": "b", "multus": {"networkName": "s/x"}}, {"name": "c", "multus": {"networkName": "s/y"}}],
        });
        let to = [Attachment::Pod, Attachment::Multus("t/nad".into()), Attachment::Pod];
        let kept: Vec<Value> = attached(&spec, &to).into_iter().map(|(_, network)| network).collect();
        assert_eq!(kept, [json!({"name": "a", "pod": {}}), json!({"name": "b", "multus": {"networkName": "t/nad"}})]);
    }

    #[test]
    fn disks_are_fetched_from_their_export() {
        let url = export_source("ns/claim")["http"]["url"].as_str().unwrap().to_owned();
        assert!(url.contains("/namespaces/ns/") && url.contains("/claim/"), "{url}");
    }
}
