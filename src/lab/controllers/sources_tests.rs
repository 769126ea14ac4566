//! Migrations from oVirt, OpenStack and OVA: what each type of source makes on the cluster, and what it leaves.

use super::bench::{Bench, SPACE, kinds_of};
use super::kinds;
use super::object::{has_condition, items, label, text, uid};
use crate::facts::Power;
use crate::lab::world::{Source, Vm};
use serde_json::{Value, json};
use std::sync::Arc;

/// Secret and URL of the world's source of a type.
fn login(source: &Source) -> (String, Value) {
    let (user, password) = (&source.username, &source.password);
    match source.type_name() {
        "ovirt" => {
            let url = format!("https://{}/ovirt-engine/api", source.host);
            (url, json!({"user": user, "password": password, "insecureSkipVerify": "true"}))
        }
        "openstack" => {
            let url = format!("https://{}/identity/v3", source.host);
            let keys = json!({"username": user, "password": password, "projectName": "mtv", "domainName": "Default",
                "regionName": "regionOne", "insecureSkipVerify": "true"});
            (url, keys)
        }
        _ => (format!("{}:/exports/ova", source.host), json!({"url": "x"})),
    }
}

/// Provider, maps and a plan for a VM with at least one disk, on the source of a type.
struct Migration {
    bench: Bench,
    source: Arc<Source>,
    vm: Vm,
}

impl Migration {
    async fn start(type_name: &str, change: impl FnOnce(&mut Vm)) -> Self {
        let bench = Bench::start();
        let source = Arc::clone(bench.world.of_type(type_name).next().unwrap());
        let vm = source.change(|inventory| {
            let vm = inventory.vms.first_mut().unwrap();
            // oVirt's are templates, which are cloned.
            vm.template = false;
            change(vm);
            vm.clone()
        });
        let (url, keys) = login(&source);
        bench.make(kinds::SECRET, "login", json!({"stringData": keys})).await;
        let secret = json!({"namespace": SPACE, "name": "login"});
        let spec = json!({"spec": {"type": type_name, "url": url, "secret": secret}});
        bench.make(kinds::PROVIDER, "src", spec).await;
        bench.make(kinds::PROVIDER, "dst", json!({"spec": {"type": "openshift", "url": "", "secret": {}}})).await;
        bench.until(kinds::PROVIDER, "src", |one| has_condition(one, "Ready")).await;
        Self { bench, source, vm }
    }

    async fn map(&self, storages: &[Value], networks: &[Value]) {
        let provider = json!({
            "source": {"namespace": SPACE, "name": "src"}, "destination": {"namespace": SPACE, "name": "dst"}});
        let class = &self.bench.world.spec.cluster.storage_classes[0].name;
        let rows: Vec<Value> =
            storages.iter().map(|source| json!({"source": source, "destination": {"storageClass": class}})).collect();
        self.bench.make(kinds::STORAGE_MAP, "storage", json!({"spec": {"provider": provider, "map": rows}})).await;
        let mut rows = Vec::new();
        for (index, source) in networks.iter().enumerate() {
            let nad = format!("nad-{index}");
            self.bench.make(kinds::ATTACHMENT, &nad, json!({"spec": {"config": "{}"}})).await;
            let multus = json!({"type": "multus", "namespace": SPACE, "name": nad});
            rows.push(
                json!({"source": source, "destination": if index == 0 { json!({"type": "pod"}) } else { multus }}),
            );
        }
        self.bench.make(kinds::NETWORK_MAP, "network", json!({"spec": {"provider": provider, "map": rows}})).await;
        self.bench.until(kinds::STORAGE_MAP, "storage", |one| has_condition(one, "Ready")).await;
        self.bench.until(kinds::NETWORK_MAP, "network", |one| has_condition(one, "Ready")).await;
    }

    async fn plan(&self, extra: Value) {
        let mut spec = json!({
            "targetNamespace": SPACE,
            "provider": {
                "source": {"namespace": SPACE, "name": "src"}, "destination": {"namespace": SPACE, "name": "dst"}},
            "map": {
                "storage": {"namespace": SPACE, "name": "storage"}, "network": {"namespace": SPACE, "name": "network"}},
            "vms": [{"id": self.vm.moref, "name": self.vm.name}],
        });
        for (key, value) in extra.as_object().unwrap() {
            spec[key] = value.clone();
        }
        self.bench.make(kinds::PLAN, "p", json!({"spec": spec})).await;
    }

    /// Runs to its end; the Plan and the target VM.
    async fn run(&self) -> (Arc<Value>, Arc<Value>) {
        self.plan(json!({})).await;
        self.bench.until(kinds::PLAN, "p", |one| has_condition(one, "Ready")).await;
        self.bench.migrate("p").await;
        let plan = self.bench.until(kinds::PLAN, "p", |one| has_condition(one, "Succeeded")).await;
        let vm = self.bench.hub.get(kinds::VIRTUAL_MACHINE, SPACE, &self.vm.name).await.unwrap().unwrap();
        (plan, vm)
    }

    fn volumes(vm: &Value) -> Vec<&str> {
        items(vm, "/spec/template/spec/volumes").map(|volume| text(volume, "/name")).collect()
    }

    fn steps(plan: &Value) -> Vec<(String, String)> {
        let steps = items(plan, "/status/migration/vms/0/pipeline");
        steps.map(|step| (text(step, "/name").to_owned(), text(step, "/phase").to_owned())).collect()
    }
}

