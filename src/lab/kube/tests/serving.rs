//! Discovery and OpenAPI documents, and a way to try clients of others by hand.

use super::fixture::{Ask, server};
use serde_json::json;
use tower::ServiceExt;

#[tokio::test]
async fn discovery_lists_what_is_served() {
    let server = server();
    let ask = Ask::of(&server);
    let (_, groups) = ask.get("/apis").await;
    let forklift = groups["groups"].as_array().unwrap().iter().find(|group| group["name"] == "forklift.konveyor.io");
    assert_eq!(forklift.unwrap()["preferredVersion"]["groupVersion"], "forklift.konveyor.io/v1beta1");
    let (_, list) = ask.get("/apis/forklift.konveyor.io/v1beta1").await;
    let names: Vec<&str> =
        list["resources"].as_array().unwrap().iter().map(|resource| resource["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["plans", "plans/status"]);
    assert_eq!(ask.get("/apis/none/v1").await.0, 404);
    assert_eq!(ask.get("/api").await.1["versions"], json!(["v1"]));
    assert_eq!(ask.get("/readyz").await, (200, json!("ok")));
}

#[tokio::test]
async fn openapi_names_the_operations() {
    let server = server();
    let ask = Ask::of(&server);
    let (_, index) = ask.get("/openapi/v3").await;
    let url = index["paths"]["apis/x.io/v1"]["serverRelativeURL"].as_str().unwrap();
    let (_, document) = ask.get(url).await;
    let patch = &document["paths"]["/apis/x.io/v1/namespaces/{namespace}/boxes/{name}"]["patch"];
    assert_eq!(patch["x-kubernetes-group-version-kind"], json!({"group": "x.io", "kind": "Box", "version": "v1"}));
    assert!(patch["parameters"].as_array().unwrap().iter().any(|parameter| parameter["name"] == "fieldValidation"));
    assert!(document["components"]["schemas"]["io.x.v1.Box"]["properties"]["spec"].is_object());
    assert_eq!(ask.get("/openapi/v2").await.0, 404);
}

/// Serves on a loopback port until interrupted, for clients that are tried by hand:
/// `kubectl --server http://127.0.0.1:8001 ...`. A request without a token is the administrator's, because kubectl sends
/// none over plain HTTP.
#[tokio::test]
#[ignore = "serves until interrupted; for trying clients by hand"]
async fn serve_on_loopback() {
    let server = server();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 8001)).await.unwrap();
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let as_admin = server.service().map_request(|mut request: http::Request<hyper::body::Incoming>| {
            let admin = http::HeaderValue::from_static("Bearer admin-token");
            request.headers_mut().entry(http::header::AUTHORIZATION).or_insert(admin);
            request
        });
        let service = hyper_util::service::TowerToHyperService::new(as_admin);
        let io = hyper_util::rt::TokioIo::new(stream);
        connections.spawn(hyper::server::conn::http1::Builder::new().serve_connection(io, service).with_upgrades());
    }
}
