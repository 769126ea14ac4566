//! Creation and replacement.

use crate::differential::kinds::{GADGETS, GLOBES, MAPS, WIDGETS, gadget, map, widget, with};
use crate::differential::sequence::{Sequence, sequence};
use serde_json::json;

pub(super) fn sequences() -> Vec<Sequence> {
    vec![
        creation(),
        refused_creation(),
        replacement(),
        refused_replacement(),
        custom_replacement(),
        generations(),
        dry_runs(),
    ]
}

fn creation() -> Sequence {
    sequence("creation_stamps_what_the_server_owns")
        .post("map", MAPS, map("a"))
        .get("read", &format!("{MAPS}/a"))
        .post("again", MAPS, map("a"))
        .post("generated", MAPS, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "gen-"}}))
        .post("both names", MAPS, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b", "generateName": "gen-"}}))
        .post("widget", WIDGETS, widget("a"))
        .post("widget again", WIDGETS, widget("a"))
        .post("status is dropped", WIDGETS, with(widget("b"), &json!({"status": {"phase": "x"}})))
        .post("status is kept", GADGETS, with(gadget("b"), &json!({"status": {"phase": "x"}})))
        .post("server fields", WIDGETS, with(widget("c"), &json!({"metadata": {
            "uid": "mine", "generation": 7, "creationTimestamp": "2001-01-01T00:00:00Z", "selfLink": "/x",
            "deletionTimestamp": "2001-01-01T00:00:00Z", "deletionGracePeriodSeconds": 9}})))
        .post("without type", MAPS, json!({"metadata": {"name": "untyped"}}))
        .post("widget without type", WIDGETS, json!({"metadata": {"name": "untyped"}, "spec": {"size": 1}}))
        .post("nulls", MAPS, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "nulls", "labels": null, "annotations": {}}, "data": null}))
        .post("null label", MAPS, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "nl", "labels": {"a": null}}}))
        .post("empty lists", WIDGETS, with(widget("empty"), &json!({"metadata": {"labels": {}, "finalizers": [], "ownerReferences": []}})))
        .post("own namespace", MAPS, with(map("own"), &json!({"metadata": {"namespace": "{ns}"}})))
        .post("cluster", GLOBES, json!({"apiVersion": "diff.mtvtest.io/v1", "kind": "Globe", "metadata": {"name": "{ns}", "namespace": "{ns}"}}))
        .post("cluster without", GLOBES, json!({"apiVersion": "diff.mtvtest.io/v1", "kind": "Globe", "metadata": {"name": "{ns}"}}))
}

fn refused_creation() -> Sequence {
    let body = |metadata| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata});
    sequence("creation_is_refused_in_the_same_words")
        .post("revision", MAPS, body(json!({"name": "a", "resourceVersion": "5"})))
        .post("widget with revision", WIDGETS, with(widget("a"), &json!({"metadata": {"resourceVersion": "5"}})))
        .post("other namespace", MAPS, body(json!({"name": "a", "namespace": "elsewhere"})))
        .post("widget in other namespace", WIDGETS, with(widget("a"), &json!({"metadata": {"namespace": "elsewhere"}})))
        .post("no name", MAPS, body(json!({})))
        .post("widget without name", WIDGETS, with(widget("a"), &json!({"metadata": {"name": null}})))
        .post("no namespace", "/api/v1/namespaces/diff-nowhere/configmaps", map("a"))
        .post("widget in no namespace", "/apis/diff.mtvtest.io/v1/namespaces/diff-nowhere/widgets", widget("a"))
        .post("bad name", MAPS, body(json!({"name": "A_b"})))
        .post("widget with a bad name", WIDGETS, with(widget("a"), &json!({"metadata": {"name": "A_b"}})))
        .post("long name", MAPS, body(json!({"name": "a".repeat(254)})))
        .post("bad label", MAPS, body(json!({"name": "a", "labels": {"a": "not valid!"}})))
        .post("bad label key", MAPS, body(json!({"name": "a", "labels": {"a b": "x", "-/x": "y"}})))
        .post("long label", MAPS, body(json!({"name": "a", "labels": {"a": "x".repeat(64)}})))
        .post("bad annotation", MAPS, body(json!({"name": "a", "annotations": {"a b": "x"}})))
        .post("label of a wrong type", MAPS, body(json!({"name": "a", "labels": {"a": 1}})))
        .post(
            "widget with a label of a wrong type",
            WIDGETS,
            with(widget("a"), &json!({"metadata": {"labels": {"a": 1}}})),
        )
        .post("labels of a wrong type", MAPS, body(json!({"name": "a", "labels": ["x"]})))
        .post("bad finalizer", WIDGETS, with(widget("a"), &json!({"metadata": {"finalizers": ["plain"]}})))
        .post("builtin with a bad finalizer", MAPS, body(json!({"name": "a", "finalizers": ["plain"]})))
        .post("bad owner", MAPS, body(json!({"name": "a", "ownerReferences": [{"kind": "X"}]})))
        .post(
            "two controllers",
            WIDGETS,
            with(
                widget("a"),
                &json!({"metadata": {"ownerReferences": [
            {"apiVersion": "v1", "kind": "X", "name": "x", "uid": "1", "controller": true},
            {"apiVersion": "v1", "kind": "X", "name": "y", "uid": "2", "controller": true}]}}),
            ),
        )
        .post("other kind", MAPS, json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}))
        .post("other version", MAPS, json!({"apiVersion": "v2", "kind": "ConfigMap", "metadata": {"name": "a"}}))
        .post("other group", MAPS, widget("a"))
        .post("widget of another kind", WIDGETS, gadget("a"))
        .post(
            "widget of another version",
            WIDGETS,
            json!({"apiVersion": "diff.mtvtest.io/v2", "kind": "Widget", "metadata": {"name": "a"}}),
        )
        .post("list", MAPS, json!([1]))
        .post(
            "data of a wrong type",
            MAPS,
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"x": 1}}),
        )
}

