//! Watches.
//!
//! A watch is a stream that its client polls: no task, no queue of its own. It reads the kind's history from its own
//! position when told of a change, so an idle watch costs nothing, one that is dropped leaves nothing behind, and one
//! that falls too far behind is told 410 instead of piling up memory. Source: cluster-api.md section 6.4.

use super::convert::{is_stored_form, to_served};
use super::failure::{Cause, Failure};
use super::object::{Object, encode, meta, namespace, revision};
use super::present::metadata_of;
use super::request::{Call, Form};
use super::selector::Selector;
use super::server::ApiServer;
use super::store::{Change, State};
use super::table;
use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use http::{HeaderValue, Response, header};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, timeout_at};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45 * 60);
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// Changes that are sent in one piece.
const BATCH: usize = 256;

/// What a watch sends before the first change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beginning {
    /// Nothing: changes after this revision.
    After(u64),
    /// Every object.
    Objects,
    /// Every object, then a bookmark that says so.
    MarkedObjects,
}

struct Watcher {
    server: ApiServer,
    call: Call,
    selector: Selector,
    /// Every change up to this revision has been looked at.
    position: u64,
    news: Receiver<u64>,
    deadline: Instant,
    next_bookmark: Option<Instant>,
    titles_sent: bool,
    ended: bool,
    out: Vec<u8>,
}

/// Answers a watch.
pub(super) fn watch(server: &ApiServer, call: Call) -> Result<Response<Body>, Failure> {
    let selector = Selector::of(&call)?;
    let beginning = beginning(&call)?;
    let limit = call.params.number("timeoutSeconds")?.filter(|seconds| *seconds > 0);
    let bookmarks = call.params.flag("allowWatchBookmarks");
    let mut state = server.state();
    let shelf = state.shelf(&call.kind);
    let mut watcher = Watcher {
        server: server.clone(),
        selector,
        position: 0,
        news: shelf.subscribe(),
        deadline: Instant::now() + limit.map_or(DEFAULT_TIMEOUT, Duration::from_secs),
        next_bookmark: bookmarks.then(|| Instant::now() + BOOKMARK_EVERY),
        titles_sent: false,
        ended: false,
        out: Vec::new(),
        call,
    };
    watcher.begin(&mut state, beginning);
    drop(state);
    let events = stream::unfold(watcher, |mut watcher| async move {
        watcher.next().await.map(|bytes| (Ok::<Bytes, Infallible>(bytes), watcher))
    });
    Ok(streaming(Body::from_stream(events)))
}

