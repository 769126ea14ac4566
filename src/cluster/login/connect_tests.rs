use super::super::kubeconfig;
use super::*;
use crate::config::MapEnvironment;
use crate::http::RealNetwork;
use axum::Router;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::StatusCode;
use serde_json::json;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

const NOTHING: Wanted<'_> =
    Wanted { kubeconfig: None, context: None, host: None, username: None, password: None, insecure: false };

/// An API server on the loopback that wants the token `secret-token`.
async fn serve(tasks: &mut JoinSet<()>) -> String {
    let version = get(|| async { axum::Json(json!({"gitVersion": "v1.33.1"})) });
    let review = post(|headers: HeaderMap| async move {
        if headers.get("authorization").is_some_and(|value| value == "Bearer secret-token") {
            let answer = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview", "metadata": {},
                "status": {"userInfo": {"username": "ann"}}});
            (StatusCode::CREATED, axum::Json(answer))
        } else {
            (StatusCode::UNAUTHORIZED, axum::Json(json!({"code": 401, "reason": "Unauthorized", "message": "no"})))
        }
    });
    let routes =
        Router::new().route("/version", version).route("/apis/authentication.k8s.io/v1/selfsubjectreviews", review);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks.spawn(async move { axum::serve(listener, routes).await.unwrap() });
    format!("http://{address}")
}

/// The same API server over TLS, and its certificate as PEM.
async fn serve_tls(tasks: &mut JoinSet<()>) -> (String, String) {
    install_crypto();
    let behind = serve(tasks).await.strip_prefix("http://").unwrap().to_owned();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            connections.spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let mut server = TcpStream::connect(behind).await.unwrap();
                    tokio::io::copy_bidirectional(&mut stream, &mut server).await.ok();
                }
            });
        }
    });
    (url, made.cert.pem())
}

/// A proxy that tunnels every CONNECT to `behind` and tells what was asked of it.
async fn serve_proxy(tasks: &mut JoinSet<()>, behind: &str, asked: Arc<Mutex<Vec<String>>>) -> String {
    let behind = behind.strip_prefix("http://").unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            asked.lock().unwrap().push(String::from_utf8(head).unwrap());
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let mut server = TcpStream::connect(&behind).await.unwrap();
            tokio::io::copy_bidirectional(&mut stream, &mut server).await.ok();
        }
    });
    url
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
    assert_eq!(cluster.requests(), 2);
    let error = log_in_with(&file(folder.path(), &server, "stale")).await.unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = log_in_with(&file(folder.path(), &server, "t")).await.unwrap_err();
    assert!(matches!(&error, ClusterError::Unreachable { url, .. } if *url == server), "{error}");
}

#[tokio::test]
async fn without_any_source_the_causes_are_told() {
    let error = log_in(&NOTHING, &MapEnvironment::default(), &RealNetwork).await.unwrap_err();
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
    let error = log_in(&wanted, &MapEnvironment::default(), &RealNetwork).await.unwrap_err();
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

#[tokio::test]
async fn the_api_servers_certificate_is_verified_by_the_kubeconfigs_authority() {
    let mut tasks = JoinSet::new();
    let folder = tempfile::tempdir().unwrap();
    let (server, right) = serve_tls(&mut tasks).await;
    let wrong = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap().cert.pem();
    let path = file(folder.path(), &server, "secret-token");
    let plain = std::fs::read_to_string(&path).unwrap();
    let trusting = |authority: &str| {
        let data = BASE64_STANDARD.encode(authority);
        let entry = format!("'{server}', certificate-authority-data: {data}");
        std::fs::write(&path, plain.replace(&format!("'{server}'"), &entry)).unwrap();
    };
    trusting(&right);
    let cluster = log_in_with(&path).await.unwrap();
    let TlsPolicy::Pinned(pinned) = cluster.tls() else { panic!("{:?}", cluster.tls()) };
    assert_eq!(transport::certificates(pinned), transport::certificates(&right));
    assert_eq!(cluster.ingress_tls().len(), 2);
    trusting(&wrong);
    let error = log_in_with(&path).await.unwrap_err();
    assert!(matches!(error, ClusterError::Untrusted { .. }), "{}", crate::facts::chain(&error));
    let insecure = Wanted { kubeconfig: Some(&path), insecure: true, ..NOTHING };
    let cluster = log_in(&insecure, &MapEnvironment::default(), &RealNetwork).await.unwrap();
    assert_eq!(cluster.tls(), &TlsPolicy::AcceptAny);
}

#[tokio::test]
async fn requests_go_through_the_kubeconfigs_proxy() {
    let mut tasks = JoinSet::new();
    let folder = tempfile::tempdir().unwrap();
    let asked = Arc::default();
    let behind = serve(&mut tasks).await;
    let proxy = serve_proxy(&mut tasks, &behind, Arc::clone(&asked)).await.replace("http://", "http://me:pw@");
    let path = folder.path().join("kubeconfig");
    let text = kubeconfig::tests::text("http://api.hidden.test:6443").replace("http://proxy.test:3128", &proxy);
    std::fs::write(&path, text).unwrap();
    log_in_with(&path).await.unwrap();
    let asked = asked.lock().unwrap();
    assert!(asked[0].starts_with("CONNECT api.hidden.test:6443 "), "{}", asked[0]);
    assert!(asked[0].to_lowercase().contains("proxy-authorization: basic bwu6chc="), "{}", asked[0]);
}
