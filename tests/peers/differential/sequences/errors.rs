//! What is asked wrongly: unknown paths, methods, types, bodies.

use crate::differential::kinds::{GADGETS, MAPS, WIDGETS, map, widget};
use crate::differential::sequence::{Sequence, sequence};
use serde_json::json;

pub(super) fn sequences() -> Vec<Sequence> {
    vec![paths(), methods(), bodies()]
}

fn paths() -> Sequence {
    sequence("unknown_paths_and_kinds")
        .get("path", "/nothing/here")
        .get("group", "/apis/nothing.io")
        .get("group version", "/apis/nothing.io/v1")
        .get("kind of an unknown group", "/apis/nothing.io/v1/namespaces/{ns}/things")
        .get("version", "/apis/diff.mtvtest.io/v9")
        .get("kind of an unknown version", "/apis/diff.mtvtest.io/v9/namespaces/{ns}/widgets")
        .get("kind", "/apis/diff.mtvtest.io/v1/namespaces/{ns}/gizmos")
        .get("object of an unknown kind", "/apis/diff.mtvtest.io/v1/namespaces/{ns}/gizmos/a")
        .get("core kind", "/api/v1/namespaces/{ns}/gizmos")
        .get("core version", "/api/v9/namespaces/{ns}/pods")
        .post("post to an unknown kind", "/apis/diff.mtvtest.io/v1/namespaces/{ns}/gizmos", widget("a"))
        .post("post to an unknown core kind", "/api/v1/namespaces/{ns}/gizmos", map("a"))
        .get("object", &format!("{WIDGETS}/absent"))
        .get("core object", &format!("{MAPS}/absent"))
        .get("namespace", "/api/v1/namespaces/diff-nowhere")
        .get("object of an unknown namespace", "/api/v1/namespaces/diff-nowhere/configmaps/a")
        .post("made", WIDGETS, widget("a"))
        .get("sub-resource", &format!("{WIDGETS}/a/frob"))
        .get("scale", &format!("{WIDGETS}/a/scale"))
        .get("status that is not", &format!("{GADGETS}/a/status"))
        .get("core sub-resource", &format!("{MAPS}/a/status"))
        .get("namespaced without namespace", "/apis/diff.mtvtest.io/v1/widgets/a")
        .get("core namespaced without namespace", "/api/v1/configmaps/a")
        .get("cluster kind in a namespace", "/apis/diff.mtvtest.io/v1/namespaces/{ns}/globes")
        .get("core cluster kind in a namespace", "/api/v1/namespaces/{ns}/nodes")
        .get("trailing slash", &format!("{MAPS}/"))
        .get("capital", "/api/v1/namespaces/{ns}/ConfigMaps")
        .get("singular", "/api/v1/namespaces/{ns}/configmap")
        .get("short name", "/api/v1/namespaces/{ns}/cm")
}

fn methods() -> Sequence {
    sequence("methods_that_are_not_allowed")
        .post("made", WIDGETS, widget("a"))
        .put("put to a collection", WIDGETS, widget("a"))
        .put("put to a core collection", MAPS, map("a"))
        .patch("patch to a collection", WIDGETS, json!({}))
        .post("post to an object", &format!("{WIDGETS}/a"), widget("a"))
        .post("post to a core object", &format!("{MAPS}/a"), map("a"))
        .post("post without namespace", "/apis/diff.mtvtest.io/v1/widgets", widget("a"))
        .post("core post without namespace", "/api/v1/configmaps", map("a"))
        .delete("delete without namespace", "/api/v1/configmaps", json!(null))
        .raw("post to the version", "POST", "/version", "{}")
        .raw("delete of a group", "DELETE", "/apis/diff.mtvtest.io/v1", "")
        .raw("unknown method", "FROB", &format!("{WIDGETS}/a"), "")
        .raw("options", "OPTIONS", &format!("{WIDGETS}/a"), "")
        .raw("head", "HEAD", &format!("{WIDGETS}/a"), "")
        .raw("head of nothing", "HEAD", &format!("{WIDGETS}/absent"), "")
}

fn bodies() -> Sequence {
    let typed = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"#;
    sequence("bodies_and_types_that_are_not_understood")
        .raw("broken", "POST", MAPS, "{")
        .raw("widget broken", "POST", WIDGETS, "{")
        .raw("empty", "POST", MAPS, "")
        .raw("widget empty", "POST", WIDGETS, "")
        .raw("text", "POST", MAPS, "hello")
        .raw("null", "POST", MAPS, "null")
        .raw("number", "POST", WIDGETS, "5")
        .raw("object of nothing", "POST", WIDGETS, "{}")
        .raw("map of nothing", "POST", MAPS, "{}")
        .raw("two objects", "POST", MAPS, &format!("{typed}{typed}"))
        .raw("yaml", "POST", MAPS, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: b\n")
        .header("content-type", "application/yaml")
        .raw("yaml as json", "POST", MAPS, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml2\n")
        .raw(
            "widget in yaml",
            "POST",
            WIDGETS,
            "apiVersion: diff.mtvtest.io/v1\nkind: Widget\nmetadata:\n  name: yaml\nspec:\n  size: 1\n",
        )
        .header("content-type", "application/yaml")
        .raw("text type", "POST", MAPS, typed)
        .header("content-type", "text/plain")
        .raw("widget in text type", "POST", WIDGETS, typed)
        .header("content-type", "text/plain")
        .raw("charset", "POST", MAPS, typed)
        .header("content-type", "application/json; charset=utf-8")
        .raw("put broken", "PUT", &format!("{MAPS}/a"), "{")
        .raw("put text type", "PUT", &format!("{MAPS}/a"), typed)
        .header("content-type", "text/plain")
        .get("accept nothing", &format!("{MAPS}/a"))
        .header("accept", "text/html")
        .get("widget accept nothing", WIDGETS)
        .header("accept", "text/html")
        .get("accept anything", &format!("{MAPS}/a"))
        .header("accept", "*/*")
        .get("accept with weights", &format!("{MAPS}/a"))
        .header("accept", "application/json;q=0.9,text/html")
        .get("accept yaml", &format!("{MAPS}/a"))
        .header("accept", "application/yaml")
        .raw(
            "metadata of a wrong type",
            "POST",
            WIDGETS,
            r#"{"apiVersion":"diff.mtvtest.io/v1","kind":"Widget","metadata":"x","spec":{"size":1}}"#,
        )
        .raw("map metadata of a wrong type", "POST", MAPS, r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":"x"}"#)
        .raw(
            "name of a wrong type",
            "POST",
            WIDGETS,
            r#"{"apiVersion":"diff.mtvtest.io/v1","kind":"Widget","metadata":{"name":5},"spec":{"size":1}}"#,
        )
}
