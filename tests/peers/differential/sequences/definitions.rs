//! The life of definitions of custom kinds.

use crate::differential::kinds::with;
use crate::differential::sequence::{Sequence, sequence};
use serde_json::{Value, json};

const PATH: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

pub(super) fn sequences() -> Vec<Sequence> {
    vec![life(), refused(), versions()]
}

/// A definition in a group of its own, so that no other sequence sees it.
fn definition(group: &str, more: &Value) -> Value {
    let schema =
        json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {"a": {"type": "string"}}}}});
    let plain = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("things.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}]},
    });
    with(plain, more)
}

fn is_established(body: &Value) -> bool {
    let conditions = body["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|seen| seen["type"] == "Established" && seen["status"] == "True")
}

fn life() -> Sequence {
    let own = format!("{PATH}/things.life.mtvtest.io");
    let things = "/apis/life.mtvtest.io/v1/namespaces/{ns}/things";
    let thing = |name: &str| json!({"apiVersion": "life.mtvtest.io/v1", "kind": "Thing", "metadata": {"name": name}, "spec": {"a": "x", "b": 1}});
    sequence("a_definition_is_established_and_goes_with_its_objects")
        .get("not yet", things)
        .post("made", PATH, definition("life.mtvtest.io", &json!({})))
        .view(|mut body| {
            // How far the server has come by now is a matter of luck.
            body.as_object_mut().unwrap().remove("status");
            body
        })
        .get("established", &own)
        .until_body(is_established)
        .view(|mut body| {
            body["metadata"]["resourceVersion"] = json!(null);
            body
        })
        .post("again", PATH, definition("life.mtvtest.io", &json!({})))
        .get("served", things)
        .until(200)
        .post("thing", things, thing("a"))
        .post("held thing", things, with(thing("h"), &json!({"metadata": {"finalizers": ["x.io/f"]}})))
        .patch("preserving", &own, json!({"spec": {"names": {"shortNames": ["th"]}}}))
        .view(|body| body["spec"]["names"].clone())
        .get("short names", &own)
        .until_body(|body| body["status"]["acceptedNames"]["shortNames"].is_array())
        .view(|body| body["status"]["acceptedNames"].clone())
        .patch("other scope", &own, json!({"spec": {"scope": "Cluster"}}))
        .patch("other group", &own, json!({"spec": {"group": "x.io"}}))
        .delete("deleted", &own, json!(null))
        .view(|mut body| {
            body.as_object_mut().unwrap().remove("status");
            body["metadata"]["resourceVersion"] = json!(null);
            body
        })
        .get("thing gone", &format!("{things}/a"))
        .until(404)
        .get("held thing marked", &format!("{things}/h"))
        .until_body(|body| body["metadata"]["deletionTimestamp"].is_string())
        .view(|body| json!([body["metadata"]["deletionTimestamp"], body["metadata"]["finalizers"]]))
        .post("new thing", things, thing("n"))
        .patch("let go", &format!("{things}/h"), json!({"metadata": {"finalizers": null}}))
        .view(|body| body["metadata"]["name"].clone())
        .get("definition gone", &own)
        .until(404)
        .get("served no more", things)
        .until(404)
        .get("group gone", "/apis/life.mtvtest.io")
        .until(404)
}

fn refused() -> Sequence {
    let of = |more: Value| definition("refused.mtvtest.io", &more);
    sequence("definitions_are_refused_in_the_same_words")
        .post("other name", PATH, of(json!({"metadata": {"name": "x.refused.mtvtest.io"}})))
        .post("no group", PATH, of(json!({"spec": {"group": null}})))
        .post("no versions", PATH, of(json!({"spec": {"versions": []}})))
        .post("no schema", PATH, of(json!({"spec": {"versions": [{"name": "v1", "served": true, "storage": true}]}})))
        .post("no storage", PATH, of(json!({"spec": {"versions": [{"name": "v1", "served": true, "storage": false, "schema": {"openAPIV3Schema": {"type": "object"}}}]}})))
        .post("no type", PATH, of(json!({"spec": {"versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {}}}}}]}})))
        .post("unknown scope", PATH, of(json!({"spec": {"scope": "Galaxy"}})))
        .post("no kind", PATH, of(json!({"spec": {"names": {"kind": null}}})))
}

fn versions() -> Sequence {
    let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}});
    let two = json!({"spec": {"versions": [
        {"name": "v1beta1", "served": true, "storage": false, "schema": schema},
        {"name": "v1", "served": true, "storage": true, "schema": schema},
        {"name": "v1alpha1", "served": false, "storage": false, "schema": schema}]}});
    let at = |version: &str| format!("/apis/two.mtvtest.io/{version}/namespaces/{{ns}}/things");
    let thing = |version: &str| json!({"apiVersion": format!("two.mtvtest.io/{version}"), "kind": "Thing", "metadata": {"name": "a"}, "spec": {"a": "x"}});
    sequence("versions_of_a_kind_are_one_store")
        .post("definition", PATH, definition("two.mtvtest.io", &two))
        .view(|body| body["spec"].clone())
        .get("served", &at("v1"))
        .until(200)
        .view(|body| body["kind"].clone())
        .get("beta served", &at("v1beta1"))
        .until(200)
        .view(|body| body["kind"].clone())
        .post("through beta", &at("v1beta1"), thing("v1beta1"))
        .get("as stable", &format!("{}/a", at("v1")))
        .patch("patched through stable", &format!("{}/a", at("v1")), json!({"spec": {"b": 1}}))
        .get("list as beta", &at("v1beta1"))
        .put_back("put of the other version", &format!("{}/a", at("v1beta1")), "patched through stable", json!({}))
        .get("not served", &at("v1alpha1"))
        .get("group", "/apis/two.mtvtest.io")
        .watch("watch as beta", &format!("{}?watch=true&timeoutSeconds=2&resourceVersion=0", at("v1beta1")))
}
