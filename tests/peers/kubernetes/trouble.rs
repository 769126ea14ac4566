//! Deletions that are held up, conflicts, lost answers, watches that expire, a server that is restarted, a login that is
//! taken away: what the program makes of a real API server's answers.

use super::stage::{Stage, account, between, log_in, revoke};
use crate::bench::Bench;
use crate::control_plane::{ControlPlane, get, post};
use http::{Method, Request};
use kube::api::DynamicObject;
use kube::client::Body;
use mtvtest::cluster::{Cluster, ClusterError, Creation, Deletion, Guard, Kind, ObjectRef};
use mtvtest::facts::{SESSION_LABEL, Seed, SessionId, chain};
use mtvtest::undo::{Ledger, ObjectUndo, State};
use mtvtest::wait::{Deadline, Seen, pause, poll};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const ANYTHING: &str = r#"[{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]"#;

fn within(seconds: u64) -> Deadline {
    Deadline::after(Duration::from_secs(seconds), &CancellationToken::new())
}

/// A login of the trial's own, and a namespace of its session.
async fn enter(plane: &ControlPlane, bench: &Bench, name: &str) -> (Cluster, kube::Client, SessionId) {
    let token = account(plane, name, &serde_json::from_str(ANYTHING).unwrap()).await;
    let (cluster, admin) = (log_in(plane, &token, bench.folder()).await, plane.admin().await);
    let session = SessionId::generate(Seed(name.bytes().map(u64::from).sum()));
    let space = json!({"metadata": {"name": name, "labels": {SESSION_LABEL: session.as_str()}}});
    post(&admin, "/api/v1/namespaces", &space).await.unwrap();
    (cluster, admin, session)
}

async fn config_map(admin: &kube::Client, space: &str, metadata: Value) -> Value {
    let path = format!("/api/v1/namespaces/{space}/configmaps");
    post(admin, &path, &json!({"metadata": metadata, "data": {"k": "v"}})).await.unwrap()
}

async fn merge(admin: &kube::Client, path: &str, patch: &Value) {
    let request = Request::patch(path).header("content-type", "application/merge-patch+json");
    admin.request::<Value>(request.body(patch.to_string().into_bytes()).unwrap()).await.unwrap();
}

pub(crate) async fn finalizers(bench: Bench) {
    let stage = Stage::shared(&bench);
    let (cluster, admin, session) = enter(&stage.plane, &bench, "held").await;
    let labels = json!({SESSION_LABEL: session.as_str()});
    config_map(&admin, "held", json!({"name": "c", "labels": labels, "finalizers": ["example.com/hold"]})).await;
    let (target, guard) = (ObjectRef::namespaced(Kind::CONFIG_MAP, "held", "c"), Guard::Session(session));
    let error = cluster.delete(&target, &guard, &within(2)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "wait for ConfigMap held/c to be gone: not within 2s; last seen: it is being deleted, held by finalizers: \
         example.com/hold"
    );
    // A namespace is held by what is held in it.
    let space = ObjectRef::global(Kind::NAMESPACE, "held");
    let error = cluster.delete(&space, &guard, &within(12)).await.unwrap_err().to_string();
    assert!(error.contains("it is being deleted, held by finalizers: kubernetes"), "{error}");
    assert!(error.contains("example.com/hold in 1 resource instances"), "{error}");
    // Asked again while it is let go, it is waited for.
    let deadline = within(60);
    let free = json!({"metadata": {"finalizers": null}});
    let before = cluster.requests();
    let release = async {
        // A look, a list and a watch: from here on it is waited for.
        while cluster.requests() < before + 3 {
            pause(Duration::from_millis(20)).await;
        }
        merge(&admin, "/api/v1/namespaces/held/configmaps/c", &free).await;
    };
    let (deleted, ()) = tokio::join!(cluster.delete(&target, &guard, &deadline), release);
    assert_eq!(deleted.unwrap(), Deletion::Deleted);
    // Of a control plane's namespaces those that go are gone within seconds, and then there is nothing to delete.
    let gone = cluster.delete(&space, &guard, &within(60)).await.unwrap();
    assert!(matches!(gone, Deletion::Deleted | Deletion::AlreadyGone), "{gone:?}");
    assert!(cluster.get(&space).await.unwrap().is_none());
}

