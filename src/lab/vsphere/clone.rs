//! Cloning and reconfiguring VMs.
//!
//! Source: source-providers.md section 2.5.

use super::fault::{Fault, Ref};
use super::placement;
use super::tasks::Core;
use super::tree;
use super::xml::Node;
use crate::facts::{Firmware, Power};
use crate::lab::fault::Failure;
use crate::lab::world::{Disk, Inventory, Vm};

/// A clone that was asked for.
#[derive(Debug, Clone)]
pub(super) struct Cloning {
    /// The VM or template.
    pub(super) source: Ref,
    /// The new name.
    pub(super) name: String,
    /// `CloneSpec`.
    pub(super) spec: Node,
}

impl Cloning {
    /// What is wrong with the arguments, told by the call itself.
    pub(super) fn check_arguments(&self, inventory: &Inventory, folder: &Ref) -> Result<(), Fault> {
        let vm = inventory.vm(&self.source.value).ok_or_else(|| Fault::not_found(&self.source))?;
        if tree::name_and_parent(inventory, folder).is_none() {
            return Err(Fault::not_found(folder));
        }
        if folder.value != inventory.vm_folder.moref {
            return Err(Fault::argument("folder"));
        }
        if self.name.is_empty() || self.name.chars().count() > 80 {
            return Err(Fault::new("InvalidName", format!("The name '{}' is invalid.", self.name))
                .with(Node::leaf("name", &self.name)));
        }
        let location = self.spec.child("location").ok_or_else(|| Fault::argument("spec.location"))?;
        placement::require(inventory, location, &["datastore", "pool", "host", "folder"])?;
        if vm.template && !self.spec.flag("template") && location.child("pool").is_none() {
            return Err(Fault::argument("spec.location.pool"));
        }
        Ok(())
    }

    /// What lets the task fail at once.
    pub(super) fn check_state(&self, core: &Core) -> Result<(), Fault> {
        self.check_name(&core.source.read())?;
        core.faults
            .failing(|failure| match failure {
                Failure::CloneFails { fault } => Some(Err(injected(fault))),
                _ => None,
            })
            .unwrap_or(Ok(()))
    }

    fn check_name(&self, inventory: &Inventory) -> Result<(), Fault> {
        match inventory.vms.iter().find(|vm| vm.name == self.name) {
            Some(taken) => Err(Fault::new("DuplicateName", format!("The name '{}' already exists.", self.name))
                .with(Node::leaf("name", &self.name))
                .with(tree::vm_ref(taken).node("object"))),
            None => Ok(()),
        }
    }

    /// Makes the clone.
    pub(super) fn work(&self, core: &Core) -> Result<Option<Node>, Fault> {
        let clone = core.source.change(|inventory| {
            self.check_name(inventory)?;
            let moref = inventory.next_moref("vm");
            let vm = self.build(core, inventory, moref)?;
            let reference = tree::vm_ref(&vm);
            inventory.vms.push(vm);
            Ok(reference)
        })?;
        Ok(Some(clone.node("result").of("ManagedObjectReference")))
    }

    fn build(&self, core: &Core, inventory: &Inventory, moref: String) -> Result<Vm, Fault> {
        let from = inventory.vm(&self.source.value).ok_or_else(|| Fault::not_found(&self.source))?;
        let location = self.spec.child("location").ok_or_else(|| Fault::argument("spec.location"))?;
        let template = self.spec.flag("template");
        let powered = self.spec.flag("powerOn") && !template;
        let mut vm = Vm {
            uuid: core.source.uuid_for(&format!("{moref}/bios")),
            instance_uuid: core.source.uuid_for(&format!("{moref}/instance")),
            name: self.name.clone(),
            template,
            host: location.text_of("host").map_or_else(|| from.host.clone(), str::to_owned),
            snapshots: Vec::new(),
            revision: 1,
            moref,
            ..from.clone()
        };
        vm.set_power(if powered { Power::On } else { Power::Off });
        for (index, disk) in vm.disks.iter_mut().enumerate() {
            place(inventory, location, (&self.name, index), disk)?;
            disk.uuid = core.source.disk_uuid(&format!("{}/disk-{index}", vm.moref));
        }
        placement::apply(&core.source, inventory, &mut vm, location)?;
        if let Some(config) = self.spec.child("config") {
            configure(&mut vm, config);
            placement::apply(&core.source, inventory, &mut vm, config)?;
        }
        Ok(vm)
    }
}