fn replacement() -> Sequence {
    let a = format!("{MAPS}/a");
    sequence("replacement_of_a_built_in_object")
        .post("made", MAPS, map("a"))
        .put_back("same", &a, "made", json!({}))
        .put("same without revision", &a, map("a"))
        .put_back("changed", &a, "same", json!({"data": {"a": "2"}, "metadata": {"labels": {"l": "1"}}}))
        .put("all replaced", &a, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"b": "1"}}))
        .put_back("server fields are kept", &a, "all replaced", json!({"metadata": {"uid": null, "creationTimestamp": null, "selfLink": "/x", "generation": 9, "deletionTimestamp": "2001-01-01T00:00:00Z"}}))
        .put("without type", &a, json!({"metadata": {"name": "a"}, "data": {"c": "1"}}))
        .put("without name", &a, json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}, "data": {"c": "1"}}))
        .put("absent", &format!("{MAPS}/absent"), map("absent"))
        .get("after", &a)
}

fn refused_replacement() -> Sequence {
    let a = format!("{MAPS}/a");
    let w = format!("{WIDGETS}/a");
    sequence("replacement_is_refused_in_the_same_words")
        .post("made", MAPS, map("a"))
        .put_back("changed", &a, "made", json!({"data": {"a": "2"}}))
        .put_back("stale", &a, "made", json!({"data": {"a": "3"}}))
        .put_back("stale but same", &a, "made", json!({"data": {"a": "2"}}))
        .put_back("other uid", &a, "changed", json!({"metadata": {"uid": "6b2e9d5c-0000-4000-8000-000000000000"}}))
        .put_back("other name", &a, "changed", json!({"metadata": {"name": "b"}}))
        .put_back("other namespace", &a, "changed", json!({"metadata": {"namespace": "elsewhere"}}))
        .put_back("revision is no number", &a, "changed", json!({"metadata": {"resourceVersion": "x"}}))
        .put_back("other kind", &a, "changed", json!({"kind": "Secret"}))
        .put_back("other version", &a, "changed", json!({"apiVersion": "v2"}))
        .post("widget", WIDGETS, widget("a"))
        .put("widget without revision", &w, widget("a"))
        .put_back("widget changed", &w, "widget", json!({"spec": {"size": 2}}))
        .put_back("widget stale", &w, "widget", json!({"spec": {"size": 3}}))
        .put_back(
            "widget with other uid",
            &w,
            "widget changed",
            json!({"metadata": {"uid": "6b2e9d5c-0000-4000-8000-000000000000"}}),
        )
        .put_back("widget with other name", &w, "widget changed", json!({"metadata": {"name": "b"}}))
        .put_back("widget in other namespace", &w, "widget changed", json!({"metadata": {"namespace": "elsewhere"}}))
        .put("widget absent", &format!("{WIDGETS}/absent"), widget("absent"))
        .put(
            "widget absent with revision",
            &format!("{WIDGETS}/absent"),
            with(widget("absent"), &json!({"metadata": {"resourceVersion": "1"}})),
        )
        .put_back(
            "widget with a revision that is no number",
            &w,
            "widget changed",
            json!({"metadata": {"resourceVersion": "x"}}),
        )
        .get("after", &w)
}

