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
pub async fn poll<T, F: Future<Output = Seen<T>>>(
    what: &str,
    deadline: &Deadline,
    interval: Duration,
    probe: impl FnMut() -> F,
) -> Result<T, WaitError> {
    let answers = stream::unfold((None::<Duration>, probe), |(before, mut probe)| async move {
        if let Some(pause_for) = before {
            pause(pause_for).await;
        }
        let answer = probe().await;
        let next = before.map_or(interval / 20, |pause_for| (pause_for * 2).min(interval));
        Some((answer, (Some(next), probe)))
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
        let value = poll("three", &deadline, Duration::from_secs(5), || {
            asked += 1;
            std::future::ready(if asked == 3 { Seen::Met(asked) } else { Seen::Pending(asked.to_string()) })
        })
        .await;
        assert_eq!(value, Ok(3));
        let late = poll("never", &deadline, Duration::from_secs(5), async || Seen::<()>::Pending("no".into())).await;
        assert_eq!(late.unwrap_err().to_string(), "never: not within 1m; last seen: no");
    }

    /// What a task of a `JoinSet` must be, with a probe that borrows from its surroundings.
    #[tokio::test]
    async fn a_wait_with_a_borrowing_probe_can_be_spawned() {
        async fn look(text: &str) -> Seen<usize> {
            tokio::task::yield_now().await;
            Seen::Met(text.len())
        }
        async fn waits(text: String) -> usize {
            let deadline = Deadline::after(Duration::from_secs(60), &CancellationToken::new());
            poll("text", &deadline, Duration::from_secs(1), || look(&text)).await.unwrap()
        }
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(waits("four".to_owned()));
        assert_eq!(tasks.join_next().await.unwrap().unwrap(), 4);
    }
}
