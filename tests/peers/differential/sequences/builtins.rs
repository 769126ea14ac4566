//! Built-in kinds: what the server fills in and refuses.

use crate::differential::kinds::{MAPS, PODS, SECRETS, map, with};
use crate::differential::sequence::{Sequence, sequence};
use serde_json::{Value, json};

pub(super) fn sequences() -> Vec<Sequence> {
    vec![secrets(), config_maps(), claims(), pods(), workloads(), services(), events(), cluster()]
}

fn core(kind: &str, name: &str, more: &Value) -> Value {
    with(json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}), more)
}

fn secrets() -> Sequence {
    let a = format!("{SECRETS}/a");
    sequence("secrets_take_texts_and_keep_their_type")
        .post(
            "made",
            SECRETS,
            core("Secret", "a", &json!({"stringData": {"user": "me", "a": "over"}, "data": {"a": "Yg=="}})),
        )
        .get("read", &a)
        .patch("add text", &a, json!({"stringData": {"more": "x"}}))
        .patch("other type", &a, json!({"type": "x.io/y"}))
        .patch("no base64", &a, json!({"data": {"a": "%"}}))
        .post("no base64 at first", SECRETS, core("Secret", "b", &json!({"data": {"a": "%"}})))
        .post("empty", SECRETS, core("Secret", "empty", &json!({})))
        .post("bad key", SECRETS, core("Secret", "c", &json!({"data": {"a b": "Yg=="}})))
        .post("immutable", SECRETS, core("Secret", "fixed", &json!({"immutable": true, "data": {"a": "Yg=="}})))
        .patch("immutable data", &format!("{SECRETS}/fixed"), json!({"data": {"a": "Yw=="}}))
        .patch("immutable no more", &format!("{SECRETS}/fixed"), json!({"immutable": false}))
        .patch("immutable labelled", &format!("{SECRETS}/fixed"), json!({"metadata": {"labels": {"a": "b"}}}))
        .put_back("type left out", &a, "add text", json!({"type": null}))
        .strategic("take a key", &a, json!({"data": {"a": null}}))
        .post("login without data", SECRETS, core("Secret", "login", &json!({"type": "kubernetes.io/basic-auth"})))
        .post(
            "account token",
            SECRETS,
            core("Secret", "token", &json!({"type": "kubernetes.io/service-account-token"})),
        )
}

fn config_maps() -> Sequence {
    let a = format!("{MAPS}/fixed");
    sequence("config_maps_hold_texts")
        .post("bytes", MAPS, with(map("a"), &json!({"binaryData": {"b": "Yg=="}})))
        .post("key twice", MAPS, with(map("b"), &json!({"binaryData": {"a": "Yg=="}})))
        .post("bad key", MAPS, with(map("b"), &json!({"data": {"x y": "1", "..": "1"}})))
        .post("immutable", MAPS, with(map("fixed"), &json!({"immutable": true})))
        .patch("immutable data", &a, json!({"data": {"a": "2"}}))
        .patch("immutable no more", &a, json!({"immutable": null}))
}

