//! What tests share: the target namespace, the destination Provider, and for each source its Provider, its connection
//! and its inventory.
//!
//! Source: original-suite.md sections 1.1, 1.2, 1.9.

use super::esxi_key;
use super::session::SessionParts;
use super::source::ConnectedSource;
use super::steps::StepError;
use crate::cluster::{self, Created, Creation, Kind, ObjectRef};
use crate::config::{ProviderEntry, ProviderKind};
use crate::event::Event;
use crate::http::{HttpClient, TlsPolicy};
use crate::inventory::Inventory;
use crate::migration::{
    Names, SourceAccess, destination_provider_body, nad_body, provider_ready, remote_provider_body, remote_secret_body,
    source_provider_body, source_secret_body,
};
use crate::provider::{ClonePlace, SourceProvider};
use crate::undo::{EntryId, ObjectUndo};
use crate::wait::Seen;
use http::Uri;
use kube::ResourceExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// No rejection of duplicate MAC addresses. Source: cluster-api.md section 3.3.
const KEEP_MACS: (&str, &str) = ("mutatevirtualmachines.kubemacpool.io", "ignore");
/// Labels of a namespace of migrated VMs.
const TARGET_LABELS: [(&str, &str); 3] = [
    ("pod-security.kubernetes.io/enforce", "restricted"),
    ("pod-security.kubernetes.io/enforce-version", "latest"),
    KEEP_MACS,
];
/// Labels of the namespace of source VMs.
pub(super) const SOURCE_VMS_LABELS: [(&str, &str); 1] = [KEEP_MACS];

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
    /// Where its VMs are made, if it is the cluster itself.
    pub(super) site: Option<VmSite>,
    /// The key on the ESXi host, once it was asked for.
    esxi_key: tokio::sync::OnceCell<Result<Option<EntryId>, StepError>>,
}

/// Where source VMs are made on the cluster.
pub(super) struct VmSite {
    pub(super) place: ClonePlace,
    /// Ledger entries of the namespace and of the network attachment.
    pub(super) entries: [EntryId; 2],
}

impl SharedFixtures {
    pub(super) async fn create(parts: &SessionParts) -> Result<Self, StepError> {
        let names = Names::new(&parts.id, parts.seed, ("local", "0"), "session");
        let namespace = names.target_namespace(&parts.settings.target_namespace_prefix);
        let created = create_namespace(parts, &namespace).await?;
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
        let access = source_access(parts, &entry, &connected).await?;
        let ConnectedSource { sdk, .. } = connected;
        let names = Names::new(&parts.id, parts.seed, (entry.type_name(), &entry.version), name);
        let namespace = &shared.namespace;
        let secret = names.resource("secret");
        let target = ObjectRef::namespaced(Kind::SECRET, namespace, &secret);
        let body = source_secret_body(&entry, &access);
        let needs = vec![shared.namespace_entry];
        let secret_made = Draft { test: None, target, body, needs: needs.clone() }.create(parts).await?;
        let provider = names.resource("provider");
        let target = ObjectRef::namespaced(Kind::PROVIDER, namespace, &provider);
        let body = source_provider_body(&entry, &access.url, (namespace, &secret));
        let needs = vec![shared.namespace_entry, secret_made.entry];
        let made = Draft { test: None, target, body, needs }.create(parts).await?;
        wait_provider(parts, namespace, &provider).await?;
        let inventory = open_inventory(parts, &entry, &made.object.uid().unwrap_or_default()).await?;
        inventory.wait_provider(&parts.deadline(parts.settings.timeouts.inventory)).await?;
        let site = match entry.kind {
            ProviderKind::Openshift => Some(make_site(parts, &names).await?),
            _ => None,
        };
        let took_ms = parts.events.elapsed_ms() - begun;
        parts.emit(Event::FixtureReady { what: format!("Provider {namespace}/{provider} for {name}"), took_ms });
        let esxi_key = tokio::sync::OnceCell::new();
        Ok(Self { entry, provider, secret, provider_entry: made.entry, sdk, inventory, site, esxi_key })
    }

    /// Has the product's key on the source's ESXi host, if its `esxi_clone_method` is ssh: installed by the first test
    /// that needs it, which the others wait for. The ledger entry that a migration needs.
    pub(super) async fn esxi_key(&self, parts: &SessionParts, namespace: &str) -> Result<Option<EntryId>, StepError> {
        self.esxi_key.get_or_init(|| esxi_key::install(parts, self, namespace)).await.clone()
    }
}

