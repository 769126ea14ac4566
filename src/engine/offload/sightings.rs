//! What was seen of each disk, from the objects that come by. Pure: objects go in, facts come out.
//!
//! A claim tells which disk it is for: by the disk's key, else its file, else its number. Populators have their claim's
//! name, populate pods its UID, tasks the disk's file.

use crate::facts::{DiskOffload, SourceDisk, base_disk_file};
use kube::api::DynamicObject;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A VM of the plan: its id in the product's inventory, and its disks on the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffloadVm {
    /// Its id in the product's inventory.
    pub id: String,
    /// Its disks on the source, before the migration.
    pub disks: Vec<SourceDisk>,
}

/// Index of a VM, and of its disk.
type DiskAt = (usize, usize);

/// Everything that was seen so far.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    vms: Vec<OffloadVm>,
    /// Disks of claims, by the claim's UID and name.
    claims: BTreeMap<String, DiskAt>,
    names: BTreeMap<String, DiskAt>,
    /// Names of populators, and their disk where they tell it themselves.
    populators: BTreeMap<String, Option<DiskAt>>,
    /// Last verdicts, by the UID of the pod's claim.
    logs: BTreeMap<String, bool>,
    tasks: BTreeMap<DiskAt, (Option<bool>, Option<String>)>,
    /// Whether the Secret of the plan's populators was seen.
    pub(super) secret: bool,
}

impl Sightings {
    pub(super) fn of(vms: Vec<OffloadVm>) -> Self {
        Self { vms, ..Self::default() }
    }

    pub(super) fn claim(&mut self, claim: &DynamicObject) {
        let Some(at) = self.disk_of(claim) else { return };
        let (uid, name) = (claim.metadata.uid.clone(), claim.metadata.name.clone());
        self.claims.extend(uid.map(|uid| (uid, at)));
        self.names.extend(name.map(|name| (name, at)));
    }

    pub(super) fn populator(&mut self, populator: &DynamicObject) {
        let Some(name) = populator.metadata.name.clone() else { return };
        let at = self.disk_of(populator).or_else(|| self.populators.get(&name).copied().flatten());
        self.populators.insert(name, at);
    }

    /// The last verdict in the log of the pod that fills the claim with this UID.
    pub(super) fn verdict(&mut self, claim_uid: &str, xcopy_used: bool) {
        self.logs.insert(claim_uid.to_owned(), xcopy_used);
    }

    /// Tasks of every step: which one copies differs between versions (forklift-api.md section 6).
    pub(super) fn migration(&mut self, migration: &DynamicObject) {
        for vm in items(&migration.data["status"]["vms"]) {
            let Some(index) = vm["id"].as_str().and_then(|id| self.vm(id)) else { continue };
            for task in items(&vm["pipeline"]).iter().flat_map(|step| items(&step["tasks"])) {
                let at = task["name"].as_str().and_then(|name| self.disk_by_file(index, name));
                let marks = &task["annotations"];
                let used = marks["xcopyUsed"].as_str().and_then(truth);
                let method = marks["cloneMethod"].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
                if let (Some(at), true) = (at, used.is_some() || method.is_some()) {
                    let kept = self.tasks.entry(at).or_default();
                    kept.0 = used.or(kept.0);
                    kept.1 = method.or_else(|| kept.1.take());
                }
            }
        }
    }

    /// What was seen of each disk of each VM, in the source's order; a disk of which nothing was seen says so.
    pub(super) fn told(&self) -> BTreeMap<String, Vec<DiskOffload>> {
        let populated: BTreeSet<DiskAt> =
            self.populators.iter().filter_map(|(name, at)| at.or_else(|| self.names.get(name).copied())).collect();
        let logs: BTreeMap<DiskAt, bool> =
            self.logs.iter().filter_map(|(uid, used)| Some((*self.claims.get(uid)?, *used))).collect();
        let disk = |at: DiskAt, id: &str| {
            let (task_says, clone_method) = self.tasks.get(&at).cloned().unwrap_or_default();
            let populated = populated.contains(&at);
            DiskOffload { disk: id.to_owned(), populated, pod_says: logs.get(&at).copied(), task_says, clone_method }
        };
        let of_vm = |(index, vm): (usize, &OffloadVm)| {
            let disks = vm.disks.iter().enumerate().map(|(number, one)| disk((index, number), &one.id)).collect();
            (vm.id.clone(), disks)
        };
        self.vms.iter().enumerate().map(of_vm).collect()
    }

    fn vm(&self, id: &str) -> Option<usize> {
        self.vms.iter().position(|vm| vm.id == id)
    }

