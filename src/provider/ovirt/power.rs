//! Power: started by the engine, stopped by asking the guest.
//!
//! Source: source-providers.md section 3.3. A hard stop would write event 33, which a check looks for after migrations.

use super::engine::{Engine, lacking};
use super::find::VMS;
use super::json::text;
use crate::facts::Power;
use crate::provider::rest::query_value;
use crate::provider::{ProviderError, VmRef};
use crate::wait::{Deadline, Seen, WaitError, poll};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a status is asked for.
pub(super) const EVERY: Duration = Duration::from_secs(1);

/// What a status says of the power.
pub(super) fn power_of(status: &str) -> Power {
    match status {
        "up" => Power::On,
        "down" => Power::Off,
        _ => Power::Other,
    }
}

/// The VM's status (`image_locked`).
pub(super) async fn status(engine: &Engine, vm: &VmRef) -> Result<String, ProviderError> {
    let read = engine.object(VMS.0, &vm.id, &vm.to_string()).await?;
    text(&read, "/status").map(str::to_owned).ok_or_else(|| lacking(&vm.to_string(), "status"))
}

/// Switches the VM, unless it already is so.
pub(super) async fn set(engine: &Engine, vm: &VmRef, power: Power, deadline: &Deadline) -> Result<(), ProviderError> {
    let (wanted, action, under_way) = match power {
        Power::On => ("up", "start", ["wait_for_launch", "powering_up"]),
        Power::Off => ("down", "shutdown", ["powering_down", "saving_state"]),
        Power::Other => {
            return Err(ProviderError::Invalid {
                operation: format!("switch {vm}"),
                problem: "a VM can be switched on or off only".to_owned(),
                remedy: "ask for on or off",
            });
        }
    };
    let now = status(engine, vm).await?;
    if now == wanted {
        return Ok(());
    }
    if !under_way.contains(&now.as_str()) {
        let path = format!("/vms/{}/{action}", query_value(&vm.id));
        match engine.post(&path, json!({}), &vm.to_string()).await {
            Ok(_) => {}
            // Someone was faster: fine, if the VM now is as it should be.
            Err(ProviderError::Refused(_)) if status(engine, vm).await? == wanted => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    wait_for(engine, vm, (action, wanted), deadline).await
}

/// Waits until the VM has a status. One that is starting and is down again will not come up by itself.
async fn wait_for(
    engine: &Engine,
    vm: &VmRef,
    (action, wanted): (&str, &str),
    deadline: &Deadline,
) -> Result<(), ProviderError> {
    let began = AtomicBool::new(false);
    let look = async || match status(engine, vm).await {
        Ok(status) if status == wanted => Seen::Met(Ok(())),
        Ok(status) if status == "down" && began.load(Ordering::Relaxed) => {
            Seen::Hopeless("it went down again; see its events in the administration portal".to_owned())
        }
        Ok(status) => {
            began.store(status != "down", Ordering::Relaxed);
            Seen::Pending(status)
        }
        Err(error) => Seen::Met(Err(error)),
    };
    poll(&format!("{action} {vm}: wait until it is {wanted}"), deadline, EVERY, look).await?
}

/// Waits until a running VM is up: the engine knows nothing of the network in its guest without an agent. `false`: it was
/// not by the deadline.
pub(super) async fn wait_up(engine: &Engine, vm: &VmRef, deadline: &Deadline) -> Result<bool, ProviderError> {
    match wait_for(engine, vm, ("watch", "up"), deadline).await {
        Ok(()) => Ok(true),
        Err(ProviderError::Wait(WaitError::TimedOut { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}
