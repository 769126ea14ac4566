//! What is asked: a named list of steps, and how a step's path and body take up what earlier answers said.

use serde_json::Value;
use std::collections::HashMap;

/// Requests that are made in this order, each side in a namespace of its own.
pub(crate) struct Sequence {
    pub(crate) name: &'static str,
    pub(crate) steps: Vec<Step>,
    /// Whether `managedFields` are compared: the lab keeps them only once something was applied.
    pub(crate) ownership: bool,
    /// Whether Forklift's kinds are needed.
    pub(crate) forklift: bool,
}

/// One request.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    /// May contain placeholders (see [`Answers::fill`]).
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
    /// Bearer token; the administrator's unless given.
    pub(crate) token: Option<String>,
    pub(crate) mode: Mode,
    /// The part of the answer that is compared.
    pub(crate) view: Option<fn(Value) -> Value>,
}

#[derive(Clone)]
pub(crate) enum Body {
    None,
    Json(Value),
    Text(String),
    /// The answer of an earlier step with a merge patch.
    Changed(&'static str, Value),
}

#[derive(Clone, Copy)]
pub(crate) enum Mode {
    Once,
    /// Again until this status; what works in the background needs a while on a real server.
    Until(u16),
    /// Again until an answer fits.
    UntilBody(fn(&Value) -> bool),
    /// A stream of events, read to its end.
    Watch,
    /// A stream of events that is left open.
    Open,
    /// That many events of the stream that an earlier step opened.
    Take(&'static str, usize),
}

pub(crate) fn sequence(name: &'static str) -> Sequence {
    Sequence { name, steps: Vec::new(), ownership: false, forklift: false }
}

impl Sequence {
    fn step(mut self, name: &'static str, method: &'static str, path: &str, body: Body) -> Self {
        assert!(self.steps.iter().all(|step| step.name != name), "{}: two steps are named {name}", self.name);
        let content = match (method, &body) {
            (_, Body::None) => None,
            ("PATCH", _) => Some("application/merge-patch+json"),
            _ => Some("application/json"),
        };
        let headers = content.map(|content| ("content-type", content.to_owned()));
        self.steps.push(Step {
            name,
            method,
            path: path.to_owned(),
            headers: headers.into_iter().collect(),
            body,
            token: None,
            mode: Mode::Once,
            view: None,
        });
        self
    }

    pub(crate) fn get(self, name: &'static str, path: &str) -> Self {
        self.step(name, "GET", path, Body::None)
    }

    pub(crate) fn post(self, name: &'static str, path: &str, body: Value) -> Self {
        self.step(name, "POST", path, Body::Json(body))
    }

    pub(crate) fn put(self, name: &'static str, path: &str, body: Value) -> Self {
        self.step(name, "PUT", path, Body::Json(body))
    }

    /// PUT of what an earlier step answered, changed by a merge patch.
    pub(crate) fn put_back(self, name: &'static str, path: &str, earlier: &'static str, change: Value) -> Self {
        self.step(name, "PUT", path, Body::Changed(earlier, change))
    }

    /// A merge patch.
    pub(crate) fn patch(self, name: &'static str, path: &str, body: Value) -> Self {
        self.step(name, "PATCH", path, Body::Json(body))
    }

    pub(crate) fn json_patch(self, name: &'static str, path: &str, body: Value) -> Self {
        self.patch(name, path, body).header("content-type", "application/json-patch+json")
    }

    pub(crate) fn strategic(self, name: &'static str, path: &str, body: Value) -> Self {
        self.patch(name, path, body).header("content-type", "application/strategic-merge-patch+json")
    }

    pub(crate) fn apply(self, name: &'static str, path: &str, body: Value) -> Self {
        self.patch(name, path, body).header("content-type", "application/apply-patch+yaml")
    }

    pub(crate) fn delete(self, name: &'static str, path: &str, options: Value) -> Self {
        let body = if options.is_null() { Body::None } else { Body::Json(options) };
        self.step(name, "DELETE", path, body)
    }

    /// A request with any body.
    pub(crate) fn raw(self, name: &'static str, method: &'static str, path: &str, text: &str) -> Self {
        self.step(name, method, path, Body::Text(text.to_owned()))
    }

