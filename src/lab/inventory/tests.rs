use super::InventoryServer;
use crate::facts::Power;
use crate::lab::clock::Pace;
use crate::lab::controllers;
use crate::lab::fault::Failure;
use crate::lab::kube::ApiServer;
use crate::lab::world::{NamedRef, Vm, World, WorldSpec};
use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

const UID: &str = "11111111-2222-3333-4444-555555555555";

const ADMIN: &str = "sha256~lab-admin-token";

/// An inventory over an API server without controllers: Providers stay as they are put.
struct Bench {
    world: World,
    api: ApiServer,
    server: InventoryServer,
}

impl Bench {
    fn new(pace: Pace) -> Self {
        let world = World::from_spec(WorldSpec::embedded().unwrap(), pace).unwrap();
        let api = ApiServer::new(&world.spec.cluster, world.faults.clone());
        for object in controllers::seed(&world) {
            api.insert(object).unwrap();
        }
        let server = InventoryServer::start(&world, api.client(ADMIN));
        Self { world, api, server }
    }

    async fn get(&self, path: &str, token: &str) -> http::Response<Bytes> {
        let request = http::Request::get(path).header("Authorization", format!("Bearer {token}"));
        let response = self.server.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        http::Response::from_parts(head, body.collect().await.unwrap().to_bytes())
    }

    async fn read(&self, path: &str) -> Value {
        let response = self.get(&format!("/providers/vsphere/{UID}{path}"), ADMIN).await;
        assert_eq!(response.status(), 200, "{path}");
        serde_json::from_slice(response.body()).unwrap()
    }

    fn put(&self, conditions: &Value) {
        let provider = json!({"apiVersion": "forklift.konveyor.io/v1beta1", "kind": "Provider",
            "metadata": {"name": "src", "namespace": "openshift-mtv", "uid": UID},
            "spec": {"type": "vsphere", "url": "https://vcenter.lab.mtvtest/sdk", "secret": {"name": "s", "namespace": "openshift-mtv"}},
            "status": {"conditions": conditions}});
        self.api.insert(provider).unwrap();
    }
}

fn loaded() -> Value {
    json!([{"type": "InventoryCreated", "status": "True"}])
}

#[tokio::test]
async fn tokens_decide() {
    let bench = Bench::new(Pace::FULL);
    assert_eq!(bench.get("/providers", "").await.status(), 401);
    assert_eq!(bench.get("/providers", "sha256~lab-viewer-token").await.status(), 200);
    let denied = bench.get("/providers", "sha256~lab-nobody-token").await;
    assert_eq!(denied.status(), 403);
    assert!(denied.headers()["forklift-error-message"].to_str().unwrap().contains("nobody"));
    assert_eq!(bench.get("/schema", "").await.status(), 200);
}

/// Whose rights the API server knows.
#[tokio::test]
async fn a_service_account_may_read_what_its_role_says() {
    let bench = Bench::new(Pace::FULL);
    bench.put(&loaded());
    let put = |object: Value| bench.api.insert(object).unwrap();
    let (list, get) = ("/providers".to_owned(), format!("/providers/vsphere/{UID}/vms"));
    assert_eq!(bench.get(&get, "sa:default:reader").await.status(), 401);
    put(json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"namespace": "default", "name": "reader"}}));
    assert_eq!(bench.get(&get, "sa:default:reader").await.status(), 403);
    let rbac = "rbac.authorization.k8s.io";
    put(json!({"apiVersion": format!("{rbac}/v1"), "kind": "ClusterRole", "metadata": {"name": "reader"},
        "rules": [{"apiGroups": ["forklift.konveyor.io"], "resources": ["providers"], "verbs": ["get"]}]}));
    put(json!({"apiVersion": format!("{rbac}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": "reader"},
        "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "reader"},
        "subjects": [{"kind": "ServiceAccount", "namespace": "default", "name": "reader"}]}));
    assert_eq!(bench.get(&get, "sa:default:reader").await.status(), 200);
    assert_eq!(bench.get(&list, "sa:default:reader").await.status(), 403);
}

#[tokio::test]
async fn a_provider_is_unknown_then_loading_then_there() {
    let bench = Bench::new(Pace::FULL);
    let path = format!("/providers/vsphere/{UID}/vms");
    let unknown = bench.get(&path, ADMIN).await;
    assert_eq!((unknown.status().as_u16(), unknown.headers()["x-reason"].to_str().unwrap()), (404, "ProviderNotFound"));
    for (conditions, status) in
        [(json!([]), 404), (json!([{"type": "ConnectionTestSucceeded", "status": "True"}]), 206), (loaded(), 200)]
    {
        bench.put(&conditions);
        assert_eq!(bench.get(&path, ADMIN).await.status(), status, "{conditions}");
    }
    assert_eq!(bench.get(&format!("{path}?detail=much"), ADMIN).await.status(), 400);
    assert_eq!(bench.get(&format!("{path}/vm-1"), ADMIN).await.status(), 404);
}

