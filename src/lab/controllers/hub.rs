//! What every controller works with: the API client, the cache of watched objects, and the world.
//!
//! All writes tolerate objects that came or went meanwhile; everything else is an error that the runner retries. Faults
//! of the product do their harm here, to what is about to be written.

use super::cache::Cache;
use super::conditions::news;
use super::forklift::Slots;
use super::harm::{harm_created, harm_line, harm_patch, harm_status};
use super::kinds::{EVENT, Kind, PLAN};
use super::object::{has_condition, items, name, namespace, text, uid};
use super::queue::Queue;
use crate::facts;
use crate::lab::clock::Pace;
use crate::lab::world::World;
use semver::Version;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A request that failed; the reconcile is tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fail {
    /// Somebody wrote first.
    #[error("{action} {object}: it was changed meanwhile; it is read again")]
    Conflict { action: &'static str, object: String },
    /// Anything else.
    #[error("{action} {object}: the API server did not do it; it is tried again")]
    Request {
        action: &'static str,
        object: String,
        #[source]
        source: Box<kube::Error>,
    },
}

/// When a reconcile wants to be called again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// When something it watches changes.
    Done,
    /// After so much simulated time.
    Again(Duration),
    /// After so much real time, whatever the pace.
    Nap(Duration),
}

/// The interval in which Forklift steps a running plan. Source: forklift-api.md section 0.
pub(crate) const STEP: Duration = Duration::from_secs(3);

/// Shared by all controllers of a lab.
pub(crate) struct Hub {
    pub(crate) client: kube::Client,
    pub(crate) world: World,
    pub(crate) cache: Cache,
    pub(crate) queue: Queue,
    pub(crate) mtv: Version,
    pub(crate) openshift: Option<Version>,
    events: AtomicU64,
    steps: Mutex<BTreeSet<(String, String)>>,
    /// Plans whose nap is running: one timer each, however often they are asked for.
    naps: Mutex<BTreeSet<(String, String)>>,
    /// When the present pauses of warm migrations began.
    pauses: Mutex<BTreeMap<String, Instant>>,
    /// What the Forklift controller was started with, once the operator has changed it.
    settings: Mutex<Option<Value>>,
    /// The populators that copy.
    pub(crate) slots: Slots,
}

impl Hub {
    pub(crate) fn new(world: World, client: kube::Client) -> Self {
        let mtv = facts::parse_version(&world.spec.cluster.mtv).unwrap_or(Version::new(2, 11, 0));
        let openshift = world.spec.cluster.openshift.as_deref().and_then(|text| facts::parse_version(text).ok());
        Self {
            client,
            world,
            cache: Cache::default(),
            queue: Queue::default(),
            mtv,
            openshift,
            events: AtomicU64::new(0),
            steps: Mutex::default(),
            naps: Mutex::default(),
            pauses: Mutex::default(),
            settings: Mutex::default(),
            slots: Slots::default(),
        }
    }

    /// Whether the simulated MTV is at least this minor release of 2.
    pub(crate) fn since(&self, minor: u64) -> bool {
        self.mtv >= Version::new(2, minor, 0)
    }

    /// Whether simulated work takes no time.
    pub(crate) fn at_full_speed(&self) -> bool {
        self.world.pace == Pace::FULL
    }

    /// Holds a plan back until its timer has run out: own writes must not step it faster.
    pub(crate) fn hold(&self, namespace: &str, name: &str) {
        self.held(|held| held.insert((namespace.to_owned(), name.to_owned())));
    }

    /// Ends [`Self::hold`].
    pub(crate) fn release(&self, namespace: &str, name: &str) {
        self.held(|held| held.remove(&(namespace.to_owned(), name.to_owned())));
    }

    pub(crate) fn is_held(&self, namespace: &str, name: &str) -> bool {
        self.held(|held| held.contains(&(namespace.to_owned(), name.to_owned())))
    }

    /// Begins the nap of a plan; false if one is running.
    pub(crate) fn arm(&self, namespace: &str, name: &str) -> bool {
        locked(&self.naps).insert((namespace.to_owned(), name.to_owned()))
    }

    /// Ends [`Self::arm`].
    pub(crate) fn disarm(&self, namespace: &str, name: &str) {
        locked(&self.naps).remove(&(namespace.to_owned(), name.to_owned()));
    }

    /// Real time since this was first asked for `pause`.
    pub(crate) fn paused_for(&self, pause: &str) -> Duration {
        locked(&self.pauses).entry(pause.to_owned()).or_insert_with(Instant::now).elapsed()
    }

