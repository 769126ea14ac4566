//! Looking at a lab directly, past every client and every check: what a test believes.

use super::lab::Lab;
use super::world::{Vm, World};
use crate::facts::SESSION_LABEL;
use serde_json::Value;
use std::collections::BTreeMap;

/// Namespaced kinds that hold what a migration makes; events and leases only tell of it.
const TALES: [&str; 2] = ["Event", "Lease"];

/// Looks for what a session left behind.
#[derive(Debug, Clone, Copy)]
pub struct Oracle;

impl Oracle {
    /// Everything in the lab that carries the session's label or has the session in its name: cluster objects, VMs of
    /// sources with their power and disks, folders on datastores. Empty after a clean run.
    pub fn leftovers(lab: &Lab, session: &str) -> Vec<String> {
        Self::leftovers_among(&lab.api().objects(), lab.world(), session)
    }

    /// As [`Self::leftovers`], among the objects of another API server and in the sources of `world`.
    pub fn leftovers_among(objects: &[Value], world: &World, session: &str) -> Vec<String> {
        let mut left: Vec<String> = objects.iter().filter(|object| belongs(object, session)).map(title).collect();
        for source in &world.sources {
            let inventory = source.read();
            let vms = inventory.vms.iter().filter(|vm| vm.name.contains(session));
            left.extend(vms.map(|vm| format!("{}: VM {} ({})", source.name, vm.name, vm.moref)));
            let parts = source.openstack().map(|state| state.cloud().parts()).unwrap_or_default();
            left.extend(parts.into_iter().filter(|part| part.contains(session)));
            for vm in &inventory.vms {
                let taken = vm.snapshots.iter().filter(|snapshot| snapshot.name.contains(session));
                left.extend(
                    taken.map(|snapshot| format!("{}: snapshot {} of {}", source.name, snapshot.name, vm.name)),
                );
            }
        }
        left.sort();
        left
    }
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn belongs(object: &Value, session: &str) -> bool {
    let labelled = object["metadata"]["labels"][SESSION_LABEL] == session;
    let named = ["/metadata/name", "/metadata/namespace", "/spec/claimRef/namespace"].map(|at| text(object, at));
    let tale = TALES.contains(&text(object, "/kind"));
    !tale && (labelled || named.iter().any(|name| name.contains(session)))
}

fn title(object: &Value) -> String {
    let (kind, name) = (text(object, "/kind"), text(object, "/metadata/name"));
    match text(object, "/metadata/namespace") {
        "" => format!("{kind} {name}"),
        namespace => format!("{kind} {namespace}/{name}"),
    }
}

/// What a lab held at one moment, to be compared with a later one.
#[derive(Debug, Clone)]
pub struct Baseline {
    objects: BTreeMap<String, String>,
    vms: BTreeMap<String, String>,
}

impl Baseline {
    /// Remembers what the lab holds now: every object's spec, labels and data, and every source VM.
    pub fn take(lab: &Lab) -> Self {
        let objects = lab.api().objects();
        let objects = objects.iter().filter(|object| !TALES.contains(&text(object, "/kind")));
        let mut vms = BTreeMap::new();
        for source in &lab.world().sources {
            let inventory = source.read();
            for vm in &inventory.vms {
                vms.insert(format!("{}: VM {}", source.name, vm.name), source_vm(vm));
            }
            let parts = source.openstack().map(|state| state.cloud().parts()).unwrap_or_default();
            vms.extend(parts.into_iter().map(|part| (format!("{}: {part}", source.name), String::new())));
            for (host, lines) in &inventory.authorized_keys {
                vms.extend(lines.iter().map(|line| (format!("{}: key on {host}: {line}", source.name), String::new())));
            }
            let others = [("without DRS", &inventory.drs_off), ("lost file", &inventory.lost_files)];
            for (what, names) in others {
                vms.extend(names.iter().map(|name| (format!("{}: {what} {name}", source.name), String::new())));
            }
        }
        Self { objects: objects.map(|object| (key(object), essence(object))).collect(), vms }
    }

