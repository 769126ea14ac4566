//! What a plan makes for the array: Secrets, and for each disk a claim and a populator that refers to it.
//!
//! Source: forklift-api.md section 7.

use super::super::super::hub::Fail;
use super::super::super::kinds::{CLAIM, POD, POPULATOR, SECRET};
use super::super::super::object::{
    binary_quantity, generated_name, label, name, namespace, owner_reference, reference, text, uid,
};
use super::super::super::operator::feature;
use super::super::claim_names::Claim;
use super::super::objects::{Run, class_and_size};
use super::super::plan_facts::PlannedVm;
use super::keys::read_keys;
use super::names::claim_name;
use super::rules::{Plugin, plugin};
use super::verdict::host_of_disk;
use crate::lab::world::{Disk, Vm};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A disk in the order of its VM, and what its datastore's entry says.
struct Planned<'a> {
    index: usize,
    disk: &'a Disk,
    entry: &'a Value,
    plugin: Plugin<'a>,
}

/// Makes everything for a VM; the text says why that can never work.
pub(crate) async fn create(run: &Run<'_>, planned: &PlannedVm, vm: &Vm) -> Result<Option<String>, Fail> {
    let shared = populator_secret_name(run, &vm.moref);
    for (index, disk) in vm.disks.iter().enumerate() {
        let entry = run.facts.storage_entry(disk);
        let Some((entry, plugin)) = entry.and_then(|entry| Some((entry, plugin(entry)?))) else {
            return Ok(Some(format!("{} has no offload plugin", disk.file)));
        };
        let one = Planned { index, disk, entry, plugin };
        if index == 0 {
            create_populator_secret(run, &vm.moref, &shared, &one.plugin).await?;
        }
        let body = match claim_of(run, planned, vm, &one) {
            Ok(body) => body,
            Err(why) => return Ok(Some(why)),
        };
        let claim = run.hub.create(CLAIM, body).await?;
        if label(&claim, "migration") != run.migration {
            return Ok(Some(format!("persistentvolumeclaims {:?} already exists", name(&claim))));
        }
        let secret = create_disk_secret(run, vm, &shared, &one, &claim).await?;
        create_populator(run, vm, &one, &claim, &secret).await?;
    }
    Ok(None)
}

/// `<plan>-<vmID>-~`.
fn populator_secret_name(run: &Run<'_>, vm: &str) -> String {
    generated_name(&format!("{}-{vm}-", name(run.plan)), &format!("{}/{vm}/populator", run.migration))
}

/// The Secret of a VM's populators. Before 2.10 it holds all that the copying pods need.
async fn create_populator_secret(run: &Run<'_>, vm: &str, own: &str, plugin: &Plugin<'_>) -> Result<(), Fail> {
    let mut labels = run.labels(vm);
    labels.insert("isPopulator".to_owned(), json!("true"));
    let mut data = source_login(run).await?;
    if !run.hub.since(10) {
        data.extend(copying_data(run, plugin).await?);
    }
    let body = json!({
        "metadata": {"namespace": run.target_namespace(), "name": own, "labels": labels},
        "type": "Opaque", "data": data,
    });
    run.hub.create(SECRET, body).await?;
    Ok(())
}

fn encoded(text: &str) -> Value {
    json!(STANDARD.encode(text))
}

/// The login of the source, under the names that importers use.
async fn source_login(run: &Run<'_>) -> Result<Map<String, Value>, Fail> {
    let login = provider_secret(run).await?;
    let value = |key: &str| login["data"].get(key).cloned().unwrap_or_else(|| json!(""));
    Ok(Map::from_iter([("accessKeyId".to_owned(), value("user")), ("secretKey".to_owned(), value("password"))]))
}

async fn provider_secret(run: &Run<'_>) -> Result<Value, Fail> {
    let (space, secret) = run.facts.source_provider.as_deref().map_or(("", ""), |one| reference(one, "/spec/secret"));
    let found = run.hub.find(SECRET, space, secret).await?;
    Ok(found.map(|secret| (*secret).clone()).unwrap_or_default())
}

/// All that a copying pod needs: the source's and the array's login, the clone method and the keys for it.
async fn copying_data(run: &Run<'_>, plugin: &Plugin<'_>) -> Result<Map<String, Value>, Fail> {
    let provider = run.facts.source_provider.clone().unwrap_or_default();
    let login = provider_secret(run).await?;
    let array = run.hub.find(SECRET, namespace(&provider), plugin.secret).await?;
    let mut data = Map::new();
    for secret in std::iter::once(&login).chain(array.as_deref()) {
        data.extend(secret["data"].as_object().cloned().unwrap_or_default());
    }
    let value = |key: &str| login["data"].get(key).cloned().unwrap_or_else(|| json!(""));
    let url = text(&provider, "/spec/url").parse::<http::Uri>().ok();
    let host = url.as_ref().and_then(http::Uri::authority).map(http::uri::Authority::as_str).unwrap_or_default();
    let method = text(&provider, "/spec/settings/esxiCloneMethod");
    let (private, public) = read_keys(run.hub, &provider).await?;
    let own = [
        ("GOVMOMI_HOSTNAME", encoded(host)),
        ("GOVMOMI_USERNAME", value("user")),
        ("GOVMOMI_PASSWORD", value("password")),
        ("GOVMOMI_INSECURE", value("insecureSkipVerify")),
        ("ESXI_CLONE_METHOD", encoded(if method.is_empty() { "vib" } else { method })),
        ("SSH_PRIVATE_KEY", encoded(&STANDARD.encode(private))),
        ("SSH_PUBLIC_KEY", encoded(&STANDARD.encode(public))),
    ];
    data.extend(own.map(|(key, value)| (key.to_owned(), value)));
    data.extend(source_login(run).await?);
    Ok(data)
}

