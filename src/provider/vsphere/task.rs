//! Tasks: start, follow, cancel.
//!
//! Source: source-providers.md sections 2.4 and 6.

use super::fault::{CallError, Fault};
use super::properties::malformed;
use super::request::Call;
use super::session::Session;
use super::xml::{Element, MoRef};
use crate::facts::chain;
use crate::provider::ProviderError;
use crate::wait::{Deadline, Seen, WaitError, pause, poll};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a task is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Pause before a busy object is asked again.
const BUSY_PAUSE: Duration = Duration::from_secs(3);
/// How long a cancelled task may take to end.
const SETTLE: Duration = Duration::from_secs(30);

/// How long an operation may take, and what interrupts it.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    /// By when it must be done.
    pub(crate) deadline: Deadline,
    /// The token of the deadline.
    pub(crate) cancel: CancellationToken,
}

impl Limit {
    /// `limit` from now.
    pub(crate) fn after(limit: Duration, cancel: &CancellationToken) -> Self {
        Self { deadline: Deadline::after(limit, cancel), cancel: cancel.clone() }
    }

    /// `limit` from now, not to be interrupted: short operations, and those of teardown.
    pub(crate) fn firm(limit: Duration) -> Self {
        Self::after(limit, &CancellationToken::new())
    }
}

impl Session {
    /// Starts the task that `call` returns and waits for its result; a busy object is asked again within the limit.
    /// A task that is late or interrupted is cancelled on the server.
    pub(crate) async fn run_task(&self, call: &Call, limit: &Limit) -> Result<Element, CallError> {
        loop {
            if limit.cancel.is_cancelled() {
                let what = format!("{} on {}", call.method, call.object);
                return Err(ProviderError::from(WaitError::Cancelled { what, last: "not started".to_owned() }).into());
            }
            match self.task_once(call, limit).await {
                Err(CallError::Fault(fault)) if fault.is_busy() && limit.deadline.left() > BUSY_PAUSE => {
                    tracing::debug!(
                        object = call.object,
                        operation = call.method,
                        fault = fault.kind,
                        "busy; asking again"
                    );
                    limit.cancel.run_until_cancelled(pause(BUSY_PAUSE)).await;
                }
                other => return other,
            }
        }
    }

    async fn task_once(&self, call: &Call, limit: &Limit) -> Result<Element, CallError> {
        let started = self.call(call).await?;
        let task = started.moref_at("returnval").ok_or_else(|| malformed(call, "no task"))?;
        if let Some(name) = &call.makes {
            self.started_clones().note(&task, name);
        }
        let what = format!("{} on {}", call.method, call.object);
        match poll(&what, &limit.deadline, LOOK_EVERY, || self.look(call, &task)).await {
            Ok(outcome) => outcome,
            Err(unfinished) => {
                self.cancel_task(call, &task).await;
                Err(ProviderError::from(unfinished).into())
            }
        }
    }

    /// One look at a task. `Met`: it ended, well or not.
    async fn look(&self, call: &Call, task: &MoRef) -> Seen<Result<Element, CallError>> {
        let properties = match self.read(task, &["info"]).await {
            Ok(properties) => properties,
            Err(CallError::Failed(error @ ProviderError::Unreachable { .. })) if is_transient(&error) => {
                return Seen::Pending(chain(&error));
            }
            Err(error) => return Seen::Met(Err(error)),
        };
        let Some(info) = properties.get("info") else {
            return Seen::Met(Err(properties.lacking("info", &task.to_string()).into()));
        };
        match info.text_at("state") {
            Some("success") => Seen::Met(Ok(info.child("result").cloned().unwrap_or_default())),
            Some("error") => {
                let error = info.child("error").cloned().unwrap_or_default();
                Seen::Met(Err(Fault::of_task(call.method, &call.object, &error).into()))
            }
            state => {
                let progress = info.text_at("progress").map(|percent| format!(", {percent}%")).unwrap_or_default();
                Seen::Pending(format!("{}{progress}", state.unwrap_or("unknown")))
            }
        }
    }

    /// Asks the server to give the task up and waits a little for its end, so that what it made can be deleted.
    async fn cancel_task(&self, call: &Call, task: &MoRef) {
        let asked = self.call(&Call::new("CancelTask", task).about(&call.object)).await;
        if let Err(error) = asked {
            tracing::debug!(
                object = call.object,
                error = chain(&ProviderError::from(error)),
                "the task cannot be cancelled"
            );
        }
        let settle = Deadline::after(SETTLE, &CancellationToken::new());
        let ended = poll("end of a cancelled task", &settle, LOOK_EVERY, || self.look(call, task)).await;
        if let Err(late) = ended {
            tracing::warn!(object = call.object, late = chain(&late), "a cancelled task still runs");
        }
    }
}

fn is_transient(error: &ProviderError) -> bool {
    matches!(error, ProviderError::Unreachable { source, .. } if source.transient)
}
