//! What becomes of a disk that the array is asked to copy. Pure over the world and a populator's own objects.

use super::super::super::object::{label, text};
use crate::lab::world::{ArraySpec, Disk, Inventory, Vm, World, storage_product};
use serde_json::Value;

/// A copy that can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copying {
    /// Whether the array copies; else the ESXi host reads and writes every block.
    pub(super) xcopy: bool,
    /// How the host is told: `vib` or `ssh`.
    pub(super) method: String,
    pub(super) vendor: String,
    pub(super) size_mib: u64,
}

/// Whether the array copies a disk: it must be on the array, and no snapshot may lie over it.
///
/// A raw device mapping is where its LUN is; any other disk is where its datastore is. Source: original-suite.md section
/// 2, "Copy-offload" (snapshots, mixed datastores, RDM).
pub(super) fn xcopy_used(array: &ArraySpec, inventory: &Inventory, vm: &Vm, disk: &Disk) -> bool {
    let datastore = inventory.datastores.iter().find(|store| store.moref == disk.datastore);
    let on_array = match &disk.lun {
        Some(lun) => array.holds(&lun.device),
        None => datastore.is_some_and(|store| array.datastores.contains(&store.name)),
    };
    on_array && !has_delta(vm, disk)
}

/// Whether the disk's current file is a delta of somebody's snapshot. The product's own snapshots of a warm migration do
/// not count: below them the base is copied.
fn has_delta(vm: &Vm, disk: &Disk) -> bool {
    let independent = disk.mode.starts_with("independent");
    !independent && vm.snapshots.iter().any(|snapshot| !snapshot.name.starts_with("forklift-migration-precopy"))
}

/// How the disk of a populator is copied, or why it cannot be.
///
/// `key` reads the populator's Secret.
pub(super) fn decide(world: &World, populator: &Value, key: impl Fn(&str) -> String) -> Result<Copying, String> {
    let endpoint = key("GOVMOMI_HOSTNAME");
    let source = world.source_at(&endpoint).ok_or_else(|| format!("dial {endpoint}: no such host"))?;
    let inventory = source.read();
    let vm_id = text(populator, "/spec/vmId");
    let vm = inventory.vm(vm_id).ok_or_else(|| format!("the VM {vm_id} does not exist"))?;
    let disk = disk_of(vm, populator).ok_or_else(|| format!("{vm_id} has no such disk"))?;
    let host_name = key("STORAGE_HOSTNAME");
    let array = source.vsphere().and_then(|parts| parts.array.as_ref()).filter(|array| array.hostname == host_name);
    let array = array.ok_or_else(|| format!("dial {host_name}: no such host"))?;
    let vendor = text(populator, "/spec/storageVendorProduct");
    log_in(array, vendor, &key)?;
    let method = if key("ESXI_CLONE_METHOD") == "ssh" { "ssh" } else { "vib" };
    let chosen = text(populator, "/spec/migrationHost");
    let host = if chosen.is_empty() { vm.host.as_str() } else { chosen };
    if method == "ssh" && !inventory.trusts(host, &decoded(&key("SSH_PUBLIC_KEY"))) {
        let name = inventory.hosts.iter().find(|one| one.moref == host).map_or(host, |one| one.name.as_str());
        return Err(format!("ssh to {name}: unable to authenticate, the public key is not installed"));
    }
    Ok(Copying {
        xcopy: xcopy_used(array, &inventory, vm, disk),
        method: method.to_owned(),
        vendor: vendor.to_owned(),
        size_mib: disk.size_bytes >> 20,
    })
}

/// The disk of a populator: by the key of its label, which stays when a snapshot changes the file.
fn disk_of<'a>(vm: &'a Vm, populator: &Value) -> Option<&'a Disk> {
    vm.disks.iter().find(|disk| disk.key.to_string() == label(populator, "vmdkKey"))
}

/// The array takes its own user and password, or a token that is its password, and the vendor's values as they are.
fn log_in(array: &ArraySpec, vendor: &str, key: &impl Fn(&str) -> String) -> Result<(), String> {
    if array.vendor != vendor {
        return Err(format!("{} is no {vendor}", array.hostname));
    }
    let token = key("STORAGE_TOKEN");
    let by_password = key("STORAGE_USERNAME") == array.username && key("STORAGE_PASSWORD") == array.password;
    if !(by_password && token.is_empty()) && token != array.password {
        return Err(format!("{} answers 401 Unauthorized", array.hostname));
    }
    let own = storage_product(vendor).into_iter().flat_map(|product| product.keys);
    match own.into_iter().find(|(own, secret)| array.keys.get(*own).is_some_and(|value| *value != key(secret))) {
        Some((_, secret)) => Err(format!("{} does not know the {secret} {}", array.hostname, key(secret))),
        None => Ok(()),
    }
}

fn decoded(encoded: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(encoded).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// The host that copies the disk of this number: dedicated hosts take turns.
pub(super) fn host_of_disk<'a>(hosts: &[&'a str], index: usize) -> Option<&'a str> {
    (!hosts.is_empty()).then(|| hosts[index % hosts.len()])
}

/// The percent that a populator's status tells.
pub(super) fn percent(populator: &Value) -> Option<u64> {
    text(populator, "/status/progress").parse().ok()
}
