//! The HTTP face: paths, rights, states of synchronisation.

use super::mirror::Mirror;
use super::query::{ListQuery, Refusal};
use super::{gate, openshift, openstack, ova, ovirt, vsphere};
use crate::lab::fault::{Failure, TransportEffect};
use crate::lab::network::{connection_lost, failing_status};
use crate::lab::world::{SourceKind, SourceSpec, World};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use kube::Client;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

const TYPES: [&str; 7] = ["vsphere", "ovirt", "openstack", "openshift", "ova", "hyperv", "ec2"];
/// How long the server itself waits for a first synchronisation before it answers 206.
const SYNC_WAIT: Duration = Duration::from_secs(10);
/// Hosts arrive this long after a provider's other objects.
const HOSTS_LAG: Duration = Duration::from_secs(5);
const PROVIDERS: &str = "/apis/forklift.konveyor.io/v1beta1/providers";

/// The inventory service. Dropping the last clone ends what it runs.
#[derive(Clone)]
pub struct InventoryServer(Arc<Inner>);

struct Inner {
    world: World,
    client: Client,
    mirrors: Vec<Arc<Mirror>>,
    with_hosts: Arc<Mutex<BTreeSet<String>>>,
    running: Mutex<JoinSet<()>>,
}

impl std::fmt::Debug for InventoryServer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("InventoryServer").finish_non_exhaustive()
    }
}

/// The routes of the inventory service. `client` reads the Provider objects. Needs a running tokio runtime.
pub fn router(world: &World, client: Client) -> Router {
    InventoryServer::start(world, client).router()
}

impl InventoryServer {
    /// Begins to follow the world's sources. Needs a running tokio runtime.
    pub fn start(world: &World, client: Client) -> Self {
        let mirrors: Vec<Arc<Mirror>> =
            world.sources.iter().map(|source| Arc::new(Mirror::new(Arc::clone(source)))).collect();
        let mut running = JoinSet::new();
        for mirror in &mirrors {
            running.spawn(Arc::clone(mirror).follow(world.pace));
        }
        Self(Arc::new(Inner {
            world: world.clone(),
            client,
            mirrors,
            with_hosts: Arc::default(),
            running: Mutex::new(running),
        }))
    }

    /// Its routes.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// Ends what it runs.
    pub async fn stop(&self) {
        let mut running = std::mem::take(&mut *self.0.running.lock().unwrap_or_else(PoisonError::into_inner));
        running.shutdown().await;
    }
}

async fn answer(
    State(server): State<InventoryServer>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    Query(parameters): Query<BTreeMap<String, String>>,
) -> Response {
    let inner = &server.0;
    let effect = inner.world.faults.meets(&format!("INVENTORY:{method}"), uri.path());
    match effect {
        Some(TransportEffect::Status(code)) => return failing_status(code),
        Some(TransportEffect::Reset | TransportEffect::ResetAfter) => return connection_lost(),
        _ => {}
    }
    if method != Method::GET {
        return Refusal::of(StatusCode::METHOD_NOT_ALLOWED).respond();
    }
    if uri.path() == "/schema" {
        return body(&schema());
    }
    let admitted = gate::check(&inner.world.spec, &inner.client, &headers, uri.path()).await;
    let checked = admitted.and_then(|()| ListQuery::read(&parameters));
    let result = match checked {
        Ok(query) => inner.read(uri.path(), &query).await,
        Err(refusal) => Err(refusal),
    };
    result.map_or_else(Refusal::respond, |value| body(&value))
}