/// The namespace of the VMs that are made as sources, and the attachment of their second NIC. Several sources that are
/// the cluster share them.
///
/// Source: original-suite.md sections 1.1 (OpenShift source ns) and 1.9 (`source_vms_namespace`).
async fn make_site(parts: &SessionParts, names: &Names) -> Result<VmSite, StepError> {
    let namespace = names.source_namespace();
    let created = create_labelled_namespace(parts, &namespace, &SOURCE_VMS_LABELS).await?;
    let attachment = names.nad(1);
    let target = ObjectRef::namespaced(Kind::NAD, &namespace, &attachment);
    let nad = Draft { test: None, target, body: nad_body(&attachment, 1), needs: vec![created.entry] };
    let entries = [created.entry, nad.create(parts).await?.entry];
    Ok(VmSite { place: ClonePlace { namespace, attachment, session: parts.id.to_string() }, entries })
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

/// The cluster as a remote destination: a Provider with its URL and a Secret with the run's token.
///
/// The original skips verification here always; this run trusts what its own login trusts.
/// Source: original-suite.md sections 1.1 and 6.
pub(super) async fn remote_destination(
    parts: &SessionParts,
    shared: &SharedFixtures,
) -> Result<(String, EntryId), StepError> {
    let cluster = &parts.cluster;
    let names = Names::new(&parts.id, parts.seed, ("remote", "0"), "session");
    let Some(token) = cluster.token() else {
        let remedy = "log in with a token or with host, user and password";
        return Err(StepError::Broken(format!("the cluster login has no token for the remote destination; {remedy}")));
    };
    let (secret, provider) = (names.resource("secret"), names.remote_destination_provider());
    let namespace = &shared.namespace;
    let ca = cluster_ca(parts).await?;
    let target = ObjectRef::namespaced(Kind::SECRET, namespace, &secret);
    let body = remote_secret_body(cluster.url(), token.expose(), ca.as_deref());
    let needs = vec![shared.namespace_entry];
    let secret_made = Draft { test: None, target, body, needs }.create(parts).await?;
    let target = ObjectRef::namespaced(Kind::PROVIDER, namespace, &provider);
    let body = remote_provider_body(cluster.url(), namespace, &secret);
    let needs = vec![shared.namespace_entry, secret_made.entry];
    let made = Draft { test: None, target, body, needs }.create(parts).await?;
    wait_provider(parts, namespace, &provider).await?;
    Ok((provider, made.entry))
}

/// How the product shall reach a source: as this run does. An OpenShift source is the cluster itself, with the run's
/// token and what its login trusts; another cluster would need a token that the providers file does not have.
///
/// Source: original-suite.md sections 1.2 and 4.
async fn source_access(
    parts: &SessionParts,
    entry: &ProviderEntry,
    connected: &ConnectedSource,
) -> Result<SourceAccess, StepError> {
    if !matches!(entry.kind, ProviderKind::Openshift) {
        let (url, ca) = (entry.api_url.clone(), connected.ca.clone());
        return Ok(SourceAccess { url, token: None, insecure: connected.insecure, ca });
    }
    let cluster = &parts.cluster;
    let given = entry.api_url.trim_end_matches('/');
    if !given.is_empty() && given != cluster.url().trim_end_matches('/') {
        let remedy = "log in to that cluster, or leave api_url empty";
        let words = format!("provider {}: its api_url {given} is not the cluster of the run", entry.name);
        return Err(StepError::Broken(format!("{words}, {}; {remedy}", cluster.url())));
    }
    let Some(token) = cluster.token() else {
        let remedy = "log in with a token or with host, user and password";
        return Err(StepError::Broken(format!("provider {}: the cluster login has no token; {remedy}", entry.name)));
    };
    let ca = cluster_ca(parts).await?;
    Ok(SourceAccess { url: cluster.url().to_owned(), token: Some(token.clone()), insecure: ca.is_none(), ca })
}

/// What this run's own login trusts the API server by; `None` where it does not verify.
async fn cluster_ca(parts: &SessionParts) -> Result<Option<String>, StepError> {
    match parts.cluster.tls() {
        TlsPolicy::AcceptAny => Ok(None),
        TlsPolicy::Pinned(pem) => Ok(Some(pem.clone())),
        TlsPolicy::SystemRoots => shown_chain(parts, parts.cluster.url()).await.map(Some),
    }
}

/// The certificate chain that the API server shows, which this run's own login has verified.
async fn shown_chain(parts: &SessionParts, url: &str) -> Result<String, StepError> {
    let uri: Uri = url.parse().map_err(|error| StepError::Broken(format!("read the cluster's URL {url}: {error}")))?;
    let (host, port) = (uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(443));
    let words = |error| StepError::Broken(format!("fetch the certificate of {url}: {error}"));
    parts.network.certificate_chain(host, port).await.map_err(words)
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
pub(super) async fn create_namespace(parts: &SessionParts, name: &str) -> Result<Created, StepError> {
    create_labelled_namespace(parts, name, &TARGET_LABELS).await
}

async fn create_labelled_namespace(
    parts: &SessionParts,
    name: &str,
    labels: &[(&str, &str)],
) -> Result<Created, StepError> {
    let labels: BTreeMap<&str, &str> = labels.iter().copied().collect();
    let body = json!({ "metadata": { "labels": labels } });
    let target = ObjectRef::global(Kind::NAMESPACE, name);
    let created = Draft { test: None, target: target.clone(), body, needs: Vec::new() }.create(parts).await?;
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
