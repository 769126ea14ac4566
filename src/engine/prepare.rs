//! Making the source VMs of a plan ready: clone, share disks, tracking, snapshots, power, inventory, facts.
//!
//! Unless the scenario says otherwise every VM is cloned, so that the VM that it names is never touched. A VM that is
//! migrated itself keeps everything but its power, which the ledger restores, and the snapshots that the scenario asks
//! for, which the ledger removes. Clones go side by side; all of them are awaited also when one fails, since a clone
//! that nobody awaits could appear after its undo.
//!
//! Source: original-suite.md section 1.9, `prepared_plan`, and section 2, "Keys beyond the tables".

use super::clone_request::{Wish, non_dedicated};
use super::inside::{mark, tell_origins, wait_for_cloud_init};
use super::listed::listed_vms;
use super::steps::StepError;
use super::walk::Walk;
use crate::event::Event;
use crate::facts::{Integrity, Power, SourceVm, chain, destination_vm_name};
use crate::inventory::{InventoryVm, VmKey};
use crate::provider::{SourceProvider, VmRef};
use crate::scenario::{IntegrityRequest, PowerSetting, VmRequest};
use crate::undo::{EntryId, Thing};
use futures::future::join_all;
use std::collections::{BTreeMap, BTreeSet};

/// A source VM, ready to be migrated.
pub(super) struct Prepared {
    /// Whether the guest agent must report in after the migration.
    pub(super) guest_agent: bool,
    /// Whether its disks are encrypted with LUKS.
    pub(super) luks: bool,
    /// The VM on the source.
    pub(super) vm: VmRef,
    /// The VM before the migration.
    pub(super) facts: SourceVm,
    /// The VM in the product's inventory.
    pub(super) inventory: InventoryVm,
    /// The name that the product will give it.
    pub(super) target_name: String,
    /// Whether the product is told that name; else it makes it of the VM's own.
    pub(super) is_named: bool,
    /// Marks in its guest, if the plan asks for them.
    pub(super) integrity: Option<Integrity>,
    /// The ledger entries of the clone, or of the power to restore, and of the key on the ESXi host: the migration must
    /// be undone before them.
    pub(super) entries: Vec<EntryId>,
}

/// A VM that is there, but not ready yet.
struct Obtained<'a> {
    request: &'a VmRequest,
    vm: VmRef,
    made: bool,
    entry: EntryId,
}

/// A VM that is asked for; a clone is written down.
struct Intended<'a> {
    wish: Wish<'a>,
    name: String,
    entry: Option<EntryId>,
}

/// Makes every VM of the plan ready, in the plan's order.
pub(super) async fn prepare_vms(walk: &Walk<'_>) -> Result<Vec<Prepared>, StepError> {
    if !walk.source.sdk.reads_vms() {
        return all(join_all(listed_vms(walk)).await);
    }
    let (key, obtained) = futures::future::join(install_key(walk), obtain(walk)).await;
    let obtained = obtained?;
    let key = key?;
    share_disks(walk, &obtained).await?;
    let mut vms = all(join_all(obtained.into_iter().map(|vm| make_ready(walk, vm))).await)?;
    for vm in &mut vms {
        vm.entries.extend(key);
    }
    Ok(vms)
}

/// Copy-offload over ssh needs the product's key on the ESXi host.
async fn install_key(walk: &Walk<'_>) -> Result<Option<EntryId>, StepError> {
    if !walk.plan.copyoffload {
        return Ok(None);
    }
    walk.source.esxi_key(walk.session.parts(), &walk.session.shared.namespace).await
}

/// The facts of the source VMs now, in their order; `None` for one that is gone or cannot be read, which is told.
pub(super) async fn facts_after(walk: &Walk<'_>, vms: &[Prepared]) -> Vec<Option<SourceVm>> {
    if !walk.source.sdk.reads_vms() {
        return vms.iter().map(|_| None).collect();
    }
    let read = vms.iter().map(async |prepared| match walk.source.sdk.vm_facts(&prepared.vm).await {
        Ok(facts) => Some(facts),
        Err(error) => {
            walk.note(format!("{} cannot be read after the migration: {}", prepared.vm, chain(&error)));
            None
        }
    });
    join_all(read).await
}

