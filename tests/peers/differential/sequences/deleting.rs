//! Deletion, finalizers, owners, namespaces.

use crate::differential::kinds::{GADGETS, GLOBES, MAPS, SECRETS, WIDGETS, gadget, map, widget, with};
use crate::differential::sequence::{Sequence, sequence};
use serde_json::{Value, json};

pub(super) fn sequences() -> Vec<Sequence> {
    vec![
        answers(),
        preconditions(),
        finalizers(),
        background(),
        foreground(),
        orphans(),
        owners(),
        strangers(),
        collections(),
        namespace(),
        held_namespace(),
    ]
}

fn answers() -> Sequence {
    let built_in = |api: &str, kind: &str, more: Value| {
        with(json!({"apiVersion": api, "kind": kind, "metadata": {"name": "a"}}), &more)
    };
    let core = "/api/v1/namespaces/{ns}";
    sequence("deletion_answers_with_a_status_or_the_object")
        .post("map", MAPS, map("a"))
        .delete("map gone", &format!("{MAPS}/a"), json!(null))
        .delete("map absent", &format!("{MAPS}/a"), json!(null))
        .post("widget", WIDGETS, widget("a"))
        .delete("widget gone", &format!("{WIDGETS}/a"), json!({}))
        .delete("widget absent", &format!("{WIDGETS}/a"), json!({}))
        .post("secret", SECRETS, built_in("v1", "Secret", json!({})))
        .delete(
            "secret gone",
            &format!("{SECRETS}/a"),
            json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}),
        )
        .post("account", &format!("{core}/serviceaccounts"), built_in("v1", "ServiceAccount", json!({})))
        .delete("account gone", &format!("{core}/serviceaccounts/a"), json!(null))
        .post(
            "role",
            "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles",
            built_in("rbac.authorization.k8s.io/v1", "Role", json!({})),
        )
        .delete("role gone", "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles/a", json!(null))
        .post(
            "lease",
            "/apis/coordination.k8s.io/v1/namespaces/{ns}/leases",
            built_in("coordination.k8s.io/v1", "Lease", json!({})),
        )
        .delete("lease gone", "/apis/coordination.k8s.io/v1/namespaces/{ns}/leases/a", json!(null))
        .delete("unknown policy", &format!("{MAPS}/a"), json!({"propagationPolicy": "Sideways"}))
        .delete("two policies", &format!("{MAPS}/a"), json!({"propagationPolicy": "Orphan", "orphanDependents": true}))
        .raw("broken options", "DELETE", &format!("{MAPS}/a"), "{")
        .delete("options of another kind", &format!("{MAPS}/a"), json!({"apiVersion": "v1", "kind": "ConfigMap"}))
        .delete("grace", &format!("{WIDGETS}/a"), json!({"gracePeriodSeconds": 0}))
        .post("widget again", WIDGETS, widget("a"))
        .delete("policy as parameter", &format!("{WIDGETS}/a?propagationPolicy=Background"), json!(null))
}

fn preconditions() -> Sequence {
    let a = format!("{MAPS}/a");
    sequence("deletion_keeps_its_preconditions")
        .post("made", MAPS, map("a"))
        .delete("other uid", &a, json!({"preconditions": {"uid": "6b2e9d5c-0000-4000-8000-000000000000"}}))
        .delete("other revision", &a, json!({"preconditions": {"resourceVersion": "1"}}))
        .delete(
            "right uid, other revision",
            &a,
            json!({"preconditions": {"uid": "{made.uid}", "resourceVersion": "1"}}),
        )
        .delete("both right", &a, json!({"preconditions": {"uid": "{made.uid}", "resourceVersion": "{made.rv}"}}))
        .post("widget", WIDGETS, with(widget("a"), &json!({"metadata": {"finalizers": ["x.io/f"]}})))
        .delete(
            "widget with other uid",
            &format!("{WIDGETS}/a"),
            json!({"preconditions": {"uid": "6b2e9d5c-0000-4000-8000-000000000000"}}),
        )
        .delete("widget marked", &format!("{WIDGETS}/a"), json!({"preconditions": {"uid": "{widget.uid}"}}))
        .delete(
            "widget with old revision",
            &format!("{WIDGETS}/a"),
            json!({"preconditions": {"resourceVersion": "{widget.rv}"}}),
        )
}

