//! The client against scripted answers, as an engine may give them and the lab's does not.

use super::Ovirt;
use crate::config::{MapEnvironment, Providers};
use crate::http::RequestCounter;
use crate::http::testing::answered_by;
use crate::provider::{ProviderError, SourceProvider, VmRef};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const ENTRY: &str = r#"{"rhv": {"type": "ovirt", "version": "4.4", "fqdn": "rhv.test", "api_url":
    "https://rhv.test/ovirt-engine/api", "username": "admin@internal", "password": "pa&ss w%rd",
    "guest_vm_linux_user": "u", "guest_vm_linux_password": "p"}}"#;

/// Answers by method and path; what is not scripted is not there.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<BTreeMap<String, (u16, Value)>>>,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

impl Script {
    fn new() -> Self {
        let script = Self::default();
        script.on("POST /sso/oauth/token", 200, json!({"access_token": "t0ken"}));
        script.on("POST /services/sso-logout", 200, json!({}));
        script.on("GET /api/datacenters", 200, json!({"data_center": [{"name": "MTV-CNV", "status": "up"}]}));
        script
    }

    fn on(&self, request: &str, status: u16, body: Value) {
        self.answers.lock().unwrap().insert(request.to_owned(), (status, body));
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path_and_query().unwrap().as_str().trim_start_matches("/ovirt-engine");
        let line = format!("{} {path}", request.method());
        let body = String::from_utf8_lossy(request.body()).into_owned();
        self.asked.lock().unwrap().push((line.clone(), body));
        let missing = (404, json!({"reason": "Operation Failed", "detail": "Entity not found"}));
        let (status, body) = self.answers.lock().unwrap().get(&line).cloned().unwrap_or(missing);
        Response::builder().status(status).body(Bytes::from(body.to_string())).unwrap()
    }

    async fn connect(&self) -> Result<Ovirt, ProviderError> {
        let providers = Providers::parse(ENTRY, "providers.json", &MapEnvironment::default()).unwrap();
        let (script, counter) = (self.clone(), RequestCounter::default());
        let http = answered_by(move |request| Ok(script.answer(&request)), counter.clone());
        Ovirt::connect(providers.get("rhv").unwrap(), http, counter).await
    }

    fn bodies(&self, request: &str) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|(line, _)| line == request).map(|(_, body)| body.clone()).collect()
    }
}

fn vm() -> VmRef {
    VmRef { id: "v1".into(), name: "a".into() }
}

/// Everything as text, a LUN, a NIC without profile, the chipset of the cluster.
fn odd_vm(script: &Script) {
    script.on(
        "GET /api/vms/v1",
        200,
        json!({
            "id": "v1", "name": "a", "status": "paused", "memory": "2147483648", "cluster": {"id": "c1"},
            "cpu": {"topology": {"sockets": "2", "cores": "1", "threads": "2"}}, "bios": {"type": "cluster_default"},
            "os": {"type": "windows_2019x64"},
        }),
    );
    script.on("GET /api/clusters/c1", 200, json!({"id": "c1", "bios_type": "q35_ovmf"}));
    script.on(
        "GET /api/vms/v1/nics",
        200,
        json!({"nic": [{"id": "n1", "name": "nic1", "mac": {"address": "56:6F:00:00:00:01"}}]}),
    );
    script.on("GET /api/vms/v1/diskattachments", 200, json!({"disk_attachment": [{"id": "d1", "disk": {"id": "d1"}}]}));
    script.on(
        "GET /api/disks/d1",
        200,
        json!({
            "id": "d1", "alias": "lun", "storage_type": "lun", "shareable": "true", "provisioned_size": "0",
            "lun_storage": {"logical_units": {"logical_unit": [{"size": "1073741824"}]}},
        }),
    );
    script.on(
        "GET /api/vms/v1/snapshots",
        200,
        json!({"snapshot": [
            {"id": "s2", "description": "two", "snapshot_type": "regular", "snapshot_status": "ok", "date": 2_000},
            {"id": "s0", "description": "Active VM", "snapshot_type": "active"},
            {"id": "s1", "description": "one", "snapshot_type": "regular", "snapshot_status": "ok", "date": 1_000},
        ]}),
    );
    script.on(
        "GET /api/events?search=Vms.id%20%3D%20v1",
        200,
        json!({"event": [
            {"id": "9", "code": "33", "time": 3_000, "description": "of another", "vm": {"id": "v2"}},
            {"id": "8", "code": "33", "time": 2_000, "description": "newer", "vm": {"id": "v1"}},
            {"id": "7", "code": "61", "time": 1_500, "description": "down", "vm": {"id": "v1"}},
            {"id": "6", "code": "33", "time": 1_000, "description": "older", "vm": {"id": "v1"}},
        ]}),
    );
}