fn streaming(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A watch that has ended already, after an ERROR event if there is a failure.
pub(super) fn ended(failure: Option<&Failure>) -> Response<Body> {
    let line = failure.map(|failure| line("ERROR", &encode(&failure.status()))).unwrap_or_default();
    streaming(Body::from(line))
}

fn line(kind: &str, object: &[u8]) -> Vec<u8> {
    let mut line = format!("{{\"type\":\"{kind}\",\"object\":").into_bytes();
    line.extend_from_slice(object);
    line.extend_from_slice(b"}\n");
    line
}

fn beginning(call: &Call) -> Result<Beginning, Failure> {
    let wanted = call.params.revision()?;
    let asked = !call.params.text("sendInitialEvents").is_empty();
    let rule = call.params.text("resourceVersionMatch");
    let why = if asked && rule != "NotOlderThan" {
        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
    } else if !asked && !rule.is_empty() {
        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
    } else {
        return Ok(match (call.params.flag("sendInitialEvents"), wanted) {
            (true, _) => Beginning::MarkedObjects,
            (false, None | Some(0)) if asked => Beginning::After(u64::MAX),
            (false, None | Some(0)) => Beginning::Objects,
            (false, Some(revision)) => Beginning::After(revision),
        });
    };
    Err(Failure::options("ListOptions", &[Cause::forbidden("resourceVersionMatch", why)]))
}

impl Watcher {
    fn begin(&mut self, state: &mut State, beginning: Beginning) {
        self.position = match beginning {
            Beginning::After(revision) => revision.min(state.revision),
            _ => state.revision,
        };
        if matches!(beginning, Beginning::After(_)) {
            return;
        }
        let objects: Vec<Arc<Object>> = state
            .shelf(&self.call.kind)
            .select(self.call.scope())
            .filter(|object| self.selector.matches(&object.value))
            .cloned()
            .collect();
        for object in objects {
            self.send("ADDED", &object);
        }
        if beginning == Beginning::MarkedObjects && self.next_bookmark.is_some() {
            self.send_bookmark(true);
        }
    }

    /// The next piece of the stream; none at its end.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if !self.out.is_empty() {
                return Some(std::mem::take(&mut self.out).into());
            }
            if self.ended {
                return None;
            }
            self.news.borrow_and_update();
            if self.take_changes() == 0 && self.out.is_empty() {
                self.wait().await;
            }
        }
    }

    /// Sends what happened since the position; the number of changes.
    fn take_changes(&mut self) -> usize {
        let (changes, revision) = {
            let mut state = self.server.state();
            let revision = state.revision;
            (state.shelf(&self.call.kind).since(self.position, BATCH), revision)
        };
        let Some(changes) = changes else {
            let failure = Failure::new(410, "Expired", format!("too old resource version: {}", self.position));
            self.out.extend(line("ERROR", &encode(&failure.status())));
            self.ended = true;
            return 0;
        };
        for change in &changes {
            self.send_change(change);
        }
        self.position = match changes.last() {
            Some(last) if changes.len() == BATCH => last.revision,
            _ => revision,
        };
        changes.len()
    }

    /// Waits for news, the next bookmark or the end.
    async fn wait(&mut self) {
        let until = self.next_bookmark.map_or(self.deadline, |at| at.min(self.deadline));
        match timeout_at(until, self.news.changed()).await {
            Ok(Ok(())) => {}
            // The kind is no longer served.
            Ok(Err(_)) => self.ended = true,
            Err(_) => {
                if self.next_bookmark.is_some() {
                    self.send_bookmark(false);
                    self.next_bookmark = Some(Instant::now() + BOOKMARK_EVERY);
                }
                self.ended = Instant::now() >= self.deadline;
            }
        }
    }

    fn send_change(&mut self, change: &Change) {
        let scope = self.call.scope();
        let fits = |object: &Arc<Object>| {
            scope.is_none_or(|scope| namespace(&object.value) == scope) && self.selector.matches(&object.value)
        };
        let before = change.before.as_ref().filter(|before| fits(before));
        let after = Some(&change.after).filter(|after| !change.removed && fits(after));
        match (before, after) {
            (None, None) => {}
            (None, Some(after)) => self.send("ADDED", after),
            (Some(_), Some(after)) => self.send("MODIFIED", after),
            (Some(_), None) if change.removed => self.send("DELETED", &change.after),
            (Some(before), None) => {
                // It left the selection: the last state that was in it, under the new revision.
                let mut last = before.value.clone();
                meta(&mut last).insert("resourceVersion".into(), revision(&change.after.value).into());
                self.send("DELETED", &Object::new(last));
            }
        }
    }

    fn send(&mut self, kind: &str, object: &Arc<Object>) {
        let stored = is_stored_form(&self.call.kind, &self.call.version);
        let served = if stored {
            object.clone()
        } else {
            Object::new(to_served(&self.call.kind, &self.call.version, object.value.clone()))
        };
        let bytes = match self.call.form {
            Form::Plain => served.json(),
            Form::Metadata => encode(&metadata_of(&served.value)),
            Form::Table => {
                let metadata = json!({"resourceVersion": revision(&served.value)});
                let titles = !std::mem::replace(&mut self.titles_sent, true);
                encode(&table::table(&self.call, &[served], &metadata, titles))
            }
        };
        self.out.extend(line(kind, &bytes));
    }

    fn send_bookmark(&mut self, initial_end: bool) {
        let mut metadata = json!({"resourceVersion": self.position.to_string(), "creationTimestamp": null});
        if initial_end {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object: Value = match self.call.form {
            Form::Plain => {
                json!({"kind": self.call.kind.kind, "apiVersion": self.call.api_version(), "metadata": metadata})
            }
            Form::Metadata => metadata_of(&json!({"metadata": metadata})),
            Form::Table => table::table(&self.call, &[], &metadata, false),
        };
        self.out.extend(line("BOOKMARK", &encode(&object)));
    }
}
