//! The session: login, one renewal when it expired, and what a status means.

use super::call::ADDRESS_REMEDY;
use super::{Answer, Call, Exchange};
use crate::http::HttpClient;
use crate::provider::patience::is_unavailable;
use crate::provider::{ProviderError, Refusal};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde_json::Value;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

const LOGIN_REMEDY: &str = "correct username and password of this source in providers.json, and see that the account is \
                            neither locked nor expired";

/// Why there is no session.
#[derive(Debug)]
pub(in crate::provider) enum LoginFailure {
    /// The user is not accepted: the service's own words. It is remembered.
    Refused(String),
    /// It could not be found out.
    Failed(ProviderError),
}

impl From<ProviderError> for LoginFailure {
    fn from(error: ProviderError) -> Self {
        Self::Failed(error)
    }
}

/// How one kind of source is logged in to, and how it words its answers.
#[async_trait]
pub(in crate::provider) trait Login: Send + Sync + 'static {
    /// What a login gives: token, addresses.
    type Session: Clone + Send + Sync + 'static;

    /// Where, for errors.
    fn url(&self) -> &str;

    /// Who, for errors.
    fn user(&self) -> &str;

    /// Logs in once.
    async fn log_in(&self, exchange: &Exchange) -> Result<Self::Session, LoginFailure>;

    /// Ends the session, where that means something.
    async fn log_out(&self, _exchange: &Exchange, _session: &Self::Session) -> Result<(), ProviderError> {
        Ok(())
    }

    /// Marks a request with the session.
    fn mark(&self, session: &Self::Session, headers: &mut HeaderMap);

    /// Type and message of a refused call, in the service's own words. The body is null when it had none.
    fn fault(&self, status: StatusCode, body: &Value) -> (String, String);

    /// What to do about a refusal, where this source knows better than its status.
    fn remedy(&self, _status: StatusCode, _fault: &str, _message: &str) -> Option<&'static str> {
        None
    }
}

struct State<S> {
    /// Counts logins, so that of several calls that find the session expired only one logs in again.
    epoch: u64,
    session: Option<S>,
    refused: Option<String>,
}

/// A session with a source. Clones share it.
pub(in crate::provider) struct Api<L: Login> {
    login: Arc<L>,
    exchange: Exchange,
    state: Arc<Mutex<State<L::Session>>>,
}

impl<L: Login> Clone for Api<L> {
    fn clone(&self) -> Self {
        Self { login: self.login.clone(), exchange: self.exchange.clone(), state: self.state.clone() }
    }
}

impl<L: Login> Api<L> {
    /// Logs in.
    ///
    /// # Errors
    /// [`ProviderError::Login`] when the user is refused; whatever kept the login from being tried.
    pub(in crate::provider) async fn open(http: HttpClient, login: L) -> Result<Self, ProviderError> {
        let state = Mutex::new(State { epoch: 0, session: None, refused: None });
        let api = Self { login: Arc::new(login), exchange: Exchange::new(http), state: Arc::new(state) };
        api.session().await?;
        Ok(api)
    }