fn finalizers() -> Sequence {
    let a = format!("{WIDGETS}/a");
    let b = format!("{MAPS}/b");
    sequence("finalizers_hold_an_object_until_the_last_is_gone")
        .post("made", WIDGETS, with(widget("a"), &json!({"metadata": {"finalizers": ["x.io/f", "x.io/g"]}})))
        .delete("marked", &a, json!(null))
        .delete("marked again", &a, json!({"propagationPolicy": "Background"}))
        .get("still there", &a)
        .post("create meanwhile", WIDGETS, widget("a"))
        .patch("add", &a, json!({"metadata": {"finalizers": ["x.io/f", "x.io/g", "x.io/h"]}}))
        .patch("exchange", &a, json!({"metadata": {"finalizers": ["x.io/f", "x.io/i"]}}))
        .patch("take one", &a, json!({"metadata": {"finalizers": ["x.io/g"]}}))
        .patch("spec", &a, json!({"spec": {"size": 2}}))
        .patch("undelete", &a, json!({"metadata": {"deletionTimestamp": null}}))
        .patch("take the last", &a, json!({"metadata": {"finalizers": null}}))
        .get("gone", &a)
        .post("map", MAPS, with(map("b"), &json!({"metadata": {"finalizers": ["x.io/f"]}})))
        .delete("map marked", &b, json!(null))
        .put_back("map put", &b, "map marked", json!({"metadata": {"finalizers": null}, "data": {"last": "words"}}))
        .get("map gone", &b)
        .post("bare", WIDGETS, with(widget("c"), &json!({"metadata": {"finalizers": ["x.io/f"]}})))
        .patch("bare without finalizers", &format!("{WIDGETS}/c"), json!({"metadata": {"finalizers": []}}))
        .get("bare lives", &format!("{WIDGETS}/c"))
        .watch("seen", &format!("{WIDGETS}?watch=true&timeoutSeconds=2&resourceVersion={{made.rv}}"))
}

fn owned_by(object: Value, owner: &str, kind: &str, name: &str, block: bool) -> Value {
    let api = if kind == "ConfigMap" { "v1" } else { "diff.mtvtest.io/v1" };
    with(
        object,
        &json!({"metadata": {"ownerReferences": [
        {"apiVersion": api, "kind": kind, "name": name, "uid": format!("{{{owner}.uid}}"), "blockOwnerDeletion": block}]}}),
    )
}

fn background() -> Sequence {
    sequence("dependents_go_after_their_owner")
        .post("owner", WIDGETS, widget("a"))
        .post("dependent", MAPS, owned_by(map("d"), "owner", "Widget", "a", false))
        .post("further dependent", MAPS, owned_by(map("e"), "dependent", "ConfigMap", "d", true))
        .post(
            "held dependent",
            GADGETS,
            with(owned_by(gadget("h"), "owner", "Widget", "a", true), &json!({"metadata": {"finalizers": ["x.io/f"]}})),
        )
        .delete("owner gone", &format!("{WIDGETS}/a"), json!({"propagationPolicy": "Background"}))
        .get("owner is gone", &format!("{WIDGETS}/a"))
        .get("dependent is gone", &format!("{MAPS}/d"))
        .until(404)
        .get("further dependent is gone", &format!("{MAPS}/e"))
        .until(404)
        .get("held dependent is marked", &format!("{GADGETS}/h"))
        .until_body(is_marked)
        .patch("held dependent let go", &format!("{GADGETS}/h"), json!({"metadata": {"finalizers": null}}))
        .get("held dependent is gone", &format!("{GADGETS}/h"))
        .until(404)
}

/// Waits until the collector has seen the kind's objects so far: it has when it deletes one without an owner, made last.
fn seen(sequence: Sequence, collection: &str, object: Value) -> Sequence {
    let absent = json!({"metadata": {"name": "seen", "ownerReferences": [
        {"apiVersion": "diff.mtvtest.io/v1", "kind": "Widget", "name": "never", "uid": "6b2e9d5c-0000-4000-8000-000000000000"}]}});
    sequence
        .post("last", collection, with(object, &absent))
        .get("last is gone", &format!("{collection}/seen"))
        .until(404)
}

fn is_marked(body: &Value) -> bool {
    body["metadata"]["deletionTimestamp"].is_string()
}

