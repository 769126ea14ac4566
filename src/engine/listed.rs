//! VMs that only the product's inventory knows: OVA files. They are migrated as they are, and nothing of them is changed,
//! so the ledger has nothing to undo. What a scenario asks for beyond that keeps it from sources of this type
//! (`scenario::needs`).
//!
//! Source: original-suite.md sections 1.1 (OVA: the name on the cluster) and 1.10 (OVA).

use super::clone_request::Wish;
use super::prepare::Prepared;
use super::steps::StepError;
use super::walk::Walk;
use crate::facts::{destination_vm_name, parse_version};
use crate::inventory::VmKey;
use crate::provider::VmRef;
use crate::scenario::VmRequest;
use semver::Version;

/// The first version that takes the name on the cluster. Source: forklift-api.md section 5.
const NAMES_TARGETS: Version = Version::new(2, 9, 0);

/// The VMs of the plan, in its order, as the inventory has them.
pub(super) fn listed_vms<'a>(
    walk: &'a Walk<'a>,
) -> impl Iterator<Item = impl Future<Output = Result<Prepared, StepError>>> {
    walk.plan.virtual_machines.iter().enumerate().map(move |(index, request)| listed_vm(walk, index, request))
}

async fn listed_vm(walk: &Walk<'_>, index: usize, request: &VmRequest) -> Result<Prepared, StepError> {
    let parts = walk.session.parts();
    let limit = walk.plan.inventory_timeout.or(walk.scenario.timeouts.inventory);
    let deadline = walk.deadline(limit, parts.settings.timeouts.inventory);
    let inventory = walk.source.inventory.wait_vm(&VmKey::named(&request.name), &deadline).await?;
    let told = inventory.facts().ok_or_else(|| {
        StepError::Broken(format!("the inventory alone cannot tell the facts of VM {}", request.name))
    })?;
    let facts = told?;
    // Another test of this session, or another session, may migrate the same file into the same namespace.
    let mtv = parts.environment.mtv.as_deref().and_then(|text| parse_version(text).ok());
    let is_named = mtv.is_none_or(|version| version >= NAMES_TARGETS);
    let wish = Wish { plan: walk.plan, request, entry: &walk.source.entry };
    let name = if is_named { walk.names.clone_of(index, wish.base_name(), false) } else { facts.name.clone() };
    let target_name = destination_vm_name(&name).map_err(|error| StepError::Broken(error.to_string()))?;
    Ok(Prepared {
        guest_agent: request.guest_agent,
        luks: request.luks,
        vm: VmRef { id: inventory.id.clone(), name: facts.name.clone() },
        facts,
        inventory,
        target_name,
        is_named,
        integrity: None,
        entries: Vec::new(),
    })
}