    pub(crate) fn watch(self, name: &'static str, path: &str) -> Self {
        let mut sequence = self.get(name, path);
        sequence.last().mode = Mode::Watch;
        sequence
    }

    pub(crate) fn open(self, name: &'static str, path: &str) -> Self {
        let mut sequence = self.get(name, path);
        sequence.last().mode = Mode::Open;
        sequence
    }

    pub(crate) fn take(self, name: &'static str, opened: &'static str, count: usize) -> Self {
        let mut sequence = self.get(name, "");
        sequence.last().mode = Mode::Take(opened, count);
        sequence
    }

    fn last(&mut self) -> &mut Step {
        self.steps.last_mut().unwrap()
    }

    /// A header of the last step, in place of one of that name.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let headers = &mut self.last().headers;
        headers.retain(|(known, _)| *known != name);
        headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn token(mut self, token: &str) -> Self {
        self.last().token = Some(token.to_owned());
        self
    }

    pub(crate) fn until(mut self, status: u16) -> Self {
        self.last().mode = Mode::Until(status);
        self
    }

    pub(crate) fn until_body(mut self, fits: fn(&Value) -> bool) -> Self {
        self.last().mode = Mode::UntilBody(fits);
        self
    }

    pub(crate) fn view(mut self, view: fn(Value) -> Value) -> Self {
        self.last().view = Some(view);
        self
    }

    pub(crate) fn with_ownership(mut self) -> Self {
        self.ownership = true;
        self
    }

    pub(crate) fn with_forklift(mut self) -> Self {
        self.forklift = true;
        self
    }
}

/// The bodies that a side has answered so far, by step.
#[derive(Default)]
pub(crate) struct Answers(HashMap<&'static str, Value>);

impl Answers {
    pub(crate) fn keep(&mut self, step: &'static str, body: &Value) {
        self.0.insert(step, body.clone());
    }

    /// Replaces `{ns}`, `{step.uid}`, `{step.rv}`, `{step.name}`, `{step.continue}`, `{step.token}`, `{step:/json/pointer}`.
    pub(crate) fn fill(&self, namespace: &str, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let found = after.split_once('}').and_then(|(key, rest)| Some((self.value(namespace, key)?, rest)));
            if let Some((value, after)) = found {
                out.push_str(&value);
                rest = after;
            } else {
                out.push('{');
                rest = after;
            }
        }
        out + rest
    }

    fn value(&self, namespace: &str, key: &str) -> Option<String> {
        if key == "ns" {
            return Some(namespace.to_owned());
        }
        let (step, pointer) = if let Some((step, pointer)) = key.split_once(':') {
            (step, pointer)
        } else {
            let (step, word) = key.split_once('.')?;
            let pointer = match word {
                "uid" => "/metadata/uid",
                "rv" => "/metadata/resourceVersion",
                "name" => "/metadata/name",
                "continue" => "/metadata/continue",
                "token" => "/status/token",
                _ => return None,
            };
            (step, pointer)
        };
        match self.0.get(step)?.pointer(pointer) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(other) => Some(other.to_string()),
            None => Some(String::new()),
        }
    }

    fn fill_value(&self, namespace: &str, value: &Value) -> Value {
        match value {
            Value::String(text) => self.fill(namespace, text).into(),
            Value::Array(items) => items.iter().map(|item| self.fill_value(namespace, item)).collect(),
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| (self.fill(namespace, key), self.fill_value(namespace, value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other.clone(),
        }
    }

    /// The bytes of a step's body.
    pub(crate) fn body(&self, namespace: &str, body: &Body) -> Vec<u8> {
        match body {
            Body::None => Vec::new(),
            Body::Text(text) => self.fill(namespace, text).into_bytes(),
            Body::Json(value) => self.fill_value(namespace, value).to_string().into_bytes(),
            Body::Changed(earlier, change) => {
                let mut value = self.0.get(earlier).cloned().unwrap_or_default();
                json_patch::merge(&mut value, &self.fill_value(namespace, change));
                value.to_string().into_bytes()
            }
        }
    }
}
