//! Creation, change and deletion: cluster-api.md sections 6.2, 6.3, 6.5 and 6.6.

use super::fixture::{Ask, PLANS, PODS, config_map, plan, server};
use serde_json::{Value, json};

const MAPS: &str = "/api/v1/namespaces/n/configmaps";

fn revision(value: &Value) -> u64 {
    value["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn create_completes_the_object_and_refuses_what_is_wrong() {
    let server = server();
    let ask = Ask::of(&server);
    let mut body = plan("a");
    body["status"] = json!({"x": 1});
    let made = ask.make(PLANS, body).await;
    assert_eq!(made["metadata"]["generation"], 1);
    assert_eq!(made["metadata"]["namespace"], "n");
    assert!(made.get("status").is_none());
    assert!(made["metadata"]["uid"].as_str().unwrap().len() == 36);
    let (code, again) = ask.post(PLANS, plan("a")).await;
    assert_eq!((code, again["reason"].as_str()), (409, Some("AlreadyExists")));
    assert_eq!(again["message"], "plans.forklift.konveyor.io \"a\" already exists");
    assert_eq!(again["details"], json!({"name": "a", "group": "forklift.konveyor.io", "kind": "plans"}));
    let mut with_version = plan("b");
    with_version["metadata"]["resourceVersion"] = "1".into();
    assert_eq!(ask.post(PLANS, with_version).await.0, 500);
    assert_eq!(ask.post(&PLANS.replace("/n/", "/m/"), plan("b")).await.0, 404);
    let mut elsewhere = plan("b");
    elsewhere["metadata"]["namespace"] = "other".into();
    assert_eq!(ask.post(PLANS, elsewhere).await.0, 400);
    assert_eq!(ask.post(PLANS, json!({"metadata": {"name": "untyped"}})).await.0, 400);
    let mut unnamed = plan("");
    unnamed["metadata"] = json!({});
    let (code, unnamed) = ask.post(PLANS, unnamed).await;
    assert_eq!((code, unnamed["details"]["causes"][0]["reason"].as_str()), (422, Some("FieldValueRequired")));
    let (code, bad) = ask.post(PLANS, plan("Bad_Name")).await;
    assert_eq!((code, bad["details"]["kind"].as_str()), (422, Some("Plan")));
    let mut other_kind = plan("c");
    other_kind["kind"] = "Migration".into();
    assert_eq!(ask.post(PLANS, other_kind).await.0, 422);
}

#[tokio::test]
async fn names_are_generated() {
    let server = server();
    let generated = |base: &str| {
        let mut plan = plan("");
        plan["metadata"] = json!({"generateName": base});
        plan
    };
    let made = Ask::of(&server).make(PLANS, generated("p-")).await;
    let name = made["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("p-") && name.len() == 7, "{name}");
    let long = "x".repeat(80);
    let made = Ask::of(&server).make(PLANS, generated(&long)).await;
    assert_eq!(made["metadata"]["name"].as_str().unwrap().len(), 63);
}

#[tokio::test]
async fn put_follows_revisions_generations_and_the_status_rule() {
    let server = server();
    let ask = Ask::of(&server);
    let made = ask.make(PLANS, plan("a")).await;
    let item = format!("{PLANS}/a");
    let (code, same) = ask.put(&item, made.clone()).await;
    assert_eq!((code, revision(&same)), (200, revision(&made)));
    let mut labelled = made.clone();
    labelled["metadata"]["labels"] = json!({"l": "1"});
    labelled["status"] = json!({"ignored": true});
    let (_, labelled) = ask.put(&item, labelled).await;
    assert!(revision(&labelled) > revision(&made));
    assert_eq!(labelled["metadata"]["generation"], 1);
    assert!(labelled.get("status").is_none());
    let (code, stale) = ask.put(&item, made.clone()).await;
    assert_eq!((code, stale["reason"].as_str()), (409, Some("Conflict")));
    let mut warm = labelled.clone();
    warm["spec"]["warm"] = true.into();
    assert_eq!(ask.put(&item, warm).await.1["metadata"]["generation"], 2);
    let mut free = plan("a");
    assert_eq!(ask.put(&item, free.clone()).await.0, 422);
    free["metadata"] = json!({"name": "none", "resourceVersion": "1"});
    assert_eq!(ask.put(&format!("{PLANS}/none"), free).await.0, 404);
    let (_, current) = ask.get(&item).await;
    let mut status = current.clone();
    status["status"] = json!({"phase": "Up"});
    status["spec"] = json!({"lost": true});
    status["metadata"]["labels"] = json!({"l": "2"});
    let (code, status) = ask.put(&format!("{item}/status"), status).await;
    assert_eq!(code, 200);
    assert_eq!(status["status"]["phase"], "Up");
    assert_eq!((&status["spec"], &status["metadata"]["labels"]), (&current["spec"], &current["metadata"]["labels"]));
    assert_eq!(status["metadata"]["generation"], current["metadata"]["generation"]);
    let mut other_uid = status.clone();
    other_uid["metadata"]["uid"] = "x".into();
    assert_eq!(ask.put(&item, other_uid).await.0, 409);
}

#[tokio::test]
async fn patches_have_their_forms() {
    let server = server();
    let ask = Ask::of(&server);
    ask.make(PLANS, plan("a")).await;
    let item = format!("{PLANS}/a");
    let (_, merged) = ask.patch("merge", &item, json!({"spec": {"warm": null, "x": 1}})).await;
    assert_eq!(merged["spec"], json!({"x": 1}));
    let json_patch = json!([
        {"op": "test", "path": "/metadata/finalizers", "value": null},
        {"op": "add", "path": "/metadata/finalizers", "value": ["f.io/x"]},
    ]);
    let (code, held) = ask.patch("json", &item, json_patch.clone()).await;
    assert_eq!((code, &held["metadata"]["finalizers"]), (200, &json!(["f.io/x"])));
    assert_eq!(ask.patch("json", &item, json_patch).await.0, 422);
    assert_eq!(ask.patch("strategic", &item, json!({})).await.0, 415);
    let stale = json!({"metadata": {"resourceVersion": "1"}, "spec": {"x": 2}});
    assert_eq!(ask.patch("merge", &item, stale).await.0, 409);
    assert_eq!(ask.patch("merge", &item, json!({"metadata": {"name": "b"}})).await.0, 400);
    let (_, status) =
        ask.patch("merge", &format!("{item}/status"), json!({"spec": {"x": 9}, "status": {"s": 1}})).await;
    assert_eq!((&status["spec"]["x"], &status["status"]["s"]), (&json!(1), &json!(1)));
    assert_eq!(ask.patch("merge", &format!("{PLANS}/none"), json!({})).await.0, 404);
    let pod = json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}, {"name": "b"}]}});
    ask.make(PODS, pod).await;
    let change = json!({"spec": {"containers": [{"name": "b", "image": "i"}]}});
    let (_, pod) = ask.patch("strategic", &format!("{PODS}/p"), change).await;
    assert_eq!(pod["spec"]["containers"], json!([{"name": "a"}, {"name": "b", "image": "i"}]));
}

