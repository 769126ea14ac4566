//! Undoing what was changed on sources beside clones: power and snapshots of VMs of somebody else's, keys on ESXi hosts.
//!
//! Each answers whether there was anything to undo.

use super::esxi_key;
use super::unwind::Unwinder;
use crate::config::{CopyOffload, EsxiLogin, ProviderKind};
use crate::event::Event;
use crate::facts::{Power, chain};
use crate::provider::{Removal, VmRef};

/// Switches a VM back to the power that it had. One that is gone or is so already is left alone.
pub(super) async fn restore_power(
    unwinder: &Unwinder<'_>,
    provider: &str,
    vm: &VmRef,
    power: Power,
) -> Result<bool, String> {
    let source = unwinder.source(provider).await?;
    let now = match source.vm_facts(vm).await {
        Ok(facts) if facts.name == vm.name => facts.power,
        Ok(facts) => {
            let note = format!("{vm} is now called {:?}; its power was left alone", facts.name);
            unwinder.events.emit(Event::Noted { test: None, note });
            return Ok(false);
        }
        Err(error) if error.is_gone() => return Ok(false),
        Err(error) => return Err(chain(&error)),
    };
    if now == power {
        return Ok(false);
    }
    source.set_power(vm, power).await.map(|()| true).map_err(|error| chain(&error))
}

/// Removes a snapshot by its exact name, which holds the session.
pub(super) async fn remove_snapshot(
    unwinder: &Unwinder<'_>,
    provider: &str,
    vm: &VmRef,
    (name, id): (&str, Option<&str>),
) -> Result<bool, String> {
    let source = unwinder.source(provider).await?;
    let removal = source.remove_snapshot(vm, name, id).await.map_err(|error| chain(&error))?;
    Ok(removal == Removal::Removed)
}

/// Removes our line from the authorized keys of an ESXi host.
pub(super) async fn remove_key(
    unwinder: &Unwinder<'_>,
    provider: &str,
    host: &str,
    line: &str,
) -> Result<bool, String> {
    let entry = unwinder.providers.get(provider).map_err(|error| chain(&error))?;
    let login = match &entry.kind {
        ProviderKind::Vsphere(vsphere) => vsphere.copyoffload.as_ref().and_then(|section| login_of(section, host)),
        _ => None,
    };
    let login = login.ok_or_else(|| {
        format!("provider {provider} has no copyoffload login for {host} any more; remove the line by hand: {line}")
    })?;
    esxi_key::remove(unwinder.network, login, line).await
}

fn login_of<'a>(section: &'a CopyOffload, host: &str) -> Option<&'a EsxiLogin> {
    section.esxi.as_ref().filter(|login| login.host == host)
}
