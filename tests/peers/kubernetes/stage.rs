//! A control plane with the lab beside it: its controllers stand in for Forklift, CDI and KubeVirt, its sources and its
//! inventory for the rest. One serves all trials of this module; each trial has a session, an account and names of its
//! own.

use super::recorder::Recorder;
use crate::bench::Bench;
use crate::control_plane::{ControlPlane, get, post};
use crate::course::Course;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use kube::client::Body;
use mtvtest::cluster::{BoxError, Cluster, ClusterAddress, connect};
use mtvtest::config::{MapEnvironment, Settings};
use mtvtest::http::{ByteStream, HttpError, Network, RealNetwork, RequestCounter, TlsPolicy, Transport};
use mtvtest::lab::clock::Pace;
use mtvtest::lab::world::{World, WorldSpec};
use mtvtest::lab::{Aggregated, Beside, Oracle};
use mtvtest::wait::{Deadline, Seen, poll};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;

/// Where the trials' service accounts are.
const ACCOUNTS: &str = "peer-accounts";

/// Nodes are born with a taint that only a controller of nodes' health takes away, which would find these dead.
const NODES: &str = "--disable-admission-plugins=TaintNodesByCondition";

pub(crate) struct Stage {
    pub(crate) plane: ControlPlane,
    pub(crate) beside: Beside,
    _subresources: Aggregated,
    /// What the lab's controllers write.
    pub(crate) controllers: Recorder,
    /// Runs share the world's faults: who switches one on writes, who must see none reads.
    pub(crate) turns: RwLock<()>,
    runtime: Runtime,
    seeds: AtomicU64,
}

static SHARED: LazyLock<Result<Stage, String>> = LazyLock::new(|| {
    // A thread of its own: whoever asks first is inside a runtime.
    std::thread::spawn(Stage::start).join().unwrap_or_else(|_| Err("the stage's start panicked".to_owned()))
});

impl Stage {
    /// The stage of this process. The death of its control plane fails `bench`'s test.
    pub(crate) fn shared(bench: &Bench) -> &'static Self {
        let stage = SHARED.as_ref().unwrap_or_else(|why| panic!("{why}"));
        stage.plane.join(bench);
        stage
    }

    fn start() -> Result<Self, String> {
        // The lab outlives every trial's runtime.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (plane, beside, subresources, controllers) = runtime.block_on(async {
            let plane = ControlPlane::start(&[NODES]).await?;
            let admin = plane.admin().await;
            let controllers = Recorder::default();
            let world = World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap();
            let told = |why| mtvtest::facts::chain(&why);
            let beside = Beside::start(world, controllers.around(admin.clone())).await.map_err(told)?;
            let subresources = beside.aggregate(&admin).await.map_err(told)?;
            served(&admin).await?;
            Ok::<_, String>((plane, beside, subresources, controllers))
        })?;
        Ok(Self {
            plane,
            beside,
            _subresources: subresources,
            controllers,
            turns: RwLock::new(()),
            runtime,
            seeds: AtomicU64::new(1),
        })
    }

    /// As [`account`], of the stage's control plane.
    pub(crate) async fn account(&self, name: &str, rules: &Value) -> String {
        account(&self.plane, name, rules).await
    }

    /// The name under which the API server knows a trial's service account.
    pub(crate) fn user(name: &str) -> String {
        format!("system:serviceaccount:{ACCOUNTS}:{name}")
    }

    /// What a run here needs; its session is its own.
    pub(crate) fn course(&self) -> Course {
        let mut settings = Settings::default();
        settings.storage_class = Some(self.beside.world().spec.cluster.storage_classes[0].name.clone());
        let network = OnStage { network: self.beside.network(), stage: self.runtime.handle().clone() };
        let mut course = Course::new(settings, Arc::new(network), self.beside.providers_json());
        course.seed = self.seeds.fetch_add(1, Ordering::Relaxed);
        course
    }

    /// As [`log_in`], to the stage's control plane.
    pub(crate) async fn log_in(&self, course: &Course, token: &str) -> Cluster {
        log_in(&self.plane, token, course.folder.path()).await
    }

    /// Waits until nothing of the course's session is left, in the cluster or at the sources.
    pub(crate) async fn assert_nothing_left(&self, course: &Course) {
        let admin = self.plane.admin().await;
        let session = course.session_id();
        let deadline = Deadline::after(Duration::from_secs(40), &CancellationToken::new());
        let gone = poll("nothing of the session to be left", &deadline, Duration::from_millis(500), || async {
            let left = Oracle::leftovers_among(&objects(&admin).await, self.beside.world(), session.as_str());
            if left.is_empty() { Seen::Met(()) } else { Seen::Pending(left.join(", ")) }
        });
        gone.await.unwrap_or_else(|why| panic!("{why}"));
    }
}

/// Waits until the API server passes KubeVirt's subresources on.
async fn served(admin: &kube::Client) -> Result<(), String> {
    let deadline = Deadline::after(Duration::from_secs(60), &CancellationToken::new());
    let what = "the subresources of KubeVirt to be served";
    let served = poll(what, &deadline, Duration::from_millis(500), || async {
        let service = "/apis/apiregistration.k8s.io/v1/apiservices/v1.subresources.kubevirt.io";
        match get(admin, service).await {
            Ok(found) if is_available(&found) => Seen::Met(()),
            Ok(found) => Seen::Pending(found["status"].to_string()),
            Err(error) => Seen::Pending(error.to_string()),
        }
    });
    served.await.map_err(|why| why.to_string())
}