fn custom_replacement() -> Sequence {
    let a = format!("{WIDGETS}/a");
    let status = format!("{a}/status");
    sequence("replacement_of_a_custom_object_and_its_status")
        .post("made", WIDGETS, widget("a"))
        .put_back("same", &a, "made", json!({}))
        .put_back("status through the object", &a, "made", json!({"status": {"phase": "x"}}))
        .put_back("status", &status, "made", json!({"status": {"phase": "x"}, "spec": {"size": 9}, "metadata": {"labels": {"a": "b"}, "annotations": {"a": "b"}, "finalizers": ["x.io/f"]}}))
        .put_back("same status", &status, "status", json!({}))
        .put_back("status stale", &status, "made", json!({"status": {"phase": "y"}}))
        .put_back("status with unknown field", &status, "status", json!({"status": {"phase": "y", "zzz": 1}}))
        .put_back("status of a wrong type", &status, "status with unknown field", json!({"status": {"phase": 1}}))
        .put_back("object without status", &a, "status with unknown field", json!({"status": null, "spec": {"size": 2}}))
        .put_back("status gone", &status, "object without status", json!({"status": null}))
        .get("read status", &status)
        .get("read", &a)
        .put("status of nothing", &format!("{WIDGETS}/absent/status"), widget("absent"))
        .delete("delete status", &status, json!(null))
        .post("post status", &status, widget("a"))
        .post("gadget", GADGETS, gadget("a"))
        .get("no status", &format!("{GADGETS}/a/status"))
        .put_back("gadget status", &format!("{GADGETS}/a"), "gadget", json!({"status": {"x": 1}}))
}

fn generations() -> Sequence {
    let a = format!("{WIDGETS}/a");
    sequence("generations_go_up_with_the_spec_only")
        .post("made", WIDGETS, widget("a"))
        .patch("labels", &a, json!({"metadata": {"labels": {"a": "b"}}}))
        .patch("spec", &a, json!({"spec": {"size": 2}}))
        .patch("same spec", &a, json!({"spec": {"size": 2}}))
        .patch("status", &format!("{a}/status"), json!({"status": {"phase": "x"}}))
        .patch("finalizer", &a, json!({"metadata": {"finalizers": ["x.io/f"]}}))
        .delete("marked", &a, json!(null))
        .delete("marked again", &a, json!(null))
        .patch("spec while deleting", &a, json!({"spec": {"size": 3}}))
        .post("gadget", GADGETS, gadget("a"))
        .patch("gadget status", &format!("{GADGETS}/a"), json!({"status": {"x": 1}}))
        .patch("gadget label", &format!("{GADGETS}/a"), json!({"metadata": {"annotations": {"x": "1"}}}))
        .patch("gadget generation", &format!("{GADGETS}/a"), json!({"metadata": {"generation": 50}}))
}

fn dry_runs() -> Sequence {
    let a = format!("{WIDGETS}/a");
    sequence("dry_runs_change_nothing")
        .post("create", &format!("{WIDGETS}?dryRun=All"), widget("a"))
        .get("not created", &a)
        .post("made", WIDGETS, widget("a"))
        .post("create again", &format!("{WIDGETS}?dryRun=All"), widget("a"))
        .patch("patch", &format!("{a}?dryRun=All"), json!({"spec": {"size": 2}}))
        .put_back("put", &format!("{a}?dryRun=All"), "made", json!({"spec": {"size": 3}}))
        .apply("apply", &format!("{a}?dryRun=All&fieldManager=m&force=true"), widget("a"))
        .delete("delete", &format!("{a}?dryRun=All"), json!(null))
        .delete("delete by option", &a, json!({"dryRun": ["All"]}))
        .delete("delete collection", &format!("{WIDGETS}?dryRun=All"), json!(null))
        .get("still there", &a)
        .post("unknown", &format!("{WIDGETS}?dryRun=Some"), widget("b"))
        .delete("unknown option", &a, json!({"dryRun": ["Some"]}))
        .post(
            "generated",
            &format!("{MAPS}?dryRun=All"),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "g-"}}),
        )
}
