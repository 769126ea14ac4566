//! What a test would set up, in order, with the manifests: told from the scenario and the settings alone.
//!
//! What only the source or the inventory can tell (ids, networks, datastores) stands in angle brackets.

use crate::cluster::{Kind, ObjectRef};
use crate::config::{ProviderEntry, Settings};
use crate::event::StepName;
use crate::facts::{SESSION_LABEL, Seed, SessionId, destination_vm_name};
use crate::inventory::MapSource;
use crate::migration::{
    Names, PlanRefs, PlanVm, destination_provider_body, migration_body, network_map_body, network_rows, plan_body,
    source_provider_body, source_secret_body, storage_map_body, storage_rows,
};
use crate::scenario::{PlanSpec, PowerSetting, Test};
use serde_json::{Value, json};

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
        let ca = (!self.settings.source_provider_insecure_skip_verify).then_some("<certificate chain of the source>");
        let mut secret_body = source_secret_body(entry, ca);
        for key in ["password", "user", "username"] {
            if let Some(value) = secret_body["stringData"].get_mut(key) {
                *value = json!(SECRET);
            }
        }
        let manifests = vec![
            self.manifest(&ObjectRef::global(Kind::NAMESPACE, &namespace), json!({})),
            self.manifest(
                &ObjectRef::namespaced(Kind::PROVIDER, &namespace, names.destination_provider()),
                destination_provider_body(),
            ),
            self.manifest(&ObjectRef::namespaced(Kind::SECRET, &namespace, &secret), secret_body),
            self.manifest(
                &ObjectRef::namespaced(Kind::PROVIDER, &namespace, provider),
                source_provider_body(entry, &namespace, &secret),
            ),
        ];
        let words = vec![format!("set up the session on {}: namespace, destination and source Provider", entry.name)];
        OutlineStep { step: None, words, manifests }
    }

    /// The steps of one test on `entry`.
    pub fn test(&self, test: &Test, entry: &ProviderEntry) -> Vec<OutlineStep> {
        test.scenario.plans.iter().flat_map(|named| self.plan(test, &named.plan, entry)).collect()
    }

    fn plan(&self, test: &Test, plan: &PlanSpec, entry: &ProviderEntry) -> Vec<OutlineStep> {
        let names = self.names(entry, &test.name);
        let shared = self.names(entry, &entry.name);
        let namespace = names.target_namespace(&self.settings.target_namespace_prefix);
        let target = plan.vm_target_namespace.clone().unwrap_or_else(|| namespace.clone());
        let (source, destination) = (shared.resource("provider"), names.destination_provider());
        let (words, vms) = prepare(plan, &names, &target);
        let unknown = |what: &str| MapSource { id: None, name: Some(what.to_owned()), kind: None };
        let storage = storage_rows(vec![unknown("<each datastore of the VMs>")], self.storage_class);
        let networks =
            network_rows(vec![unknown("<first network>"), unknown("<each further network>")], &names, &target);
        let (storage_map, network_map) =
            (names.resource(StepName::StorageMap.as_str()), names.resource(StepName::NetworkMap.as_str()));
        let plan_name = names.migration("plan", plan.warm_migration);
        let refs = PlanRefs {
            namespace: namespace.clone(),
            source: source.clone(),
            destination: destination.clone(),
            network_map: network_map.clone(),
            storage_map: storage_map.clone(),
            target_namespace: target,
        };
        let pair = (source.as_str(), destination.as_str());
        let here = |kind, name: &str, body| self.manifest(&ObjectRef::namespaced(kind, &namespace, name), body);
        let made = |step, words: &str, manifest| OutlineStep {
            step: Some(step),
            words: vec![words.to_owned()],
            manifests: vec![manifest],
        };
        vec![
            OutlineStep { step: Some(StepName::Prepare), words, manifests: Vec::new() },
            made(
                StepName::StorageMap,
                "map every source storage to the storage class",
                here(Kind::STORAGE_MAP, &storage_map, storage_map_body(&storage, pair, &namespace)),
            ),
            made(
                StepName::NetworkMap,
                "map the first network to the pod network, each further one to a NAD of its own",
                here(Kind::NETWORK_MAP, &network_map, network_map_body(&networks, pair, &namespace)),
            ),
            made(
                StepName::Plan,
                "create the Plan and wait until it is Ready",
                here(Kind::PLAN, &plan_name, plan_body(plan, &vms, &refs)),
            ),
            made(
                StepName::Migrate,
                "start the Migration and follow it to its end",
                here(
                    Kind::MIGRATION,
                    &names.migration("migration", plan.warm_migration),
                    migration_body(&namespace, &plan_name),
                ),
            ),
            OutlineStep {
                step: Some(StepName::Check),
                words: vec!["gather the facts of every migrated VM and judge them".to_owned()],
                manifests: Vec::new(),
            },
            OutlineStep {
                step: Some(StepName::CleanUp),
                words: vec!["remove all of it again, clones on the source included".to_owned()],
                manifests: Vec::new(),
            },
        ]
    }

    fn names(&self, entry: &ProviderEntry, scope: &str) -> Names {
        Names::new(self.session, self.seed, (entry.type_name(), &entry.version), scope)
    }

    /// The object as it is sent: with its type, its name and the session's label.
    fn manifest(&self, target: &ObjectRef, body: Value) -> Value {
        let mut object = body;
        object["apiVersion"] = json!(target.kind.api_version);
        object["kind"] = json!(target.kind.kind);
        object["metadata"]["name"] = json!(target.name);
        if let Some(namespace) = &target.namespace {
            object["metadata"]["namespace"] = json!(namespace);
        }
        object["metadata"]["labels"][SESSION_LABEL] = json!(self.session.as_str());
        object
    }
}

/// The clones in words, and the VMs of the Plan.
fn prepare(plan: &PlanSpec, names: &Names, target: &str) -> (Vec<String>, Vec<PlanVm>) {
    let mut words = Vec::new();
    let mut vms = Vec::new();
    for (index, vm) in plan.virtual_machines.iter().enumerate() {
        let base = vm.clone_name.as_deref().unwrap_or(&vm.name);
        let clone = names.clone_of(index, base, vm.preserve_name_format);
        let power = match vm.source_vm_power {
            Some(PowerSetting::On) => ", switch it on",
            Some(PowerSetting::Off) => ", switch it off",
            None => "",
        };
        let migrated = destination_vm_name(&clone).unwrap_or_else(|error| error.to_string());
        words.push(format!("clone {} to {clone}{power}; it will be VirtualMachine {target}/{migrated}", vm.name));
        vms.push(PlanVm { id: format!("<id of {clone} in the inventory>"), name: clone });
    }
    (words, vms)
}
