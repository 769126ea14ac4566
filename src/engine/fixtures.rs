//! What tests share: the target namespace, the destination Provider, and for each source its Provider, its connection
//! and its inventory.
//!
//! Source: original-suite.md sections 1.1, 1.2, 1.9.

use super::esxi_key;
use super::session::SessionParts;
use super::source::ConnectedSource;
use super::steps::StepError;
use crate::cluster::{self, Created, Creation, Kind, ObjectRef};
use crate::config::ProviderEntry;
use crate::event::Event;
use crate::http::HttpClient;
use crate::inventory::Inventory;
use crate::migration::{Names, destination_provider_body, provider_ready, source_provider_body, source_secret_body};
use crate::provider::SourceProvider;
use crate::undo::{EntryId, ObjectUndo};
use crate::wait::Seen;
use kube::ResourceExt;
use serde_json::{Value, json};
use std::sync::Arc;

/// What all sources share.
pub(super) struct SharedFixtures {
    /// Target namespace of the session; Providers, maps and Plans live here too.
    pub(super) namespace: String,
    pub(super) namespace_entry: EntryId,
    /// Name of the destination Provider.
    pub(super) destination: String,
    pub(super) destination_entry: EntryId,
}

/// A source, ready to migrate from.
pub struct SourceFixture {
    /// The entry of the providers file.
    pub entry: ProviderEntry,
    /// Name of its Provider on the cluster.
    pub provider: String,
    /// Name of the Provider's Secret.
    pub secret: String,
    /// Ledger entry of the Provider.
    pub(super) provider_entry: EntryId,
    /// The connection to the source itself.
    pub(super) sdk: Arc<dyn SourceProvider>,
    /// The product's view of the source.
    pub(super) inventory: Inventory,
    /// The key on the ESXi host, once it was asked for.
    esxi_key: tokio::sync::OnceCell<Result<Option<EntryId>, StepError>>,
}

impl SharedFixtures {
    pub(super) async fn create(parts: &SessionParts) -> Result<Self, StepError> {
        let names = Names::new(&parts.id, parts.seed, ("local", "0"), "session");
        let namespace = names.target_namespace(&parts.settings.target_namespace_prefix);
        let created = create_namespace(parts, None, &namespace).await?;
        let destination = names.destination_provider();
        let target = ObjectRef::namespaced(Kind::PROVIDER, &namespace, &destination);
        let provider = Draft { test: None, target, body: destination_provider_body(), needs: vec![created.entry] };
        let made = provider.create(parts).await?;
        wait_provider(parts, &namespace, &destination).await?;
        Ok(Self { namespace, namespace_entry: created.entry, destination, destination_entry: made.entry })
    }
}

impl SourceFixture {
    pub(super) async fn create(
        parts: &SessionParts,
        shared: &SharedFixtures,
        name: &str,
        connected: ConnectedSource,
    ) -> Result<Self, StepError> {
        let begun = parts.events.elapsed_ms();
        let entry = parts.providers.get(name).map_err(|error| StepError::Broken(error.to_string()))?.clone();
        let ConnectedSource { sdk, ca } = connected;
        let names = Names::new(&parts.id, parts.seed, (entry.type_name(), &entry.version), name);
        let namespace = &shared.namespace;
        let secret = names.resource("secret");
        let target = ObjectRef::namespaced(Kind::SECRET, namespace, &secret);
        let body = source_secret_body(&entry, ca.as_deref());
        let needs = vec![shared.namespace_entry];
        let secret_made = Draft { test: None, target, body, needs: needs.clone() }.create(parts).await?;
        let provider = names.resource("provider");
        let target = ObjectRef::namespaced(Kind::PROVIDER, namespace, &provider);
        let body = source_provider_body(&entry, namespace, &secret);
        let needs = vec![shared.namespace_entry, secret_made.entry];
        let made = Draft { test: None, target, body, needs }.create(parts).await?;
        wait_provider(parts, namespace, &provider).await?;
        let inventory = open_inventory(parts, &entry, &made.object.uid().unwrap_or_default()).await?;
        inventory.wait_provider(&parts.deadline(parts.settings.timeouts.inventory)).await?;
        let took_ms = parts.events.elapsed_ms() - begun;
        parts.emit(Event::FixtureReady { what: format!("Provider {namespace}/{provider} for {name}"), took_ms });
        let esxi_key = tokio::sync::OnceCell::new();
        Ok(Self { entry, provider, secret, provider_entry: made.entry, sdk, inventory, esxi_key })
    }