fn foreground() -> Sequence {
    let a = format!("{WIDGETS}/a");
    let made = sequence("foreground_deletion_waits_for_blocking_dependents")
        .post("owner", WIDGETS, widget("a"))
        .post(
            "blocking",
            GADGETS,
            with(owned_by(gadget("b"), "owner", "Widget", "a", true), &json!({"metadata": {"finalizers": ["x.io/f"]}})),
        )
        .post(
            "free",
            GADGETS,
            with(
                owned_by(gadget("f"), "owner", "Widget", "a", false),
                &json!({"metadata": {"finalizers": ["x.io/f"]}}),
            ),
        );
    seen(made, GADGETS, gadget("seen"))
        .delete("marked", &a, json!({"propagationPolicy": "Foreground"}))
        .get("blocking is marked", &format!("{GADGETS}/b"))
        .until_body(is_marked)
        .get("free is marked", &format!("{GADGETS}/f"))
        .until_body(is_marked)
        .get("owner waits", &a)
        .patch("blocking let go", &format!("{GADGETS}/b"), json!({"metadata": {"finalizers": null}}))
        .get("owner is gone", &a)
        .until(404)
        .get("free is still there", &format!("{GADGETS}/f"))
        .post("lonely", WIDGETS, widget("l"))
        .delete("lonely marked", &format!("{WIDGETS}/l"), json!({"propagationPolicy": "Foreground"}))
        .get("lonely is gone", &format!("{WIDGETS}/l"))
        .until(404)
}

fn orphans() -> Sequence {
    let made = sequence("orphaned_dependents_stay")
        .post("owner", WIDGETS, widget("a"))
        .post("dependent", MAPS, owned_by(map("d"), "owner", "Widget", "a", true))
        .post("second owner", WIDGETS, widget("b"))
        .post("second dependent", MAPS, owned_by(map("e"), "second owner", "Widget", "b", true));
    seen(made, MAPS, map("seen"))
        .delete("marked", &format!("{WIDGETS}/a"), json!({"propagationPolicy": "Orphan"}))
        .get("owner is gone", &format!("{WIDGETS}/a"))
        .until(404)
        .get("dependent lives", &format!("{MAPS}/d"))
        .delete("by the old option", &format!("{WIDGETS}/b"), json!({"orphanDependents": true}))
        .get("second owner is gone", &format!("{WIDGETS}/b"))
        .until(404)
        .get("second dependent lives", &format!("{MAPS}/e"))
}

fn owners() -> Sequence {
    let two = json!({"metadata": {"ownerReferences": [
        {"apiVersion": "diff.mtvtest.io/v1", "kind": "Widget", "name": "a", "uid": "{a.uid}"},
        {"apiVersion": "diff.mtvtest.io/v1", "kind": "Widget", "name": "b", "uid": "{b.uid}"}]}});
    sequence("a_dependent_lives_as_long_as_one_owner")
        .post("a", WIDGETS, widget("a"))
        .post("b", WIDGETS, widget("b"))
        .post("dependent", MAPS, with(map("d"), &two))
        .delete("a gone", &format!("{WIDGETS}/a"), json!(null))
        .get("one owner left", &format!("{MAPS}/d"))
        .until_body(|body| body["metadata"]["ownerReferences"].as_array().is_some_and(|list| list.len() == 1))
        .delete("b gone", &format!("{WIDGETS}/b"), json!(null))
        .get("dependent is gone", &format!("{MAPS}/d"))
        .until(404)
}

fn strangers() -> Sequence {
    let globe = json!({"apiVersion": "diff.mtvtest.io/v1", "kind": "Globe", "metadata": {"name": "own-{ns}"}});
    let absent = json!({"metadata": {"ownerReferences": [{"apiVersion": "diff.mtvtest.io/v1", "kind": "Widget", "name": "never", "uid": "6b2e9d5c-0000-4000-8000-000000000000"}]}});
    sequence("owners_of_the_cluster_count_and_absent_ones_do_not")
        .post("globe", GLOBES, globe)
        .post("dependent", MAPS, owned_by(map("d"), "globe", "Globe", "own-{ns}", false))
        .post("of nobody", MAPS, with(map("n"), &absent))
        .get("of nobody is gone", &format!("{MAPS}/n"))
        .until(404)
        .get("dependent lives", &format!("{MAPS}/d"))
        .delete("globe gone", &format!("{GLOBES}/own-{{ns}}"), json!(null))
        .get("dependent is gone", &format!("{MAPS}/d"))
        .until(404)
}

