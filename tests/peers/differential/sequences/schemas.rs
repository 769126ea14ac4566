//! Schemas of custom kinds: what is pruned, defaulted, refused.

use crate::differential::kinds::{WIDGETS, widget, with};
use crate::differential::sequence::{Sequence, sequence};
use serde_json::{Value, json};

pub(super) fn sequences() -> Vec<Sequence> {
    vec![completion(), validation(), fields(), forklift()]
}

fn spec(name: &str, spec: Value) -> Value {
    with(widget(name), &json!({"spec": spec}))
}

fn completion() -> Sequence {
    sequence("schemas_prune_and_complete")
        .post("inner", WIDGETS, spec("a", json!({"inner": {}})))
        .post("inner with name", WIDGETS, spec("b", json!({"inner": {"name": "x", "depth": 5}})))
        .post("items", WIDGETS, spec("c", json!({"parts": [{"id": "1"}, {"id": "2", "color": "blue", "zzz": 1}]})))
        .post("unknown", WIDGETS, with(spec("d", json!({"zzz": {"deep": 1}, "inner": {"yyy": 1}, "free": {"kept": {"x": 1}}, "extra": {"k": "v"}})), &json!({"top": 1})))
        .post("unknown metadata", WIDGETS, with(widget("e"), &json!({"metadata": {"zzz": "x"}})))
        .post("int or string", WIDGETS, spec("f", json!({"port": "http"})))
        .post("whole number", WIDGETS, spec("g", json!({"size": 5.0, "ratio": 1})))
        .raw("nulls", "POST", WIDGETS, r#"{"apiVersion":"diff.mtvtest.io/v1","kind":"Widget","metadata":{"name":"h"},"spec":{"size":1,"mode":null,"note":null}}"#)
        .raw("null that is not allowed", "POST", WIDGETS, r#"{"apiVersion":"diff.mtvtest.io/v1","kind":"Widget","metadata":{"name":"i"},"spec":{"size":1,"word":null}}"#)
        .post("status", WIDGETS, with(widget("j"), &json!({"status": {"zzz": 1}})))
}

fn validation() -> Sequence {
    sequence("schemas_refuse_in_the_same_words")
        .post(
            "no spec",
            WIDGETS,
            json!({"apiVersion": "diff.mtvtest.io/v1", "kind": "Widget", "metadata": {"name": "a"}}),
        )
        .post("no size", WIDGETS, spec("a", json!({"size": null, "word": "x"})))
        .post(
            "empty",
            WIDGETS,
            json!({"apiVersion": "diff.mtvtest.io/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": {}}),
        )
        .post("too small", WIDGETS, spec("a", json!({"size": 0})))
        .post("too big", WIDGETS, spec("a", json!({"size": 101})))
        .post("fraction", WIDGETS, spec("a", json!({"size": 1.5})))
        .post("text for a number", WIDGETS, spec("a", json!({"size": "1"})))
        .post("number for a text", WIDGETS, spec("a", json!({"word": 1})))
        .post(
            "list for an object",
            WIDGETS,
            json!({"apiVersion": "diff.mtvtest.io/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": []}),
        )
        .post("object for a list", WIDGETS, spec("a", json!({"lines": {"x": 1}})))
        .post("text for a switch", WIDGETS, spec("a", json!({"on": "true"})))
        .post("not listed", WIDGETS, spec("a", json!({"mode": "loud"})))
        .post("pattern", WIDGETS, spec("a", json!({"word": "ABC"})))
        .post("too long", WIDGETS, spec("a", json!({"word": "abcdef"})))
        .post("date", WIDGETS, spec("a", json!({"when": "yesterday"})))
        .post("good date", WIDGETS, spec("dated", json!({"when": "2001-02-03T04:05:06Z"})))
        .post("neither", WIDGETS, spec("a", json!({"port": true})))
        .post("wrong item", WIDGETS, spec("a", json!({"lines": ["a", 1, null]})))
        .post("wrong value of a map", WIDGETS, spec("a", json!({"extra": {"a": 1, "b": "x"}})))
        .post("no key", WIDGETS, spec("a", json!({"parts": [{"weight": 1}]})))
        .post("key twice", WIDGETS, spec("a", json!({"parts": [{"id": "1"}, {"id": "1"}]})))
        .post("item twice", WIDGETS, spec("a", json!({"tags": ["x", "x"]})))
        .post("too many", WIDGETS, spec("a", json!({"tags": ["a", "b", "c", "d"]})))
        .post("several", WIDGETS, spec("a", json!({"size": 0, "mode": "loud", "lines": [1], "inner": {"depth": "x"}})))
        .post("good", WIDGETS, widget("a"))
        .patch("change", &format!("{WIDGETS}/a"), json!({"spec": {"size": 0}}))
        .patch("status", &format!("{WIDGETS}/a/status"), json!({"status": {"count": "x"}}))
}

fn fields() -> Sequence {
    let strict = format!("{WIDGETS}?fieldValidation=Strict");
    let unknown = |name: &str| {
        with(spec(name, json!({"zzz": 1, "parts": [{"id": "1", "yyy": 1}]})), &json!({"metadata": {"xxx": 1}}))
    };
    let doubled =
        r#"{"apiVersion":"diff.mtvtest.io/v1","kind":"Widget","metadata":{"name":"dd"},"spec":{"size":1,"size":2}}"#;
    sequence("unknown_fields_are_refused_warned_of_or_ignored")
        .post("strict", &strict, unknown("a"))
        .post("warn", &format!("{WIDGETS}?fieldValidation=Warn"), unknown("b"))
        .post("default", WIDGETS, unknown("c"))
        .post("ignore", &format!("{WIDGETS}?fieldValidation=Ignore"), unknown("d"))
        .post("unknown word", &format!("{WIDGETS}?fieldValidation=Sometimes"), unknown("e"))
        .put_back("put strict", &format!("{WIDGETS}/b?fieldValidation=Strict"), "warn", json!({"spec": {"zzz": 1}}))
        .patch("patch strict", &format!("{WIDGETS}/b?fieldValidation=Strict"), json!({"spec": {"zzz": 1}}))
        .patch("patch", &format!("{WIDGETS}/b"), json!({"spec": {"zzz": 1, "size": 2}}))
        .json_patch(
            "json patch strict",
            &format!("{WIDGETS}/b?fieldValidation=Strict"),
            json!([{"op": "add", "path": "/spec/zzz", "value": 1}]),
        )
        .apply("apply strict", &format!("{WIDGETS}/b?fieldManager=m&force=true&fieldValidation=Strict"), unknown("b"))
        .raw("field twice, strict", "POST", &strict, doubled)
        .raw("field twice", "POST", WIDGETS, doubled)
        .post("strict and good", &strict, widget("good"))
        .post(
            "built-in strict",
            "/api/v1/namespaces/{ns}/configmaps?fieldValidation=Strict",
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "dta": {}}),
        )
        .post(
            "built-in",
            "/api/v1/namespaces/{ns}/configmaps",
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "dta": {}}),
        )
        .raw(
            "built-in with a field twice",
            "POST",
            "/api/v1/namespaces/{ns}/configmaps?fieldValidation=Strict",
            r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"},"data":{"a":"1","a":"2"}}"#,
        )
}

