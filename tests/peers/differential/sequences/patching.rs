//! JSON, merge and strategic patches.

use crate::differential::kinds::{MAPS, PODS, WIDGETS, map, widget, with};
use crate::differential::sequence::{Sequence, sequence};
use serde_json::json;

pub(super) fn sequences() -> Vec<Sequence> {
    vec![merging(), json_patches(), strategic(), refused()]
}

fn merging() -> Sequence {
    let a = format!("{MAPS}/a");
    let w = format!("{WIDGETS}/a");
    sequence("merge_patches_merge")
        .post("made", MAPS, map("a"))
        .patch("add", &a, json!({"data": {"b": "2"}, "metadata": {"labels": {"x": "y"}}}))
        .patch("nothing", &a, json!({}))
        .patch("same", &a, json!({"data": {"b": "2"}}))
        .patch("remove", &a, json!({"data": {"a": null, "absent": null}, "metadata": {"labels": null}}))
        .patch("remove all", &a, json!({"data": null}))
        .patch("current revision", &a, json!({"metadata": {"resourceVersion": "{remove all.rv}"}, "data": {"c": "1"}}))
        .patch("stale revision", &a, json!({"metadata": {"resourceVersion": "{made.rv}"}, "data": {"c": "2"}}))
        .patch("other uid", &a, json!({"metadata": {"uid": "6b2e9d5c-0000-4000-8000-000000000000"}}))
        .patch("right uid", &a, json!({"metadata": {"uid": "{made.uid}"}, "data": {"d": "1"}}))
        .patch("absent", &format!("{MAPS}/absent"), json!({"data": {}}))
        .post("widget", WIDGETS, with(widget("a"), &json!({"spec": {"parts": [{"id": "1"}], "tags": ["a"]}})))
        .patch("lists are replaced", &w, json!({"spec": {"parts": [{"id": "2"}], "tags": ["b"]}}))
        .patch("default comes back", &w, json!({"spec": {"mode": null}}))
        .patch("unknown field", &w, json!({"spec": {"zzz": 1}}))
        .patch("null in a map", &w, json!({"spec": {"free": {"x": null, "y": {"z": null, "k": 1}}}}))
        .patch(
            "status alone",
            &format!("{w}/status"),
            json!({"status": {"phase": "x"}, "spec": {"size": 50}, "metadata": {"labels": {"l": "m"}}}),
        )
        .patch("status through the object", &w, json!({"status": {"phase": "y"}}))
        .patch("status is emptied", &format!("{w}/status"), json!({"status": null}))
}

fn json_patches() -> Sequence {
    let a = format!("{WIDGETS}/a");
    sequence("json_patches_are_applied_step_by_step")
        .post("made", WIDGETS, with(widget("a"), &json!({"spec": {"lines": ["a", "b"]}})))
        .json_patch("first finalizer", &a, json!([
            {"op": "test", "path": "/metadata/finalizers", "value": null},
            {"op": "add", "path": "/metadata/finalizers", "value": ["x.io/f"]}]))
        .json_patch("first finalizer again", &a, json!([
            {"op": "test", "path": "/metadata/finalizers", "value": null},
            {"op": "add", "path": "/metadata/finalizers", "value": ["x.io/g"]}]))
        .json_patch("append", &a, json!([{"op": "add", "path": "/spec/lines/-", "value": "c"}]))
        .json_patch("insert", &a, json!([{"op": "add", "path": "/spec/lines/0", "value": "0"}]))
        .json_patch("replace", &a, json!([{"op": "replace", "path": "/spec/size", "value": 5}]))
        .json_patch("remove finalizer", &a, json!([
            {"op": "test", "path": "/metadata/finalizers/0", "value": "x.io/f"},
            {"op": "remove", "path": "/metadata/finalizers/0"}]))
        .json_patch("move", &a, json!([{"op": "move", "from": "/spec/lines/0", "path": "/spec/lines/2"}]))
        .json_patch("copy", &a, json!([{"op": "copy", "from": "/spec/mode", "path": "/spec/word"}]))
        .json_patch("failed test", &a, json!([{"op": "test", "path": "/spec/size", "value": 6}]))
        .json_patch("test of nothing", &a, json!([{"op": "test", "path": "/spec/none", "value": 6}]))
        .json_patch("remove nothing", &a, json!([{"op": "remove", "path": "/spec/none"}]))
        .json_patch("replace nothing", &a, json!([{"op": "replace", "path": "/spec/none", "value": 1}]))
        .json_patch("add below nothing", &a, json!([{"op": "add", "path": "/spec/none/x", "value": 1}]))
        .json_patch("unknown operation", &a, json!([{"op": "frob", "path": "/spec/size"}]))
        .json_patch("no list", &a, json!({"op": "add"}))
        .json_patch("empty", &a, json!([]))
        .json_patch("other name", &a, json!([{"op": "replace", "path": "/metadata/name", "value": "b"}]))
        .json_patch("other kind", &a, json!([{"op": "replace", "path": "/kind", "value": "Gadget"}]))
        .json_patch("stale", &a, json!([{"op": "replace", "path": "/metadata/resourceVersion", "value": "1"}, {"op": "replace", "path": "/spec/size", "value": 9}]))
        .json_patch("against the schema", &a, json!([{"op": "replace", "path": "/spec/size", "value": 1000}]))
        .json_patch("status", &format!("{a}/status"), json!([{"op": "add", "path": "/status", "value": {"phase": "x"}}]))
        .json_patch("absent", &format!("{WIDGETS}/absent"), json!([]))
}

