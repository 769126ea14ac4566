//! The HTTP face: envelopes, cookies, sessions, faults, the long wait for updates, and files of guests.

use super::calls::{Answer, Call, service_content};
use super::content;
use super::fault::{Fault, Ref};
use super::guest_ops::{GuestOps, is_guest_call};
use super::model::Model;
use super::session::Session;
use super::tasks::Core;
use super::updates;
use super::wsdl::wsdl;
use super::xml::{self, Node};
use crate::facts::{now, rfc3339};
use crate::lab::fault::TransportEffect;
use crate::lab::network::{connection_lost, failing_status};
use crate::lab::world::{Source, World};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

const COOKIE: &str = "vmware_soap_session";
/// A wait without a limit of its own ends after this, so that no connection waits for ever.
const LONGEST_WAIT: Duration = Duration::from_secs(30 * 60);

/// The SOAP server of one source. Dropping the last clone ends its tasks.
#[derive(Debug, Clone)]
pub struct VsphereServer(Arc<Face>);

#[derive(Debug)]
struct Face {
    core: Arc<Core>,
    guests: GuestOps,
    sessions: Mutex<Sessions>,
    running: Mutex<JoinSet<()>>,
}

#[derive(Debug, Default)]
struct Sessions {
    live: BTreeMap<String, Session>,
    begun: u64,
}

/// The routes of a vSphere source: `/sdk` and `/sdk/vimServiceVersions.xml`.
pub fn router(source: Arc<Source>, world: &World) -> Router {
    VsphereServer::new(source, world).router()
}

impl VsphereServer {
    /// A server without sessions.
    pub fn new(source: Arc<Source>, world: &World) -> Self {
        let guests = GuestOps::new(Arc::clone(&source), world);
        let core = Arc::new(Core::new(source, world.pace, world.faults.clone()));
        Self(Arc::new(Face { core, guests, sessions: Mutex::default(), running: Mutex::default() }))
    }

    /// Its routes.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/sdk", post(soap))
            .route("/sdk/", post(soap))
            .route("/sdk/vimServiceVersions.xml", get(versions))
            .route("/guestFile", get(guest_file))
            .with_state(self.clone())
    }

    /// Ends all tasks and sessions, and waits for the tasks' ends.
    pub async fn stop(&self) {
        let mut running = std::mem::take(&mut *lock(&self.0.running));
        lock(&self.0.sessions).live.clear();
        running.shutdown().await;
    }

    /// How many sessions are logged in.
    pub fn sessions(&self) -> usize {
        lock(&self.0.sessions).live.len()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn versions(State(server): State<VsphereServer>) -> Response {
    respond(StatusCode::OK, content::versions(&server.0.core.source))
}

/// A file of a guest, by a ticket of guest operations.
async fn guest_file(State(server): State<VsphereServer>, Query(asked): Query<BTreeMap<String, String>>) -> Response {
    let face = &server.0;
    match face.core.faults.meets("GET", &format!("/{}/guestFile", face.core.source.host)) {
        Some(TransportEffect::Status(code)) => return failing_status(code),
        Some(TransportEffect::Reset | TransportEffect::ResetAfter) => return connection_lost(),
        _ => {}
    }
    let content = asked.get("token").and_then(|token| face.guests.redeem(token));
    let Some(content) = content else { return failing_status(StatusCode::NOT_FOUND.as_u16()) };
    let mut response = Response::new(content.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    response
}

fn respond(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"));
    response
}

async fn soap(State(server): State<VsphereServer>, headers: HeaderMap, body: String) -> Response {
    let face = &server.0;
    let call = match read_call(&body) {
        Ok(call) => call,
        Err(problem) => return envelope(None, Err(Fault::request(problem))),
    };
    let effect = face.meets(&call);
    match effect {
        Some(TransportEffect::Status(code)) => return failing_status(code),
        Some(TransportEffect::Reset) => return connection_lost(),
        _ => {}
    }
    let mut response = face.answer(&headers, &call).await;
    if effect == Some(TransportEffect::ResetAfter) {
        response = connection_lost();
    }
    response
}

/// The call inside an envelope.
fn read_call(body: &str) -> Result<Node, String> {
    let envelope = xml::parse(body).map_err(|problem| format!("XML document is not well formed: {problem}"))?;
    let body = envelope.children.into_iter().find(|child| child.name == "Body").filter(|_| envelope.name == "Envelope");
    let call = body.and_then(|body| body.children.into_iter().next());
    call.ok_or_else(|| "Expecting a SOAP envelope with a method in its body".to_owned())
}

fn envelope(method: Option<&str>, answer: Answer) -> Response {
    let (status, body) = match answer {
        Ok(children) => {
            let mut out = String::new();
            let name = format!("{}Response", method.unwrap_or_default());
            Node::new(&name).with(children).write(&mut out);
            (StatusCode::OK, out.replacen(&format!("<{name}"), &format!("<{name} xmlns=\"urn:vim25\""), 1))
        }
        Err(fault) => {
            let mut out = String::new();
            fault.body().write(&mut out);
            let detail = format!("<{}Fault ", fault.kind);
            let text = out.replacen(&detail, &format!("{detail}xmlns=\"urn:vim25\" "), 1);
            (StatusCode::INTERNAL_SERVER_ERROR, text)
        }
    };
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <soapenv:Envelope xmlns:soapenc=\"http://schemas.xmlsoap.org/soap/encoding/\" \
         xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n<soapenv:Body>\n{body}\n</soapenv:Body>\n\
         </soapenv:Envelope>"
    );
    respond(status, text)
}

/// The session key in the request's cookies.
fn cookie(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.trim_matches('"').to_owned())
}

