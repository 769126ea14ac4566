//! The server's handle: seeding, clients, oracles, and what other parts of the lab mount on it.

use super::admit;
use super::auth::Users;
use super::object::{Object, meta, name};
use super::service::ApiService;
use super::store::State;
use crate::facts::{now, rfc3339};
use crate::lab::fault::Faults;
use crate::lab::world::{ClusterSpec, PodLogs};
use http::{HeaderValue, Request, header};
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tower::ServiceExt;

/// A Kubernetes API server. Clones share everything.
#[derive(Debug, Clone)]
pub struct ApiServer {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    users: Users,
    faults: Faults,
    version: String,
    pod_logs: PodLogs,
    mounts: RwLock<Vec<(String, axum::Router)>>,
}

/// An object that cannot be seeded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// No kind of this name is served.
    #[error("seed {1} {2:?}: the lab's API server knows no {1} of {0}; insert its CustomResourceDefinition first")]
    UnknownKind(String, String, String),
    /// The object breaks a rule of its kind.
    #[error("seed {0} {1:?}: {2}; correct the object")]
    Invalid(String, String, String),
}

impl ApiServer {
    /// A server with built-in kinds, the standard namespaces, and the users of `spec`; nothing else.
    pub fn new(spec: &ClusterSpec, faults: Faults) -> Self {
        Self::with_logs(spec, faults, PodLogs::default())
    }

    /// As [`Self::new`]; pods' logs come from `pod_logs`.
    pub fn with_logs(spec: &ClusterSpec, faults: Faults, pod_logs: PodLogs) -> Self {
        let inner = Inner {
            state: Mutex::new(State::new()),
            users: Users::of(spec),
            faults,
            version: spec.kubernetes.clone(),
            pod_logs,
            mounts: RwLock::default(),
        };
        let server = Self { inner: Arc::new(inner) };
        for namespace in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            let object = serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
            // A namespace is a built-in kind without rules to break.
            server.insert(object).unwrap_or_default();
        }
        server
    }

    /// The server as a tower service, for any body of bytes.
    pub fn service(&self) -> ApiService {
        ApiService::new(self.clone())
    }

    /// An in-process client with a bearer token. It has no retry layer: what the server answers is what the caller sees.
    ///
    /// # Panics
    /// Outside a tokio runtime, like every constructor of `kube::Client`.
    pub fn client(&self, token: &str) -> kube::Client {
        let value = HeaderValue::from_str(&format!("Bearer {token}")).unwrap_or(HeaderValue::from_static("Bearer"));
        let service = self.service().map_request(move |mut request: Request<kube::client::Body>| {
            request.headers_mut().insert(header::AUTHORIZATION, value.clone());
            request
        });
        kube::Client::new(service, "default")
    }

    /// Seeds an object as it stands, status included, without access control; one that exists is replaced.
    ///
    /// Missing uid, creationTimestamp and generation are filled in. A namespace need not exist.
    ///
    /// # Errors
    /// The kind is not served (a custom kind needs its definition first), or the object breaks a rule of its kind.
    pub fn insert(&self, mut object: Value) -> Result<(), SeedError> {
        let mut state = self.state();
        let text = |field: &str| object[field].as_str().unwrap_or_default().to_owned();
        let (api_version, kind_name, own_name) = (text("apiVersion"), text("kind"), name(&object).to_owned());
        let Some(kind) = state.registry.of_object(&object).cloned() else {
            return Err(SeedError::UnknownKind(api_version, kind_name, own_name));
        };
        let metadata = meta(&mut object);
        metadata.entry("uid").or_insert_with(|| uuid::Uuid::new_v4().to_string().into());
        metadata.entry("creationTimestamp").or_insert_with(|| rfc3339(now()).into());
        if kind.custom || kind.generation {
            metadata.entry("generation").or_insert_with(|| 1.into());
        }
        let mut object = super::convert::to_stored(&kind, object);
        admit::on_create(&mut state, &kind, &mut object)
            .map_err(|failure| SeedError::Invalid(kind_name, own_name, failure.message))?;
        state.put(&kind, object);
        state.settle();
        Ok(())
    }

    /// Everything that is stored, in no order that means anything. For oracles of tests.
    pub fn objects(&self) -> Vec<Value> {
        let state = self.state();
        let objects = state.shelves.values().flat_map(|shelf| shelf.select(None));
        objects.map(|object: &Arc<Object>| object.value.clone()).collect()
    }

    /// Serves every path that begins with `prefix` by `router`, before the server's own paths.
    ///
    /// The longest prefix wins. Requests below `/apis` and `/api` are authenticated and authorized first (a sub-resource
    /// by its own name), and carry `Arc<User>` in their extensions; the router sees the whole path. Connection upgrades
    /// pass through; a request without a connection gets one in memory.
    pub fn mount(&self, prefix: &str, router: axum::Router) {
        let mut mounts = self.inner.mounts.write().unwrap_or_else(PoisonError::into_inner);
        mounts.push((prefix.to_owned(), router));
    }

    pub(super) fn mounted(&self, path: &str) -> Option<axum::Router> {
        let mounts = self.inner.mounts.read().unwrap_or_else(PoisonError::into_inner);
        let fitting = mounts.iter().filter(|(prefix, _)| path.starts_with(prefix));
        fitting.max_by_key(|(prefix, _)| prefix.len()).map(|(_, router)| router.clone())
    }

    /// The state. No caller holds the guard across an await.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn users(&self) -> &Users {
        &self.inner.users
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    pub(super) fn pod_logs(&self) -> &PodLogs {
        &self.inner.pod_logs
    }

    /// The Kubernetes version, `v1.33.5`.
    pub(super) fn version(&self) -> &str {
        &self.inner.version
    }
}
