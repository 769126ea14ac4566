//! What changes something: clones, power, snapshots, deletions.
//!
//! Source: source-providers.md section 3.3.

use super::body::text;
use super::entities::{GUARANTEED, View};
use super::fault::Refusal;
use super::item::Item;
use super::jobs::Jobs;
use super::reply::Reply;
use crate::facts::{Power, now, rfc3339};
use crate::lab::fault::Failure;
use crate::lab::world::{Inventory, Snapshot, Source, Vm};
use axum::http::StatusCode;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long things take in simulated time.
const COPY: Duration = Duration::from_secs(60);
const BOOT: Duration = Duration::from_secs(20);
const SHUTDOWN: Duration = Duration::from_secs(10);
const SNAPSHOT: Duration = Duration::from_secs(5);
const REMOVAL: Duration = Duration::from_secs(5);
/// The name of a failed clone's fault that shows only after it began.
const COPY_FAILS: &str = "CopyFails";

/// Makes a VM of a template. Without `clone` its disks would hang on the template's; the world copies them all the same.
pub(super) fn create_vm(jobs: &Jobs, body: &Value, _query: &BTreeMap<String, String>) -> Result<Reply, Refusal> {
    let name = text(body, "/name").ok_or_else(|| Refusal::bad("Vm [name] required for add"))?;
    check_name(name)?;
    let source = jobs.source.as_ref();
    let failure = jobs.faults.failing(|failure| match failure {
        Failure::CloneFails { fault } => Some(fault.clone()),
        _ => None,
    });
    if let Some(words) = failure.as_deref().and_then(refusal_of) {
        return Err(Refusal::conflict(words));
    }
    let vm = source.change(|inventory| {
        let template = wanted_template(inventory, body)?.clone();
        wanted_cluster(inventory, body)?;
        if inventory.vms.iter().any(|vm| vm.name == name && !vm.template) {
            let words = "Cannot add VM. The VM name is already in use, please choose a unique name and try again.";
            return Err(Refusal::conflict(words));
        }
        inventory.next_number += 1;
        let vm = made_from(source, &template, (name, inventory.next_number), guaranteed(body));
        inventory.vms.push(vm.clone());
        Ok(vm)
    })?;
    let (id, fails) = (vm.moref.clone(), failure.as_deref() == Some(COPY_FAILS));
    jobs.start(&vm.moref, &[("image_locked", COPY)], move |source| {
        if fails {
            source.change(|inventory| inventory.vms.retain(|vm| vm.moref != id));
        }
    });
    let inventory = source.read();
    let item = View { source, inventory: &inventory }.vm(&vm);
    Ok(Reply::Item(StatusCode::CREATED, "vm", Box::new(item)))
}

/// Reserved memory, a number in either language.
fn guaranteed(body: &Value) -> Option<String> {
    let asked = body.pointer("/memory_policy/guaranteed")?;
    asked.as_u64().map(|bytes| bytes.to_string()).or_else(|| asked.as_str().map(str::to_owned))
}

fn refusal_of(fault: &str) -> Option<&'static str> {
    match fault {
        COPY_FAILS => None,
        "QuotaExceeded" => Some("Cannot add VM. Quota has insufficient storage resources."),
        "NoPermission" => Some("User is not authorized to perform this action."),
        _ => Some("Cannot add VM. Low disk space on Storage Domain nfs-data."),
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let plain = name.chars().all(|letter| letter.is_alphanumeric() || "-_.".contains(letter));
    if plain && name.chars().count() <= 255 {
        return Ok(());
    }
    Err(Refusal::bad(
        "[Can not add VM. The given name contains special characters. Only lower-case and upper-case letters, numbers, \
         '_', '-', '.' are allowed.]",
    ))
}

fn wanted_template<'a>(inventory: &'a Inventory, body: &Value) -> Result<&'a Vm, Refusal> {
    let (id, name) = (text(body, "/template/id"), text(body, "/template/name"));
    if id.is_none() && name.is_none() {
        return Err(Refusal::bad("Vm [template.id|template.name] required for add"));
    }
    let found = inventory.vms.iter().filter(|vm| vm.template).find(|vm| match id {
        Some(id) => vm.moref == id,
        None => Some(vm.name.as_str()) == name,
    });
    found.ok_or_else(|| Refusal::not_found(id.or(name).unwrap_or_default()))
}

