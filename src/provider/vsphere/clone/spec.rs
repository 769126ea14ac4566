//! The specification of a clone, in the order of the WSDL.
//!
//! Source: source-providers.md section 2.5. Pure.

use super::super::devices::Devices;
use super::super::xml::{Element, MoRef};
use crate::provider::{DiskMode, DiskType};

/// Names of a device's elements that come before a NIC's `addressType`.
const BEFORE_ADDRESS: [&str; 8] =
    ["key", "deviceInfo", "backing", "connectable", "slotInfo", "controllerKey", "unitNumber", "numaNode"];
const FLAT: &str = "VirtualDiskFlatVer2BackingInfo";

/// Where the clone goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placement {
    /// Datastore.
    pub(crate) datastore: MoRef,
    /// Resource pool.
    pub(crate) pool: MoRef,
    /// Host; `None` lets the vCenter choose.
    pub(crate) host: Option<MoRef>,
}

/// A disk to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AddedDisk {
    /// Temporary device key, negative.
    pub(crate) key: i32,
    /// Key of its controller.
    pub(crate) controller: i32,
    /// Unit on the controller.
    pub(crate) unit: i32,
    /// `[datastore]`, or the complete path of the file.
    pub(crate) file_name: String,
    /// Datastore.
    pub(crate) datastore: MoRef,
    /// Capacity in KiB.
    pub(crate) size_kib: u64,
    /// Provisioning.
    pub(crate) provisioning: DiskType,
    /// Mode.
    pub(crate) mode: DiskMode,
}

/// All that goes into the specification.
#[derive(Debug, Clone)]
pub(crate) struct ClonePlan {
    /// Where the clone goes.
    pub(crate) placement: Placement,
    /// Provisioning of the cloned disks.
    pub(crate) disk_type: Option<DiskType>,
    /// Devices of the source, as read.
    pub(crate) source_devices: Vec<Element>,
    /// Disks to add.
    pub(crate) added: Vec<AddedDisk>,
    /// Whether NICs get new MAC addresses.
    pub(crate) regenerate_macs: bool,
    /// Entries of `extraConfig`, all strings.
    pub(crate) extra_config: Vec<(String, String)>,
}

/// The `spec` argument of `CloneVM_Task`.
pub(crate) fn clone_spec(plan: &ClonePlan) -> Element {
    let config = config_spec(plan);
    Element::new("spec")
        .with(location(plan))
        .with(Element::leaf("template", "false"))
        .with_all((!config.children.is_empty()).then_some(config))
        .with(Element::leaf("powerOn", "false"))
}

fn location(plan: &ClonePlan) -> Element {
    let Placement { datastore, pool, host } = &plan.placement;
    let transform = plan.disk_type.map(|kind| if kind.is_thick() { "flat" } else { "sparse" });
    Element::new("location")
        .with(Element::moref("datastore", datastore))
        .with(Element::moref("pool", pool))
        .with_all(host.as_ref().map(|host| Element::moref("host", host)))
        .with_all(eager_locators(plan))
        .with_all(transform.map(|word| Element::leaf("transform", word)))
}

/// The enum of `transform` knows no eager zeroing; only a locator per disk can ask for it.
fn eager_locators(plan: &ClonePlan) -> Vec<Element> {
    if plan.disk_type != Some(DiskType::ThickEager) {
        return Vec::new();
    }
    let is_flat = |disk: &&Element| disk.child("backing").is_some_and(|backing| backing.class.as_deref() == Some(FLAT));
    Devices(&plan.source_devices)
        .disks()
        .filter(is_flat)
        .filter_map(|disk| {
            let mode = disk.text_at("backing/diskMode").unwrap_or(DiskMode::Persistent.as_str());
            let backing = Element::new("diskBackingInfo")
                .of(FLAT)
                .with(Element::leaf("fileName", ""))
                .with(Element::leaf("diskMode", mode))
                .with(Element::leaf("thinProvisioned", "false"))
                .with(Element::leaf("eagerlyScrub", "true"));
            Some(
                Element::new("disk")
                    .with(Element::leaf("diskId", disk.text_at("key")?))
                    .with(Element::moref("datastore", &plan.placement.datastore))
                    .with(backing),
            )
        })
        .collect()
}

fn config_spec(plan: &ClonePlan) -> Element {
    let nics: Vec<Element> =
        if plan.regenerate_macs { Devices(&plan.source_devices).nics().map(edit_nic).collect() } else { Vec::new() };
    let extra = plan.extra_config.iter().map(|(key, value)| {
        Element::new("extraConfig").with(Element::leaf("key", key)).with(Element::leaf("value", value).of("string"))
    });
    Element::new("config").with_all(plan.added.iter().map(add_disk)).with_all(nics).with_all(extra)
}

fn add_disk(disk: &AddedDisk) -> Element {
    // Both the reference and the name in brackets are needed, else vSphere ignores the choice of datastore.
    let backing = Element::new("backing")
        .of(FLAT)
        .with(Element::leaf("fileName", &disk.file_name))
        .with(Element::moref("datastore", &disk.datastore))
        .with(Element::leaf("diskMode", disk.mode.as_str()))
        .with(Element::leaf("thinProvisioned", disk.provisioning == DiskType::Thin))
        .with(Element::leaf("eagerlyScrub", disk.provisioning == DiskType::ThickEager));
    new_disk(disk.key, backing, (disk.controller, disk.unit), disk.size_kib)
}

/// One `deviceChange` that adds a disk at a controller and unit. Capacity is required by the schema; a raw device
/// mapping gives 0 and gets its LUN's.
pub(crate) fn new_disk(key: i32, backing: Element, (controller, unit): (i32, i32), size_kib: u64) -> Element {
    let device = Element::new("device")
        .of("VirtualDisk")
        .with(Element::leaf("key", key))
        .with(backing)
        .with(Element::leaf("controllerKey", controller))
        .with(Element::leaf("unitNumber", unit))
        .with(Element::leaf("capacityInKB", size_kib));
    Element::new("deviceChange")
        .with(Element::leaf("operation", "add"))
        .with(Element::leaf("fileOperation", "create"))
        .with(device)
}

/// The whole device as it was read, with a generated address. The old address is left out, or vcsim keeps it
/// (source-providers.md section 7.3).
fn edit_nic(nic: &Element) -> Element {
    let mut device = Element { name: "device".to_owned(), ..nic.clone() };
    device.children.retain(|child| child.name != "macAddress" && child.name != "addressType");
    let at = device.children.iter().take_while(|child| BEFORE_ADDRESS.contains(&child.name.as_str())).count();
    device.children.insert(at, Element::leaf("addressType", "generated"));
    Element::new("deviceChange").with(Element::leaf("operation", "edit")).with(device)
}
