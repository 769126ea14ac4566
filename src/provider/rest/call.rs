//! A call and its answer.

use crate::provider::ProviderError;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use serde_json::Value;

/// A call of a JSON API.
#[derive(Debug, Clone)]
pub(in crate::provider) struct Call {
    /// Method; GET and HEAD read, and may be sent again.
    pub(in crate::provider) method: Method,
    /// Absolute URL.
    pub(in crate::provider) url: String,
    /// What is sent, if anything.
    pub(in crate::provider) body: Option<Value>,
    /// Headers beside those of the session.
    pub(in crate::provider) headers: HeaderMap,
    /// What is done, in people's words (`create volume`).
    pub(in crate::provider) operation: String,
    /// What it is done to.
    pub(in crate::provider) object: String,
}

impl Call {
    /// A call without a body, on the URL itself.
    pub(in crate::provider) fn new(method: Method, url: impl Into<String>, operation: impl Into<String>) -> Self {
        let url = url.into();
        let (headers, operation, object) = (HeaderMap::new(), operation.into(), url.clone());
        Self { method, url, body: None, headers, operation, object }
    }

    /// A read.
    pub(in crate::provider) fn get(url: impl Into<String>, operation: impl Into<String>) -> Self {
        Self::new(Method::GET, url, operation)
    }

    /// A POST of `body`.
    pub(in crate::provider) fn post(url: impl Into<String>, operation: impl Into<String>, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(Method::POST, url, operation) }
    }

    /// A DELETE.
    pub(in crate::provider) fn delete(url: impl Into<String>, operation: impl Into<String>) -> Self {
        Self::new(Method::DELETE, url, operation)
    }

    /// With the object's name for errors.
    #[must_use]
    pub(in crate::provider) fn about(mut self, object: &(impl std::fmt::Display + ?Sized)) -> Self {
        self.object = object.to_string();
        self
    }

    /// With one more header.
    #[must_use]
    pub(in crate::provider) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Whether it changes nothing.
    pub(super) fn reads(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }

    /// The request, marked by `mark`.
    pub(in crate::provider) fn request(
        &self,
        mark: impl FnOnce(&mut HeaderMap),
    ) -> Result<Request<Bytes>, ProviderError> {
        let body = self.body.as_ref().map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&self.url)
            .body(body)
            .map_err(|error| self.malformed(format!("{} is no URL ({error})", self.url), ADDRESS_REMEDY))?;
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if self.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        headers.extend(self.headers.clone());
        mark(headers);
        Ok(request)
    }

    /// An answer that is none of this API.
    pub(in crate::provider) fn malformed(&self, problem: impl Into<String>, remedy: &'static str) -> ProviderError {
        let (operation, object) = (self.operation.clone(), self.object.clone());
        ProviderError::Malformed { operation, object, problem: problem.into(), remedy }
    }
}

/// What to do when a server does not speak the API.
pub(in crate::provider) const ADDRESS_REMEDY: &str =
    "see that api_url in providers.json is the address of the API, without a proxy between";

/// A good answer.
#[derive(Debug, Clone)]
pub(in crate::provider) struct Answer {
    /// Headers.
    pub(in crate::provider) headers: HeaderMap,
    /// What it says; null when it says nothing.
    pub(in crate::provider) body: Value,
}

impl Answer {
    /// The text of a header.
    pub(in crate::provider) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