fn is_available(service: &Value) -> bool {
    let conditions = service["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|one| one["type"] == "Available" && one["status"] == "True")
}

/// A service account that may do what `rules` say, and a token of it.
pub(crate) async fn account(plane: &ControlPlane, name: &str, rules: &Value) -> String {
    let admin = plane.admin().await;
    // The first account makes the namespace.
    post(&admin, "/api/v1/namespaces", &json!({"metadata": {"name": ACCOUNTS}})).await.ok();
    let accounts = format!("/api/v1/namespaces/{ACCOUNTS}/serviceaccounts");
    post(&admin, &accounts, &json!({"metadata": {"name": name}})).await.unwrap();
    let rbac = "/apis/rbac.authorization.k8s.io/v1";
    let role = json!({"metadata": {"name": name}, "rules": rules});
    post(&admin, &format!("{rbac}/clusterroles"), &role).await.unwrap();
    let binding = json!({
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"kind": "ServiceAccount", "namespace": ACCOUNTS, "name": name}],
    });
    post(&admin, &format!("{rbac}/clusterrolebindings"), &binding).await.unwrap();
    let request = json!({"spec": {"expirationSeconds": 3600}});
    let made = post(&admin, &format!("{accounts}/{name}/token"), &request).await.unwrap();
    made["status"]["token"].as_str().unwrap().to_owned()
}

/// Takes an account away; its tokens are worth nothing soon after.
pub(crate) async fn revoke(plane: &ControlPlane, name: &str) {
    let path = format!("/api/v1/namespaces/{ACCOUNTS}/serviceaccounts/{name}");
    let request = Request::delete(path).body(Vec::new()).unwrap();
    plane.admin().await.request::<Value>(request).await.unwrap();
}

/// Logs in with a token as the program does with a kubeconfig, which is written to `folder`.
pub(crate) async fn log_in(plane: &ControlPlane, token: &str, folder: &Path) -> Cluster {
    let file = folder.join("kubeconfig");
    std::fs::write(&file, plane.kubeconfig(token)).unwrap();
    let mut settings = Settings::default();
    settings.kubeconfig = Some(file);
    let cluster = connect(&settings, &MapEnvironment::default(), &RealNetwork).await;
    cluster.unwrap_or_else(|why| panic!("{}", mtvtest::facts::chain(&why)))
}

/// The same cluster, with something between the program and it.
pub(crate) fn between<F, R>(cluster: &Cluster, pass: F) -> Cluster
where
    F: Fn(kube::Client, Request<Body>) -> R + Clone + Send + 'static,
    R: Future<Output = Result<Response<Body>, BoxError>> + Send + 'static,
{
    let client = cluster.client().clone();
    let service = tower::service_fn(move |request: Request<Body>| pass(client.clone(), request));
    let address =
        ClusterAddress { url: cluster.url().to_owned(), token: cluster.token().cloned(), tls: cluster.tls().clone() };
    Cluster::new(kube::Client::new(service, "default"), address, RequestCounter::default())
}

/// Every object of every kind that can be listed.
pub(crate) async fn objects(admin: &kube::Client) -> Vec<Value> {
    let mut all = Vec::new();
    let discovery = kube::discovery::Discovery::new(admin.clone()).run().await.unwrap();
    for group in discovery.groups() {
        for (resource, capabilities) in group.recommended_resources() {
            if !capabilities.supports_operation(kube::discovery::verbs::LIST) {
                continue;
            }
            let root = if resource.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", resource.group) };
            let list = get(admin, &format!("{root}/{}/{}", resource.version, resource.plural)).await.unwrap();
            for object in list["items"].as_array().into_iter().flatten() {
                let mut object = object.clone();
                object["kind"] = json!(resource.kind);
                object["apiVersion"] = json!(resource.api_version);
                all.push(object);
            }
        }
    }
    all
}

/// The lab's network, whose hosts work on the stage's runtime: their connections must not end with a trial.
struct OnStage<T> {
    network: T,
    stage: Handle,
}

#[async_trait]
impl Network for OnStage<Arc<dyn Network>> {
    fn open(&self, tls: &TlsPolicy) -> Result<Arc<dyn Transport>, HttpError> {
        Ok(Arc::new(OnStage { network: self.network.open(tls)?, stage: self.stage.clone() }))
    }

    async fn certificate_chain(&self, host: &str, port: u16) -> Result<String, HttpError> {
        self.network.certificate_chain(host, port).await
    }

    async fn dial(&self, host: &str, port: u16) -> std::io::Result<Box<dyn ByteStream>> {
        let (network, host) = (Arc::clone(&self.network), host.to_owned());
        self.stage.spawn(async move { network.dial(&host, port).await }).await.unwrap()
    }
}

#[async_trait]
impl Transport for OnStage<Arc<dyn Transport>> {
    async fn send(&self, request: Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let network = Arc::clone(&self.network);
        self.stage.spawn(async move { network.send(request).await }).await.unwrap()
    }
}
