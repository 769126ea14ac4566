//! Power, and waiting for a server.
//!
//! Source: source-providers.md sections 4.2 and 4.3.

use super::cloud::Cloud;
use super::keystone::Service;
use super::servers;
use super::wire::Server;
use crate::facts::Power;
use crate::provider::{ProviderError, VmRef};
use crate::wait::{Deadline, Seen, poll};
use serde_json::json;
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(2);

/// What a status says of power.
pub(super) fn of(status: &str) -> Power {
    match status {
        "ACTIVE" => Power::On,
        "SHUTOFF" => Power::Off,
        _ => Power::Other,
    }
}

/// Switches the server, unless it already is so, and waits for it.
pub(super) async fn set(cloud: &Cloud, vm: &VmRef, power: Power, deadline: &Deadline) -> Result<(), ProviderError> {
    let (action, status) = match power {
        Power::On => ("os-start", "ACTIVE"),
        Power::Off => ("os-stop", "SHUTOFF"),
        Power::Other => {
            return Err(ProviderError::Invalid {
                operation: format!("switch {vm}"),
                problem: "a VM can be switched on or off only".to_owned(),
                remedy: "ask for on or off",
            });
        }
    };
    if of(&servers::read(cloud, vm).await?.status) == power {
        return Ok(());
    }
    let path = format!("/servers/{}/action", vm.id);
    match cloud.post(Service::Compute, (&path, json!({ action: null })), action, vm).await {
        Ok(_) => {}
        // Someone was faster: fine, if the server gets there.
        Err(ProviderError::Refused(refusal)) if refusal.status == Some(409) => {
            if of(&servers::read(cloud, vm).await?.status) != power {
                return Err(ProviderError::Refused(refusal));
            }
        }
        Err(error) => return Err(error),
    }
    wait_for(cloud, vm, status, deadline).await.map(drop)
}

/// Waits until the server has that status; `ERROR` ends the wait with the service's own words.
pub(super) async fn wait_for(
    cloud: &Cloud,
    vm: &VmRef,
    status: &str,
    deadline: &Deadline,
) -> Result<Server, ProviderError> {
    let what = format!("wait for {vm} to be {status}");
    poll(&what, deadline, EVERY, || look(cloud, vm, status)).await?
}

async fn look(cloud: &Cloud, vm: &VmRef, status: &str) -> Seen<Result<Server, ProviderError>> {
    match servers::read(cloud, vm).await {
        Ok(server) if server.status == status => Seen::Met(Ok(server)),
        Ok(server) if server.status == "ERROR" => Seen::Hopeless(format!("it is in state {}", server.state())),
        Ok(server) => Seen::Pending(server.status),
        Err(error) => Seen::Met(Err(error)),
    }
}
