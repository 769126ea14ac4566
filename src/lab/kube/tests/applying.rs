//! Server-side apply: cluster-api.md section 6.6.

use super::fixture::{Ask, PODS, config_map, server};
use serde_json::{Value, json};

const ITEM: &str = "/api/v1/namespaces/n/configmaps/a";
const MAPS: &str = "/api/v1/namespaces/n/configmaps";

fn map(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

async fn apply(ask: &Ask<'_>, manager: &str, data: Value) -> (u16, Value) {
    ask.patch("apply", &format!("{ITEM}?fieldManager={manager}"), map(&data)).await
}

#[tokio::test]
async fn managers_own_what_they_apply() {
    let server = server();
    let ask = Ask::of(&server);
    let (code, made) = apply(&ask, "one", json!({"x": "1", "y": "1"})).await;
    assert_eq!(code, 201);
    let entry = &made["metadata"]["managedFields"][0];
    assert_eq!((entry["manager"].as_str(), entry["operation"].as_str()), (Some("one"), Some("Apply")));
    assert_eq!(entry["fieldsV1"], json!({"f:data": {"f:x": {}, "f:y": {}}}));
    let (code, same) = apply(&ask, "one", json!({"x": "1", "y": "1"})).await;
    assert_eq!((code, &same["metadata"]["resourceVersion"]), (200, &made["metadata"]["resourceVersion"]));
    let (code, conflict) = apply(&ask, "two", json!({"x": "2", "z": "2"})).await;
    assert_eq!((code, conflict["reason"].as_str()), (409, Some("Conflict")));
    assert_eq!(conflict["message"], "Apply failed with 1 conflict: conflict with \"one\": .data.x");
    assert_eq!(conflict["details"]["causes"][0]["reason"], "FieldManagerConflict");
    assert_eq!(apply(&ask, "two", json!({"x": "1", "z": "2"})).await.0, 200);
    // x is shared now, so the first manager's leaving keeps it; y was its own.
    let (_, left) = apply(&ask, "one", json!({})).await;
    assert_eq!(left["data"], json!({"x": "1", "z": "2"}));
    let (_, forced) =
        ask.patch("apply", &format!("{ITEM}?fieldManager=three&force=true"), map(&json!({"z": "3"}))).await;
    assert_eq!(forced["data"], json!({"x": "1", "z": "3"}));
    let (_, left) = apply(&ask, "two", json!({})).await;
    assert_eq!(left["data"], json!({"z": "3"}));
}

#[tokio::test]
async fn ordinary_writes_take_ownership() {
    let server = server();
    let ask = Ask::of(&server);
    apply(&ask, "one", json!({"x": "1"})).await;
    ask.patch("merge", &format!("{ITEM}?fieldManager=edit"), json!({"data": {"x": "9"}})).await;
    let (code, conflict) = apply(&ask, "one", json!({"x": "1"})).await;
    assert_eq!(code, 409);
    assert_eq!(conflict["details"]["causes"][0]["message"], "conflict with \"edit\" using v1");
    ask.make(MAPS, config_map("old")).await;
    ask.patch("merge", &format!("{MAPS}/old"), json!({"data": {"k": "1"}})).await;
    let path = format!("{MAPS}/old?fieldManager=one");
    let mut body = map(&json!({"k": "2"}));
    body["metadata"]["name"] = "old".into();
    let (code, conflict) = ask.patch("apply", &path, body).await;
    assert_eq!(code, 409);
    assert_eq!(conflict["details"]["causes"][0]["message"], "conflict with \"before-first-apply\" using v1");
}

#[tokio::test]
async fn keyed_lists_merge_item_by_item() {
    let server = server();
    let ask = Ask::of(&server);
    let pod = |containers: Value| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": containers}});
    let path = |manager: &str| format!("{PODS}/p?fieldManager={manager}");
    ask.patch("apply", &path("one"), pod(json!([{"name": "a", "image": "1"}]))).await;
    let (_, both) = ask.patch("apply", &path("two"), pod(json!([{"name": "b", "image": "2"}]))).await;
    assert_eq!(both["spec"]["containers"], json!([{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]));
    let (_, left) = ask.patch("apply", &path("one"), pod(json!([{"name": "c"}]))).await;
    assert_eq!(left["spec"]["containers"], json!([{"name": "b", "image": "2"}, {"name": "c"}]));
    let target = "/apis/x.io/v1/namespaces/n/boxes/x?fieldManager=";
    let boxed = |parts: Value| json!({"apiVersion": "x.io/v1", "kind": "Box", "metadata": {"name": "x"}, "spec": {"size": 1, "parts": parts}});
    ask.patch("apply", &format!("{target}one"), boxed(json!([{"id": "a", "w": 1}]))).await;
    let (code, both) = ask.patch("apply", &format!("{target}two"), boxed(json!([{"id": "b"}]))).await;
    assert_eq!((code, &both["spec"]["parts"]), (200, &json!([{"id": "a", "w": 1}, {"id": "b"}])));
    let (code, conflict) = ask.patch("apply", &format!("{target}two"), boxed(json!([{"id": "a", "w": 2}]))).await;
    assert_eq!((code, conflict["details"]["causes"][0]["field"].as_str()), (409, Some(".spec.parts[id=\"a\"].w")));
}

#[tokio::test]
async fn wrong_applies_are_refused() {
    let server = server();
    let ask = Ask::of(&server);
    assert_eq!(ask.patch("apply", ITEM, map(&json!({}))).await.0, 422);
    assert_eq!(ask.patch("merge", &format!("{ITEM}?force=true"), json!({})).await.0, 422);
    let mut body = map(&json!({}));
    body["metadata"]["managedFields"] = json!([]);
    assert_eq!(ask.patch("apply", &format!("{ITEM}?fieldManager=x"), body).await.0, 400);
    assert_eq!(ask.patch("apply", &format!("{ITEM}/status?fieldManager=x"), map(&json!({}))).await.0, 404);
}
