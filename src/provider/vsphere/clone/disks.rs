//! Where added disks go: controller, unit, datastore and file name.
//!
//! Source: source-providers.md section 2.5, rows `add_disks` to `datastore_path`.

use super::super::devices::Devices;
use super::super::session::Session;
use super::super::xml::MoRef;
use super::datastores::{Datastores, make_folder};
use super::spec::AddedDisk;
use crate::provider::{CloneRequest, NewDisk, ProviderError};
use std::collections::BTreeMap;

/// Keys of new devices count down from here.
const FIRST_KEY: i32 = -101;

/// The disks of the request, placed. Raw device mappings are not among them: they are attached after the clone.
pub(crate) fn place(
    request: &CloneRequest,
    devices: Devices<'_>,
    default: &MoRef,
    stores: &Datastores,
) -> Result<Vec<AddedDisk>, ProviderError> {
    let wanted: Vec<&NewDisk> = request.add_disks.iter().filter(|disk| disk.rdm.is_none()).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let controller = first_controller(request, devices)?;
    let mut units = devices.free_units(controller);
    let mut key = FIRST_KEY;
    let mut placed = Vec::new();
    for disk in wanted {
        let unit = units.next().ok_or_else(|| no_unit(request))?;
        let store = stores.resolve(disk.datastore.as_deref().unwrap_or(&default.id))?;
        let file_name = match folder(disk) {
            Some(folder) => format!("[{}] {folder}/{}_disk_{unit}.vmdk", store.stored_name, request.name),
            None => format!("[{}]", store.stored_name),
        };
        placed.push(AddedDisk {
            key,
            controller,
            unit,
            file_name,
            datastore: store.object.clone(),
            size_kib: disk.size_bytes.div_ceil(1024),
            provisioning: disk.provisioning,
            mode: disk.mode,
        });
        key -= 1;
    }
    Ok(placed)
}

/// Key of the first SCSI controller.
pub(crate) fn first_controller(request: &CloneRequest, devices: Devices<'_>) -> Result<i32, ProviderError> {
    devices.controllers().first().map(|controller| controller.key).ok_or_else(|| ProviderError::Invalid {
        operation: format!("add disks to {:?}", request.name),
        problem: format!("{} has no SCSI controller", request.source),
        remedy: "take a source VM with a SCSI controller, or leave add_disks out",
    })
}

/// The controller is full.
pub(crate) fn no_unit(request: &CloneRequest) -> ProviderError {
    ProviderError::Invalid {
        operation: format!("add disks to {:?}", request.name),
        problem: format!("the first SCSI controller of {} has no free unit left", request.source),
        remedy: "add fewer disks: a controller holds 15",
    }
}

fn folder(disk: &NewDisk) -> Option<&str> {
    disk.datastore_path.as_deref().map(|path| path.trim_matches('/')).filter(|path| !path.is_empty())
}

/// Bytes of the thick disks by the datastore's MoRef value.
pub(crate) fn thick_bytes(placed: &[AddedDisk]) -> BTreeMap<String, u64> {
    let mut needed = BTreeMap::new();
    for disk in placed.iter().filter(|disk| disk.provisioning.is_thick()) {
        *needed.entry(disk.datastore.id.clone()).or_default() += disk.size_kib * 1024;
    }
    needed
}

/// Makes the folders that disks name, each once.
pub(crate) async fn make_folders(
    session: &Session,
    request: &CloneRequest,
    default: &MoRef,
    stores: &Datastores,
) -> Result<(), ProviderError> {
    let mut made: Vec<(String, &str)> = Vec::new();
    for disk in request.add_disks.iter().filter(|disk| disk.rdm.is_none()) {
        let Some(folder) = folder(disk) else { continue };
        let store = stores.resolve(disk.datastore.as_deref().unwrap_or(&default.id))?;
        let place = (store.object.id.clone(), folder);
        if !made.contains(&place) {
            make_folder(session, store, folder).await?;
            made.push(place);
        }
    }
    Ok(())
}