    /// What is different now: objects and VMs that came (`+`), went (`-`) or changed (`~`). Empty if nothing is.
    pub fn differences(&self, lab: &Lab) -> Vec<String> {
        let now = Self::take(lab);
        let mut all = compare(&self.objects, &now.objects);
        all.extend(compare(&self.vms, &now.vms));
        all
    }
}

/// Group, kind and name: what stays the same of an object, unlike its uid.
fn key(object: &Value) -> String {
    let group = text(object, "/apiVersion").rsplit_once('/').map_or("", |(group, _)| group);
    format!("{} [{group}]", title(object))
}

/// What a user would call the object's content; bookkeeping and status, which change by themselves, are left out.
fn essence(object: &Value) -> String {
    let skipped = ["metadata", "status", "kind", "apiVersion"];
    let Some(fields) = object.as_object() else { return String::new() };
    let mut kept: BTreeMap<&str, &Value> =
        fields.iter().map(|(name, value)| (name.as_str(), value)).filter(|(name, _)| !skipped.contains(name)).collect();
    let meta = &object["metadata"];
    kept.extend([
        ("labels", &meta["labels"]),
        ("finalizers", &meta["finalizers"]),
        ("deleted", &meta["deletionTimestamp"]),
    ]);
    format!("{kept:?}")
}

fn source_vm(vm: &Vm) -> String {
    let disks: Vec<_> = vm.disks.iter().map(|disk| (disk.key, disk.size_bytes, &disk.file, &disk.datastore)).collect();
    let nics: Vec<_> = vm.nics.iter().map(|nic| (nic.key, &nic.mac, &nic.network, nic.connected)).collect();
    let snapshots: Vec<_> = vm.snapshots.iter().map(|snapshot| &snapshot.name).collect();
    let config = (&vm.uuid, vm.template, vm.cpus, vm.memory_mib, &vm.extra_config);
    format!("power {} {disks:?} {nics:?} {snapshots:?} {config:?}", vm.power)
}

fn compare(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let gone = before.keys().filter(|key| !after.contains_key(*key)).map(|key| format!("- {key}"));
    let come = after.keys().filter(|key| !before.contains_key(*key)).map(|key| format!("+ {key}"));
    let changed = before
        .iter()
        .filter(|(key, text)| after.get(*key).is_some_and(|now| now != *text))
        .map(|(key, _)| format!("~ {key}"));
    gone.chain(come).chain(changed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Power;
    use crate::lab::clock::Pace;
    use crate::lab::world::{World, WorldSpec};
    use serde_json::json;

    #[tokio::test]
    async fn leftovers_and_changes_are_seen() {
        let lab = Lab::start(World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap()).unwrap();
        let baseline = Baseline::take(&lab);
        assert_eq!(Oracle::leftovers(&lab, "auto-ab12"), Vec::<String>::new());
        let labelled = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "default",
            "labels": {SESSION_LABEL: "auto-ab12"}}});
        lab.api().insert(labelled).unwrap();
        lab.world().sources[0].change(|inventory| {
            inventory.vms[0].power = Power::On;
            let clone = Vm { name: "auto-ab12-x".into(), moref: "vm-9".into(), ..inventory.vms[1].clone() };
            inventory.vms.push(clone);
        });
        assert_eq!(Oracle::leftovers(&lab, "auto-ab12"), ["ConfigMap default/c", "vsphere-8: VM auto-ab12-x (vm-9)"]);
        let differences = baseline.differences(&lab);
        for part in ["+ ConfigMap default/c []", "+ vsphere-8: VM auto-ab12-x", "~ vsphere-8: VM mtv-tests-rhel8"] {
            assert!(differences.iter().any(|line| line == part), "{part} in {differences:?}");
        }
        lab.stop().await;
    }
}
