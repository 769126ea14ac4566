//! Server-side apply.

use crate::differential::kinds::{MAPS, WIDGETS, map, widget, with};
use crate::differential::sequence::{Sequence, sequence};
use serde_json::{Value, json};

pub(super) fn sequences() -> Vec<Sequence> {
    vec![owning(), conflicts(), lists(), refused(), unapplied(), status()]
}

fn config(data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

fn owning() -> Sequence {
    let a = |manager: &str| format!("{MAPS}/a?fieldManager={manager}");
    sequence("apply_creates_owns_and_removes")
        .apply("created", &a("one"), config(&json!({"x": "1", "y": "1"})))
        .apply("same", &a("one"), config(&json!({"x": "1", "y": "1"})))
        .apply("field left out", &a("one"), config(&json!({"x": "1"})))
        .apply("second manager", &a("two"), config(&json!({"z": "1"})))
        .apply("shared", &a("two"), config(&json!({"z": "1", "x": "1"})))
        .apply("first lets go", &a("one"), config(&json!({})))
        .apply("second lets go", &a("two"), config(&json!({})))
        .patch("merge by a third", &format!("{MAPS}/a?fieldManager=three"), json!({"data": {"m": "1"}}))
        .apply("over the third", &a("one"), config(&json!({"m": "2"})))
        .apply("as the third has it", &a("one"), config(&json!({"m": "1"})))
        .delete("gone", &format!("{MAPS}/a"), json!(null))
        .with_ownership()
}

fn conflicts() -> Sequence {
    let a = |manager: &str| format!("{WIDGETS}/a?fieldManager={manager}");
    let size = |size: u32| with(widget("a"), &json!({"spec": {"size": size}}));
    sequence("apply_conflicts_unless_forced")
        .apply("created", &a("one"), with(size(1), &json!({"spec": {"word": "a"}})))
        .apply("conflict", &a("two"), size(2))
        .apply("two conflicts", &a("two"), with(size(2), &json!({"spec": {"word": "b"}})))
        .apply("same value", &a("two"), size(1))
        .apply("conflict with two", &a("three"), size(3))
        .apply("forced", &format!("{}&force=true", a("three")), size(3))
        .apply("first again", &a("one"), size(1))
        .put_back(
            "update takes over",
            &format!("{WIDGETS}/a?fieldManager=four"),
            "forced",
            json!({"spec": {"size": 4}}),
        )
        .apply("against the update", &a("three"), size(3))
        .apply("stale revision", &a("three"), with(size(4), &json!({"metadata": {"resourceVersion": "{created.rv}"}})))
        .apply(
            "revision",
            &a("three"),
            with(size(4), &json!({"metadata": {"resourceVersion": "{update takes over.rv}"}})),
        )
        .apply("uid", &a("three"), with(size(4), &json!({"metadata": {"uid": "6b2e9d5c-0000-4000-8000-000000000000"}})))
        .with_ownership()
}

fn lists() -> Sequence {
    let a = |manager: &str| format!("{WIDGETS}/a?fieldManager={manager}");
    let parts = |spec: Value| with(widget("a"), &json!({"spec": spec}));
    sequence("apply_merges_lists_by_their_declared_type")
        .apply("created", &a("one"), parts(json!({"parts": [{"id": "1", "weight": 1}, {"id": "2"}], "tags": ["a"], "lines": ["a"], "extra": {"a": "1"}})))
        .apply("second manager", &a("two"), parts(json!({"parts": [{"id": "3", "weight": 3}], "tags": ["b"], "extra": {"b": "1"}})))
        .apply("one item left out", &a("one"), parts(json!({"parts": [{"id": "1", "weight": 1}], "lines": ["a"], "extra": {"a": "1"}})))
        .apply("item conflict", &a("two"), parts(json!({"parts": [{"id": "1", "weight": 2}], "lines": ["b"]})))
        .apply("item twice", &a("two"), parts(json!({"parts": [{"id": "1"}, {"id": "1"}]})))
        .apply("all left out", &a("one"), parts(json!({})))
        .with_ownership()
}

fn refused() -> Sequence {
    let a = format!("{WIDGETS}/a");
    let by = format!("{a}?fieldManager=m");
    sequence("apply_is_refused_in_the_same_words")
        .apply("no manager", &a, widget("a"))
        .apply("managed fields", &by, with(widget("a"), &json!({"metadata": {"managedFields": [{"manager": "x"}]}})))
        .apply("other name", &by, widget("b"))
        .apply("other namespace", &by, with(widget("a"), &json!({"metadata": {"namespace": "elsewhere"}})))
        .apply("no type", &by, json!({"metadata": {"name": "a"}}))
        .apply("no kind", &by, json!({"apiVersion": "diff.mtvtest.io/v1", "metadata": {"name": "a"}}))
        .apply("other kind", &by, with(widget("a"), &json!({"kind": "Gadget"})))
        .apply("unknown field", &by, with(widget("a"), &json!({"spec": {"zzz": 1}})))
        .apply(
            "unknown field is ignored",
            &format!("{by}&fieldValidation=Ignore"),
            with(widget("a"), &json!({"spec": {"zzz": 1}})),
        )
        .apply("unknown field of a map", &format!("{MAPS}/a?fieldManager=m"), with(map("a"), &json!({"zzz": 1})))
        .apply("against the schema", &by, with(widget("a"), &json!({"spec": {"size": 1000}})))
        .apply(
            "revision of nothing",
            &format!("{WIDGETS}/b?fieldManager=m"),
            with(widget("b"), &json!({"metadata": {"resourceVersion": "5"}})),
        )
        .apply(
            "uid of nothing",
            &format!("{WIDGETS}/b?fieldManager=m"),
            with(widget("b"), &json!({"metadata": {"uid": "6b2e9d5c-0000-4000-8000-000000000000"}})),
        )
        .apply("no namespace", "/apis/diff.mtvtest.io/v1/namespaces/diff-nowhere/widgets/a?fieldManager=m", widget("a"))
        .apply("status of nothing", &format!("{WIDGETS}/absent/status?fieldManager=m"), widget("absent"))
        .apply("long manager", &format!("{a}?fieldManager={}", "m".repeat(129)), widget("a"))
        .raw(
            "yaml",
            "PATCH",
            &by,
            "apiVersion: diff.mtvtest.io/v1\nkind: Widget\nmetadata:\n  name: a\nspec:\n  size: 7\n",
        )
        .header("content-type", "application/apply-patch+yaml")
        .raw("broken", "PATCH", &by, "a: [")
        .header("content-type", "application/apply-patch+yaml")
}

fn unapplied() -> Sequence {
    let a = format!("{WIDGETS}/a");
    sequence("objects_that_were_never_applied_have_owners_too")
        .post("made", WIDGETS, widget("a"))
        .patch("patched", &a, json!({"spec": {"word": "a"}}))
        .apply("conflict", &format!("{a}?fieldManager=m"), with(widget("a"), &json!({"spec": {"size": 5}})))
        .apply("applied", &format!("{a}?fieldManager=m&force=true"), with(widget("a"), &json!({"spec": {"size": 5}})))
        .patch("owners are forgotten", &a, json!({"metadata": {"managedFields": [{}]}}))
        .with_ownership()
}

fn status() -> Sequence {
    let a = format!("{WIDGETS}/a");
    let status = |phase: &str| json!({"apiVersion": "diff.mtvtest.io/v1", "kind": "Widget", "metadata": {"name": "a"}, "status": {"phase": phase}});
    sequence("apply_of_the_status_is_apart")
        .apply("created", &format!("{a}?fieldManager=one"), with(widget("a"), &json!({"status": {"phase": "ignored"}})))
        .apply("status", &format!("{a}/status?fieldManager=one"), status("x"))
        .apply("status again", &format!("{a}/status?fieldManager=one"), status("x"))
        .apply("conflict", &format!("{a}/status?fieldManager=two"), status("y"))
        .apply(
            "spec through the status",
            &format!("{a}/status?fieldManager=two"),
            with(widget("a"), &json!({"spec": {"size": 50}, "metadata": {"labels": {"l": "m"}}})),
        )
        .apply(
            "conditions",
            &format!("{a}/status?fieldManager=two"),
            with(status("x"), &json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}})),
        )
        .apply("object again", &format!("{a}?fieldManager=one"), widget("a"))
        .with_ownership()
}
