//! A vCenter that answers by a script and keeps what it was asked. For tests.

use super::session::{Endpoint, Session};
use super::vcenter::Vcenter;
use crate::config::Secret;
use crate::http::testing::answered_by;
use crate::http::{HttpClient, HttpError, RequestCounter};
use crate::provider::ProviderError;
use bytes::Bytes;
use http::{Method, Request, Response};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

pub(crate) const URL: &str = "https://vc.test/sdk";

/// An answer.
#[derive(Clone)]
pub(crate) enum Reply {
    /// A response element with this content.
    Ok(String),
    /// A fault of that type.
    Fault(&'static str),
    /// A bare HTTP status.
    Status(u16),
    /// A connection that broke.
    Reset,
}

/// A call as it arrived.
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) cookie: Option<String>,
    pub(crate) action: String,
    /// The method's element.
    pub(crate) body: String,
}

struct Rule {
    method: &'static str,
    part: &'static str,
    replies: VecDeque<Reply>,
}

#[derive(Default)]
pub(crate) struct Script {
    rules: Mutex<Vec<Rule>>,
    files: Mutex<BTreeMap<&'static str, (u16, Vec<u8>)>>,
    seen: Mutex<Vec<Seen>>,
}

impl Script {
    /// One that knows the service content and lets everybody in.
    pub(crate) fn new() -> Arc<Self> {
        let script = Arc::new(Self::default());
        script.on("RetrieveServiceContent", "", [Reply::Ok(content("VirtualCenter", "8.0.3.0"))]);
        script.on("Login", "", [Reply::Ok("<returnval><key>k</key></returnval>".into())]);
        script.on("Logout", "", [Reply::Ok(String::new())]);
        let view = r#"<returnval type="ContainerView">view-1</returnval>"#;
        script.on("CreateContainerView", "", [Reply::Ok(view.into())]);
        script.on("DestroyView", "", [Reply::Ok(String::new())]);
        script
    }

    /// Answers calls of `method` whose body contains `part`, in order; the last answer stays. Later rules win.
    pub(crate) fn on(&self, method: &'static str, part: &'static str, replies: impl IntoIterator<Item = Reply>) {
        self.rules.lock().unwrap().push(Rule { method, part, replies: replies.into_iter().collect() });
    }

    /// Answers a read of properties.
    pub(crate) fn has(&self, part: &'static str, objects: &[&str]) {
        self.on("RetrievePropertiesEx", part, [page(objects, None)]);
    }

    /// Serves a file at a URL; without, nobody answers there.
    pub(crate) fn serves(&self, url: &'static str, status: u16, content: impl Into<Vec<u8>>) {
        self.files.lock().unwrap().insert(url, (status, content.into()));
    }

    /// Bodies of the calls of a method.
    pub(crate) fn bodies(&self, method: &str) -> Vec<String> {
        self.seen.lock().unwrap().iter().filter(|seen| seen.method == method).map(|seen| seen.body.clone()).collect()
    }

    /// What `look` makes of everything seen.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&[Seen]) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }

    fn answer(&self, method: &str, body: &str) -> Reply {
        let mut rules = self.rules.lock().unwrap();
        let rule = rules.iter_mut().rev().find(|rule| rule.method == method && body.contains(rule.part));
        let rule = rule.unwrap_or_else(|| panic!("the script has no answer to {method}: {body}"));
        if rule.replies.len() > 1 { rule.replies.pop_front() } else { rule.replies.front().cloned() }.unwrap()
    }
}

/// The service content.
pub(crate) fn content(api_type: &str, version: &str) -> String {
    format!(
        r#"<returnval><rootFolder type="Folder">group-d1</rootFolder><propertyCollector type="PropertyCollector">propertyCollector</propertyCollector>
        <viewManager type="ViewManager">ViewManager</viewManager><about><fullName>VMware vCenter Server {version} build-1</fullName><apiType>{api_type}</apiType><apiVersion>{version}</apiVersion></about>
        <authorizationManager type="AuthorizationManager">AuthorizationManager</authorizationManager>
        <sessionManager type="SessionManager">SessionManager</sessionManager><fileManager type="FileManager">FileManager</fileManager>
        <guestOperationsManager type="GuestOperationsManager">guestOperationsManager</guestOperationsManager></returnval>"#
    )
}

