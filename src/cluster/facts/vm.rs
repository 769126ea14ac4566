//! A migrated VM as the cluster describes it.

use super::instance_type::{Sizing, sizing};
use super::vm_objects::{InstanceSpec, Interface, Pvc, Quantity, Topology, Vm, VmStatus, Vmi, Volume};
use crate::cluster::{Cluster, ClusterError, Kind, ObjectRef, is_true, tolerant};
use crate::facts::{Cpu, Firmware, NicAttachment, Power, TargetDisk, TargetNic, TargetVm, parse_quantity_bytes};
use futures::{StreamExt, TryStreamExt, stream};
use kube::core::DynamicObject;
use std::collections::BTreeMap;

/// Claims read at one time.
const PARALLEL: usize = 8;
/// Set by Forklift on what it imports. Source: forklift-api.md section 7.
const DISK_SOURCE: &str = "forklift.konveyor.io/disk-source";
const DISK_INDEX: &str = "forklift.konveyor.io/disk-index";
/// Labels of a populator's claim that hold the source's id of the disk. Source: forklift-api.md section 7.
const SOURCE_DISK: [&str; 3] = ["vmdkKey", "diskID", "imageID"];
/// Set by Forklift on a VM that it renames. Source: forklift-api.md section 7 (name).
const DISPLAY_NAME: &str = "openshift.io/display-name";
/// Label of the source's id. Source: forklift-api.md section 7 (L).
const SOURCE_ID: &str = "vmID";

/// The facts of a VM, its instance and its claims; `None` when there is no such VM.
///
/// A volume whose claim is missing stays in the list, with size 0 and no storage class.
///
/// # Errors
/// See [`ClusterError`].
pub async fn target_vm(cluster: &Cluster, namespace: &str, name: &str) -> Result<Option<TargetVm>, ClusterError> {
    let target = ObjectRef::namespaced(Kind::VM, namespace, name);
    let Some(vm) = cluster.get(&target).await? else { return Ok(None) };
    Ok(Some(assemble(cluster, &target, &vm).await?))
}

/// The facts of the VM that a plan made of a source VM, found by the plan's UID and the source's id, so by whatever name
/// the product gave it; `None` when there is none.
///
/// Source: forklift-api.md section 7 (labels of the VM).
///
/// # Errors
/// See [`ClusterError`].
pub async fn migrated_vm(
    cluster: &Cluster,
    namespace: &str,
    plan_uid: &str,
    vm_id: &str,
) -> Result<Option<TargetVm>, ClusterError> {
    let selector = format!("plan={plan_uid},{SOURCE_ID}={vm_id}");
    let found = cluster.list(Kind::VM, Some(namespace), &selector).await?;
    let Some(vm) = found.into_iter().next() else { return Ok(None) };
    let target = ObjectRef::namespaced(Kind::VM, namespace, vm.metadata.name.clone().unwrap_or_default());
    Ok(Some(assemble(cluster, &target, &vm).await?))
}

async fn assemble(cluster: &Cluster, target: &ObjectRef, vm: &DynamicObject) -> Result<TargetVm, ClusterError> {
    let operation = format!("read {target}");
    let read: Vm = tolerant::read(&operation, vm)?;
    let namespace = target.namespace.as_deref().unwrap_or_default();
    let target = ObjectRef { kind: Kind::VMI, ..target.clone() };
    let vmi = cluster.get(&target).await?;
    let instance: Vmi = match &vmi {
        Some(vmi) => tolerant::read(&format!("read {target}"), vmi)?,
        None => Vmi::default(),
    };
    let (template, running) = (&read.spec.template.spec, &instance.spec);
    let efi = template.domain.firmware.bootloader.efi.as_ref();
    let serials = [&template.domain.firmware.serial, &running.domain.firmware.serial];
    let disks = disks(cluster, template, namespace).await?;
    let told = template.domain.cpu.as_ref().or(running.domain.cpu.as_ref()).map(cpu);
    let memory_told = memory(&operation, template, running)?;
    // Neither the VM nor, while it is off, an instance tells what an instance type gives.
    let given = match (told, memory_told) {
        (Some(_), Some(_)) => Sizing::default(),
        _ => sizing(cluster, namespace, &read.spec.instancetype, &read.spec.preference).await?,
    };
    Ok(TargetVm {
        namespace: namespace.to_owned(),
        uid: vm.metadata.uid.clone().unwrap_or_default(),
        power: power(&read.status, vmi.is_some()),
        cpu: told.or(given.cpu),
        memory_bytes: memory_told.or(given.memory_bytes),
        serial: serials.into_iter().find(|serial| !serial.is_empty()).cloned(),
        firmware: if efi.is_some() { Firmware::Efi } else { Firmware::Bios },
        secure_boot: efi.is_some_and(|efi| efi.secure_boot.unwrap_or(true)),
        tpm: template.domain.devices.tpm.as_ref().is_some_and(|tpm| tpm.enabled != Some(false)),
        display_name: word(vm.metadata.annotations.as_ref(), DISPLAY_NAME),
        vm_id: word(vm.metadata.labels.as_ref(), SOURCE_ID),
        nics: nics(template, namespace),
        disks,
        node: Some(instance.status.node_name).filter(|node| !node.is_empty()),
        agent_connected: vmi.as_ref().is_some_and(|vmi| is_true(vmi, "AgentConnected")),
        template_labels: read.spec.template.metadata.labels,
        node_selector: template.node_selector.clone(),
        affinity: template.affinity.clone(),
        name: target.name,
    })
}

