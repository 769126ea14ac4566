//! A server with a few kinds, and raw requests to it.

use crate::lab::fault::Faults;
use crate::lab::kube::ApiServer;
use crate::lab::world::{ClusterSpec, Role, UserSpec};
use axum::body::Body;
use futures::StreamExt;
use http::{Request, Response};
use kube::api::{Api, ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use serde_json::{Value, json};
use tower::ServiceExt;

pub(super) const PODS: &str = "/api/v1/namespaces/n/pods";
pub(super) const PLANS: &str = "/apis/forklift.konveyor.io/v1beta1/namespaces/n/plans";

/// A request to a server; by default a GET as the administrator.
#[derive(Clone)]
pub(super) struct Ask<'a> {
    pub(super) server: &'a ApiServer,
    pub(super) token: &'a str,
    pub(super) accept: &'a str,
    pub(super) agent: &'a str,
    /// Headers of impersonation: user and, if not empty, group.
    pub(super) in_place_of: Option<(&'a str, &'a str)>,
}

pub(super) fn spec() -> ClusterSpec {
    let user = |name: &str, role| UserSpec {
        name: name.to_owned(),
        password: "pw".to_owned(),
        token: format!("{name}-token"),
        role,
    };
    ClusterSpec {
        openshift: Some("4.20.3".into()),
        mtv: "2.11.3".into(),
        kubernetes: "v1.33.5".into(),
        mtv_namespace: "openshift-mtv".into(),
        nodes: Vec::new(),
        storage_classes: Vec::new(),
        users: vec![user("admin", Role::Admin), user("viewer", Role::Viewer), user("nobody", Role::None)],
    }
}

pub(super) fn plan_definition() -> Value {
    definition(
        "plans",
        "Plan",
        "forklift.konveyor.io",
        "v1beta1",
        &json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
    )
}

pub(super) fn definition(plural: &str, kind: &str, group: &str, version: &str, schema: &Value) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced", "names": {"plural": plural, "kind": kind, "singular": kind.to_lowercase()},
            "versions": [{
                "name": version, "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": schema},
                "additionalPrinterColumns": [
                    {"name": "READY", "type": "string", "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"},
                    {"name": "AGE", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
                ],
            }],
        },
    })
}

/// A server with namespace `n` and the kinds Plan (no schema) and Box (with one).
pub(super) fn server() -> ApiServer {
    server_with(Faults::default())
}

pub(super) fn server_with(faults: Faults) -> ApiServer {
    let server = ApiServer::new(&spec(), faults);
    server.insert(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}})).unwrap();
    server.insert(plan_definition()).unwrap();
    let schema = json!({"type": "object", "properties": {
        "spec": {"type": "object", "required": ["size"], "properties": {
            "size": {"type": "integer", "minimum": 1},
            "mode": {"type": "string", "default": "soft"},
            "parts": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
                "items": {"type": "object", "properties": {"id": {"type": "string"}, "w": {"type": "integer"}}}},
        }},
        "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    }});
    server.insert(definition("boxes", "Box", "x.io", "v1", &schema)).unwrap();
    server
}

impl<'a> Ask<'a> {
    pub(super) fn of(server: &'a ApiServer) -> Self {
        Self { server, token: "admin-token", accept: "application/json", agent: "test/1", in_place_of: None }
    }

    pub(super) fn with_token(self, token: &'a str) -> Self {
        Self { token, ..self }
    }

    pub(super) async fn send(&self, method: &str, path: &str, content_type: &str, body: &Value) -> Response<Body> {
        let bytes = if body.is_null() { String::new() } else { body.to_string() };
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", content_type)
            .header("accept", self.accept)
            .header("user-agent", self.agent);
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        if let Some((user, group)) = self.in_place_of {
            request = request.header("impersonate-user", user);
            if !group.is_empty() {
                request = request.header("impersonate-group", group);
            }
        }
        self.server.service().oneshot(request.body(Body::from(bytes)).unwrap()).await.unwrap()
    }

    async fn json(&self, method: &str, path: &str, content_type: &str, body: &Value) -> (u16, Value) {
        let response = self.send(method, path, content_type, body).await;
        let code = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let value = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
        (code, value)
    }

    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        self.json("GET", path, "application/json", &Value::Null).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.json("POST", path, "application/json", &body).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.json("PUT", path, "application/json", &body).await
    }

    pub(super) async fn delete(&self, path: &str, body: Value) -> (u16, Value) {
        self.json("DELETE", path, "application/json", &body).await
    }

    /// A patch: `json`, `merge`, `strategic` or `apply`.
    pub(super) async fn patch(&self, form: &str, path: &str, body: Value) -> (u16, Value) {
        let content_type = match form {
            "json" => "application/json-patch+json",
            "merge" => "application/merge-patch+json",
            "strategic" => "application/strategic-merge-patch+json",
            _ => "application/apply-patch+yaml",
        };
        self.json("PATCH", path, content_type, &body).await
    }

    /// An object that must be created.
    pub(super) async fn make(&self, path: &str, body: Value) -> Value {
        let (code, made) = self.post(path, body).await;
        assert_eq!(code, 201, "{made}");
        made
    }

    /// Opens a watch.
    pub(super) async fn watch(&self, path: &str) -> Events {
        let response = self.send("GET", path, "application/json", &Value::Null).await;
        assert_eq!(response.status(), 200);
        Events { body: response.into_body().into_data_stream(), lines: Vec::new() }
    }
}

/// The events of a watch.
pub(super) struct Events {
    body: axum::body::BodyDataStream,
    lines: Vec<Value>,
}

impl Events {
    /// The next event; none at the end of the watch.
    pub(super) async fn next(&mut self) -> Option<Value> {
        if self.lines.is_empty() {
            let bytes = self.body.next().await?.unwrap();
            let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            self.lines = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
        }
        (!self.lines.is_empty()).then(|| self.lines.remove(0))
    }

    /// The next events as `TYPE name`.
    pub(super) async fn take(&mut self, count: usize) -> Vec<String> {
        let mut seen = Vec::new();
        for _ in 0..count {
            let event = self.next().await.unwrap();
            let name = event["object"]["metadata"]["name"].as_str().unwrap_or_default();
            seen.push(format!("{} {name}", event["type"].as_str().unwrap()));
        }
        seen
    }
}

pub(super) fn plans(client: kube::Client) -> Api<DynamicObject> {
    let gvk = GroupVersionKind::gvk("forklift.konveyor.io", "v1beta1", "Plan");
    Api::namespaced_with(client, "n", &ApiResource::from_gvk_with_plural(&gvk, "plans"))
}

pub(super) fn plan(name: &str) -> Value {
    json!({"apiVersion": "forklift.konveyor.io/v1beta1", "kind": "Plan", "metadata": {"name": name}, "spec": {"warm": false}})
}

pub(super) fn config_map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
}

pub(super) fn owner(object: &Value, block: bool) -> Value {
    json!({
        "apiVersion": object["apiVersion"], "kind": object["kind"], "name": object["metadata"]["name"],
        "uid": object["metadata"]["uid"], "controller": true, "blockOwnerDeletion": block,
    })
}