/// A page of properties.
pub(crate) fn page(objects: &[&str], token: Option<&str>) -> Reply {
    let token = token.map(|token| format!("<token>{token}</token>")).unwrap_or_default();
    Reply::Ok(format!("<returnval>{token}{}</returnval>", objects.concat()))
}

/// One object with `(path, content of val)`.
pub(crate) fn object(kind: &str, id: &str, properties: &[(&str, &str)]) -> String {
    let set = |(path, value): &(&str, &str)| {
        let value = if value.starts_with("<val") { (*value).to_owned() } else { format!("<val>{value}</val>") };
        format!("<propSet><name>{path}</name>{value}</propSet>")
    };
    let sets = properties.iter().map(set).collect::<Vec<_>>().concat();
    format!(r#"<objects><obj type="{kind}">{id}</obj>{sets}</objects>"#)
}

/// A `val` that is a reference.
pub(crate) fn reference(kind: &str, id: &str) -> String {
    format!(r#"<val type="{kind}" xsi:type="ManagedObjectReference">{id}</val>"#)
}

/// A task reference as a method returns it.
pub(crate) fn task(id: &str) -> Reply {
    Reply::Ok(format!(r#"<returnval type="Task">{id}</returnval>"#))
}

/// The state of a task.
pub(crate) fn task_info(id: &str, info: &str) -> Reply {
    page(&[&object("Task", id, &[("info", &format!("<val xsi:type=\"TaskInfo\">{info}</val>"))])], None)
}

impl Script {
    fn file(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let files = self.files.lock().unwrap();
        let (status, content) = files
            .get(request.uri().to_string().as_str())
            .ok_or_else(|| HttpError::about(request, "the server's certificate is not trusted", false))?;
        assert!(request.headers().is_empty(), "no cookie goes to another host");
        Ok(Response::builder().status(*status).body(Bytes::from(content.clone())).unwrap())
    }

    fn send(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        if request.method() == Method::GET {
            return self.file(request);
        }
        let text = String::from_utf8(request.body().to_vec()).unwrap();
        let body = text.split("<soapenv:Body>").nth(1).unwrap().trim_end_matches("</soapenv:Body></soapenv:Envelope>");
        let method = body[1..].split([' ', '>']).next().unwrap().to_owned();
        let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let reply = self.answer(&method, body);
        self.seen.lock().unwrap().push(Seen {
            cookie: header("cookie"),
            action: header("soapaction").unwrap(),
            body: body.to_owned(),
            method: method.clone(),
        });
        let (status, inner) = match reply {
            Reply::Reset => return Err(HttpError::about(request, "reset", true)),
            Reply::Status(status) => return Ok(Response::builder().status(status).body(Bytes::new()).unwrap()),
            Reply::Ok(inner) => (200, format!(r#"<{method}Response xmlns="urn:vim25">{inner}</{method}Response>"#)),
            Reply::Fault(kind) => (
                500,
                format!(
                    r#"<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>said {kind}</faultstring><detail><{kind}Fault xmlns="urn:vim25" xsi:type="{kind}"/></detail></soapenv:Fault>"#
                ),
            ),
        };
        let envelope = format!(
            r#"<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="s" xmlns:xsi="i"><soapenv:Body>{inner}</soapenv:Body></soapenv:Envelope>"#
        );
        let mut response = Response::builder().status(status);
        if method == "Login" && status == 200 {
            response = response.header("set-cookie", "vmware_soap_session=\"abc\"; Path=/; HttpOnly; Secure");
        }
        Ok(response.body(Bytes::from(envelope)).unwrap())
    }
}

fn endpoint() -> Endpoint {
    Endpoint { url: URL.to_owned(), user: "admin".to_owned(), password: Secret::new("pa<ss") }
}

fn client(script: &Arc<Script>, counter: RequestCounter) -> HttpClient {
    let script = Arc::clone(script);
    answered_by(move |request| script.send(&request), counter)
}

/// A session with the script.
pub(crate) async fn session(script: &Arc<Script>) -> Result<Session, ProviderError> {
    Session::open(client(script, RequestCounter::default()), endpoint()).await
}

/// A source with the script behind it.
pub(crate) async fn vcenter(script: &Arc<Script>) -> Result<Vcenter, ProviderError> {
    let counter = RequestCounter::default();
    Vcenter::login(endpoint(), client(script, counter.clone()), counter).await
}
