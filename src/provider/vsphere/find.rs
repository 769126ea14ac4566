//! Finding objects by name, and whether a VM that was found can be used.
//!
//! Source: source-providers.md sections 2.2 and 2.3, "Health after lookup".

use super::names::unescape;
use super::properties::Properties;
use super::request::Call;
use super::session::Session;
use super::xml::{Element, MoRef};
use crate::facts::nearest;
use crate::provider::{ProviderError, VmRef};

/// How many near names an error lists.
const NEAR: usize = 5;

/// Every VM and template whose name can be read, in the order of the server.
pub(crate) async fn all_vms(session: &Session) -> Result<Vec<VmRef>, ProviderError> {
    let found = session.list("VirtualMachine", &["name"]).await?;
    Ok(found
        .iter()
        .filter_map(|vm| Some(VmRef { id: vm.object.as_ref()?.id.clone(), name: unescape(vm.text("name")?) }))
        .collect())
}

/// The first VM or template of that name.
pub(crate) async fn vm(session: &Session, name: &str) -> Result<VmRef, ProviderError> {
    let vms = all_vms(session).await?;
    vms.iter().find(|vm| vm.name == name).cloned().ok_or_else(|| ProviderError::NotFound {
        name: name.to_owned(),
        near: near(name, vms.iter().map(|vm| vm.name.as_str())),
    })
}

/// The first object of a type whose name, or MoRef value, is `wanted`.
pub(crate) async fn object(
    session: &Session,
    kind: &'static str,
    wanted: &str,
    remedy: &'static str,
) -> Result<MoRef, ProviderError> {
    let found = session.list(kind, &["name"]).await?;
    let mut named: Vec<(MoRef, String)> = Vec::new();
    for properties in found {
        if let (Some(object), Some(name)) = (properties.object.clone(), properties.text("name").map(unescape)) {
            if name == wanted || object.id == wanted {
                return Ok(object);
            }
            named.push((object, name));
        }
    }
    let near = near(wanted, named.iter().map(|(_, name)| name.as_str()));
    Err(ProviderError::Missing { kind, name: wanted.to_owned(), near, remedy })
}

fn near<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    nearest(wanted, names, NEAR).into_iter().map(str::to_owned).collect()
}

/// Whether the VM's files are where they belong.
///
/// # Errors
/// [`ProviderError::Unhealthy`] when its configuration file is missing or its datastore cannot be reached.
pub(crate) async fn check_health(session: &Session, vm: &VmRef) -> Result<(), ProviderError> {
    let object = MoRef::new("VirtualMachine", &vm.id);
    let paths = ["datastore", "config.files.vmPathName", "runtime.connectionState"];
    let properties = session.read(&object, &paths).await?;
    judge(vm, &properties)?;
    if files_are_missing(session, &properties).await {
        return Err(missing_vmx(vm));
    }
    Ok(())
}

fn judge(vm: &VmRef, properties: &Properties) -> Result<(), ProviderError> {
    if properties.text("runtime.connectionState") == Some("inaccessible") {
        return Err(ProviderError::Unhealthy {
            vm: vm.to_string(),
            problem: "its datastore cannot be reached (connection state inaccessible)".to_owned(),
            remedy: "bring the datastore back, or take another source VM",
        });
    }
    if properties.morefs("datastore").is_empty() || properties.text("config.files.vmPathName").is_none() {
        return Err(missing_vmx(vm));
    }
    Ok(())
}

fn missing_vmx(vm: &VmRef) -> ProviderError {
    ProviderError::Unhealthy {
        vm: vm.to_string(),
        problem: "its configuration file (.vmx) is missing on the datastore".to_owned(),
        remedy: "remove the VM from the vCenter's inventory and restore it, or take another source VM",
    }
}

/// The original starts a search for the file and looks at its task once. What else goes wrong with the search says
/// nothing of the VM: the user may lack the right to browse.
async fn files_are_missing(session: &Session, vm: &Properties) -> bool {
    let Some(error) = search_error(session, vm).await else { return false };
    error.to_lowercase().contains("vmx was not found")
}

async fn search_error(session: &Session, vm: &Properties) -> Option<String> {
    let datastore = vm.morefs("datastore").into_iter().next()?;
    let browser = session.read(&datastore, &["browser"]).await.ok()?.moref("browser")?;
    let call = Call::read("SearchDatastoreSubFolders_Task", &browser)
        .with(Element::leaf("datastorePath", vm.text("config.files.vmPathName")?))
        .with(Element::new("searchSpec").with(Element::leaf("matchPattern", "*.vmx")));
    let task = session.call(&call).await.ok()?.moref_at("returnval")?;
    let info = session.read(&task, &["info"]).await.ok()?;
    info.get("info").and_then(|info| info.child("error")).map(Element::words)
}
