//! Watching a copy-offload migration while it runs.

use super::logs::read_verdicts;
use super::sightings::{OffloadVm, Sightings};
use crate::cluster::{Cluster, ClusterError, Kind, Listed, ObjectRef};
use crate::event::{Event, EventSender};
use crate::facts::{DiskOffload, chain};
use crate::migration::is_populator_secret;
use crate::wait::{Deadline, Seen, WaitError, pause};
use kube::api::DynamicObject;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long the Secret of the plan's populators may take after the Migration exists. Source: original-suite.md section
/// 1.4 (`create_plan_resource`).
const SECRET_COMES_WITHIN: Duration = Duration::from_secs(120);
/// A watch that is ended by its token, not by time.
const FOR_EVER: Duration = Duration::from_secs(7 * 24 * 3600);
/// Pause before a log that ended, or has not begun, is read again while its pod lives.
const READ_AGAIN: Duration = Duration::from_secs(1);
/// How long the last reading of logs may take.
const LAST_READING: Duration = Duration::from_secs(10);

/// What a capture is about.
#[derive(Debug, Clone)]
pub struct CaptureScope {
    /// The test, for notes.
    pub test: String,
    /// Name of the Plan.
    pub plan: String,
    /// UID of the Plan.
    pub plan_uid: String,
    /// The Migration.
    pub migration: ObjectRef,
    /// UID of the Migration: the label of what it makes.
    pub migration_uid: String,
    /// Namespace of the migrated VMs.
    pub target_namespace: String,
    /// The VMs and their disks.
    pub vms: Vec<OffloadVm>,
}

/// Watches a Migration's populators, claims, populate pods and tasks until it is finished or dropped.
pub struct Capture {
    eye: Arc<Eye>,
    tasks: JoinSet<()>,
}

/// What all watches share.
struct Eye {
    cluster: Cluster,
    events: EventSender,
    scope: CaptureScope,
    seen: Mutex<Sightings>,
    stop: CancellationToken,
}

