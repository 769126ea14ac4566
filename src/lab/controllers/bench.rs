//! A lab for the controllers' tests: API server, controllers and a migration's objects, in-process.

use super::hub::Hub;
use super::kinds::{self, Kind};
use super::object::{has_condition, items, text};
use crate::lab::clock::Pace;
use crate::lab::kube::ApiServer;
use crate::lab::world::{World, WorldSpec};
use crate::wait::{Deadline, Seen, poll};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) const SPACE: &str = "target";

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) server: ApiServer,
    pub(crate) hub: Hub,
    cancel: CancellationToken,
    tasks: JoinSet<()>,
}

impl Bench {
    pub(crate) fn start() -> Self {
        Self::start_at(Pace::FULL)
    }

    pub(crate) fn start_at(pace: Pace) -> Self {
        Self::start_in(World::from_spec(WorldSpec::embedded().unwrap(), pace).unwrap())
    }

    /// A lab of this release of MTV.
    pub(crate) fn start_mtv(release: &str) -> Self {
        let mut spec = WorldSpec::embedded().unwrap();
        spec.cluster.mtv = release.to_owned();
        Self::start_in(World::from_spec(spec, Pace::FULL).unwrap())
    }

    pub(crate) fn start_in(world: World) -> Self {
        let server = ApiServer::with_logs(&world.spec.cluster, world.faults.clone(), world.pod_logs.clone());
        for object in super::seed(&world) {
            server.insert(object).unwrap();
        }
        server.insert(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})).unwrap();
        let client = server.client(&world.spec.cluster.users[0].token);
        let cancel = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(super::run(world.clone(), client.clone(), cancel.clone()));
        Self { hub: Hub::new(world.clone(), client), world, server, cancel, tasks }
    }

    pub(crate) async fn stop(mut self) {
        self.cancel.cancel();
        while self.tasks.join_next().await.is_some() {}
    }

    pub(crate) async fn make(&self, kind: Kind, own: &str, body: Value) -> Arc<Value> {
        let mut body = body;
        body["metadata"] = json!({"namespace": SPACE, "name": own});
        self.hub.create(kind, body).await.unwrap()
    }

    /// Waits until the object passes; the text of the last state is in the panic.
    pub(crate) async fn until(&self, kind: Kind, own: &str, met: impl Fn(&Value) -> bool) -> Arc<Value> {
        let deadline = Deadline::after(Duration::from_secs(20), &CancellationToken::new());
        let probe = async || match self.hub.get(kind, SPACE, own).await.unwrap() {
            Some(object) if met(&object) => Seen::Met(object),
            other => Seen::Pending(format!("{}", other.as_deref().unwrap_or(&Value::Null)["status"])),
        };
        poll(&format!("{} {own}", kind.title), &deadline, Duration::from_millis(20), probe).await.unwrap()
    }

    pub(crate) async fn gone(&self, kind: Kind, own: &str) {
        let deadline = Deadline::after(Duration::from_secs(20), &CancellationToken::new());
        let probe = async || match self.hub.get(kind, SPACE, own).await.unwrap() {
            None => Seen::Met(()),
            Some(object) => Seen::Pending(object.to_string()),
        };
        poll(own, &deadline, Duration::from_millis(20), probe).await.unwrap();
    }

    /// Everything of a kind but the golden images, which are there from the start.
    pub(crate) fn all(&self, kind: Kind) -> Vec<Value> {
        let images = "openshift-virtualization-os-images";
        let is_wanted = |one: &Value| one["kind"] == kind.title && one["metadata"]["namespace"] != images;
        self.server.objects().into_iter().filter(is_wanted).collect()
    }

    pub(crate) fn source_vm(&self, name: &str) -> crate::lab::world::Vm {
        self.world.sources[0].read().vms.iter().find(|vm| vm.name == name).unwrap().clone()
    }

    /// Secret, provider and maps for these VMs; everything goes to the pod network and the first class.
    pub(crate) async fn prepare(&self, password: &str) {
        let source = &self.world.sources[0];
        self.make(
            kinds::SECRET,
            "login",
            json!({"stringData": {"user": source.username, "password": password, "insecureSkipVerify": "true",
                "url": format!("https://{}/sdk", source.host)}}),
        )
        .await;
        let url = format!("https://{}/sdk", source.host);
        let secret = json!({"namespace": SPACE, "name": "login"});
        self.make(kinds::PROVIDER, "src", json!({"spec": {"type": "vsphere", "url": url, "secret": secret}})).await;
        self.make(kinds::PROVIDER, "dst", json!({"spec": {"type": "openshift", "url": "", "secret": {}}})).await;
    }

    pub(crate) async fn map(&self) {
        let (datastores, networks) = {
            let inventory = self.world.sources[0].read();
            (inventory.datastores.clone(), inventory.networks.clone())
        };
        let provider = json!({
            "source": {"namespace": SPACE, "name": "src"}, "destination": {"namespace": SPACE, "name": "dst"}});
        let class = &self.world.spec.cluster.storage_classes[0].name;
        let rows: Vec<Value> = datastores
            .iter()
            .map(|one| json!({"source": {"name": one.name}, "destination": {"storageClass": class}}))
            .collect();
        self.make(kinds::STORAGE_MAP, "storage", json!({"spec": {"provider": provider, "map": rows}})).await;
        let mut rows = Vec::new();
        for (index, network) in networks.iter().enumerate() {
            let nad = format!("nad-{index}");
            self.make(kinds::ATTACHMENT, &nad, json!({"spec": {"config": "{}"}})).await;
            let pod = json!({"type": "pod"});
            let multus = json!({"type": "multus", "namespace": SPACE, "name": nad});
            rows.push(json!({"source": {"id": network.moref}, "destination": if index == 0 { pod } else { multus }}));
        }
        self.make(kinds::NETWORK_MAP, "network", json!({"spec": {"provider": provider, "map": rows}})).await;
    }

    pub(crate) async fn plan(&self, own: &str, vm: &str, extra: Value) {
        let id = self.source_vm(vm).moref;
        let mut spec = json!({
            "targetNamespace": SPACE,
            "provider": {
                "source": {"namespace": SPACE, "name": "src"}, "destination": {"namespace": SPACE, "name": "dst"}},
            "map": {
                "storage": {"namespace": SPACE, "name": "storage"}, "network": {"namespace": SPACE, "name": "network"}},
            "vms": [{"id": id, "name": vm}],
        });
        for (key, value) in extra.as_object().unwrap() {
            spec[key] = value.clone();
        }
        self.make(kinds::PLAN, own, json!({"spec": spec})).await;
    }

    pub(crate) async fn migrate(&self, plan: &str) {
        self.make(kinds::MIGRATION, plan, json!({"spec": {"plan": {"namespace": SPACE, "name": plan}}})).await;
    }

    pub(crate) async fn ready(&self) {
        self.prepare("lab-vcenter").await;
        self.until(kinds::PROVIDER, "src", |one| has_condition(one, "Ready")).await;
        self.map().await;
        self.until(kinds::STORAGE_MAP, "storage", |one| has_condition(one, "Ready")).await;
        self.until(kinds::NETWORK_MAP, "network", |one| has_condition(one, "Ready")).await;
    }
}

pub(crate) fn kinds_of(object: &Value) -> Vec<&str> {
    items(object, "/status/conditions").map(|one| text(one, "/type")).collect()
}

pub(crate) const VM: &str = "mtv-win2019-3disks";
