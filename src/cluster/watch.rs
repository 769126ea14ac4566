//! Waiting on one object or on all of a kind: a list, then a watch, again and again, whatever happens to the connection.
//!
//! kube's own watcher retries the same resource version for ever when a watch is answered with HTTP 410 and names every
//! error alike, so the loop is ours. It asks only when something ended: an idle wait polls nothing.
//! Source: cluster-api.md section 4.5.

use super::client::typed;
use super::{Cluster, ClusterError, Kind, ObjectRef};
use crate::facts::chain;
use crate::wait::{Deadline, Seen, pause, until};
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use kube::Api;
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::core::DynamicObject;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Length of one watch; the server then closes it and the next begins where it ended.
const WATCH_SECONDS: u32 = 290;
/// A watch silent beyond its length is dead: the connection was cut without a word.
const DEAD_AFTER: Duration = Duration::from_secs(WATCH_SECONDS as u64 + 10);
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Refusals in a row that end the wait: a rolling API server refuses now and then by mistake.
const REFUSALS_MAX: u32 = 3;

/// One observation.
#[derive(Debug)]
enum Observed {
    /// All objects that match, by namespace and name.
    Objects(Vec<Arc<DynamicObject>>),
    /// They could not be seen just now.
    Trouble(String),
    /// They will never be seen: no right, or the kind is not served (`kind_missing`).
    Refused { why: String, kind_missing: bool },
}

/// Objects to wait on together.
#[derive(Debug, Clone, Copy)]
pub struct Listed<'a> {
    /// Their kind.
    pub kind: Kind,
    /// Their namespace; `None` means all.
    pub namespace: Option<&'a str>,
    /// Labels they must have; empty means all objects.
    pub label_selector: &'a str,
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
        let judge = |objects: &[Arc<DynamicObject>]| judge(objects.first().map(AsRef::as_ref));
        self.judged(what, self.follow(target), deadline, judge).await
    }

    /// As [`Cluster::wait`], on all objects of a kind in one namespace or (`None`) everywhere that match the label
    /// selector (empty: all), by namespace and name.
    ///
    /// # Errors
    /// [`ClusterError::Wait`].
    pub async fn wait_list<T>(
        &self,
        what: &str,
        listed: Listed<'_>,
        deadline: &Deadline,
        judge: impl FnMut(&[Arc<DynamicObject>]) -> Seen<T>,
    ) -> Result<T, ClusterError> {
        let Listed { kind, namespace, label_selector } = listed;
        let operation = format!("watch {}", kind.plural);
        let labels = (!label_selector.is_empty()).then(|| label_selector.to_owned());
        let follow = Follow::new(self, operation, kind, namespace, Selector { name: None, labels });
        self.judged(what, follow, deadline, judge).await
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
        let answer = until(&what, deadline, self.follow(target).observations(), |observed| match observed {
            Observed::Refused { kind_missing: true, .. } => Seen::Met(()),
            Observed::Objects(objects) => match objects.first() {
                Some(object) if uid.is_none() || object.metadata.uid.as_deref() == uid => {
                    let state = remaining(object);
                    last = Some(state.clone());
                    Seen::Pending(state)
                }
                _ => Seen::Met(()),
            },
            Observed::Trouble(why) => Seen::Pending(besides(last.as_deref(), &why)),
            Observed::Refused { why, .. } => Seen::Hopeless(why),
        });
        Ok(answer.await?)
    }

    async fn judged<T>(
        &self,
        what: &str,
        follow: Follow,
        deadline: &Deadline,
        mut judge: impl FnMut(&[Arc<DynamicObject>]) -> Seen<T>,
    ) -> Result<T, ClusterError> {
        let mut last = None;
        let answer = until(what, deadline, follow.observations(), |observed| match observed {
            Observed::Objects(objects) => {
                let seen = judge(&objects);
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

    fn follow(&self, target: &ObjectRef) -> Follow {
        let selector = Selector { name: Some(target.name.clone()), labels: None };
        Follow::new(self, format!("watch {target}"), target.kind, target.namespace.as_deref(), selector)
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

/// Which objects of the kind are followed.
struct Selector {
    name: Option<String>,
    labels: Option<String>,
}

impl Selector {
    fn field(&self) -> Option<String> {
        self.name.as_ref().map(|name| format!("metadata.name={name}"))
    }

    /// A server that ignored the field selector would send others too.
    fn admits(&self, object: &DynamicObject) -> bool {
        self.name.is_none() || object.metadata.name == self.name
    }
}

struct Follow {
    cluster: Cluster,
    api: Api<DynamicObject>,
    operation: String,
    kind: Kind,
    selector: Selector,
    /// What is known to be there.
    known: BTreeMap<(String, String), Arc<DynamicObject>>,
    state: State,
    /// Pause before the next request, if something went wrong.
    rest: Option<Duration>,
    next_rest: Duration,
    refusals: u32,
}

impl Follow {
    fn new(cluster: &Cluster, operation: String, kind: Kind, namespace: Option<&str>, selector: Selector) -> Self {
        Self {
            cluster: cluster.clone(),
            api: cluster.api(kind, namespace),
            operation,
            kind,
            selector,
            known: BTreeMap::new(),
            state: State::List,
            rest: None,
            next_rest: SHORTEST_PAUSE,
            refusals: 0,
        }
    }

    fn observations(self) -> impl Stream<Item = Observed> {
        stream::unfold(self, |mut follow| async move {
            let observed = follow.next().await;
            Some((observed, follow))
        })
        .boxed()
    }

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
        let params = ListParams {
            field_selector: self.selector.field(),
            label_selector: self.selector.labels.clone(),
            ..ListParams::default()
        };
        match self.api.list(&params).await {
            Ok(list) => {
                self.refusals = 0;
                self.known.clear();
                list.items.into_iter().for_each(|object| self.learn(object));
                match list.metadata.resource_version.filter(|version| !version.is_empty()) {
                    Some(version) => self.state = State::Open { version },
                    None => self.back_off(),
                }
                Some(self.seen())
            }
            Err(error) => Some(self.trouble(error)),
        }
    }

    async fn open(&mut self, version: String) -> Option<Observed> {
        let params = WatchParams {
            field_selector: self.selector.field(),
            label_selector: self.selector.labels.clone(),
            ..WatchParams::default().timeout(WATCH_SECONDS)
        };
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
                let admitted = self.selector.admits(&object);
                self.learn(object);
                admitted.then(|| self.seen())
            }
            Some(Ok(WatchEvent::Deleted(object))) => {
                self.heard(version, &object, events);
                self.known.remove(&key(&object)).map(|_| self.seen())
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

    fn learn(&mut self, object: DynamicObject) {
        if self.selector.admits(&object) {
            self.known.insert(key(&object), Arc::new(typed(object, self.kind)));
        }
    }

    fn seen(&self) -> Observed {
        Observed::Objects(self.known.values().cloned().collect())
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

fn key(object: &DynamicObject) -> (String, String) {
    let name = |text: &Option<String>| text.clone().unwrap_or_default();
    (name(&object.metadata.namespace), name(&object.metadata.name))
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
