//! One test, step by step: prepare, storage map, network map, hooks, plan, migrate, check, clean-up.
//!
//! Each step is timed and reported; a failed step skips the later ones, except the clean-up, which always runs.

use super::clean_up;
use super::collect::collect;
use super::evidence::{gather, store};
use super::fixtures::{Draft, SourceFixture, create_namespace};
use super::prepare::{Prepared, prepare_vms};
use super::session::Session;
use super::steps::StepError;
use crate::check::{judge_all, reason_to_fail};
use crate::cluster::{Kind, ObjectRef};
use crate::event::{Event, Outcome, StepName};
use crate::facts::NicAttachment;
use crate::migration::{
    Finished, Names, NetworkRow, PlanRefs, PlanVm, StorageRow, finished, migration_body, nad_body, network_map_body,
    network_rows, plan_body, ready, storage_map_body, storage_rows, vm_progress,
};
use crate::scenario::{PlanSpec, Scenario, Test};
use crate::undo::{EntryId, ObjectUndo};
use crate::wait::Deadline;
use kube::api::DynamicObject;
use std::collections::BTreeMap;
use std::time::Duration;

/// What the steps of a test know.
pub(super) struct Walk<'a> {
    pub(super) session: &'a Session,
    pub(super) test: &'a str,
    pub(super) scenario: &'a Scenario,
    pub(super) plan: &'a PlanSpec,
    pub(super) source: &'a SourceFixture,
    pub(super) names: Names,
    /// Namespace of the migrated VMs, and its ledger entry.
    pub(super) target_namespace: (String, EntryId),
    pub(super) vms: Vec<Prepared>,
    pub(super) storage: Vec<StorageRow>,
    pub(super) networks: Vec<NetworkRow>,
    /// Name and ledger entry of each map and the Plan.
    made: BTreeMap<StepName, (String, EntryId)>,
}

/// Runs a test from its first step to its clean-up and tells how it ended. Never panics, never leaves a step unreported.
pub async fn run_test(session: &Session, test: &Test) -> Outcome {
    let parts = session.parts();
    let begun = parts.events.elapsed_ms();
    let (name, description) = (test.name.clone(), test.scenario.description.clone());
    parts.emit(Event::ScenarioStarted { test: name.clone(), description });
    let outcome = if parts.cancel.is_cancelled() { Outcome::Cancelled } else { walk_and_clean(session, test).await };
    let took_ms = parts.events.elapsed_ms() - begun;
    parts.emit(Event::ScenarioFinished { test: name, took_ms, outcome: outcome.clone() });
    outcome
}

async fn walk_and_clean(session: &Session, test: &Test) -> Outcome {
    let provider = test.provider.as_deref().unwrap_or_default();
    let source = match session.sources.get(provider) {
        Some(Ok(source)) => source,
        Some(Err(error)) => return error.clone().outcome(),
        None => return Outcome::Broken { reason: format!("provider {provider:?} was not set up") },
    };
    let walked = Box::pin(walk(session, test, source)).await;
    if matches!(walked, Err(StepError::Failed(_) | StepError::Broken(_))) {
        Box::pin(collect(session, &test.name)).await;
    }
    if !session.parts().skip_teardown {
        let cleaning = async { clean_up::scenario(session, &test.name).await };
        let cleaned = timed(session, &test.name, StepName::CleanUp, cleaning).await;
        // Leftovers have their own events and exit code; they do not hide what the scenario found.
        drop(cleaned);
    }
    match walked {
        Ok(()) => Outcome::Passed,
        Err(error) => error.outcome(),
    }
}

async fn walk(session: &Session, test: &Test, source: &SourceFixture) -> Result<(), StepError> {
    let parts = session.parts();
    let [named] = test.scenario.plans.as_slice() else {
        return Err(StepError::Broken("the scenario has several plans, which this version does not run".to_owned()));
    };
    let names = Names::new(&parts.id, parts.seed, (source.entry.type_name(), &source.entry.version), &test.name);
    let shared = (session.shared.namespace.clone(), session.shared.namespace_entry);
    let mut walk = Walk {
        session,
        test: &test.name,
        scenario: &test.scenario,
        plan: &named.plan,
        source,
        names,
        target_namespace: shared,
        vms: Vec::new(),
        storage: Vec::new(),
        networks: Vec::new(),
        made: BTreeMap::new(),
    };
    let name = &test.name;
    timed(session, name, StepName::Prepare, walk.prepare()).await?;
    timed(session, name, StepName::StorageMap, walk.storage_map()).await?;
    timed(session, name, StepName::NetworkMap, walk.network_map()).await?;
    timed(session, name, StepName::Plan, walk.make_plan()).await?;
    timed(session, name, StepName::Migrate, walk.migrate()).await?;
    timed(session, name, StepName::Check, walk.check()).await
}