fn completed(names: &[&str]) -> Vec<(String, String)> {
    names.iter().map(|name| ((*name).to_owned(), "Completed".to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ovirt_disks_are_copied_by_populators_and_the_vm_keeps_its_id() {
    let migration = Migration::start("ovirt", |vm| vm.power = Power::On).await;
    let center = migration.source.read().datacenter.name.clone();
    let network = |name: &str| json!({"name": format!("{center}/{name}")});
    migration.map(&[json!({"name": "nfs-data"})], &[network("ovirtmgmt"), network("mtv-data")]).await;
    let (plan, vm) = migration.run().await;
    let names = ["Initialize", "DiskTransfer", "VirtualMachineCreation"];
    assert_eq!(Migration::steps(&plan), completed(&names));
    let task = text(&plan, "/status/migration/vms/0/pipeline/1/tasks/0/name").to_owned();
    assert_eq!(task, migration.vm.disks[0].uuid);
    assert_eq!(Migration::volumes(&vm), [migration.vm.disks[0].uuid.as_str()]);
    let firmware = &vm["spec"]["template"]["spec"]["domain"]["firmware"];
    assert_eq!((&firmware["uuid"], &firmware["serial"]), (&json!(migration.vm.moref), &json!(migration.vm.moref)));
    let claims: Vec<Value> = migration.bench.all(kinds::CLAIM);
    assert_eq!(claims.len(), migration.vm.disks.len());
    assert_eq!(label(&claims[0], "diskID"), migration.vm.disks[0].uuid);
    assert_eq!(text(&claims[0], "/status/phase"), "Bound");
    assert!(items(&claims[0], "/metadata/ownerReferences").any(|owner| text(owner, "/uid") == uid(&vm)));
    assert_eq!(migration.bench.all(kinds::DATA_VOLUME), Vec::<Value>::new());
    assert_eq!(migration.bench.all(kinds::OVIRT_POPULATOR), Vec::<Value>::new());
    assert_eq!(migration.source.read().vm(&migration.vm.moref).unwrap().power, Power::Off);
    migration.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openstack_books_its_snapshots_on_the_transfer() {
    let migration = Migration::start("openstack", |vm| vm.power = Power::On).await;
    let networks = migration.source.read().networks.clone();
    // One by its id, the other by its name.
    migration
        .map(
            &[json!({"name": "tripleo"}), json!({"name": "fast"})],
            &[json!({"id": networks[0].moref}), json!({"name": networks[1].name})],
        )
        .await;
    let (plan, vm) = migration.run().await;
    let steps = Migration::steps(&plan);
    assert_eq!(steps[2], ("ConvertOpenstackSnapshot".to_owned(), "Pending".to_owned()));
    assert_eq!(steps.len(), 4);
    let volumes: Vec<String> = migration.vm.disks.iter().map(|disk| format!("vol-{}", disk.uuid)).collect();
    assert_eq!(Migration::volumes(&vm), volumes);
    assert!(vm["spec"]["template"]["spec"]["domain"]["firmware"].get("serial").is_none());
    let claims = migration.bench.all(kinds::CLAIM);
    assert!(claims.iter().all(|claim| !label(claim, "imageID").is_empty()), "{claims:?}");
    assert_eq!(migration.bench.all(kinds::OPENSTACK_POPULATOR), Vec::<Value>::new());
    assert_eq!(migration.source.read().vm(&migration.vm.moref).unwrap().power, Power::Off);
    migration.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ova_files_are_converted_and_their_disks_are_storages() {
    let migration = Migration::start("ova", |_| {}).await;
    let storages: Vec<Value> = migration.vm.disks.iter().map(|disk| json!({"id": disk.uuid})).collect();
    migration.map(&storages, &[json!({"name": "VM Network"}), json!({"name": "Backup"})]).await;
    let (plan, vm) = migration.run().await;
    let names = ["Initialize", "DiskAllocation", "ImageConversion", "DiskTransferV2v", "VirtualMachineCreation"];
    assert_eq!(Migration::steps(&plan), completed(&names));
    let task = text(&plan, "/status/migration/vms/0/pipeline/1/tasks/0/name").to_owned();
    assert_eq!(task, format!("/ova/{0}.ova::{0}-1.vmdk", migration.vm.name));
    let nics: Vec<&Value> = items(&vm, "/spec/template/spec/domain/devices/interfaces").collect();
    assert!(nics.len() == 2 && nics.iter().all(|nic| nic.get("macAddress").is_none()), "{nics:?}");
    assert_eq!(vm["spec"]["template"]["spec"]["domain"]["firmware"]["serial"], json!(migration.vm.moref));
    migration.bench.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_vsphere_and_ovirt_migrate_warm() {
    for type_name in ["openstack", "ova"] {
        let migration = Migration::start(type_name, |_| {}).await;
        migration.map(&[], &[]).await;
        migration.plan(json!({"warm": true, "type": "warm"})).await;
        let plan = migration.bench.until(kinds::PLAN, "p", |one| has_condition(one, "WarmMigrationNotReady")).await;
        assert!(!has_condition(&plan, "Ready"), "{:?}", kinds_of(&plan));
        migration.bench.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_row_of_a_map_names_is_told() {
    let migration = Migration::start("ova", |_| {}).await;
    migration.map(&[json!({"id": migration.vm.disks[0].uuid})], &[json!({"name": "VM Network"})]).await;
    migration.plan(json!({})).await;
    let plan = migration.bench.until(kinds::PLAN, "p", |one| has_condition(one, "VMStorageNotMapped")).await;
    assert!(has_condition(&plan, "VMNetworksNotMapped"), "{:?}", kinds_of(&plan));
    migration.bench.stop().await;
}