impl Face {
    /// The fault that meets a call: verb `SOAP:<Method>`, path `/<host>/sdk/<type>/<value>`.
    fn meets(&self, call: &Node) -> Option<TransportEffect> {
        let this = Ref::child(call, "_this").unwrap_or_else(|| Ref::new("", ""));
        let path = format!("/{}/sdk/{}/{}", self.core.source.host, this.kind, this.value);
        self.core.faults.meets(&format!("SOAP:{}", call.name), &path)
    }

    async fn answer(&self, headers: &HeaderMap, call: &Node) -> Response {
        let method = call.name.as_str();
        let key = cookie(headers);
        let checked = check_version(headers, &self.core).and_then(|()| wsdl().check_call(call));
        if let Err(fault) = checked {
            return envelope(None, Err(fault));
        }
        match method {
            "RetrieveServiceContent" => envelope(Some(method), service_content(&self.core)),
            "Login" => self.log_in(key.as_deref(), call),
            "WaitForUpdatesEx" | "WaitForUpdates" | "CheckForUpdates" => {
                envelope(Some(method), self.updates(key.as_deref(), call).await)
            }
            _ if is_guest_call(method) => envelope(Some(method), self.guest_call(key.as_deref(), call)),
            "Logout" => {
                let ended = key.and_then(|key| lock(&self.sessions).live.remove(&key));
                envelope(Some(method), ended.map(|_| Vec::new()).ok_or_else(Fault::not_authenticated))
            }
            _ => envelope(Some(method), self.call(key.as_deref(), call)),
        }
    }

    fn log_in(&self, key: Option<&str>, call: &Node) -> Response {
        let source = &self.core.source;
        let mut sessions = lock(&self.sessions);
        let live = key.is_some_and(|key| sessions.live.contains_key(key));
        let right =
            call.text_of("userName") == Some(&source.username) && call.text_of("password") == Some(&source.password);
        if live || !right {
            let fault = Fault::new("InvalidLogin", "Cannot complete login due to an incorrect user name or password.");
            return envelope(None, Err(fault));
        }
        sessions.begun += 1;
        let key = source.uuid_for(&format!("session-{}", sessions.begun));
        let session = Session::new(&key, &source.username, rfc3339(now()));
        let answer = session.node("returnval");
        sessions.live.insert(key.clone(), session);
        let mut response = envelope(Some("Login"), Ok(vec![answer]));
        if let Ok(value) = HeaderValue::from_str(&format!("{COOKIE}=\"{key}\"; Path=/; HttpOnly; Secure")) {
            response.headers_mut().insert(header::SET_COOKIE, value);
        }
        response
    }

