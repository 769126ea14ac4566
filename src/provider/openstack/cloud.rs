//! One cloud: calls of its services, typed answers, lists in pages.
//!
//! Source: source-providers.md section 4.1.

use super::keystone::{Keystone, Service};
use crate::http::HttpClient;
use crate::provider::ProviderError;
use crate::provider::rest::{Answer, Api, Call};
use http::{HeaderName, HeaderValue, Method};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Display;

/// Gives the flavor inline; newer ones drop what is needed of attachments.
const COMPUTE_VERSION: &str = "compute 2.47";
/// The oldest with messages to users that can be asked for one resource.
const VOLUME_VERSION: &str = "volume 3.5";
/// More pages than any project has.
const PAGES_MAX: usize = 10_000;

/// A cloud. Clones share the session.
#[derive(Clone)]
pub(super) struct Cloud {
    api: Api<Keystone>,
}

impl Cloud {
    pub(super) async fn open(http: HttpClient, keystone: Keystone) -> Result<Self, ProviderError> {
        Ok(Self { api: Api::open(http, keystone).await? })
    }

    pub(super) async fn close(&self) {
        self.api.close().await;
    }

    /// Id of the project.
    pub(super) async fn project(&self) -> Result<String, ProviderError> {
        Ok(self.api.session().await?.project)
    }

    /// The URLs of the services, which may be on other hosts than Keystone.
    pub(super) async fn endpoints(&self) -> Result<Vec<String>, ProviderError> {
        Ok(self.api.session().await?.urls().to_vec())
    }

    /// Reads an absolute URL.
    pub(super) async fn get_url(&self, url: &str, operation: &str) -> Result<Answer, ProviderError> {
        self.api.call(&Call::get(url, operation)).await
    }

    /// Reads `path` of a service; the object is the member `key` of the answer, or the answer itself if that is empty.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        service: Service,
        (path, key): (&str, &str),
        object: &(impl Display + ?Sized),
    ) -> Result<T, ProviderError> {
        let call = self.call(service, Method::GET, path, &format!("read {}", what(key))).await?.about(object);
        let answer = self.api.call(&call).await?;
        member(&call, answer.body, key)
    }

    /// Every item of a list: the member `key`, in pages.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        service: Service,
        path: &str,
        key: &str,
    ) -> Result<Vec<T>, ProviderError> {
        let mut items = Vec::new();
        let mut marker = String::new();
        for _ in 0..PAGES_MAX {
            let join = if path.contains('?') { '&' } else { '?' };
            let page = if marker.is_empty() { path.to_owned() } else { format!("{path}{join}marker={marker}") };
            let call = self.call(service, Method::GET, &page, &format!("list {}", what(key))).await?;
            let call = call.about("the project");
            let body = self.api.call(&call).await?.body;
            let found: Vec<Value> = member(&call, body.clone(), key)?;
            let last = found.last().and_then(|item| item["id"].as_str()).map(str::to_owned);
            for item in found {
                items.push(typed(&call, item)?);
            }
            // The link itself may lead around a proxy; the marker does not.
            match last.filter(|_| has_next(&body, key)) {
                Some(last) => marker = last,
                None => break,
            }
        }
        Ok(items)
    }

    /// POSTs to `path` of a service. `operation` and `object` name it in errors.
    pub(super) async fn post(
        &self,
        service: Service,
        (path, body): (&str, Value),
        operation: &str,
        object: &(impl Display + ?Sized),
    ) -> Result<Answer, ProviderError> {
        let mut call = self.call(service, Method::POST, path, operation).await?.about(object);
        call.body = Some(body);
        self.api.call(&call).await
    }

    /// As [`Self::post`], of what is made: the member `key` of the answer.
    pub(super) async fn make<T: DeserializeOwned>(
        &self,
        service: Service,
        (path, key, body): (&str, &str, Value),
        object: &(impl Display + ?Sized),
    ) -> Result<T, ProviderError> {
        let mut call = self.call(service, Method::POST, path, &format!("create {}", what(key))).await?.about(object);
        call.body = Some(body);
        let answer = self.api.call(&call).await?;
        member(&call, answer.body, key)
    }

    /// Deletes; `false` when it was gone.
    pub(super) async fn delete(
        &self,
        service: Service,
        (path, kind): (&str, &str),
        object: &(impl Display + ?Sized),
    ) -> Result<bool, ProviderError> {
        let call = self.call(service, Method::DELETE, path, &format!("delete {kind}")).await?.about(object);
        match self.api.call(&call).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_gone() => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn call(&self, service: Service, method: Method, path: &str, operation: &str) -> Result<Call, ProviderError> {
        let session = self.api.session().await?;
        let call = Call::new(method, format!("{}{path}", session.url(service)), operation);
        let version = match service {
            Service::Compute => COMPUTE_VERSION,
            Service::Volume => VOLUME_VERSION,
            Service::Network | Service::Image => return Ok(call),
        };
        Ok(call.header(HeaderName::from_static("openstack-api-version"), HeaderValue::from_static(version)))
    }
}

/// `volumeAttachments` in words.
fn what(key: &str) -> String {
    let words = if key.is_empty() { "image" } else { key };
    let mut text = String::new();
    for letter in words.chars() {
        if letter.is_ascii_uppercase() {
            text.push(' ');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

fn member<T: DeserializeOwned>(call: &Call, mut body: Value, key: &str) -> Result<T, ProviderError> {
    let found = if key.is_empty() { body } else { body[key].take() };
    if found.is_null() {
        return Err(unreadable(call, &format!("there is no {key}")));
    }
    typed(call, found)
}

fn typed<T: DeserializeOwned>(call: &Call, value: Value) -> Result<T, ProviderError> {
    serde_json::from_value(value).map_err(|error| unreadable(call, &format!("the answer cannot be read ({error})")))
}

fn unreadable(call: &Call, problem: &str) -> ProviderError {
    call.malformed(problem, "see which versions the source's services offer; Nova must know microversion 2.47")
}

/// `servers_links` with `rel: next`; `next` in Glance.
fn has_next(body: &Value, key: &str) -> bool {
    let links = body[format!("{key}_links")].as_array();
    links.is_some_and(|links| links.iter().any(|link| link["rel"] == "next")) || body["next"].is_string()
}