#[tokio::test]
async fn vms_networks_and_datastores_fit_together() {
    let bench = Bench::new(Pace::FULL);
    bench.put(&loaded());
    let vms = bench.read("/vms").await;
    assert!(vms.as_array().unwrap().iter().all(|vm| vm["name"] != "xcopy-template-test"), "templates are listed");
    let vm = &bench.read("/vms?name=mtv-rhel8-warm-2disks2nics").await[0];
    let one = bench.read(&format!("/vms/{}", vm["id"].as_str().unwrap())).await;
    assert_eq!(&one, vm);
    assert_eq!(one["concerns"], Value::Null);
    assert_eq!(one["path"], "/MTV-Lab/vm/mtv-rhel8-warm-2disks2nics");
    let networks = bench.read("/networks").await;
    assert_eq!(networks[0]["key"], Value::Null, "detail 0 is the base resource");
    for nic in one["nics"].as_array().unwrap() {
        assert!(networks.as_array().unwrap().iter().any(|network| network["id"] == nic["network"]["id"]));
    }
    let detailed = bench.read("/networks?detail=1").await;
    assert_eq!(detailed[0]["key"], "dvportgroup-61");
    let stores = bench.read("/datastores").await;
    for disk in one["disks"].as_array().unwrap() {
        assert!(stores.as_array().unwrap().iter().any(|store| store["id"] == disk["datastore"]["id"]));
    }
    let template = bench.world.sources[0].read().vms.iter().find(|vm| vm.template).unwrap().moref.clone();
    assert_eq!(bench.read(&format!("/vms/{template}")).await["isTemplate"], true);
}

#[tokio::test(start_paused = true)]
async fn clones_arrive_late_or_never() {
    let bench = Bench::new(Pace::divided_by(1.0));
    bench.put(&loaded());
    let clone = |name: &str, moref: &str| {
        bench.world.sources[0].change(|inventory| {
            let vm = Vm { name: name.into(), moref: moref.into(), power: Power::Off, ..inventory.vms[0].clone() };
            inventory.vms.push(vm);
        });
    };
    Pace::divided_by(1.0).pass(std::time::Duration::from_secs(10)).await;
    clone("auto-1", "vm-901");
    assert_eq!(bench.read("/vms?name=auto-1").await, json!([]));
    Pace::divided_by(1.0).pass(std::time::Duration::from_secs(10)).await;
    bench.put(&loaded());
    assert_eq!(bench.read("/vms?name=auto-1").await[0]["id"], "vm-901");
    bench.world.faults.fail(Failure::InventoryStale);
    assert_eq!(bench.read("/vms?name=auto-1").await, json!([]));
}

/// The provider of another type, loaded.
fn put_other(bench: &Bench, type_name: &str, url: &str) {
    let provider = json!({"apiVersion": "forklift.konveyor.io/v1beta1", "kind": "Provider",
        "metadata": {"name": type_name, "namespace": "openshift-mtv", "uid": UID},
        "spec": {"type": type_name, "url": url, "secret": {"name": "s", "namespace": "openshift-mtv"}},
        "status": {"conditions": loaded()}});
    bench.api.insert(provider).unwrap();
}

async fn read_of(bench: &Bench, type_name: &str, path: &str) -> (u16, Value) {
    let response = bench.get(&format!("/providers/{type_name}/{UID}{path}"), ADMIN).await;
    let body = serde_json::from_slice(response.body()).unwrap_or_default();
    (response.status().as_u16(), body)
}

fn texts<'a>(items: &'a Value, key: &str) -> Vec<&'a str> {
    items.as_array().unwrap().iter().map(|item| item[key].as_str().unwrap_or("?")).collect()
}

