//! Waiting on one object: a list by name, then a watch, again and again, whatever happens to the connection.
//!
//! kube's own watcher retries the same resource version for ever when a watch is answered with HTTP 410 and names every
//! error alike, so the loop is ours. It asks only when something ended: an idle wait polls nothing.
//! Source: cluster-api.md section 4.5.

use super::client::typed;
use super::{Cluster, ClusterError, ObjectRef};
use crate::facts::chain;
use crate::wait::{Deadline, Seen, pause, until};
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use kube::Api;
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::core::DynamicObject;
use std::time::Duration;

/// Length of one watch; the server then closes it and the next begins where it ended.
const WATCH_SECONDS: u32 = 290;
/// A watch silent beyond its length is dead: the connection was cut without a word.
const DEAD_AFTER: Duration = Duration::from_secs(WATCH_SECONDS as u64 + 10);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Refusals in a row that end the wait: a rolling API server refuses now and then by mistake.
const REFUSALS_MAX: u32 = 3;

/// One observation of the object.
#[derive(Debug)]
enum Observed {
    /// The object, or its absence.
    Object(Option<Box<DynamicObject>>),
    /// It could not be seen just now.
    Trouble(String),
    /// It will never be seen: no right, or the kind is not served (`kind_missing`).
    Refused { why: String, kind_missing: bool },
}

impl Cluster {
    /// Watches the object until `judge` answers met or hopeless, the deadline passes or the run is cancelled. `judge`
    /// sees the present state first, then every change; `None` is absence. `what` is a phrase for errors (`wait for
    /// Plan ns/p to be Ready`).
    ///
    /// Dropped connections, 410, 429 and 5xx are survived and told as what was last seen. A right that is missing or a
    /// kind that is not served ends the wait.
    ///
    /// # Errors
    /// [`ClusterError::Wait`].
    pub async fn wait<T>(
        &self,
        what: &str,
        target: &ObjectRef,
        deadline: &Deadline,
        mut judge: impl FnMut(Option<&DynamicObject>) -> Seen<T>,
    ) -> Result<T, ClusterError> {
        let mut last = None;
        let answer = until(what, deadline, self.follow(target), |observed| match observed {
            Observed::Object(object) => {
                let seen = judge(object.as_deref());
                if let Seen::Pending(state) = &seen {
                    last = Some(state.clone());
                }
                seen
            }
            Observed::Trouble(why) => Seen::Pending(besides(last.as_deref(), &why)),
            Observed::Refused { why, .. } => Seen::Hopeless(why),
        });
        Ok(answer.await?)
    }

    /// Watches until the object is gone: absent, or, where its UID is known, replaced by another of its name. The
    /// error of a timeout names the finalizers that hold it.
    ///
    /// # Errors
    /// [`ClusterError::Wait`].
    pub async fn wait_gone(
        &self,
        target: &ObjectRef,
        uid: Option<&str>,
        deadline: &Deadline,
    ) -> Result<(), ClusterError> {
        let what = format!("wait for {target} to be gone");
        let mut last = None;
        let answer = until(&what, deadline, self.follow(target), |observed| match observed {
            Observed::Object(None) | Observed::Refused { kind_missing: true, .. } => Seen::Met(()),
            Observed::Object(Some(object)) if uid.is_some() && object.metadata.uid.as_deref() != uid => Seen::Met(()),
            Observed::Object(Some(object)) => {
                let state = remaining(&object);
                last = Some(state.clone());
                Seen::Pending(state)
            }
            Observed::Trouble(why) => Seen::Pending(besides(last.as_deref(), &why)),
            Observed::Refused { why, .. } => Seen::Hopeless(why),
        });
        Ok(answer.await?)
    }

    fn follow(&self, target: &ObjectRef) -> impl Stream<Item = Observed> + use<> {
        let follow = Follow {
            cluster: self.clone(),
            api: self.api(target.kind, target.namespace.as_deref()),
            operation: format!("watch {target}"),
            target: target.clone(),
            state: State::List,
            rest: None,
            next_rest: SHORTEST_PAUSE,
            refusals: 0,
        };
        stream::unfold(follow, |mut follow| async move {
            let observed = follow.next().await;
            Some((observed, follow))
        })
        .boxed()
    }
}

fn besides(state: Option<&str>, trouble: &str) -> String {
    state.map_or_else(|| trouble.to_owned(), |state| format!("{state}; since then: {trouble}"))
}

/// Why the object is still there.
fn remaining(object: &DynamicObject) -> String {
    if object.metadata.deletion_timestamp.is_none() {
        return "it is there and not being deleted".to_owned();
    }
    let mut holders = object.metadata.finalizers.clone().unwrap_or_default();
    let spec = object.data["spec"]["finalizers"].as_array().map(Vec::as_slice).unwrap_or_default();
    holders.extend(spec.iter().filter_map(|name| name.as_str()).map(str::to_owned));
    let mut text = if holders.is_empty() {
        "it is being deleted".to_owned()
    } else {
        format!("it is being deleted, held by finalizers: {}", holders.join(", "))
    };
    // A namespace tells in conditions what is left in it.
    for condition in super::conditions(object).iter().filter(|condition| condition.is_true()) {
        if condition.kind.starts_with("Namespace") {
            text.push_str("; ");
            text.push_str(&condition.message);
        }
    }
    text
}