#[tokio::test]
async fn a_dry_run_stores_nothing() {
    let server = server();
    let ask = Ask::of(&server);
    assert_eq!(ask.post(&format!("{PLANS}?dryRun=All"), plan("a")).await.0, 201);
    assert_eq!(ask.get(&format!("{PLANS}/a")).await.0, 404);
    ask.make(PLANS, plan("a")).await;
    let (_, patched) = ask.patch("merge", &format!("{PLANS}/a?dryRun=All"), json!({"spec": {"x": 1}})).await;
    assert_eq!(patched["spec"]["x"], 1);
    assert_eq!(ask.delete(&format!("{PLANS}/a"), json!({"dryRun": ["All"]})).await.0, 200);
    let (code, kept) = ask.get(&format!("{PLANS}/a")).await;
    assert_eq!((code, &kept["spec"]["x"]), (200, &Value::Null));
}

#[tokio::test]
async fn deletion_honours_preconditions_and_finalizers() {
    let server = server();
    let ask = Ask::of(&server);
    let made = ask.make(MAPS, config_map("a")).await;
    let item = format!("{MAPS}/a");
    let (code, refused) = ask.delete(&item, json!({"preconditions": {"uid": "other"}})).await;
    assert_eq!((code, refused["reason"].as_str()), (409, Some("Conflict")));
    let right = json!({"preconditions": {"uid": made["metadata"]["uid"]}});
    let (code, status) = ask.delete(&item, right).await;
    assert_eq!((code, status["status"].as_str()), (200, Some("Success")));
    assert_eq!(status["details"], json!({"name": "a", "kind": "configmaps", "uid": made["metadata"]["uid"]}));
    assert_eq!(ask.delete(&item, Value::Null).await.0, 404);

    ask.make(PODS, json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]}})).await;
    assert_eq!(ask.delete(&format!("{PODS}/p"), Value::Null).await.1["kind"], "Pod");

    let mut held = plan("h");
    held["metadata"]["finalizers"] = json!(["f.io/x"]);
    let held = ask.make(PLANS, held).await;
    let item = format!("{PLANS}/h");
    let mut events = ask.watch(&format!("{PLANS}?watch=1&resourceVersion={}", revision(&held))).await;
    let (code, marked) = ask.delete(&item, Value::Null).await;
    assert_eq!((code, marked["kind"].as_str()), (200, Some("Plan")));
    assert_eq!(marked["metadata"]["deletionGracePeriodSeconds"], 0);
    assert_eq!(marked["metadata"]["generation"], 2);
    let (_, again) = ask.delete(&item, Value::Null).await;
    assert_eq!(revision(&again), revision(&marked));
    assert_eq!(ask.patch("merge", &item, json!({"metadata": {"finalizers": ["f.io/x", "f.io/y"]}})).await.0, 422);
    let (code, last) = ask.patch("merge", &item, json!({"metadata": {"finalizers": null}})).await;
    assert_eq!((code, last["metadata"]["name"].as_str()), (200, Some("h")));
    assert_eq!(ask.get(&item).await.0, 404);
    ask.make(PLANS, plan("next")).await;
    assert_eq!(events.take(3).await, ["MODIFIED h", "DELETED h", "ADDED next"]);
}

