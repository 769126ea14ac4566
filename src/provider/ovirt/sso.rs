//! Logging in: tokens of the engine's single sign-on, and the words of a refusal.
//!
//! Source: source-providers.md section 3.1.

use super::json::text;
use crate::config::{ProviderEntry, Secret};
use crate::provider::ProviderError;
use crate::provider::rest::{Exchange, Login, LoginFailure, query_value};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use serde_json::Value;

const SCOPE: &str = "ovirt-app-api";
const ADDRESS_REMEDY: &str = "write https://HOST/ovirt-engine/api as api_url in providers.json";

/// Where and as whom to log in.
pub(super) struct Sso {
    /// `https://HOST[:PORT]/ovirt-engine`.
    base: String,
    user: String,
    password: Secret,
}

impl Sso {
    /// The engine at the entry's `api_url`: its host and port count, its path is always the same.
    pub(super) fn of(entry: &ProviderEntry) -> Result<Self, ProviderError> {
        let (user, password) = (entry.username.clone(), entry.password.clone());
        Ok(Self { base: base_url(&entry.api_url)?, user, password })
    }

    /// The root of the API.
    pub(super) fn api_url(&self) -> String {
        format!("{}/api", self.base)
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> Result<Request<Bytes>, ProviderError> {
        let body: Vec<String> = fields.iter().map(|(key, value)| format!("{key}={}", query_value(value))).collect();
        Request::post(format!("{}{path}", self.base))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(body.join("&")))
            .map_err(|error| self.malformed(format!("no request can be made for it ({error})")))
    }

    fn malformed(&self, problem: String) -> ProviderError {
        ProviderError::Malformed {
            operation: "log in".to_owned(),
            object: self.base.clone(),
            problem,
            remedy: ADDRESS_REMEDY,
        }
    }
}

fn base_url(api_url: &str) -> Result<String, ProviderError> {
    let uri = api_url.parse::<Uri>().ok();
    let parts = uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.authority()?.as_str())));
    match parts {
        Some((scheme, authority)) if !authority.contains('@') => Ok(format!("{scheme}://{authority}/ovirt-engine")),
        _ => Err(ProviderError::Invalid {
            operation: "connect to the oVirt engine".to_owned(),
            problem: "api_url is no URL without user and password".to_owned(),
            remedy: ADDRESS_REMEDY,
        }),
    }
}

#[async_trait]
impl Login for Sso {
    type Session = Secret;

    fn url(&self) -> &str {
        &self.base
    }

    fn user(&self) -> &str {
        &self.user
    }

    async fn log_in(&self, exchange: &Exchange) -> Result<Secret, LoginFailure> {
        let fields = [
            ("grant_type", "password"),
            ("scope", SCOPE),
            ("username", self.user.as_str()),
            ("password", self.password.expose()),
        ];
        let request = self.form("/sso/oauth/token", &fields)?;
        let answer = exchange.send(&request, true, ("log in", &self.base)).await?;
        let (status, body) = (answer.status(), serde_json::from_slice::<Value>(answer.body()).unwrap_or_default());
        if let Some(token) = text(&body, "/access_token") {
            return Ok(Secret::new(token));
        }
        // A wrong password is 400, not 401.
        match text(&body, "/error_code").or_else(|| text(&body, "/error")) {
            Some(error) if !status.is_server_error() => {
                let words = text(&body, "/error_description").or_else(|| text(&body, "/error"));
                let words = words.filter(|words| *words != error).map_or(String::new(), |words| format!(": {words}"));
                Err(LoginFailure::Refused(format!("{error}{words}")))
            }
            _ => Err(self.malformed(format!("HTTP {} without a token", status.as_u16())).into()),
        }
    }

    async fn log_out(&self, exchange: &Exchange, token: &Secret) -> Result<(), ProviderError> {
        let request = self.form("/services/sso-logout", &[("scope", SCOPE), ("token", token.expose())])?;
        exchange.send(&request, false, ("log out", &self.base)).await.map(drop)
    }

    fn mark(&self, token: &Secret, headers: &mut HeaderMap) {
        headers.insert("version", HeaderValue::from_static("4"));
        if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", token.expose())) {
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
    }

    /// A failed action has its words one level deeper, and both put them into brackets.
    fn fault(&self, status: StatusCode, body: &Value) -> (String, String) {
        let fault = body.get("fault").unwrap_or(body);
        let reason = text(fault, "/reason").map_or_else(|| format!("HTTP {}", status.as_u16()), str::to_owned);
        let detail = text(fault, "/detail").or_else(|| text(body, "/error_description")).unwrap_or_default();
        (reason, detail.trim().trim_start_matches('[').trim_end_matches(']').to_owned())
    }

    fn remedy(&self, _status: StatusCode, _fault: &str, message: &str) -> Option<&'static str> {
        let message = message.to_lowercase();
        let remedies = [
            ("already used", "delete the VM of that name, or run with another session"),
            ("already in use", "delete the VM of that name, or run with another session"),
            ("quota", "free what the quota counts, or raise the quota, and run again"),
            ("low disk space", "free space on the storage domain, and run again"),
        ];
        remedies.iter().find(|(words, _)| message.contains(words)).map(|(_, remedy)| *remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::base_url;

    #[test]
    fn host_and_port_count_and_the_path_is_always_the_same() {
        for (given, base) in [
            ("https://rhv.example/ovirt-engine/api", Some("https://rhv.example/ovirt-engine")),
            ("https://rhv.example:8443", Some("https://rhv.example:8443/ovirt-engine")),
            ("https://[::1]:1/api", Some("https://[::1]:1/ovirt-engine")),
            ("https://u:p@rhv.example", None),
            ("rhv.example", None),
        ] {
            assert_eq!(base_url(given).ok().as_deref(), base, "{given}");
        }
    }
}