#[tokio::test]
async fn an_engines_networks_are_found_through_profiles_and_paths() {
    let bench = Bench::new(Pace::FULL);
    put_other(&bench, "ovirt", "https://rhv.lab.mtvtest/ovirt-engine/api");
    let template = bench.world.of_type("ovirt").next().unwrap().change(|inventory| {
        let (mut vm, template) = (inventory.vms[0].clone(), inventory.vms[0].name.clone());
        (vm.name, vm.moref, vm.template) = ("auto-1".into(), "v1".into(), false);
        vm.nics[0].network.clear();
        inventory.vms.push(vm);
        template
    });
    tokio::task::yield_now().await;
    let read = async |path: &str| read_of(&bench, "ovirt", path).await.1;
    let vms = read("/vms").await;
    assert!(!texts(&vms, "name").contains(&template.as_str()), "templates are not in the inventory");
    assert!(vms[0].get("nics").is_none(), "lists show the base only: {vms}");
    let vm = read("/vms/v1").await;
    assert_eq!(
        (vm["nics"][0]["profile"].as_str(), &vm["diskAttachments"][0]["id"]),
        (Some(""), &vm["diskAttachments"][0]["disk"])
    );
    let profile = read("/nicprofiles").await[0].clone();
    assert!(profile.get("network").is_none() && profile.get("path").is_none(), "{profile}");
    let whole = read(&format!("/nicprofiles/{}", profile["id"].as_str().unwrap())).await;
    let network = read(&format!("/networks/{}", whole["network"].as_str().unwrap())).await;
    assert_eq!(network["path"], format!("MTV-CNV/{}", network["name"].as_str().unwrap()));
    let narrowed = read(&format!("/networks?name=MTV-CNV/{}", network["name"].as_str().unwrap())).await;
    assert_eq!(texts(&narrowed, "id"), [network["id"].as_str().unwrap()]);
    let disk = read(&format!("/disks/{}", vm["diskAttachments"][0]["id"].as_str().unwrap())).await;
    assert!(texts(&read("/storagedomains").await, "id").contains(&disk["storageDomain"].as_str().unwrap()));
    assert_eq!(read_of(&bench, "ovirt", "/diskattachments").await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn openstacks_volumes_and_networks_come_after_their_vms() {
    let pace = Pace::divided_by(1.0);
    let bench = Bench::new(pace);
    put_other(&bench, "openstack", "https://openstack.lab.mtvtest/identity/v3");
    // What the start itself has to copy.
    pace.pass(std::time::Duration::from_secs(100)).await;
    bench.world.of_type("openstack").next().unwrap().change(|inventory| {
        let mut vm = inventory.vms[0].clone();
        (vm.name, vm.moref, vm.disks[0].uuid) = ("auto-1".into(), "s1".into(), "v1".into());
        inventory.vms.push(vm);
        inventory.networks.push(NamedRef { moref: "n9".into(), name: "late".into() });
    });
    let mut seen = Vec::new();
    for _ in 0..8 {
        let status = async |path: &str| read_of(&bench, "openstack", path).await.0;
        seen.push((status("/vms/s1").await, status("/volumes/v1").await, status("/networks/n9").await));
        pace.pass(std::time::Duration::from_secs(5)).await;
    }
    seen.dedup();
    assert_eq!(seen, [(404, 404, 404), (200, 404, 404), (200, 200, 404), (200, 200, 200)]);
    let vm = read_of(&bench, "openstack", "/vms/s1").await.1;
    assert_eq!(vm["attachedVolumes"][0]["ID"], "v1");
    assert!(vm.get("imageID").is_none() && vm["addresses"].as_object().unwrap().contains_key("private"), "{vm}");
    let volume = read_of(&bench, "openstack", "/volumes/v1").await.1;
    assert_eq!((volume["volumeType"].as_str(), volume["attachments"][0]["ID"].as_str()), (Some("tripleo"), Some("v1")));
}

#[tokio::test(start_paused = true)]
async fn a_share_is_read_every_minute_and_has_a_storage_per_disk() {
    let pace = Pace::divided_by(1.0);
    let bench = Bench::new(pace);
    put_other(&bench, "ova", "nfs.lab.mtvtest:/exports/ova");
    let read = async |path: &str| read_of(&bench, "ova", path).await.1;
    let vms = read("/vms").await;
    assert!(vms[0].get("revision").is_none() && vms[0]["path"] == vms[0]["id"], "{vms}");
    let storages = read("/storages").await;
    for vm in vms.as_array().unwrap() {
        let vm = read(&format!("/vms/{}", vm["id"].as_str().unwrap())).await;
        for disk in vm["disks"].as_array().unwrap() {
            assert!(texts(&storages, "id").contains(&disk["ID"].as_str().unwrap()), "{disk}");
            assert!(disk["CapacityAllocationUnits"].as_str().unwrap().starts_with("byte"));
        }
        assert!(vm["networks"][0]["ID"].is_string(), "{vm}");
    }
    assert!(texts(&storages, "name").contains(&"exported-disk1.vmdk"), "{storages}");
    pace.pass(std::time::Duration::from_secs(100)).await;
    bench.world.of_type("ova").next().unwrap().change(|inventory| {
        let mut vm = inventory.vms[0].clone();
        (vm.name, vm.moref) = ("late".into(), "l1".into());
        inventory.vms.push(vm);
    });
    pace.pass(std::time::Duration::from_secs(30)).await;
    assert_eq!(read_of(&bench, "ova", "/vms/l1").await.0, 404);
    pace.pass(std::time::Duration::from_secs(40)).await;
    assert_eq!(read_of(&bench, "ova", "/vms/l1").await.0, 200);
}
