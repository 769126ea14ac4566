//! What a test would set up, in order, with the manifests: told from the scenario and the settings alone.
//!
//! What only the source or the inventory can tell (ids, networks, datastores) stands in angle brackets.

use super::controller_share::precopy_interval;
use super::fixtures::SOURCE_VMS_LABELS;
use super::offload::STORAGE_SECRET;
use super::source::shows_certificate;
use crate::cluster::{Kind, ObjectRef};
use crate::config::{ProviderEntry, ProviderKind, Secret, Settings};
use crate::event::StepName;
use crate::facts::{Power, Seed, SessionId, destination_vm_name};
use crate::inventory::MapSource;
use crate::migration::{
    Names, PlanChoices, PlanRefs, PlanVm, SourceAccess, StorageRow, destination_provider_body, hook_body, hooks_of,
    luks_secret_body, luks_secret_name, migration_body, nad_body, network_map_body, network_rows, offload_storage_rows,
    plan_body, source_provider_body, source_secret_body, storage_map_body, storage_rows, storage_secret_body,
};
use crate::provider::{ClonePlace, openshift};
use crate::scenario::{
    Destination, ExpectedResult, IntegrityRequest, NamedPlan, PlanSpec, StopAfter, Test, plan_scope,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What stands for a text that is a secret.
const SECRET: &str = "<secret>";

/// One step of a test.
#[derive(Debug, Clone, PartialEq)]
pub struct OutlineStep {
    /// The step; `None` for what the session shares.
    pub step: Option<StepName>,
    /// What it does, in words.
    pub words: Vec<String>,
    /// The objects it creates.
    pub manifests: Vec<Value>,
}

/// What outlines are drawn from.
pub struct Outline<'a> {
    /// Session id.
    pub session: &'a SessionId,
    /// Seed; the same seed gives a run with the same names.
    pub seed: Seed,
    /// Settings.
    pub settings: &'a Settings,
    /// Storage class of the run.
    pub storage_class: &'a str,
}

