//! A clone, from the request to the finished VM.

use super::super::clones;
use super::super::devices::Devices;
use super::super::fault::CallError;
use super::super::find;
use super::super::properties::Properties;
use super::super::request::Call;
use super::super::session::Session;
use super::super::task::Limit;
use super::super::tracking;
use super::super::xml::{Element, MoRef};
use super::datastores::Datastores;
use super::spec::{ClonePlan, clone_spec};
use super::{disks, placement, rdm};
use crate::provider::{CloneRequest, ProviderError, VmRef};
use tokio_util::sync::CancellationToken;

const PATHS: [&str; 4] = ["parent", "resourcePool", "datastore", "config.hardware.device"];

/// Clones, and attaches raw device mappings.
pub(crate) async fn run(
    session: &Session,
    request: &CloneRequest,
    cancel: &CancellationToken,
) -> Result<VmRef, ProviderError> {
    if session.content().about("apiType") == "HostAgent" {
        return Err(ProviderError::Invalid {
            operation: format!("clone {}", request.source),
            problem: "an ESXi host cannot clone".to_owned(),
            remedy: "give the vCenter that manages the host as the source",
        });
    }
    let limit = Limit::after(request.limit, cancel);
    let source = session.read(&MoRef::new("VirtualMachine", &request.source.id), &PATHS).await?;
    let plan = plan(session, request, &source).await?;
    let folder = source.moref("parent").ok_or_else(|| source.lacking("parent", &request.source.to_string()))?;
    let result = clone(session, request, &folder, plan.clone(), &limit).await?;
    let vm = match result.to_moref() {
        Some(made) => VmRef { id: made.id, name: request.name.clone() },
        None => find::vm(session, &request.name).await?,
    };
    rdm::attach(session, request, &vm, &plan.placement.datastore, &limit).await?;
    Ok(vm)
}

async fn plan(session: &Session, request: &CloneRequest, source: &Properties) -> Result<ClonePlan, ProviderError> {
    let path = "config.hardware.device";
    let devices = source.get(path).ok_or_else(|| source.lacking(path, &request.source.to_string()))?;
    let needs_stores = request.datastore.is_some() || !request.add_disks.is_empty();
    let stores = if needs_stores { Some(Datastores::read(session).await?) } else { None };
    let placement = placement::resolve(session, request, source, stores.as_ref()).await?;
    let mut added = Vec::new();
    if let Some(stores) = &stores {
        added = disks::place(request, Devices(&devices.children), &placement.datastore, stores)?;
        stores.check_space(&request.name, &disks::thick_bytes(&added))?;
        disks::make_folders(session, request, &placement.datastore, stores).await?;
    }
    let mut plan = ClonePlan {
        placement,
        disk_type: request.disk_type,
        source_devices: devices.children.clone(),
        added,
        regenerate_macs: request.regenerate_macs,
        extra_config: Vec::new(),
    };
    if request.cbt {
        plan.extra_config = cbt_keys(&plan);
    }
    Ok(plan)
}

/// Changed-block tracking of the VM and of each of its disks on SCSI, new ones too.
pub(crate) fn cbt_keys(plan: &ClonePlan) -> Vec<(String, String)> {
    let devices = Devices(&plan.source_devices);
    let controllers = devices.controllers();
    let bus_of = |key: i32| controllers.iter().find(|found| found.key == key).map(|found| found.bus);
    let new = plan.added.iter().filter_map(|disk| Some((bus_of(disk.controller)?, disk.unit)));
    let per_disk = devices.scsi_addresses().into_iter().chain(new);
    let mut keys = vec![tracking::VM_KEY.to_owned()];
    keys.extend(per_disk.map(|(bus, unit)| tracking::disk_key(bus, unit)));
    keys.into_iter().map(|key| (key, "true".to_owned())).collect()
}

/// The clone task; once more without the edits of the NICs when a generated address is taken.
async fn clone(
    session: &Session,
    request: &CloneRequest,
    folder: &MoRef,
    mut plan: ClonePlan,
    limit: &Limit,
) -> Result<Element, ProviderError> {
    let mut outcome = session.run_task(&clone_call(request, folder, &plan), limit).await;
    if let Err(CallError::Fault(fault)) = &outcome
        && plan.regenerate_macs
        && fault.is_address_in_use()
    {
        tracing::warn!(
            clone = request.name,
            fault = fault.message,
            "a MAC address is in use; cloning without new ones"
        );
        plan.regenerate_macs = false;
        outcome = session.run_task(&clone_call(request, folder, &plan), limit).await;
    }
    match outcome {
        Err(error) if error.is("DuplicateName") => {
            let source_vm = request.source.to_string();
            Err(ProviderError::NameTaken { clone: request.name.clone(), source_vm })
        }
        Err(CallError::Failed(error @ (ProviderError::Unreachable { .. } | ProviderError::Malformed { .. }))) => {
            clones::settle_lost(session, &request.name).await;
            Err(error)
        }
        other => Ok(other?),
    }
}

/// The call that clones into `folder`.
pub(crate) fn clone_call(request: &CloneRequest, folder: &MoRef, plan: &ClonePlan) -> Call {
    Call::new("CloneVM_Task", &MoRef::new("VirtualMachine", &request.source.id))
        .about(&format!("{} -> {}", request.source, request.name))
        .making(&request.name)
        .with(Element::moref("folder", folder))
        .with(Element::leaf("name", &request.name))
        .with(clone_spec(plan))
}
