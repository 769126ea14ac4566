//! The client over scripted answers.

use super::{Answer, Api, Call, Exchange, Login, LoginFailure};
use crate::http::testing::answered_by;
use crate::http::{HttpClient, HttpError, Network, RequestCounter, TlsPolicy, Transport};
use crate::provider::ProviderError;
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const URL: &str = "https://source.example/login";

const USER: &str = "admin";

/// A login that takes the token from the header `Token` of the answer.
struct Tokens;

#[async_trait]
impl Login for Tokens {
    type Session = String;

    fn url(&self) -> &str {
        URL
    }

    fn user(&self) -> &str {
        USER
    }

    async fn log_in(&self, exchange: &Exchange) -> Result<String, LoginFailure> {
        let request = Request::post(URL).body(Bytes::new()).unwrap();
        let answer = exchange.send(&request, false, ("log in", URL)).await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            return Err(LoginFailure::Refused("who is that?".to_owned()));
        }
        Ok(answer.headers()["Token"].to_str().unwrap().to_owned())
    }

    fn mark(&self, session: &String, headers: &mut HeaderMap) {
        headers.insert("Token", HeaderValue::from_str(session).unwrap());
    }

    fn fault(&self, status: StatusCode, body: &Value) -> (String, String) {
        (format!("Fault{}", status.as_u16()), body["words"].as_str().unwrap_or_default().to_owned())
    }
}

type Sent = Arc<Mutex<Vec<(String, String)>>>;

/// A client and what it sent: paths with tokens.
async fn api(
    answer: impl Fn(&str, usize) -> Result<Response<Bytes>, HttpError> + Send + Sync + 'static,
) -> (Result<Api<Tokens>, ProviderError>, Sent) {
    let sent = Sent::default();
    let seen = sent.clone();
    let http = answered_by(
        move |request: Request<Bytes>| {
            let token = request.headers().get("Token").map_or("", |token| token.to_str().unwrap()).to_owned();
            let path = request.uri().path().to_owned();
            let mut seen = seen.lock().unwrap();
            seen.push((path.clone(), token));
            let nth = seen.iter().filter(|(other, _)| *other == path).count();
            answer(&path, nth)
        },
        RequestCounter::default(),
    );
    (Api::open(http, Tokens).await, sent)
}

#[expect(clippy::unnecessary_wraps, reason = "what a transport answers")]
fn token(nth: usize) -> Result<Response<Bytes>, HttpError> {
    Ok(Response::builder().header("Token", format!("t{nth}")).body(Bytes::new()).unwrap())
}

#[expect(clippy::unnecessary_wraps, reason = "what a transport answers")]
fn status(code: u16, body: impl Into<Bytes>) -> Result<Response<Bytes>, HttpError> {
    Ok(Response::builder().status(code).body(body.into()).unwrap())
}

fn lost() -> Result<Response<Bytes>, HttpError> {
    let (method, url, problem) = ("GET".to_owned(), URL.to_owned(), "reset".to_owned());
    Err(HttpError { method, url, problem, transient: true })
}

fn read() -> Call {
    Call::get("https://source.example/vms", "list VMs").about("project p")
}

fn paths(sent: &Sent) -> Vec<String> {
    sent.lock().unwrap().iter().map(|(path, token)| format!("{path} {token}").trim_end().to_owned()).collect()
}

fn words(answer: Result<Answer, ProviderError>) -> String {
    answer.unwrap_err().to_string()
}

