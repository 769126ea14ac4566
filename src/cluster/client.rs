//! The cluster handle: who and where it is, and the plain reads and patches.

use super::{ClusterError, Kind, ObjectRef};
use crate::config::Secret;
use crate::http::{RequestCounter, TlsPolicy};
use crate::wait::pause;
use http::Request;
use kube::api::{ListParams, Patch, PatchParams, PostParams};
use kube::core::{DynamicObject, ObjectList, TypeMeta};
use kube::{Api, Client};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// The name under which this program's fields are managed.
pub const FIELD_MANAGER: &str = "mtvtest";

/// Objects to a page of a list.
const PAGE: u32 = 500;

/// Pauses before an idempotent request is sent again after no answer or a 5xx: a dropped connection must not fail a
/// test, a cluster that is down must be reported soon.
const AGAIN_AFTER: [Duration; 3] =
    [Duration::from_millis(200), Duration::from_millis(600), Duration::from_millis(1800)];

/// Where a cluster is and how it is spoken to.
#[derive(Debug, Clone)]
pub struct ClusterAddress {
    /// URL of the API server, without a trailing slash.
    pub url: String,
    /// Bearer token, when the login gave one (client certificates do not).
    pub token: Option<Secret>,
    /// Which certificates the API server may show.
    pub tls: TlsPolicy,
}

