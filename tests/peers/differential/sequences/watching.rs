//! Watches. Those with a short `timeoutSeconds` are read to their end, so that an event too many shows, too.

use crate::differential::kinds::{MAPS, WIDGETS, map, widget, with};
use crate::differential::sequence::{Sequence, sequence};
use serde_json::{Value, json};

pub(super) fn sequences() -> Vec<Sequence> {
    vec![history(), selections(), live(), beginnings(), bookmarks(), refused(), forms()]
}

fn history() -> Sequence {
    let a = format!("{WIDGETS}/a");
    let from = |rv: &str| format!("{WIDGETS}?watch=true&timeoutSeconds=2&resourceVersion={rv}");
    sequence("a_watch_tells_what_happened_since")
        .post("first", WIDGETS, widget("first"))
        .post("made", WIDGETS, widget("a"))
        .patch("no change", &a, json!({}))
        .patch("changed", &a, json!({"spec": {"size": 2}}))
        .patch("status", &format!("{a}/status"), json!({"status": {"phase": "x"}}))
        .patch("held", &a, json!({"metadata": {"finalizers": ["x.io/f"]}}))
        .delete("marked", &a, json!(null))
        .patch("let go", &a, json!({"metadata": {"finalizers": null}}))
        .post("again", WIDGETS, widget("a"))
        .delete("deleted", &a, json!(null))
        .watch("all since", &from("{first.rv}"))
        .watch("some since", &from("{held.rv}"))
        .watch("nothing since", &from("{deleted:/metadata/none}"))
        .watch("of the cluster", "/apis/diff.mtvtest.io/v1/widgets?watch=1&timeoutSeconds=2&resourceVersion={first.rv}&fieldSelector=metadata.namespace%3D{ns}")
        .watch("of one", &format!("{WIDGETS}?watch=True&timeoutSeconds=2&resourceVersion={{first.rv}}&fieldSelector=metadata.name%3Da"))
        .watch("old form", "/apis/diff.mtvtest.io/v1/watch/namespaces/{ns}/widgets?timeoutSeconds=2")
}

fn selections() -> Sequence {
    let a = format!("{WIDGETS}/a");
    sequence("leaving_a_selection_is_a_deletion_and_entering_a_creation")
        .post("first", WIDGETS, widget("first"))
        .post("made", WIDGETS, widget("a"))
        .patch("enters", &a, json!({"metadata": {"labels": {"app": "x"}}}))
        .patch("stays", &a, json!({"spec": {"size": 2}}))
        .patch("leaves", &a, json!({"metadata": {"labels": {"app": "y"}}}))
        .patch("outside", &a, json!({"spec": {"size": 3, "mode": "hard"}}))
        .patch("returns", &a, json!({"metadata": {"labels": {"app": "x"}}}))
        .delete("deleted inside", &a, json!(null))
        .watch(
            "by label",
            &format!("{WIDGETS}?watch=true&timeoutSeconds=2&resourceVersion={{first.rv}}&labelSelector=app%3Dx"),
        )
        .watch(
            "by field",
            &format!(
                "{WIDGETS}?watch=true&timeoutSeconds=2&resourceVersion={{first.rv}}&fieldSelector=spec.mode%3Dhard"
            ),
        )
}

fn live() -> Sequence {
    let a = format!("{MAPS}/a");
    sequence("an_open_watch_hears_of_changes")
        .get("list", MAPS)
        .view(|body| body["kind"].clone())
        .open("watch", &format!("{MAPS}?watch=true&resourceVersion={{list.rv}}&allowWatchBookmarks=true"))
        .post("made", MAPS, map("a"))
        .take("made event", "watch", 1)
        .patch("no change", &a, json!({}))
        .patch("changed", &a, json!({"data": {"b": "1"}}))
        .take("changed event", "watch", 1)
        .delete("gone", &a, json!(null))
        .take("gone event", "watch", 1)
}

fn beginnings() -> Sequence {
    let from = |rule: &str| format!("{WIDGETS}?watch=true&timeoutSeconds=2{rule}");
    sequence("a_watch_begins_where_it_is_told")
        .post("a", WIDGETS, widget("a"))
        .post("b", WIDGETS, widget("b"))
        .patch("changed", &format!("{WIDGETS}/a"), json!({"spec": {"size": 2}}))
        .watch("no revision", &from(""))
        .watch("zero", &from("&resourceVersion=0"))
        .watch("current", &from("&resourceVersion={changed.rv}"))
        .watch("initial events", &from("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true")).view(first_events)
        .watch("initial events at a revision", &from("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion={b.rv}")).view(first_events)
        .watch("initial events without bookmarks", &from("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"))
        .watch("no initial events", &from("&sendInitialEvents=false&resourceVersionMatch=NotOlderThan"))
}

/// Without the bookmark before the end, which comes or not as time allows.
fn first_events(events: Value) -> Value {
    let Value::Array(events) = events else { return events };
    let ends = |event: &Value| event["type"] == "BOOKMARK" && event["object"]["metadata"]["annotations"].is_null();
    events.into_iter().filter(|event| !ends(event)).collect()
}

fn bookmarks() -> Sequence {
    sequence("bookmarks_come_only_if_asked_for")
        .post("a", WIDGETS, widget("a"))
        .watch("not asked for", &format!("{WIDGETS}?watch=true&timeoutSeconds=4&resourceVersion={{a.rv}}"))
}

fn refused() -> Sequence {
    let from = |rule: &str| format!("{WIDGETS}?watch=true&timeoutSeconds=2{rule}");
    sequence("watches_are_refused_in_the_same_words")
        .post("a", WIDGETS, widget("a"))
        .watch("too old", &from("&resourceVersion=1"))
        .watch("no number", &from("&resourceVersion=x"))
        .watch("future", &from("&resourceVersion=99999999999"))
        .watch("initial events without rule", &from("&sendInitialEvents=true"))
        .watch("initial events with exact rule", &from("&sendInitialEvents=true&resourceVersionMatch=Exact"))
        .watch("rule without initial events", &from("&resourceVersionMatch=NotOlderThan"))
        .watch("bad label", &from("&labelSelector=a%20b"))
        .watch("bad field", &from("&fieldSelector=spec.size%3D1"))
        .watch("bad timeout", &format!("{WIDGETS}?watch=true&timeoutSeconds=x"))
        .watch("unknown kind", "/apis/diff.mtvtest.io/v1/namespaces/{ns}/gizmos?watch=true")
        .watch("one by its name", &format!("{WIDGETS}/a?watch=true&timeoutSeconds=2"))
}

fn forms() -> Sequence {
    let path = format!("{WIDGETS}?watch=true&timeoutSeconds=2&resourceVersion={{a.rv}}");
    sequence("watches_answer_in_the_form_asked_for")
        .post("a", WIDGETS, with(widget("a"), &json!({"metadata": {"labels": {"x": "y"}}})))
        .patch("changed", &format!("{WIDGETS}/a"), json!({"spec": {"size": 2}}))
        .delete("gone", &format!("{WIDGETS}/a"), json!(null))
        .watch("tables", &path)
        .header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
        .watch("metadata", &path)
        .header("accept", "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io")
}
