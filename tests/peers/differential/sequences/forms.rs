//! Other forms of answers: Tables, metadata alone, discovery, OpenAPI.

use crate::differential::kinds::{GADGETS, MAPS, SECRETS, WIDGETS, gadget, map, widget, with};
use crate::differential::sequence::{Sequence, sequence};
use serde_json::{Value, json};

const TABLE: &str =
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
const METADATA: &str = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json";
const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json";
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

pub(super) fn sequences() -> Vec<Sequence> {
    vec![tables(), metadata(), discovery(), openapi()]
}

fn tables() -> Sequence {
    sequence("tables_show_the_same")
        .post("widget", WIDGETS, with(widget("a"), &json!({"spec": {"mode": "hard"}})))
        .patch(
            "status",
            &format!("{WIDGETS}/a/status"),
            json!({"status": {"phase": "Run", "conditions": [{"type": "Ready", "status": "True"}]}}),
        )
        .post("second", WIDGETS, widget("b"))
        .post("gadget", GADGETS, gadget("a"))
        .post("map", MAPS, map("a"))
        .post(
            "secret",
            SECRETS,
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"a": "b"}}),
        )
        .get("widgets", WIDGETS)
        .header("accept", TABLE)
        .get("one widget", &format!("{WIDGETS}/a"))
        .header("accept", TABLE)
        .get("first page", &format!("{WIDGETS}?limit=1"))
        .header("accept", TABLE)
        .get("whole objects", &format!("{WIDGETS}?includeObject=Object"))
        .header("accept", TABLE)
        .get("no objects", &format!("{WIDGETS}?includeObject=None"))
        .header("accept", TABLE)
        .get("nothing", &format!("{WIDGETS}?labelSelector=none"))
        .header("accept", TABLE)
        .get("gadgets", GADGETS)
        .header("accept", TABLE)
        .get("maps", MAPS)
        .header("accept", TABLE)
        .get("secrets", SECRETS)
        .header("accept", TABLE)
        .get("namespace", "/api/v1/namespaces/{ns}")
        .header("accept", TABLE)
        .get("absent", &format!("{WIDGETS}/absent"))
        .header("accept", TABLE)
}

fn metadata() -> Sequence {
    sequence("metadata_alone_shows_the_same")
        .post("widget", WIDGETS, with(widget("a"), &json!({"metadata": {"labels": {"x": "y"}}})))
        .post("map", MAPS, map("a"))
        .get("one", &format!("{WIDGETS}/a"))
        .header("accept", METADATA)
        .get("list", WIDGETS)
        .header("accept", METADATA_LIST)
        .get("one map", &format!("{MAPS}/a"))
        .header("accept", METADATA)
        .get("maps", MAPS)
        .header("accept", METADATA_LIST)
        .patch("patched", &format!("{WIDGETS}/a"), json!({"metadata": {"annotations": {"x": "y"}}}))
        .header("accept", METADATA)
        .get("list as one", WIDGETS)
        .header("accept", METADATA)
        .delete("deleted", &format!("{WIDGETS}/a"), json!(null))
        .header("accept", METADATA)
}

/// Of a discovery document what belongs to the kinds of the test or is always there.
fn own_group(body: Value) -> Value {
    let of = |list: &Value, own: fn(&Value) -> bool| -> Vec<Value> {
        list.as_array().into_iter().flatten().filter(|item| own(item)).cloned().collect()
    };
    let mut body = body;
    for list in ["groups", "items"] {
        if body[list].is_array() {
            body[list] = of(&body[list], |item| {
                item["name"] == "diff.mtvtest.io" || item["metadata"]["name"] == "diff.mtvtest.io"
            })
            .into();
        }
    }
    body
}

/// Of the core group what every client uses.
fn some_core(mut body: Value) -> Value {
    const SOME: [&str; 10] = [
        "configmaps",
        "events",
        "namespaces",
        "namespaces/finalize",
        "namespaces/status",
        "persistentvolumeclaims",
        "persistentvolumeclaims/status",
        "pods",
        "secrets",
        "serviceaccounts",
    ];
    let list = body["resources"].as_array().into_iter().flatten();
    let mut some: Vec<Value> = list
        .filter(|item| SOME.iter().any(|name| item["name"] == *name))
        .map(|item| {
            let mut item = item.clone();
            // Of no use to clients.
            item.as_object_mut().unwrap().remove("storageVersionHash");
            item
        })
        .collect();
    some.sort_by_key(|item| item["name"].to_string());
    body["resources"] = some.into();
    body
}

fn discovery() -> Sequence {
    let without_hashes = |mut body: Value| {
        let mut resources = body["resources"].as_array().cloned().unwrap_or_default();
        for item in &mut resources {
            item.as_object_mut().unwrap().remove("storageVersionHash");
        }
        // In the order in which the definitions were seen.
        resources.sort_by_key(|item| item["name"].to_string());
        body["resources"] = resources.into();
        body
    };
    sequence("discovery_tells_of_the_same_kinds")
        .get("core versions", "/api")
        .get("groups", "/apis")
        .view(own_group)
        .get("group", "/apis/diff.mtvtest.io")
        .get("kinds", "/apis/diff.mtvtest.io/v1")
        .view(without_hashes)
        .get("core kinds", "/api/v1")
        .view(some_core)
        .get("aggregated groups", "/apis")
        .header("accept", AGGREGATED)
        .view(own_group)
        .get("aggregated in the order of kubectl", "/apis")
        .header("accept", "application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io,application/json")
        .view(own_group)
        .get("aggregated beta", "/apis")
        .header("accept", "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json")
        .view(|body| json!([body["kind"], body["apiVersion"]]))
        .get("aggregated core", "/api")
        .header("accept", AGGREGATED)
        .view(|body| {
            json!([
                body["kind"],
                body["apiVersion"],
                body["items"][0]["metadata"],
                body["items"][0]["versions"][0]["version"],
                body["items"][0]["versions"][0]["freshness"]
            ])
        })
        .get("version", "/version")
        .view(|body| {
            let keys: Vec<String> = body.as_object().unwrap().keys().cloned().collect();
            let minor = body["minor"].as_str().unwrap().trim_end_matches('+').to_owned();
            json!([keys, body["major"], minor])
        })
        .get("livez", "/livez")
        .get("readyz", "/readyz")
        .get("healthz", "/healthz")
}

fn openapi() -> Sequence {
    let keys = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>());
    let index = |body: Value| {
        let path = &body["paths"]["apis/diff.mtvtest.io/v1"]["serverRelativeURL"];
        json!(path.as_str().map(|path| path.split('=').next().unwrap_or_default().to_owned()))
    };
    let _ = keys;
    let patch = |body: Value| {
        let path = "/paths/~1apis~1diff.mtvtest.io~1v1~1namespaces~1{namespace}~1widgets~1{name}/patch";
        let operation = body.pointer(path).cloned().unwrap_or_default();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let names: Vec<Value> = parameters.iter().map(|parameter| parameter["name"].clone()).collect();
        json!({"kind": operation["x-kubernetes-group-version-kind"], "fieldValidation": names.contains(&"fieldValidation".into())})
    };
    sequence("openapi_names_the_operations")
        .get("index", "/openapi/v3")
        .view(index)
        .get("document", "/openapi/v3/apis/diff.mtvtest.io/v1")
        .view(patch)
        .get("unknown", "/openapi/v3/apis/nothing.io/v1")
}
