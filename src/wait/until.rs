//! Waiting on a stream of observations.

use super::{Deadline, Seen, WaitError};
use futures::{Stream, StreamExt};
use std::pin::pin;

/// Follows `observations` until `judge` answers met or hopeless, the deadline passes or the run is cancelled.
///
/// `what` is a phrase that the error begins with (`wait for Provider ns/name to be Ready`). The stream must itself
/// survive transport errors (a watch with back-off) and may report them as observations. A stream that ends counts as
/// hopeless, since nothing more will be seen.
///
/// Cancel safe: it owns nothing but the stream.
///
/// # Errors
/// See [`WaitError`].
pub async fn until<O, T>(
    what: &str,
    deadline: &Deadline,
    observations: impl Stream<Item = O>,
    mut judge: impl FnMut(O) -> Seen<T>,
) -> Result<T, WaitError> {
    let mut observations = pin!(observations);
    let mut last = "nothing yet".to_owned();
    let what = || what.to_owned();
    loop {
        tokio::select! {
            biased;
            () = deadline.cancel.cancelled() => return Err(WaitError::Cancelled { what: what(), last }),
            seen = observations.next() => match seen.map(&mut judge) {
                Some(Seen::Met(value)) => return Ok(value),
                Some(Seen::Pending(state)) => last = state,
                Some(Seen::Hopeless(why)) => return Err(WaitError::Hopeless { what: what(), why }),
                None => return Err(WaitError::Hopeless { what: what(), why: format!("the watch ended; last seen: {last}") }),
            },
            () = tokio::time::sleep_until(deadline.at) => {
                return Err(WaitError::TimedOut { what: what(), limit: deadline.limit, last });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::stream;
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    fn judge(value: i32) -> Seen<i32> {
        match value {
            0 => Seen::Hopeless("zero".into()),
            5 => Seen::Met(value),
            other => Seen::Pending(format!("at {other}")),
        }
    }

    async fn wait(values: Vec<i32>, stall: bool, cancel: bool) -> Result<i32, WaitError> {
        let token = CancellationToken::new();
        if cancel {
            token.cancel();
        }
        let deadline = Deadline::after(Duration::from_secs(60), &token);
        let values = stream::iter(values);
        if stall {
            until("five", &deadline, values.chain(stream::pending()), judge).await
        } else {
            until("five", &deadline, values, judge).await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn met_pending_hopeless_and_cancelled() {
        assert_eq!(wait(vec![1, 5, 0], true, false).await, Ok(5));
        assert_eq!(wait(vec![1, 0], true, false).await.unwrap_err().to_string(), "five: zero");
        assert_eq!(
            wait(vec![1, 2], true, false).await.unwrap_err().to_string(),
            "five: not within 1m; last seen: at 2"
        );
        assert_eq!(
            wait(vec![3], false, false).await.unwrap_err().to_string(),
            "five: the watch ended; last seen: at 3"
        );
        assert_eq!(
            wait(vec![3], true, true).await.unwrap_err().to_string(),
            "five: interrupted; last seen: nothing yet"
        );
    }
}
