//! Signals and the time limit of a run.
//!
//! The first SIGINT or SIGTERM, or the limit, cancels: waits end, nothing new begins, everything is torn down. The
//! second signal exits at once and prints how to clean up (design section 4, promise 8).

use super::exit::ExitCode;
use super::output::say;
use crate::wait::pause;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Watches until the answer is dropped. `farewell` tells what becomes of things after a second signal.
pub(super) fn watch(
    runtime: &Handle,
    cancel: &CancellationToken,
    farewell: String,
    limit: Option<Duration>,
) -> std::io::Result<JoinSet<()>> {
    let _inside = runtime.enter();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut tasks = JoinSet::new();
    let first = cancel.clone();
    tasks.spawn(async move {
        either(&mut interrupt, &mut terminate).await;
        say("interrupted: cancelling migrations and removing everything; a second signal exits at once");
        first.cancel();
        either(&mut interrupt, &mut terminate).await;
        say(&format!("left as it is; {farewell}"));
        exit_now();
    });
    if let Some(limit) = limit {
        let cancel = cancel.clone();
        tasks.spawn(async move {
            pause(limit).await;
            say("the time limit (--timeout) is over: cancelling migrations and removing everything");
            cancel.cancel();
        });
    }
    Ok(tasks)
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[expect(clippy::exit, reason = "the second signal asks for exactly this; the ledger is on disk")]
fn exit_now() {
    std::process::exit(i32::from(ExitCode::InterruptedAndLeftBehind.number()));
}
