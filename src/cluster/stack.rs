//! What every request passes: retry of a busy server, then the count, the user agent and the time limit.
//!
//! The order is the point: the count sits under the retry, so that it counts what really went out, and nothing below
//! retries again. Source: cluster-api.md section 4.2.

use super::BoxError;
use crate::http::RequestCounter;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, header};
use kube::Client;
use kube::client::Body;
use kube::client::retry::RetryPolicy;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;
use tower::retry::RetryLayer;
use tower::{Layer, Service};

/// How the program names itself to servers.
pub const USER_AGENT: &str = concat!("mtvtest/", env!("CARGO_PKG_VERSION"));

/// Longest wait for an answer to begin: API servers give up on a request after 60 s themselves.
const ANSWER_LIMIT: Duration = Duration::from_secs(65);

/// Anything that carries requests to an API server and answers with a body `B`.
pub trait ApiService<B>:
    Service<Request<Body>, Response = Response<B>, Error: Into<BoxError>, Future: Send + 'static> + Clone + Send + 'static
{
}

impl<S, B> ApiService<B> for S where
    S: Service<Request<Body>, Response = Response<B>, Error: Into<BoxError>, Future: Send + 'static>
        + Clone
        + Send
        + 'static
{
}

/// A client over any service that carries requests to an API server: the lab's in-process, or kube's over TLS.
///
/// Retries 429, 503 and 504 up to 15 times, honouring `Retry-After`; counts each attempt.
pub fn counting_client<B>(
    service: impl ApiService<B>,
    counter: RequestCounter,
    default_namespace: impl Into<String>,
) -> Client
where
    B: http_body::Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let outgoing = Outgoing { inner: service, counter };
    Client::new(RetryLayer::new(RetryPolicy::server_retry()).layer(outgoing), default_namespace)
}

#[derive(Clone)]
struct Outgoing<S> {
    inner: S,
    counter: RequestCounter,
}

impl<S, B> Service<Request<Body>> for Outgoing<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<B>, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        self.counter.count();
        request.headers_mut().entry(header::USER_AGENT).or_insert(HeaderValue::from_static(USER_AGENT));
        let answer = self.inner.call(request);
        Box::pin(async move {
            if let Ok(answer) = tokio::time::timeout(ANSWER_LIMIT, answer).await {
                return answer.map_err(Into::into);
            }
            let seconds = ANSWER_LIMIT.as_secs();
            Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer within {seconds}s")).into())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::testing::{Fake, status};
    use serde_json::json;

    #[tokio::test(start_paused = true)]
    async fn a_busy_server_is_asked_again_and_every_attempt_counts() {
        let fake = Fake::default();
        fake.answer(429, status(429, "TooManyRequests", "later"));
        fake.answer(503, status(503, "ServiceUnavailable", "rolling"));
        fake.answer(
            200,
            json!({"major": "1", "minor": "33", "gitVersion": "v1.33.1", "gitCommit": "", "buildDate": "",
            "compiler": "", "gitTreeState": "", "goVersion": "", "platform": ""}),
        );
        let counter = RequestCounter::default();
        let client = counting_client(fake.clone(), counter.clone(), "default");
        assert_eq!(client.apiserver_version().await.unwrap().git_version, "v1.33.1");
        assert_eq!(counter.total(), 3);
        assert!(fake.requests().iter().all(|request| request.user_agent == USER_AGENT));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_is_given_up() {
        let fake = Fake::default();
        fake.stall();
        let client = counting_client(fake, RequestCounter::default(), "default");
        let error = client.apiserver_version().await.unwrap_err();
        assert!(error.to_string().contains("no answer within 65s"), "{error}");
    }
}