    /// The settings of the running Forklift controller; `None` if they were never changed.
    pub(crate) fn settings(&self) -> Option<Value> {
        locked(&self.settings).clone()
    }

    /// The Forklift controller runs with these settings from now on.
    pub(crate) fn settle(&self, settings: Value) {
        *locked(&self.settings) = Some(settings);
    }

    fn held<T>(&self, act: impl FnOnce(&mut BTreeSet<(String, String)>) -> T) -> T {
        act(&mut locked(&self.steps))
    }

    /// The object as cached, else as the API server has it: a reference may be newer than its watch.
    pub(crate) async fn find(&self, kind: Kind, namespace: &str, name: &str) -> Result<Option<Arc<Value>>, Fail> {
        match self.cache.get(kind, namespace, name) {
            Some(object) => Ok(Some(object)),
            None => self.get(kind, namespace, name).await,
        }
    }

    /// As [`Self::find`], but an object that is not Ready in the cache is read afresh.
    pub(crate) async fn find_ready(&self, kind: Kind, namespace: &str, name: &str) -> Result<Option<Arc<Value>>, Fail> {
        match self.cache.get(kind, namespace, name) {
            Some(object) if has_condition(&object, "Ready") => Ok(Some(object)),
            _ => self.get(kind, namespace, name).await,
        }
    }

    /// The object as the API server has it.
    pub(crate) async fn get(&self, kind: Kind, namespace: &str, name: &str) -> Result<Option<Arc<Value>>, Fail> {
        if name.is_empty() || (kind.namespaced && namespace.is_empty()) {
            return Ok(None);
        }
        let request = http::Request::get(kind.path(namespace, name));
        let answer = self.send("read", kind, request, Vec::new()).await?;
        Ok(answer.map(|object| self.cache.observe(kind, object)))
    }

    /// Creates an object; one of that name which is there already is returned as it is.
    pub(crate) async fn create(&self, kind: Kind, mut body: Value) -> Result<Arc<Value>, Fail> {
        body["apiVersion"] = json!(kind.api_version());
        body["kind"] = json!(kind.title);
        harm_created(&self.world, kind, &mut body);
        let (space, object) = (namespace(&body).to_owned(), name(&body).to_owned());
        let request = http::Request::post(kind.path(&space, "")).header("content-type", "application/json");
        match self.send("create", kind, request, bytes(&body)).await {
            Ok(Some(made)) => Ok(self.cache.observe(kind, made)),
            Ok(None) => Err(conflict("create", kind, &object)),
            Err(Fail::Conflict { action, object: known }) => {
                let existing = self.get(kind, &space, &object).await?;
                existing.ok_or(Fail::Conflict { action, object: known })
            }
            Err(other) => Err(other),
        }
    }

    /// Writes the status of `object` if it differs from `before`, and tells of new conditions by Events.
    pub(crate) async fn put_status(&self, kind: Kind, before: &Value, mut status: Value) -> Result<bool, Fail> {
        harm_status(&self.world, kind, before, &mut status);
        if before.get("status") == Some(&status) {
            return Ok(false);
        }
        let mut object = before.clone();
        object["apiVersion"] = json!(kind.api_version());
        object["kind"] = json!(kind.title);
        object["status"] = status;
        let path = format!("{}/status", kind.path(namespace(before), name(before)));
        let request = http::Request::put(path).header("content-type", "application/json");
        if let Some(answer) = self.send("write the status of", kind, request, bytes(&object)).await? {
            self.cache.observe(kind, answer);
        }
        let told = if kind.group == PLAN.group { news(before, &object) } else { Vec::new() };
        for condition in told {
            self.tell(kind, &object, condition).await;
        }
        Ok(true)
    }

    /// Merges `patch` into an object; one that is gone is left alone.
    pub(crate) async fn merge(&self, kind: Kind, object: &Value, patch: &Value) -> Result<Option<Arc<Value>>, Fail> {
        let request = http::Request::patch(kind.path(namespace(object), name(object)))
            .header("content-type", "application/merge-patch+json");
        let patch = harm_patch(&self.world, kind, patch);
        let answer = self.send("patch", kind, request, bytes(&patch)).await?;
        Ok(answer.map(|patched| self.cache.observe(kind, patched)))
    }

