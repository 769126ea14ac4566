//! One plan of a test on its way through the steps: what each step makes, and what it knows for the later ones.

use super::controller_share::{Share, precopy_interval};
use super::evidence::{gather, store};
use super::fixtures::{Draft, SourceFixture};
use super::luks::passphrase_secrets;
use super::migrate::MigrationRun;
use super::node_label::LabelUse;
use super::offload::{OffloadSetup, offload_section, set_up_offload};
use super::prepare::{Prepared, prepare_vms};
use super::session::Session;
use super::steps::StepError;
use crate::check::{AskedNode, judge_all, reason_to_fail};
use crate::cluster::{Kind, ObjectRef};
use crate::event::{Event, StepName};
use crate::facts::{NicAttachment, parse_version};
use crate::guest::Guests;
use crate::migration::{
    HookStep, Names, NetworkRow, PlanChoices, PlanRefs, PlanVm, StorageRow, hook_body, hooks_of, nad_body,
    network_map_body, network_rows, offload_storage_rows, plan_body, ready, storage_map_body, storage_rows,
};
use crate::scenario::{NamedPlan, PlanSpec, Scenario, Test, plan_scope};
use crate::undo::{EntryId, ObjectUndo};
use crate::wait::Deadline;
use kube::ResourceExt;
use semver::Version;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The first version in which copy-offload is on by default. Source: forklift-api.md section 10.
const OFFLOAD_IS_ON: Version = Version::new(2, 11, 0);

/// An object that a step has made: its name and its ledger entry.
pub(super) type Made = (String, EntryId);

