//! Copy-offload on a lab: API server, controllers and a migration's objects.

use super::super::super::bench::{Bench, SPACE, VM, kinds_of};
use super::super::super::kinds::{
    CLAIM, DATA_VOLUME, FORKLIFT_CONTROLLER, MIGRATION, PLAN, POD, POPULATOR, PROVIDER, SECRET, STORAGE_MAP, VOLUME,
};
use super::super::super::object::{annotation, has_condition, is_owned_by, items, label, name, secret_key, text, uid};
use crate::config::{MapEnvironment, Providers, StorageVendor};
use crate::facts::Power;
use crate::lab::clock::Pace;
use crate::lab::providers_file::providers_json;
use crate::lab::world::{Lun, Snapshot, World, WorldSpec, storage_product};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The array's Secret; `change` are its keys that are not as they should be.
async fn secret(bench: &Bench, change: Value) {
    let mut data = json!({
        "STORAGE_HOSTNAME": "array.lab.mtvtest", "STORAGE_USERNAME": "admin", "STORAGE_PASSWORD": "lab-array",
        "ONTAP_SVM": "svm-lab",
    });
    for (key, value) in change.as_object().unwrap() {
        data[key] = value.clone();
    }
    bench.make(SECRET, "array", json!({"stringData": data})).await;
}

/// A map of all datastores with the plugin, and of those in `bare` without it.
async fn map(bench: &Bench, vendor: &str, bare: &[&str]) {
    let plugin = json!({"vsphereXcopyConfig": {"secretRef": "array", "storageVendorProduct": vendor}});
    let class = &bench.world.spec.cluster.storage_classes[0].name;
    let stores = bench.world.sources[0].read().datastores.clone();
    let entries: Vec<Value> = stores
        .iter()
        .map(|store| {
            let mut entry = json!({
                "source": {"id": store.moref}, "destination": {"storageClass": class, "volumeMode": "Block"}});
            if !bare.contains(&store.name.as_str()) {
                entry["offloadPlugin"] = plugin.clone();
            }
            entry
        })
        .collect();
    let provider =
        json!({"source": {"namespace": SPACE, "name": "src"}, "destination": {"namespace": SPACE, "name": "dst"}});
    bench.make(STORAGE_MAP, "xcopy", json!({"spec": {"provider": provider, "map": entries}})).await;
}

async fn plan(bench: &Bench, extra: Value) {
    let mut spec = json!({
        "map": {"storage": {"namespace": SPACE, "name": "xcopy"}, "network": {"namespace": SPACE, "name": "network"}},
        "pvcNameTemplate": "pvc", "targetPowerState": "off",
    });
    for (key, value) in extra.as_object().unwrap() {
        spec[key] = value.clone();
    }
    bench.plan("p", VM, spec).await;
}

/// Moves the second disk of the VM to the datastore that is not on the array.
fn scatter(bench: &Bench) {
    bench.world.sources[0].change(|inventory| {
        let vm = inventory.vms.iter_mut().find(|vm| vm.name == VM).unwrap();
        vm.disks[1].datastore = "datastore-43".into();
        vm.disks[1].file = format!("[nfs-1] {VM}/{VM}_1.vmdk");
    });
}

async fn retain_pods(bench: &Bench, further: Value) {
    let space = bench.world.spec.cluster.mtv_namespace.clone();
    let own = bench.hub.get(FORKLIFT_CONTROLLER, &space, "forklift-controller").await.unwrap().unwrap();
    let mut spec = json!({"controller_retain_populator_pods": "true"});
    for (key, value) in further.as_object().unwrap() {
        spec[key] = value.clone();
    }
    bench.hub.merge(FORKLIFT_CONTROLLER, &own, &json!({"spec": spec})).await.unwrap();
}

async fn run(bench: &Bench, outcome: &str) -> Value {
    bench.until(PLAN, "p", |one| has_condition(one, "Ready")).await;
    bench.migrate("p").await;
    (*bench.until(MIGRATION, "p", |one| has_condition(one, outcome)).await).clone()
}

/// The log of a pod, as a client reads it.
async fn log(bench: &Bench, pod: &str) -> String {
    let path = format!("/api/v1/namespaces/{SPACE}/pods/{pod}/log");
    bench.hub.client.request_text(http::Request::get(path).body(Vec::new()).unwrap()).await.unwrap()
}

