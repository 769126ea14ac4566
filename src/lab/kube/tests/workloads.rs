//! What kubectl found missing: tidy metadata, texts in config maps, scale, rules of roles, OpenAPI v2.

use super::fixture::{Ask, config_map, server};
use serde_json::{Value, json};

const MAPS: &str = "/api/v1/namespaces/n/configmaps";
const RBAC: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/n";

#[tokio::test]
async fn metadata_holds_nothing_empty_and_no_wrong_prefix() {
    let server = server();
    let ask = Ask::of(&server);
    let mut body = config_map("a");
    body["metadata"]["annotations"] = json!({});
    body["metadata"]["labels"] = json!({"k": "v"});
    let made = ask.make(MAPS, body).await;
    assert!(made["metadata"].get("annotations").is_none(), "{made}");
    let item = format!("{MAPS}/a");
    let (_, bare) = ask.patch("merge", &item, json!({"metadata": {"labels": {"k": null}}})).await;
    assert!(bare["metadata"].get("labels").is_none(), "{bare}");
    let (code, _) = ask.patch("merge", &item, json!({"metadata": {"labels": {"bad/key/here": "x"}}})).await;
    assert_eq!(code, 422);
    let (code, _) = ask.patch("merge", &item, json!({"metadata": {"labels": {"Bad/key": "x"}}})).await;
    assert_eq!(code, 422);
    let (code, failure) = ask.patch("merge", &item, json!({"data": {"n": 5}})).await;
    assert_eq!((code, failure["reason"].as_str()), (400, Some("BadRequest")), "{failure}");
}

#[tokio::test]
async fn a_deployment_is_scaled_through_its_part() {
    let server = server();
    let ask = Ask::of(&server);
    let path = "/apis/apps/v1/namespaces/n/deployments";
    let body = json!({"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c"}]}}}});
    ask.make(path, body).await;
    let scale = format!("{path}/web/scale");
    let (code, found) = ask.get(&scale).await;
    assert_eq!((code, &found["spec"]["replicas"], &found["status"]["selector"]), (200, &json!(1), &json!("app=web")));
    assert_eq!(ask.patch("merge", &scale, json!({"spec": {"replicas": 3}})).await.1["spec"]["replicas"], 3);
    let (_, deployment) = ask.get(&format!("{path}/web")).await;
    assert_eq!((&deployment["spec"]["replicas"], &deployment["metadata"]["generation"]), (&json!(3), &json!(2)));
    assert_eq!(ask.put(&scale, found).await.0, 409, "a version from before the patch");
    assert_eq!(ask.patch("merge", &scale, json!({"spec": {"replicas": "x"}})).await.0, 400);
    assert_eq!(ask.get(&format!("{MAPS}/web/scale")).await.0, 404);
}

#[tokio::test]
async fn rules_of_bound_roles_are_told() {
    let server = server();
    let ask = Ask::of(&server);
    let rules = json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]);
    ask.make(&format!("{RBAC}/roles"), json!({"metadata": {"name": "reader"}, "rules": rules})).await;
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"});
    let subjects = json!([{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "nobody"}]);
    let binding = json!({"metadata": {"name": "b"}, "roleRef": role, "subjects": subjects});
    ask.make(&format!("{RBAC}/rolebindings"), binding).await;
    let nobody = Ask::of(&server).with_token("nobody-token");
    let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let told = async |namespace: &str| -> Value {
        nobody.post(path, json!({"spec": {"namespace": namespace}})).await.1["status"]["resourceRules"].clone()
    };
    assert_eq!(told("n").await, rules);
    assert_eq!(told("default").await, json!([]));
}

#[tokio::test]
async fn open_api_v2_names_the_kinds_that_can_be_patched() {
    let server = server();
    let (code, document) = Ask::of(&server).get("/openapi/v2").await;
    let patch = &document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
    assert_eq!((code, &patch["x-kubernetes-group-version-kind"]["kind"]), (200, &json!("Deployment")));
    assert!(patch["parameters"].to_string().contains("dryRun"), "{patch}");
}