impl Outline<'_> {
    /// What the tests on `entry` share.
    pub fn session(&self, entry: &ProviderEntry) -> OutlineStep {
        let names = self.names(entry, &entry.name);
        let namespace = names.target_namespace(&self.settings.target_namespace_prefix);
        let (secret, provider) = (names.resource("secret"), names.resource("provider"));
        let access = self.access(entry);
        let mut secret_body = source_secret_body(entry, &access);
        for key in ["password", "user", "username", "token"] {
            if let Some(value) = secret_body["stringData"].get_mut(key) {
                *value = json!(SECRET);
            }
        }
        let mut manifests = vec![
            self.manifest(&ObjectRef::global(Kind::NAMESPACE, &namespace), json!({})),
            self.manifest(
                &ObjectRef::namespaced(Kind::PROVIDER, &namespace, names.destination_provider()),
                destination_provider_body(),
            ),
            self.manifest(&ObjectRef::namespaced(Kind::SECRET, &namespace, &secret), secret_body),
            self.manifest(
                &ObjectRef::namespaced(Kind::PROVIDER, &namespace, provider),
                source_provider_body(entry, &access.url, (&namespace, &secret)),
            ),
        ];
        let mut words =
            vec![format!("set up the session on {}: namespace, destination and source Provider", entry.name)];
        if let Some(place) = self.place(entry) {
            words.push("make the namespace of the source VMs, with an attachment for their second NIC".to_owned());
            let labels: BTreeMap<&str, &str> = SOURCE_VMS_LABELS.into_iter().collect();
            let body = json!({ "metadata": { "labels": labels } });
            manifests.push(self.manifest(&ObjectRef::global(Kind::NAMESPACE, &place.namespace), body));
            let nad = ObjectRef::namespaced(Kind::NAD, &place.namespace, &place.attachment);
            manifests.push(self.manifest(&nad, nad_body(&place.attachment, 1)));
        }
        OutlineStep { step: None, words, manifests }
    }

    /// Where the source's VMs are made, if it is the cluster itself.
    fn place(&self, entry: &ProviderEntry) -> Option<ClonePlace> {
        let names = self.names(entry, &entry.name);
        matches!(entry.kind, ProviderKind::Openshift).then(|| ClonePlace {
            namespace: names.source_namespace(),
            attachment: names.nad(1),
            session: self.session.to_string(),
        })
    }

    /// How the product will reach the source, as far as settings and entry tell.
    fn access(&self, entry: &ProviderEntry) -> SourceAccess {
        let is_cluster = entry.type_name() == "openshift";
        let url = if is_cluster && entry.api_url.is_empty() { "<URL of the cluster>" } else { &entry.api_url };
        let ca = shows_certificate(entry).then(|| "<certificate chain of the source>".to_owned());
        SourceAccess {
            url: url.to_owned(),
            token: is_cluster.then(|| Secret::new(SECRET)),
            insecure: self.settings.source_provider_insecure_skip_verify,
            ca,
        }
    }

    /// The steps of one test on `entry`.
    pub fn test(&self, test: &Test, entry: &ProviderEntry) -> Vec<OutlineStep> {
        test.scenario.plans.iter().flat_map(|named| self.plan(test, named, entry)).collect()
    }

    fn plan(&self, test: &Test, named: &NamedPlan, entry: &ProviderEntry) -> Vec<OutlineStep> {
        let plan = &named.plan;
        let scope = plan_scope(&test.name, named.name.as_deref());
        let names = self.names(entry, &scope);
        let shared = self.names(entry, &entry.name);
        let namespace = names.target_namespace(&self.settings.target_namespace_prefix);
        let target = plan.vm_target_namespace.clone().unwrap_or_else(|| namespace.clone());
        let destination = match test.scenario.destination {
            Destination::Local => names.destination_provider(),
            Destination::Remote => names.remote_destination_provider(),
        };
        let choices = PlanChoices::of(plan, entry.type_name(), self.session.as_str());
        let mut words = self.borrowed(test, plan, &choices);
        let place = self.place(entry);
        let vms = prepare(plan, &names, &target, &mut words, entry.type_name());
        let of_vm = |vm: &PlanVm| {
            Some(openshift::machine(&vm.name, place.as_ref()?, "<cloud-init of the entry's Linux login>"))
        };
        let machines: Vec<Value> = vms.iter().filter_map(of_vm).collect();
        let refs = PlanRefs {
            namespace: namespace.clone(),
            source: shared.resource("provider"),
            destination,
            network_map: names.resource(StepName::NetworkMap.as_str()),
            storage_map: names.resource(StepName::StorageMap.as_str()),
            target_namespace: target,
            hooks: hooks_of(plan).iter().map(|(step, _)| (*step, names.resource(step.purpose()))).collect(),
        };
        let plan_name = names.migration("plan", plan.warm_migration);
        let step = |step, words: Vec<String>, manifests| OutlineStep { step: Some(step), words, manifests };
        let here = |kind, name: &str, body| self.manifest(&ObjectRef::namespaced(kind, &namespace, name), body);
        let mut steps = vec![step(StepName::Prepare, words, machines)];
        steps.extend(self.maps(plan, entry, &names, &refs));
        if !refs.hooks.is_empty() {
            let bodies = hooks_of(plan).into_iter().zip(&refs.hooks);
            let hooks = bodies
                .map(|((_, hook), (_, name))| here(Kind::HOOK, name, hook_body(hook, &self.settings.hook_image)))
                .collect();
            steps.push(step(StepName::Hooks, vec!["create the hooks".to_owned()], hooks));
        }
        let secrets = vms.iter().filter_map(|vm| vm.luks.as_deref());
        let mut manifests: Vec<Value> =
            secrets.map(|name| here(Kind::SECRET, name, luks_secret_body(&Secret::new(SECRET)))).collect();
        manifests.push(here(Kind::PLAN, &plan_name, plan_body(plan, &vms, &refs, &choices)));
        steps.push(step(StepName::Plan, vec!["create the Plan and wait until it is Ready".to_owned()], manifests));
        if plan.stop_after != Some(StopAfter::Plan) {
            let name = names.migration("migration", plan.warm_migration);
            let body = migration_body(&namespace, &plan_name, cutover(plan));
            steps.push(step(StepName::Migrate, vec![migrate_words(plan)], vec![here(Kind::MIGRATION, &name, body)]));
        }
        if plan.stop_after.is_none() {
            let words = "gather the facts of every migrated VM and judge them";
            steps.push(step(StepName::Check, vec![words.to_owned()], Vec::new()));
        }
        let words = "remove all of it again, clones on the source included";
        steps.push(step(StepName::CleanUp, vec![words.to_owned()], Vec::new()));
        steps
    }

    fn maps(&self, plan: &PlanSpec, entry: &ProviderEntry, names: &Names, refs: &PlanRefs) -> [OutlineStep; 2] {
        let unknown = |what: &str| MapSource { id: None, name: Some(what.to_owned()), kind: None };
        let further = if plan.per_nic_network_map { "<network of each further NIC>" } else { "<each further network>" };
        let nads = plan.multus_namespace.as_ref().unwrap_or(&refs.target_namespace);
        let sources = match self.place(entry) {
            Some(place) => vec![
                MapSource { kind: Some("pod".to_owned()), ..MapSource::default() },
                unknown(&format!("{}/{}", place.namespace, place.attachment)),
            ],
            None => vec![unknown("<first network>"), unknown(further)],
        };
        let networks = network_rows(sources, names, nads);
        let pair = (refs.source.as_str(), refs.destination.as_str());
        let here = |kind, name: &str, body| self.manifest(&ObjectRef::namespaced(kind, &refs.namespace, name), body);
        let made =
            |step, words: &str, manifests| OutlineStep { step: Some(step), words: vec![words.to_owned()], manifests };
        let storage_map = |rows: &[StorageRow]| {
            here(Kind::STORAGE_MAP, &refs.storage_map, storage_map_body(rows, pair, &refs.namespace))
        };
        let storage = if let Some(section) = entry.copyoffload().filter(|_| plan.copyoffload) {
            let name = names.resource(STORAGE_SECRET);
            let rows = offload_storage_rows(section, self.storage_class, &name);
            let secret = here(Kind::SECRET, &name, hidden(storage_secret_body(section)));
            let words = "make the Secret of the storage array, map the datastores to the storage class";
            made(StepName::StorageMap, words, vec![secret, storage_map(&rows)])
        } else {
            let rows = storage_rows(vec![unknown("<each datastore of the VMs>")], self.storage_class);
            let words = "map every source storage to the storage class";
            made(StepName::StorageMap, words, vec![storage_map(&rows)])
        };
        let words = "map the first network to the pod network, each further one to a NAD of its own";
        let map = here(Kind::NETWORK_MAP, &refs.network_map, network_map_body(&networks, pair, &refs.namespace));
        [storage, made(StepName::NetworkMap, words, vec![map])]
    }

    /// What is changed for a while on things of others, in words.
    fn borrowed(&self, test: &Test, plan: &PlanSpec, choices: &PlanChoices) -> Vec<String> {
        let mut settings = test.scenario.forklift_controller.clone();
        if plan.warm_migration {
            settings.extend(precopy_interval(self.settings.snapshots_interval));
        }
        let settings = settings.iter().map(|(key, value)| {
            format!("let the ForkliftController have {key}: {value}, as long as sessions share that")
        });
        let labels = choices.node_selector.iter().chain(&choices.convertor_node_selector);
        let labels = labels.map(|(key, value)| format!("label a worker node {key}={value}"));
        settings.chain(labels).collect()
    }

    fn names(&self, entry: &ProviderEntry, scope: &str) -> Names {
        Names::new(self.session, self.seed, (entry.type_name(), &entry.version), scope)
    }

    /// The object as it is sent: with its type, its name and the session's label.
    fn manifest(&self, target: &ObjectRef, body: Value) -> Value {
        let manifest = target.manifest(body, self.session.as_str());
        manifest.unwrap_or_else(|error| Value::String(error.to_string()))
    }
}

