use super::*;
use crate::facts::chain;
use crate::http::Transport;
use async_trait::async_trait;
use std::sync::{Arc, Mutex};

const API: &str = "https://api.test:6443";
const OAUTH: &str = "https://oauth.apps.test/oauth/authorize";

type Reply = Box<dyn Fn(&Request<Bytes>) -> Result<Response<Bytes>, HttpError> + Send + Sync>;

#[derive(Clone)]
struct FakeNet(Arc<FakeState>);

struct FakeState {
    /// By URL without query.
    replies: Vec<(String, Reply)>,
    seen: Mutex<Vec<String>>,
    /// The one policy that the OAuth host's certificate satisfies.
    oauth_trusts: TlsPolicy,
}

struct FakeTransport(FakeNet, TlsPolicy);

#[async_trait]
impl Network for FakeNet {
    fn open(&self, tls: &TlsPolicy) -> Result<Arc<dyn Transport>, HttpError> {
        Ok(Arc::new(FakeTransport(self.clone(), tls.clone())))
    }

    async fn certificate_chain(&self, _: &str, _: u16) -> Result<String, HttpError> {
        unreachable!("not part of a login")
    }
}

#[async_trait]
impl Transport for FakeTransport {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let FakeTransport(FakeNet(state), tls) = self;
        let address = request.uri().to_string();
        if !address.starts_with(API) && *tls != TlsPolicy::AcceptAny && *tls != state.oauth_trusts {
            return Err(HttpError::about(&request, "unknown issuer", false));
        }
        let with_password = request.headers().contains_key("authorization");
        state.seen.lock().unwrap().push(format!("{} {}", bare(&address), if with_password { "basic" } else { "-" }));
        assert_eq!(request.headers()["x-csrf-token"], "1");
        let (_, reply) = state.replies.iter().find(|(url, _)| url == bare(&address)).expect("a known URL");
        reply(&request)
    }
}

