//! kube-rs on the server: the runtime's watcher, waits and finalizers, discovery.

use super::fixture::{plan, plans, server, server_with};
use crate::lab::fault::{Faults, TransportEffect, TransportFault};
use futures::StreamExt;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::finalizer::{Event as Finalizer, finalizer};
use kube::runtime::wait::{await_condition, conditions};
use kube::runtime::watcher::{Config, Event, watcher};
use kube::runtime::{WatchStreamExt, controller::Action};
use serde_json::json;
use std::pin::pin;
use std::sync::Arc;

fn object(name: &str) -> DynamicObject {
    serde_json::from_value(plan(name)).unwrap()
}

#[tokio::test]
async fn api_calls_work() {
    let server = server();
    let client = server.client("admin-token");
    let plans = plans(client.clone());
    let made = plans.create(&PostParams::default(), &object("a")).await.unwrap();
    assert!(made.metadata.uid.is_some());
    assert_eq!(plans.list(&ListParams::default()).await.unwrap().items.len(), 1);
    let patch = Patch::Merge(json!({"status": {"phase": "Up"}}));
    plans.patch_status("a", &PatchParams::default(), &patch).await.unwrap();
    assert_eq!(plans.get("a").await.unwrap().data["status"]["phase"], "Up");
    assert!(plans.get_opt("none").await.unwrap().is_none());
    assert!(plans.delete("a", &DeleteParams::background()).await.unwrap().is_right());
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "n");
    let apply =
        Patch::Apply(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"k": "v"}}));
    let applied = maps.patch("m", &PatchParams::apply("me"), &apply).await.unwrap();
    assert_eq!(applied.data.unwrap()["k"], "v");
    let namespaces: Api<Namespace> = Api::all(client.clone());
    assert_eq!(namespaces.list_metadata(&ListParams::default()).await.unwrap().items.len(), 5);
    assert_eq!(client.apiserver_version().await.unwrap().git_version, "v1.33.5");
    for aggregated in [false, true] {
        let discovery = kube::Discovery::new(client.clone());
        let found = if aggregated { discovery.run_aggregated().await } else { discovery.run().await }.unwrap();
        let group = found.groups().find(|group| group.name() == "forklift.konveyor.io").unwrap();
        assert!(group.recommended_kind("Plan").is_some());
    }
}

#[tokio::test]
async fn the_watcher_survives_drops_and_expiry() {
    let faults = Faults::default();
    let server = server_with(faults.clone());
    for effect in [TransportEffect::DropWatch, TransportEffect::ExpireWatch] {
        let (verb, path) = ("WATCH".to_owned(), "/plans".to_owned());
        faults.disturb(TransportFault { verb, path, after: 0, times: Some(1), effect });
    }
    let plans = plans(server.client("admin-token"));
    plans.create(&PostParams::default(), &object("a")).await.unwrap();
    let mut events = pin!(watcher(plans.clone(), Config::default()).default_backoff());
    let mut seen = Vec::new();
    let mut inits = 0;
    while inits < 2 {
        match events.next().await.unwrap() {
            Ok(Event::InitDone) => inits += 1,
            Ok(Event::InitApply(object)) => seen.push(object.metadata.name.unwrap()),
            _ => {}
        }
    }
    assert_eq!(seen, ["a", "a"]);
    plans.create(&PostParams::default(), &object("b")).await.unwrap();
    loop {
        if let Some(Ok(Event::Apply(object))) = events.next().await {
            assert_eq!(object.metadata.name.as_deref(), Some("b"));
            break;
        }
    }
}

#[tokio::test]
async fn streaming_lists_work() {
    let server = server();
    let plans = plans(server.client("admin-token"));
    plans.create(&PostParams::default(), &object("a")).await.unwrap();
    let mut events = pin!(watcher(plans.clone(), Config::default().streaming_lists()));
    let mut kinds = Vec::new();
    for _ in 0..3 {
        kinds.push(match events.next().await.unwrap().unwrap() {
            Event::Init => "init",
            Event::InitApply(_) => "object",
            Event::InitDone => "done",
            _ => "other",
        });
    }
    assert_eq!(kinds, ["init", "object", "done"]);
}

#[derive(Debug, thiserror::Error)]
#[error("never")]
struct Never;

#[tokio::test]
async fn finalizers_and_waits_work() {
    let server = server();
    let plans = plans(server.client("admin-token"));
    let made = plans.create(&PostParams::default(), &object("a")).await.unwrap();
    let uid = made.metadata.uid.clone().unwrap();
    let step = |object: DynamicObject| {
        let plans = plans.clone();
        async move {
            finalizer(&plans, "mtvtest.io/test", Arc::new(object), |event| async move {
                Ok::<Action, Never>(match event {
                    Finalizer::Apply(_) | Finalizer::Cleanup(_) => Action::await_change(),
                })
            })
            .await
            .unwrap()
        }
    };
    step(made).await;
    let held = plans.get("a").await.unwrap();
    assert_eq!(held.metadata.finalizers.clone().unwrap(), ["mtvtest.io/test"]);
    assert!(plans.delete("a", &DeleteParams::default()).await.unwrap().is_left());
    let gone = await_condition(plans.clone(), "a", conditions::is_deleted(&uid));
    let ending = plans.get("a").await.unwrap();
    let (gone, ()) = tokio::join!(gone, async {
        step(ending).await;
    });
    gone.unwrap();
    assert!(plans.get_opt("a").await.unwrap().is_none());
}