fn claims() -> Sequence {
    let path = "/api/v1/namespaces/{ns}/persistentvolumeclaims";
    let a = format!("{path}/a");
    let claim = |name: &str, more: Value| {
        with(
            core(
                "PersistentVolumeClaim",
                name,
                &json!({"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}),
            ),
            &more,
        )
    };
    sequence("claims_are_completed_and_fixed")
        .post("made", path, claim("a", json!({"spec": {"storageClassName": "none"}})))
        .post("no modes", path, claim("b", json!({"spec": {"accessModes": null}})))
        .post("no size", path, claim("b", json!({"spec": {"resources": null}})))
        .post("bad size", path, claim("b", json!({"spec": {"resources": {"requests": {"storage": "big"}}}})))
        .post("bad mode", path, claim("b", json!({"spec": {"accessModes": ["Sometimes"]}})))
        .post("block", path, claim("block", json!({"spec": {"volumeMode": "Block", "storageClassName": ""}})))
        .patch("other class", &a, json!({"spec": {"storageClassName": "other"}}))
        .patch("other modes", &a, json!({"spec": {"accessModes": ["ReadWriteMany"]}}))
        .patch(
            "bound",
            &format!("{a}/status"),
            json!({"status": {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}}),
        )
        .patch("labels", &a, json!({"metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}}}))
        .get("table", path)
        .header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
        .delete("gone", &a, json!(null))
        .get("held", &a)
}

fn pods() -> Sequence {
    let a = format!("{PODS}/a");
    let pod = |name: &str, more: Value| {
        with(core("Pod", name, &json!({"spec": {"containers": [{"name": "c", "image": "i"}]}})), &more)
    };
    let without_spec = |mut body: Value| {
        body.as_object_mut().unwrap().remove("spec");
        body
    };
    sequence("pods_are_completed_and_deleted_at_leave")
        .post("made", PODS, pod("a", json!({})))
        .post("no containers", PODS, core("Pod", "b", &json!({"spec": {"containers": []}})))
        .post("no image", PODS, core("Pod", "b", &json!({"spec": {"containers": [{"name": "c"}]}})))
        .post("no spec", PODS, core("Pod", "b", &json!({})))
        .patch("status", &format!("{a}/status"), json!({"status": {"phase": "Running", "podIP": "10.0.0.1"}}))
        .view(without_spec)
        .patch("status through the object", &a, json!({"status": {"phase": "Failed"}}))
        .view(without_spec)
        .patch("node", &a, json!({"spec": {"nodeName": "n"}}))
        .view(without_spec)
        .patch("image", &a, json!({"spec": {"containers": [{"name": "c", "image": "j"}]}}))
        .view(without_spec)
        .get("by phase", &format!("{PODS}?fieldSelector=status.phase%3DRunning"))
        .view(|body| body["items"][0]["metadata"]["name"].clone())
        .delete("deleted", &a, json!(null))
        .view(without_spec)
        .get("gone", &a)
        .post("on a node", PODS, pod("n", json!({"spec": {"nodeName": "n"}})))
        .view(without_spec)
        .delete("deleted on a node", &format!("{PODS}/n"), json!(null))
        .view(without_spec)
        .get("lives on its node", &format!("{PODS}/n"))
        .view(without_spec)
        .delete("deleted at once", &format!("{PODS}/n"), json!({"gracePeriodSeconds": 0}))
        .view(without_spec)
        .get("gone at once", &format!("{PODS}/n"))
        .get("no log", &format!("{PODS}/absent/log"))
}

fn workloads() -> Sequence {
    let template = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}});
    let deployments = "/apis/apps/v1/namespaces/{ns}/deployments";
    let jobs = "/apis/batch/v1/namespaces/{ns}/jobs";
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": template}});
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}});
    sequence("workloads_are_completed")
        .post("deployment", deployments, deployment)
        .patch("replicas", &format!("{deployments}/a"), json!({"spec": {"replicas": 2}}))
        .patch("selector", &format!("{deployments}/a"), json!({"spec": {"selector": {"matchLabels": {"a": "c"}}}}))
        .patch("status", &format!("{deployments}/a/status"), json!({"status": {"replicas": 2, "readyReplicas": 1}}))
        .view(|body| json!([body["metadata"], body["status"]]))
        .get("table", deployments)
        .header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
        .delete("deployment gone", &format!("{deployments}/a"), json!({"propagationPolicy": "Background"}))
        .post("job", jobs, job)
        .get("job table", jobs)
        .header("accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
        .delete("job gone", &format!("{jobs}/a"), json!({"propagationPolicy": "Background"}))
}

