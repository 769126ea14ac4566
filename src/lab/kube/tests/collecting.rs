//! Owners, namespaces and kinds that go away: cluster-api.md section 6.5.

use super::fixture::{Ask, PLANS, config_map, owner, plan, server};
use serde_json::{Value, json};

const MAPS: &str = "/api/v1/namespaces/n/configmaps";

async fn owned(ask: &Ask<'_>, name: &str, owners: &[&Value], block: bool) -> Value {
    let mut map = config_map(name);
    map["metadata"]["ownerReferences"] = owners.iter().map(|object| owner(object, block)).collect();
    ask.make(MAPS, map).await
}

async fn exists(ask: &Ask<'_>, path: &str) -> bool {
    ask.get(path).await.0 == 200
}

#[tokio::test]
async fn background_takes_what_has_no_owner_left() {
    let server = server();
    let ask = Ask::of(&server);
    let one = ask.make(PLANS, plan("one")).await;
    let two = ask.make(PLANS, plan("two")).await;
    let child = owned(&ask, "child", &[&one], false).await;
    owned(&ask, "grandchild", &[&child], false).await;
    owned(&ask, "shared", &[&one, &two], false).await;
    ask.delete(&format!("{PLANS}/one"), json!({"propagationPolicy": "Background"})).await;
    assert!(!exists(&ask, &format!("{MAPS}/child")).await);
    assert!(!exists(&ask, &format!("{MAPS}/grandchild")).await);
    let (_, shared) = ask.get(&format!("{MAPS}/shared")).await;
    assert_eq!(shared["metadata"]["ownerReferences"].as_array().unwrap().len(), 1);
    ask.delete(&format!("{PLANS}/two"), Value::Null).await;
    assert!(!exists(&ask, &format!("{MAPS}/shared")).await);
    owned(&ask, "late", &[&one], false).await;
    assert!(!exists(&ask, &format!("{MAPS}/late")).await);
}

#[tokio::test]
async fn foreground_waits_for_blocking_dependents() {
    let server = server();
    let ask = Ask::of(&server);
    let top = ask.make(PLANS, plan("top")).await;
    let mut held = config_map("held");
    held["metadata"]["ownerReferences"] = json!([owner(&top, true)]);
    held["metadata"]["finalizers"] = json!(["f.io/x"]);
    ask.make(MAPS, held).await;
    owned(&ask, "free", &[&top], true).await;
    let other = ask.make(PLANS, plan("other")).await;
    owned(&ask, "kept", &[&top, &other], true).await;
    let (_, marked) = ask.delete(&format!("{PLANS}/top"), json!({"propagationPolicy": "Foreground"})).await;
    assert_eq!(marked["metadata"]["finalizers"], json!(["foregroundDeletion"]));
    assert!(exists(&ask, &format!("{PLANS}/top")).await);
    assert!(!exists(&ask, &format!("{MAPS}/free")).await);
    ask.patch("merge", &format!("{MAPS}/held"), json!({"metadata": {"finalizers": null}})).await;
    assert!(!exists(&ask, &format!("{PLANS}/top")).await);
    let (_, kept) = ask.get(&format!("{MAPS}/kept")).await;
    assert_eq!(kept["metadata"]["ownerReferences"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn orphans_stay() {
    let server = server();
    let ask = Ask::of(&server);
    let top = ask.make(PLANS, plan("top")).await;
    owned(&ask, "child", &[&top], true).await;
    ask.delete(&format!("{PLANS}/top"), json!({"propagationPolicy": "Orphan"})).await;
    assert!(!exists(&ask, &format!("{PLANS}/top")).await);
    let (code, child) = ask.get(&format!("{MAPS}/child")).await;
    assert_eq!((code, child["metadata"].get("ownerReferences")), (200, None));
}

#[tokio::test]
async fn namespaces_terminate_with_their_contents() {
    let server = server();
    let ask = Ask::of(&server);
    let made = ask.make("/api/v1/namespaces", json!({"metadata": {"name": "m"}})).await;
    assert_eq!(made["status"]["phase"], "Active");
    assert_eq!(made["spec"]["finalizers"], json!(["kubernetes"]));
    assert_eq!(made["metadata"]["labels"]["kubernetes.io/metadata.name"], "m");
    let plans = PLANS.replace("/n/", "/m/");
    let mut held = plan("held");
    held["metadata"]["finalizers"] = json!(["f.io/x"]);
    ask.make(&plans, held).await;
    ask.make(&plans, plan("free")).await;
    let (code, ending) = ask.delete("/api/v1/namespaces/m", Value::Null).await;
    assert_eq!((code, ending["status"]["phase"].as_str()), (200, Some("Terminating")));
    assert!(!exists(&ask, &format!("{plans}/free")).await);
    let (code, refused) = ask.post(&plans, plan("new")).await;
    assert_eq!((code, refused["details"]["causes"][0]["reason"].as_str()), (403, Some("NamespaceTerminating")));
    assert!(exists(&ask, "/api/v1/namespaces/m").await);
    ask.patch("merge", &format!("{plans}/held"), json!({"metadata": {"finalizers": []}})).await;
    assert!(!exists(&ask, "/api/v1/namespaces/m").await);
    assert_eq!(ask.delete("/api/v1/namespaces/default", Value::Null).await.0, 403);
}

#[tokio::test]
async fn a_kind_goes_with_its_definition() {
    let server = server();
    let ask = Ask::of(&server);
    ask.make(PLANS, plan("a")).await;
    let mut events = ask.watch(&format!("{PLANS}?watch=1")).await;
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/plans.forklift.konveyor.io";
    assert_eq!(ask.get(path).await.1["status"]["conditions"][1]["type"], "Established");
    ask.delete(path, Value::Null).await;
    assert_eq!(ask.get(path).await.0, 404);
    assert_eq!(ask.get(PLANS).await, (404, json!("404 page not found\n")));
    assert_eq!(events.take(1).await, ["ADDED a"]);
    assert_eq!(events.next().await, None);
}
