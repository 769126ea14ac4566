//! Login by password, and the catalog of services.
//!
//! Source: source-providers.md section 4.1.

use crate::config::{self, ProviderEntry, Secret};
use crate::facts::nearest;
use crate::provider::ProviderError;
use crate::provider::rest::{ADDRESS_REMEDY, Call, Exchange, Login, LoginFailure};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

const OPERATION: &str = "log in";
const REGION_REMEDY: &str =
    "correct region_name of this source in providers.json, and see that the project may use the service";
const QUOTA_REMEDY: &str = "free what the project does not need, or raise its quota, and run again";

/// A service that the client uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    /// Nova.
    Compute,
    /// Cinder.
    Volume,
    /// Neutron.
    Network,
    /// Glance.
    Image,
}

impl Service {
    const ALL: [Self; 4] = [Self::Compute, Self::Volume, Self::Network, Self::Image];

    /// Its types in catalogs, the better known first.
    fn types(self) -> &'static [&'static str] {
        match self {
            Self::Compute => &["compute"],
            Self::Volume => &["volumev3", "block-storage", "block-store"],
            Self::Network => &["network"],
            Self::Image => &["image"],
        }
    }

    /// The version that a URL without one gets.
    fn version(self) -> &'static str {
        match self {
            Self::Compute => "v2.1",
            Self::Volume => "v3",
            Self::Network => "v2.0",
            Self::Image => "v2",
        }
    }
}

/// What a login gives.
#[derive(Debug, Clone)]
pub(super) struct Session {
    token: HeaderValue,
    /// Id of the project.
    pub(super) project: String,
    urls: [String; 4],
}

impl Session {
    /// The URLs of the services.
    pub(super) fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The URL of a service with its version, without a slash at its end.
    pub(super) fn url(&self, service: Service) -> &str {
        let at = Service::ALL.iter().position(|known| *known == service).unwrap_or_default();
        &self.urls[at]
    }
}

/// Who logs in, to what.
pub(super) struct Keystone {
    url: String,
    user: String,
    password: Secret,
    scope: config::Openstack,
}

impl Keystone {
    pub(super) fn new(entry: &ProviderEntry, scope: &config::Openstack) -> Self {
        Self {
            url: versioned(&entry.api_url, "v3"),
            user: entry.username.clone(),
            password: entry.password.clone(),
            scope: scope.clone(),
        }
    }

    /// URL of Keystone, with its version.
    pub(super) fn base(&self) -> &str {
        &self.url
    }

    /// Ids go before names: a name may be that of several.
    fn request_body(&self) -> Value {
        let scope = &self.scope;
        let domain = id_or_name(scope.user_domain_id.as_ref(), scope.user_domain_name.as_ref());
        let mut project = id_or_name(scope.project_id.as_ref(), scope.project_name.as_ref());
        if scope.project_id.is_none() {
            project["domain"] = id_or_name(scope.project_domain_id.as_ref(), scope.project_domain_name.as_ref());
        }
        let user = json!({"name": self.user, "domain": domain, "password": self.password.expose()});
        json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": user}},
            "scope": {"project": project},
        }})
    }

    fn read_session(&self, answer: &Response<Bytes>) -> Result<Session, ProviderError> {
        let malformed = |problem: &str| ProviderError::Malformed {
            operation: OPERATION.to_owned(),
            object: self.url.clone(),
            problem: problem.to_owned(),
            remedy: ADDRESS_REMEDY,
        };
        let token = answer.headers().get("X-Subject-Token").ok_or_else(|| malformed("there is no token"))?;
        let mut token = token.clone();
        token.set_sensitive(true);
        let body: Value = serde_json::from_slice(answer.body()).map_err(|_| malformed("the answer is no JSON"))?;
        let token_body = &body["token"];
        let catalog = token_body["catalog"].as_array().ok_or_else(|| malformed("there is no catalog of services"))?;
        let project = token_body["project"]["id"].as_str().unwrap_or_default().to_owned();
        let [compute, volume, network, image] = Service::ALL.map(|service| self.endpoint(catalog, service));
        Ok(Session { token, project, urls: [compute?, volume?, network?, image?] })
    }

    /// The public endpoint of a service in the region.
    fn endpoint(&self, catalog: &[Value], service: Service) -> Result<String, ProviderError> {
        let region = &self.scope.region_name;
        let types = service.types().iter();
        let entries = || types.clone().flat_map(|name| catalog.iter().filter(move |entry| entry["type"] == *name));
        let endpoints = || entries().filter_map(|entry| entry["endpoints"].as_array()).flatten();
        let public = || endpoints().filter(|endpoint| endpoint["interface"] == "public");
        let found = public().find(|endpoint| region_of(endpoint) == region).and_then(|found| found["url"].as_str());
        found.map(|url| versioned(url, service.version())).ok_or_else(|| ProviderError::Missing {
            kind: "public endpoint",
            name: format!("{} in region {region}", service.types()[0]),
            near: nearest(region, public().map(region_of), 3).into_iter().map(str::to_owned).collect(),
            remedy: REGION_REMEDY,
        })
    }
}