/// A Secret without its values.
fn hidden(mut secret: Value) -> Value {
    for value in secret["stringData"].as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
        *value = json!(SECRET);
    }
    secret
}

/// What stands for the cutover's time, where the Migration carries it from its start.
fn cutover(plan: &PlanSpec) -> Option<&'static str> {
    let fixed = plan.warm_migration && plan.cutover.is_none();
    fixed.then_some("<mins_before_cutover from its start>")
}

fn migrate_words(plan: &PlanSpec) -> String {
    let mut words = "start the Migration and follow it to its end".to_owned();
    if let Some(cutover) = &plan.cutover {
        write!(words, ", cut over after {} precopies", cutover.after_precopies).ok();
    }
    if plan.expected_migration_result == Some(ExpectedResult::Fail) {
        words.push_str("; it must fail");
    }
    words
}

/// The VMs of the Plan; their clones in words.
fn prepare(plan: &PlanSpec, names: &Names, target: &str, words: &mut Vec<String>, source: &str) -> Vec<PlanVm> {
    let mut vms = Vec::new();
    for (index, vm) in plan.virtual_machines.iter().enumerate() {
        let base = vm.clone_name.as_deref().unwrap_or(&vm.name);
        let clone = names.clone_of(index, base, vm.preserve_name_format);
        let power = vm.source_vm_power.map(|power| format!(", switch it {}", Power::from(power))).unwrap_or_default();
        let migrated = destination_vm_name(&clone).unwrap_or_else(|error| error.to_string());
        let luks = vm.luks.then(|| luks_secret_name(names, index));
        if source == "ova" {
            words.push(format!("look for {} in the inventory; it will be VirtualMachine {target}/{migrated}", vm.name));
            let id = format!("<id of {} in the inventory>", vm.name);
            let (name, target_name) = (vm.name.clone(), Some(migrated));
            vms.push(PlanVm { id, name, namespace: None, migrate_shared_disks: None, luks, target_name });
            continue;
        }
        let namespace = (source == "openshift").then(|| names.source_namespace());
        let how = match &namespace {
            Some(_) => {
                let image = format!("{}/{}", openshift::OS_IMAGES, openshift::DATA_SOURCE);
                format!("make {clone} from DataSource {image} and start it")
            }
            None => format!("clone {} to {clone}", vm.name),
        };
        words.push(format!("{how}{power}; it will be VirtualMachine {target}/{migrated}"));
        words.extend(plan.integrity.as_ref().map(|request| marking(&clone, request)));
        let id = format!("<id of {clone} in the inventory>");
        let (migrate_shared_disks, target_name) = (vm.migrate_shared_disks, None);
        vms.push(PlanVm { id, name: clone, namespace, migrate_shared_disks, luks, target_name });
    }
    vms
}

/// What is left in the guest of a clone, and hashed there.
fn marking(clone: &str, request: &IntegrityRequest) -> String {
    let mut marks = request.manifest.clone();
    if request.marker {
        marks.insert(0, "a marker".to_owned());
    }
    format!("mark the guest of {clone}: {}", marks.join(", "))
}
