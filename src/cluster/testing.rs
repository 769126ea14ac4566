//! A scripted API server for the tests of this part: answers come in the order they were given.

use super::{BoxError, Cluster, ClusterAddress, counting_client};
use crate::facts::SessionId;
use crate::http::{RequestCounter, TlsPolicy};
use crate::undo::Ledger;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream;
use http::{Request, Response};
use http_body_util::{BodyExt, StreamBody};
use kube::client::Body;
use serde_json::{Value, json};
use std::borrow::Borrow;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

type FakeBody = http_body_util::combinators::UnsyncBoxBody<Bytes, io::Error>;

/// What came in.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) user_agent: String,
    pub(super) body: Value,
}

enum Answer {
    Whole(u16, Bytes),
    /// Lines of a watch; `ends` false leaves it open.
    Watch(Vec<Value>, Ending),
    Reset,
    Stall,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Ending {
    Open,
    Closed,
    Broken,
}

#[derive(Clone, Default)]
pub(super) struct Fake(Arc<Mutex<(VecDeque<Answer>, Vec<Asked>)>>);

impl Fake {
    pub(super) fn answer(&self, code: u16, body: impl Borrow<Value>) {
        self.push(Answer::Whole(code, body.borrow().to_string().into()));
    }

    pub(super) fn text(&self, code: u16, body: &str) {
        self.push(Answer::Whole(code, body.to_owned().into()));
    }

    pub(super) fn watch(&self, lines: Vec<Value>, ending: Ending) {
        self.push(Answer::Watch(lines, ending));
    }

    pub(super) fn reset(&self) {
        self.push(Answer::Reset);
    }

    pub(super) fn stall(&self) {
        self.push(Answer::Stall);
    }

    pub(super) fn requests(&self) -> Vec<Asked> {
        self.0.lock().unwrap().1.clone()
    }

    /// `GET /path` of every request, without the query.
    pub(super) fn calls(&self) -> Vec<String> {
        let bare = |asked: &Asked| asked.path.split('?').next().unwrap().to_owned();
        self.requests().iter().map(|asked| format!("{} {}", asked.method, bare(asked))).collect()
    }

    /// Whether every scripted answer was used.
    pub(super) fn is_spent(&self) -> bool {
        self.0.lock().unwrap().0.is_empty()
    }

    pub(super) fn cluster(&self) -> Cluster {
        let counter = RequestCounter::default();
        let client = counting_client(self.clone(), counter.clone(), "default");
        let address = ClusterAddress { url: "https://api.test:6443".into(), token: None, tls: TlsPolicy::SystemRoots };
        Cluster::new(client, address, counter)
    }

    fn push(&self, answer: Answer) {
        self.0.lock().unwrap().0.push_back(answer);
    }
}

impl tower::Service<Request<Body>> for Fake {
    type Response = Response<FakeBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<FakeBody>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let fake = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect_bytes().await.unwrap();
            let asked = Asked {
                method: parts.method.to_string(),
                path: parts.uri.to_string(),
                user_agent: parts.headers.get("user-agent").map_or("", |text| text.to_str().unwrap()).to_owned(),
                body: serde_json::from_slice(&body).unwrap_or(Value::Null),
            };
            let answer = {
                let mut state = fake.0.lock().unwrap();
                let label = format!("{} {}", asked.method, asked.path);
                state.1.push(asked);
                state.0.pop_front().unwrap_or_else(|| panic!("no answer is scripted for {label}"))
            };
            let (code, body) = match answer {
                Answer::Whole(code, body) => {
                    (code, http_body_util::Full::new(body).map_err(|never| match never {}).boxed_unsync())
                }
                Answer::Watch(lines, ending) => (200, watch_body(&lines, ending)),
                Answer::Reset => return Err(io::Error::new(io::ErrorKind::ConnectionReset, "connection reset").into()),
                Answer::Stall => std::future::pending().await,
            };
            Ok(Response::builder().status(code).body(body)?)
        })
    }
}

fn watch_body(lines: &[Value], ending: Ending) -> FakeBody {
    use futures::StreamExt;
    let frames: Vec<io::Result<_>> =
        lines.iter().map(|line| Ok(http_body::Frame::data(Bytes::from(format!("{line}\n"))))).collect();
    let start = stream::iter(frames);
    match ending {
        Ending::Closed => StreamBody::new(start).boxed_unsync(),
        Ending::Open => StreamBody::new(start.chain(stream::pending())).boxed_unsync(),
        Ending::Broken => {
            let broken = stream::iter([Err(io::Error::new(io::ErrorKind::ConnectionReset, "connection reset"))]);
            StreamBody::new(start.chain(broken)).boxed_unsync()
        }
    }
}

pub(super) fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code,
        "reason": reason, "message": message})
}

pub(super) fn not_found(plural: &str, name: &str) -> Value {
    let mut status = status(404, "NotFound", &format!("{plural} \"{name}\" not found"));
    status["details"] = json!({"name": name, "kind": plural});
    status
}

pub(super) fn list(version: &str, items: &[Value]) -> Value {
    json!({"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": version}, "items": items})
}

/// A Plan `ns/p` with that resource version.
pub(super) fn plan(version: &str) -> Value {
    json!({"apiVersion": "forklift.konveyor.io/v1beta1", "kind": "Plan",
        "metadata": {"name": "p", "namespace": "ns", "uid": "u1", "resourceVersion": version}})
}

pub(super) fn session() -> SessionId {
    SessionId::try_from("auto-ab12".to_owned()).unwrap()
}

/// A ledger in a folder that lives as long as the pair.
pub(super) fn ledger() -> (tempfile::TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::create(&folder.path().join("resources.json"), session()).unwrap();
    (folder, ledger)
}