    fn call(&self, key: Option<&str>, node: &Node) -> Answer {
        let mut sessions = lock(&self.sessions);
        let session = key.and_then(|key| sessions.live.get_mut(key)).ok_or_else(Fault::not_authenticated)?;
        let this = Ref::child(node, "_this").ok_or_else(|| Fault::argument("_this"))?;
        Call { core: &self.core, running: &mut lock(&self.running), session, this, node }.answer()
    }

    fn guest_call(&self, key: Option<&str>, call: &Node) -> Answer {
        if !key.is_some_and(|key| lock(&self.sessions).live.contains_key(key)) {
            return Err(Fault::not_authenticated());
        }
        let this = Ref::child(call, "_this").ok_or_else(|| Fault::argument("_this"))?;
        if !content::is_manager(&this.kind, &this.value) {
            return Err(Fault::not_found(&this));
        }
        self.guests.answer(call, &self.running)
    }

    async fn updates(&self, key: Option<&str>, call: &Node) -> Answer {
        let this = Ref::child(call, "_this").ok_or_else(|| Fault::argument("_this"))?;
        let version = call.text_of("version").unwrap_or_default();
        let asked = call.child("options").and_then(|options| options.number("maxWaitSeconds"));
        let limit = match call.name.as_str() {
            "CheckForUpdates" => Duration::ZERO,
            _ => asked.map_or(LONGEST_WAIT, Duration::from_secs).min(LONGEST_WAIT),
        };
        let until = Instant::now() + limit;
        let mut revisions = self.core.source.revisions();
        loop {
            revisions.mark_unchanged();
            if let Some(set) = self.look(key, &this, version)? {
                return Ok(vec![set]);
            }
            match timeout_at(until, revisions.changed()).await {
                Ok(Ok(())) => {}
                _ => return Ok(Vec::new()),
            }
        }
    }

    fn look(&self, key: Option<&str>, collector: &Ref, version: &str) -> Result<Option<Node>, Fault> {
        let mut sessions = lock(&self.sessions);
        let session = key.and_then(|key| sessions.live.get_mut(key)).ok_or_else(Fault::not_authenticated)?;
        // Taken out while it is compared, since the comparison reads the session's views.
        let mut taken = match session.collectors.remove(&collector.value) {
            Some(taken) => taken,
            None if collector.value == content::PROPERTY_COLLECTOR => super::session::Collector::default(),
            None => return Err(Fault::not_found(collector)),
        };
        let answer = {
            let inventory = self.core.source.read();
            let tasks = self.core.tasks();
            let model =
                Model { source: &self.core.source, inventory: &inventory, tasks: &tasks, session: Some(&*session) };
            updates::since(&mut taken, &model, version)
        };
        let cancelled = std::mem::take(&mut taken.cancelled);
        session.collectors.insert(collector.value.clone(), taken);
        if cancelled { Err(Fault::new("RequestCanceled", "The request was canceled.")) } else { answer }
    }
}

/// A client that speaks a newer version than the server is refused.
///
/// Source: source-providers.md section 2.1.
fn check_version(headers: &HeaderMap, core: &Core) -> Result<(), Fault> {
    let action = headers.get("SOAPAction").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let version = action.trim_matches('"').strip_prefix("urn:vim25/").unwrap_or_default();
    if content::newer(version, &content::api_version(&core.source.version)) {
        return Err(Fault::request(format!("Unsupported version URI \"urn:vim25/{version}\"")));
    }
    Ok(())
}
