use crate::facts::Power;
use crate::http::Network;
use crate::http::TlsPolicy;
use crate::lab::Lab;
use crate::lab::clock::Pace;
use crate::lab::fault::Failure;
use crate::lab::world::{Vm, World, WorldSpec};
use bytes::Bytes;
use serde_json::{Value, json};

const UID: &str = "11111111-2222-3333-4444-555555555555";

fn lab() -> Lab {
    Lab::start(World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap()).unwrap()
}

/// A Provider that the controllers do not know: it is put into another group of conditions by hand.
fn provider(conditions: &Value) -> Value {
    json!({"apiVersion": "forklift.konveyor.io/v1beta1", "kind": "Provider",
        "metadata": {"name": "src", "namespace": "openshift-mtv", "uid": UID},
        "spec": {"type": "vsphere", "url": "https://vcenter.lab.mtvtest/sdk", "secret": {"name": "s", "namespace": "openshift-mtv"}},
        "status": {"conditions": conditions}})
}

fn loaded() -> Value {
    json!([{"type": "InventoryCreated", "status": "True"}])
}

async fn get(lab: &Lab, path: &str, token: &str) -> http::Response<Bytes> {
    let transport = lab.network().open(&TlsPolicy::SystemRoots).unwrap();
    let url = format!("https://forklift-inventory.apps.lab.mtvtest{path}");
    let request = http::Request::get(url).header("Authorization", format!("Bearer {token}"));
    transport.send(request.body(Bytes::new()).unwrap()).await.unwrap()
}

async fn read(lab: &Lab, path: &str) -> Value {
    let response = get(lab, &format!("/providers/vsphere/{UID}{path}"), lab.admin_token()).await;
    assert_eq!(response.status(), 200, "{path}");
    serde_json::from_slice(response.body()).unwrap()
}

#[tokio::test]
async fn tokens_decide() {
    let lab = lab();
    assert_eq!(get(&lab, "/providers", "").await.status(), 401);
    assert_eq!(get(&lab, "/providers", "sha256~lab-viewer-token").await.status(), 200);
    let denied = get(&lab, "/providers", "sha256~lab-nobody-token").await;
    assert_eq!(denied.status(), 403);
    assert!(denied.headers()["forklift-error-message"].to_str().unwrap().contains("nobody"));
    assert_eq!(get(&lab, "/schema", "").await.status(), 200);
    lab.stop().await;
}

#[tokio::test]
async fn a_provider_is_unknown_then_loading_then_there() {
    let lab = lab();
    let path = format!("/providers/vsphere/{UID}/vms");
    let unknown = get(&lab, &path, lab.admin_token()).await;
    assert_eq!((unknown.status().as_u16(), unknown.headers()["x-reason"].to_str().unwrap()), (404, "ProviderNotFound"));
    // Without controllers the conditions stay as they are put; the Provider has no Secret, so nothing loads it.
    for (conditions, status) in
        [(json!([]), 404), (json!([{"type": "ConnectionTestSucceeded", "status": "True"}]), 206), (loaded(), 200)]
    {
        lab.api().insert(provider(&conditions)).unwrap();
        assert_eq!(get(&lab, &path, lab.admin_token()).await.status(), status, "{conditions}");
    }
    assert_eq!(get(&lab, &format!("{path}?detail=much"), lab.admin_token()).await.status(), 400);
    assert_eq!(get(&lab, &format!("{path}/vm-1"), lab.admin_token()).await.status(), 404);
    lab.stop().await;
}

#[tokio::test]
async fn vms_networks_and_datastores_fit_together() {
    let lab = lab();
    lab.api().insert(provider(&loaded())).unwrap();
    let vms = read(&lab, "/vms").await;
    assert!(vms.as_array().unwrap().iter().all(|vm| vm["name"] != "xcopy-template-test"), "templates are listed");
    let vm = &read(&lab, "/vms?name=mtv-rhel8-warm-2disks2nics").await[0];
    let one = read(&lab, &format!("/vms/{}", vm["id"].as_str().unwrap())).await;
    assert_eq!(&one, vm);
    assert_eq!(one["concerns"], Value::Null);
    assert_eq!(one["path"], "/MTV-Lab/vm/mtv-rhel8-warm-2disks2nics");
    let networks = read(&lab, "/networks").await;
    assert_eq!(networks[0]["key"], Value::Null, "detail 0 is the base resource");
    for nic in one["nics"].as_array().unwrap() {
        assert!(networks.as_array().unwrap().iter().any(|network| network["id"] == nic["network"]["id"]));
    }
    let detailed = read(&lab, "/networks?detail=1").await;
    assert_eq!(detailed[0]["key"], "dvportgroup-61");
    let stores = read(&lab, "/datastores").await;
    for disk in one["disks"].as_array().unwrap() {
        assert!(stores.as_array().unwrap().iter().any(|store| store["id"] == disk["datastore"]["id"]));
    }
    let template = lab.world().vsphere[0].read().vms.iter().find(|vm| vm.template).unwrap().moref.clone();
    assert_eq!(read(&lab, &format!("/vms/{template}")).await["isTemplate"], true);
    lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn clones_arrive_late_or_never() {
    let world = World::from_spec(WorldSpec::embedded().unwrap(), Pace::divided_by(1.0)).unwrap();
    let lab = Lab::start(world).unwrap();
    lab.api().insert(provider(&loaded())).unwrap();
    let clone = |name: &str, moref: &str| {
        lab.world().vsphere[0].change(|inventory| {
            let vm = Vm { name: name.into(), moref: moref.into(), power: Power::Off, ..inventory.vms[0].clone() };
            inventory.vms.push(vm);
        });
    };
    clone("auto-1", "vm-901");
    assert_eq!(read(&lab, "/vms?name=auto-1").await, json!([]));
    Pace::divided_by(1.0).pass(std::time::Duration::from_secs(10)).await;
    lab.api().insert(provider(&loaded())).unwrap();
    assert_eq!(read(&lab, "/vms?name=auto-1").await[0]["id"], "vm-901");
    lab.world().faults.fail(Failure::InventoryStale);
    assert_eq!(read(&lab, "/vms?name=auto-1").await, json!([]));
    lab.stop().await;
}
