//! What goes on after its request was answered. Jobs end with the server that runs them.

use crate::lab::clock::Pace;
use crate::lab::fault::Faults;
use crate::lab::world::{Source, World};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// The engine's hands.
#[derive(Debug)]
pub(super) struct Jobs {
    pub(super) source: Arc<Source>,
    pub(super) faults: Faults,
    pace: Pace,
    running: Mutex<JoinSet<()>>,
}

impl Jobs {
    pub(super) fn new(source: Arc<Source>, world: &World) -> Self {
        Self { source, faults: world.faults.clone(), pace: world.pace, running: Mutex::default() }
    }

    /// Gives a VM or snapshot statuses, each for its time; then the work is done, and it has none of its own any more.
    pub(super) fn start(&self, id: &str, statuses: &[(&str, Duration)], work: impl FnOnce(&Source) + Send + 'static) {
        let statuses: Vec<(String, Duration)> =
            statuses.iter().map(|(status, lasts)| ((*status).to_owned(), *lasts)).collect();
        if let Some((first, _)) = statuses.first() {
            set(&self.source, id, first);
        }
        let (source, pace, id) = (Arc::clone(&self.source), self.pace, id.to_owned());
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        while running.try_join_next().is_some() {}
        running.spawn(async move {
            for (status, lasts) in &statuses {
                set(&source, &id, status);
                pace.pass(*lasts).await;
            }
            work(&source);
            if let Some(state) = source.ovirt() {
                state.live().statuses.remove(&id);
            }
        });
    }

    /// Ends all jobs, and waits for their ends.
    pub(super) async fn stop(&self) {
        let mut running = std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        running.shutdown().await;
    }
}

fn set(source: &Source, id: &str, status: &str) {
    if let Some(state) = source.ovirt() {
        state.live().statuses.insert(id.to_owned(), status.to_owned());
    }
}