fn wanted_cluster(inventory: &Inventory, body: &Value) -> Result<(), Refusal> {
    match (text(body, "/cluster/id"), text(body, "/cluster/name")) {
        (Some(id), _) if id == inventory.cluster.moref => Ok(()),
        (None, Some(name)) if name == inventory.cluster.name => Ok(()),
        (None, None) => Err(Refusal::bad("Vm [cluster.id|cluster.name] required for add")),
        (id, name) => Err(Refusal::not_found(id.or(name).unwrap_or_default())),
    }
}

fn made_from(source: &Source, template: &Vm, (name, number): (&str, u32), guaranteed: Option<String>) -> Vm {
    let id = source.uuid_for(&format!("clone-{number}"));
    let mut vm = Vm {
        uuid: source.uuid_for(&format!("{id}/bios")),
        instance_uuid: source.uuid_for(&format!("{id}/instance")),
        name: name.to_owned(),
        template: false,
        snapshots: Vec::new(),
        revision: 1,
        moref: id,
        ..template.clone()
    };
    for (index, disk) in vm.disks.iter_mut().enumerate() {
        disk.uuid = source.disk_uuid(&format!("{}/disk-{index}", vm.moref));
        disk.file = format!("{name}_Disk{}", index + 1);
    }
    for (order, nic) in vm.nics.iter_mut().enumerate() {
        nic.mac = source.mac_for(&format!("{}/nic-{order}", vm.moref));
    }
    vm.extra_config.extend(guaranteed.map(|bytes| (GUARANTEED.to_owned(), bytes)));
    vm.set_power(Power::Off);
    vm
}

/// The VM and its status.
fn look(source: &Source, id: &str) -> Result<(Vm, String), Refusal> {
    let inventory = source.read();
    let vm = inventory.vm(id).filter(|vm| !vm.template).cloned().ok_or_else(|| Refusal::not_found(id))?;
    let status = View { source, inventory: &inventory }.status(&vm);
    Ok((vm, status))
}

/// An action on a VM: `start`, `shutdown`, `stop`.
pub(super) fn act(jobs: &Jobs, id: &str, action: &str) -> Result<Reply, Refusal> {
    let done = match action {
        "start" => start(jobs, id),
        "shutdown" => shut_down(jobs, id),
        "stop" => stop(jobs, id),
        other => Err(Refusal::not_found(other)),
    };
    done.map(|()| Reply::done()).map_err(Refusal::of_action)
}

fn start(jobs: &Jobs, id: &str) -> Result<(), Refusal> {
    match look(&jobs.source, id)?.1.as_str() {
        "down" | "suspended" => {}
        "image_locked" => return Err(locked("run")),
        _ => return Err(Refusal::conflict("Cannot run VM. VM is running.")),
    }
    let vm = id.to_owned();
    let boots = [("wait_for_launch", BOOT / 4), ("powering_up", BOOT)];
    jobs.start(id, &boots, move |source| switch(source, &vm, Power::On, false));
    Ok(())
}

fn shut_down(jobs: &Jobs, id: &str) -> Result<(), Refusal> {
    match look(&jobs.source, id)?.1.as_str() {
        "up" | "powering_up" => {}
        "down" => return Err(Refusal::conflict("Cannot shutdown VM. VM is not running.")),
        "image_locked" => return Err(locked("shutdown")),
        _ => return Err(Refusal::conflict("Cannot shutdown VM in current state")),
    }
    let vm = id.to_owned();
    jobs.start(id, &[("powering_down", SHUTDOWN)], move |source| switch(source, &vm, Power::Off, false));
    Ok(())
}