/// What the steps of a plan know.
pub(super) struct Walk<'a> {
    pub(super) session: &'a Session,
    pub(super) test: &'a str,
    pub(super) scenario: &'a Scenario,
    pub(super) plan: &'a PlanSpec,
    /// Its name, where the scenario has several.
    pub(super) plan_name: Option<&'a str>,
    pub(super) source: &'a SourceFixture,
    pub(super) names: Names,
    /// Namespace of the migrated VMs.
    pub(super) target_namespace: Made,
    /// Destination Provider.
    pub(super) destination: Made,
    pub(super) vms: Vec<Prepared>,
    pub(super) storage: Vec<StorageRow>,
    pub(super) networks: Vec<NetworkRow>,
    pub(super) choices: PlanChoices,
    /// Each map and the Plan.
    made: BTreeMap<StepName, Made>,
    hooks: Vec<(HookStep, Made)>,
    pub(super) plan_uid: String,
    pub(super) migration: Option<MigrationRun>,
    /// Settings of the product that hold while this lives.
    shares: Vec<Share>,
    /// Labels of nodes that stay while this lives; the first is the one that the VMs are placed by.
    labels: Vec<LabelUse>,
    pub(super) node: Option<AskedNode>,
    /// The storage Secret of a copy-offload plan.
    offload: Option<OffloadSetup>,
    /// Connections to the guests of the migrated VMs.
    pub(super) guests: Guests,
    /// Whether the migrated VMs are to be judged: not after a failure before they were made.
    pub(super) shall_check: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(session: &'a Session, test: &'a Test, named: &'a NamedPlan, source: &'a SourceFixture) -> Self {
        let parts = session.parts();
        let plan_name = named.name.as_deref();
        let scope = plan_scope(&test.name, plan_name);
        let shared = &session.shared;
        Self {
            session,
            test: &test.name,
            scenario: &test.scenario,
            plan: &named.plan,
            plan_name,
            source,
            names: Names::new(&parts.id, parts.seed, (source.entry.type_name(), &source.entry.version), &scope),
            target_namespace: (shared.namespace.clone(), shared.namespace_entry),
            destination: (shared.destination.clone(), shared.destination_entry),
            vms: Vec::new(),
            storage: Vec::new(),
            networks: Vec::new(),
            choices: PlanChoices::default(),
            made: BTreeMap::new(),
            hooks: Vec::new(),
            plan_uid: String::new(),
            migration: None,
            shares: Vec::new(),
            labels: Vec::new(),
            node: None,
            offload: None,
            guests: Guests::new(Arc::clone(&parts.tunnel)),
            shall_check: false,
        }
    }

    /// A deadline: the scenario's own limit, else the settings'.
    pub(super) fn deadline(&self, own: Option<Duration>, default: Duration) -> Deadline {
        self.session.parts().deadline(own.unwrap_or(default))
    }

    /// Namespace of the Plan, the maps, the hooks and the Providers.
    pub(super) fn namespace(&self) -> &str {
        &self.session.shared.namespace
    }

    pub(super) fn draft(&self, kind: Kind, name: &str, body: Value) -> Draft<'_> {
        let target = ObjectRef::namespaced(kind, self.namespace(), name);
        Draft { test: Some(self.test), target, body, needs: vec![self.session.shared.namespace_entry] }
    }

    pub(super) async fn prepare(&mut self) -> Result<(), StepError> {
        let session = self.session;
        self.destination = session.destination(self.scenario.destination).await?;
        if let Some(name) = &self.plan.vm_target_namespace {
            self.target_namespace = (name.clone(), session.namespace(name).await?);
        }
        let provider_type = self.source.entry.type_name();
        self.choices = PlanChoices::of(self.plan, provider_type, session.parts().id.as_str());
        let share = self.hold_settings().await?;
        self.shares.push(share);
        self.label_nodes().await?;
        self.vms = prepare_vms(self).await?;
        Ok(())
    }

    /// Settings of the product that the plan needs: the precopy interval of a warm one, the switch of copy-offload where
    /// it is off by default, and what the scenario asks for itself.
    ///
    /// Source: original-suite.md sections 1.9 and 2, forklift-api.md section 10.
    async fn hold_settings(&self) -> Result<Share, StepError> {
        let parts = self.session.parts();
        let mut wanted = if self.plan.warm_migration {
            precopy_interval(parts.settings.snapshots_interval)
        } else {
            BTreeMap::new()
        };
        let mtv = parts.environment.mtv.as_deref().and_then(|text| parse_version(text).ok());
        if self.plan.copyoffload && mtv.is_some_and(|version| version < OFFLOAD_IS_ON) {
            wanted.insert("feature_copy_offload".to_owned(), json!("true"));
        }
        wanted.extend(self.scenario.forklift_controller.clone());
        let deadline = self.deadline(self.scenario.timeouts.migration, parts.settings.timeouts.migration);
        self.session.controller().join(parts, &wanted, &deadline).await
    }

    /// Labels a worker node for each selector of the plan.
    async fn label_nodes(&mut self) -> Result<(), StepError> {
        let parts = self.session.parts();
        let deadline = self.deadline(self.scenario.timeouts.migration, parts.settings.timeouts.migration);
        let selectors = [&self.choices.node_selector, &self.choices.convertor_node_selector];
        for (selector, of_vms) in selectors.into_iter().zip([true, false]) {
            for (key, value) in selector {
                let label = self.session.node_labels().put(parts, key, Some(value), &deadline).await?;
                if of_vms {
                    self.node = Some(label.node.clone());
                }
                self.labels.push(label);
            }
        }
        Ok(())
    }

    pub(super) async fn storage_map(&mut self) -> Result<(), StepError> {
        let parts = self.session.parts();
        let class = parts.environment.storage_class.clone();
        if self.plan.copyoffload {
            let place = (self.namespace(), self.session.shared.namespace_entry);
            let setup = set_up_offload(parts, self.test, &self.names, &self.source.entry, place).await?;
            self.storage = offload_storage_rows(offload_section(&self.source.entry)?, &class, &setup.secret);
            self.offload = Some(setup);
        } else {
            let sources = self.source.inventory.storages(&self.inventory_vms()).await?;
            self.storage = storage_rows(sources, &class);
        }
        let body = storage_map_body(&self.storage, self.provider_names(), self.namespace());
        self.make_map(StepName::StorageMap, Kind::STORAGE_MAP, body).await
    }

    pub(super) async fn network_map(&mut self) -> Result<(), StepError> {
        let parts = self.session.parts();
        let (namespace, namespace_entry) = match &self.plan.multus_namespace {
            Some(name) => (name.clone(), self.session.namespace(name).await?),
            None => self.target_namespace.clone(),
        };
        let vms = self.inventory_vms();
        let sources = if self.plan.per_nic_network_map {
            self.source.inventory.nic_networks(&vms).await?
        } else {
            self.source.inventory.networks(&vms).await?
        };
        self.networks = network_rows(sources, &self.names, &namespace);
        let mut needs = Vec::new();
        for (number, row) in self.networks.iter().enumerate() {
            if let NicAttachment::Multus(_) = &row.destination {
                let name = self.names.nad(number);
                let target = ObjectRef::namespaced(Kind::NAD, &namespace, &name);
                let body = nad_body(&name, number);
                let nad = Draft { test: Some(self.test), target, body, needs: vec![namespace_entry] };
                needs.push(nad.create(parts).await?.entry);
            }
        }
        let body = network_map_body(&self.networks, self.provider_names(), self.namespace());
        self.make_map(StepName::NetworkMap, Kind::NETWORK_MAP, body).await
    }

    async fn make_map(&mut self, step: StepName, kind: Kind, body: Value) -> Result<(), StepError> {
        let parts = self.session.parts();
        let name = self.names.resource(step.as_str());
        let mut draft = self.draft(kind, &name, body);
        draft.needs.extend([self.source.provider_entry, self.destination.1]);
        draft.needs.extend(self.offload.as_ref().map(|setup| setup.entry));
        let target = draft.target.clone();
        let created = draft.create(parts).await?;
        self.keep(step, (name, created.entry));
        self.wait_ready(&target).await
    }

    async fn wait_ready(&self, target: &ObjectRef) -> Result<(), StepError> {
        let parts = self.session.parts();
        let deadline = self.deadline(self.scenario.timeouts.plan_ready, parts.settings.timeouts.plan_ready);
        Ok(parts.cluster.wait(&format!("wait for {target} to be Ready"), target, &deadline, ready).await?)
    }

    pub(super) fn has_hooks(&self) -> bool {
        !hooks_of(self.plan).is_empty()
    }

    pub(super) async fn make_hooks(&mut self) -> Result<(), StepError> {
        let parts = self.session.parts();
        for (step, hook) in hooks_of(self.plan) {
            let name = self.names.resource(step.purpose());
            let draft = self.draft(Kind::HOOK, &name, hook_body(hook, &parts.settings.hook_image));
            let target = draft.target.clone();
            let created = draft.create(parts).await?;
            self.hooks.push((step, (name, created.entry)));
            self.wait_ready(&target).await?;
        }
        Ok(())
    }

    pub(super) async fn make_plan(&mut self) -> Result<(), StepError> {
        let parts = self.session.parts();
        let name = self.names.migration("plan", self.plan.warm_migration);
        let (network_map, network_entry) = self.made_in(StepName::NetworkMap)?;
        let (storage_map, storage_entry) = self.made_in(StepName::StorageMap)?;
        let refs = PlanRefs {
            namespace: self.namespace().to_owned(),
            source: self.source.provider.clone(),
            destination: self.destination.0.clone(),
            network_map,
            storage_map,
            target_namespace: self.target_namespace.0.clone(),
            hooks: self.hooks.iter().map(|(step, (name, _))| (*step, name.clone())).collect(),
        };
        let secrets = passphrase_secrets(self).await?;
        let vms: Vec<PlanVm> = (self.vms.iter().zip(&self.plan.virtual_machines).zip(&secrets))
            .map(|((vm, request), secret)| PlanVm {
                id: vm.inventory.id.clone(),
                name: vm.facts.name.clone(),
                namespace: vm.inventory.namespace().map(str::to_owned),
                migrate_shared_disks: request.migrate_shared_disks,
                luks: secret.as_ref().map(|(name, _)| name.clone()),
                target_name: vm.is_named.then(|| vm.target_name.clone()),
            })
            .collect();
        let mut draft = self.draft(Kind::PLAN, &name, plan_body(self.plan, &vms, &refs, &self.choices));
        draft.needs.extend([self.source.provider_entry, network_entry, storage_entry, self.target_namespace.1]);
        draft.needs.extend(self.hooks.iter().map(|(_, (_, entry))| *entry));
        draft.needs.extend(secrets.iter().flatten().map(|(_, entry)| *entry));
        draft.needs.extend(self.vms.iter().flat_map(|vm| vm.entries.iter().copied()));
        draft.needs.extend(self.offload.as_ref().map(|setup| setup.entry));
        let target = draft.target.clone();
        let created = draft.create_undone_by(parts, ObjectUndo::ArchiveThenDelete).await?;
        self.plan_uid = created.object.uid().unwrap_or_default();
        self.keep(StepName::Plan, (name, created.entry));
        self.wait_ready(&target).await
    }

    /// Remembers what a step has made.
    pub(super) fn keep(&mut self, step: StepName, made: Made) {
        self.made.insert(step, made);
    }

    /// Name of the Plan, once it is made.
    pub(super) fn made_plan(&self) -> Option<String> {
        self.made.get(&StepName::Plan).map(|(name, _)| name.clone())
    }

    pub(super) async fn check(&mut self) -> Result<(), StepError> {
        if !self.shall_check {
            return Ok(());
        }
        let parts = self.session.parts();
        let evidence = gather(self).await;
        self.guests.close().await;
        let evidence = evidence?;
        let stored = plan_scope(self.test, self.plan_name);
        store(&parts.directory.evidence_path(&stored), &evidence)?;
        let reports = judge_all(&evidence);
        for report in &reports {
            parts.emit(Event::CheckJudged { test: self.test.to_owned(), report: report.clone() });
        }
        reason_to_fail(&reports).map_or(Ok(()), |reason| Err(StepError::Failed(reason)))
    }

    pub(super) fn inventory_vms(&self) -> Vec<crate::inventory::InventoryVm> {
        self.vms.iter().map(|vm| vm.inventory.clone()).collect()
    }

    /// Tells something that is no verdict, beside the test.
    pub(super) fn note(&self, note: String) {
        self.session.parts().emit(Event::Noted { test: Some(self.test.to_owned()), note });
    }

    fn provider_names(&self) -> (&str, &str) {
        (&self.source.provider, &self.destination.0)
    }

    pub(super) fn made_in(&self, step: StepName) -> Result<Made, StepError> {
        let missing = || StepError::Broken(format!("the step {} made nothing", step.as_str()));
        self.made.get(&step).cloned().ok_or_else(missing)
    }
}
