//! Trust and limits, on loopback.

use super::*;
use crate::http::{HttpClient, RequestCounter};
use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

const QUICK: Limits = Limits { connect: Duration::from_secs(5), request: Duration::from_millis(300) };
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nyes";

struct Authority(Issuer<'static, KeyPair>, Certificate);

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Authority(Issuer::new(params, key), certificate)
}

fn leaf(name: &str) -> (CertificateParams, KeyPair) {
    (CertificateParams::new(vec![name.to_owned()]).unwrap(), KeyPair::generate().unwrap())
}

/// Serves one answer per connection, with this chain; the port.
async fn serve(tasks: &mut JoinSet<()>, chain: &[&Certificate], key: &KeyPair) -> u16 {
    install_crypto();
    let chain: Vec<CertificateDer<'static>> = chain.iter().map(|certificate| certificate.der().clone()).collect();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    // Unchecked, so that a server can also show a certificate that is not its own.
    let pair = CertifiedKey::new(chain, any_supported_type(&key).unwrap());
    let config =
        ServerConfig::builder().with_no_client_auth().with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tasks.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let mut request = [0; 1024];
                stream.read(&mut request).await.unwrap_or_default();
                stream.write_all(ANSWER).await.ok();
                stream.shutdown().await.ok();
            }
        }
    });
    port
}

/// Answers with these bytes and then nothing, without TLS; the port.
async fn serve_plainly(tasks: &mut JoinSet<()>, answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tasks.spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            stream.read(&mut request).await.unwrap_or_default();
            stream.write_all(answer).await.ok();
            kept.push(stream);
        }
    });
    port
}

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

async fn ask(tls: &TlsPolicy, url: &str) -> Result<Response<Bytes>, HttpError> {
    RealNetwork.open(tls)?.send(get(url)).await
}

/// Whether a server on loopback is accepted by a pin; if not, the text behind the URL.
async fn accepted(pem: &str, port: u16) -> Result<(), String> {
    match ask(&TlsPolicy::Pinned(pem.to_owned()), &format!("https://127.0.0.1:{port}/sdk")).await {
        Ok(answer) => {
            assert_eq!(answer.body(), "yes");
            Ok(())
        }
        Err(error) => {
            assert!(!error.transient, "{error}");
            Err(error.problem)
        }
    }
}

async fn shown(port: u16) -> String {
    RealNetwork.certificate_chain("127.0.0.1", port).await.unwrap()
}

#[tokio::test]
async fn what_a_server_shows_can_be_pinned_and_nothing_else_is_accepted() {
    let mut tasks = JoinSet::new();
    let ca = authority("own CA");
    let (params, own_key) = leaf("127.0.0.1");
    let own = params.self_signed(&own_key).unwrap();
    let own = serve(&mut tasks, &[&own], &own_key).await;
    let (params, key) = leaf("127.0.0.1");
    let signed = params.signed_by(&key, &ca.0).unwrap();
    let alone = serve(&mut tasks, &[&signed], &key).await;
    let full = serve(&mut tasks, &[&signed, &ca.1], &key).await;
    for port in [own, alone, full] {
        accepted(&shown(port).await, port).await.unwrap();
    }
    assert_eq!(shown(alone).await.matches("BEGIN").count(), 1);
    assert_eq!(shown(full).await.matches("BEGIN").count(), 2);
    for port in [alone, full] {
        accepted(&ca.1.pem(), port).await.unwrap();
        let refused = accepted(&shown(own).await, port).await.unwrap_err();
        assert!(refused.contains("UnknownIssuer"), "{refused}");
    }
    accepted(&ca.1.pem(), own).await.unwrap_err();
    accepted(&authority("other CA").1.pem(), full).await.unwrap_err();
    ask(&TlsPolicy::AcceptAny, &format!("https://127.0.0.1:{own}/")).await.unwrap();
    let refused = ask(&TlsPolicy::SystemRoots, &format!("https://127.0.0.1:{own}/")).await.unwrap_err();
    assert!(!refused.transient, "{refused}");
}

