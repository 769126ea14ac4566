//! Finding what a session left, from the cluster and the sources alone.

use super::steps::StepError;
use super::unwind::Unwinder;
use crate::cluster::{Cluster, ClusterError, Kind, ObjectRef};
use crate::config::Providers;
use crate::facts::{SESSION_LABEL, SessionId};
use crate::migration::owned_by_plan;
use crate::undo::{EntryId, Ledger, ObjectUndo, Thing};
use kube::api::DynamicObject;

/// Kinds that a session creates, what others need first.
const KINDS: [Kind; 9] = [
    Kind::NAMESPACE,
    Kind::SECRET,
    Kind::PROVIDER,
    Kind::NAD,
    Kind::STORAGE_MAP,
    Kind::NETWORK_MAP,
    Kind::HOOK,
    Kind::PLAN,
    Kind::MIGRATION,
];

/// Objects that carry the session's label and are not being deleted, in the order of `KINDS`.
///
/// # Errors
/// The cluster cannot be asked; a kind that it does not serve has no objects.
pub async fn find_leftovers(cluster: &Cluster, session: &SessionId) -> Result<Vec<(ObjectRef, DynamicObject)>, ClusterError> {
    let selector = format!("{SESSION_LABEL}={session}");
    let lists = futures::future::join_all(KINDS.map(|kind| cluster.list(kind, None, &selector))).await;
    let mut found = Vec::new();
    for (kind, list) in KINDS.into_iter().zip(lists) {
        let objects = match list {
            Err(error) if error.is_kind_missing() => Vec::new(),
            other => other?,
        };
        for object in objects {
            let name = object.metadata.name.clone().unwrap_or_default();
            let target = ObjectRef { kind, namespace: object.metadata.namespace.clone(), name };
            found.push((target, object));
        }
    }
    Ok(found)
}

/// Writes into `ledger` everything that `session` left, so that it can be undone like any run: labelled objects, the VMs
/// of its Plans, and clones on every source of the providers file.
///
/// # Errors
/// The cluster or a source cannot be asked, or the ledger cannot be written.
pub async fn record_found(
    unwinder: &Unwinder<'_>,
    ledger: &Ledger,
    providers: &Providers,
    session: &SessionId,
) -> Result<usize, StepError> {
    let mut earlier: Vec<EntryId> = Vec::new();
    for (target, object) in find_leftovers(unwinder.cluster, session).await? {
        let undo = match target.kind {
            Kind::PLAN => ObjectUndo::ArchiveThenDelete,
            Kind::MIGRATION => ObjectUndo::CancelThenDelete,
            _ => ObjectUndo::Delete,
        };
        // Objects found later in the order may need any found before.
        let uid = object.metadata.uid.as_deref();
        let entry = ledger.intend(None, target.thing(undo), &earlier)?;
        ledger.made(entry, uid)?;
        earlier.push(entry);
        if let (Kind::PLAN, Some(uid)) = (target.kind, uid) {
            record_vms(unwinder.cluster, ledger, uid, entry, &mut earlier).await?;
        }
    }
    for entry in providers.iter() {
        let source = unwinder.source(&entry.name).await.map_err(StepError::Broken)?;
        for vm in source.vms_with_prefix(&format!("{session}-")).await? {
            let thing = Thing::SourceVm {
                provider_type: entry.type_name().to_owned(),
                provider: entry.name.clone(),
                name: vm.name,
                vm_id: Some(vm.id),
            };
            ledger.intend(None, thing, &[])?;
        }
    }
    Ok(ledger.open_entries().len())
}

async fn record_vms(
    cluster: &Cluster,
    ledger: &Ledger,
    plan_uid: &str,
    plan: EntryId,
    earlier: &mut Vec<EntryId>,
) -> Result<(), StepError> {
    for vm in cluster.list(Kind::VM, None, &owned_by_plan(plan_uid)).await? {
        let namespace = vm.metadata.namespace.unwrap_or_default();
        let target = ObjectRef::namespaced(Kind::VM, namespace, vm.metadata.name.unwrap_or_default());
        let entry = ledger.intend(None, target.thing(ObjectUndo::DeleteMigrated), &[plan])?;
        ledger.made(entry, vm.metadata.uid.as_deref())?;
        earlier.push(entry);
    }
    Ok(())
}
