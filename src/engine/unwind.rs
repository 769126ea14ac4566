//! Undoing what the ledger holds: the one place that knows what undoing each kind of entry means.
//!
//! Every undo is idempotent: "already gone" is success, and what does not carry this session's mark is left alone.

use super::controller_share::Departure;
use super::node_label::take_back;
use super::source::Reach;
use super::steps::StepError;
use super::undo_source;
use crate::cluster::{Cluster, ClusterError, Deletion, Guard, Kind, ObjectRef};
use crate::config::{Providers, Settings};
use crate::event::{Event, EventSender, Leftover};
use crate::facts::chain;
use crate::http::{Network, RequestCounter};

use crate::migration::{archive_patch, archived, cancel_patch, is_running, owned_by_plan, stopped};
use crate::provider::{Removal, SourceProvider, VmRef};
use crate::undo::{Entry, Ledger, LedgerError, ObjectUndo, Thing, undo_all};
use crate::wait::Deadline;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a Migration may take to stop, and a Plan to be archived, before its removal goes on without.
const COURTESY: Duration = Duration::from_secs(120);

/// What undoing needs to reach.
pub struct Unwinder<'a> {
    /// The ledger.
    pub ledger: &'a Ledger,
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The sources.
    pub providers: &'a Providers,
    /// How sources are reached.
    pub network: &'a dyn Network,
    /// Settings.
    pub settings: &'a Settings,
    /// Where events go.
    pub events: &'a EventSender,
    /// Counts requests to sources.
    pub source_requests: &'a RequestCounter,
    /// The budget of the whole teardown; a token of its own, so that an interrupted run still tears down.
    pub deadline: Deadline,
    /// Connections to sources, made when first needed.
    pub connections: Connections,
}

/// Connections of a teardown, by provider name.
pub type Connections = Mutex<BTreeMap<String, Arc<dyn SourceProvider>>>;

