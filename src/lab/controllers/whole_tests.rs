//! The controllers against the lab's API server, in-process.

use super::hub::Hub;
use super::kinds::{self, Kind};
use super::object::{has_condition, items, name, text, uid};
use crate::facts::Power;
use crate::lab::clock::Pace;
use crate::lab::fault::{Failure, ProductFault};
use crate::lab::kube::ApiServer;
use crate::lab::world::{World, WorldSpec};
use crate::wait::{Deadline, Seen, poll};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const SPACE: &str = "target";

struct Bench {
    world: World,
    server: ApiServer,
    hub: Hub,
    cancel: CancellationToken,
    tasks: JoinSet<()>,
}

impl Bench {
    fn start() -> Self {
        Self::start_at(Pace::FULL)
    }

    fn start_at(pace: Pace) -> Self {
        let world = World::from_spec(WorldSpec::embedded().unwrap(), pace).unwrap();
        let server = ApiServer::new(&world.spec.cluster, world.faults.clone());
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

    async fn stop(mut self) {
        self.cancel.cancel();
        while self.tasks.join_next().await.is_some() {}
    }

    async fn make(&self, kind: Kind, own: &str, body: Value) -> Arc<Value> {
        let mut body = body;
        body["metadata"] = json!({"namespace": SPACE, "name": own});
        self.hub.create(kind, body).await.unwrap()
    }

    /// Waits until the object passes; the text of the last state is in the panic.
    async fn until(&self, kind: Kind, own: &str, met: impl Fn(&Value) -> bool) -> Arc<Value> {
        let deadline = Deadline::after(Duration::from_secs(20), &CancellationToken::new());
        let probe = async || match self.hub.get(kind, SPACE, own).await.unwrap() {
            Some(object) if met(&object) => Seen::Met(object),
            other => Seen::Pending(format!("{}", other.as_deref().unwrap_or(&Value::Null)["status"])),
        };
        poll(&format!("{} {own}", kind.title), &deadline, Duration::from_millis(20), probe).await.unwrap()
    }

    async fn gone(&self, kind: Kind, own: &str) {
        let deadline = Deadline::after(Duration::from_secs(20), &CancellationToken::new());
        let probe = async || match self.hub.get(kind, SPACE, own).await.unwrap() {
            None => Seen::Met(()),
            Some(object) => Seen::Pending(object.to_string()),
        };
        poll(own, &deadline, Duration::from_millis(20), probe).await.unwrap();
    }

    fn all(&self, kind: Kind) -> Vec<Value> {
        self.server.objects().into_iter().filter(|one| one["kind"] == kind.title).collect()
    }

    fn source_vm(&self, name: &str) -> crate::lab::world::Vm {
        self.world.vsphere[0].read().vms.iter().find(|vm| vm.name == name).unwrap().clone()
    }

    /// Secret, provider and maps for these VMs; everything goes to the pod network and the first class.
    async fn prepare(&self, password: &str) {
        let source = &self.world.vsphere[0];
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

    async fn map(&self) {
        let (datastores, networks) = {
            let inventory = self.world.vsphere[0].read();
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

    async fn plan(&self, own: &str, vm: &str, extra: Value) {
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

    async fn migrate(&self, plan: &str) {
        self.make(kinds::MIGRATION, plan, json!({"spec": {"plan": {"namespace": SPACE, "name": plan}}})).await;
    }

    async fn ready(&self) {
        self.prepare("lab-vcenter").await;
        self.until(kinds::PROVIDER, "src", |one| has_condition(one, "Ready")).await;
        self.map().await;
        self.until(kinds::STORAGE_MAP, "storage", |one| has_condition(one, "Ready")).await;
        self.until(kinds::NETWORK_MAP, "network", |one| has_condition(one, "Ready")).await;
    }
}

fn kinds_of(object: &Value) -> Vec<&str> {
    items(object, "/status/conditions").map(|one| text(one, "/type")).collect()
}

const VM: &str = "mtv-win2019-3disks";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cold_migration_arrives_intact_and_leaves_nothing() {
    let bench = Bench::start();
    bench.world.vsphere[0].change(|inventory| {
        let vm = inventory.vms.iter_mut().find(|vm| vm.name == VM).unwrap();
        vm.power = Power::On;
    });
    bench.ready().await;
    bench.plan("p", VM, json!({"targetLabels": {"k": "v"}})).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    let migration = bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Succeeded")).await;
    assert_eq!(kinds_of(&migration), ["Ready", "Succeeded"]);
    let plan = bench.until(kinds::PLAN, "p", |one| has_condition(one, "Succeeded")).await;
    assert!(!has_condition(&plan, "Executing") && has_condition(&plan, "Ready"));
    let steps: Vec<(&str, &str)> = items(&plan, "/status/migration/vms/0/pipeline")
        .map(|step| (text(step, "/name"), text(step, "/phase")))
        .collect();
    let names = ["Initialize", "DiskAllocation", "ImageConversion", "DiskTransferV2v", "VirtualMachineCreation"];
    assert_eq!(steps, names.map(|name| (name, "Completed")));
    let vm = bench
        .until(kinds::VIRTUAL_MACHINE, VM, |one| has_condition(one, "AgentConnected") && one["status"]["ready"] == true)
        .await;
    let source = bench.source_vm(VM);
    assert_eq!(source.power, Power::Off);
    let claims = bench.all(kinds::CLAIM);
    assert_eq!(claims.len(), source.disks.len());
    assert!(claims.iter().all(|claim| {
        let owners: Vec<&Value> = items(claim, "/metadata/ownerReferences").collect();
        owners.len() == 1 && text(owners[0], "/uid") == uid(&vm) && text(claim, "/status/phase") == "Bound"
    }));
    assert!(bench.all(kinds::DATA_VOLUME).is_empty());
    let instance = bench.until(kinds::INSTANCE, VM, |one| has_condition(one, "AgentConnected")).await;
    assert_eq!(items(&instance, "/status/interfaces").count(), source.nics.len());
    bench.hub.merge(kinds::PLAN, &plan, &json!({"spec": {"archived": true}})).await.unwrap();
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Archived") && !has_condition(one, "Ready")).await;
    bench.hub.delete(kinds::VIRTUAL_MACHINE, &vm).await.unwrap();
    bench.gone(kinds::VIRTUAL_MACHINE, VM).await;
    bench.gone(kinds::INSTANCE, VM).await;
    for claim in claims {
        bench.gone(kinds::CLAIM, name(&claim)).await;
        bench.gone(kinds::VOLUME, text(&claim, "/spec/volumeName")).await;
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_credentials_do_not_connect_until_they_are_mended() {
    let bench = Bench::start();
    bench.prepare("wrong").await;
    let provider = bench.until(kinds::PROVIDER, "src", |one| text(one, "/status/phase") == "ConnectionFailed").await;
    assert_eq!(kinds_of(&provider), ["ConnectionInsecure", "ConnectionAuthFailed"]);
    let secret = bench.hub.get(kinds::SECRET, SPACE, "login").await.unwrap().unwrap();
    let patch = json!({"stringData": {"password": "lab-vcenter"}});
    bench.hub.merge(kinds::SECRET, &secret, &patch).await.unwrap();
    bench.until(kinds::PROVIDER, "src", |one| text(one, "/status/phase") == "Ready").await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_step_fails_the_migration_and_archive_sweeps() {
    let bench = Bench::start();
    bench.world.faults.fail(Failure::PipelineStep { step: "DiskTransferV2v".into(), reason: "broken".into() });
    bench.ready().await;
    bench.plan("p", VM, json!({})).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    let migration = bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Failed")).await;
    assert_eq!(kinds_of(&migration), ["Ready", "Failed"]);
    let step = migration.pointer("/status/vms/0/pipeline/3").unwrap();
    assert_eq!((text(step, "/phase"), text(step, "/error/reasons/0")), ("Running", "broken"));
    assert!(step.get("completed").is_none() && !text(&migration, "/status/completed").is_empty());
    assert_eq!(bench.all(kinds::DATA_VOLUME).len(), 3, "leftovers stay");
    let plan = bench.hub.get(kinds::PLAN, SPACE, "p").await.unwrap().unwrap();
    bench.hub.merge(kinds::PLAN, &plan, &json!({"spec": {"archived": true}})).await.unwrap();
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Archived")).await;
    for claim in bench.all(kinds::CLAIM) {
        bench.gone(kinds::CLAIM, name(&claim)).await;
    }
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_migration_can_be_cancelled() {
    let bench = Bench::start();
    bench.world.faults.fail(Failure::MigrationStalls);
    bench.ready().await;
    bench.plan("p", VM, json!({})).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    let migration = bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Running")).await;
    let id = bench.source_vm(VM).moref;
    bench.hub.merge(kinds::MIGRATION, &migration, &json!({"spec": {"cancel": [{"id": id}]}})).await.unwrap();
    let cancelled = bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Canceled")).await;
    assert!(cancelled["status"].get("completed").is_none() && !has_condition(&cancelled, "Running"));
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Canceled") && !has_condition(one, "Executing")).await;
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hooks_run_and_a_failing_one_stops_the_migration() {
    use base64::Engine as _;
    let bench = Bench::start();
    bench.ready().await;
    let encode = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    for (own, task) in [("good", "- hosts: all\n  tasks: []\n"), ("bad", "- fail: {msg: no}\n")] {
        bench.make(kinds::HOOK, own, json!({"spec": {"image": "hook", "playbook": encode(task)}})).await;
        bench.until(kinds::HOOK, own, |one| has_condition(one, "Ready")).await;
    }
    let hook = |name: &str, step: &str| json!({"step": step, "hook": {"namespace": SPACE, "name": name}});
    let entry = |hooks: Value| json!({"vms": [{"id": bench.source_vm(VM).moref, "name": VM, "hooks": hooks}]});
    bench.plan("p", VM, entry(json!([hook("good", "PreHook"), hook("bad", "PostHook")]))).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    let migration = bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Failed")).await;
    let failed: Vec<&str> = items(&migration, "/status/vms/0/pipeline")
        .filter(|step| step.get("error").is_some())
        .map(|step| text(step, "/name"))
        .collect();
    assert_eq!(failed, ["PostHook"]);
    assert_eq!(bench.all(kinds::VIRTUAL_MACHINE).len(), 1);
    assert_eq!(bench.all(kinds::JOB).len(), 2);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_simulated_is_refused() {
    let bench = Bench::start();
    bench.ready().await;
    bench.plan("w", VM, json!({"warm": true})).await;
    bench.until(kinds::PLAN, "w", |one| kinds_of(one).contains(&"WarmMigrationNotReady")).await;
    bench.migrate("w").await;
    let waiting = bench.until(kinds::MIGRATION, "w", |one| has_condition(one, "PlanNotReady")).await;
    assert!(!has_condition(&waiting, "Ready"));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disks_are_lost_shrunk_and_misplaced_on_purpose() {
    for fault in [ProductFault::LostDisk, ProductFault::ShrunkDisk, ProductFault::WrongStorageClass] {
        let bench = Bench::start();
        bench.world.faults.harm(fault);
        bench.ready().await;
        bench.plan("p", VM, json!({"targetPowerState": "off"})).await;
        bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
        bench.migrate("p").await;
        bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Succeeded")).await;
        let vm = bench.until(kinds::VIRTUAL_MACHINE, VM, |_| true).await;
        let volumes: Vec<&str> = items(&vm, "/spec/template/spec/volumes")
            .map(|volume| text(volume, "/persistentVolumeClaim/claimName"))
            .collect();
        let first = bench.hub.get(kinds::CLAIM, SPACE, volumes[0]).await.unwrap().unwrap();
        let size = bench.source_vm(VM).disks[0].size_bytes;
        let halved = text(&first, "/spec/resources/requests/storage") != size.to_string();
        let class = &bench.world.spec.cluster.storage_classes[0].name;
        let astray = text(&first, "/spec/storageClassName") != class;
        let seen = [(volumes.len(), bench.all(kinds::CLAIM).len()) != (3, 3), halved, astray];
        let expected = match fault {
            ProductFault::LostDisk => [true, false, false],
            ProductFault::ShrunkDisk => [false, true, false],
            _ => [false, false, true],
        };
        assert_eq!(seen, expected, "{fault:?}");
        bench.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_follows_a_change() {
    let bench = Bench::start();
    let space = bench.world.spec.cluster.mtv_namespace.clone();
    let own = bench.hub.get(kinds::FORKLIFT_CONTROLLER, &space, "forklift-controller").await.unwrap().unwrap();
    let patched = bench.hub.merge(kinds::FORKLIFT_CONTROLLER, &own, &json!({"spec": {"x": 5}})).await.unwrap().unwrap();
    let generation = patched["metadata"]["generation"].clone();
    let deadline = Deadline::after(Duration::from_secs(20), &CancellationToken::new());
    poll("operator", &deadline, Duration::from_millis(20), async || {
        let now = bench.hub.get(kinds::FORKLIFT_CONTROLLER, &space, "forklift-controller").await.unwrap().unwrap();
        let done = now["status"]["observedGeneration"] == generation
            && text(&now, "/status/conditions/0/reason") == "Successful";
        if done { Seen::Met(()) } else { Seen::Pending(now["status"].to_string()) }
    })
    .await
    .unwrap();
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cdi_copies_when_shared_disks_are_left_and_time_passes() {
    let bench = Bench::start_at(Pace::divided_by(3000.0));
    bench.ready().await;
    bench.plan("p", VM, json!({"migrateSharedDisks": false, "targetPowerState": "off"})).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    let migration = bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Succeeded")).await;
    let steps: Vec<&str> = items(&migration, "/status/vms/0/pipeline").map(|step| text(step, "/name")).collect();
    assert_eq!(steps, ["Initialize", "DiskTransfer", "ImageConversion", "DiskTransferV2v", "VirtualMachineCreation"]);
    let vm = bench.until(kinds::VIRTUAL_MACHINE, VM, |one| !text(one, "/status/printableStatus").is_empty()).await;
    assert_eq!(text(&vm, "/spec/runStrategy"), "Halted");
    assert_eq!(text(&vm, "/status/printableStatus"), "Stopped");
    assert!(vm["status"].get("created").is_none());
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flipped_tls_setting_harms_nothing_else() {
    let bench = Bench::start();
    bench.world.faults.harm(ProductFault::TlsFlagFlipped);
    bench.ready().await;
    bench.plan("p", VM, json!({"targetPowerState": "off"})).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Succeeded")).await;
    let secret = bench.until(kinds::SECRET, "login", |_| true).await;
    assert_eq!(super::object::secret_key(&secret, "insecureSkipVerify"), "false");
    let provider = bench.until(kinds::PROVIDER, "src", |_| true).await;
    assert!(has_condition(&provider, "Ready"));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_fail_are_tried_again() {
    use crate::lab::fault::{TransportEffect, TransportFault};
    let bench = Bench::start();
    bench.ready().await;
    for (verb, path, effect) in [
        ("PUT", "/plans/p/status", TransportEffect::Status(409)),
        ("PUT", "/plans/p/status", TransportEffect::ResetAfter),
        ("POST", "/datavolumes", TransportEffect::ResetAfter),
        ("POST", "/virtualmachines", TransportEffect::ResetAfter),
        ("PATCH", "/persistentvolumeclaims", TransportEffect::Status(500)),
        ("WATCH", "/plans", TransportEffect::DropWatch),
    ] {
        bench.world.faults.disturb(TransportFault {
            verb: verb.into(),
            path: path.into(),
            after: 1,
            times: Some(1),
            effect,
        });
    }
    bench.plan("p", VM, json!({"targetPowerState": "off"})).await;
    bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    bench.until(kinds::MIGRATION, "p", |one| has_condition(one, "Succeeded")).await;
    assert_eq!(bench.all(kinds::CLAIM).len(), 3);
    assert_eq!(bench.all(kinds::VIRTUAL_MACHINE).len(), 1);
    bench.stop().await;
}
