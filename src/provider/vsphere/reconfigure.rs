//! Changes of a VM that is there: a NIC more, disks shared with another VM, disks let go of.
//!
//! Source: source-providers.md section 2.5 (order of elements); original-suite.md section 2, "Keys beyond the tables".

use super::devices::Devices;
use super::fault::CallError;
use super::properties::Properties;
use super::request::Call;
use super::session::Session;
use super::task::Limit;
use super::xml::{Element, MoRef};
use crate::provider::{ProviderError, VmRef};

const DEVICES: &str = "config.hardware.device";
const VMX: &str = "config.files.vmPathName";
/// Key of a new device.
const NEW_KEY: i32 = -101;

fn object(vm: &VmRef) -> MoRef {
    MoRef::new("VirtualMachine", &vm.id)
}

fn devices(vm: &Properties) -> &[Element] {
    vm.get(DEVICES).map(|array| array.children.as_slice()).unwrap_or_default()
}

async fn reconfigure(session: &Session, vm: &VmRef, changes: Vec<Element>, limit: &Limit) -> Result<(), CallError> {
    let spec = Element::new("spec").with_all(changes);
    session.run_task(&Call::new("ReconfigVM_Task", &object(vm)).about(vm).with(spec), limit).await.map(drop)
}

/// Adds a NIC of the class and on the network of the VM's first one.
pub(crate) async fn add_nic(
    session: &Session,
    vm: &VmRef,
    start_connected: bool,
    limit: &Limit,
) -> Result<(), ProviderError> {
    let properties = session.read(&object(vm), &[DEVICES]).await?;
    let like = Devices(devices(&properties)).nics().next();
    let change = like.and_then(|nic| new_nic(nic, start_connected)).ok_or_else(|| ProviderError::Unhealthy {
        vm: vm.to_string(),
        problem: "it has no NIC whose network an added one could take".to_owned(),
        remedy: "take a source VM with a NIC, or leave add_nic out",
    })?;
    Ok(reconfigure(session, vm, vec![change], limit).await?)
}

/// The `deviceChange` that adds a NIC like `nic`, with an address of its own.
pub(crate) fn new_nic(nic: &Element, start_connected: bool) -> Option<Element> {
    let mut backing = nic.child("backing")?.clone();
    for port in backing.children.iter_mut().filter(|child| child.name == "port") {
        // The port itself is taken by the NIC that it was read from.
        port.children.retain(|child| matches!(child.name.as_str(), "switchUuid" | "portgroupKey"));
    }
    let connectable = Element::new("connectable")
        .with(Element::leaf("startConnected", start_connected))
        .with(Element::leaf("allowGuestControl", "true"))
        .with(Element::leaf("connected", start_connected));
    let mut device = Element::new("device").with(Element::leaf("key", NEW_KEY)).with(backing).with(connectable);
    device.class.clone_from(&nic.class);
    let device = device.with(Element::leaf("addressType", "generated"));
    Some(Element::new("deviceChange").with(Element::leaf("operation", "add")).with(device))
}

/// Puts the owner's shared disks in the place of the VM's own copies, whose files are deleted at once so that none is
/// orphaned.
pub(crate) async fn share_disks(
    session: &Session,
    owner: &VmRef,
    vm: &VmRef,
    limit: &Limit,
) -> Result<(), ProviderError> {
    let theirs = session.read(&object(owner), &[DEVICES]).await?;
    let own = session.read(&object(vm), &[DEVICES]).await?;
    let theirs: Vec<&Element> = Devices(devices(&theirs)).shared_disks().collect();
    let own: Vec<&Element> = Devices(devices(&own)).shared_disks().collect();
    let size = |disk: &&Element| disk.value_at::<u64>("capacityInKB");
    if theirs.is_empty() || !theirs.iter().map(size).eq(own.iter().map(size)) {
        let sizes = |disks: &[&Element]| format!("{} shared disks", disks.len());
        return Err(ProviderError::Invalid {
            operation: format!("share the disks of {owner} with {vm}"),
            problem: format!("{owner} has {}, {vm} has {}, which must pair by size", sizes(&theirs), sizes(&own)),
            remedy: "take source VMs that share disks, or leave migrate_shared_disks out",
        });
    }
    let changes = theirs.iter().zip(&own).flat_map(|(theirs, own)| relink(theirs, own)).collect();
    Ok(reconfigure(session, vm, changes, limit).await?)
}

/// Takes the copy out, file and all, and attaches the owner's file in its place.
pub(crate) fn relink(theirs: &Element, own: &Element) -> [Element; 2] {
    let mut backing = Element::new("backing").with(Element::leaf("fileName", text(theirs, "backing/fileName")));
    backing.class = theirs.child("backing").and_then(|backing| backing.class.clone());
    let backing = backing
        .with_all(theirs.moref_at("backing/datastore").map(|store| Element::moref("datastore", &store)))
        .with(Element::leaf("diskMode", text(theirs, "backing/diskMode")))
        .with_all(theirs.text_at("backing/sharing").map(|sharing| Element::leaf("sharing", sharing)));
    let place = |name: &str| Element::leaf(name, text(own, name));
    let attached = Element::new("device")
        .of("VirtualDisk")
        .with(Element::leaf("key", NEW_KEY))
        .with(backing)
        .with(place("controllerKey"))
        .with(place("unitNumber"))
        .with(Element::leaf("capacityInKB", text(theirs, "capacityInKB")));
    [
        removal().with(Element::leaf("fileOperation", "destroy")).with(device(own)),
        Element::new("deviceChange").with(Element::leaf("operation", "add")).with(attached),
    ]
}

fn removal() -> Element {
    Element::new("deviceChange").with(Element::leaf("operation", "remove"))
}

fn device(disk: &Element) -> Element {
    Element { name: "device".to_owned(), ..disk.clone() }
}

/// Detaches the disks whose files are in the folder of another VM that shares them, without touching the files.
pub(crate) async fn let_go_of_others_disks(session: &Session, vm: &VmRef, limit: &Limit) -> Result<(), CallError> {
    let properties = session.read(&object(vm), &[VMX, DEVICES]).await?;
    let home = properties.text(VMX).map(folder).unwrap_or_default();
    let others = Devices(devices(&properties)).shared_disks().filter(|disk| {
        let file = disk.text_at("backing/fileName").unwrap_or_default();
        !home.is_empty() && !file.is_empty() && last_folder(folder(file)) != last_folder(home)
    });
    let changes: Vec<Element> = others.map(|disk| removal().with(device(disk))).collect();
    if changes.is_empty() { Ok(()) } else { reconfigure(session, vm, changes, limit).await }
}

fn text<'a>(disk: &'a Element, path: &str) -> &'a str {
    disk.text_at(path).unwrap_or_default()
}

/// `[ds] vm` of `[ds] vm/vm.vmx`.
fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Without the datastore: a VM's disks may lie on several, in folders of its own name.
fn last_folder(folder: &str) -> &str {
    folder.split_once("] ").map_or(folder, |(_, path)| path)
}
