//! Where a clone goes: datastore, host, resource pool.
//!
//! Source: source-providers.md section 2.5, row `placement`.

use super::super::find;
use super::super::properties::Properties;
use super::super::session::Session;
use super::super::xml::MoRef;
use super::datastores::Datastores;
use super::spec::Placement;
use crate::provider::{CloneRequest, ProviderError};

const HOST_REMEDY: &str = "correct esxi_host of copyoffload in providers.json, or the scenario's host";
const POOL_REMEDY: &str = "correct resource_pool of copyoffload in providers.json";

/// Resolves the placement. `stores` is there when the request names a datastore.
pub(crate) async fn resolve(
    session: &Session,
    request: &CloneRequest,
    source: &Properties,
    stores: Option<&Datastores>,
) -> Result<Placement, ProviderError> {
    let datastore = match (&request.datastore, stores) {
        (Some(wanted), Some(stores)) => stores.resolve(wanted)?.object.clone(),
        (Some(wanted), None) => MoRef::new("Datastore", wanted),
        (None, _) => source.morefs("datastore").into_iter().next().ok_or_else(|| ProviderError::Unhealthy {
            vm: request.source.to_string(),
            problem: "it has no datastore".to_owned(),
            remedy: "give datastore_id, or take another source VM",
        })?,
    };
    let host = match &request.host {
        Some(wanted) => Some(find::object(session, "HostSystem", wanted, HOST_REMEDY).await?),
        None => None,
    };
    let pool = match &request.resource_pool {
        Some(wanted) => find::object(session, "ResourcePool", wanted, POOL_REMEDY).await?,
        None => match source.moref("resourcePool") {
            Some(pool) => pool,
            None => pool_for_template(session, request, host.as_ref()).await?,
        },
    };
    Ok(Placement { datastore, pool, host })
}

/// A template has no pool: that of the chosen host's compute resource, else the first that there is.
async fn pool_for_template(
    session: &Session,
    request: &CloneRequest,
    host: Option<&MoRef>,
) -> Result<MoRef, ProviderError> {
    let found = if let Some(host) = host {
        let compute = session.read(host, &["parent"]).await?.moref("parent");
        let compute = compute.ok_or_else(|| no_pool(request))?;
        session.read(&compute, &["resourcePool"]).await?.moref("resourcePool")
    } else {
        let resources = session.list("ComputeResource", &["resourcePool"]).await?;
        resources.iter().find_map(|resource| resource.moref("resourcePool"))
    };
    found.ok_or_else(|| no_pool(request))
}

fn no_pool(request: &CloneRequest) -> ProviderError {
    ProviderError::Missing {
        kind: "resource pool",
        name: format!("for the template {}", request.source.name),
        near: Vec::new(),
        remedy: "grant the user Resource.AssignVMToPool on a cluster, or give resource_pool",
    }
}