/// The value of a label or an annotation.
fn word(all: Option<&BTreeMap<String, String>>, key: &str) -> Option<String> {
    all.and_then(|all| all.get(key)).cloned()
}

/// `created` and `ready` are absent when false; a guest that shut itself down leaves a finished instance behind a VM
/// that is stopped. Everything between the stable states is neither. Source: cluster-api.md section 1.1.
fn power(status: &VmStatus, has_instance: bool) -> Power {
    match status.printable_status.as_str() {
        "Running" if status.created && status.ready && has_instance => Power::On,
        "Stopped" if !status.ready => Power::Off,
        "" if !status.created && !status.ready && !has_instance => Power::Off,
        _ => Power::Other,
    }
}

fn cpu(topology: &Topology) -> Cpu {
    Cpu { sockets: topology.sockets.max(1), cores: topology.cores.max(1), threads: topology.threads.max(1) }
}

/// An instance type leaves the template's memory empty; the instance then has it.
fn memory(operation: &str, template: &InstanceSpec, running: &InstanceSpec) -> Result<Option<u64>, ClusterError> {
    let requested = |spec: &InstanceSpec| spec.domain.resources.requests.get("memory").map(Quantity::text);
    let guest = |spec: &InstanceSpec| Some(spec.domain.memory.guest.clone()).filter(|text| !text.is_empty());
    let text =
        guest(template).or_else(|| requested(template)).or_else(|| guest(running)).or_else(|| requested(running));
    text.map(|text| bytes(operation, &text)).transpose()
}

fn bytes(operation: &str, quantity: &str) -> Result<u64, ClusterError> {
    parse_quantity_bytes(quantity).map_err(|error| ClusterError::Malformed {
        operation: operation.to_owned(),
        cause: serde::de::Error::custom(error),
    })
}

fn nics(spec: &InstanceSpec, namespace: &str) -> Vec<TargetNic> {
    let networks: BTreeMap<&str, &str> =
        spec.networks.iter().map(|network| (network.name.as_str(), network.multus.network_name.as_str())).collect();
    let attachment = |name: &str| match networks.get(name) {
        None | Some(&"") => NicAttachment::Pod,
        Some(nad) if nad.contains('/') => NicAttachment::Multus((*nad).to_owned()),
        Some(nad) => NicAttachment::Multus(format!("{namespace}/{nad}")),
    };
    let nic = |interface: &Interface| TargetNic {
        name: interface.name.clone(),
        mac: Some(interface.mac_address.to_lowercase()).filter(|mac| !mac.is_empty()),
        attachment: attachment(&interface.name),
        link_up: interface.state != "down",
    };
    spec.domain.devices.interfaces.iter().map(nic).collect()
}

/// Disks in the order of the devices; volumes that no device names come last.
async fn disks(cluster: &Cluster, spec: &InstanceSpec, namespace: &str) -> Result<Vec<TargetDisk>, ClusterError> {
    let order = |volume: &Volume| {
        let devices = &spec.domain.devices.disks;
        devices.iter().position(|disk| disk.name == volume.name).unwrap_or(devices.len())
    };
    let mut volumes: Vec<&Volume> = spec.volumes.iter().filter(|volume| !volume.claim().is_empty()).collect();
    volumes.sort_by_key(|volume| order(volume));
    let reads: Vec<_> = volumes.into_iter().map(|volume| read_disk(cluster, spec, volume, namespace)).collect();
    stream::iter(reads).buffered(PARALLEL).try_collect().await
}

async fn read_disk(
    cluster: &Cluster,
    spec: &InstanceSpec,
    volume: &Volume,
    namespace: &str,
) -> Result<TargetDisk, ClusterError> {
    let target = ObjectRef::namespaced(Kind::PVC, namespace, volume.claim());
    let claim = cluster.get(&target).await?;
    let device = spec.domain.devices.disks.iter().find(|device| device.name == volume.name);
    let boot_order = device.and_then(|device| device.boot_order);
    Ok(TargetDisk { boot_order, ..disk(volume, claim.as_ref(), &format!("read {target}"))? })
}

fn disk(volume: &Volume, claim: Option<&DynamicObject>, operation: &str) -> Result<TargetDisk, ClusterError> {
    let read: Pvc = match claim {
        Some(claim) => tolerant::read(operation, claim)?,
        None => Pvc::default(),
    };
    let size = read.status.capacity.get("storage").or_else(|| read.spec.resources.requests.get("storage"));
    let filled = |text: String| Some(text).filter(|text| !text.is_empty());
    let labels = claim.and_then(|claim| claim.metadata.labels.as_ref());
    let annotation = |key| word(claim.and_then(|claim| claim.metadata.annotations.as_ref()), key);
    Ok(TargetDisk {
        name: volume.name.clone(),
        claim: volume.claim().to_owned(),
        storage_class: filled(read.spec.storage_class_name),
        size_bytes: size.map(|size| bytes(operation, &size.text())).transpose()?.unwrap_or(0),
        access_modes: read.spec.access_modes,
        volume_mode: filled(read.spec.volume_mode),
        source: annotation(DISK_SOURCE),
        source_id: SOURCE_DISK.iter().find_map(|key| word(labels, key)),
        index: annotation(DISK_INDEX).and_then(|text| text.parse().ok()),
        boot_order: None,
    })
}

#[cfg(test)]
#[path = "vm_tests.rs"]
mod tests;
