//! Removing what a scenario created, and at the end what the session created.

use super::session::{Session, SessionParts};
use super::steps::StepError;
use super::unwind::Unwinder;
use crate::event::Leftover;
use crate::undo::{Ledger, LedgerError};
use crate::wait::Deadline;
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

/// Undoes what `test` created. Leftovers are told by their own events.
pub(super) async fn scenario(session: &Session, test: &str) -> Result<(), StepError> {
    let unwinder = session.parts().unwinder();
    for (name, source) in &session.sources {
        if let Ok(source) = source {
            unwinder.connections.lock().await.insert(name.clone(), source.sdk.clone());
        }
    }
    let leftovers = unwinder.undo(|entry| entry.scenario.as_deref() == Some(test)).await?;
    if leftovers.is_empty() {
        return Ok(());
    }
    let words: Vec<String> = leftovers.iter().map(|left| format!("{}: {}", left.what, left.why)).collect();
    Err(StepError::Broken(format!("left behind: {}", words.join("; "))))
}

impl SessionParts {
    /// An unwinder with a budget of its own, which an interruption does not touch.
    pub fn unwinder(&self) -> Unwinder<'_> {
        self.unwinder_of(&self.ledger)
    }

    /// The one that undoes what another ledger holds, with this session's connections.
    pub fn unwinder_of<'a>(&'a self, ledger: &'a Ledger) -> Unwinder<'a> {
        Unwinder {
            ledger,
            cluster: &self.cluster,
            providers: &self.providers,
            network: self.network.as_ref(),
            settings: &self.settings,
            events: &self.events,
            source_requests: &self.source_requests,
            deadline: Deadline::after(self.settings.timeouts.teardown, &CancellationToken::new()),
            connections: tokio::sync::Mutex::new(BTreeMap::new()),
        }
    }

    /// Undoes everything that is still in the ledger. What a scenario could not remove is tried once more.
    ///
    /// # Errors
    /// The ledger's file cannot be written.
    pub async fn tear_down(&self) -> Result<Vec<Leftover>, LedgerError> {
        let unwinder = self.unwinder();
        let leftovers = unwinder.undo(|_| true).await;
        unwinder.close().await;
        leftovers
    }
}