/// Runs a step between its two events.
async fn timed<T>(
    session: &Session,
    test: &str,
    step: StepName,
    action: impl Future<Output = Result<T, StepError>>,
) -> Result<T, StepError> {
    let parts = session.parts();
    let test = test.to_owned();
    parts.emit(Event::StepStarted { test: test.clone(), step });
    let begun = parts.events.elapsed_ms();
    let answer = Box::pin(action).await;
    let outcome = answer.as_ref().map_or_else(|error| error.clone().outcome(), |_| Outcome::Passed);
    parts.emit(Event::StepFinished { test, step, took_ms: parts.events.elapsed_ms() - begun, outcome });
    answer
}

impl Walk<'_> {
    /// A deadline: the scenario's own limit, else the settings'.
    pub(super) fn deadline(&self, own: Option<Duration>, default: Duration) -> Deadline {
        self.session.parts().deadline(own.unwrap_or(default))
    }

    fn namespace(&self) -> &str {
        &self.session.shared.namespace
    }

    fn draft(&self, kind: Kind, name: &str, body: serde_json::Value) -> Draft<'_> {
        let target = ObjectRef::namespaced(kind, self.namespace(), name);
        Draft { test: Some(self.test), target, body, needs: vec![self.session.shared.namespace_entry] }
    }

    async fn prepare(&mut self) -> Result<(), StepError> {
        if let Some(name) = &self.plan.vm_target_namespace {
            let created = create_namespace(self.session.parts(), Some(self.test), name).await?;
            self.target_namespace = (name.clone(), created.entry);
        }
        self.vms = prepare_vms(self).await?;
        Ok(())
    }

    async fn storage_map(&mut self) -> Result<(), StepError> {
        let class = self.session.parts().environment.storage_class.clone();
        let sources = self.source.inventory.storages(&self.inventory_vms()).await?;
        self.storage = storage_rows(sources, &class);
        let body = storage_map_body(&self.storage, self.provider_names(), self.namespace());
        self.make_map(StepName::StorageMap, Kind::STORAGE_MAP, body).await
    }

    async fn network_map(&mut self) -> Result<(), StepError> {
        let namespace = self.target_namespace.0.clone();
        let sources = self.source.inventory.networks(&self.inventory_vms()).await?;
        self.networks = network_rows(sources, &self.names, &namespace);
        let mut needs = Vec::new();
        for (number, row) in self.networks.iter().enumerate() {
            if let NicAttachment::Multus(_) = &row.destination {
                let name = self.names.nad(number);
                let target = ObjectRef::namespaced(Kind::NAD, &namespace, &name);
                let body = nad_body(&name, number);
                let nad = Draft { test: Some(self.test), target, body, needs: vec![self.target_namespace.1] };
                needs.push(nad.create(self.session.parts()).await?.entry);
            }
        }
        let body = network_map_body(&self.networks, self.provider_names(), self.namespace());
        self.make_map(StepName::NetworkMap, Kind::NETWORK_MAP, body).await
    }

    async fn make_map(&mut self, step: StepName, kind: Kind, body: serde_json::Value) -> Result<(), StepError> {
        let parts = self.session.parts();
        let name = self.names.resource(step.as_str());
        let mut draft = self.draft(kind, &name, body);
        draft.needs.extend([self.source.provider_entry, self.session.shared.destination_entry]);
        let target = draft.target.clone();
        let created = draft.create(parts).await?;
        self.made.insert(step, (name, created.entry));
        let deadline = self.deadline(self.scenario.timeouts.plan_ready, parts.settings.timeouts.plan_ready);
        Ok(parts.cluster.wait(&format!("wait for {target} to be Ready"), &target, &deadline, ready).await?)
    }

    async fn make_plan(&mut self) -> Result<(), StepError> {
        let parts = self.session.parts();
        let name = self.names.migration("plan", self.plan.warm_migration);
        let (network_map, network_entry) = self.made_in(StepName::NetworkMap)?;
        let (storage_map, storage_entry) = self.made_in(StepName::StorageMap)?;
        let refs = PlanRefs {
            namespace: self.namespace().to_owned(),
            source: self.source.provider.clone(),
            destination: self.session.shared.destination.clone(),
            network_map,
            storage_map,
            target_namespace: self.target_namespace.0.clone(),
        };
        let vms: Vec<PlanVm> =
            (self.vms.iter()).map(|vm| PlanVm { id: vm.inventory.id.clone(), name: vm.facts.name.clone() }).collect();
        let mut draft = self.draft(Kind::PLAN, &name, plan_body(self.plan, &vms, &refs));
        draft.needs.extend([self.source.provider_entry, network_entry, storage_entry, self.target_namespace.1]);
        let target = draft.target.clone();
        let created = draft.create_undone_by(parts, ObjectUndo::ArchiveThenDelete).await?;
        self.made.insert(StepName::Plan, (name, created.entry));
        let deadline = self.deadline(self.scenario.timeouts.plan_ready, parts.settings.timeouts.plan_ready);
        Ok(parts.cluster.wait(&format!("wait for {target} to be Ready"), &target, &deadline, ready).await?)
    }

    async fn migrate(&mut self) -> Result<(), StepError> {
        let parts = self.session.parts();
        let (plan, plan_entry) = self.made_in(StepName::Plan)?;
        let mut needs = vec![plan_entry];
        // The product makes the VMs; they are written down before it is told to.
        for vm in &self.vms {
            let target = ObjectRef::namespaced(Kind::VM, &self.target_namespace.0, &vm.target_name);
            let thing = target.thing(ObjectUndo::DeleteMigrated);
            let outlive = [plan_entry, self.target_namespace.1];
            needs.push(parts.ledger.intend(Some(self.test), thing, &outlive)?);
        }
        let name = self.names.migration("migration", self.plan.warm_migration);
        let mut draft = self.draft(Kind::MIGRATION, &name, migration_body(self.namespace(), &plan));
        draft.needs.extend(needs);
        let target = draft.target.clone();
        draft.create_undone_by(parts, ObjectUndo::CancelThenDelete).await?;
        let deadline = self.deadline(self.scenario.timeouts.migration, parts.settings.timeouts.migration);
        let mut follow = Follow { events: &parts.events, test: self.test, last: BTreeMap::new() };
        let judge = |object: Option<&DynamicObject>| {
            follow.tell(object);
            finished(object)
        };
        let what = format!("wait for {target} to finish");
        match parts.cluster.wait(&what, &target, &deadline, judge).await? {
            Finished::Succeeded => Ok(()),
            Finished::Failed(failures) => {
                let words: Vec<String> = failures.iter().map(ToString::to_string).collect();
                Err(StepError::Failed(format!("{target} failed: {}", words.join("\n"))))
            }
            Finished::Canceled(reason) => {
                Err(StepError::Failed(format!("{target} was cancelled by somebody else (reason {reason:?})")))
            }
        }
    }

    async fn check(&mut self) -> Result<(), StepError> {
        let parts = self.session.parts();
        let evidence = gather(self).await?;
        store(&parts.directory.evidence_path(self.test), &evidence)?;
        let reports = judge_all(&evidence);
        for report in &reports {
            parts.emit(Event::CheckJudged { test: self.test.to_owned(), report: report.clone() });
        }
        reason_to_fail(&reports).map_or(Ok(()), |reason| Err(StepError::Failed(reason)))
    }

    fn inventory_vms(&self) -> Vec<crate::inventory::InventoryVm> {
        self.vms.iter().map(|vm| vm.inventory.clone()).collect()
    }

    fn provider_names(&self) -> (&str, &str) {
        (&self.source.provider, &self.session.shared.destination)
    }

    fn made_in(&self, step: StepName) -> Result<(String, EntryId), StepError> {
        let missing = || StepError::Broken(format!("the step {} made nothing", step.as_str()));
        self.made.get(&step).cloned().ok_or_else(missing)
    }
}

/// Tells the readers when a VM's step, phase or progress changes, and only then.
struct Follow<'a> {
    events: &'a crate::event::EventSender,
    test: &'a str,
    last: BTreeMap<String, (String, String, u64)>,
}

impl Follow<'_> {
    fn tell(&mut self, migration: Option<&DynamicObject>) {
        for vm in migration.map(vm_progress).unwrap_or_default() {
            let Some(step) = vm.current_step() else { continue };
            let now = (step.name.clone(), step.phase.clone(), step.progress.completed);
            if self.last.get(&vm.id) == Some(&now) {
                continue;
            }
            self.events.emit(Event::MigrationProgressed {
                test: self.test.to_owned(),
                vm: vm.name.clone(),
                step: now.0.clone(),
                phase: now.1.clone(),
                completed: now.2,
                total: step.progress.total,
            });
            self.last.insert(vm.id, now);
        }
    }
}