#[tokio::test]
async fn a_call_is_marked_and_answered() {
    let (api, sent) = api(|path, nth| if path == "/login" { token(nth) } else { status(200, r#"{"vms":[]}"#) }).await;
    let answer = api.unwrap().call(&read()).await.unwrap();
    assert_eq!(answer.body, json!({"vms": []}));
    assert_eq!(paths(&sent), ["/login", "/vms t1"]);
}

#[tokio::test]
async fn a_refused_login_is_told_once_and_never_tried_again() {
    let (refused, sent) = api(|_, _| status(401, "")).await;
    let Err(error) = refused else { panic!("the login was accepted") };
    assert_eq!(
        error.to_string(),
        "log in to https://source.example/login as admin: who is that?; correct username and password of this source \
         in providers.json, and see that the account is neither locked nor expired"
    );
    assert_eq!(paths(&sent), ["/login"]);

    let (late, sent) = api(|path, nth| match (path, nth) {
        ("/login", 1) => token(1),
        _ => status(401, ""),
    })
    .await;
    let late = late.unwrap();
    for _ in 0..2 {
        assert!(matches!(late.call(&read()).await, Err(ProviderError::Login { .. })));
    }
    assert_eq!(paths(&sent), ["/login", "/vms t1", "/login"], "nothing is sent after a refusal");
}

/// A server whose first token has expired, and that lets other calls in before it answers.
#[derive(Clone, Default)]
struct Slow(Sent);

#[async_trait]
impl Transport for Slow {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        tokio::task::yield_now().await;
        let token_now = request.headers().get("Token").map_or("", |token| token.to_str().unwrap()).to_owned();
        let mut sent = self.0.lock().unwrap();
        sent.push((request.uri().path().to_owned(), token_now.clone()));
        match token_now.as_str() {
            "" => token(sent.iter().filter(|(path, _)| path == "/login").count()),
            "t1" => status(401, ""),
            _ => status(200, "{}"),
        }
    }
}

#[async_trait]
impl Network for Slow {
    fn open(&self, _: &TlsPolicy) -> Result<Arc<dyn Transport>, HttpError> {
        Ok(Arc::new(self.clone()))
    }

    async fn certificate_chain(&self, _: &str, _: u16) -> Result<String, HttpError> {
        Ok(String::new())
    }
}

#[tokio::test]
async fn of_calls_that_find_the_session_expired_one_renews_it() {
    let server = Slow::default();
    let http = HttpClient::open(&server, &TlsPolicy::SystemRoots, RequestCounter::default()).unwrap();
    let api = Api::open(http, Tokens).await.unwrap();
    let (read, other) = (read(), read());
    let (one, two) = futures::join!(api.call(&read), api.call(&other));
    assert!(one.is_ok() && two.is_ok());
    assert_eq!(paths(&server.0), ["/login", "/vms t1", "/vms t1", "/login", "/vms t2", "/vms t2"]);
}

#[tokio::test]
async fn a_session_that_is_refused_twice_is_an_error() {
    let (api, sent) = api(|path, nth| if path == "/login" { token(nth) } else { status(401, "{}") }).await;
    assert_eq!(
        words(api.unwrap().call(&read()).await),
        "list VMs on project p: Fault401: the service gives no words; the session ended twice in a row; see how long the \
         source's tokens live"
    );
    assert_eq!(paths(&sent), ["/login", "/vms t1", "/login", "/vms t2"]);
}

#[tokio::test(start_paused = true)]
async fn reads_are_repeated_and_writes_are_not() {
    let (open, sent) = api(|path, nth| match (path, nth) {
        ("/login", nth) => token(nth),
        (_, 1) => lost(),
        (_, 2) => status(503, "<html>"),
        _ => status(200, "{}"),
    })
    .await;
    let open = open.unwrap();
    open.call(&read()).await.unwrap();
    assert_eq!(paths(&sent).len(), 4);
    let (fails, sent) = api(|path, nth| if path == "/login" { token(nth) } else { lost() }).await;
    let write = Call::post("https://source.example/vms", "create VM", json!({})).about("x");
    assert_eq!(words(fails.unwrap().call(&write).await), "create VM on x: the source did not answer");
    assert_eq!(paths(&sent).len(), 2);
}

#[tokio::test]
async fn statuses_tell_what_happened() {
    async fn on(code: u16, body: &'static str) -> ProviderError {
        let (api, _) = api(move |path, nth| if path == "/login" { token(nth) } else { status(code, body) }).await;
        api.unwrap().call(&read()).await.unwrap_err()
    }
    let gone = on(404, r#"{"words":"No such VM."}"#).await;
    assert!(gone.is_gone());
    assert_eq!(
        gone.to_string(),
        "list VMs on project p: Fault404: No such VM; it was deleted meanwhile; find out by whom and run again"
    );
    for (code, body, expected) in [
        (404, "<html>", "list VMs on project p: HTTP 404 Not Found without the API's words; see that api_url"),
        (200, "<html>", "list VMs on project p: the answer is no JSON"),
        (413, r#"{"words":"too many"}"#, "list VMs on project p: Fault413: too many; the source limits this"),
        (500, r#"{"words":"bug"}"#, "list VMs on project p: Fault500: bug; look at the service's log"),
    ] {
        let error = on(code, body).await;
        assert!(error.to_string().starts_with(expected), "{error}");
        assert!(!error.is_gone(), "{error}");
    }
}
