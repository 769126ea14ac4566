//! Finding servers.
//!
//! Source: source-providers.md sections 1 and 4.2.

use super::cloud::Cloud;
use super::keystone::Service;
use super::wire::{Named, Server};
use crate::facts::nearest;
use crate::provider::rest::query_value;
use crate::provider::{ProviderError, VmRef};

/// How many near names an error lists.
const NEAR: usize = 5;

/// Every server of the project.
pub(super) async fn all(cloud: &Cloud) -> Result<Vec<VmRef>, ProviderError> {
    Ok(refs(cloud.list(Service::Compute, "/servers", "servers").await?))
}

/// The servers of exactly this name: the service takes it for a pattern.
pub(super) async fn named(cloud: &Cloud, name: &str) -> Result<Vec<VmRef>, ProviderError> {
    let path = format!("/servers?name={}", query_value(&format!("^{}$", regex::escape(name))));
    let mut found = refs(cloud.list(Service::Compute, &path, "servers").await?);
    found.retain(|server| server.name == name);
    Ok(found)
}

/// The one server of that name.
pub(super) async fn one(cloud: &Cloud, name: &str) -> Result<VmRef, ProviderError> {
    let mut found = named(cloud, name).await?;
    match (found.pop(), found.is_empty()) {
        (Some(server), true) => Ok(server),
        (None, _) => {
            let all = all(cloud).await?;
            let near = nearest(name, all.iter().map(|server| server.name.as_str()), NEAR);
            Err(ProviderError::NotFound { name: name.to_owned(), near: near.into_iter().map(str::to_owned).collect() })
        }
        (Some(server), false) => {
            found.push(server);
            let mut ids: Vec<String> = found.into_iter().map(|server| server.id).collect();
            ids.sort();
            Err(ProviderError::Ambiguous { name: name.to_owned(), ids })
        }
    }
}

/// The server as it is now.
pub(super) async fn read(cloud: &Cloud, vm: &VmRef) -> Result<Server, ProviderError> {
    cloud.get(Service::Compute, (&format!("/servers/{}", vm.id), "server"), vm).await
}

/// As [`read`]; `None` when it is gone.
pub(super) async fn look(cloud: &Cloud, vm: &VmRef) -> Result<Option<Server>, ProviderError> {
    match read(cloud, vm).await {
        Ok(server) if matches!(server.status.as_str(), "DELETED" | "SOFT_DELETED") => Ok(None),
        Ok(server) => Ok(Some(server)),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(error),
    }
}

fn refs(found: Vec<Named>) -> Vec<VmRef> {
    found.into_iter().map(|server| VmRef { id: server.id, name: server.name }).collect()
}