/// VMs on the plan's source that carry the session's name and that no ledger entry names: nobody here made them.
pub(super) async fn strays(walk: &Walk<'_>) -> Vec<String> {
    let parts = walk.session.parts();
    let found = match walk.source.sdk.vms_with_prefix(&format!("{}-", parts.id)).await {
        Ok(found) => found,
        Err(error) => {
            walk.note(format!("the source's VMs cannot be listed after the migration: {}", chain(&error)));
            return Vec::new();
        }
    };
    // Read after the list: what is made is in the ledger before it is there.
    let entries = parts.ledger.entries();
    let known: BTreeSet<&str> = entries
        .iter()
        .filter_map(|entry| match &entry.thing {
            Thing::SourceVm { provider, name, .. } if *provider == walk.source.entry.name => Some(name.as_str()),
            _ => None,
        })
        .collect();
    found.into_iter().map(|vm| vm.name).filter(|name| !known.contains(name.as_str())).collect()
}

/// All answers, or all errors as one.
fn all<T>(answers: Vec<Result<T, StepError>>) -> Result<Vec<T>, StepError> {
    let (mut good, mut errors) = (Vec::new(), Vec::new());
    for answer in answers {
        match answer {
            Ok(value) => good.push(value),
            Err(error) => errors.push(error),
        }
    }
    StepError::join(errors).map_or(Ok(good), Err)
}

async fn obtain<'a>(walk: &'a Walk<'a>) -> Result<Vec<Obtained<'a>>, StepError> {
    let mut intended = intend_clones(walk)?.into_iter();
    if !walk.plan.clone_to_same_host {
        return all(join_all(intended.map(|vm| obtain_vm(walk, vm, None))).await);
    }
    // The first clone decides where the others go.
    let Some(first) = intended.next() else { return Ok(Vec::new()) };
    let first = obtain_vm(walk, first, None).await?;
    let host = walk.source.sdk.host_of(&first.vm).await?;
    let mut obtained = vec![first];
    obtained.extend(all(join_all(intended.map(|vm| obtain_vm(walk, vm, Some(&host.id)))).await)?);
    Ok(obtained)
}

/// Writes down every clone by its exact name, in the plan's order; VMs that are not cloned have no entry yet. The owner
/// of shared disks must outlive those that get its disks.
fn intend_clones<'a>(walk: &'a Walk<'a>) -> Result<Vec<Intended<'a>>, StepError> {
    let wish = |request| Wish { plan: walk.plan, request, entry: &walk.source.entry };
    let vms = walk.plan.virtual_machines.iter().enumerate();
    let mut owners_first: Vec<(usize, &VmRequest)> = vms.collect();
    owners_first.sort_by_key(|(_, request)| request.migrate_shared_disks != Some(true));
    let mut owner = None;
    let mut intended = BTreeMap::new();
    for (index, request) in owners_first {
        let wish = wish(request);
        let name = walk.names.clone_of(index, wish.base_name(), request.preserve_name_format);
        let mut entry = None;
        if wish.is_cloned() {
            let mut needs: Vec<EntryId> =
                owner.filter(|_| request.migrate_shared_disks.is_some()).into_iter().collect();
            needs.extend(walk.source.site.iter().flat_map(|site| site.entries));
            let thing = Thing::SourceVm {
                provider_type: walk.source.entry.type_name().to_owned(),
                provider: walk.source.entry.name.clone(),
                name: name.clone(),
                vm_id: None,
            };
            entry = Some(walk.session.parts().ledger.intend(Some(walk.test), thing, &needs)?);
            owner = if request.migrate_shared_disks == Some(true) { entry } else { owner };
        }
        intended.insert(index, Intended { wish, name, entry });
    }
    Ok(intended.into_values().collect())
}

async fn obtain_vm<'a>(
    walk: &'a Walk<'a>,
    intended: Intended<'a>,
    same_host: Option<&str>,
) -> Result<Obtained<'a>, StepError> {
    let Intended { wish, name, entry } = intended;
    let sdk = walk.source.sdk.as_ref();
    match entry {
        Some(entry) => {
            let source = sdk.find_vm(wish.source_name()).await?;
            clone_vm(walk, (wish, source), (&name, entry), same_host).await
        }
        None => borrow(walk, wish.request, sdk.find_itself(wish.source_name()).await?).await,
    }
}