#[tokio::test]
async fn secrets_hide_their_texts() {
    let server = server();
    let ask = Ask::of(&server);
    let path = "/api/v1/namespaces/n/secrets";
    let made =
        ask.make(path, json!({"metadata": {"name": "s"}, "stringData": {"user": "me"}, "data": {"a": "Yg=="}})).await;
    assert_eq!(made["type"], "Opaque");
    assert_eq!(made["data"], json!({"user": "bWU=", "a": "Yg=="}));
    assert!(made.get("stringData").is_none());
    assert_eq!(ask.post(path, json!({"metadata": {"name": "t"}, "data": {"a": "%"}})).await.0, 400);
    assert_eq!(ask.patch("merge", &format!("{path}/s"), json!({"type": "x"})).await.0, 422);
}

#[tokio::test]
async fn schemas_prune_complete_and_check() {
    let server = server();
    let ask = Ask::of(&server);
    let path = "/apis/x.io/v1/namespaces/n/boxes";
    let body = |name: &str, spec: Value| json!({"apiVersion": "x.io/v1", "kind": "Box", "metadata": {"name": name}, "spec": spec});
    let made = ask.make(path, body("a", json!({"size": 1, "typo": 2}))).await;
    assert_eq!(made["spec"], json!({"size": 1, "mode": "soft"}));
    let (code, strict) =
        ask.post(&format!("{path}?fieldValidation=Strict"), body("b", json!({"size": 1, "typo": 2}))).await;
    assert_eq!(code, 400);
    assert!(strict["message"].as_str().unwrap().ends_with("strict decoding error: unknown field \"spec.typo\""));
    let (code, missing) = ask.post(path, body("b", json!({}))).await;
    assert_eq!(
        (code, missing["message"].as_str()),
        (422, Some("Box.x.io \"b\" is invalid: spec.size: Required value"))
    );
    assert_eq!(missing["details"]["kind"], "Box");
    let response = ask.send("POST", path, "application/json", &body("b", json!({"size": 1, "typo": 2}))).await;
    assert_eq!(response.headers()["warning"], "299 - \"unknown field \\\"spec.typo\\\"\"");
}

#[tokio::test]
async fn yaml_bodies_are_read() {
    let server = server();
    let ask = Ask::of(&server);
    let text = "metadata:\n  name: yaml\ndata:\n  a: b\n";
    let request = http::Request::builder()
        .method("POST")
        .uri(MAPS)
        .header("authorization", "Bearer admin-token")
        .header("content-type", "application/yaml")
        .body(axum::body::Body::from(text))
        .unwrap();
    let response = tower::ServiceExt::oneshot(server.service(), request).await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(ask.get(&format!("{MAPS}/yaml")).await.1["data"]["a"], "b");
}
