//! Watches, workers and timers. It owns every task of the controllers and ends them all.

use super::hub::{Fail, Hub, Outcome};
use super::kinds::{self, Kind};
use super::object::uid;
use super::queue::{Controller, Task};
use super::{cdi, forklift, harm, instance, kubelet, operator, routes, virtual_machine};
use crate::facts;
use crate::lab::world::World;
use crate::wait;
use futures::stream::{FuturesUnordered, StreamExt};
use kube::Api;
use kube::core::DynamicObject;
use kube::runtime::watcher::{self, Event, watcher};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Reconciles that run at once.
const WORKERS: usize = 8;

/// The kinds that are watched.
const WATCHED: [Kind; 21] = [
    kinds::PROVIDER,
    kinds::PLAN,
    kinds::MIGRATION,
    kinds::STORAGE_MAP,
    kinds::NETWORK_MAP,
    kinds::HOOK,
    kinds::POPULATOR,
    kinds::OVIRT_POPULATOR,
    kinds::OPENSTACK_POPULATOR,
    kinds::FORKLIFT_CONTROLLER,
    kinds::SECRET,
    kinds::NODE,
    kinds::CLAIM,
    kinds::VOLUME,
    kinds::STORAGE_CLASS,
    kinds::STORAGE_PROFILE,
    kinds::DATA_VOLUME,
    kinds::ATTACHMENT,
    kinds::VIRTUAL_MACHINE,
    kinds::INSTANCE,
    kinds::POD,
];

/// How long to wait before a watch or reconcile that failed is tried again: doubles up to a second.
fn backoff(attempt: u32) -> Duration {
    Duration::from_millis(2 << attempt.min(9))
}

/// Runs all controllers until cancelled. They use nothing of the cluster but `client`.
pub async fn run(world: World, client: kube::Client, cancel: CancellationToken) {
    let hub = Arc::new(Hub::new(world, client));
    let mut tasks = JoinSet::new();
    let mut synced = Vec::new();
    for kind in WATCHED {
        let (ready, seen) = watch::channel(false);
        synced.push(seen);
        tasks.spawn(follow(Arc::clone(&hub), kind, ready));
    }
    for mut seen in synced {
        tokio::select! {
            () = cancel.cancelled() => return,
            _ = seen.wait_for(|ready| *ready) => {}
        }
    }
    let (later, timers) = mpsc::unbounded_channel();
    for source in hub.world.sources.clone() {
        tasks.spawn(follow_source(Arc::clone(&hub), source.revisions()));
    }
    tasks.spawn(run_timers(Arc::clone(&hub), timers));
    for _ in 0..WORKERS {
        tasks.spawn(work(Arc::clone(&hub), later.clone()));
    }
    cancel.cancelled().await;
    tasks.shutdown().await;
}

/// Follows one kind into the cache and the queue, for ever.
async fn follow(hub: Arc<Hub>, kind: Kind, ready: watch::Sender<bool>) {
    let api: Api<DynamicObject> = Api::all_with(hub.client.clone(), &kind.resource());
    let mut events = Box::pin(watcher(api, watcher::Config::default()));
    let (mut seen, mut failures) = (BTreeSet::new(), 0);
    loop {
        match events.next().await {
            Some(Ok(event)) => {
                failures = 0;
                take(&hub, kind, event, &mut seen, &ready);
            }
            Some(Err(error)) => {
                tracing::debug!("watch of {}: {}", kind.plural, facts::chain(&error));
                ready.send_replace(true);
                wait::pause(backoff(failures)).await;
                failures += 1;
            }
            None => return,
        }
    }
}

/// Follows a source's inventory, for ever.
async fn follow_source(hub: Arc<Hub>, mut revisions: watch::Receiver<u64>) {
    while revisions.changed().await.is_ok() {
        routes::route_source(&hub);
    }
}

fn take(hub: &Hub, kind: Kind, event: Event<DynamicObject>, seen: &mut BTreeSet<String>, ready: &watch::Sender<bool>) {
    match event {
        Event::Init => seen.clear(),
        Event::InitApply(object) | Event::Apply(object) => {
            if let Ok(object) = serde_json::to_value(object) {
                seen.insert(uid(&object).to_owned());
                let object = hub.cache.observe(kind, object);
                routes::route(hub, kind, &object);
            }
        }
        Event::InitDone => {
            for object in hub.cache.keep_only(kind, seen) {
                routes::route(hub, kind, &object);
            }
            seen.clear();
            ready.send_replace(true);
        }
        Event::Delete(object) => {
            if let Ok(object) = serde_json::to_value(object) {
                hub.cache.forget(kind, &object);
                routes::route(hub, kind, &object);
            }
        }
    }
}

/// A task that is due later.
enum Later {
    Simulated(Task, Duration),
    Retry(Task, Duration),
    Nap(Task, Duration),
}