/// The plug is pulled: at once, and on record.
fn stop(jobs: &Jobs, id: &str) -> Result<(), Refusal> {
    match look(&jobs.source, id)?.1.as_str() {
        "down" => return Err(Refusal::conflict("Cannot stop VM. VM is not running.")),
        "image_locked" => return Err(locked("stop")),
        _ => {}
    }
    if let Some(state) = jobs.source.ovirt() {
        state.live().statuses.remove(id);
    }
    switch(&jobs.source, id, Power::Off, true);
    Ok(())
}

fn switch(source: &Source, id: &str, power: Power, hard: bool) {
    source.change(|inventory| {
        if let Some(vm) = inventory.vm_mut(id) {
            vm.set_power(power);
            vm.revision += 1;
        }
    });
    source.record_switch(id, power, hard);
}

fn locked(what: &str) -> Refusal {
    Refusal::conflict(&format!("Cannot {what} VM: VM is locked. Please try again in a few minutes."))
}

/// Deletes a VM with its disks.
pub(super) fn delete_vm(jobs: &Jobs, id: &str) -> Result<Reply, Refusal> {
    match look(&jobs.source, id)?.1.as_str() {
        "down" => {}
        "image_locked" => return Err(locked("remove")),
        _ => return Err(Refusal::conflict("Cannot remove VM. VM is running.")),
    }
    let vm = id.to_owned();
    jobs.start(id, &[("image_locked", REMOVAL)], move |source| {
        source.change(|inventory| inventory.vms.retain(|one| one.moref != vm));
    });
    Ok(Reply::done())
}

/// Takes a snapshot.
pub(super) fn create_snapshot(jobs: &Jobs, id: &str, body: &Value) -> Result<Reply, Refusal> {
    let (vm, status) = look(&jobs.source, id)?;
    let name = text(body, "/description").ok_or_else(|| Refusal::bad("Snapshot [description] required for add"))?;
    let busy = vm.snapshots.iter().any(|one| is_busy(&jobs.source, &one.moref));
    if status == "image_locked" || busy {
        return Err(locked("create snapshot of"));
    }
    let source = jobs.source.as_ref();
    let snapshot = source.change(|inventory| {
        inventory.next_number += 1;
        let moref = source.uuid_for(&format!("snapshot-{}", inventory.next_number));
        let vm = inventory.vm_mut(id).ok_or_else(|| Refusal::not_found(id))?;
        let snapshot = Snapshot {
            moref,
            id: vm.snapshots.iter().map(|one| one.id).max().unwrap_or(0) + 1,
            name: name.to_owned(),
            description: String::new(),
            created: rfc3339(now()),
            power: vm.power,
        };
        vm.snapshots.push(snapshot.clone());
        vm.revision += 1;
        Ok(snapshot)
    })?;
    jobs.start(&snapshot.moref, &[("locked", SNAPSHOT)], |_| {});
    let inventory = source.read();
    let item: Item = View { source, inventory: &inventory }.snapshot(&vm, &snapshot);
    Ok(Reply::Item(StatusCode::CREATED, "snapshot", Box::new(item)))
}

fn is_busy(source: &Source, id: &str) -> bool {
    source.ovirt().is_some_and(|state| state.live().statuses.contains_key(id))
}

/// Removes a snapshot; those above it stay.
pub(super) fn delete_snapshot(jobs: &Jobs, id: &str, snapshot: &str) -> Result<Reply, Refusal> {
    let (vm, _) = look(&jobs.source, id)?;
    if !vm.snapshots.iter().any(|one| one.moref == snapshot) {
        return Err(Refusal::not_found(snapshot));
    }
    if vm.snapshots.iter().any(|one| is_busy(&jobs.source, &one.moref)) {
        return Err(locked("remove snapshot of"));
    }
    let (id, removed) = (id.to_owned(), snapshot.to_owned());
    jobs.start(snapshot, &[("locked", SNAPSHOT)], move |source| {
        source.change(|inventory| {
            if let Some(vm) = inventory.vm_mut(&id) {
                vm.snapshots.retain(|one| one.moref != removed);
                vm.revision += 1;
            }
        });
    });
    Ok(Reply::done())
}