/// A namespace with a running VM, whose finalizers, pod and claim others must let go first.
pub(crate) async fn namespace(bench: Bench) {
    let stage = Stage::shared(&bench);
    let (cluster, admin, session) = enter(&stage.plane, &bench, "inhabited").await;
    let volume = json!({
        "apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "DataVolume", "metadata": {"name": "disk"},
        "spec": {"source": {"blank": {}}, "storage": {"resources": {"requests": {"storage": "1Gi"}}}},
    });
    post(&admin, "/apis/cdi.kubevirt.io/v1beta1/namespaces/inhabited/datavolumes", &volume).await.unwrap();
    let vm = json!({
        "apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "metadata": {"name": "vm"},
        "spec": {"runStrategy": "Always", "template": {"metadata": {}, "spec": {
            "domain": {"devices": {}}, "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "disk"}}]}}},
    });
    post(&admin, "/apis/kubevirt.io/v1/namespaces/inhabited/virtualmachines", &vm).await.unwrap();
    let target = ObjectRef::namespaced(Kind::VM, "inhabited", "vm");
    let runs = |vm: Option<&DynamicObject>| match vm.map(|vm| vm.data["status"]["printableStatus"].clone()) {
        Some(status) if status == "Running" => Seen::Met(()),
        other => Seen::Pending(format!("{other:?}")),
    };
    cluster.wait("wait for the VM to run", &target, &within(30), runs).await.unwrap();
    let bound = get(&admin, "/api/v1/namespaces/inhabited/persistentvolumeclaims/disk").await.unwrap();
    let volume = ObjectRef::global(Kind::PV, bound["spec"]["volumeName"].as_str().unwrap());
    let space = ObjectRef::global(Kind::NAMESPACE, "inhabited");
    let deleted = cluster.delete(&space, &Guard::Session(session), &within(90)).await.unwrap();
    assert_eq!(deleted, Deletion::Deleted);
    assert!(cluster.get(&target).await.unwrap().is_none());
    cluster.wait_gone(&volume, None, &within(30)).await.unwrap();
}

pub(crate) async fn conflicts(bench: Bench) {
    let stage = Stage::shared(&bench);
    let (cluster, admin, _) = enter(&stage.plane, &bench, "contended").await;
    let old = config_map(&admin, "contended", json!({"name": "c"})).await;
    let target = ObjectRef::namespaced(Kind::CONFIG_MAP, "contended", "c");
    cluster.patch(&target, &json!({"data": {"k": "w"}})).await.unwrap();
    let stale = json!({"metadata": {"resourceVersion": old["metadata"]["resourceVersion"]}, "data": {"k": "x"}});
    let error = cluster.patch(&target, &stale).await.unwrap_err();
    assert!(error.is_conflict(), "{}", chain(&error));
    // Without a version many may write at once.
    let patches = (0..20).map(|index| {
        let (cluster, target) = (&cluster, &target);
        async move { cluster.patch(target, &json!({"data": {format!("key-{index}"): "v"}})).await }
    });
    for patched in futures::future::join_all(patches).await {
        patched.unwrap();
    }
    assert_eq!(cluster.get(&target).await.unwrap().unwrap().data["data"].as_object().unwrap().len(), 21);
    // Another object of the name survives a deletion that names the old one.
    let other = cluster.delete(&target, &Guard::Uid("another".to_owned()), &within(5)).await.unwrap();
    assert_eq!(other, Deletion::AlreadyGone);
    assert!(cluster.get(&target).await.unwrap().is_some());
}

pub(crate) async fn lost_answers(bench: Bench) {
    let stage = Stage::shared(&bench);
    let (cluster, admin, session) = enter(&stage.plane, &bench, "lossy").await;
    let posts = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&posts);
    let lossy = between(&cluster, move |client, request: Request<Body>| {
        let lose = request.method() == Method::POST && counted.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            let answer = client.send(request).await?;
            if lose { Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()) } else { Ok(answer) }
        }
    });
    let ledger = Ledger::create(&bench.folder().join("ledger.json"), session).unwrap();
    let creation = |name: &str| Creation {
        ledger: &ledger,
        test: None,
        target: ObjectRef::namespaced(Kind::CONFIG_MAP, "lossy", name),
        body: json!({"data": {"k": "v"}}),
        undo: ObjectUndo::Delete,
        needs: Vec::new(),
        reuse_foreign: false,
    };
    let made = lossy.create(creation("c")).await.unwrap();
    let stored = get(&admin, "/api/v1/namespaces/lossy/configmaps/c").await.unwrap();
    assert_eq!(stored["metadata"]["uid"].as_str(), made.object.metadata.uid.as_deref());
    assert_eq!(posts.load(Ordering::Relaxed), 1, "it was posted again");
    assert!(!made.reused && ledger.entries().iter().all(|entry| entry.state == State::Made));
    // Somebody else's is not adopted.
    config_map(&admin, "lossy", json!({"name": "theirs"})).await;
    let error = lossy.create(creation("theirs")).await.unwrap_err();
    assert!(matches!(error, ClusterError::Foreign { .. }), "{}", chain(&error));
}