fn region_of(endpoint: &Value) -> &str {
    endpoint["region_id"].as_str().or(endpoint["region"].as_str()).unwrap_or_default()
}

fn id_or_name(id: Option<&String>, name: Option<&String>) -> Value {
    id.map_or_else(|| json!({"name": name}), |id| json!({"id": id}))
}

/// The URL with a version in its path: its own, if there is one.
fn versioned(url: &str, version: &str) -> String {
    let url = url.trim_end_matches('/');
    let path = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').skip(1);
    let is_version =
        |part: &str| part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if path.into_iter().any(is_version) { url.to_owned() } else { format!("{url}/{version}") }
}

#[async_trait]
impl Login for Keystone {
    type Session = Session;

    fn url(&self) -> &str {
        &self.url
    }

    fn user(&self) -> &str {
        &self.user
    }

    async fn log_in(&self, exchange: &Exchange) -> Result<Session, LoginFailure> {
        let call = Call::post(format!("{}/auth/tokens", self.url), OPERATION, self.request_body()).about(&self.url);
        let answer = exchange.send(&call.request(|_| ())?, false, (OPERATION, &self.url)).await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(self.read_session(&answer)?);
        }
        let words = serde_json::from_slice(answer.body()).ok().map(|body| self.fault(status, &body));
        match words {
            // A scope that Keystone cannot read is as final as a wrong password.
            Some((_, message)) if matches!(status.as_u16(), 400 | 401 | 403) => Err(LoginFailure::Refused(message)),
            _ => Err(LoginFailure::Failed(call.malformed(
                format!("HTTP {status} instead of a token"),
                "see that api_url in providers.json is Keystone's https://HOST:PORT/v3, and that the service runs",
            ))),
        }
    }

    fn mark(&self, session: &Session, headers: &mut HeaderMap) {
        headers.insert("X-Auth-Token", session.token.clone());
    }

    /// `{"itemNotFound": {"message"}}` of Nova and Cinder, `{"NeutronError": {"type", "message"}}`,
    /// `{"error": {"title", "message"}}` of Keystone, `{"title", "message"}` of Glance.
    fn fault(&self, status: StatusCode, body: &Value) -> (String, String) {
        let text = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
        let kind = |value: &Value| text(value, "type").or_else(|| text(value, "title"));
        let inner = body.as_object().and_then(|members| members.iter().find(|(_, value)| value["message"].is_string()));
        let (fault, message) = match inner {
            Some((name, value)) => (kind(value).or_else(|| Some(name.clone())), text(value, "message")),
            None => (kind(body), text(body, "message")),
        };
        let message = message.unwrap_or_default().replace("<br />", " ").replace("<br/>", " ");
        (fault.unwrap_or_else(|| format!("HTTP {}", status.as_u16())), message)
    }

    /// Nova tells of quotas by 403, Cinder by 413, Neutron by 409.
    fn remedy(&self, _status: StatusCode, fault: &str, message: &str) -> Option<&'static str> {
        let is_quota = fault == "overLimit" || fault == "OverQuota" || message.to_lowercase().contains("quota");
        is_quota.then_some(QUOTA_REMEDY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_get_the_version_that_they_lack() {
        for (url, version, expected) in [
            ("https://h:9696", "v2.0", "https://h:9696/v2.0"),
            ("https://h:9696/", "v2.0", "https://h:9696/v2.0"),
            ("https://h/image", "v2", "https://h/image/v2"),
            ("https://h/volume/v3/abc", "v3", "https://h/volume/v3/abc"),
            ("https://h:8774/v2.1/", "v2.1", "https://h:8774/v2.1"),
            ("https://v1.example/volume", "v3", "https://v1.example/volume/v3"),
            ("https://h/vault", "v3", "https://h/vault/v3"),
        ] {
            assert_eq!(versioned(url, version), expected);
        }
    }
}