/// Takes the named VM itself. Its power is the one thing that the run and the product change, so that is written down.
async fn borrow<'a>(walk: &'a Walk<'a>, request: &'a VmRequest, vm: VmRef) -> Result<Obtained<'a>, StepError> {
    let facts = walk.source.sdk.vm_facts(&vm).await?;
    if facts.template {
        return Err(StepError::Broken(format!("{vm} is a template, which cannot be migrated; let it be cloned")));
    }
    if facts.power == Power::Other {
        let remedy = "its power could not be restored afterwards; switch it on or off";
        return Err(StepError::Broken(format!("{vm} is {}: {remedy}", facts.power)));
    }
    let parts = walk.session.parts();
    let thing = Thing::SourcePower {
        provider: walk.source.entry.name.clone(),
        name: vm.name.clone(),
        vm_id: vm.id.clone(),
        power: facts.power,
    };
    let entry = parts.ledger.intend(Some(walk.test), thing, &[])?;
    parts.ledger.made(entry, None)?;
    Ok(Obtained { request, vm, made: false, entry })
}

/// Clones the VM, which is written down by its exact name already.
async fn clone_vm<'a>(
    walk: &'a Walk<'a>,
    (wish, source): (Wish<'a>, VmRef),
    (name, entry): (&str, EntryId),
    same_host: Option<&str>,
) -> Result<Obtained<'a>, StepError> {
    let parts = walk.session.parts();
    let host = host_for(walk, &wish, &source, same_host).await?;
    let limit = walk.scenario.timeouts.clone.unwrap_or(parts.settings.timeouts.clone);
    let mut asked = wish.clone_request(source, name, host, limit)?;
    asked.place = walk.source.site.as_ref().map(|site| site.place.clone());
    let made = walk.source.sdk.clone_vm(&asked, &parts.cancel).await?;
    parts.ledger.made(entry, Some(&made.id))?;
    let what = format!("VM {name} on provider {}", walk.source.entry.name);
    parts.emit(Event::Made { test: Some(walk.test.to_owned()), what });
    Ok(Obtained { request: wish.request, vm: made, made: true, entry })
}

async fn host_for(
    walk: &Walk<'_>,
    wish: &Wish<'_>,
    source: &VmRef,
    same_host: Option<&str>,
) -> Result<Option<String>, StepError> {
    if let Some(host) = wish.request.target_esxi_host.as_deref().or(same_host).or_else(|| wish.named_host()) {
        return Ok(Some(host.to_owned()));
    }
    if !walk.plan.pin_to_non_dedicated_host {
        return Ok(None);
    }
    let sdk = walk.source.sdk.as_ref();
    let (hosts, own) = futures::future::try_join(sdk.hosts(), sdk.host_of(source)).await?;
    let dedicated = wish.entry.copyoffload().map(|section| section.dedicated_migration_hosts.as_slice());
    non_dedicated(&hosts, dedicated.unwrap_or_default(), &own).map(Some)
}

/// Clones have copies of the disks that their originals share: all but the owner get the owner's.
async fn share_disks(walk: &Walk<'_>, vms: &[Obtained<'_>]) -> Result<(), StepError> {
    if walk.plan.migrate_shared_disks != Some(true) {
        return Ok(());
    }
    let Some(owner) = vms.iter().find(|vm| vm.request.migrate_shared_disks == Some(true)) else { return Ok(()) };
    let others = vms.iter().filter(|vm| vm.made && vm.request.migrate_shared_disks == Some(false));
    let shared = others.map(async |vm| Ok(walk.source.sdk.share_disks(&owner.vm, &vm.vm).await?));
    all(join_all(shared).await).map(drop)
}