fn services() -> Sequence {
    let path = "/api/v1/namespaces/{ns}/services";
    sequence("services_get_an_address")
        .post("made", path, core("Service", "a", &json!({"spec": {"ports": [{"port": 80}], "selector": {"a": "b"}}})))
        .post("headless", path, core("Service", "b", &json!({"spec": {"clusterIP": "None", "selector": {"a": "b"}}})))
        .post("bad name", path, core("Service", "1a", &json!({"spec": {"ports": [{"port": 80}]}})))
        .patch("type", &format!("{path}/a"), json!({"spec": {"type": "NodePort"}}))
        .view(|body| body["spec"]["type"].clone())
        .delete("gone", &format!("{path}/a"), json!(null))
}

fn events() -> Sequence {
    let old = "/api/v1/namespaces/{ns}/events";
    let new = "/apis/events.k8s.io/v1/namespaces/{ns}/events";
    sequence("events_are_one_store_with_two_faces")
        .post("core", old, core("Event", "a", &json!({"involvedObject": {"kind": "Pod", "namespace": "{ns}", "name": "p", "apiVersion": "v1"}, "reason": "R", "message": "m", "type": "Normal", "count": 2, "firstTimestamp": "2001-02-03T04:05:06Z", "lastTimestamp": "2001-02-03T04:05:06Z", "source": {"component": "c"}})))
        .get("core as new", &format!("{new}/a"))
        .post("new", new, json!({"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "b"}, "eventTime": "2001-02-03T04:05:06.000000Z",
            "regarding": {"kind": "Pod", "namespace": "{ns}", "name": "p", "apiVersion": "v1"}, "reason": "R", "note": "m", "type": "Normal", "action": "A", "reportingController": "c.io/x", "reportingInstance": "i"}))
        .get("new as core", &format!("{old}/b"))
        .patch("series", &format!("{new}/b"), json!({"series": {"count": 2, "lastObservedTime": "2001-02-03T04:05:07.000000Z"}}))
        .post("incomplete", new, json!({"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "c"}, "regarding": {"kind": "Pod", "namespace": "{ns}", "name": "p"}}))
        .post("about elsewhere", old, core("Event", "d", &json!({"involvedObject": {"kind": "Pod", "namespace": "elsewhere", "name": "p"}})))
        .get("by object", &format!("{old}?fieldSelector=involvedObject.name%3Dp,reason%3DR")).view(|body| json!([body["kind"], body["items"].as_array().map(Vec::len)]))
        .get("by regarding", &format!("{new}?fieldSelector=regarding.name%3Dp")).view(|body| json!([body["kind"], body["items"].as_array().map(Vec::len), body["message"]]))
}

fn cluster() -> Sequence {
    let classes = "/apis/storage.k8s.io/v1/storageclasses";
    let roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles";
    let bindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings";
    let rbac = |kind: &str, more: Value| {
        with(json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": "a"}}), &more)
    };
    sequence("cluster_objects_and_roles_are_completed")
        .post("class", classes, json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "{ns}"}, "provisioner": "x.io/p"}))
        .patch("other provisioner", &format!("{classes}/{{ns}}"), json!({"provisioner": "y.io/p"}))
        .delete("class gone", &format!("{classes}/{{ns}}"), json!(null))
        .post("volume", "/api/v1/persistentvolumes", json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "{ns}"}, "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}}}))
        .post("role", roles, rbac("Role", json!({"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]})))
        .post("binding", bindings, rbac("RoleBinding", json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a"}, "subjects": [{"kind": "ServiceAccount", "name": "x", "namespace": "{ns}"}]})))
        .patch("other role", &format!("{bindings}/a"), json!({"roleRef": {"name": "b"}}))
        .post("account", "/api/v1/namespaces/{ns}/serviceaccounts", core("ServiceAccount", "x", &json!({})))
        .get("node", "/api/v1/nodes/absent")
        .post("quota", "/api/v1/namespaces/{ns}/resourcequotas", core("ResourceQuota", "q", &json!({"spec": {"hard": {"pods": "5"}}})))
        .post("policy", "/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies", json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "a"}, "spec": {"podSelector": {}}}))
}
