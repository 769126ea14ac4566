//! The session: cookies, login, one re-login when it expired, reads repeated when no answer came.
//!
//! It must not decide anything about VMs. A refused login is remembered: no call is sent after it, so that a wrong
//! password cannot lock the account.

use super::clones::StartedClones;
use super::fault::CallError;
use super::request::{Call, SOAP_ACTION};
use super::xml::{Element, MoRef};
use crate::config::Secret;
use crate::facts::chain;
use crate::http::{HttpClient, HttpError};
use crate::provider::ProviderError;
use crate::provider::patience::{bounded, repeating_reads};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderMap, Request, Response, Uri};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const LOGIN_REMEDY: &str = "correct username and password of this source in providers.json, and see that the account is \
                            neither locked nor expired";

/// Where and as whom to log in.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// URL of the SOAP endpoint.
    pub(crate) url: String,
    /// User.
    pub(crate) user: String,
    /// Password.
    pub(crate) password: Secret,
}

/// The managers of this server; ESXi names them otherwise than vCenter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Content(Element);

impl Content {
    /// The manager called `name` (`propertyCollector`).
    pub(crate) fn manager(&self, name: &'static str) -> Result<MoRef, ProviderError> {
        self.0.moref_at(name).ok_or_else(|| ProviderError::Malformed {
            operation: "RetrieveServiceContent".to_owned(),
            object: "ServiceInstance".to_owned(),
            problem: format!("there is no {name}"),
            remedy: "give a vCenter; this server lacks what the operation needs",
        })
    }

    /// A fact of `about` (`apiVersion`), empty if it is not told.
    pub(crate) fn about(&self, name: &str) -> &str {
        self.0.child("about").and_then(|about| about.text_at(name)).unwrap_or_default()
    }
}

#[derive(Debug, Default)]
struct Login {
    /// Counts logins, so that of several calls that find the session expired only one logs in again.
    epoch: u64,
    refused: Option<String>,
}

/// A session with one server. Clones share it.
#[derive(Clone)]
pub(crate) struct Session {
    http: HttpClient,
    endpoint: Endpoint,
    content: Arc<Content>,
    login: Arc<tokio::sync::Mutex<Login>>,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
    clones: Arc<StartedClones>,
}

impl Session {
    /// Reads the service content and logs in.
    pub(crate) async fn open(http: HttpClient, endpoint: Endpoint) -> Result<Self, ProviderError> {
        let mut session = Self {
            http,
            endpoint,
            content: Arc::default(),
            login: Arc::default(),
            cookies: Arc::default(),
            clones: Arc::default(),
        };
        let call = Call::read("RetrieveServiceContent", &MoRef::new("ServiceInstance", "ServiceInstance"))
            .about(&session.endpoint.url);
        let answer = session.send(&call).await?;
        session.content = Arc::new(Content(answer.child("returnval").cloned().unwrap_or_default()));
        session.renew(0).await?;
        Ok(session)
    }

    /// URL of the SOAP endpoint.
    pub(crate) fn url(&self) -> &str {
        &self.endpoint.url
    }

    /// Fetches what the server gave a URL with a ticket of its own for, without the session's cookies: the host may be
    /// another one.
    pub(crate) async fn get(&self, url: &Uri) -> Result<Response<Bytes>, HttpError> {
        let mut request = Request::new(Bytes::new());
        url.clone_into(request.uri_mut());
        bounded(&self.http, request).await
    }

    /// The managers and what the server says of itself.
    pub(crate) fn content(&self) -> &Content {
        &self.content
    }

    /// The clone tasks that were started.
    pub(crate) fn started_clones(&self) -> &StartedClones {
        &self.clones
    }

    /// Which login is in force; to be read before a call and given to [`Self::renew`] when the session is found expired.
    pub(crate) async fn epoch(&self) -> u64 {
        self.login.lock().await.epoch
    }

    /// Logs in, unless another call did since `epoch` was read.
    pub(crate) async fn renew(&self, epoch: u64) -> Result<(), ProviderError> {
        let mut login = self.login.lock().await;
        if login.epoch == epoch && login.refused.is_none() {
            self.jar().clear();
            let manager = self.content.manager("sessionManager")?;
            let call = Call::new("Login", &manager)
                .about(&self.endpoint.url)
                .with(Element::leaf("userName", &self.endpoint.user))
                .with(Element::leaf("password", self.endpoint.password.expose()));
            match self.send(&call).await {
                Ok(_) => login.epoch += 1,
                Err(CallError::Fault(fault)) => login.refused = Some(format!("{}: {}", fault.kind, fault.message)),
                Err(CallError::Failed(error)) => return Err(error),
            }
        }
        match &login.refused {
            None => Ok(()),
            Some(reason) => Err(ProviderError::Login {
                url: self.endpoint.url.clone(),
                user: self.endpoint.user.clone(),
                reason: reason.clone(),
                remedy: LOGIN_REMEDY,
            }),
        }
    }

    /// Logs out; what goes wrong is of no account, since the server ends idle sessions by itself.
    pub(crate) async fn close(&self) {
        let login = self.login.lock().await;
        if login.refused.is_none()
            && let Ok(manager) = self.content.manager("sessionManager")
            && let Err(error) = self.send(&Call::new("Logout", &manager).about(&self.endpoint.url)).await
        {
            tracing::debug!(error = chain(&ProviderError::from(error)), "could not log out");
        }
        self.jar().clear();
    }

    /// Calls. When the session is found expired, logs in again and calls once more: a refused call did nothing.
    pub(crate) async fn call(&self, call: &Call) -> Result<Element, CallError> {
        let epoch = self.epoch().await;
        match self.send(call).await {
            Err(error) if error.is("NotAuthenticated") => {
                self.renew(epoch).await?;
                self.send(call).await
            }
            other => other,
        }
    }

    /// As [`Self::call`], but an expired session is the caller's affair: for calls on objects that ended with it.
    pub(crate) async fn send(&self, call: &Call) -> Result<Element, CallError> {
        let answer = repeating_reads(call.reads, || self.post(call)).await;
        answer.map_err(|error| unreachable(call, error)).and_then(|answer| call.judge(&answer))
    }

    async fn post(&self, call: &Call) -> Result<Response<Bytes>, HttpError> {
        let cookies: Vec<String> = self.jar().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::post(&self.endpoint.url)
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            .header("SOAPAction", SOAP_ACTION);
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        let request = request.body(Bytes::from(call.envelope())).map_err(|error| HttpError {
            method: "POST".to_owned(),
            url: self.endpoint.url.clone(),
            problem: error.to_string(),
            transient: false,
        })?;
        let answer = bounded(&self.http, request).await?;
        self.keep_cookies(answer.headers());
        Ok(answer)
    }

    fn keep_cookies(&self, headers: &HeaderMap) {
        let mut jar = self.jar();
        for header in headers.get_all(SET_COOKIE) {
            let pair =
                header.to_str().ok().and_then(|text| text.split(';').next()).and_then(|pair| pair.split_once('='));
            if let Some((name, value)) = pair {
                jar.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }

    fn jar(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unreachable(call: &Call, source: HttpError) -> CallError {
    let (operation, object) = (call.method.to_owned(), call.object.clone());
    ProviderError::Unreachable { operation, object, source: Box::new(source) }.into()
}