    /// The session in force; one is made if there is none.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(in crate::provider) async fn session(&self) -> Result<L::Session, ProviderError> {
        self.current().await.map(|(_, session)| session)
    }

    /// Calls. When the session is found expired, logs in again and calls once more: a refused call did nothing.
    ///
    /// # Errors
    /// [`ProviderError::Refused`] with the service's words, [`ProviderError::Malformed`],
    /// [`ProviderError::Unreachable`], [`ProviderError::Login`].
    pub(in crate::provider) async fn call(&self, call: &Call) -> Result<Answer, ProviderError> {
        let (epoch, session) = self.current().await?;
        let answer = self.send(call, &session).await?;
        if answer.status() != StatusCode::UNAUTHORIZED {
            return self.judge(call, answer);
        }
        let session = self.renewed(epoch).await?;
        let answer = self.send(call, &session).await?;
        self.judge(call, answer)
    }

    /// Ends the session; what goes wrong is of no account, since sessions expire by themselves.
    pub(in crate::provider) async fn close(&self) {
        let mut state = self.state.lock().await;
        if let Some(session) = state.session.take()
            && let Err(error) = self.login.log_out(&self.exchange, &session).await
        {
            tracing::debug!(error = crate::facts::chain(&error), "could not log out");
        }
    }

    async fn current(&self) -> Result<(u64, L::Session), ProviderError> {
        let state = self.state.lock().await;
        match (&state.session, &state.refused) {
            (Some(session), None) => Ok((state.epoch, session.clone())),
            _ => self.log_in(state).await,
        }
    }

    /// A session that is newer than login `epoch`.
    async fn renewed(&self, epoch: u64) -> Result<L::Session, ProviderError> {
        let mut state = self.state.lock().await;
        if state.epoch == epoch {
            state.session = None;
        }
        drop(state);
        self.session().await
    }

    async fn log_in(&self, mut state: MutexGuard<'_, State<L::Session>>) -> Result<(u64, L::Session), ProviderError> {
        if state.refused.is_none() {
            match self.login.log_in(&self.exchange).await {
                Ok(session) => {
                    state.epoch += 1;
                    state.session = Some(session.clone());
                    return Ok((state.epoch, session));
                }
                Err(LoginFailure::Failed(error)) => return Err(error),
                Err(LoginFailure::Refused(words)) => state.refused = Some(own_words(&words)),
            }
        }
        Err(ProviderError::Login {
            url: self.login.url().to_owned(),
            user: self.login.user().to_owned(),
            reason: state.refused.clone().unwrap_or_default(),
            remedy: LOGIN_REMEDY,
        })
    }

    async fn send(&self, call: &Call, session: &L::Session) -> Result<Response<Bytes>, ProviderError> {
        let request = call.request(|headers| self.login.mark(session, headers))?;
        self.exchange.send(&request, call.reads(), (&call.operation, &call.object)).await
    }

    fn judge(&self, call: &Call, answer: Response<Bytes>) -> Result<Answer, ProviderError> {
        let (parts, bytes) = answer.into_parts();
        let status = parts.status;
        let body = if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&bytes) };
        match body {
            Ok(body) if status.is_success() => Ok(Answer { headers: parts.headers, body }),
            Ok(body) => Err(self.refusal(call, status, &body)),
            Err(error) if status.is_success() => {
                Err(call.malformed(format!("the answer is no JSON ({error})"), ADDRESS_REMEDY))
            }
            // A page of a proxy or of another server says nothing about the object, not even that it is gone.
            Err(_) if is_unavailable(status) => {
                Err(call.malformed(format!("HTTP {status} from a proxy"), "wait until the source's services run"))
            }
            Err(_) => Err(call.malformed(format!("HTTP {status} without the API's words"), ADDRESS_REMEDY)),
        }
    }

    fn refusal(&self, call: &Call, status: StatusCode, body: &Value) -> ProviderError {
        let (fault, message) = self.login.fault(status, body);
        let message = own_words(&message);
        let remedy = self.login.remedy(status, &fault, &message).unwrap_or_else(|| remedy_of(status));
        ProviderError::Refused(Box::new(Refusal {
            operation: call.operation.clone(),
            object: call.object.clone(),
            status: Some(status.as_u16()),
            fault,
            message,
            remedy: remedy.to_owned(),
        }))
    }
}

/// Its words come before more of ours, and services end them with a full stop.
fn own_words(words: &str) -> String {
    let words = words.trim().trim_end_matches('.');
    if words.is_empty() { "the service gives no words".to_owned() } else { words.to_owned() }
}

fn remedy_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 | 405 | 406 | 415 | 422 => "the source does not understand the request; report its version with the log",
        401 => "the session ended twice in a row; see how long the source's tokens live",
        403 => "grant the user of providers.json the right to do this",
        404 | 410 => "it was deleted meanwhile; find out by whom and run again",
        409 | 423 => "something else holds the object; wait until that is done and run again",
        413 | 429 => "the source limits this; free what is not needed, or raise the limit, and run again",
        _ => "look at the service's log on the source",
    }
}