async fn make_ready(walk: &Walk<'_>, obtained: Obtained<'_>) -> Result<Prepared, StepError> {
    let Obtained { request, vm, made, entry } = obtained;
    let sdk = walk.source.sdk.as_ref();
    if made {
        change_clone(walk, sdk, &vm, request).await?;
    }
    if request.wait_for_cloud_init {
        wait_for_cloud_init(walk, &vm).await?;
    }
    if walk.plan.warm_migration {
        sdk.require_change_tracking(&vm).await?;
    }
    if let Some(count) = request.snapshots {
        take_snapshots(walk, &vm, made.then_some(entry), count).await?;
    }
    let integrity = match &walk.plan.integrity {
        Some(request) => Some(mark_running(walk, &vm, request).await?),
        None => None,
    };
    match request.source_vm_power {
        Some(PowerSetting::On) => start(walk, sdk, &vm).await?,
        Some(PowerSetting::Off) => sdk.set_power(&vm, Power::Off).await?,
        None => {}
    }
    let mut facts = sdk.vm_facts(&vm).await?;
    tell_origins(walk, request, &vm, &mut facts).await;
    let limit = walk.plan.inventory_timeout.or(walk.scenario.timeouts.inventory);
    let deadline = walk.deadline(limit, walk.session.parts().settings.timeouts.inventory);
    let key = VmKey { id: Some(vm.id.clone()), name: vm.name.clone() };
    let inventory = walk.source.inventory.wait_like(&key, &facts, &deadline).await?;
    let target_name = destination_vm_name(&facts.name).map_err(|error| StepError::Broken(error.to_string()))?;
    let guest_agent = request.guest_agent;
    let luks = request.luks;
    let (is_named, entries) = (false, vec![entry]);
    Ok(Prepared { guest_agent, luks, vm, facts, inventory, target_name, is_named, integrity, entries })
}

/// What a clone gets once it is there. All of it goes with the clone.
async fn change_clone(
    walk: &Walk<'_>,
    sdk: &dyn SourceProvider,
    vm: &VmRef,
    request: &VmRequest,
) -> Result<(), StepError> {
    if walk.plan.disable_drs_for_vms {
        sdk.keep_on_host(vm).await?;
    }
    if request.add_nic {
        sdk.add_nic(vm, request.add_nic_start_connected.unwrap_or(true)).await?;
    }
    Ok(())
}

/// Takes snapshots of the running VM, named `<vm>-<session>-snapshot-<n>`, each on the one before it. On a clone of ours
/// they go with it; else each is written down before it is taken.
///
/// Source: source-providers.md section 2.4; original-suite.md section 1.1.
async fn take_snapshots(walk: &Walk<'_>, vm: &VmRef, clone: Option<EntryId>, count: u32) -> Result<(), StepError> {
    let parts = walk.session.parts();
    let sdk = walk.source.sdk.as_ref();
    let before = sdk.vm_facts(vm).await?.power;
    start(walk, sdk, vm).await?;
    for number in 1..=count {
        let name = format!("{}-{}-snapshot-{number}", vm.name, parts.id);
        let thing = Thing::SourceSnapshot {
            provider: walk.source.entry.name.clone(),
            vm: vm.name.clone(),
            vm_id: vm.id.clone(),
            name: name.clone(),
            snapshot_id: None,
        };
        let what = thing.to_string();
        let entry = if clone.is_some() { None } else { Some(parts.ledger.intend(Some(walk.test), thing, &[])?) };
        let id = sdk.create_snapshot(vm, &name).await?;
        if let Some(entry) = entry {
            parts.ledger.made(entry, Some(&id))?;
        }
        parts.emit(Event::Made { test: Some(walk.test.to_owned()), what });
    }
    if before == Power::Off {
        sdk.set_power(vm, Power::Off).await?;
    }
    Ok(())
}

/// Marks the guest of a VM that runs for that long at least. What was written is on its disks before it is switched off.
async fn mark_running(walk: &Walk<'_>, vm: &VmRef, request: &IntegrityRequest) -> Result<Integrity, StepError> {
    let sdk = walk.source.sdk.as_ref();
    let before = sdk.vm_facts(vm).await?.power;
    start(walk, sdk, vm).await?;
    let marks = mark(walk, vm, &sdk.vm_facts(vm).await?, request).await?;
    if before == Power::Off {
        sdk.set_power(vm, Power::Off).await?;
    }
    Ok(marks)
}

/// Starts the VM and gives its guest time to report. Guest information that does not come is noted, not an error: the
/// check of the guest agent judges the migrated VM (original-suite.md section 1.9).
async fn start(walk: &Walk<'_>, sdk: &dyn SourceProvider, vm: &VmRef) -> Result<(), StepError> {
    let parts = walk.session.parts();
    sdk.set_power(vm, Power::On).await?;
    let deadline = parts.deadline(parts.settings.timeouts.guest_info);
    if !sdk.wait_guest_info(vm, &deadline).await? {
        walk.note(format!("no guest information from {} before the migration", vm.name));
    }
    Ok(())
}