/// The last `xcopyUsed=` of each populate pod's log, by the disk's number.
async fn verdicts(bench: &Bench, migration: &Value) -> BTreeMap<String, String> {
    let claims = bench.all(CLAIM);
    let mut found = BTreeMap::new();
    for pod in bench.all(POD).iter().filter(|pod| label(pod, "migration") == uid(migration)) {
        let Some(claim) = name(pod).strip_prefix("populate-") else { continue };
        let claim = claims.iter().find(|one| uid(one) == claim).unwrap();
        assert_eq!(label(pod, "pvcName"), name(claim));
        let log = log(bench, name(pod)).await;
        let file = annotation(claim, "copy-offload");
        assert!(log.contains(&format!("source_vmdk=\"{file}\"")), "{log}");
        let verdict = log.rsplit_once("xcopyUsed=").map(|(_, rest)| rest[..1].to_owned()).unwrap_or_default();
        found.insert(annotation(claim, "forklift.konveyor.io/disk-index").to_owned(), verdict);
    }
    found
}

/// Waits until no claim, populator, populate pod or Secret of a migration is left.
async fn nothing_is_left(bench: &Bench) {
    for kind in [CLAIM, POPULATOR, POD, SECRET] {
        for one in bench.all(kind).iter().filter(|one| !label(one, "migration").is_empty()) {
            bench.gone(kind, name(one)).await;
        }
    }
    for prime in bench.all(CLAIM) {
        bench.gone(CLAIM, name(&prime)).await;
    }
}

