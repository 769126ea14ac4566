//! Tasks: work that goes on after its call was answered. They end with the server that runs them.

use super::fault::{Fault, Ref};
use super::wsdl::wsdl;
use super::xml::Node;
use crate::facts::{now, rfc3339};
use crate::lab::clock::Pace;
use crate::lab::fault::Faults;
use crate::lab::world::Source;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// In so many equal parts a task's time passes; its progress moves after each.
const STEPS: u32 = 4;

/// How a task ended.
type Ending = Result<Option<Node>, Fault>;

/// A task.
#[derive(Debug)]
pub(super) struct LabTask {
    /// Its reference.
    pub(super) reference: Ref,
    /// What it works on.
    pub(super) entity: Ref,
    entity_name: String,
    method: String,
    pub(super) number: u32,
    progress: Option<u32>,
    queued: String,
    ending: Option<(Ending, String)>,
    /// What ends it early; `None` if it cannot be cancelled.
    cancel: Option<CancellationToken>,
}

impl LabTask {
    /// Whether it ended.
    pub(super) fn is_done(&self) -> bool {
        self.ending.is_some()
    }

    /// A property; nothing if it is unset.
    pub(super) fn property(&self, name: &str) -> Vec<Node> {
        if name == "info" { vec![self.info()] } else { Vec::new() }
    }

    fn info(&self) -> Node {
        let state = match (&self.ending, self.progress) {
            (Some((Ok(_), _)), _) => "success",
            (Some((Err(_), _)), _) => "error",
            (None, Some(_)) => "running",
            (None, None) => "queued",
        };
        let error = self.ending.as_ref().and_then(|(ending, _)| ending.as_ref().err());
        let result = self.ending.as_ref().and_then(|(ending, _)| ending.as_ref().ok()).and_then(Option::as_ref);
        let is_entity = wsdl().is_a(&self.entity.kind, "ManagedEntity");
        let cancelable = self.cancel.is_some() && self.ending.is_none();
        let cancelled = self.cancel.as_ref().is_some_and(CancellationToken::is_cancelled);
        let reason = Node::new("reason").of("TaskReasonUser").with([Node::leaf("userName", "lab")]);
        Node::new("info")
            .with([
                Node::leaf("key", &self.reference.value),
                self.reference.node("task"),
                Node::leaf("name", &self.method),
                Node::leaf("descriptionId", description_id(&self.method)),
            ])
            .with(is_entity.then(|| self.entity.node("entity")))
            .with(is_entity.then(|| Node::leaf("entityName", &self.entity_name)))
            .with([
                Node::leaf("state", state),
                Node::leaf("cancelled", cancelled),
                Node::leaf("cancelable", cancelable),
            ])
            .with(error.map(|error| error.localized("error")))
            .with(result.cloned())
            .with(self.progress.filter(|_| self.ending.is_none()).map(|percent| Node::leaf("progress", percent)))
            .with([reason, Node::leaf("queueTime", &self.queued)])
            .with(self.progress.map(|_| Node::leaf("startTime", &self.queued)))
            .with(self.ending.as_ref().map(|(_, at)| Node::leaf("completeTime", at)))
            .with([Node::leaf("eventChainId", self.number)])
    }
}

/// The key of a method in `TaskDescription.methodInfo`, by which clients recognise tasks.
fn description_id(method: &str) -> String {
    match method {
        "CloneVM_Task" => "VirtualMachine.clone".to_owned(),
        "PowerOnVM_Task" => "VirtualMachine.powerOn".to_owned(),
        "PowerOffVM_Task" => "VirtualMachine.powerOff".to_owned(),
        "ReconfigVM_Task" => "VirtualMachine.reconfigure".to_owned(),
        "ReconfigureComputeResource_Task" => "ComputeResource.reconfigureEx".to_owned(),
        "RemoveSnapshot_Task" => "vm.Snapshot.remove".to_owned(),
        "SearchDatastore_Task" => "host.DatastoreBrowser.search".to_owned(),
        "SearchDatastoreSubFolders_Task" => "host.DatastoreBrowser.searchSubFolders".to_owned(),
        "DeleteDatastoreFile_Task" => "FileManager.deleteFile".to_owned(),
        other => {
            let mut letters = other.trim_end_matches("_Task").chars();
            let first = letters.next().map(|letter| letter.to_ascii_lowercase());
            format!("VirtualMachine.{}", first.into_iter().chain(letters).collect::<String>())
        }
    }
}

