//! The two servers, and how a sequence is put to one of them.

use super::kinds;
use super::sequence::{Answers, Mode, Sequence, Step};
use crate::control_plane::ControlPlane;
use http::{Request, Response};
use http_body_util::BodyExt;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use mtvtest::lab::clock::Pace;
use mtvtest::lab::kube::ApiServer;
use mtvtest::lab::world::{World, WorldSpec};
use mtvtest::wait::{Deadline, Seen, poll};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Who asks, and so owns what is written.
const AGENT: &str = "differential/1";
/// Headers that clients act on.
const HEADERS: [&str; 4] = ["content-type", "warning", "retry-after", "www-authenticate"];
const LAB_ADMIN: &str = "sha256~lab-admin-token";

/// A server to ask.
pub(crate) enum Side {
    Lab(ApiServer),
    Real(&'static ControlPlane),
}

/// What was answered to a step.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<String>)>,
    /// JSON; a text that is none; the events of a watch as a list.
    pub(crate) body: Value,
}

/// Lines of an open watch.
struct Stream {
    body: Body,
    rest: Vec<u8>,
}

impl Side {
    pub(crate) fn lab() -> Self {
        let world = World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap();
        Self::Lab(ApiServer::new(&world.spec.cluster, world.faults.clone()))
    }

    pub(crate) fn real(plane: &'static ControlPlane) -> Self {
        Self::Real(plane)
    }

    /// A client that repeats nothing by itself.
    async fn client(&self, token: Option<&str>) -> kube::Client {
        match self {
            Self::Lab(server) => server.client(token.unwrap_or(LAB_ADMIN)),
            Self::Real(plane) => {
                let text = token.map_or_else(|| plane.admin_kubeconfig(), |token| plane.kubeconfig(token));
                let config = Kubeconfig::from_yaml(&text).unwrap();
                let options = KubeConfigOptions::default();
                let mut config = kube::Config::from_custom_kubeconfig(config, &options).await.unwrap();
                config.default_retry = false;
                kube::Client::try_from(config).unwrap()
            }
        }
    }

    /// How long something in the background may take. The lab has no background: it ends such work within the request.
    fn patience(&self) -> Duration {
        match self {
            Self::Lab(_) => Duration::from_secs(2),
            Self::Real(_) => Duration::from_secs(90),
        }
    }

    /// The answers to a sequence, in a namespace that is made for it.
    pub(crate) async fn transcript(&self, sequence: &Sequence, namespace: &str) -> Vec<Answer> {
        let admin = self.client(None).await;
        self.prepare(&admin, sequence, namespace).await;
        let mut answers = Answers::default();
        let mut streams = HashMap::new();
        let mut transcript = Vec::new();
        for step in &sequence.steps {
            let other = match &step.token {
                Some(token) => Some(self.client(Some(&answers.fill(namespace, token))).await),
                None => None,
            };
            let client = other.as_ref().unwrap_or(&admin);
            let ask = || client.send(request(step, &answers, namespace));
            let answer = match step.mode {
                Mode::Take(opened, count) => take(streams.get_mut(opened).unwrap(), count).await,
                Mode::Open => {
                    let response = ask().await.unwrap();
                    let answer = head(&response);
                    streams.insert(step.name, Stream { body: response.into_body(), rest: Vec::new() });
                    answer
                }
                Mode::Once => whole(ask().await.unwrap()).await,
                Mode::Watch => events(whole(ask().await.unwrap()).await),
                Mode::Until(_) | Mode::UntilBody(_) => self.repeat(step, ask).await,
            };
            answers.keep(step.name, &answer.body);
            transcript.push(answer);
        }
        transcript
    }

    /// Asks again and again until the answer fits; the last answer.
    async fn repeat<F>(&self, step: &Step, ask: impl Fn() -> F) -> Answer
    where
        F: Future<Output = kube::Result<Response<Body>>>,
    {
        let deadline = Deadline::after(self.patience(), &CancellationToken::new());
        let last = std::cell::RefCell::new(None);
        let fitting = poll(step.name, &deadline, Duration::from_millis(100), || async {
            let answer = whole(ask().await.unwrap()).await;
            let fits = match step.mode {
                Mode::Until(status) => answer.status == status,
                Mode::UntilBody(fits) => fits(&answer.body),
                _ => true,
            };
            *last.borrow_mut() = Some(answer);
            if fits { Seen::Met(()) } else { Seen::Pending("not yet".to_owned()) }
        });
        fitting.await.ok();
        last.take().unwrap()
    }

