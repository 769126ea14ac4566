//! A network for tests: every request goes to one function.

use super::{HttpClient, HttpError, Network, RequestCounter, TlsPolicy, Transport};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use std::sync::Arc;

/// What answers.
type Answer = dyn Fn(Request<Bytes>) -> Result<Response<Bytes>, HttpError> + Send + Sync;

#[derive(Clone)]
struct Scripted(Arc<Answer>);

/// A client whose requests are answered by `answer`, whatever their host.
pub(crate) fn answered_by(
    answer: impl Fn(Request<Bytes>) -> Result<Response<Bytes>, HttpError> + Send + Sync + 'static,
    counter: RequestCounter,
) -> HttpClient {
    HttpClient::open(&network(answer), &TlsPolicy::SystemRoots, counter).unwrap()
}

/// A network on which `answer` answers every request, whatever its host.
pub(crate) fn network(
    answer: impl Fn(Request<Bytes>) -> Result<Response<Bytes>, HttpError> + Send + Sync + 'static,
) -> impl Network {
    Scripted(Arc::new(answer))
}

#[async_trait]
impl Network for Scripted {
    fn open(&self, _: &TlsPolicy) -> Result<Arc<dyn Transport>, HttpError> {
        Ok(Arc::new(self.clone()))
    }

    async fn certificate_chain(&self, _: &str, _: u16) -> Result<String, HttpError> {
        Ok(String::new())
    }
}

#[async_trait]
impl Transport for Scripted {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        (self.0)(request)
    }
}