    /// Prints a line of a pod.
    pub(crate) fn print(&self, pod_uid: &str, line: String) {
        for line in harm_line(&self.world, line) {
            self.world.pod_logs.append(pod_uid, &line);
        }
    }

    /// Deletes an object in the background; one that is gone, or another of the same name, is left alone.
    pub(crate) async fn delete(&self, kind: Kind, object: &Value) -> Result<(), Fail> {
        self.delete_within(kind, object, None).await
    }

    /// As [`Self::delete`], with a grace period in seconds other than the kind's own.
    pub(crate) async fn delete_within(&self, kind: Kind, object: &Value, grace: Option<u32>) -> Result<(), Fail> {
        let request = http::Request::delete(kind.path(namespace(object), name(object)))
            .header("content-type", "application/json");
        let mut options = json!({"propagationPolicy": "Background", "preconditions": {"uid": uid(object)}});
        if let Some(seconds) = grace {
            options["gracePeriodSeconds"] = json!(seconds);
        }
        match self.send("delete", kind, request, bytes(&options)).await {
            Ok(_) | Err(Fail::Conflict { .. }) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// The objects of a kind that carry these labels, as the API server has them.
    pub(crate) async fn list(&self, kind: Kind, namespace: &str, selector: &str) -> Result<Vec<Value>, Fail> {
        let query: String = form_urlencode(selector);
        let request = http::Request::get(format!("{}?labelSelector={query}", kind.path(namespace, "")));
        let answer = self.send("list", kind, request, Vec::new()).await?;
        Ok(answer.map(|list| items(&list, "/items").cloned().collect()).unwrap_or_default())
    }

    /// Whether the cluster knows a bearer token.
    pub(crate) async fn knows_token(&self, token: &str) -> Result<bool, Fail> {
        let kind = super::kinds::TOKEN_REVIEW;
        let request = http::Request::post(kind.path("", "")).header("content-type", "application/json");
        let body = json!({"apiVersion": kind.api_version(), "kind": kind.title, "spec": {"token": token}});
        let answer = self.send("ask for", kind, request, bytes(&body)).await?;
        Ok(answer.is_some_and(|review| review.pointer("/status/authenticated") == Some(&json!(true))))
    }

    async fn tell(&self, kind: Kind, object: &Value, condition: &Value) {
        let serial = self.events.fetch_add(1, Ordering::Relaxed);
        let now = facts::rfc3339(facts::now());
        let space = if kind.namespaced { namespace(object) } else { "default" };
        let severity = match text(condition, "/category") {
            "Critical" | "Error" | "Warn" => "Warning",
            _ => "Normal",
        };
        let body = json!({
            "metadata": {"namespace": space, "name": format!("{}.{}{serial:x}", name(object), short(uid(object)))},
            "involvedObject": {
                "apiVersion": kind.api_version(), "kind": kind.title, "namespace": space, "name": name(object),
                "uid": uid(object),
            },
            "reason": condition["type"], "message": condition["message"], "type": severity, "count": 1,
            "firstTimestamp": now, "lastTimestamp": now,
            "source": {"component": "forklift-controller"}, "reportingComponent": "forklift-controller",
        });
        if let Err(error) = self.create(EVENT, body).await {
            tracing::debug!("an Event was lost: {}", facts::chain(&error));
        }
    }

    /// Sends a request; `None` when there is no such object.
    async fn send(
        &self,
        action: &'static str,
        kind: Kind,
        request: http::request::Builder,
        body: Vec<u8>,
    ) -> Result<Option<Value>, Fail> {
        let path = request.uri_ref().map(|uri| uri.path().to_owned()).unwrap_or_default();
        let object = format!("{} at {path}", kind.title);
        let request = request.body(body).map_err(kube::Error::HttpError);
        let answer = match request {
            Ok(request) => self.client.request::<Value>(request).await,
            Err(error) => Err(error),
        };
        match answer {
            Ok(value) => Ok(Some(value)),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
            Err(kube::Error::Api(status)) if status.code == 409 => Err(Fail::Conflict { action, object }),
            Err(error) => Err(Fail::Request { action, object, source: Box::new(error) }),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn conflict(action: &'static str, kind: Kind, name: &str) -> Fail {
    Fail::Conflict { action, object: format!("{} {name}", kind.title) }
}

fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// The characters of a label selector that mean something in a query.
fn form_urlencode(selector: &str) -> String {
    selector.replace('=', "%3D").replace(',', "%2C")
}

fn short(uid: &str) -> &str {
    uid.get(..8).unwrap_or(uid)
}
