//! How a source guest got its addresses, where its hypervisor does not tell: VMware Tools of Linux do not.
//!
//! Source: source-providers.md section 2.3 (`nmcli` is run in the guest).

use super::login::looks_inside;
use super::source_shell::{READ, source_shell};
use crate::check::keeps_addresses;
use crate::engine::walk::Walk;
use crate::facts::{GuestAddress, GuestFacts, Power, SourceVm};
use crate::guest::look;
use crate::provider::VmRef;
use crate::scenario::VmRequest;

/// Completes the addresses of a running VM by a look into its guest, where the migrated one is looked into: nobody else
/// asks for them. What cannot be read stays unknown, which is told.
pub(in crate::engine) async fn tell_origins(walk: &Walk<'_>, request: &VmRequest, vm: &VmRef, facts: &mut SourceVm) {
    if !keeps_addresses(walk.source.entry.type_name()) {
        return;
    }
    let mut addresses = facts.nics.iter().flat_map(|nic| &nic.addresses);
    let untold = addresses.any(|address| address.is_static.is_none());
    if !untold || facts.power != Power::On || looks_inside(walk.scenario, walk.plan, request).is_none() {
        return;
    }
    match source_shell(walk, vm, facts, facts.guest_family()).await {
        Ok(shell) => complete(facts, &look(shell.as_ref(), READ).await),
        Err(why) => walk.note(format!("how the guest of {vm} got its addresses is not known: {why}")),
    }
}

fn complete(facts: &mut SourceVm, inside: &GuestFacts) {
    for nic in &mut facts.nics {
        let same = |other: &Option<String>| other.as_ref().is_some_and(|mac| mac.eq_ignore_ascii_case(&nic.mac));
        let found: Vec<&GuestAddress> =
            inside.nics.iter().filter(|one| same(&one.mac)).flat_map(|one| &one.addresses).collect();
        for address in &mut nic.addresses {
            if let Some(found) = found.iter().find(|found| found.ip == address.ip) {
                address.is_static = address.is_static.or(found.is_static);
                address.gateway = address.gateway.take().or_else(|| found.gateway.clone());
            }
        }
    }
}
