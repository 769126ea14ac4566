use super::super::kubeconfig;
use super::*;
use crate::config::MapEnvironment;
use crate::http::RealNetwork;
use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use http::StatusCode;
use serde_json::json;
use tokio::task::JoinSet;

const NOTHING: Wanted<'_> =
    Wanted { kubeconfig: None, context: None, host: None, username: None, password: None, insecure: false };

/// An API server on the loopback that wants the token `secret-token`.
async fn serve(tasks: &mut JoinSet<()>) -> String {
    let version = get(|headers: HeaderMap| async move {
        if headers.get("authorization").is_some_and(|value| value == "Bearer secret-token") {
            (StatusCode::OK, axum::Json(json!({"gitVersion": "v1.33.1"})))
        } else {
            (StatusCode::UNAUTHORIZED, axum::Json(json!({"code": 401, "reason": "Unauthorized", "message": "no"})))
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn(async move { axum::serve(listener, Router::new().route("/version", version)).await.unwrap() });
    format!("http://{address}")
}

fn file(folder: &Path, server: &str, token: &str) -> std::path::PathBuf {
    let path = folder.join("kubeconfig");
    let text = kubeconfig::tests::text(server).replace("secret-token", token).replace("http://proxy.test:3128", "");
    std::fs::write(&path, text).unwrap();
    path
}

async fn log_in_with(path: &Path) -> Result<Cluster, ClusterError> {
    let wanted = Wanted { kubeconfig: Some(path), ..NOTHING };
    log_in(&wanted, &MapEnvironment::default(), &RealNetwork).await
}

#[tokio::test]
async fn a_kubeconfig_leads_to_a_cluster_with_its_token() {
    let mut tasks = JoinSet::new();
    let folder = tempfile::tempdir().unwrap();
    let server = serve(&mut tasks).await;
    let cluster = log_in_with(&file(folder.path(), &server, "secret-token")).await.unwrap();
    assert_eq!(cluster.url(), server);
    assert_eq!(cluster.token().map(Secret::expose), Some("secret-token"));
    assert_eq!(cluster.tls(), &TlsPolicy::SystemRoots);
    assert_eq!(cluster.requests(), 1);
    let error = log_in_with(&file(folder.path(), &server, "stale")).await.err().unwrap();
    assert!(error.is_unauthorized(), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = log_in_with(&file(folder.path(), &server, "t")).await.err().unwrap();
    assert!(matches!(&error, ClusterError::Unreachable { url, .. } if *url == server), "{error}");
}

#[tokio::test]
async fn without_any_source_the_causes_are_told() {
    let error = log_in(&NOTHING, &MapEnvironment::default(), &RealNetwork).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "no cluster to log in to: no kubeconfig in KUBECONFIG or the home, and this is no pod \
         (KUBERNETES_SERVICE_HOST and _PORT are not set); set kubeconfig, or cluster_host, cluster_username and \
         cluster_password"
    );
}

#[tokio::test]
async fn half_a_password_login_names_the_missing_half() {
    let wanted = Wanted { host: Some("api.test:6443"), ..NOTHING };
    let error = log_in(&wanted, &MapEnvironment::default(), &RealNetwork).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "log in to api.test:6443 with a password: cluster_username, cluster_password is not set; set it, or clear the \
         other cluster_ settings"
    );
}

#[test]
fn hosts_are_normalized() {
    for (host, url) in [
        ("api.test:6443", "https://api.test:6443"),
        ("https://api.test:6443/", "https://api.test:6443"),
        (" http://127.0.0.1:1 ", "http://127.0.0.1:1"),
    ] {
        assert_eq!(normalized(host), url);
    }
}