/// Waits on a ConfigMap until it says `yes`, from a first watch that is far too old.
async fn wait_from_the_past(cluster: &Cluster, admin: &kube::Client, space: &str) -> u32 {
    let (lists, watches) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (listed, watched) = (Arc::clone(&lists), Arc::clone(&watches));
    let old = between(cluster, move |client, mut request: Request<Body>| {
        let uri = request.uri().to_string();
        if !uri.contains("watch=true") {
            listed.fetch_add(1, Ordering::Relaxed);
        } else if watched.fetch_add(1, Ordering::Relaxed) == 0 {
            let (before, version) = uri.split_once("resourceVersion=").unwrap();
            let rest = version.trim_start_matches(|digit: char| digit.is_ascii_digit());
            *request.uri_mut() = format!("{before}resourceVersion=1{rest}").parse().unwrap();
        }
        async move { Ok(client.send(request).await?) }
    });
    let target = ObjectRef::namespaced(Kind::CONFIG_MAP, space, "c");
    let judge = |found: Option<&DynamicObject>| match found.map(|found| found.data["data"]["k"].clone()) {
        Some(value) if value == "yes" => Seen::Met(()),
        other => Seen::Pending(format!("{other:?}")),
    };
    let change = async {
        // Not before the second watch: the change must come through it.
        while watches.load(Ordering::Relaxed) < 2 {
            pause(Duration::from_millis(20)).await;
        }
        merge(admin, &format!("/api/v1/namespaces/{space}/configmaps/c"), &json!({"data": {"k": "yes"}})).await;
    };
    let deadline = within(30);
    let (waited, ()) = tokio::join!(old.wait("wait for yes", &target, &deadline, judge), change);
    waited.unwrap();
    lists.load(Ordering::Relaxed)
}

pub(crate) async fn expired_watch(bench: Bench) {
    let stage = Stage::shared(&bench);
    let (cluster, admin, _) = enter(&stage.plane, &bench, "expired").await;
    config_map(&admin, "expired", json!({"name": "c"})).await;
    assert_eq!(wait_from_the_past(&cluster, &admin, "expired").await, 2, "an expired watch begins with a new list");
}

/// On a control plane of its own, without a cache between the watches and the store.
pub(crate) async fn restart(bench: Bench) {
    let mut plane = ControlPlane::start(&["--watch-cache=false"]).await.unwrap_or_else(|why| panic!("{why}"));
    let (cluster, admin, _) = enter(&plane, &bench, "restarted").await;
    let made = config_map(&admin, "restarted", json!({"name": "c"})).await;
    plane.compact(made["metadata"]["resourceVersion"].as_str().unwrap()).await;
    assert_eq!(wait_from_the_past(&cluster, &admin, "restarted").await, 2, "a compacted watch begins with a new list");
    let target = ObjectRef::namespaced(Kind::CONFIG_MAP, "restarted", "c");
    let mut seen = 0;
    let (tell, told) = tokio::sync::oneshot::channel();
    let mut tell = Some(tell);
    let judge = |found: Option<&DynamicObject>| {
        seen += 1;
        tell.take().map(|tell| tell.send(()));
        match found.map(|found| found.data["data"]["k"].clone()) {
            Some(value) if value == "again" => Seen::Met(()),
            other => Seen::Pending(format!("{other:?}")),
        }
    };
    let trouble = async {
        told.await.unwrap();
        plane.kill_api_server().await;
        plane.restart_api_server().await;
        merge(&plane.admin().await, "/api/v1/namespaces/restarted/configmaps/c", &json!({"data": {"k": "again"}}))
            .await;
    };
    let deadline = within(120);
    let (waited, ()) = tokio::join!(cluster.wait("wait for again", &target, &deadline, judge), trouble);
    waited.unwrap();
    assert!(seen >= 2, "the change cannot have been seen at once");
}

pub(crate) async fn revoked(bench: Bench) {
    let stage = Stage::shared(&bench);
    let (cluster, admin, _) = enter(&stage.plane, &bench, "revoked").await;
    config_map(&admin, "revoked", json!({"name": "c"})).await;
    let target = ObjectRef::namespaced(Kind::CONFIG_MAP, "revoked", "c");
    revoke(&stage.plane, "revoked").await;
    // The API server remembers a good token for some seconds.
    let deadline = within(60);
    let refused = poll("the token to be refused", &deadline, Duration::from_millis(500), || async {
        match cluster.get(&target).await {
            Ok(_) => Seen::Pending("it is still good".to_owned()),
            Err(error) => Seen::Met(error),
        }
    });
    let error = refused.await.unwrap();
    assert!(error.is_unauthorized(), "{}", chain(&error));
    assert_eq!(
        error.to_string(),
        "read ConfigMap revoked/c: the cluster refuses the credentials (Unauthorized); log in again, tokens expire"
    );
    // A wait gives up long before its deadline.
    let before = cluster.requests();
    let never = |_: Option<&DynamicObject>| Seen::<()>::Pending("never".to_owned());
    let error = cluster.wait("wait for what never comes", &target, &within(3600), never).await.unwrap_err();
    assert!(error.to_string().contains("the cluster refuses the credentials"), "{}", chain(&error));
    assert!(!error.is_timeout() && cluster.requests() - before <= 5, "{} requests", cluster.requests() - before);
}