impl Capture {
    /// Begins to watch. Call it as soon as the Migration exists: what was gone before is not seen.
    pub fn start(cluster: &Cluster, events: &EventSender, scope: CaptureScope) -> Self {
        let eye = Arc::new(Eye {
            cluster: cluster.clone(),
            events: events.clone(),
            seen: Mutex::new(Sightings::of(scope.vms.clone())),
            scope,
            stop: CancellationToken::new(),
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(watch_claims(Arc::clone(&eye)));
        tasks.spawn(watch_populators(Arc::clone(&eye)));
        tasks.spawn(watch_pods(Arc::clone(&eye)));
        tasks.spawn(watch_tasks(Arc::clone(&eye)));
        tasks.spawn(watch_secret(Arc::clone(&eye)));
        Self { eye, tasks }
    }

    /// Ends the watches after a last look, and tells what was seen of each disk, by the VM's inventory id. Every disk of
    /// every VM is there, in the source's order.
    pub async fn finish(mut self) -> BTreeMap<String, Vec<DiskOffload>> {
        if let Ok(Some(migration)) = self.eye.cluster.get(&self.eye.scope.migration).await {
            self.eye.seen().migration(&migration);
        }
        self.eye.stop.cancel();
        // Each log is read once more; one that does not end is not waited for.
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        tokio::time::timeout(LAST_READING, ended).await.ok();
        let seen = self.eye.seen();
        if !seen.secret {
            self.eye.note("no Secret for the plan's populators was seen".to_owned());
        }
        seen.told()
    }
}

impl Eye {
    fn seen(&self) -> MutexGuard<'_, Sightings> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, note: String) {
        self.events.emit(Event::Noted { test: Some(self.scope.test.clone()), note });
    }

    fn of_migration(&self) -> String {
        format!("migration={}", self.scope.migration_uid)
    }

    /// A watch that ends otherwise than by our own wish left things unseen.
    fn ended(&self, answer: Result<(), ClusterError>) {
        match answer {
            Ok(()) | Err(ClusterError::Wait(WaitError::Cancelled { .. })) => {}
            Err(error) => self.note(format!("the proof of copy-offload lacks: {}", chain(&error))),
        }
    }

    /// Shows `look` all objects that are there whenever one changes, until the capture stops.
    async fn follow(&self, kind: Kind, labels: &str, mut look: impl FnMut(&[Arc<DynamicObject>]) + Send) {
        let listed = Listed { kind, namespace: Some(&self.scope.target_namespace), label_selector: labels };
        let judge = |objects: &[Arc<DynamicObject>]| {
            look(objects);
            Seen::<()>::Pending(String::new())
        };
        let deadline = Deadline::after(FOR_EVER, &self.stop);
        let what = format!("watch {} of a copy-offload", kind.plural);
        self.ended(self.cluster.wait_list(&what, listed, &deadline, judge).await);
    }
}

async fn watch_claims(eye: Arc<Eye>) {
    let look = |claims: &[Arc<DynamicObject>]| claims.iter().for_each(|claim| eye.seen().claim(claim));
    eye.follow(Kind::PVC, &eye.of_migration(), look).await;
}

async fn watch_populators(eye: Arc<Eye>) {
    // Populators carry no label of the migration in every version; those of others lead to no disk of ours.
    let look = |all: &[Arc<DynamicObject>]| all.iter().for_each(|populator| eye.seen().populator(populator));
    eye.follow(Kind::XCOPY_POPULATOR, "", look).await;
}

async fn watch_tasks(eye: Arc<Eye>) {
    let judge = |migration: Option<&DynamicObject>| {
        if let Some(migration) = migration {
            eye.seen().migration(migration);
        }
        Seen::<()>::Pending(String::new())
    };
    let deadline = Deadline::after(FOR_EVER, &eye.stop);
    let what = "watch the tasks of a copy-offload";
    eye.ended(eye.cluster.wait(what, &eye.scope.migration, &deadline, judge).await);
}

/// Looks for the Secret of the plan's populators: without it the product copies in another way.
async fn watch_secret(eye: Arc<Eye>) {
    let scope = &eye.scope;
    let judge = |secrets: &[Arc<DynamicObject>]| {
        let is_it = |secret: &Arc<DynamicObject>| is_populator_secret(secret, &scope.plan, &scope.plan_uid);
        if secrets.iter().any(is_it) { Seen::Met(()) } else { Seen::Pending(format!("{} Secrets", secrets.len())) }
    };
    let listed = Listed { kind: Kind::SECRET, namespace: Some(&scope.target_namespace), label_selector: "" };
    let deadline = Deadline::after(SECRET_COMES_WITHIN, &eye.stop);
    let what = format!("wait for the Secret of the populators of Plan {}", scope.plan);
    match eye.cluster.wait_list(&what, listed, &deadline, judge).await {
        Ok(()) => eye.seen().secret = true,
        answer => eye.ended(answer),
    }
}

/// Follows the log of each populate pod in a task of its own.
async fn watch_pods(eye: Arc<Eye>) {
    let mut readers = JoinSet::new();
    let mut lives: BTreeMap<String, watch::Sender<Life>> = BTreeMap::new();
    let look = |pods: &[Arc<DynamicObject>]| {
        lives.retain(|name, _| pods.iter().any(|pod| pod.metadata.name.as_ref() == Some(name)));
        for pod in pods {
            let Some((name, claim)) = populate_pod(pod) else { continue };
            let life = Life::of(pod);
            if let Some(known) = lives.get(&name) {
                known.send_if_modified(|before| std::mem::replace(before, life) != life);
                continue;
            }
            let (sender, receiver) = watch::channel(life);
            readers.spawn(read_while_it_lives(Arc::clone(&eye), name.clone(), claim, receiver));
            lives.insert(name, sender);
        }
    };
    eye.follow(Kind::POD, &eye.of_migration(), look).await;
    drop(lives);
    while readers.join_next().await.is_some() {}
}

/// How far a pod is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Waiting,
    Running,
    Ended,
}

impl Life {
    fn of(pod: &DynamicObject) -> Self {
        match pod.data["status"]["phase"].as_str() {
            Some("Succeeded" | "Failed") => Self::Ended,
            Some("Running") => Self::Running,
            _ => Self::Waiting,
        }
    }
}

/// Name of a populate pod, and the UID of the claim that it fills. Source: forklift-api.md section 7.
fn populate_pod(pod: &DynamicObject) -> Option<(String, String)> {
    let name = pod.metadata.name.clone()?;
    let claim = name.strip_prefix("populate-")?.to_owned();
    Some((name, claim))
}

/// Reads a pod's log again and again until the pod has ended or is gone: whenever its state changes, else after a pause;
/// and once more when the capture stops.
async fn read_while_it_lives(eye: Arc<Eye>, pod: String, claim: String, mut life: watch::Receiver<Life>) {
    let read = async |follow: bool| {
        let told = |used| eye.seen().verdict(&claim, used);
        if let Err(error) = read_verdicts(&eye.cluster, &eye.scope.target_namespace, &pod, follow, told).await {
            tracing::debug!("read the log of {pod}: {error}");
        }
    };
    loop {
        let now = *life.borrow_and_update();
        tokio::select! {
            () = read(now != Life::Ended) => if now == Life::Ended { return },
            () = eye.stop.cancelled() => break,
        }
        tokio::select! {
            changed = life.changed() => if changed.is_err() { return },
            () = pause(READ_AGAIN) => {}
            () = eye.stop.cancelled() => break,
        }
    }
    read(false).await;
}
