//! Users and their rights, reviews, transport faults, mounted paths.

use super::fixture::{Ask, PLANS, config_map, plan, server, server_with};
use crate::lab::fault::{Faults, TransportEffect, TransportFault};
use crate::lab::kube::User;
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

const MAPS: &str = "/api/v1/namespaces/n/configmaps";

#[tokio::test]
async fn tokens_and_roles_decide() {
    let server = server();
    for token in ["", "wrong"] {
        let (code, body) = Ask::of(&server).with_token(token).get(MAPS).await;
        assert_eq!((code, body["reason"].as_str()), (401, Some("Unauthorized")));
    }
    let viewer = Ask::of(&server).with_token("viewer-token");
    assert_eq!(viewer.get(MAPS).await.0, 200);
    let (code, body) = viewer.post(PLANS, plan("a")).await;
    assert_eq!(code, 403);
    assert_eq!(
        body["message"],
        "plans.forklift.konveyor.io is forbidden: User \"viewer\" cannot create resource \"plans\" in API group \
         \"forklift.konveyor.io\" in the namespace \"n\""
    );
    let nobody = Ask::of(&server).with_token("nobody-token");
    assert_eq!(nobody.get(MAPS).await.0, 403);
    assert_eq!(nobody.get("/apis").await.0, 200);
    assert_eq!(Ask::of(&server).with_token("").get("/version").await.1["gitVersion"], "v1.33.5");
    let (code, review) = nobody.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json!({})).await;
    assert_eq!((code, review["status"]["userInfo"]["username"].as_str()), (201, Some("nobody")));
    assert_eq!(nobody.get("/apis/user.openshift.io/v1/users/~").await.1["metadata"]["name"], "nobody");
    let ask =
        |verb: &str| json!({"spec": {"resourceAttributes": {"verb": verb, "resource": "pods", "namespace": "n"}}});
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    assert_eq!(viewer.post(path, ask("list")).await.1["status"]["allowed"], true);
    assert_eq!(viewer.post(path, ask("create")).await.1["status"]["allowed"], false);
    let token = json!({"spec": {"token": "viewer-token"}});
    let (_, review) = Ask::of(&server).post("/apis/authentication.k8s.io/v1/tokenreviews", token).await;
    assert_eq!(
        (&review["status"]["authenticated"], &review["status"]["user"]["username"]),
        (&json!(true), &json!("viewer"))
    );
}

#[tokio::test]
async fn administrators_may_act_in_the_place_of_others() {
    let server = server();
    let admin = Ask::of(&server);
    let place = |user, group| Ask { in_place_of: Some((user, group)), ..admin.clone() };
    assert_eq!(place("viewer", "").get(MAPS).await.0, 200);
    assert_eq!(place("viewer", "").post(MAPS, config_map("a")).await.0, 403);
    assert_eq!(place("stranger", "").get(MAPS).await.0, 403);
    // Groups replace those of the user.
    assert_eq!(place("admin", "").get(MAPS).await.0, 200);
    assert_eq!(place("admin", "guests").get(MAPS).await.0, 403);
    assert_eq!(place("stranger", "system:masters").get(MAPS).await.0, 200);
    admin.make("/api/v1/namespaces/n/serviceaccounts", json!({"metadata": {"name": "bot"}})).await;
    let (_, review) = place("system:serviceaccount:n:bot", "")
        .post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json!({}))
        .await;
    let info = &review["status"]["userInfo"];
    assert_eq!(info["username"], "system:serviceaccount:n:bot");
    assert!(info["groups"].as_array().unwrap().contains(&json!("system:serviceaccounts:n")), "{info}");
    // Who is no administrator may not.
    let (code, body) = Ask { in_place_of: Some(("admin", "")), ..admin.with_token("viewer-token") }.get(MAPS).await;
    assert_eq!(code, 403);
    assert!(body["message"].as_str().unwrap().contains("cannot impersonate resource"), "{body}");
}