fn strategic() -> Sequence {
    let a = format!("{MAPS}/a");
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "finalizers": ["x.io/a"]},
        "spec": {"containers": [{"name": "a", "image": "i:1"}], "tolerations": [{"key": "k", "operator": "Exists"}]}});
    let p = format!("{PODS}/p");
    let containers = |value: serde_json::Value| json!({"containers": value.pointer("/spec/containers"), "meta": value["metadata"], "code": value["code"], "message": value["message"]});
    sequence("strategic_patches_merge_lists_by_key")
        .post("made", MAPS, map("a"))
        .strategic("merge", &a, json!({"data": {"b": "2"}, "metadata": {"finalizers": ["x.io/a"]}}))
        .strategic("add a finalizer", &a, json!({"metadata": {"finalizers": ["x.io/b"]}}))
        .strategic("take a finalizer", &a, json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["x.io/a"]}}))
        .strategic("replace", &a, json!({"data": {"$patch": "replace", "z": "1"}}))
        .strategic("null", &a, json!({"data": null}))
        .strategic("no object", &a, json!(["x"]))
        .strategic("of a custom kind", &format!("{WIDGETS}/w"), json!({}))
        .post("pod", PODS, pod)
        .view(containers)
        .strategic("image", &p, json!({"spec": {"containers": [{"name": "a", "image": "i:2"}]}}))
        .view(containers)
        .strategic("unknown field", &p, json!({"spec": {"zzz": 1}, "metadata": {"labels": {"a": "b"}}}))
        .view(containers)
}

fn refused() -> Sequence {
    let a = format!("{MAPS}/a");
    let w = format!("{WIDGETS}/a");
    sequence("patches_are_refused_in_the_same_words")
        .post("made", MAPS, map("a"))
        .post("widget", WIDGETS, widget("a"))
        .patch("plain json", &a, json!({}))
        .header("content-type", "application/json")
        .patch("widget in plain json", &w, json!({}))
        .header("content-type", "application/json")
        .patch("widget strategic", &w, json!({}))
        .header("content-type", "application/strategic-merge-patch+json")
        .patch("text", &a, json!({}))
        .header("content-type", "text/plain")
        .raw("broken", "PATCH", &a, "{")
        .header("content-type", "application/merge-patch+json")
        .raw("widget broken", "PATCH", &w, "{")
        .header("content-type", "application/merge-patch+json")
        .raw("json patch broken", "PATCH", &a, "{")
        .header("content-type", "application/json-patch+json")
        .patch("no object", &a, json!([]))
        .patch("force", &format!("{a}?force=true"), json!({}))
        .patch("unknown type", &w, json!({"spec": {"size": "x"}}))
        .patch("data of a wrong type", &a, json!({"data": {"a": 1}}))
        .patch("other name", &a, json!({"metadata": {"name": "b"}}))
        .patch("other namespace", &w, json!({"metadata": {"namespace": "b"}}))
        .patch("name is gone", &w, json!({"metadata": {"name": null}}))
        .patch("other kind", &w, json!({"kind": "Gadget"}))
        .patch("other version", &w, json!({"apiVersion": "diff.mtvtest.io/v9"}))
        .patch("bad label", &w, json!({"metadata": {"labels": {"a": "b c"}}}))
        .patch("collection", MAPS, json!({}))
}