fn by_disk(verdicts: &[&str]) -> BTreeMap<String, String> {
    verdicts.iter().enumerate().map(|(index, verdict)| (index.to_string(), (*verdict).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn each_disk_is_copied_by_the_array_or_by_its_host() {
    let bench = Bench::start();
    scatter(&bench);
    bench.ready().await;
    retain_pods(&bench, json!({})).await;
    secret(&bench, json!({})).await;
    map(&bench, "ontap", &[]).await;
    plan(&bench, json!({})).await;
    let migration = run(&bench, "Succeeded").await;
    let steps: Vec<&str> = items(&migration, "/status/vms/0/pipeline").map(|step| text(step, "/name")).collect();
    assert_eq!(steps, ["Initialize", "DiskAllocation", "ImageConversion", "DiskTransferV2v", "VirtualMachineCreation"]);
    assert_eq!(verdicts(&bench, &migration).await, by_disk(&["1", "0", "1"]));
    let claims = bench.all(CLAIM);
    assert_eq!(claims.len(), 3, "prime claims are gone");
    for claim in &claims {
        let (prefix, digits) = name(claim).rsplit_once('-').unwrap();
        assert!(prefix == "pvc" && digits.len() == 8, "{}", name(claim));
        assert_eq!((text(claim, "/spec/accessModes/0"), text(claim, "/spec/volumeMode")), ("ReadWriteMany", "Block"));
        assert_eq!((text(claim, "/status/phase"), text(claim, "/spec/dataSourceRef/name")), ("Bound", name(claim)));
        let volume = bench.hub.get(VOLUME, "", text(claim, "/spec/volumeName")).await.unwrap().unwrap();
        assert_eq!((text(&volume, "/spec/claimRef/uid"), text(&volume, "/status/phase")), (uid(claim), "Bound"));
    }
    assert!(bench.all(POPULATOR).is_empty() && bench.all(DATA_VOLUME).is_empty());
    assert!(bench.all(SECRET).iter().all(|one| label(one, "isPopulator").is_empty()), "secrets are cleaned up");
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn since_2_12_tasks_tell_and_pods_go_with_the_clean_up() {
    let bench = Bench::start_mtv("2.12.3");
    scatter(&bench);
    bench.ready().await;
    secret(&bench, json!({})).await;
    map(&bench, "ontap", &[]).await;
    plan(&bench, json!({})).await;
    let migration = run(&bench, "Succeeded").await;
    let steps: Vec<&str> = items(&migration, "/status/vms/0/pipeline").map(|step| text(step, "/name")).collect();
    assert_eq!(steps, ["Initialize", "DiskTransfer", "ImageConversion", "VirtualMachineCreation"]);
    let told: Vec<[&str; 3]> = items(&migration, "/status/vms/0/pipeline/1/tasks")
        .map(|task| ["xcopyUsed", "cloneMethod", "storageVendor"].map(|key| text(task, &format!("/annotations/{key}"))))
        .collect();
    assert_eq!(told, [["1", "vib", "ontap"], ["0", "vib", "ontap"], ["1", "vib", "ontap"]]);
    assert!(bench.all(POD).iter().all(|pod| !name(pod).starts_with("populate-")));
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_or_a_foreign_lun_leaves_the_copy_to_the_host() {
    for case in ["snapshot", "lun", "foreign lun"] {
        let bench = Bench::start();
        bench.world.sources[0].change(|inventory| {
            let vm = inventory.vms.iter_mut().find(|vm| vm.name == VM).unwrap();
            let device =
                |lun: &str| Some(Lun { device: format!("/vmfs/devices/disks/{lun}"), mode: "virtualMode".into() });
            match case {
                "snapshot" => vm.snapshots.push(Snapshot {
                    moref: "snapshot-1".into(),
                    id: 1,
                    name: "before".into(),
                    description: String::new(),
                    created: "2026-01-01T00:00:00Z".into(),
                    power: Power::Off,
                }),
                "lun" => vm.disks[1].lun = device("naa.600a0980383139544924583130326761"),
                _ => vm.disks[1].lun = device("naa.6001"),
            }
        });
        bench.ready().await;
        retain_pods(&bench, json!({"controller_max_populator_inflight": 1})).await;
        secret(&bench, json!({})).await;
        map(&bench, "ontap", &[]).await;
        plan(&bench, json!({})).await;
        let migration = run(&bench, "Succeeded").await;
        let expected = match case {
            "snapshot" => ["0", "0", "0"],
            "lun" => ["1", "1", "1"],
            _ => ["1", "0", "1"],
        };
        assert_eq!(verdicts(&bench, &migration).await, by_disk(&expected), "{case}");
        bench.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_fails_the_copy_and_the_log_says_so() {
    let bench = Bench::start();
    bench.ready().await;
    secret(&bench, json!({"STORAGE_PASSWORD": "wrong"})).await;
    map(&bench, "ontap", &[]).await;
    plan(&bench, json!({})).await;
    let migration = run(&bench, "Failed").await;
    let step = items(&migration, "/status/vms/0/pipeline").find(|step| step.get("error").is_some()).unwrap();
    assert_eq!(text(step, "/name"), "DiskAllocation");
    assert!(text(step, "/error/reasons/0").contains("array.lab.mtvtest answers 401"), "{step}");
    let pods = bench.all(POD);
    let pod = pods.iter().find(|pod| name(pod).starts_with("populate-")).unwrap();
    assert_eq!(text(pod, "/status/phase"), "Failed");
    assert!(log(&bench, name(pod)).await.contains("\"copy-offload failed\" err=\""));
    let secrets = bench.all(SECRET);
    let shared = secrets.iter().find(|one| label(one, "isPopulator") == "true").unwrap();
    let of_disk = secrets.iter().find(|one| name(one) == format!("{}-0", name(shared))).unwrap();
    assert_eq!(secret_key(of_disk, "GOVMOMI_HOSTNAME"), "vcenter.lab.mtvtest");
    assert_eq!(
        (secret_key(of_disk, "ESXI_CLONE_METHOD"), secret_key(of_disk, "ONTAP_SVM")),
        ("vib".into(), "svm-lab".into())
    );
    let populators = bench.all(POPULATOR);
    assert_eq!(populators.len(), 3);
    let claims = bench.all(CLAIM);
    assert!(
        populators
            .iter()
            .all(|one| claims.iter().any(|claim| is_owned_by(one, uid(claim)) && name(one) == name(claim)))
    );
    let plan = bench.hub.get(PLAN, SPACE, "p").await.unwrap().unwrap();
    bench.hub.merge(PLAN, &plan, &json!({"spec": {"archived": true}})).await.unwrap();
    bench.until(PLAN, "p", |one| has_condition(one, "Archived")).await;
    nothing_is_left(&bench).await;
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_feature_that_is_off_leaves_the_plugin_unread() {
    let bench = Bench::start_mtv("2.10.2");
    bench.ready().await;
    secret(&bench, json!({})).await;
    map(&bench, "ontap", &["nfs-1"]).await;
    plan(&bench, json!({})).await;
    let migration = run(&bench, "Succeeded").await;
    assert!(verdicts(&bench, &migration).await.is_empty());
    let on = Bench::start_mtv("2.10.2");
    on.ready().await;
    retain_pods(&on, json!({"feature_copy_offload": "true"})).await;
    on.until(STORAGE_MAP, "storage", |_| true).await;
    secret(&on, json!({})).await;
    map(&on, "ontap", &[]).await;
    plan(&on, json!({})).await;
    let migration = run(&on, "Succeeded").await;
    assert_eq!(verdicts(&on, &migration).await, by_disk(&["1", "1", "1"]));
    bench.stop().await;
    on.stop().await;
}

#[tokio::test(start_paused = true)]
async fn over_ssh_a_host_must_know_the_key() {
    let bench = Bench::start();
    bench.ready().await;
    let provider = bench.hub.get(PROVIDER, SPACE, "src").await.unwrap().unwrap();
    let settings = json!({"spec": {"settings": {"esxiCloneMethod": "ssh"}}});
    bench.hub.merge(PROVIDER, &provider, &settings).await.unwrap();
    bench.until(PROVIDER, "src", |one| kinds_of(one).contains(&"SSHNotReady")).await;
    retain_pods(&bench, json!({})).await;
    secret(&bench, json!({})).await;
    map(&bench, "ontap", &[]).await;
    plan(&bench, json!({})).await;
    let migration = run(&bench, "Failed").await;
    assert!(migration.to_string().contains("the public key is not installed"), "{migration}");
    let key = bench.hub.get(SECRET, SPACE, "offload-ssh-keys-src-public").await.unwrap().unwrap();
    let line = format!("command=\"x\" {}", secret_key(&key, "public-key"));
    let host = bench.source_vm(VM).host;
    bench.world.sources[0].change(|inventory| inventory.authorized_keys.insert(host, vec![line]));
    let ready = bench.until(PROVIDER, "src", |one| kinds_of(one).contains(&"SSHReady")).await;
    assert!(has_condition(&ready, "Ready") && has_condition(&ready, "SSHNotReady"));
    let again = json!({"spec": {"plan": {"namespace": SPACE, "name": "p"}}});
    bench.make(MIGRATION, "again", again).await;
    let migration = bench.until(MIGRATION, "again", |one| has_condition(one, "Succeeded")).await;
    assert_eq!(verdicts(&bench, &migration).await, by_disk(&["1", "1", "1"]));
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn maps_and_plans_that_cannot_work_are_refused() {
    let bench = Bench::start();
    bench.ready().await;
    map(&bench, "ontap", &[]).await;
    let missing = bench.until(STORAGE_MAP, "xcopy", |one| has_condition(one, "OffloadPluginNotValid")).await;
    assert_eq!(text(&missing, "/status/conditions/0/reason"), "NotFound");
    secret(&bench, json!({"ONTAP_SVM": ""})).await;
    let reason = |wanted: &'static str| {
        move |one: &Value| items(one, "/status/conditions").any(|at| text(at, "/reason") == wanted)
    };
    bench.until(STORAGE_MAP, "xcopy", reason("DataErr")).await;
    let stored = bench.hub.get(SECRET, SPACE, "array").await.unwrap().unwrap();
    bench.hub.merge(SECRET, &stored, &json!({"stringData": {"ONTAP_SVM": "svm-lab"}})).await.unwrap();
    let found = bench.until(STORAGE_MAP, "xcopy", |one| has_condition(one, "Ready")).await;
    bench.hub.delete(STORAGE_MAP, &found).await.unwrap();
    bench.gone(STORAGE_MAP, "xcopy").await;
    map(&bench, "tape", &[]).await;
    let strange = bench.until(STORAGE_MAP, "xcopy", reason("NotSupported")).await;
    bench.hub.delete(STORAGE_MAP, &strange).await.unwrap();
    bench.gone(STORAGE_MAP, "xcopy").await;
    map(&bench, "ontap", &["vmfs-2"]).await;
    plan(&bench, json!({})).await;
    bench.until(PLAN, "p", |one| has_condition(one, "VDDKAndOffloadMixedUsage")).await;
    bench.stop().await;
}

/// What the program makes of providers.json is what the array takes, for every vendor.
#[tokio::test(start_paused = true)]
async fn every_vendor_takes_the_secret_that_its_section_gives() {
    for vendor in StorageVendor::ALL {
        let mut spec = WorldSpec::embedded().unwrap();
        let array = &mut spec.sources[0].vsphere_mut().unwrap().array;
        let array = array.as_mut().unwrap();
        vendor.as_str().clone_into(&mut array.vendor);
        let own = storage_product(vendor.as_str()).unwrap().keys;
        array.keys = own.iter().map(|(key, _)| ((*key).to_owned(), format!("value of {key}"))).collect();
        let bench = Bench::start_in(World::from_spec(spec, Pace::FULL).unwrap());
        let file = providers_json(&bench.world, str::to_owned);
        let providers = Providers::parse(&file, "lab", &MapEnvironment::default()).unwrap();
        let section = providers.get("vsphere-8").unwrap().copyoffload().unwrap();
        let data: BTreeMap<String, String> =
            section.storage_secret().iter().map(|(key, value)| (key.clone(), value.expose().to_owned())).collect();
        bench.ready().await;
        bench.make(SECRET, "array", json!({"stringData": data})).await;
        map(&bench, vendor.as_str(), &[]).await;
        plan(&bench, json!({})).await;
        run(&bench, "Succeeded").await;
        bench.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_cancelled_leaves_nothing() {
    let bench = Bench::start_at(Pace::divided_by(100.0));
    bench.ready().await;
    secret(&bench, json!({})).await;
    map(&bench, "ontap", &[]).await;
    plan(&bench, json!({})).await;
    let migration = run(&bench, "Running").await;
    let id = bench.source_vm(VM).moref;
    let copying = |one: &Value| {
        items(one, "/status/vms/0/pipeline/1/tasks").any(|task| task["progress"]["completed"].as_u64() > Some(0))
    };
    bench.until(MIGRATION, "p", copying).await;
    assert!(bench.all(CLAIM).iter().any(|claim| name(claim).starts_with("prime-")));
    bench.hub.merge(MIGRATION, &migration, &json!({"spec": {"cancel": [{"id": id}]}})).await.unwrap();
    bench.until(MIGRATION, "p", |one| has_condition(one, "Canceled")).await;
    nothing_is_left(&bench).await;
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_warm_migration_lets_the_array_make_the_first_copy() {
    let bench = Bench::start_mtv("2.12.3");
    bench.world.sources[0].change(|inventory| {
        let vm = inventory.vms.iter_mut().find(|vm| vm.name == VM).unwrap();
        vm.extra_config.push(("ctkEnabled".into(), "true".into()));
    });
    bench.ready().await;
    let provider = bench.hub.get(PROVIDER, SPACE, "src").await.unwrap().unwrap();
    let settings = json!({"spec": {"settings": {"vddkInitImage": "vddk"}}});
    bench.hub.merge(PROVIDER, &provider, &settings).await.unwrap();
    secret(&bench, json!({})).await;
    map(&bench, "ontap", &[]).await;
    plan(&bench, json!({"warm": true})).await;
    bench.until(PLAN, "p", |one| has_condition(one, "Ready")).await;
    let spec = json!({"plan": {"namespace": SPACE, "name": "p"}, "cutover": "2020-01-01T00:00:00Z"});
    bench.make(MIGRATION, "p", json!({"spec": spec})).await;
    let migration = bench.until(MIGRATION, "p", |one| has_condition(one, "Succeeded")).await;
    let step = items(&migration, "/status/vms/0/pipeline").find(|step| text(step, "/name") == "DiskTransfer").unwrap();
    assert!(items(step, "/tasks").all(|task| text(task, "/annotations/xcopyUsed") == "1"), "{step}");
    assert!(bench.all(DATA_VOLUME).is_empty() && bench.source_vm(VM).snapshots.is_empty());
    bench.stop().await;
}