#[tokio::test]
async fn bindings_grant() {
    let server = server();
    let admin = Ask::of(&server);
    let account = Ask::of(&server).with_token("sa:n:bot");
    assert_eq!(account.get(MAPS).await.0, 401);
    admin.make("/api/v1/namespaces/n/serviceaccounts", json!({"metadata": {"name": "bot"}})).await;
    assert_eq!(account.get(MAPS).await.0, 403);
    let rules = json!([{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "create"]}]);
    let group = "/apis/rbac.authorization.k8s.io/v1/namespaces/n";
    admin.make(&format!("{group}/roles"), json!({"metadata": {"name": "r"}, "rules": rules})).await;
    let binding = json!({"metadata": {"name": "b"}, "roleRef": {"kind": "Role", "name": "r"},
        "subjects": [{"kind": "ServiceAccount", "name": "bot"}]});
    admin.make(&format!("{group}/rolebindings"), binding).await;
    assert_eq!(account.get(MAPS).await.0, 200);
    account.make(MAPS, config_map("a")).await;
    assert_eq!(account.delete(&format!("{MAPS}/a"), Value::Null).await.0, 403);
    assert_eq!(account.get("/api/v1/configmaps").await.0, 403);
}

fn fault(verb: &str, path: &str, effect: TransportEffect) -> TransportFault {
    TransportFault { verb: verb.into(), path: path.into(), after: 0, times: Some(1), effect }
}

#[tokio::test]
async fn faults_disturb_the_transport() {
    let faults = Faults::default();
    let server = server_with(faults.clone());
    let ask = Ask::of(&server);
    faults.disturb(fault("POST", "/plans", TransportEffect::Status(429)));
    let (code, body) = ask.post(PLANS, plan("a")).await;
    assert_eq!((code, body["code"].as_u64(), body["reason"].as_str()), (429, Some(429), Some("TooManyRequests")));
    assert_eq!(ask.get(&format!("{PLANS}/a")).await.0, 404);
    faults.disturb(fault("POST", "/plans", TransportEffect::ResetAfter));
    let client = server.client("admin-token");
    let object = serde_json::from_value(plan("a")).unwrap();
    let error =
        super::fixture::plans(client.clone()).create(&kube::api::PostParams::default(), &object).await.unwrap_err();
    assert!(matches!(error, kube::Error::Service(_)), "{error:?}");
    assert_eq!(ask.get(&format!("{PLANS}/a")).await.0, 200);
    faults.disturb(fault("GET", "/plans", TransportEffect::Reset));
    assert!(super::fixture::plans(client).get("a").await.is_err());
    assert_eq!(ask.get(&format!("{PLANS}/a")).await.0, 200);
    faults.disturb(fault("WATCH", "/plans", TransportEffect::ExpireWatch));
    assert_eq!(ask.watch(&format!("{PLANS}?watch=1")).await.next().await.unwrap()["object"]["code"], 410);
    faults.disturb(fault("WATCH", "/plans", TransportEffect::DropWatch));
    assert_eq!(ask.watch(&format!("{PLANS}?watch=1")).await.next().await, None);
    assert_eq!(ask.watch(&format!("{PLANS}?watch=1")).await.take(1).await, ["ADDED a"]);
    faults.disturb(fault("LIST", "/plans", TransportEffect::Status(500)));
    assert_eq!(ask.get(PLANS).await.0, 500);
}

#[tokio::test]
async fn other_parts_mount_their_paths() {
    let server = server();
    let name = |axum::Extension(user): axum::Extension<Arc<User>>| async move { user.name.clone() };
    let prefix = "/apis/subresources.kubevirt.io/";
    server.mount(prefix, axum::Router::new().route(&format!("{prefix}v1/who"), get(name)));
    server.mount("/.well-known/", axum::Router::new().route("/.well-known/x", get(|| async { "open" })));
    let path = format!("{prefix}v1/who");
    assert_eq!(Ask::of(&server).get(&path).await, (200, json!("admin")));
    assert_eq!(Ask::of(&server).with_token("nobody-token").get(&path).await.0, 403);
    assert_eq!(Ask::of(&server).with_token("").get(&path).await.0, 401);
    assert_eq!(Ask::of(&server).with_token("").get("/.well-known/x").await, (200, json!("open")));
    let unknown = http::Request::get("/nothing").header("authorization", "Bearer admin-token");
    let response = server.service().oneshot(unknown.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 404);
}