    /// Makes the namespace and the kinds.
    async fn prepare(&self, admin: &kube::Client, sequence: &Sequence, namespace: &str) {
        let mut definitions = kinds::definitions().to_vec();
        if let (Self::Lab(_), true) = (self, sequence.forklift) {
            definitions.extend(kinds::forklift());
        }
        for definition in &definitions {
            self.make(admin, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition).await;
        }
        for definition in kinds::definitions() {
            let text = |pointer: &str| definition.pointer(pointer).unwrap().as_str().unwrap().to_owned();
            let path = format!("/apis/{}/v1/{}", text("/spec/group"), text("/spec/names/plural"));
            self.wait(admin, &path).await;
        }
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        self.make(admin, "/api/v1/namespaces", &body).await;
        if let Self::Real(_) = self {
            self.wait(admin, &format!("/api/v1/namespaces/{namespace}/serviceaccounts/default")).await;
        }
    }

    async fn make(&self, admin: &kube::Client, path: &str, body: &Value) {
        let request = Request::post(path).header("content-type", "application/json");
        let answer =
            whole(admin.send(request.body(body.to_string().into_bytes().into()).unwrap()).await.unwrap()).await;
        assert!([201, 409].contains(&answer.status), "{path}: {}", answer.body);
    }

    async fn wait(&self, admin: &kube::Client, path: &str) {
        let deadline = Deadline::after(self.patience(), &CancellationToken::new());
        let served = poll(path, &deadline, Duration::from_millis(100), || async {
            let answer = admin.send(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
            if answer.status() == 200 { Seen::Met(()) } else { Seen::Pending(answer.status().to_string()) }
        });
        served.await.unwrap();
    }
}

fn request(step: &Step, answers: &Answers, namespace: &str) -> Request<Body> {
    let mut request = Request::builder().method(step.method).uri(answers.fill(namespace, &step.path));
    let own = [("user-agent", AGENT.to_owned()), ("accept", "application/json".to_owned())];
    let given = step.headers.iter().map(|(name, value)| (*name, answers.fill(namespace, value)));
    for (name, value) in
        own.into_iter().filter(|(name, _)| step.headers.iter().all(|(given, _)| given != name)).chain(given)
    {
        request = request.header(name, value);
    }
    request.body(answers.body(namespace, &step.body).into()).unwrap()
}

fn head(response: &Response<Body>) -> Answer {
    let values = |name: &str| {
        let all = response.headers().get_all(name).into_iter();
        all.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect::<Vec<_>>()
    };
    let headers =
        HEADERS.iter().map(|name| ((*name).to_owned(), values(name))).filter(|(_, values)| !values.is_empty());
    Answer { status: response.status().as_u16(), headers: headers.collect(), body: Value::Null }
}

async fn whole(response: Response<Body>) -> Answer {
    let mut answer = head(&response);
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
    answer.body = serde_json::from_slice(&bytes).unwrap_or_else(|_| text());
    answer
}

/// The lines of a watch as a list; a single event would else pass for an object.
fn events(mut answer: Answer) -> Answer {
    answer.body = match answer.body {
        Value::String(lines) if answer.status == 200 => lines.lines().map(event).collect(),
        one @ Value::Object(_) if answer.status == 200 => json!([one]),
        other => other,
    };
    answer
}

fn event(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|_| line.into())
}

/// The next events of an open watch, as many as come.
async fn take(stream: &mut Stream, count: usize) -> Answer {
    let mut seen = Vec::new();
    while seen.len() < count {
        if let Some(end) = stream.rest.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = stream.rest.drain(..=end).collect();
            seen.push(event(String::from_utf8_lossy(&line).trim()));
            continue;
        }
        match tokio::time::timeout(Duration::from_secs(20), stream.body.frame()).await {
            Ok(Some(Ok(frame))) => stream.rest.extend_from_slice(&frame.into_data().unwrap_or_default()),
            _ => break,
        }
    }
    Answer { status: 200, headers: Vec::new(), body: seen.into() }
}
