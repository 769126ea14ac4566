//! The client against scripted answers: status codes, waits, and the rules of the maps.

use super::{Inventory, InventoryError, InventoryVm, MapSource, VmKey};
use crate::config::Secret;
use crate::http::testing::answered_by;
use crate::http::{HttpClient, HttpError, RequestCounter};
use crate::wait::Deadline;
use bytes::Bytes;
use http::{Request, Response};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

type Reply = (u16, &'static str, Vec<(&'static str, &'static str)>);

/// Answers by path, in order; the last answer stays. Status 0 is a broken connection.
#[derive(Default)]
struct Script {
    replies: Mutex<BTreeMap<String, VecDeque<Reply>>>,
    asked: Mutex<Vec<String>>,
}

impl Script {
    fn answer(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        assert_eq!(request.headers()["authorization"], "Bearer t0ken");
        assert_eq!(request.uri().host(), Some("inventory.test"));
        let path =
            request.uri().path_and_query().unwrap().as_str().trim_start_matches("/providers/vsphere/u1").to_owned();
        self.asked.lock().unwrap().push(path.clone());
        let mut replies = self.replies.lock().unwrap();
        let queue = replies.get_mut(&path).unwrap_or_else(|| panic!("nothing scripted for {path}"));
        let reply = if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() };
        let (status, body, headers) = reply.unwrap();
        if status == 0 {
            return Err(HttpError::about(request, "reset", true));
        }
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        Ok(response.body(Bytes::from(body)).unwrap())
    }
}

fn client(script: &Arc<Script>) -> HttpClient {
    let script = Arc::clone(script);
    answered_by(move |request| script.answer(&request), RequestCounter::default())
}

const UNKNOWN: (&str, &str) = ("X-Reason", "ProviderNotFound");

fn ok(body: &'static str) -> Reply {
    (200, body, Vec::new())
}

fn status(code: u16) -> Reply {
    (code, "", Vec::new())
}

fn inventory(replies: &[(&str, &[Reply])]) -> (Inventory, Arc<Script>) {
    let script = Arc::new(Script::default());
    for (path, queue) in replies {
        script.replies.lock().unwrap().insert((*path).to_owned(), queue.iter().cloned().collect());
    }
    let http = client(&script);
    (Inventory::new("https://inventory.test/", Secret::new("t0ken"), http, "vsphere", "u1"), script)
}

fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(300), &CancellationToken::new())
}