/// What calls and running tasks share. It does not own the running tasks, so that they cannot keep themselves alive.
#[derive(Debug)]
pub(super) struct Core {
    /// The source.
    pub(super) source: Arc<Source>,
    /// How fast work goes.
    pub(super) pace: Pace,
    /// What goes wrong.
    pub(super) faults: Faults,
    tasks: Mutex<BTreeMap<String, LabTask>>,
}

/// Work that is to be done by a task.
pub(super) struct Job {
    /// Method that asked for it (`CloneVM_Task`).
    pub(super) method: String,
    /// What it works on.
    pub(super) entity: Ref,
    /// How long it takes in simulated time.
    pub(super) lasts: Duration,
}

impl Core {
    /// A source's core, without tasks.
    pub(super) fn new(source: Arc<Source>, pace: Pace, faults: Faults) -> Self {
        Self { source, pace, faults, tasks: Mutex::default() }
    }

    /// The tasks. Lock the inventory before, never after.
    pub(super) fn tasks(&self) -> MutexGuard<'_, BTreeMap<String, LabTask>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a task up. One that ended stays as it is.
    pub(super) fn cancel(&self, task: &Ref) -> Result<(), Fault> {
        let tasks = self.tasks();
        let found = tasks.get(&task.value).ok_or_else(|| Fault::not_found(task))?;
        match &found.cancel {
            Some(_) if found.is_done() => Ok(()),
            Some(cancel) => {
                cancel.cancel();
                Ok(())
            }
            None => Err(Fault::new("NotSupported", "The task cannot be cancelled.")),
        }
    }

    fn update(&self, task: &Ref, act: impl FnOnce(&mut LabTask)) {
        if let Some(task) = self.tasks().get_mut(&task.value) {
            act(task);
        }
        self.source.change(|_| ());
    }

    /// Starts a task on `running`. `check` may end it at once; `work` takes effect when its time has passed.
    pub(super) fn start(
        self: &Arc<Self>,
        running: &mut JoinSet<()>,
        job: Job,
        check: impl FnOnce(&Self) -> Result<(), Fault> + Send + 'static,
        work: impl FnOnce(&Self) -> Ending + Send + 'static,
    ) -> Ref {
        let (value, entity_name) = self.source.change(|inventory| {
            let name = inventory.vm(&job.entity.value).map(|vm| vm.name.clone()).unwrap_or_default();
            (inventory.next_moref("task"), name)
        });
        let reference = Ref::new("Task", &value);
        let number = value.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or_default();
        let task = LabTask {
            reference: reference.clone(),
            entity: job.entity,
            entity_name,
            cancel: (job.method == "CloneVM_Task").then(CancellationToken::new),
            method: job.method,
            number,
            progress: None,
            queued: rfc3339(now()),
            ending: None,
        };
        let cancel = task.cancel.clone().unwrap_or_default();
        self.tasks().insert(value, task);
        while running.try_join_next().is_some() {}
        let (core, task) = (Arc::clone(self), reference.clone());
        running.spawn(async move {
            let ending = if let Err(fault) = check(&core) {
                Err(fault)
            } else {
                tokio::select! {
                    biased;
                    () = cancel.cancelled() => Err(Fault::new("RequestCanceled", "The task was canceled by a user.")),
                    () = core.pass(&task, job.lasts) => work(&core),
                }
            };
            core.update(&task, |task| task.ending = Some((ending, rfc3339(now()))));
        });
        reference
    }

    async fn pass(&self, task: &Ref, lasts: Duration) {
        for step in 0..STEPS {
            self.update(task, |task| task.progress = Some(step * 100 / STEPS));
            self.pace.pass(lasts / STEPS).await;
        }
    }
}
