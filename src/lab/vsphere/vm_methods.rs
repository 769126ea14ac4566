//! What can be done to a VM: power, snapshots, removal; and the search for its files.

use super::entities;
use super::fault::{Fault, Ref};
use super::tasks::Core;
use super::vm_facts::{home, power_word, snapshot_ref};
use super::xml::Node;
use crate::facts::{Power, now, rfc3339};
use crate::lab::world::{Inventory, Snapshot, Vm};

/// The longest chain of snapshots.
const MAX_SNAPSHOTS: usize = 32;

type Ending = Result<Option<Node>, Fault>;

fn with_vm<T>(core: &Core, object: &Ref, act: impl FnOnce(&mut Vm) -> Result<T, Fault>) -> Result<T, Fault> {
    core.source.change(|inventory| {
        let vm = inventory.vm_mut(&object.value).ok_or_else(|| Fault::not_found(object))?;
        let answer = act(vm)?;
        vm.revision += 1;
        Ok(answer)
    })
}

/// The fault of a call that needs the VM in another state.
pub(super) fn wrong_power(vm: &Vm, wanted: Power) -> Fault {
    let text = format!(
        "The attempted operation cannot be performed in the current state ({}).",
        match vm.power {
            Power::On => "Powered on",
            Power::Off => "Powered off",
            Power::Other => "Suspended",
        }
    );
    Fault::new("InvalidPowerState", text)
        .with(Node::leaf("requestedState", power_word(wanted)))
        .with(Node::leaf("existingState", power_word(vm.power)))
}

/// Switches a VM on or off, hard.
pub(super) fn set_power(core: &Core, object: &Ref, wanted: Power) -> Ending {
    if wanted == Power::On {
        check_files(&core.source.read(), object)?;
    }
    with_vm(core, object, |vm| {
        if vm.power == wanted {
            return Err(wrong_power(vm, wanted));
        }
        if vm.template {
            return Err(Fault::new("NotSupported", "The operation is not supported on a template."));
        }
        vm.set_power(wanted);
        Ok(None)
    })
}

/// A VM does not start without its files.
fn check_files(inventory: &Inventory, object: &Ref) -> Result<(), Fault> {
    let disks = inventory.vm(&object.value).map(|vm| vm.disks.as_slice()).unwrap_or_default();
    match disks.iter().find(|disk| inventory.lost_files.contains(&disk.file)) {
        Some(disk) => Err(Fault::new("FileNotFound", format!("File {} was not found", disk.file))
            .with(Node::leaf("file", &disk.file))),
        None => Ok(()),
    }
}

/// Changes which VMs DRS leaves alone, as `drsVmConfigSpec` asks for it: all or nothing.
pub(super) fn change_drs(core: &Core, object: &Ref, spec: &Node) -> Ending {
    core.source.change(|inventory| {
        if object.value != inventory.cluster.moref {
            return Err(Fault::not_found(object));
        }
        let mut off = inventory.drs_off.clone();
        for change in spec.all("drsVmConfigSpec") {
            let info = change.child("info");
            let vm = info.and_then(|info| info.text_of("key")).or_else(|| change.text_of("removeKey"));
            let vm = vm.ok_or_else(|| Fault::argument("spec.drsVmConfigSpec.info.key"))?;
            if inventory.vm(vm).is_none() {
                return Err(Fault::not_found(&Ref::new("VirtualMachine", vm)));
            }
            let is_there = off.iter().any(|known| known == vm);
            if (change.text_of("operation") == Some("add")) == is_there {
                return Err(Fault::argument("spec.drsVmConfigSpec"));
            }
            off.retain(|known| known != vm);
            if info.is_some_and(|info| !info.flag("enabled")) {
                off.push(vm.to_owned());
            }
        }
        inventory.drs_off = off;
        Ok(None)
    })
}

/// Whether a guest can be asked to shut down.
pub(super) fn check_shutdown(core: &Core, object: &Ref) -> Result<(), Fault> {
    let inventory = core.source.read();
    let vm = inventory.vm(&object.value).ok_or_else(|| Fault::not_found(object))?;
    match (vm.power, vm.tools) {
        (Power::On, true) => Ok(()),
        (Power::On, false) => Err(Fault::new(
            "ToolsUnavailable",
            "Cannot complete operation because VMware Tools is not running in this virtual machine.",
        )),
        _ => Err(wrong_power(vm, Power::Off)),
    }
}

/// Removes a VM with its files.
pub(super) fn destroy(core: &Core, object: &Ref) -> Ending {
    core.source.change(|inventory| {
        let vm = inventory.vm(&object.value).ok_or_else(|| Fault::not_found(object))?;
        if vm.power == Power::On {
            return Err(wrong_power(vm, Power::Off));
        }
        // Its disks go with it, also one that another VM has attached.
        let files: Vec<String> = vm.disks.iter().map(|disk| disk.file.clone()).collect();
        inventory.vms.retain(|vm| vm.moref != object.value);
        inventory.drs_off.retain(|moref| *moref != object.value);
        let still_used = |file: &String| inventory.vms.iter().flat_map(|vm| &vm.disks).any(|disk| disk.file == *file);
        let lost: Vec<String> = files.into_iter().filter(still_used).collect();
        inventory.lost_files.extend(lost);
        Ok(None)
    })
}