/// The Secret of a disk since 2.10, named after the VM's; its name, or the VM's.
async fn create_disk_secret(
    run: &Run<'_>,
    vm: &Vm,
    shared: &str,
    one: &Planned<'_>,
    claim: &Arc<Value>,
) -> Result<String, Fail> {
    if !run.hub.since(10) {
        return Ok(shared.to_owned());
    }
    let own = format!("{shared}-{}", one.index);
    let body = json!({
        "metadata": {
            "namespace": run.target_namespace(), "name": own, "labels": run.labels(&vm.moref),
            "ownerReferences": [owner_reference(CLAIM, claim, false)],
        },
        "type": "Opaque", "data": copying_data(run, &one.plugin).await?,
    });
    run.hub.create(SECRET, body).await?;
    Ok(own)
}

/// The labels of a claim and of its populator.
fn labels(run: &Run<'_>, vm: &Vm, disk: &Disk) -> Value {
    json!({
        "plan": uid(run.plan), "migration": run.migration, "vmID": vm.moref, "vmdkKey": disk.key.to_string(),
    })
}

fn claim_of(run: &Run<'_>, planned: &PlannedVm, vm: &Vm, one: &Planned<'_>) -> Result<Value, String> {
    let target_name = planned.target_name(run.hub.world.spec.seed);
    let (index, mtv) = (one.index, &run.hub.mtv);
    let named = Claim { plan: run.plan, planned, vm, index, target_name: &target_name, mtv, source_type: "vsphere" };
    let own = claim_name(&named, &format!("{}/{}/{index}", run.migration, vm.moref))?;
    let (class, bytes) = class_and_size(run, one.disk);
    let mapped = text(one.entry, "/destination/accessMode");
    let file = &one.disk.file;
    Ok(json!({
        "metadata": {
            "namespace": run.target_namespace(), "name": own, "labels": labels(run, vm, one.disk),
            "annotations": {
                "copy-offload": file, "forklift.konveyor.io/disk-source": file,
                "forklift.konveyor.io/disk-index": one.index.to_string(),
            },
        },
        "spec": {
            "accessModes": [if mapped.is_empty() { "ReadWriteMany" } else { mapped }], "volumeMode": "Block",
            "storageClassName": class, "resources": {"requests": {"storage": binary_quantity(bytes)}},
            "dataSourceRef": {"apiGroup": POPULATOR.group, "kind": POPULATOR.title, "name": own},
        },
    }))
}

async fn create_populator(
    run: &Run<'_>,
    vm: &Vm,
    one: &Planned<'_>,
    claim: &Arc<Value>,
    secret: &str,
) -> Result<(), Fail> {
    let mut spec = json!({
        "vmId": vm.moref, "vmdkPath": one.disk.file, "secretName": secret,
        "storageVendorProduct": one.plugin.vendor,
    });
    let mut labels = labels(run, vm, one.disk);
    labels["sourceHost"] = json!(vm.host);
    if let Some(host) = host_of_disk(&one.plugin.hosts, one.index) {
        spec["migrationHost"] = json!(host);
        labels["sourceHost"] = json!(host);
    }
    let body = json!({
        "metadata": {
            "namespace": run.target_namespace(), "name": name(claim), "labels": labels,
            "ownerReferences": [owner_reference(CLAIM, claim, false)],
        },
        "spec": spec,
    });
    run.hub.create(POPULATOR, body).await?;
    Ok(())
}

/// Removes a VM's populators, their pods and the claims beside its own. Pods stay if the operator is told so.
pub(crate) async fn clean_up(run: &Run<'_>, vm: &str) -> Result<(), Fail> {
    let keeps_pods = feature(run.hub, "controller_retain_populator_pods", false);
    for claim in run.of_vm(CLAIM, vm) {
        if let Some(prime) = run.hub.cache.get(CLAIM, namespace(&claim), &format!("prime-{}", uid(&claim))) {
            run.hub.delete(CLAIM, &prime).await?;
        }
        let pod = run.hub.cache.get(POD, namespace(&claim), &format!("populate-{}", uid(&claim)));
        if let Some(pod) = pod.filter(|_| !keeps_pods) {
            run.hub.delete(POD, &pod).await?;
            run.hub.world.pod_logs.forget(uid(&pod));
        }
    }
    for populator in run.of_vm(POPULATOR, vm) {
        run.hub.delete(POPULATOR, &populator).await?;
    }
    Ok(())
}
