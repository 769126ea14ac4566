//! The work queue: what is to be reconciled, each task once however often it is asked for, never twice at a time.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use tokio::sync::Notify;

/// Which controller a task is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Controller {
    Provider,
    StorageMap,
    NetworkMap,
    Hook,
    Plan,
    Migration,
    Populator,
    OvirtPopulator,
    OpenstackPopulator,
    Operator,
    DataVolume,
    Volume,
    Profile,
    VirtualMachine,
    Instance,
    Kubelet,
}

/// An object for a controller.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Task {
    pub(crate) controller: Controller,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// Tasks in the order in which they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    ready: VecDeque<Task>,
    active: BTreeSet<Task>,
    /// Asked for while active: due again as soon as they end.
    dirty: BTreeSet<Task>,
}

impl Queue {
    /// Asks for a task.
    pub(crate) fn add(&self, task: Task) {
        let woken = self.with(|state| {
            if state.active.contains(&task) {
                state.dirty.insert(task);
                return false;
            }
            let new = !state.ready.contains(&task);
            if new {
                state.ready.push_back(task);
            }
            new
        });
        if woken {
            self.wake.notify_one();
        }
    }

    /// The next task; it stays active until [`Self::done`].
    pub(crate) async fn next(&self) -> Task {
        loop {
            if let Some(task) = self.take() {
                return task;
            }
            self.wake.notified().await;
        }
    }

    /// Ends a task.
    pub(crate) fn done(&self, task: Task) {
        let again = self.with(|state| {
            state.active.remove(&task);
            state.dirty.remove(&task)
        });
        if again {
            self.add(task);
        }
    }

    fn take(&self) -> Option<Task> {
        let (task, more) = self.with(|state| {
            let task = state.ready.pop_front();
            state.active.extend(task.clone());
            (task, !state.ready.is_empty())
        });
        if more {
            self.wake.notify_one();
        }
        task
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(name: &str) -> Task {
        Task { controller: Controller::Plan, namespace: "n".into(), name: name.into() }
    }

    #[tokio::test]
    async fn a_task_runs_once_and_again_if_it_was_asked_for_meanwhile() {
        let queue = Queue::default();
        queue.add(task("a"));
        queue.add(task("a"));
        assert_eq!(queue.next().await, task("a"));
        assert_eq!(queue.take(), None);
        queue.add(task("a"));
        assert_eq!(queue.take(), None);
        queue.done(task("a"));
        assert_eq!(queue.next().await, task("a"));
        queue.done(task("a"));
        assert_eq!(queue.take(), None);
    }
}