fn answer(code: u16, headers: &[(&'static str, &str)], body: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap();
    for (name, value) in headers {
        response.headers_mut().append(*name, value.parse().unwrap());
    }
    response
}

fn to(location: &str) -> Reply {
    let location = location.to_owned();
    Box::new(move |_| Ok(answer(302, &[("location", &location)], "")))
}

fn net(replies: Vec<(&str, Reply)>) -> FakeNet {
    let page = format!(r#"{{"issuer":"https://oauth.apps.test","authorization_endpoint":"{OAUTH}"}}"#);
    let well_known: Reply = Box::new(move |_| Ok(answer(200, &[], &page)));
    let mut all = vec![(format!("{API}{WELL_KNOWN}"), well_known)];
    all.extend(replies.into_iter().map(|(url, reply)| (url.to_owned(), reply)));
    // Later replies replace the built-in page.
    all.reverse();
    FakeNet(Arc::new(FakeState { replies: all, seen: Mutex::default(), oauth_trusts: TlsPolicy::SystemRoots }))
}

async fn login_as(net: &FakeNet, username: &str, tls: &TlsPolicy) -> Result<Secret, LoginError> {
    let (password, counter) = (Secret::new("pa:ss"), RequestCounter::default());
    let login = PasswordLogin { url: API, username, password: &password, tls, network: net, counter: &counter };
    login.token().await
}

async fn login(net: &FakeNet) -> Result<Secret, LoginError> {
    login_as(net, "kubeadmin", &TlsPolicy::SystemRoots).await
}

#[tokio::test]
async fn the_token_comes_in_the_fragment() {
    let net = net(vec![(
        OAUTH,
        Box::new(|request| {
            assert_eq!(request.uri().query(), Some("client_id=openshift-challenging-client&response_type=token"));
            assert_eq!(request.headers()["authorization"], "Basic a3ViZWFkbWluOnBhOnNz");
            Ok(answer(
                302,
                &[(
                    "location",
                    "https://oauth.apps.test/oauth/token/implicit#access_token=sha256~a%2Bb&expires_in=86400&token_type=Bearer",
                )],
                "",
            ))
        }),
    )]);
    assert_eq!(login(&net).await.unwrap().expose(), "sha256~a+b");
    assert_eq!(*net.0.seen.lock().unwrap(), [format!("{API}{WELL_KNOWN} -"), format!("{OAUTH} basic")]);
}

#[tokio::test]
async fn refusals_say_what_is_wrong() {
    let unauthorized =
        net(vec![(OAUTH, Box::new(|_| Ok(answer(401, &[("www-authenticate", "Basic realm=\"openshift\"")], ""))))]);
    assert_eq!(
        login(&unauthorized).await.unwrap_err().to_string(),
        "log in to https://api.test:6443 as kubeadmin: the user name or password is wrong"
    );
    let refused = net(vec![(OAUTH, to("https://x.test/cb?error=access_denied&error_description=no+grant"))]);
    assert_eq!(
        login(&refused).await.unwrap_err().to_string(),
        "log in to https://api.test:6443: the OAuth server refuses: access_denied no grant"
    );
    let page = net(vec![(OAUTH, Box::new(|_| Ok(answer(200, &[], "<html>log in</html>"))))]);
    assert!(matches!(login(&page).await.unwrap_err(), LoginError::NoPasswordLogin { status: 200, .. }));
    let well_known = format!("{API}{WELL_KNOWN}");
    for (code, body) in [(404, "404 page not found"), (200, "<html>")] {
        let plain = net(vec![(&well_known, Box::new(move |_| Ok(answer(code, &[], body))))]);
        assert!(matches!(login(&plain).await.unwrap_err(), LoginError::NoOAuth { status, .. } if status == code));
    }
    for username in ["", "a:b"] {
        let error = login_as(&unauthorized, username, &TlsPolicy::SystemRoots).await.unwrap_err();
        assert!(matches!(error, LoginError::BadUsername(_)));
    }
}

#[tokio::test]
async fn a_proxy_hop_gets_the_password_only_when_it_asks() {
    let silent = net(vec![
        (OAUTH, to("https://proxy.test/login?then=x")),
        ("https://proxy.test/login", to("https://oauth.apps.test/back#access_token=t&x=y")),
    ]);
    assert_eq!(login(&silent).await.unwrap().expose(), "t");
    assert_eq!(silent.0.seen.lock().unwrap()[2], "https://proxy.test/login -");
    let asking = net(vec![
        (OAUTH, to("https://proxy.test/login")),
        (
            "https://proxy.test/login",
            Box::new(|request| {
                if request.headers().contains_key("authorization") {
                    Ok(answer(302, &[("location", "/cb#access_token=t2")], ""))
                } else {
                    Ok(answer(401, &[("www-authenticate", "Basic realm=x")], ""))
                }
            }),
        ),
    ]);
    assert_eq!(login(&asking).await.unwrap().expose(), "t2");
    let negotiate = net(vec![
        (OAUTH, to("https://proxy.test/login")),
        ("https://proxy.test/login", Box::new(|_| Ok(answer(401, &[("www-authenticate", "Negotiate")], "")))),
    ]);
    assert!(matches!(login(&negotiate).await.unwrap_err(), LoginError::NoPasswordLogin { status: 401, .. }));
}

#[tokio::test]
async fn redirects_that_lead_nowhere_end() {
    let circle = net(vec![(OAUTH, to("https://proxy.test/a")), ("https://proxy.test/a", to("/a"))]);
    assert_eq!(
        login(&circle).await.unwrap_err().to_string(),
        "log in to https://api.test:6443: the OAuth server's redirects go in a circle at https://proxy.test/a; \
         check the proxy in front of it"
    );
    let plain = net(vec![(OAUTH, to("http://proxy.test/a"))]);
    assert!(matches!(login(&plain).await.unwrap_err(), LoginError::Redirect { why: "leave TLS", .. }));
    let nowhere = net(vec![(OAUTH, Box::new(|_| Ok(answer(302, &[], ""))))]);
    assert!(matches!(login(&nowhere).await.unwrap_err(), LoginError::Redirect { why: "lead nowhere", .. }));
    let endless: Reply = Box::new(|request| {
        let next = format!("https://proxy.test/a?x={}", request.uri().to_string().len());
        Ok(answer(302, &[("location", &format!("{next}{}", request.uri().query().unwrap_or_default()))], ""))
    });
    let endless = net(vec![(OAUTH, to("https://proxy.test/a?x=1")), ("https://proxy.test/a", endless)]);
    assert!(matches!(login(&endless).await.unwrap_err(), LoginError::Redirect { why: "do not end", .. }));
}

#[tokio::test]
async fn the_oauth_host_may_have_another_authority_than_the_api() {
    let token = || to("https://oauth.apps.test/cb#access_token=t");
    let pinned = TlsPolicy::Pinned("CA".into());
    // A public ingress certificate beside a private API CA, and a private one for both.
    for oauth_trusts in [TlsPolicy::SystemRoots, pinned.clone()] {
        let mut net = net(vec![(OAUTH, token())]);
        Arc::get_mut(&mut net.0).unwrap().oauth_trusts = oauth_trusts;
        assert_eq!(login_as(&net, "u", &pinned).await.unwrap().expose(), "t");
    }
    let mut net = net(vec![(OAUTH, token())]);
    Arc::get_mut(&mut net.0).unwrap().oauth_trusts = pinned;
    assert_eq!(login_as(&net, "u", &TlsPolicy::AcceptAny).await.unwrap().expose(), "t");
    let error = login(&net).await.unwrap_err();
    assert_eq!(
        chain(&error),
        "log in to https://api.test:6443 with a password: GET https://oauth.apps.test/oauth/authorize: unknown issuer"
    );
}
