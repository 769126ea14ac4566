//! The conversion of a guest by virt-v2v: its pod, its Conversion since 2.12, the look at the disks before, the wait for
//! the guest after.
//!
//! Source: forklift-api.md sections 6 and 7.

use super::super::hub::Fail;
use super::super::kinds::{CLAIM, CONFIG_MAP, CONVERSION, POD, SECRET, VIRTUAL_MACHINE};
use super::super::object::{flag, name, namespace, pod_status, reference, restricted_pod, secret_key, text};
use super::super::operator::feature;
use super::objects::{Run, create_secret};
use super::phases::Method;
use super::pipeline::VmStatus;
use super::plan_facts::{PlannedVm, known_fields};
use crate::lab::world::Vm;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Creates the Secret and the ConfigMap that the conversion uses, and its pod, which runs at once.
pub(crate) async fn create_conversion(run: &Run<'_>, vm: &str) -> Result<(), Fail> {
    create_secret(run, vm, "isV2V").await?;
    let config = json!({
        "metadata": {
            "namespace": run.target_namespace(), "name": run.object_name(vm, ""), "labels": run.labels(vm),
        },
        "data": {"ca.pem": ""},
    });
    run.hub.create(CONFIG_MAP, config).await?;
    let mut labels = run.labels(vm);
    labels.insert("forklift.app".to_owned(), json!("virt-v2v"));
    let volume = |(index, claim): (usize, &Arc<Value>)| json!({"name": format!("vol-{index}"), "persistentVolumeClaim": {"claimName": name(claim)}});
    let volumes: Vec<Value> = run.of_vm(CLAIM, vm).iter().enumerate().map(volume).collect();
    let mut spec = restricted_pod("virt-v2v", "forklift-virt-v2v");
    spec["volumes"] = json!(volumes);
    let known = known_fields(run.hub, &run.plan["spec"]);
    for (field, place) in [("convertorNodeSelector", "nodeSelector"), ("convertorAffinity", "affinity")] {
        if let Some(value) = known.get(field).filter(|value| !value.is_null()) {
            spec[place] = value.clone();
        }
    }
    if let Some(more) = known["convertorLabels"].as_object() {
        labels.extend(more.clone());
    }
    let pod = json!({
        "metadata": {
            "namespace": run.target_namespace(), "name": run.object_name(vm, ""), "labels": labels,
            "ownerReferences": [],
        },
        "spec": spec,
    });
    let mut pod = pod;
    if run.hub.since(12) && feature(run.hub, "feature_use_conversion_cr", true) {
        let request = create_request(run, vm).await?;
        pod["metadata"]["labels"]["conversion"] = json!(name(&request));
    }
    let made = run.hub.create(POD, pod).await?;
    run.hub.put_status(POD, &made, pod_status(&made, "Running")).await?;
    Ok(())
}

/// Ends the conversion in failure if virt-v2v cannot open the guest's disks: some are encrypted, and none of the
/// passphrases in the Secret that the plan names for the VM is theirs. The text tells so.
///
/// Source: original-suite.md section 2, row `luks_cold_migration_wrong_key`.
pub(crate) async fn fail_if_locked(run: &Run<'_>, planned: &PlannedVm, vm: &Vm) -> Result<Option<&'static str>, Fail> {
    let is_encrypted = vm.disks.iter().flat_map(|disk| &disk.partitions).any(|partition| partition.luks);
    if !is_encrypted || passphrases(run, planned).await?.contains(vm.inside.spec.luks.as_deref().unwrap_or_default()) {
        return Ok(None);
    }
    end_conversion(run, &vm.moref, "Failed").await?;
    Ok(Some("Guest conversion failed. See pod logs for details."))
}

/// Every passphrase that the plan hands over for a VM.
async fn passphrases(run: &Run<'_>, planned: &PlannedVm) -> Result<BTreeSet<String>, Fail> {
    let (space, name) = reference(&planned.entry, "/luks");
    let secret = run.hub.find(SECRET, space, name).await?.unwrap_or_default();
    let keys = secret["data"].as_object().into_iter().flatten();
    Ok(keys.map(|(key, _)| secret_key(&secret, key)).collect())
}

/// The Conversion that asks for a pod since 2.12, in the plan's namespace.
async fn create_request(run: &Run<'_>, vm: &str) -> Result<Arc<Value>, Fail> {
    let kind = if run.method == Method::V2v { "Remote" } else { "InPlace" };
    let mut labels = run.labels(vm);
    labels.insert("conversion-type".to_owned(), json!(kind));
    let request = json!({
        "metadata": {"namespace": namespace(run.plan), "name": run.object_name(vm, ""), "labels": labels},
        "spec": {"type": kind},
    });
    let made = run.hub.create(CONVERSION, request).await?;
    run.hub.put_status(CONVERSION, &made, json!({"phase": "Running"})).await?;
    Ok(made)
}

/// Looks at the disks before a warm migration; the pod has ended when this returns.
pub(crate) async fn inspect(run: &Run<'_>, vm: &str) -> Result<(), Fail> {
    let mut labels = run.labels(vm);
    labels.insert("forklift.app".to_owned(), json!("virt-v2v-inspection"));
    let pod = json!({
        "metadata": {
            "namespace": run.target_namespace(), "name": run.object_name(vm, "inspection-"), "labels": labels,
        },
        "spec": restricted_pod("virt-v2v", "forklift-virt-v2v"),
    });
    let made = run.hub.create(POD, pod).await?;
    run.hub.put_status(POD, &made, pod_status(&made, "Succeeded")).await?;
    Ok(())
}

/// Whether a Windows guest has started anew. One whose source was off, and about whose power nothing was said, is stopped
/// again.
pub(crate) async fn has_rebooted(run: &Run<'_>, planned: &PlannedVm, status: &VmStatus) -> Result<bool, Fail> {
    let target = planned.target_name(run.hub.world.spec.seed);
    let Some(vm) = run.hub.get(VIRTUAL_MACHINE, run.target_namespace(), &target).await? else {
        return Ok(false);
    };
    if !flag(&vm, "/status/ready", false) {
        return Ok(false);
    }
    let own = text(&planned.entry, "/targetPowerState");
    let asked = if own.is_empty() { text(run.plan, "/spec/targetPowerState") } else { own };
    if asked != "on" && status.restore_power_state != "On" {
        run.hub.merge(VIRTUAL_MACHINE, &vm, &json!({"spec": {"runStrategy": "Halted"}})).await?;
    }
    Ok(true)
}

/// Ends the conversion pod.
pub(crate) async fn finish_conversion(run: &Run<'_>, vm: &str) -> Result<(), Fail> {
    end_conversion(run, vm, "Succeeded").await
}

async fn end_conversion(run: &Run<'_>, vm: &str, phase: &str) -> Result<(), Fail> {
    let pod = run.hub.get(POD, run.target_namespace(), &run.object_name(vm, "")).await?;
    if let Some(pod) = pod {
        run.hub.put_status(POD, &pod, pod_status(&pod, phase)).await?;
    }
    if let Some(request) = run.hub.get(CONVERSION, namespace(run.plan), &run.object_name(vm, "")).await? {
        run.hub.put_status(CONVERSION, &request, json!({"phase": phase})).await?;
    }
    Ok(())
}
