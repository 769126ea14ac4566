//! Raw device mappings, attached to the finished clone.
//!
//! Source: source-providers.md section 2.5, "RDM, after the clone".

use super::super::devices::Devices;
use super::super::fault::CallError;
use super::super::request::Call;
use super::super::session::Session;
use super::super::task::Limit;
use super::super::tracking;
use super::super::xml::{Element, MoRef};
use super::disks;
use super::spec::new_disk;
use crate::provider::{CloneRequest, DiskMode, NewDisk, RdmCompatibility, RdmLun, VmRef};
use std::time::Duration;

/// Time that attaching one may take.
const RDM_LIMIT: Duration = Duration::from_secs(120);
const KEY: i32 = -101;

/// Attaches the request's raw device mappings, one after another.
pub(crate) async fn attach(
    session: &Session,
    request: &CloneRequest,
    clone: &VmRef,
    default: &MoRef,
    limit: &Limit,
) -> Result<(), CallError> {
    let object = MoRef::new("VirtualMachine", &clone.id);
    for disk in &request.add_disks {
        let Some(lun) = &disk.rdm else { continue };
        let properties = session.read(&object, &["config.hardware.device"]).await?;
        let devices = properties.get("config.hardware.device").map(|array| array.children.as_slice());
        let devices = Devices(devices.unwrap_or_default());
        let controller = disks::first_controller(request, devices)?;
        let unit = devices.free_units(controller).next().ok_or_else(|| disks::no_unit(request))?;
        let backing = backing(lun, &datastore(disk, default));
        let bus = devices.controllers().into_iter().find(|found| found.key == controller).map(|found| found.bus);
        // A physical mapping takes no part in snapshots, so nothing could be tracked.
        let tracked = request.cbt && lun.compatibility == RdmCompatibility::Virtual;
        let tracking = bus.filter(|_| tracked).map(|bus| tracking::option(&tracking::disk_key(bus, unit)));
        let spec = Element::new("spec").with(new_disk(KEY, backing, (controller, unit), 0)).with_all(tracking);
        let call = Call::new("ReconfigVM_Task", &object).about(clone).with(spec);
        let limit = Limit { deadline: limit.deadline.at_most(RDM_LIMIT), cancel: limit.cancel.clone() };
        session.run_task(&call, &limit).await?;
    }
    Ok(())
}

fn datastore(disk: &NewDisk, default: &MoRef) -> MoRef {
    disk.datastore.as_ref().map_or_else(|| default.clone(), |id| MoRef::new("Datastore", id))
}

/// The backing of a mapping; its file lies on `datastore`.
pub(crate) fn backing(lun: &RdmLun, datastore: &MoRef) -> Element {
    let (compatibility, mode, lun_uuid) = match lun.compatibility {
        RdmCompatibility::Virtual => ("virtualMode", DiskMode::Persistent, Some(&lun.lun_uuid)),
        RdmCompatibility::Physical => ("physicalMode", DiskMode::IndependentPersistent, None),
    };
    Element::new("backing")
        .of("VirtualDiskRawDiskMappingVer1BackingInfo")
        .with(Element::leaf("fileName", ""))
        .with(Element::moref("datastore", datastore))
        .with_all(lun_uuid.map(|uuid| Element::leaf("lunUuid", uuid)))
        .with(Element::leaf("deviceName", &format!("/vmfs/devices/disks/{}", lun.lun_uuid)))
        .with(Element::leaf("compatibilityMode", compatibility))
        .with(Element::leaf("diskMode", mode.as_str()))
}