    /// Has the product's key on the source's ESXi host, if its `esxi_clone_method` is ssh: installed by the first test
    /// that needs it, which the others wait for. The ledger entry that a migration needs.
    pub(super) async fn esxi_key(&self, parts: &SessionParts, namespace: &str) -> Result<Option<EntryId>, StepError> {
        self.esxi_key.get_or_init(|| esxi_key::install(parts, self, namespace)).await.clone()
    }
}

async fn open_inventory(parts: &SessionParts, entry: &ProviderEntry, uid: &str) -> Result<Inventory, StepError> {
    let cluster = &parts.cluster;
    let namespace = &parts.settings.mtv_namespace;
    let Some(host) = cluster::route_host(cluster, namespace, "forklift-inventory").await? else {
        let remedy = "mtvtest reaches the inventory through its Route: set mtv_namespace, or expose the service";
        return Err(StepError::Broken(format!("no Route {namespace}/forklift-inventory with a host; {remedy}")));
    };
    let Some(token) = cluster.token() else {
        let remedy = "use a token or host, user and password: the inventory accepts no client certificate";
        return Err(StepError::Broken(format!("the cluster login has no bearer token; {remedy}")));
    };
    // The Route shows the ingress certificate, which another CA may have signed than the API server's.
    let http = HttpClient::open_in_order(parts.network.as_ref(), &cluster.ingress_tls(), parts.source_requests.clone())
        .map_err(|error| StepError::Broken(error.to_string()))?;
    Ok(Inventory::new(&format!("https://{host}"), token.clone(), http, entry.type_name(), uid))
}

/// An object to be created, with how it is undone: deleted.
pub(super) struct Draft<'a> {
    pub(super) test: Option<&'a str>,
    pub(super) target: ObjectRef,
    pub(super) body: Value,
    pub(super) needs: Vec<EntryId>,
}

impl Draft<'_> {
    pub(super) async fn create(self, parts: &SessionParts) -> Result<Created, StepError> {
        self.create_undone_by(parts, ObjectUndo::Delete).await
    }

    pub(super) async fn create_undone_by(self, parts: &SessionParts, undo: ObjectUndo) -> Result<Created, StepError> {
        let what = self.target.to_string();
        let is_namespace = self.target.kind.kind == Kind::NAMESPACE.kind;
        let creation = Creation {
            ledger: &parts.ledger,
            test: self.test,
            target: self.target,
            body: self.body,
            undo,
            needs: self.needs,
            reuse_foreign: is_namespace,
        };
        let created = parts.cluster.create(creation).await?;
        parts.emit(Event::Made { test: self.test.map(str::to_owned), what });
        Ok(created)
    }
}

/// Creates a namespace with the labels of a migration target, or uses the one that is there; waits until it is Active.
pub(super) async fn create_namespace(
    parts: &SessionParts,
    test: Option<&str>,
    name: &str,
) -> Result<Created, StepError> {
    let body = json!({ "metadata": { "labels": {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
        "mutatevirtualmachines.kubemacpool.io": "ignore",
    } } });
    let target = ObjectRef::global(Kind::NAMESPACE, name);
    let created = Draft { test, target: target.clone(), body, needs: Vec::new() }.create(parts).await?;
    let deadline = parts.deadline(parts.settings.timeouts.namespace_active);
    let judge = |object: Option<&kube::api::DynamicObject>| match object
        .and_then(|found| found.data["status"]["phase"].as_str())
    {
        Some("Active") => Seen::Met(()),
        Some("Terminating") => Seen::Hopeless("it is being deleted".to_owned()),
        Some(other) => Seen::Pending(format!("phase {other}")),
        None => Seen::Pending("no phase yet".to_owned()),
    };
    parts.cluster.wait(&format!("wait for Namespace {name} to be Active"), &target, &deadline, judge).await?;
    Ok(created)
}

async fn wait_provider(parts: &SessionParts, namespace: &str, name: &str) -> Result<(), StepError> {
    let target = ObjectRef::namespaced(Kind::PROVIDER, namespace, name);
    let deadline = parts.deadline(parts.settings.timeouts.provider_ready);
    let what = format!("wait for {target} to be Ready");
    Ok(parts.cluster.wait(&what, &target, &deadline, provider_ready).await?)
}