#[tokio::test(start_paused = true)]
async fn a_new_provider_is_waited_for() {
    let replies = [
        (404, "", vec![UNKNOWN]),
        status(503),
        status(206),
        status(0),
        status(500),
        ok(r#"{"uid":"u1","name":"src","apiVersion":"8.0.3.0"}"#),
    ];
    let (inventory, script) = inventory(&[("", &replies)]);
    let provider = inventory.wait_provider(&deadline()).await.unwrap();
    assert_eq!((provider.name.as_str(), provider.api_version.as_str()), ("src", "8.0.3.0"));
    assert_eq!(script.asked.lock().unwrap().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_ends_the_wait_at_once() {
    let denied = (403, "", vec![("forklift-error-message", "user x cannot get providers")]);
    for (reply, words, asked) in [
        (denied, "HTTP 403: user x cannot get providers", 1),
        (status(401), "HTTP 401", 1),
        (ok(""), "no access", 1),
        (status(404), "no such object", 1),
        (ok("<html>"), "cannot be read", 1),
        (status(418), "418", 1),
        (status(500), "HTTP 500", 6),
    ] {
        let (inventory, script) = inventory(&[("", std::slice::from_ref(&reply))]);
        let error = inventory.wait_provider(&deadline()).await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("t0ken"), "{error}");
        assert_eq!(script.asked.lock().unwrap().len(), asked, "{words}");
    }
    let (late, _) = inventory(&[("", &[status(206)])]);
    let error = late.wait_provider(&deadline()).await.unwrap_err().to_string();
    assert!(error.contains("not within 5m") && error.contains("first synchronisation"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn other_types_say_that_they_are_not_supported() {
    let http = client(&Arc::default());
    let inventory = Inventory::new("https://inventory.test", Secret::new("t0ken"), http, "hyperv", "u1");
    for error in [
        inventory.vm_by_name("a").await.unwrap_err(),
        inventory.wait_provider(&deadline()).await.unwrap_err(),
        inventory.networks(&[]).await.unwrap_err(),
    ] {
        assert!(matches!(&error, InventoryError::Unsupported { kind } if kind == "hyperv"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn vms_by_name_with_near_names_and_namesakes() {
    let list = r#"[{"id":"vm-1","name":"mtv-rhel8","path":"/DC0/vm/mtv-rhel8"},{"id":"vm-2","name":"twin","path":"/DC0/vm/twin"},
                   {"id":"vm-3","name":"twin","path":"/DC1/vm/twin"}]"#;
    let (inventory, _) =
        inventory(&[("/vms", &[ok(list)]), ("/vms/vm-1", &[ok(r#"{"id":"vm-1","name":"mtv-rhel8","disks":null}"#)])]);
    assert_eq!(inventory.vm_by_name("mtv-rhel8").await.unwrap().id, "vm-1");
    match inventory.vm_by_name("mtv-rhel9").await.unwrap_err() {
        InventoryError::VmNotFound { near, count, .. } => assert_eq!((near, count), (vec!["mtv-rhel8".to_owned()], 3)),
        other => panic!("{other}"),
    }
    let error = inventory.vm_by_name("twin").await.unwrap_err().to_string();
    assert!(error.contains("vm-2 /DC0/vm/twin, vm-3 /DC1/vm/twin"), "{error}");
    let late = inventory.wait_vm(&VmKey::named("mtv-rhel9"), &deadline()).await.unwrap_err().to_string();
    assert!(late.contains("not within 5m") && late.contains("nearest are mtv-rhel8"), "{late}");
}

#[tokio::test(start_paused = true)]
async fn a_clone_is_waited_for_by_its_id() {
    let there = ok(r#"{"id":"vm-9","name":"clone"}"#);
    let (inventory, script) = inventory(&[("/vms/vm-9", &[status(404), (404, "", vec![UNKNOWN]), there])]);
    let vm = inventory.wait_vm(&VmKey::with_id("clone", "vm-9"), &deadline()).await.unwrap();
    assert_eq!(vm.name, "clone");
    assert!(script.asked.lock().unwrap().iter().all(|path| path == "/vms/vm-9"));
}

#[tokio::test(start_paused = true)]
async fn mac_addresses_converge_in_any_order() {
    let old = ok(r#"{"id":"vm-9","name":"c","nics":[{"mac":"00:50:56:00:00:01"},{"mac":"00:50:56:00:00:02"}]}"#);
    let new = ok(r#"{"id":"vm-9","name":"c","nics":[{"mac":"00:50:56:00:00:0b"},{"mac":"00:50:56:00:00:0a"}]}"#);
    let key = VmKey::with_id("c", "vm-9");
    let macs = ["00:50:56:00:00:0A".to_owned(), "00:50:56:00:00:0B".to_owned()];
    let (converging, _) = inventory(&[("/vms/vm-9", &[old.clone(), new])]);
    assert_eq!(converging.wait_macs(&key, &macs, &deadline()).await.unwrap().macs()[0], "00:50:56:00:00:0b");
    let (stuck, _) = inventory(&[("/vms/vm-9", &[old])]);
    let error = stuck.wait_macs(&key, &macs, &deadline()).await.unwrap_err().to_string();
    assert!(error.contains("00:50:56:00:00:01, 00:50:56:00:00:02 instead of 00:50:56:00:00:0a"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_complete_inventory_has_hosts_and_datastores() {
    let stores = [ok("null"), ok(r#"[{"id":"datastore-1","name":"ds1"}]"#)];
    let (inventory, script) =
        inventory(&[("/hosts", &[ok("null"), ok("[]"), ok(r#"[{"id":"host-1"}]"#)]), ("/datastores", &stores)]);
    inventory.wait_ready(&["datastore-1".to_owned()], &deadline()).await.unwrap();
    assert_eq!(script.asked.lock().unwrap().len(), 6);
}

const NETWORKS: &str = r#"[{"id":"network-7","name":"VM Network","variant":"Standard"},
  {"id":"dvportgroup-1","name":"dv","variant":"DvPortGroup","key":"key-1"},
  {"id":"network-8","name":"twin"},{"id":"network-9","name":"twin"},{"id":"dvs-1","name":"switch","variant":"DvSwitch"}]"#;
const DATASTORES: &str =
    r#"[{"id":"datastore-1","name":"ds1"},{"id":"datastore-2","name":"ds2"},{"id":"datastore-3","name":"ds2"}]"#;

fn vm(body: &str) -> InventoryVm {
    let vm: super::wire::VsphereVm = serde_json::from_str(body).unwrap();
    InventoryVm {
        id: vm.id.clone(),
        name: vm.name.clone(),
        path: vm.path.clone(),
        detail: super::VmDetail::Vsphere(Box::new(vm)),
    }
}

fn named(name: &str) -> MapSource {
    MapSource { name: Some(name.into()), ..MapSource::default() }
}

fn both(id: &str, name: &str) -> MapSource {
    MapSource { id: Some(id.into()), ..named(name) }
}

#[tokio::test(start_paused = true)]
async fn networks_follow_the_nics_and_do_not_repeat() {
    let (inventory, _) = inventory(&[("/networks?detail=1", &[ok(NETWORKS)])]);
    let first = vm(r#"{"name":"a","networks":[{"id":"network-7"},{"id":"dvportgroup-1"}],
      "nics":[{"network":{"id":"key-1"}},{"network":{"id":"network-7"}},{"network":{"id":"dvportgroup-1"}},{"network":{"id":""}}]}"#);
    let second = vm(r#"{"name":"b","nics":[{"network":{"id":"network-9"}},{"network":{"id":"network-7"}}]}"#);
    let vms = [first, second];
    let networks = inventory.networks(&vms).await.unwrap();
    assert_eq!(networks, [named("dv"), named("VM Network"), both("network-9", "twin")]);
    assert_eq!(serde_json::to_value(&networks[0]).unwrap(), serde_json::json!({"name": "dv"}));
    let names = |sources: Vec<MapSource>| sources.into_iter().map(|source| source.name.unwrap()).collect::<Vec<_>>();
    let per_nic = inventory.nic_networks(&vms).await.unwrap();
    assert_eq!(names(per_nic), ["dv", "VM Network", "dv", "twin", "VM Network"]);
    let old = vm(r#"{"name":"c","networks":[{"id":"network-7"},{"id":"dvportgroup-1"}],"nics":null}"#);
    assert_eq!(names(inventory.networks(&[old]).await.unwrap()), ["VM Network", "dv"]);
}

#[tokio::test(start_paused = true)]
async fn storages_follow_the_disks_and_do_not_repeat() {
    let (complete, _) = inventory(&[("/datastores", &[ok("[]"), ok(DATASTORES)])]);
    let disks = vm(r#"{"name":"a","disks":[{"datastore":{"id":"datastore-3"}},{"datastore":{"id":"datastore-1"}},
      {"datastore":{"id":""},"rdm":true},{"datastore":{"id":"datastore-3"}}]}"#);
    assert_eq!(complete.storages(&[disks]).await.unwrap(), [both("datastore-3", "ds2"), named("ds1")]);
    let (lacking, _) = inventory(&[("/datastores", &[ok(DATASTORES)])]);
    let strange = vm(r#"{"name":"a","disks":[{"datastore":{"id":"datastore-9"}}]}"#);
    let error = lacking.storages(&[strange]).await.unwrap_err().to_string();
    assert!(error.contains("datastore-9 of VM a is not listed"), "{error}");
}

#[test]
fn every_call_can_be_spawned() {
    fn spawnable<T: Send>(_: T) {}
    let (inventory, _) = inventory(&[]);
    let (key, deadline) = (VmKey::named("a"), deadline());
    spawnable(inventory.wait_provider(&deadline));
    spawnable(inventory.wait_ready(&[], &deadline));
    spawnable(inventory.vm_by_name("a"));
    spawnable(inventory.wait_vm(&key, &deadline));
    spawnable(inventory.wait_macs(&key, &[], &deadline));
    spawnable(inventory.storages(&[]));
    spawnable(inventory.networks(&[]));
}
