//! Waiting on the inventory: what passes by itself is waited for, what does not ends the wait.

use super::InventoryError;
use crate::facts::chain;
use crate::wait::{Deadline, Seen, poll};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How often failures of the service itself (HTTP 500) are borne in a row.
const FAILURES: u32 = 5;

/// Looks until the look is met or hopeless, fails for good, or the deadline passes.
pub(super) async fn wait<T, F>(
    what: &str,
    deadline: &Deadline,
    interval: Duration,
    mut look: impl FnMut() -> F,
) -> Result<T, InventoryError>
where
    F: Future<Output = Result<Seen<T>, InventoryError>>,
{
    let failures = AtomicU32::new(0);
    let judged = || {
        let (failures, looked) = (&failures, look());
        async move { judge(failures, looked.await) }
    };
    poll(what, deadline, interval, judged).await?
}

fn judge<T>(failures: &AtomicU32, looked: Result<Seen<T>, InventoryError>) -> Seen<Result<T, InventoryError>> {
    match looked {
        Ok(seen) => {
            failures.store(0, Ordering::Relaxed);
            match seen {
                Seen::Met(value) => Seen::Met(Ok(value)),
                Seen::Pending(state) => Seen::Pending(state),
                Seen::Hopeless(why) => Seen::Hopeless(why),
            }
        }
        Err(error) if error.is_passing() => Seen::Pending(chain(&error)),
        Err(error @ InventoryError::Server { .. }) if failures.fetch_add(1, Ordering::Relaxed) < FAILURES => {
            Seen::Pending(error.to_string())
        }
        Err(error) => Seen::Met(Err(error)),
    }
}