fn collections() -> Sequence {
    let labelled = |name: &str| with(widget(name), &json!({"metadata": {"labels": {"app": "x"}}}));
    sequence("collections_are_deleted_by_selector")
        .post("a", WIDGETS, labelled("a"))
        .post("b", WIDGETS, with(labelled("b"), &json!({"metadata": {"finalizers": ["x.io/f"]}})))
        .post("c", WIDGETS, widget("c"))
        .delete("by label", &format!("{WIDGETS}?labelSelector=app%3Dx"), json!(null))
        .get("left", WIDGETS)
        .delete(
            "by field",
            &format!("{WIDGETS}?fieldSelector=metadata.name%3Dc"),
            json!({"propagationPolicy": "Background"}),
        )
        .delete("nothing", &format!("{WIDGETS}?labelSelector=none"), json!(null))
        .post("map", MAPS, map("a"))
        .delete("maps", &format!("{MAPS}?fieldSelector=metadata.name%3Da"), json!(null))
        .delete("bad selector", &format!("{WIDGETS}?labelSelector=a%20b"), json!(null))
        .delete("across namespaces", "/apis/diff.mtvtest.io/v1/widgets", json!(null))
}

fn namespace() -> Sequence {
    let own = "/api/v1/namespaces/sub-{ns}";
    sequence("a_namespace_goes_with_its_contents")
        .post(
            "made",
            "/api/v1/namespaces",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sub-{ns}", "labels": {"a": "b"}}}),
        )
        .post(
            "again",
            "/api/v1/namespaces",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "sub-{ns}"}}),
        )
        .post("map", &format!("{own}/configmaps"), map("a"))
        .post("widget", "/apis/diff.mtvtest.io/v1/namespaces/sub-{ns}/widgets", widget("a"))
        .patch("label", own, json!({"metadata": {"labels": {"kubernetes.io/metadata.name": "other"}}}))
        .patch("label taken", own, json!({"metadata": {"labels": {"kubernetes.io/metadata.name": null}}}))
        .delete("deleted", own, json!({"propagationPolicy": "Background"}))
        .get("gone", own)
        .until(404)
        .get("map gone", &format!("{own}/configmaps/a"))
        .get("list of nothing", &format!("{own}/configmaps"))
        .delete("again deleted", own, json!(null))
        .delete("default", "/api/v1/namespaces/default", json!(null))
        .delete("kube-system", "/api/v1/namespaces/kube-system", json!(null))
        .delete("collection", "/api/v1/namespaces", json!(null))
}

fn held_namespace() -> Sequence {
    let own = "/api/v1/namespaces/held-{ns}";
    let widgets = "/apis/diff.mtvtest.io/v1/namespaces/held-{ns}/widgets";
    sequence("a_terminating_namespace_waits_for_finalizers_and_takes_nothing_new")
        .post(
            "made",
            "/api/v1/namespaces",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "held-{ns}"}}),
        )
        .post("widget", widgets, with(widget("a"), &json!({"metadata": {"finalizers": ["x.io/f"]}})))
        .delete("deleted", own, json!(null))
        .view(|mut body| {
            // How far the controller has come by now is a matter of luck.
            body["status"].as_object_mut().unwrap().remove("conditions");
            body
        })
        .get("widget is marked", &format!("{widgets}/a"))
        .until_body(is_marked)
        .post("new widget", widgets, widget("b"))
        .post("new map", &format!("{own}/configmaps"), map("b"))
        .apply("applied map", &format!("{own}/configmaps/b?fieldManager=m"), map("b"))
        .post(
            "same namespace",
            "/api/v1/namespaces",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "held-{ns}"}}),
        )
        .patch("label", own, json!({"metadata": {"labels": {"x": "y"}}}))
        .view(|body| body["metadata"]["labels"].clone())
        .delete("deleted again", own, json!(null))
        .view(|body| json!({"status": body["status"]["phase"], "code": body["code"], "message": body["message"]}))
        .get("terminating", own)
        .view(|body| json!({"phase": body["status"]["phase"], "spec": body["spec"]}))
        .patch("let go", &format!("{widgets}/a"), json!({"metadata": {"finalizers": null}}))
        .get("gone", own)
        .until(404)
}