/// A cluster one is logged in to. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    address: Arc<ClusterAddress>,
    counter: RequestCounter,
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Cluster").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Cluster {
    /// A cluster behind `client`, whose requests `counter` counts.
    pub fn new(client: Client, address: ClusterAddress, counter: RequestCounter) -> Self {
        Self { client, address: Arc::new(address), counter }
    }

    /// kube's client, for sub-resources that have no method here (logs, port-forward).
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// URL of the API server.
    pub fn url(&self) -> &str {
        &self.address.url
    }

    /// The bearer token of the login, if it has one.
    pub fn token(&self) -> Option<&Secret> {
        self.address.token.as_ref()
    }

    /// Which certificates the API server may show.
    pub fn tls(&self) -> &TlsPolicy {
        &self.address.tls
    }

    /// The policies to try, in order, for hosts behind the cluster's ingress (Routes, OAuth), whose certificate the API
    /// server's CA need not have signed. Source: cluster-api.md section 3.1.
    pub fn ingress_tls(&self) -> Vec<TlsPolicy> {
        ingress_policies(&self.address.tls)
    }

    /// Requests sent so far.
    pub fn requests(&self) -> u64 {
        self.counter.total()
    }

    /// The object, or `None` when it does not exist.
    ///
    /// # Errors
    /// See [`ClusterError`]; a kind that is not served is an error.
    pub async fn get(&self, target: &ObjectRef) -> Result<Option<DynamicObject>, ClusterError> {
        let operation = format!("read {target}");
        let api = self.api(target.kind, target.namespace.as_deref());
        match self.steadily(&operation, || api.get(&target.name)).await {
            Ok(object) => Ok(Some(typed(object, target.kind))),
            Err(ClusterError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All objects of a kind, in one namespace or (`None`) everywhere, that match the label selector (empty: all).
    ///
    /// # Errors
    /// See [`ClusterError`].
    pub async fn list(
        &self,
        kind: Kind,
        namespace: Option<&str>,
        label_selector: &str,
    ) -> Result<Vec<DynamicObject>, ClusterError> {
        let operation = match namespace {
            Some(namespace) => format!("list {} in {namespace}", kind.plural),
            None => format!("list {}", kind.plural),
        };
        let api = self.api(kind, namespace);
        let mut restarted = false;
        let mut objects = Vec::new();
        let mut params = ListParams::default().labels(label_selector).limit(PAGE);
        loop {
            let page: ObjectList<DynamicObject> = match self.steadily(&operation, || api.list(&params)).await {
                Ok(page) => page,
                // The continue token expired: begin again, once.
                Err(ClusterError::Rejected { code: 410, .. }) if !restarted => {
                    restarted = true;
                    objects.clear();
                    params.continue_token = None;
                    continue;
                }
                Err(error) => return Err(error),
            };
            objects.extend(page.items.into_iter().map(|object| typed(object, kind)));
            params.continue_token = page.metadata.continue_.filter(|token| !token.is_empty());
            if params.continue_token.is_none() {
                return Ok(objects);
            }
        }
    }

    /// Applies a merge patch and returns the object as it is afterwards. A change that must be undone is entered in the
    /// ledger by the caller first.
    ///
    /// # Errors
    /// See [`ClusterError`]; the object's absence is [`ClusterError::NotFound`].
    pub async fn patch(&self, target: &ObjectRef, merge: &Value) -> Result<DynamicObject, ClusterError> {
        let operation = format!("change {target}");
        let api = self.api(target.kind, target.namespace.as_deref());
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        // Without a version in it a merge patch means the same whatever happened meanwhile.
        let versioned = merge.pointer("/metadata/resourceVersion").is_some();
        let passing = |error: &ClusterError| error.is_transient() || (error.is_conflict() && !versioned);
        let change = Patch::Merge(merge);
        let ask = || api.patch(&target.name, &params, &change);
        let patched = self.again_while(passing, &operation, ask).await?;
        Ok(typed(patched, target.kind))
    }

    /// Whether the cluster serves the kind.
    ///
    /// # Errors
    /// See [`ClusterError`].
    pub async fn serves(&self, kind: Kind) -> Result<bool, ClusterError> {
        let operation = format!("discover {}", kind.api_version);
        let list = || async {
            match kind.api_version.split_once('/') {
                Some(_) => self.client.list_api_group_resources(kind.api_version).await,
                None => self.client.list_core_api_resources(kind.api_version).await,
            }
        };
        match self.steadily(&operation, list).await {
            Ok(served) => Ok(served.resources.iter().any(|resource| resource.name == kind.plural)),
            Err(ClusterError::KindMissing { .. } | ClusterError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A GET of a path that is no object (`/version`), as JSON.
    pub(super) async fn get_path<T: DeserializeOwned>(&self, operation: &str, path: &str) -> Result<T, ClusterError> {
        self.steadily(operation, || async {
            let request = Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
            self.client.request(request).await
        })
        .await
    }

    /// Sends a review (a question in the form of an object) and returns it answered. Nothing is stored, so it may be
    /// sent again and needs no ledger entry.
    pub(super) async fn review(
        &self,
        operation: &str,
        kind: Kind,
        spec: &Value,
    ) -> Result<DynamicObject, ClusterError> {
        let question = DynamicObject {
            types: Some(TypeMeta { api_version: kind.api_version.to_owned(), kind: kind.kind.to_owned() }),
            metadata: kube::core::ObjectMeta::default(),
            data: serde_json::json!({ "spec": spec }),
        };
        let api = self.api(kind, None);
        self.steadily(operation, || async { api.create(&PostParams::default(), &question).await }).await
    }

    pub(super) fn api(&self, kind: Kind, namespace: Option<&str>) -> Api<DynamicObject> {
        match namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &kind.resource()),
            None => Api::all_with(self.client.clone(), &kind.resource()),
        }
    }

    pub(super) fn classify(&self, operation: &str, error: kube::Error) -> ClusterError {
        ClusterError::classify(operation, self.url(), error)
    }

    /// Sends an idempotent request until it is answered, three times more at most.
    pub(super) async fn steadily<T, F: Future<Output = kube::Result<T>>>(
        &self,
        operation: &str,
        ask: impl Fn() -> F,
    ) -> Result<T, ClusterError> {
        self.again_while(ClusterError::is_transient, operation, ask).await
    }

    /// Sends a request again while `passing` holds for its error, three times at most, and after a silence only once:
    /// a server that does not answer at all costs a minute each time.
    async fn again_while<T, F: Future<Output = kube::Result<T>>>(
        &self,
        passing: impl Fn(&ClusterError) -> bool,
        operation: &str,
        ask: impl Fn() -> F,
    ) -> Result<T, ClusterError> {
        let mut silences = 0;
        for again_after in AGAIN_AFTER {
            match ask().await.map_err(|error| self.classify(operation, error)) {
                Err(error) if passing(&error) && silences == 0 => {
                    silences += u32::from(error.is_silence());
                    tracing::debug!("{}; asking again", crate::facts::chain(&error));
                    pause(again_after).await;
                }
                answer => return answer,
            }
        }
        ask().await.map_err(|error| self.classify(operation, error))
    }
}

/// The policies to try for ingress hosts, given the API server's.
pub(super) fn ingress_policies(api: &TlsPolicy) -> Vec<TlsPolicy> {
    match api {
        TlsPolicy::AcceptAny => vec![TlsPolicy::AcceptAny],
        TlsPolicy::SystemRoots => vec![TlsPolicy::SystemRoots],
        TlsPolicy::Pinned(pem) => vec![TlsPolicy::SystemRoots, TlsPolicy::Pinned(pem.clone())],
    }
}

/// Items of a list of a built-in kind carry no type; here every object does.
pub(super) fn typed(mut object: DynamicObject, kind: Kind) -> DynamicObject {
    if object.types.is_none() {
        object.types = Some(TypeMeta { api_version: kind.api_version.to_owned(), kind: kind.kind.to_owned() });
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::testing::{Fake, list, not_found, plan, status};
    use serde_json::json;

    fn target() -> ObjectRef {
        ObjectRef::namespaced(Kind::PLAN, "ns", "p")
    }

    #[tokio::test(start_paused = true)]
    async fn reads_survive_a_reset_and_tell_absence_from_a_missing_kind() {
        let fake = Fake::default();
        fake.reset();
        fake.answer(500, status(500, "InternalError", "etcd"));
        fake.answer(200, plan("7"));
        fake.answer(404, not_found("plans.forklift.konveyor.io", "p"));
        fake.text(404, "404 page not found");
        let cluster = fake.cluster();
        assert_eq!(cluster.get(&target()).await.unwrap().unwrap().metadata.uid.as_deref(), Some("u1"));
        assert!(cluster.get(&target()).await.unwrap().is_none());
        assert!(cluster.get(&target()).await.unwrap_err().is_kind_missing());
        assert_eq!(cluster.requests(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn an_unreachable_cluster_is_reported_after_four_attempts() {
        let fake = Fake::default();
        (0..4).for_each(|_| fake.reset());
        let error = fake.cluster().get(&target()).await.unwrap_err();
        assert!(matches!(&error, ClusterError::Unreachable { url, .. } if url == "https://api.test:6443"));
        assert!(fake.is_spent());
    }

    #[tokio::test]
    async fn lists_follow_pages_begin_again_on_410_and_fill_in_types() {
        let fake = Fake::default();
        let page = |token: &str, name: &str| json!({"metadata": {"resourceVersion": "1", "continue": token}, "items": [{"metadata": {"name": name}}]});
        fake.answer(200, page("t1", "stale"));
        fake.answer(410, status(410, "Expired", "too old"));
        fake.answer(200, page("t2", "a"));
        fake.answer(200, page("", "b"));
        let pods = fake.cluster().list(Kind::POD, Some("ns"), "app=forklift").await.unwrap();
        let names: Vec<_> = pods.iter().filter_map(|pod| pod.metadata.name.as_deref()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(pods[0].types.as_ref().unwrap().kind, "Pod");
        let last = fake.requests().pop().unwrap();
        assert!(
            last.path.contains("labelSelector=app%3Dforklift") && last.path.contains("continue=t2"),
            "{}",
            last.path
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_is_asked_only_twice() {
        let fake = Fake::default();
        (0..2).for_each(|_| fake.stall());
        let error = fake.cluster().get(&target()).await.unwrap_err();
        assert!(crate::facts::chain(&error).ends_with("no answer within 65s"), "{error}");
        assert_eq!(fake.requests().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_patch_meets_a_conflict_and_is_sent_again_unless_it_names_a_version() {
        let fake = Fake::default();
        fake.answer(409, status(409, "Conflict", "modified"));
        fake.answer(200, plan("8"));
        fake.answer(409, status(409, "Conflict", "modified"));
        let cluster = fake.cluster();
        cluster.patch(&target(), &json!({"spec": {"archived": true}})).await.unwrap();
        let versioned = json!({"metadata": {"resourceVersion": "7"}, "spec": {}});
        assert!(cluster.patch(&target(), &versioned).await.unwrap_err().is_conflict());
    }

    #[tokio::test]
    async fn patches_carry_the_field_manager() {
        let fake = Fake::default();
        fake.answer(200, plan("8"));
        fake.answer(200, list("1", &[]));
        let cluster = fake.cluster();
        cluster.patch(&target(), &json!({"spec": {"archived": true}})).await.unwrap();
        let asked = &fake.requests()[0];
        assert_eq!(asked.method, "PATCH");
        assert!(asked.path.ends_with("/plans/p?&fieldManager=mtvtest"), "{}", asked.path);
        assert_eq!(asked.body, json!({"spec": {"archived": true}}));
        assert!(cluster.list(Kind::PLAN, None, "").await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn served_kinds_come_from_discovery() {
        let fake = Fake::default();
        let served = json!({"kind": "APIResourceList", "groupVersion": "forklift.konveyor.io/v1beta1", "resources": [
            {"name": "plans", "singularName": "plan", "namespaced": true, "kind": "Plan", "verbs": ["get"]}]});
        fake.answer(200, served.clone());
        fake.answer(200, served);
        fake.text(404, "404 page not found");
        let cluster = fake.cluster();
        assert!(cluster.serves(Kind::PLAN).await.unwrap());
        assert!(!cluster.serves(Kind::CONVERSION).await.unwrap());
        assert!(!cluster.serves(Kind::ROUTE).await.unwrap());
    }
}