/// Takes a snapshot on top of the chain.
pub(super) fn snapshot(core: &Core, object: &Ref, call: &Node) -> Ending {
    core.source.change(|inventory| {
        let moref = inventory.next_moref("snapshot");
        let vm = inventory.vm_mut(&object.value).ok_or_else(|| Fault::not_found(object))?;
        if vm.snapshots.len() >= MAX_SNAPSHOTS {
            return Err(Fault::new("TooManySnapshotLevels", "The snapshot tree is too deep."));
        }
        let snapshot = Snapshot {
            moref,
            id: vm.snapshots.last().map_or(1, |last| last.id + 1),
            name: call.text_of("name").unwrap_or_default().to_owned(),
            description: call.text_of("description").unwrap_or_default().to_owned(),
            created: rfc3339(now()),
            power: if call.flag("memory") { vm.power } else { Power::Off },
        };
        let result = snapshot_ref(&snapshot).node("result").of("ManagedObjectReference");
        vm.snapshots.push(snapshot);
        vm.revision += 1;
        Ok(Some(result))
    })
}

/// Removes all snapshots of a VM.
pub(super) fn remove_snapshots(core: &Core, object: &Ref) -> Ending {
    with_vm(core, object, |vm| {
        vm.snapshots.clear();
        Ok(None)
    })
}

/// Removes one snapshot, with those above it if asked.
pub(super) fn remove_snapshot(core: &Core, object: &Ref, children: bool) -> Ending {
    core.source.change(|inventory| {
        let owner =
            inventory.vms.iter_mut().find(|vm| vm.snapshots.iter().any(|snapshot| snapshot.moref == object.value));
        let vm = owner.ok_or_else(|| Fault::not_found(object))?;
        let at = vm.snapshots.iter().position(|snapshot| snapshot.moref == object.value).unwrap_or_default();
        if children {
            vm.snapshots.truncate(at);
        } else {
            vm.snapshots.remove(at);
        }
        vm.revision += 1;
        Ok(None)
    })
}

/// Turns a VM into a template.
pub(super) fn mark_as_template(core: &Core, object: &Ref) -> Result<(), Fault> {
    with_vm(core, object, |vm| {
        if vm.power != Power::Off {
            return Err(wrong_power(vm, Power::Off));
        }
        vm.template = true;
        Ok(())
    })
}

/// Renames a VM.
pub(super) fn rename(core: &Core, object: &Ref, name: &str) -> Ending {
    if core.source.read().vms.iter().any(|vm| vm.name == name && vm.moref != object.value) {
        return Err(
            Fault::new("DuplicateName", format!("The name '{name}' already exists.")).with(Node::leaf("name", name))
        );
    }
    with_vm(core, object, |vm| {
        name.clone_into(&mut vm.name);
        Ok(None)
    })
}

/// Looks for files on the datastore of a browser. A path that is the `.vmx` file of a VM finds that file.
///
/// Source: source-providers.md section 2.3, "Health after lookup".
pub(super) fn search(core: &Core, browser: &Ref, path: &str, below: bool) -> Ending {
    let inventory = core.source.read();
    let store = entities::browsed_store(&inventory, &browser.value).ok_or_else(|| Fault::not_found(browser))?;
    let in_store = format!("[{}]", store.name);
    let folder = path.rsplit_once('/').filter(|(_, last)| last.contains('.')).map_or(path, |(folder, _)| folder);
    let files = files(&inventory);
    let found: Vec<&String> =
        files.iter().filter(|file| path.starts_with(&in_store) && file.starts_with(folder)).collect();
    if found.is_empty() {
        return Err(Fault::new("FileNotFound", format!("File {path} was not found")).with(Node::leaf("file", path)));
    }
    let entries = found
        .iter()
        .filter_map(|file| file.rsplit_once('/'))
        .map(|(_, name)| Node::new("file").of("FileInfo").with([Node::leaf("path", name)]));
    let results = [Node::leaf("folderPath", format!("{}/", folder.trim_end_matches('/')))];
    let result = if below {
        let one = Node::new("HostDatastoreBrowserSearchResults").with(results).with(entries);
        Node::new("result").of("ArrayOfHostDatastoreBrowserSearchResults").with([one])
    } else {
        Node::new("result").of("HostDatastoreBrowserSearchResults").with(results).with(entries)
    };
    Ok(Some(result))
}

fn files(inventory: &Inventory) -> Vec<String> {
    let of_vm = |vm: &Vm| {
        let vmx = format!("{}/{}.vmx", home(inventory, vm), vm.name);
        vm.disks.iter().map(|disk| vm.current_file(disk)).chain([vmx]).collect::<Vec<_>>()
    };
    inventory.vms.iter().flat_map(of_vm).collect()
}