    /// The disk that a claim or a populator is for, by whatever it says.
    fn disk_of(&self, object: &DynamicObject) -> Option<DiskAt> {
        let label = |key: &str| object.metadata.labels.as_ref()?.get(key).map(String::as_str);
        let note = |key: &str| object.metadata.annotations.as_ref()?.get(key).map(String::as_str);
        let spec = &object.data["spec"];
        let vm = label("vmID").or_else(|| spec["vmId"].as_str()).and_then(|id| self.vm(id))?;
        let disks = &self.vms[vm].disks;
        if let Some(number) = label("vmdkKey").and_then(|key| disks.iter().position(|disk| disk.id == key)) {
            return Some((vm, number));
        }
        let files = [spec["vmdkPath"].as_str(), note("copy-offload"), note("forklift.konveyor.io/disk-source")];
        if let Some(at) = files.into_iter().flatten().find_map(|file| self.disk_by_file(vm, file)) {
            return Some(at);
        }
        let number = note("forklift.konveyor.io/disk-index").and_then(|text| text.parse::<usize>().ok());
        number.filter(|number| *number < disks.len()).map(|number| (vm, number))
    }

    fn disk_by_file(&self, vm: usize, file: &str) -> Option<DiskAt> {
        let wanted = base_disk_file(file);
        let is_it = |disk: &SourceDisk| disk.file.as_deref().is_some_and(|own| base_disk_file(own) == wanted);
        self.vms[vm].disks.iter().position(is_it).map(|number| (vm, number))
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A verdict as logs and annotations write it.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text.trim_matches('"') {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn disk(id: &str, file: &str) -> SourceDisk {
        serde_json::from_value(json!({ "id": id, "name": id, "size_bytes": 1, "storage": "ds", "controller": null,
            "unit": null, "file": file, "mode": null, "rdm": false, "shared": false }))
        .unwrap()
    }

    fn sightings() -> Sightings {
        let disks = vec![disk("2000", "[ds] v/v-000002.vmdk"), disk("2001", "[ds] v/v_1.vmdk"), disk("2002", "")];
        Sightings::of(vec![OffloadVm { id: "vm-1".into(), disks }])
    }

    fn object(kind: &str, rest: Value) -> DynamicObject {
        let mut whole = json!({ "apiVersion": "v1", "kind": kind });
        for (key, value) in rest.as_object().unwrap() {
            whole[key] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    fn claim(uid: &str, labels: Value, annotations: Value) -> DynamicObject {
        object(
            "PersistentVolumeClaim",
            json!({ "metadata": { "name": format!("c-{uid}"), "uid": uid, "labels": labels, "annotations": annotations } }),
        )
    }

    #[test]
    fn each_witness_is_led_back_to_its_disk() {
        let mut seen = sightings();
        seen.claim(&claim("u0", json!({ "vmID": "vm-1", "vmdkKey": "2000" }), json!({})));
        seen.claim(&claim("u1", json!({ "vmID": "vm-1" }), json!({ "copy-offload": "[ds] v/v_1.vmdk" })));
        seen.claim(&claim("u2", json!({ "vmID": "vm-1" }), json!({ "forklift.konveyor.io/disk-index": "2" })));
        seen.claim(&claim("u3", json!({ "vmID": "vm-9", "vmdkKey": "2000" }), json!({})));
        seen.populator(&object("P", json!({ "metadata": { "name": "c-u0" }, "spec": {} })));
        let by_path = json!({ "metadata": { "name": "x" }, "spec": { "vmId": "vm-1", "vmdkPath": "[ds] v/v_1.vmdk" } });
        seen.populator(&object("P", by_path));
        seen.verdict("u0", false);
        seen.verdict("u0", true);
        seen.verdict("u2", false);
        seen.verdict("u9", true);
        let tasks = json!([{ "name": "[ds] v/v.vmdk", "annotations": { "xcopyUsed": "1", "cloneMethod": "ssh" } },
            { "name": "[ds] v/v_1.vmdk", "annotations": { "unit": "MB" } }]);
        seen.migration(&object(
            "Migration",
            json!({ "metadata": {}, "status": { "vms": [{ "id": "vm-1", "pipeline": [{ "name": "DiskTransfer", "tasks": tasks }] }] } }),
        ));
        let told = seen.told();
        let short = |one: &DiskOffload| (one.populated, one.pod_says, one.task_says, one.clone_method.clone());
        assert_eq!(
            told["vm-1"].iter().map(short).collect::<Vec<_>>(),
            [
                (true, Some(true), Some(true), Some("ssh".to_owned())),
                (true, None, None, None),
                (false, Some(false), None, None),
            ]
        );
    }

    #[test]
    fn a_verdict_that_is_gone_later_is_kept() {
        let mut seen = sightings();
        let migration = |annotations: Value| {
            let task = json!({ "name": "[ds] v/v-000001.vmdk", "annotations": annotations });
            let vms = json!([{ "id": "vm-1", "pipeline": [{ "tasks": [task] }] }]);
            object("Migration", json!({ "metadata": {}, "status": { "vms": vms } }))
        };
        seen.migration(&migration(json!({ "xcopyUsed": "0" })));
        seen.migration(&migration(json!({ "cloneMethod": "vib" })));
        let told = seen.told();
        assert_eq!((told["vm-1"][0].task_says, told["vm-1"][0].clone_method.as_deref()), (Some(false), Some("vib")));
    }
}