async fn work(hub: Arc<Hub>, later: mpsc::UnboundedSender<Later>) {
    let mut failures: BTreeMap<Task, u32> = BTreeMap::new();
    loop {
        let task = hub.queue.next().await;
        let outcome = reconcile(&hub, &task).await;
        hub.queue.done(task.clone());
        let due = match outcome {
            Ok(Outcome::Done) => {
                failures.remove(&task);
                continue;
            }
            Ok(Outcome::Again(after)) => {
                failures.remove(&task);
                Later::Simulated(task, after)
            }
            Ok(Outcome::Nap(after)) => {
                failures.remove(&task);
                Later::Nap(task, after)
            }
            Err(error) => {
                tracing::debug!("{:?} {}/{}: {}", task.controller, task.namespace, task.name, facts::chain(&error));
                let attempt = failures.entry(task.clone()).or_default();
                *attempt += 1;
                let pause = backoff(*attempt);
                Later::Retry(task, pause)
            }
        };
        if later.send(due).is_err() {
            return;
        }
    }
}

async fn run_timers(hub: Arc<Hub>, mut later: mpsc::UnboundedReceiver<Later>) {
    let mut pending = FuturesUnordered::new();
    loop {
        tokio::select! {
            due = later.recv() => match due {
                None => return,
                Some(due) => pending.push(elapse(hub.world.pace, due)),
            },
            Some((task, napped)) = pending.next() => {
                if napped {
                    hub.disarm(&task.namespace, &task.name);
                } else {
                    hub.release(&task.namespace, &task.name);
                }
                hub.queue.add(task);
            }
        }
    }
}

/// The task when its time has come, and whether it was a nap.
async fn elapse(pace: crate::lab::clock::Pace, due: Later) -> (Task, bool) {
    match due {
        Later::Simulated(task, after) => {
            pace.pass(after).await;
            (task, false)
        }
        Later::Retry(task, after) => {
            wait::pause(after).await;
            (task, false)
        }
        Later::Nap(task, after) => {
            wait::pause(after).await;
            (task, true)
        }
    }
}

async fn reconcile(hub: &Hub, task: &Task) -> Result<Outcome, Fail> {
    let kind = match task.controller {
        Controller::Provider => kinds::PROVIDER,
        Controller::StorageMap => kinds::STORAGE_MAP,
        Controller::NetworkMap => kinds::NETWORK_MAP,
        Controller::Hook => kinds::HOOK,
        Controller::Plan => kinds::PLAN,
        Controller::Migration => kinds::MIGRATION,
        Controller::Populator => kinds::POPULATOR,
        Controller::OvirtPopulator => kinds::OVIRT_POPULATOR,
        Controller::OpenstackPopulator => kinds::OPENSTACK_POPULATOR,
        Controller::Operator => kinds::FORKLIFT_CONTROLLER,
        Controller::DataVolume => kinds::DATA_VOLUME,
        Controller::Volume => kinds::VOLUME,
        Controller::Profile => kinds::STORAGE_CLASS,
        Controller::VirtualMachine => kinds::VIRTUAL_MACHINE,
        Controller::Instance => kinds::INSTANCE,
        Controller::Kubelet => kinds::POD,
    };
    let Some(object) = hub.cache.get(kind, &task.namespace, &task.name) else {
        return Ok(Outcome::Done);
    };
    let object: &Value = &object;
    match task.controller {
        Controller::Provider if harm::is_blind(hub, object) => Ok(Outcome::Done),
        Controller::Provider => forklift::provider::reconcile(hub, object).await,
        Controller::StorageMap => forklift::maps::reconcile(hub, kinds::STORAGE_MAP, object).await,
        Controller::NetworkMap => forklift::maps::reconcile(hub, kinds::NETWORK_MAP, object).await,
        Controller::Hook => forklift::hooks::reconcile(hub, object).await,
        Controller::Plan => Box::pin(forklift::plan::reconcile(hub, object)).await,
        Controller::Migration => forklift::migration::reconcile(hub, object).await,
        Controller::Populator => forklift::populator::reconcile(hub, object).await,
        Controller::OvirtPopulator => forklift::populators::reconcile(hub, kinds::OVIRT_POPULATOR, object).await,
        Controller::OpenstackPopulator => {
            forklift::populators::reconcile(hub, kinds::OPENSTACK_POPULATOR, object).await
        }
        Controller::Operator => operator::reconcile(hub, object).await,
        Controller::DataVolume => cdi::reconcile(hub, object).await,
        Controller::Volume => cdi::reclaim(hub, object).await,
        Controller::Profile => cdi::profile(hub, object).await,
        Controller::VirtualMachine => virtual_machine::reconcile(hub, object).await,
        Controller::Instance => instance::reconcile(hub, object).await,
        Controller::Kubelet => kubelet::reconcile(hub, object).await,
    }
}
