//! Finding what a session left, from the cluster and the sources alone.

use super::controller_share::found_shares;
use super::node_label::found_labels;
use super::steps::StepError;
use super::unwind::Unwinder;
use crate::cluster::{Cluster, ClusterError, Kind, ObjectRef, SessionObjects, session_objects};
use crate::config::Providers;
use crate::facts::SessionId;
use crate::migration::owned_by_plan;
use crate::undo::{EntryId, Ledger, ObjectUndo, Thing};

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

/// What is left of `session` on the cluster: objects that carry its label, in an order in which later ones may need
/// earlier ones.
///
/// # Errors
/// A kind cannot be listed, so that nobody can say what is left.
pub async fn find_leftovers(cluster: &Cluster, session: &SessionId) -> Result<Vec<(ObjectRef, String)>, ClusterError> {
    let SessionObjects { found, unseen } = session_objects(cluster, session, &KINDS).await;
    unseen.into_iter().next().map_or(Ok(found), Err)
}

/// Writes into `ledger` everything that `session` left, so that it can be undone like any run: labelled objects, the VMs
/// of its Plans, its shares of the ForkliftController, labels of nodes whose value is the session's id, and clones on
/// every source of the providers file.
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
    for (target, uid) in find_leftovers(unwinder.cluster, session).await? {
        let undo = match target.kind {
            Kind::PLAN => ObjectUndo::ArchiveThenDelete,
            Kind::MIGRATION => ObjectUndo::CancelThenDelete,
            _ => ObjectUndo::Delete,
        };
        // Objects found later in the order may need any found before.
        let entry = ledger.intend(None, target.thing(undo), &earlier)?;
        ledger.made(entry, Some(&uid))?;
        earlier.push(entry);
        if target.kind == Kind::PLAN {
            record_vms(unwinder.cluster, ledger, &uid, entry, &mut earlier).await?;
        }
    }
    let namespace = &unwinder.settings.mtv_namespace;
    for share in found_shares(unwinder.cluster, namespace, session).await? {
        ledger.intend(None, share, &[])?;
    }
    for label in found_labels(unwinder.cluster, session).await? {
        ledger.intend(None, label, &[])?;
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
