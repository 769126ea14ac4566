//! What a condition answers, and how a wait fails.

use std::time::Duration;

/// A condition's answer to one observation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen<T> {
    /// It holds; the wait ends with the value.
    Met(T),
    /// Not yet; the text says what was seen.
    Pending(String),
    /// It can no longer hold; the wait ends at once, with the reason.
    Hopeless(String),
}

/// A wait that did not end well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// The deadline passed.
    #[error("{what}: not within {}; last seen: {last}", brief(.limit))]
    TimedOut {
        /// What was awaited, as a phrase.
        what: String,
        /// The deadline's length.
        limit: Duration,
        /// The last thing that was seen.
        last: String,
    },
    /// A terminal state makes waiting pointless.
    #[error("{what}: {why}")]
    Hopeless {
        /// What was awaited, as a phrase.
        what: String,
        /// The terminal state.
        why: String,
    },
    /// The run was interrupted.
    #[error("{what}: interrupted; last seen: {last}")]
    Cancelled {
        /// What was awaited, as a phrase.
        what: String,
        /// The last thing that was seen.
        last: String,
    },
}

/// A duration as people write it: `1h 5m`, `6m`, `30s`, `250ms`.
fn brief(limit: &Duration) -> String {
    let (hours, minutes, seconds) = (limit.as_secs() / 3600, limit.as_secs() / 60 % 60, limit.as_secs() % 60);
    let parts: Vec<String> = [(hours, "h"), (minutes, "m"), (seconds, "s")]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    if parts.is_empty() { format!("{}ms", limit.as_millis()) } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        for (seconds, text) in [(3900, "1h 5m"), (360, "6m"), (30, "30s")] {
            assert_eq!(brief(&Duration::from_secs(seconds)), text);
        }
        assert_eq!(brief(&Duration::from_millis(250)), "250ms");
    }
}