enum State {
    List,
    Open { version: String },
    Stream { version: String, events: BoxStream<'static, kube::Result<WatchEvent<DynamicObject>>>, heard: bool },
}

struct Follow {
    cluster: Cluster,
    api: Api<DynamicObject>,
    operation: String,
    target: ObjectRef,
    state: State,
    /// Pause before the next request, if something went wrong.
    rest: Option<Duration>,
    next_rest: Duration,
    refusals: u32,
}

impl Follow {
    async fn next(&mut self) -> Observed {
        loop {
            if let Some(rest) = self.rest.take() {
                pause(rest).await;
            }
            let observed = match std::mem::replace(&mut self.state, State::List) {
                State::List => self.list().await,
                State::Open { version } => self.open(version).await,
                State::Stream { version, events, heard } => self.read(version, events, heard).await,
            };
            if let Some(observed) = observed {
                return observed;
            }
        }
    }

    async fn list(&mut self) -> Option<Observed> {
        let selector = format!("metadata.name={}", self.target.name);
        match self.api.list(&ListParams::default().fields(&selector)).await {
            Ok(list) => {
                self.refusals = 0;
                let found = list.items.into_iter().find(|object| self.is_target(object));
                match list.metadata.resource_version.filter(|version| !version.is_empty()) {
                    Some(version) => self.state = State::Open { version },
                    None => self.back_off(),
                }
                Some(self.object(found))
            }
            Err(error) => Some(self.trouble(error)),
        }
    }

    async fn open(&mut self, version: String) -> Option<Observed> {
        let selector = format!("metadata.name={}", self.target.name);
        let params = WatchParams::default().fields(&selector).timeout(WATCH_SECONDS);
        match self.api.watch(&params, &version).await {
            Ok(events) => {
                self.state = State::Stream { version, events: events.boxed(), heard: false };
                None
            }
            // Too old, told as the HTTP status: list again.
            Err(kube::Error::Api(status)) if status.code == 410 => {
                self.back_off();
                None
            }
            Err(error) => Some(self.trouble(error)),
        }
    }

    async fn read(
        &mut self,
        version: String,
        mut events: BoxStream<'static, kube::Result<WatchEvent<DynamicObject>>>,
        heard: bool,
    ) -> Option<Observed> {
        let Ok(event) = tokio::time::timeout(DEAD_AFTER, events.next()).await else {
            return Some(Observed::Trouble("the watch fell silent".into()));
        };
        match event {
            Some(Ok(WatchEvent::Added(object) | WatchEvent::Modified(object))) => {
                self.heard(version, &object, events);
                self.is_target(&object).then(|| self.object(Some(object)))
            }
            Some(Ok(WatchEvent::Deleted(object))) => {
                self.heard(version, &object, events);
                self.is_target(&object).then(|| self.object(None))
            }
            Some(Ok(WatchEvent::Bookmark(mark))) => {
                self.next_rest = SHORTEST_PAUSE;
                self.state = State::Stream { version: mark.metadata.resource_version, events, heard: true };
                None
            }
            // Too old, told inside the stream: list again.
            Some(Ok(WatchEvent::Error(status))) if status.code == 410 => {
                self.back_off();
                None
            }
            Some(Ok(WatchEvent::Error(status))) => Some(self.trouble(kube::Error::Api(status))),
            Some(Err(error)) => Some(self.trouble(error)),
            None => {
                if !heard {
                    self.back_off();
                }
                self.state = State::Open { version };
                None
            }
        }
    }

    fn heard(
        &mut self,
        before: String,
        object: &DynamicObject,
        events: BoxStream<'static, kube::Result<WatchEvent<DynamicObject>>>,
    ) {
        self.next_rest = SHORTEST_PAUSE;
        let version = object.metadata.resource_version.clone().unwrap_or(before);
        self.state = State::Stream { version, events, heard: true };
    }

    fn is_target(&self, object: &DynamicObject) -> bool {
        object.metadata.name.as_deref() == Some(&self.target.name)
    }

    fn object(&self, object: Option<DynamicObject>) -> Observed {
        Observed::Object(object.map(|object| Box::new(typed(object, self.target.kind))))
    }

    fn back_off(&mut self) {
        self.rest = Some(self.next_rest);
        self.next_rest = (self.next_rest * 2).min(LONGEST_PAUSE);
    }

    fn trouble(&mut self, error: kube::Error) -> Observed {
        self.back_off();
        let error = self.cluster.classify(&self.operation, error);
        let why = chain(&error);
        if error.is_transient() || error.is_not_found() || matches!(error, ClusterError::Malformed { .. }) {
            self.refusals = 0;
            return Observed::Trouble(why);
        }
        self.refusals += 1;
        if self.refusals < REFUSALS_MAX {
            return Observed::Trouble(why);
        }
        Observed::Refused { why, kind_missing: error.is_kind_missing() }
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