/// The fault that a lab's fault plan asks for, in the words a vCenter would use.
fn injected(kind: &str) -> Fault {
    let text = match kind {
        "InsufficientStorageSpace" | "NoDiskSpace" => "Insufficient disk space on the datastore.",
        "ResourceInUse" => "The resource 'MAC address' is in use.",
        "TaskInProgress" => "The operation is not allowed in the current state: another task is already in progress.",
        "NoPermission" => "Permission to perform this operation was denied.",
        _ => "The operation failed.",
    };
    Fault::new(kind, text)
}

/// Where a cloned disk goes, and in which format.
fn place(inventory: &Inventory, location: &Node, (name, index): (&str, usize), disk: &mut Disk) -> Result<(), Fault> {
    let locator = location.all("disk").find(|locator| locator.number("diskId") == Some(disk.key));
    let chosen = locator.and_then(|locator| locator.text_of("datastore")).or_else(|| location.text_of("datastore"));
    if let Some(moref) = chosen {
        moref.clone_into(&mut disk.datastore);
    }
    let store = inventory.datastores.iter().find(|store| store.moref == disk.datastore);
    let store = store.ok_or_else(|| Fault::not_found(&Ref::new("Datastore", &disk.datastore)))?;
    match location.text_of("transform") {
        Some("sparse") => (disk.thin, disk.eager) = (true, false),
        Some(_) => (disk.thin, disk.eager) = (false, false),
        None => {}
    }
    if let Some(backing) = locator.and_then(|locator| locator.child("diskBackingInfo")) {
        (disk.thin, disk.eager) = (backing.flag("thinProvisioned"), backing.flag("eagerlyScrub"));
    }
    let suffix = if index == 0 { String::new() } else { format!("_{index}") };
    disk.file = format!("[{}] {name}/{name}{suffix}.vmdk", store.name);
    Ok(())
}

/// Applies the simple parts of a `ConfigSpec`.
pub(super) fn configure(vm: &mut Vm, config: &Node) {
    if let Some(cpus) = config.number("numCPUs") {
        vm.cpus = cpus;
    }
    if let Some(cores) = config.number("numCoresPerSocket") {
        vm.cores_per_socket = cores;
    }
    if let Some(memory) = config.number("memoryMB") {
        vm.memory_mib = memory;
    }
    if let Some(name) = config.text_of("name") {
        name.clone_into(&mut vm.name);
    }
    if let Some(id) = config.text_of("guestId") {
        id.clone_into(&mut vm.guest_id);
    }
    match config.text_of("firmware") {
        Some("efi") => vm.firmware = Firmware::Efi,
        Some("bios") => vm.firmware = Firmware::Bios,
        _ => {}
    }
    let tracking = config.text_of("changeTrackingEnabled").map(|on| ("ctkEnabled", on));
    let extra = config.all("extraConfig").filter_map(|option| Some((option.text_of("key")?, option.text_of("value")?)));
    for (key, value) in extra.chain(tracking) {
        vm.extra_config.retain(|(known, _)| known != key);
        if !value.is_empty() {
            vm.extra_config.push((key.to_owned(), value.to_owned()));
        }
    }
    vm.revision += 1;
}

/// Reconfigures a VM: all of the spec or nothing.
pub(super) fn reconfigure(core: &Core, object: &Ref, spec: &Node) -> Result<Option<Node>, Fault> {
    core.source.change(|inventory| {
        let mut vm = inventory.vm(&object.value).cloned().ok_or_else(|| Fault::not_found(object))?;
        if spec
            .text_of("name")
            .is_some_and(|name| inventory.vms.iter().any(|other| other.name == name && other.moref != vm.moref))
        {
            return Err(Fault::new("DuplicateName", "The name already exists."));
        }
        placement::apply(&core.source, inventory, &mut vm, spec)?;
        configure(&mut vm, spec);
        if let Some(place) = inventory.vm_mut(&object.value) {
            *place = vm;
        }
        Ok(None)
    })
}