fn forklift() -> Sequence {
    let base = "/apis/forklift.konveyor.io/v1beta1/namespaces/{ns}";
    let object = |kind: &str, spec: Value| json!({"apiVersion": "forklift.konveyor.io/v1beta1", "kind": kind, "metadata": {"name": "a"}, "spec": spec});
    let reference = |name: &str| json!({"name": name, "namespace": "{ns}"});
    let map = json!({"network": reference("n"), "storage": reference("s")});
    let provider = json!({"source": reference("p"), "destination": reference("h")});
    sequence("forklifts_own_definitions_mean_the_same")
        .post("provider", &format!("{base}/providers"), object("Provider", json!({"type": "vsphere", "url": "https://v/sdk", "secret": reference("x"), "settings": {"sdkEndpoint": "vcenter"}})))
        .post("provider without secret", &format!("{base}/providers"), object("Provider", json!({"type": "vsphere", "url": "https://v/sdk"})))
        .post("plan", &format!("{base}/plans"), object("Plan", json!({"provider": provider, "map": map, "vms": [{"id": "vm-1"}, {"name": "x", "hooks": [{"step": "PreHook", "hook": reference("k")}]}]})))
        .post("empty plan", &format!("{base}/plans"), object("Plan", json!({})))
        .post("plan with wrong types", &format!("{base}/plans"), object("Plan", json!({"provider": provider, "map": map, "vms": [{"id": 1}], "warm": "yes", "targetNamespace": 5})))
        .post("plan with unknown fields", &format!("{base}/plans?fieldValidation=Strict"), object("Plan", json!({"provider": provider, "map": map, "vms": [], "colour": "red"})))
        .post("unknown fields", &format!("{base}/plans?dryRun=All"), json!({"apiVersion": "forklift.konveyor.io/v1beta1", "kind": "Plan", "metadata": {"name": "b"}, "spec": {"provider": provider, "map": map, "vms": [{"id": "vm-1", "nic": 1}], "colour": "red"}}))
        .patch("plan status", &format!("{base}/plans/a/status"), json!({"status": {"conditions": [{"type": "Ready", "status": "True", "category": "Required", "lastTransitionTime": "2001-02-03T04:05:06Z"}], "observedGeneration": 1}}))
        .patch("plan status with a bad condition", &format!("{base}/plans/a/status"), json!({"status": {"conditions": [{"type": "Ready"}]}}))
        .patch("warm plan", &format!("{base}/plans/a"), json!({"spec": {"warm": true, "targetNamespace": "t", "transferNetwork": reference("t"), "preserveStaticIPs": true}}))
        .post("migration", &format!("{base}/migrations"), object("Migration", json!({"plan": reference("a")})))
        .post("empty migration", &format!("{base}/migrations"), json!({"apiVersion": "forklift.konveyor.io/v1beta1", "kind": "Migration", "metadata": {"generateName": "m-"}}))
        .patch("cutover", &format!("{base}/migrations/a"), json!({"spec": {"cutover": "2031-02-03T04:05:06Z", "cancel": [{"id": "vm-1"}]}}))
        .patch("bad cutover", &format!("{base}/migrations/a"), json!({"spec": {"cutover": "soon"}}))
        .post("network map", &format!("{base}/networkmaps"), object("NetworkMap", json!({"provider": provider, "map": [{"source": {"name": "n"}, "destination": {"type": "pod"}}, {"source": {"id": "net-1"}, "destination": {"type": "multus", "name": "n", "namespace": "x"}}]})))
        .post("network map with a wrong type", &format!("{base}/networkmaps"), object("NetworkMap", json!({"provider": provider, "map": [{"source": {"name": "n"}, "destination": {"type": "bridge"}}]})))
        .post("storage map", &format!("{base}/storagemaps"), object("StorageMap", json!({"provider": provider, "map": [{"source": {"name": "d"}, "destination": {"storageClass": "c", "accessMode": "ReadWriteOnce"}}]})))
        .post("storage map with a wrong mode", &format!("{base}/storagemaps"), object("StorageMap", json!({"provider": provider, "map": [{"source": {"name": "d"}, "destination": {"storageClass": "c", "accessMode": "Sometimes"}}]})))
        .post("hook", &format!("{base}/hooks"), object("Hook", json!({"image": "i", "playbook": "LQ==", "deadline": 5})))
        .post("host", &format!("{base}/hosts"), object("Host", json!({"provider": reference("p"), "id": "host-1", "ipAddress": "10.0.0.1"})))
        .get("plans", &format!("{base}/plans")).header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
        .with_forklift()
}
