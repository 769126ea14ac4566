//! What is harmed after a migration that succeeded: its sources, and the Secret of its provider.

use super::super::forklift::PlanFacts;
use super::super::hub::{Fail, Hub};
use super::super::kinds::SECRET;
use super::super::object::{has_condition, reference, secret_key, text, uid};
use super::source;
use crate::lab::fault::ProductFault;
use serde_json::{Value, json};

const TLS: &str = "insecureSkipVerify";

/// Harms the sources of these VMs (MoRefs) and the provider's Secret, once and for all: a plan whose end could not be
/// stored ends again.
pub(crate) async fn after_success(hub: &Hub, facts: &PlanFacts, migration: &str, vms: &[&str]) -> Result<(), Fail> {
    let faults = &hub.world.faults;
    for fault in faults.harms() {
        for moref in vms {
            let harm = format!("{fault} {migration} {moref}");
            if let Some(inventory) = facts.source.as_ref().filter(|_| !faults.is_done(&harm)) {
                inventory.change(|inventory| source::harm(fault, inventory, moref));
                faults.done(harm);
            }
        }
        harm_secret(hub, facts, fault).await?;
    }
    Ok(())
}

async fn harm_secret(hub: &Hub, facts: &PlanFacts, fault: ProductFault) -> Result<(), Fail> {
    if !is_of_tls(fault) {
        return Ok(());
    }
    let (space, name) = facts.source_provider.as_deref().map_or(("", ""), |one| reference(one, "/spec/secret"));
    let Some(secret) = hub.find(SECRET, space, name).await? else { return Ok(()) };
    let harm = format!("{fault} {}", uid(&secret));
    // A second success must not flip it back.
    if hub.world.faults.is_done(&harm) {
        return Ok(());
    }
    let opposite = (secret_key(&secret, TLS) != "true").to_string();
    let patch = match fault {
        ProductFault::TlsFlagLost => json!({"data": {TLS: null}}),
        ProductFault::TlsFlagGarbled => json!({"stringData": {TLS: "yes"}}),
        _ => json!({"stringData": {TLS: opposite}}),
    };
    hub.merge(SECRET, &secret, &patch).await?;
    hub.world.faults.done(harm);
    Ok(())
}

fn is_of_tls(fault: ProductFault) -> bool {
    matches!(fault, ProductFault::TlsFlagFlipped | ProductFault::TlsFlagLost | ProductFault::TlsFlagGarbled)
}

/// Whether a provider does not see what became of its Secret: a TLS setting that the product itself has lost must
/// harm nothing else.
pub(crate) fn is_blind(hub: &Hub, provider: &Value) -> bool {
    let lost = hub.world.faults.harms().into_iter().any(is_of_tls);
    lost && has_condition(provider, "Ready") && text(provider, "/spec/type") != "openshift"
}
