//! Hosts: which there are, where a VM is, and that it stays there. And names of datastores.
//!
//! Source: source-providers.md sections 2.2 and 2.5, row `placement`; original-suite.md section 2, "Keys beyond the
//! tables".

use super::names::unescape;
use super::properties::Properties;
use super::request::Call;
use super::session::Session;
use super::task::Limit;
use super::xml::{Element, MoRef};
use crate::facts::nearest;
use crate::provider::{HostRef, ProviderError, VmRef};

const PATHS: [&str; 4] = ["name", "parent", "runtime.connectionState", "runtime.inMaintenanceMode"];
const CLUSTER: &str = "ClusterComputeResource";

/// Every host whose name can be read, by name.
pub(crate) async fn all(session: &Session) -> Result<Vec<HostRef>, ProviderError> {
    let found = session.list("HostSystem", &PATHS).await?;
    let mut hosts: Vec<HostRef> = found.iter().filter_map(host).collect();
    hosts.sort();
    Ok(hosts)
}

/// The host that the VM is on.
pub(crate) async fn of(session: &Session, vm: &VmRef) -> Result<HostRef, ProviderError> {
    let properties = read_host(session, vm).await?;
    host(&properties).ok_or_else(|| properties.lacking("name", &format!("the host of {vm}")))
}

async fn read_host(session: &Session, vm: &VmRef) -> Result<Properties, ProviderError> {
    let path = "runtime.host";
    let properties = session.read(&MoRef::new("VirtualMachine", &vm.id), &[path]).await?;
    let host = properties.moref(path).ok_or_else(|| properties.lacking(path, &vm.to_string()))?;
    Ok(session.read(&host, &PATHS).await?)
}

fn host(properties: &Properties) -> Option<HostRef> {
    // A server that says nothing of a host's state (vcsim's empty enums) says nothing against it.
    let connected = properties.text("runtime.connectionState").is_none_or(|state| state == "connected");
    Some(HostRef {
        name: unescape(properties.text("name")?),
        id: properties.object.as_ref()?.id.clone(),
        cluster: properties.moref("parent").map(|parent| parent.id),
        usable: connected && properties.value("runtime.inMaintenanceMode") != Some(true),
    })
}

/// Switches DRS off for the VM. A host outside a cluster knows no DRS.
pub(crate) async fn keep(session: &Session, vm: &VmRef, limit: &Limit) -> Result<(), ProviderError> {
    let parent = read_host(session, vm).await?.moref("parent").filter(|parent| parent.kind == CLUSTER);
    let Some(cluster) = parent else { return Ok(()) };
    match session.run_task(&drs_off(&cluster, vm, "add"), limit).await {
        // The VM has an override already.
        Err(error) if error.is("InvalidArgument") => {
            session.run_task(&drs_off(&cluster, vm, "edit"), limit).await?;
        }
        other => drop(other?),
    }
    Ok(())
}

/// The call that gives the VM an override without DRS.
pub(crate) fn drs_off(cluster: &MoRef, vm: &VmRef, operation: &str) -> Call {
    let info = Element::new("info")
        .with(Element::moref("key", &MoRef::new("VirtualMachine", &vm.id)))
        .with(Element::leaf("enabled", "false"));
    let change = Element::new("drsVmConfigSpec").with(Element::leaf("operation", operation)).with(info);
    Call::new("ReconfigureComputeResource_Task", cluster)
        .about(&format!("{cluster} for {vm}"))
        .with(Element::new("spec").of("ClusterConfigSpecEx").with(change))
        .with(Element::leaf("modify", "true"))
}

/// The name of the datastore with this MoRef value.
pub(crate) async fn datastore_name(session: &Session, id: &str) -> Result<String, ProviderError> {
    let found = session.list("Datastore", &["name"]).await?;
    let ids: Vec<&str> = found.iter().filter_map(|store| Some(store.object.as_ref()?.id.as_str())).collect();
    let store = found.iter().find(|store| store.object.as_ref().is_some_and(|object| object.id == id));
    store.and_then(|store| store.text("name")).map(unescape).ok_or_else(|| ProviderError::Missing {
        kind: "datastore",
        name: id.to_owned(),
        near: nearest(id, ids, 5).into_iter().map(str::to_owned).collect(),
        remedy: "correct datastore_id of copyoffload in providers.json (a MoRef such as datastore-12)",
    })
}
