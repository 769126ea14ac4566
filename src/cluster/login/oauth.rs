//! A token for a user name and a password, by OpenShift's challenging OAuth client.
//!
//! The password goes to the OAuth server that the API server names, and beyond it only over TLS to a hop that asks for
//! it. Source: cluster-api.md section 3.1.

use super::{LoginError, form};
use crate::cluster::client::ingress_policies;
use crate::cluster::stack::USER_AGENT;
use crate::config::Secret;
use crate::http::{HttpClient, HttpError, Network, RequestCounter, TlsPolicy};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header};
use serde::Deserialize;
use std::collections::BTreeSet;

const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";
const QUERY: &str = "client_id=openshift-challenging-client&response_type=token";
/// Without this header the server does not challenge at all.
const CSRF: &str = "X-CSRF-Token";
const HOPS_MAX: usize = 10;

/// Everything a password login needs.
pub(super) struct PasswordLogin<'a> {
    /// URL of the API server, without a trailing slash.
    pub(super) url: &'a str,
    pub(super) username: &'a str,
    pub(super) password: &'a Secret,
    /// Which certificates the API server may show.
    pub(super) tls: &'a TlsPolicy,
    pub(super) network: &'a dyn Network,
    pub(super) counter: &'a RequestCounter,
}

#[derive(Deserialize)]
struct Endpoints {
    authorization_endpoint: String,
}

/// What a redirect said.
enum Landing {
    Token(Secret),
    Hop(String),
}

impl PasswordLogin<'_> {
    /// Logs in.
    pub(super) async fn token(&self) -> Result<Secret, LoginError> {
        if self.username.is_empty() || self.username.contains(':') {
            return Err(LoginError::BadUsername(self.username.to_owned()));
        }
        let start = self.authorization_endpoint().await?;
        let separator = if start.contains('?') { '&' } else { '?' };
        let mut address = format!("{start}{separator}{QUERY}");
        let home = authority(&address);
        let mut seen = BTreeSet::new();
        let mut challenged = false;
        while seen.len() < HOPS_MAX {
            if !address.starts_with("https://") {
                return Err(self.redirect(&address, "leave TLS"));
            }
            if !seen.insert((address.clone(), challenged)) {
                return Err(self.redirect(&address, "go in a circle"));
            }
            let with_password = challenged || authority(&address) == home;
            let answer = self.ask(&address, with_password).await?;
            let status = answer.status();
            if status == StatusCode::UNAUTHORIZED {
                if with_password {
                    return Err(self.wrong_password());
                }
                if !asks_for_password(answer.headers()) {
                    return Err(self.no_password_login(status));
                }
                challenged = true;
                continue;
            }
            if !status.is_redirection() {
                return Err(self.no_password_login(status));
            }
            challenged = false;
            match self.land(&address, answer.headers())? {
                Landing::Token(token) => return Ok(token),
                Landing::Hop(next) => address = next,
            }
        }
        Err(self.redirect(&address, "do not end"))
    }

    async fn authorization_endpoint(&self) -> Result<String, LoginError> {
        let page = format!("{}{WELL_KNOWN}", self.url);
        let client = self.open(self.tls).map_err(|cause| self.http(cause))?;
        let answer = client.send(self.request(&page, false)?).await.map_err(|cause| self.http(cause))?;
        let missing = LoginError::NoOAuth { url: self.url.to_owned(), status: answer.status().as_u16() };
        if answer.status() != StatusCode::OK {
            return Err(missing);
        }
        let endpoints: Endpoints = serde_json::from_slice(answer.body()).map_err(|_| missing)?;
        Ok(endpoints.authorization_endpoint)
    }

    /// The OAuth server shows the ingress certificate, which another CA may have signed than the API server's.
    async fn ask(&self, address: &str, with_password: bool) -> Result<Response<Bytes>, LoginError> {
        let policies = ingress_policies(self.tls);
        let client = HttpClient::open_in_order(self.network, &policies, self.counter.clone());
        let client = client.map_err(|cause| self.http(cause))?;
        client.send(self.request(address, with_password)?).await.map_err(|cause| self.http(cause))
    }

    fn land(&self, from: &str, headers: &HeaderMap) -> Result<Landing, LoginError> {
        let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (rest, fragment) = location.split_once('#').unwrap_or((location, ""));
        if let Some(token) = form::value(fragment, "access_token").filter(|token| !token.is_empty()) {
            return Ok(Landing::Token(Secret::new(token)));
        }
        let query = rest.split_once('?').map_or("", |(_, query)| query);
        for form in [query, fragment] {
            if let Some(code) = form::value(form, "error") {
                let description = form::value(form, "error_description").unwrap_or_default();
                return Err(LoginError::OAuth { url: self.url.to_owned(), code, description });
            }
        }
        if rest.starts_with("https://") || rest.starts_with("http://") {
            Ok(Landing::Hop(rest.to_owned()))
        } else if rest.starts_with('/') {
            Ok(Landing::Hop(format!("https://{}{rest}", authority(from))))
        } else {
            Err(self.redirect(from, "lead nowhere"))
        }
    }

    fn open(&self, tls: &TlsPolicy) -> Result<HttpClient, HttpError> {
        HttpClient::open(self.network, tls, self.counter.clone())
    }

    fn request(&self, address: &str, with_password: bool) -> Result<Request<Bytes>, LoginError> {
        let uri: Uri = address.parse().map_err(|_| LoginError::BadUrl(bare(address).to_owned()))?;
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        headers.insert(CSRF, HeaderValue::from_static("1"));
        if with_password {
            let pair = BASE64_STANDARD.encode(format!("{}:{}", self.username, self.password.expose()));
            let bad = |_| LoginError::BadUsername(self.username.to_owned());
            let mut basic = HeaderValue::try_from(format!("Basic {pair}")).map_err(bad)?;
            basic.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, basic);
        }
        Ok(request)
    }

    fn http(&self, cause: HttpError) -> LoginError {
        LoginError::Http { url: self.url.to_owned(), cause }
    }

    fn redirect(&self, address: &str, why: &'static str) -> LoginError {
        LoginError::Redirect { url: self.url.to_owned(), hop: bare(address).to_owned(), why }
    }

    fn wrong_password(&self) -> LoginError {
        LoginError::WrongPassword { url: self.url.to_owned(), username: self.username.to_owned() }
    }

    fn no_password_login(&self, status: StatusCode) -> LoginError {
        let (url, username) = (self.url.to_owned(), self.username.to_owned());
        LoginError::NoPasswordLogin { url, username, status: status.as_u16() }
    }
}

/// Host and port of a URL.
fn authority(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default().to_lowercase()
}

/// The URL without its query, which may carry secrets.
fn bare(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}

fn asks_for_password(headers: &HeaderMap) -> bool {
    let challenges = headers.get_all(header::WWW_AUTHENTICATE);
    challenges.iter().filter_map(|value| value.to_str().ok()).any(|text| text.to_lowercase().starts_with("basic"))
}

#[cfg(test)]
#[path = "oauth_tests.rs"]
mod tests;
