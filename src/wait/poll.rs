//! Asking again, where nothing can be watched (REST inventories, SOAP tasks).

use super::{Deadline, Seen, WaitError, until};
use futures::stream;
use std::time::Duration;

/// Sleeps. The only sleep of the product: everything else waits on a condition.
#[expect(clippy::disallowed_methods, reason = "this is the place that the ban points to")]
pub async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Asks `probe` at once, then after pauses that grow from a twentieth of `interval` to `interval`, until it answers met
/// or hopeless, the deadline passes or the run is cancelled.
///
/// # Errors
/// See [`WaitError`].
pub async fn poll<T>(
    what: &str,
    deadline: &Deadline,
    interval: Duration,
    mut probe: impl AsyncFnMut() -> Seen<T>,
) -> Result<T, WaitError> {
    let first = interval / 20;
    let ticks = stream::unfold(None::<Duration>, |before| async move {
        if let Some(pause_for) = before {
            pause(pause_for).await;
        }
        let next = before.map_or(first, |pause_for| (pause_for * 2).min(interval));
        Some(((), Some(next)))
    });
    let answers = stream::unfold((Box::pin(ticks), &mut probe), |(mut ticks, probe)| async move {
        futures::StreamExt::next(&mut ticks).await;
        let answer = probe().await;
        Some((answer, (ticks, probe)))
    });
    until(what, deadline, answers, |answer| answer).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_util::sync::CancellationToken;

    #[tokio::test(start_paused = true)]
    async fn asks_until_met() {
        let deadline = Deadline::after(Duration::from_secs(60), &CancellationToken::new());
        let mut asked = 0;
        let value = poll("three", &deadline, Duration::from_secs(5), async || {
            asked += 1;
            if asked == 3 { Seen::Met(asked) } else { Seen::Pending(asked.to_string()) }
        })
        .await;
        assert_eq!(value, Ok(3));
        let late = poll("never", &deadline, Duration::from_secs(5), async || Seen::<()>::Pending("no".into())).await;
        assert_eq!(late.unwrap_err().to_string(), "never: not within 1m; last seen: no");
    }
}