impl Unwinder<'_> {
    /// Undoes the open entries that `selected` admits, telling of each; returns what was left behind.
    ///
    /// # Errors
    /// The ledger's file cannot be written.
    pub async fn undo(&self, selected: impl Fn(&Entry) -> bool) -> Result<Vec<Leftover>, LedgerError> {
        let stuck = undo_all(self.ledger, selected, async |entry| Box::pin(self.undo_entry(entry)).await).await?;
        let leftovers: Vec<Leftover> = stuck
            .into_iter()
            .map(|(entry, why)| Leftover { what: entry.thing.to_string(), why, test: entry.scenario })
            .collect();
        for leftover in &leftovers {
            self.events.emit(Event::LeftBehind { leftover: leftover.clone() });
        }
        Ok(leftovers)
    }

    /// Ends the connections that undoing opened.
    pub async fn close(self) {
        for source in self.connections.into_inner().into_values() {
            source.disconnect().await;
        }
    }

    async fn undo_entry(&self, entry: &Entry) -> Result<(), String> {
        let removed = match &entry.thing {
            Thing::SourceVm { provider, name, vm_id, .. } => {
                self.delete_source_vm(provider, name, vm_id.as_deref()).await?
            }
            Thing::SourcePower { provider, name, vm_id, power } => {
                undo_source::restore_power(self, provider, &vm_ref(vm_id, name), *power).await?
            }
            Thing::SourceSnapshot { provider, vm, vm_id, name, snapshot_id } => {
                undo_source::remove_snapshot(self, provider, &vm_ref(vm_id, vm), (name, snapshot_id.as_deref())).await?
            }
            Thing::EsxiKey { provider, host, line } => undo_source::remove_key(self, provider, host, line).await?,
            Thing::ControllerShare { namespace, holder, values, originals, .. } => {
                let deadline = self.deadline.clone();
                let (cluster, events) = (self.cluster, self.events);
                let leaving = Departure { cluster, events, namespace, holder, values, originals, deadline };
                leaving.leave().await.map_err(|error| chain(&error))?
            }
            Thing::Patched { .. } => take_back(self.cluster, &entry.thing).await.map_err(|error| chain(&error))?,
            Thing::Object { undo, .. } => {
                let Some(target) = ObjectRef::of(&entry.thing) else {
                    return Err("the ledger names a kind that this version does not know".to_owned());
                };
                self.undo_object(entry, &target, *undo).await.map_err(|error| chain(&error))?
            }
        };
        if removed {
            self.events.emit(Event::Removed { test: entry.scenario.clone(), what: entry.thing.to_string() });
        }
        Ok(())
    }

    async fn undo_object(&self, entry: &Entry, target: &ObjectRef, undo: ObjectUndo) -> Result<bool, ClusterError> {
        let session = Guard::Session(entry.session.clone());
        match undo {
            ObjectUndo::Delete => self.delete(target, &session).await,
            ObjectUndo::CancelThenDelete => {
                self.cancel(target).await?;
                self.delete(target, &session).await
            }
            ObjectUndo::ArchiveThenDelete => {
                self.archive(target).await?;
                self.delete(target, &session).await
            }
            ObjectUndo::DeleteMigrated => match self.plan_uid(entry) {
                Some(uid) => self.delete(target, &Guard::Label("plan".to_owned(), uid)).await,
                // The Plan was never confirmed, so no Migration was made for it and no VM of ours can exist.
                None => Ok(false),
            },
        }
    }

    async fn delete(&self, target: &ObjectRef, guard: &Guard) -> Result<bool, ClusterError> {
        let limit = self.deadline.at_most(self.settings.timeouts.deletion);
        match self.cluster.delete(target, guard, &limit).await? {
            Deletion::Deleted => Ok(true),
            Deletion::AlreadyGone => Ok(false),
            Deletion::NotOurs(why) => {
                let note = format!("{target} was left alone: {why}");
                self.events.emit(Event::Noted { test: None, note });
                Ok(false)
            }
        }
    }

    /// Cancels a running Migration. One that does not stop in time is deleted all the same, which cancels it too.
    async fn cancel(&self, target: &ObjectRef) -> Result<(), ClusterError> {
        let Some(migration) = self.cluster.get(target).await? else { return Ok(()) };
        if !is_running(&migration) {
            return Ok(());
        }
        let plan = &migration.data["spec"]["plan"];
        let plan = match (plan["namespace"].as_str(), plan["name"].as_str()) {
            (Some(namespace), Some(name)) => {
                self.cluster.get(&ObjectRef::namespaced(Kind::PLAN, namespace, name)).await?
            }
            _ => None,
        };
        gone_is_fine(self.cluster.patch(target, &cancel_patch(&migration, plan.as_ref())).await)?;
        let what = format!("wait for {target} to stop");
        self.courtesy(self.cluster.wait(&what, target, &self.deadline.at_most(COURTESY), stopped).await)
    }

    /// Archives a Plan, so that the product cleans up after it, then removes what still carries the Plan's label.
    async fn archive(&self, target: &ObjectRef) -> Result<(), ClusterError> {
        let Some(plan) = self.cluster.get(target).await? else { return Ok(()) };
        gone_is_fine(self.cluster.patch(target, &archive_patch()).await)?;
        let what = format!("wait for {target} to be archived");
        self.courtesy(self.cluster.wait(&what, target, &self.deadline.at_most(COURTESY), archived).await)?;
        let (Some(uid), Some(namespace)) = (&plan.metadata.uid, plan.data["spec"]["targetNamespace"].as_str()) else {
            return Ok(());
        };
        // The VMs that were foreseen are gone by now; one that was given another name is not.
        for kind in [Kind::VM, Kind::POD, Kind::DATA_VOLUME, Kind::PVC, Kind::SECRET, Kind::CONFIG_MAP] {
            for object in self.cluster.list(kind, Some(namespace), &owned_by_plan(uid)).await? {
                let name = object.metadata.name.unwrap_or_default();
                let guard = Guard::Label("plan".to_owned(), uid.clone());
                self.delete(&ObjectRef::namespaced(kind, namespace, &name), &guard).await?;
            }
        }
        Ok(())
    }

    /// A courtesy that was not returned in time is told and does not keep the removal back.
    fn courtesy(&self, answer: Result<(), ClusterError>) -> Result<(), ClusterError> {
        match answer {
            Err(ClusterError::Wait(wait)) => {
                self.events.emit(Event::Noted { test: None, note: format!("{wait}; removing it all the same") });
                Ok(())
            }
            other => other,
        }
    }

    /// The UID of the Plan that an entry needs.
    fn plan_uid(&self, entry: &Entry) -> Option<String> {
        self.ledger.entries().into_iter().filter(|other| entry.needs.contains(&other.id)).find_map(|other| match other
            .thing
        {
            Thing::Object { kind, uid, .. } if kind == Kind::PLAN.kind => uid,
            _ => None,
        })
    }

    async fn delete_source_vm(&self, provider: &str, name: &str, id: Option<&str>) -> Result<bool, String> {
        let source = self.source(provider).await?;
        match source.delete_vm(name, id).await.map_err(|error| chain(&error))? {
            Removal::Removed => Ok(true),
            Removal::AlreadyGone => Ok(false),
        }
    }

    /// The connection to a source, made once.
    pub(super) async fn source(&self, name: &str) -> Result<Arc<dyn SourceProvider>, String> {
        let mut connections = self.connections.lock().await;
        if let Some(source) = connections.get(name) {
            return Ok(source.clone());
        }
        let entry = self.providers.get(name).map_err(|error| chain(&error))?;
        let reach = Reach {
            network: self.network,
            cluster: self.cluster,
            settings: self.settings,
            counter: self.source_requests,
        };
        let connected = reach.connect(entry).await.map_err(|error| match error {
            StepError::Failed(reason) | StepError::Broken(reason) => reason,
            StepError::Cancelled => "interrupted".to_owned(),
        })?;
        let source = connected.sdk;
        connections.insert(name.to_owned(), source.clone());
        Ok(source)
    }
}

fn vm_ref(id: &str, name: &str) -> VmRef {
    VmRef { id: id.to_owned(), name: name.to_owned() }
}

/// An object that vanished before it could be patched needs no patch.
fn gone_is_fine<T>(answer: Result<T, ClusterError>) -> Result<(), ClusterError> {
    match answer {
        Ok(_) => Ok(()),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error),
    }
}
