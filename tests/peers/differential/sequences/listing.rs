//! Lists: pages, selectors, revisions.

use crate::differential::kinds::{MAPS, PODS, SECRETS, WIDGETS, map, widget, with};
use crate::differential::sequence::{Sequence, sequence};
use serde_json::json;

pub(super) fn sequences() -> Vec<Sequence> {
    vec![pages(), labels(), fields(), revisions()]
}

fn three(sequence: Sequence) -> Sequence {
    let labelled =
        |name: &str, tier: &str| with(widget(name), &json!({"metadata": {"labels": {"tier": tier, "app": "x"}}}));
    sequence
        .post("a", WIDGETS, labelled("a", "one"))
        .post("b", WIDGETS, with(labelled("b", "two"), &json!({"spec": {"mode": "hard"}})))
        .post("c", WIDGETS, widget("c"))
}

fn pages() -> Sequence {
    three(sequence("pages_of_a_list_are_pinned_to_the_first"))
        .get("all", WIDGETS)
        .get("first", &format!("{WIDGETS}?limit=1"))
        .post("meanwhile", WIDGETS, widget("b2"))
        .delete("gone meanwhile", &format!("{WIDGETS}/c"), json!(null))
        .get("second", &format!("{WIDGETS}?limit=1&continue={{first.continue}}"))
        .get("rest", &format!("{WIDGETS}?continue={{second.continue}}"))
        .get("with labels", &format!("{WIDGETS}?limit=1&labelSelector=app%3Dx"))
        .get("whole", &format!("{WIDGETS}?limit=500"))
        .get("bad token", &format!("{WIDGETS}?limit=1&continue=xyz"))
        .get("token and revision", &format!("{WIDGETS}?limit=1&continue={{first.continue}}&resourceVersion=1"))
        .get("bad limit", &format!("{WIDGETS}?limit=x"))
        .get("negative limit", &format!("{WIDGETS}?limit=-1"))
        .get("nothing", "/apis/diff.mtvtest.io/v1/namespaces/diff-nowhere/widgets")
        .get("no maps", &format!("{MAPS}?labelSelector=none%3Dx"))
        .post("map", MAPS, map("m"))
        .get("maps", MAPS)
        .get("bare parameters", &format!("{MAPS}?&limit=500"))
}

fn labels() -> Sequence {
    let by = |selector: &str| format!("{WIDGETS}?labelSelector={selector}");
    let names = |body: serde_json::Value| {
        let items = body["items"].as_array().cloned().unwrap_or_default();
        json!({"names": items.iter().map(|item| item["metadata"]["name"].clone()).collect::<Vec<_>>(), "message": body["message"], "reason": body["reason"], "code": body["code"], "details": body["details"]})
    };
    three(sequence("label_selectors_select_the_same"))
        .get("equal", &by("tier%3Done"))
        .view(names)
        .get("double equal", &by("tier%3D%3Done"))
        .view(names)
        .get("not equal", &by("tier!%3Done"))
        .view(names)
        .get("in", &by("tier%20in%20(one,%20two)"))
        .view(names)
        .get("not in", &by("tier%20notin%20(one)"))
        .view(names)
        .get("exists", &by("tier"))
        .view(names)
        .get("absent", &by("!tier"))
        .view(names)
        .get("both", &by("app%3Dx,tier%3Dtwo"))
        .view(names)
        .get("empty value", &by("tier%3D"))
        .view(names)
        .get("spaces", &by("%20app%20%3D%20x%20"))
        .view(names)
        .get("greater", &by("tier%3E1"))
        .view(names)
        .get("two words", &by("a%20b"))
        .view(names)
        .get("bad value", &by("a%3Db%20c"))
        .view(names)
        .get("bad key", &by("-a%3Db"))
        .view(names)
        .get("unclosed", &by("a%20in%20(b"))
        .view(names)
        .get("empty set", &by("a%20in%20()"))
        .view(names)
        .get("comma", &by(","))
        .view(names)
        .get("long value", &by(&format!("a%3D{}", "x".repeat(64))))
        .view(names)
}

fn fields() -> Sequence {
    let by = |selector: &str| format!("{WIDGETS}?fieldSelector={selector}");
    three(sequence("field_selectors_select_the_same"))
        .get("name", &by("metadata.name%3Da"))
        .get("other names", &by("metadata.name!%3Da"))
        .get("namespace", &by("metadata.namespace%3D%3D{ns},metadata.name%3Db"))
        .get("declared", &by("spec.mode%3Dhard"))
        .get("declared not", &by("spec.mode!%3Dhard"))
        .get("undeclared", &by("spec.size%3D1"))
        .get("no operator", &by("metadata.name"))
        .get("empty", &by(""))
        .get(
            "name in all namespaces",
            "/apis/diff.mtvtest.io/v1/widgets?fieldSelector=metadata.name%3Da,metadata.namespace%3D{ns}",
        )
        .get("pods by phase", &format!("{PODS}?fieldSelector=status.phase%3DRunning"))
        .get("pods by node", &format!("{PODS}?fieldSelector=spec.nodeName%3D"))
        .get("pods by label", &format!("{PODS}?fieldSelector=metadata.labels%3Dx"))
        .get("secrets by type", &format!("{SECRETS}?fieldSelector=type%3DOpaque"))
        .get("maps by data", &format!("{MAPS}?fieldSelector=data%3Dx"))
        .get("one by its name", &format!("{WIDGETS}/a?fieldSelector=metadata.name%3Db"))
}

fn revisions() -> Sequence {
    let at = |rule: &str| format!("{WIDGETS}?{rule}");
    three(sequence("lists_at_a_revision"))
        .patch("changed", &format!("{WIDGETS}/a"), json!({"spec": {"size": 2}}))
        .get("any", &at("resourceVersion=0"))
        .get("not older", &at("resourceVersion={changed.rv}"))
        .get("exact", &at("resourceVersion={b.rv}&resourceVersionMatch=Exact"))
        .get("exact with limit", &at("resourceVersion={b.rv}&resourceVersionMatch=Exact&limit=1"))
        .get("exact zero", &at("resourceVersion=0&resourceVersionMatch=Exact"))
        .get("rule without revision", &at("resourceVersionMatch=NotOlderThan"))
        .get("unknown rule", &at("resourceVersion=1&resourceVersionMatch=Sometimes"))
        .get("future", &at("resourceVersion=99999999999"))
        .get("no number", &at("resourceVersion=x"))
        .get("compacted", &at("resourceVersion=1&resourceVersionMatch=Exact"))
        .get("one at a revision", &format!("{WIDGETS}/a?resourceVersion=0"))
        .get("one in the future", &format!("{WIDGETS}/a?resourceVersion=99999999999"))
        .get("initial events without watch", &at("sendInitialEvents=true"))
}