#[tokio::test]
async fn odd_facts_are_read() {
    let script = Script::new();
    odd_vm(&script);
    let facts = script.connect().await.unwrap().vm_facts(&vm()).await.unwrap();
    assert_eq!((facts.memory_bytes, facts.cpu.sockets, facts.cpu.threads), (2 << 30, 2, 2));
    assert_eq!((facts.power, facts.windows), (crate::facts::Power::Other, true));
    assert_eq!((facts.firmware, facts.secure_boot), (Some(crate::facts::Firmware::Efi), Some(false)));
    assert_eq!((facts.nics[0].mac.as_str(), facts.nics[0].network.as_str()), ("56:6f:00:00:00:01", ""));
    let disk = &facts.disks[0];
    assert_eq!((disk.size_bytes, disk.rdm, disk.shared, disk.storage.as_str()), (1 << 30, true, true, ""));
    let snapshots: Vec<&str> = facts.snapshots.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((snapshots, facts.snapshots[0].created.as_str()), (vec!["one", "two"], "1970-01-01T00:00:01Z"));
    let power_offs: Vec<_> = facts.power_offs.unwrap().into_iter().map(|event| (event.id, event.words)).collect();
    assert_eq!(power_offs, [("6".into(), "older".into()), ("8".into(), "newer".into())]);
}

#[tokio::test]
async fn the_login_is_a_form_and_the_token_is_given_back() {
    let script = Script::new();
    script.connect().await.unwrap().disconnect().await;
    assert_eq!(
        script.bodies("POST /sso/oauth/token"),
        ["grant_type=password&scope=ovirt-app-api&username=admin%40internal&password=pa%26ss%20w%25rd"]
    );
    assert_eq!(script.bodies("POST /services/sso-logout"), ["scope=ovirt-app-api&token=t0ken"]);
}

#[tokio::test(start_paused = true)]
async fn an_action_that_fails_is_told_in_the_engines_words_once() {
    let script = Script::new();
    script.on("GET /api/vms/v1", 200, json!({"id": "v1", "name": "a", "status": "down"}));
    let fault = json!({"reason": "Operation Failed", "detail": "[Cannot run VM. There is no host.]"});
    script.on("POST /api/vms/v1/start", 400, json!({"status": "failed", "fault": fault}));
    let provider = script.connect().await.unwrap();
    let error = provider.set_power(&vm(), crate::facts::Power::On).await.unwrap_err().to_string();
    assert!(error.starts_with("start on VM a (v1): Operation Failed: Cannot run VM. There is no host; "), "{error}");
    assert_eq!(script.bodies("POST /api/vms/v1/start"), ["{}"]);
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_does_not_shut_down_ends_the_wait_with_its_status() {
    let script = Script::new();
    script.on("GET /api/vms/v1", 200, json!({"id": "v1", "name": "a", "status": "up"}));
    script.on("POST /api/vms/v1/shutdown", 200, json!({"status": "complete"}));
    let provider = script.connect().await.unwrap();
    let error = provider.set_power(&vm(), crate::facts::Power::Off).await.unwrap_err().to_string();
    assert_eq!(error, "shutdown VM a (v1): wait until it is down: not within 10m; last seen: up");
    assert!(script.bodies("POST /api/vms/v1/stop").is_empty(), "it is never stopped hard");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_cannot_be_ends_with_the_engines_words() {
    let script = Script::new();
    script.on("GET /api/vms/v1", 200, json!({"id": "v1", "name": "a", "status": "down"}));
    let words = "[Cannot remove VM. Delete protection is enabled.]";
    script.on("DELETE /api/vms/v1", 409, json!({"reason": "Operation Failed", "detail": words}));
    let provider = script.connect().await.unwrap();
    let error = provider.delete_vm("a", Some("v1")).await.unwrap_err().to_string();
    assert!(
        error.contains("delete on VM a (v1): Operation Failed: Cannot remove VM. Delete protection is enabled"),
        "{error}"
    );
    assert_eq!(script.bodies("DELETE /api/vms/v1").len(), 1);
}