fn body(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

fn schema() -> Value {
    let mut routes = vec!["/providers".to_owned()];
    for kind in TYPES {
        routes.push(format!("/providers/{kind}"));
        routes.push(format!("/providers/{kind}/:provider"));
        routes.push(format!("/providers/{kind}/:provider/:collection"));
        routes.push(format!("/providers/{kind}/:provider/:collection/:id"));
    }
    json!(routes)
}

fn not_found() -> Refusal {
    Refusal::of(StatusCode::NOT_FOUND)
}

/// Whether Forklift finished loading a provider's inventory.
fn is_loaded(provider: &Value) -> bool {
    let conditions = provider["status"]["conditions"].as_array();
    conditions.is_some_and(|conditions| {
        conditions.iter().any(|condition| condition["type"] == "InventoryCreated" && condition["status"] == "True")
    })
}

impl Inner {
    async fn read(&self, path: &str, query: &ListQuery) -> Result<Value, Refusal> {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        match segments.as_slice() {
            ["providers"] => {
                let providers = self.providers().await?;
                let of = |kind: &&str| ((*kind).to_owned(), json!(self.list(&providers, kind, query)));
                Ok(Value::Object(TYPES.iter().map(of).collect()))
            }
            ["providers", kind] if TYPES.contains(kind) => Ok(json!(self.list(&self.providers().await?, kind, query))),
            ["providers", kind, uid, rest @ ..] if TYPES.contains(kind) => {
                let provider = self.synced(kind, uid).await?;
                self.read_provider(&provider, kind, rest, query).await
            }
            _ => Err(not_found()),
        }
    }

    async fn providers(&self) -> Result<Vec<Value>, Refusal> {
        let failed = |_| Refusal::of(StatusCode::INTERNAL_SERVER_ERROR);
        openshift::list(&self.client, PROVIDERS).await.map_err(failed)
    }

    fn list(&self, providers: &[Value], kind: &str, query: &ListQuery) -> Vec<Value> {
        let wanted = |provider: &&Value| {
            let namespace = &provider["metadata"]["namespace"];
            provider["spec"]["type"] == kind
                && is_loaded(provider)
                && query.namespace.as_deref().is_none_or(|wanted| namespace == wanted)
        };
        let all = providers.iter().filter(wanted).map(|provider| self.resource(provider, kind, query.detail)).collect();
        query.select(all, false)
    }

    /// The provider, once its first synchronisation is finished.
    ///
    /// Source: inventory-api.md section 3: 404 with a reason, then 206 after a wait of the server's own, then 200.
    async fn synced(&self, kind: &str, uid: &str) -> Result<Value, Refusal> {
        let unknown = || not_found().with("x-reason", "ProviderNotFound");
        for waited in [false, true] {
            let providers = self.providers().await?;
            let same = |provider: &Value| provider["metadata"]["uid"] == uid && provider["spec"]["type"] == kind;
            let provider = providers.into_iter().find(same).ok_or_else(unknown)?;
            if is_loaded(&provider) {
                return Ok(provider);
            }
            if provider["status"]["conditions"].as_array().is_none_or(Vec::is_empty) {
                return Err(unknown());
            }
            if !waited {
                self.world.pace.pass(SYNC_WAIT).await;
            }
        }
        Err(Refusal::of(StatusCode::PARTIAL_CONTENT))
    }

    fn mirror(&self, provider: &Value) -> Option<&Arc<Mirror>> {
        let (kind, url) = (provider["spec"]["type"].as_str()?, provider["spec"]["url"].as_str()?);
        let uri = url.parse::<http::Uri>().ok();
        // The URL of a share is `server:/path`.
        let place = match (kind, &uri) {
            ("ova", _) => url.split(':').next()?,
            (_, Some(uri)) => uri.authority()?.as_str(),
            _ => return None,
        };
        self.mirrors.iter().find(|mirror| mirror.source.type_name() == kind && mirror.source.answers_to(place))
    }

    fn is_stale(&self) -> bool {
        self.world.faults.failing(|failure| matches!(failure, Failure::InventoryStale).then_some(())).is_some()
    }

    fn resource(&self, provider: &Value, kind: &str, detail: u32) -> Value {
        let meta = &provider["metadata"];
        let uid = meta["uid"].as_str().unwrap_or_default();
        let mut value = json!({
            "uid": uid,
            "id": uid,
            "version": meta["resourceVersion"],
            "namespace": meta["namespace"],
            "name": meta["name"],
            "selfLink": format!("providers/{kind}/{uid}"),
        });
        if detail > 0
            && let Some(into) = value.as_object_mut()
        {
            into.extend([("type".to_owned(), json!(kind)), ("object".to_owned(), provider.clone())]);
            into.extend(self.more(provider));
        }
        value
    }

    fn more(&self, provider: &Value) -> Map<String, Value> {
        let Some(mirror) = self.mirror(provider) else { return Map::new() };
        let (source, known) = (&mirror.source, mirror.known(self.is_stale()));
        match source.kind {
            SourceKind::Ovirt(_) => ovirt::counts(&source.read(), &known),
            SourceKind::Openstack(_) => openstack::counts(&source.read(), &known),
            SourceKind::Ova => ova::counts(&source.read(), &known),
            SourceKind::Openshift => Map::new(),
            SourceKind::Vsphere(_) => {
                let mut more = vsphere::counts(mirror, self.is_stale());
                more.insert("apiVersion".to_owned(), json!(format!("{}.0", source.version)));
                more.insert("product".to_owned(), json!("VMware vCenter Server"));
                more
            }
        }
    }

    async fn read_provider(
        &self,
        provider: &Value,
        kind: &str,
        rest: &[&str],
        query: &ListQuery,
    ) -> Result<Value, Refusal> {
        let uid = provider["metadata"]["uid"].as_str().unwrap_or_default();
        let link = format!("providers/{kind}/{uid}");
        if rest.is_empty() {
            return Ok(self.resource(provider, kind, u32::MAX));
        }
        if kind == "openshift" {
            return self.read_openshift(&link, rest, query).await;
        }
        let mirror = self.mirror(provider).ok_or_else(not_found)?;
        if kind != "vsphere" {
            return self.read_items(mirror, &link, rest, query);
        }
        let has_hosts = self.has_hosts(uid);
        match *rest {
            ["hosts"] if !has_hosts => Ok(json!([])),
            [name] => {
                let items = vsphere::collection(mirror, self.is_stale(), &link, name, query.detail);
                let whole_suffix = matches!(name, "vms" | "workloads");
                Ok(json!(query.select(items.ok_or_else(not_found)?, whole_suffix)))
            }
            [name, id] => vsphere::object(mirror, self.is_stale(), &link, name, id).ok_or_else(not_found),
            _ => Err(not_found()),
        }
    }

    /// The collections of the types whose lists show the base only unless more is asked for.
    fn read_items(&self, mirror: &Mirror, link: &str, rest: &[&str], query: &ListQuery) -> Result<Value, Refusal> {
        let Some(name) = rest.first() else { return Err(not_found()) };
        let (source, known) = (&mirror.source, mirror.known(self.is_stale()));
        let inventory = source.read();
        let (inventory, known) = (&*inventory, &known);
        let items = match source.kind {
            SourceKind::Ovirt(_) => ovirt::Snapshot { source, inventory, known, link }.items(name),
            SourceKind::Openstack(_) => {
                let place = self.region_and_project(&source.name);
                openstack::Snapshot { source, inventory, known, link, place }.items(name)
            }
            SourceKind::Ova => ova::Snapshot { inventory, known, link }.items(name),
            SourceKind::Vsphere(_) | SourceKind::Openshift => None,
        };
        let items = items.ok_or_else(not_found)?;
        match *rest {
            [_] => {
                let all = items.into_iter().map(|item| item.at(query.detail)).collect();
                Ok(json!(query.select(all, source.type_name() == "ova" && *name == "vms")))
            }
            [_, id] => {
                let found = items.into_iter().find(|item| item.base["id"] == id);
                found.map(|item| item.at(u32::MAX)).ok_or_else(not_found)
            }
            _ => Err(not_found()),
        }
    }

    fn region_and_project(&self, source: &str) -> (&str, &str) {
        let specs = self.world.spec.sources.iter();
        let own = specs.filter(|spec| spec.name() == source).find_map(|spec| match spec {
            SourceSpec::Openstack(spec) => Some((spec.region.as_str(), spec.project.as_str())),
            _ => None,
        });
        own.unwrap_or_default()
    }

    async fn read_openshift(&self, link: &str, rest: &[&str], query: &ListQuery) -> Result<Value, Refusal> {
        let failed = |_| Refusal::of(StatusCode::INTERNAL_SERVER_ERROR);
        match *rest {
            [name] => {
                let items = openshift::collection(&self.client, link, name, query).await.map_err(failed)?;
                Ok(json!(query.select(items.ok_or_else(not_found)?, false)))
            }
            // A defect of the product: single storage classes are never found.
            ["storageclasses", _] => Err(not_found()),
            [name, id] => {
                let all = ListQuery::everything();
                let items = openshift::collection(&self.client, link, name, &all).await.map_err(failed)?;
                let found = items.unwrap_or_default().into_iter().find(|item| item["id"] == id);
                let found = found.ok_or_else(not_found)?;
                if name == "vms" {
                    openshift::with_instance(&self.client, found).await.map_err(failed)
                } else {
                    Ok(found)
                }
            }
            _ => Err(not_found()),
        }
    }

    /// Whether the hosts of a provider have arrived; the first question about a provider starts their lag.
    fn has_hosts(&self, uid: &str) -> bool {
        let key = format!("asked {uid}");
        let arrived = |set: &Mutex<BTreeSet<String>>, text: &str| {
            set.lock().unwrap_or_else(PoisonError::into_inner).insert(text.to_owned())
        };
        if arrived(&self.with_hosts, &key) {
            let (pace, set, uid) = (self.world.pace, Arc::clone(&self.with_hosts), uid.to_owned());
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            running.spawn(async move {
                pace.pass(HOSTS_LAG).await;
                arrived(&set, &uid);
            });
        }
        self.with_hosts.lock().unwrap_or_else(PoisonError::into_inner).contains(uid)
    }
}