#[tokio::test]
async fn the_pinned_certificate_itself_needs_neither_name_nor_date_but_its_key() {
    let mut tasks = JoinSet::new();
    let ca = authority("own CA");
    let (mut params, key) = leaf("elsewhere.test");
    params.not_before = date_time_ymd(2001, 1, 1);
    params.not_after = date_time_ymd(2002, 1, 1);
    let expired = params.signed_by(&key, &ca.0).unwrap();
    let old = serve(&mut tasks, &[&expired], &key).await;
    accepted(&shown(old).await, old).await.unwrap();
    let text = accepted(&ca.1.pem(), old).await.unwrap_err();
    assert!(text.contains("expired") && text.contains("renew it"), "{text}");
    let (params, key) = leaf("elsewhere.test");
    let named = params.signed_by(&key, &ca.0).unwrap();
    let other = serve(&mut tasks, &[&named], &key).await;
    accepted(&shown(other).await, other).await.unwrap();
    let text = accepted(&ca.1.pem(), other).await.unwrap_err();
    assert!(text.contains("not valid for name") && text.contains("use a host name"), "{text}");
    // A certificate is public; who shows it without its key is somebody else.
    let thief = serve(&mut tasks, &[&expired], &KeyPair::generate().unwrap()).await;
    let text = accepted(&expired.pem(), thief).await.unwrap_err();
    assert!(text.contains("BadSignature"), "{text}");
}

#[tokio::test]
async fn policies_are_tried_in_order_and_the_good_one_is_kept() {
    let mut tasks = JoinSet::new();
    let (params, key) = leaf("127.0.0.1");
    let own = params.self_signed(&key).unwrap();
    let port = serve(&mut tasks, &[&own], &key).await;
    let url = format!("https://127.0.0.1:{port}/providers");
    let (wrong, right) = (TlsPolicy::Pinned(authority("other CA").1.pem()), TlsPolicy::Pinned(own.pem()));
    let counter = RequestCounter::default();
    let both = HttpClient::open_in_order(&RealNetwork, &[wrong.clone(), right], counter.clone()).unwrap();
    for _ in 0..2 {
        assert_eq!(both.send(get(&url)).await.unwrap().body(), "yes");
    }
    assert_eq!(counter.total(), 2);
    let none = HttpClient::open_in_order(&RealNetwork, &[wrong.clone(), wrong], counter.clone()).unwrap();
    assert!(!none.send(get(&url)).await.unwrap_err().transient);
    let unreadable = [TlsPolicy::Pinned("no PEM".to_owned())];
    let error = HttpClient::open_in_order(&RealNetwork, &unreadable, counter).err().unwrap();
    assert_eq!(error.to_string(), "open TLS: there is no certificate to pin; give PEM");
}

#[tokio::test]
async fn errors_name_the_url_the_cause_and_the_remedy() {
    let mut tasks = JoinSet::new();
    let (params, key) = leaf("127.0.0.1");
    let own = params.self_signed(&key).unwrap();
    let tls = serve(&mut tasks, &[&own], &key).await;
    let stalls = serve_plainly(&mut tasks, b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npart").await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let quick = Reqwest::open(&TlsPolicy::Pinned(authority("other CA").1.pem()), QUICK).unwrap();
    let mut told = String::new();
    for (port, url) in [
        (tls, format!("https://user:word@127.0.0.1:{tls}/sdk?secret=1")),
        (closed, format!("http://127.0.0.1:{closed}/sdk")),
        (stalls, format!("http://127.0.0.1:{stalls}/sdk")),
        (stalls, format!("https://127.0.0.1:{stalls}/sdk")),
    ] {
        let error = quick.send(get(&url)).await.unwrap_err();
        let text = error.to_string().replace(&port.to_string(), "PORT");
        told.extend([text, format!(" transient={}\n", error.transient)]);
    }
    insta::with_settings!({filters => vec![(r"refused \(.*\);", "refused (CAUSE);")]}, {
        insta::assert_snapshot!(told.trim_end(), @"
        GET https://127.0.0.1:PORT/sdk: the server's certificate is not trusted (invalid peer certificate: UnknownIssuer); give its CA, or skip verification by name in the settings transient=false
        GET http://127.0.0.1:PORT/sdk: connection refused (CAUSE); see that host and port are right and the service runs transient=true
        GET http://127.0.0.1:PORT/sdk: no whole answer within 300ms; see whether the server is overloaded transient=true
        GET https://127.0.0.1:PORT/sdk: what answers there does not speak TLS (received corrupt message of type InvalidContentType); see that scheme and port are right transient=false
        ");
    });
}

#[tokio::test]
async fn plain_connections_carry_bytes_both_ways_and_name_what_refuses() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 4];
        stream.read_exact(&mut asked).await.unwrap();
        stream.write_all(&asked).await.unwrap();
    });
    let mut stream = RealNetwork.dial("127.0.0.1", port).await.unwrap();
    stream.write_all(b"ping").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "ping");
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let refused = RealNetwork.dial("127.0.0.1", closed).await.err().unwrap();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}
