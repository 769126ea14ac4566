//! The record of a warm migration, and the clock by which it waits.
//!
//! Pure. Source: forklift-api.md section 6, `warm`.
//!
//! The clock: simulated intervals do not pass in real time, so the product's clock runs ahead of the machine's. A pause
//! between two copies begins at the machine's time or at the `nextPrecopyAt` of the last pause, whichever is later, and
//! ends with what comes first on that clock: the cutover, or `nextPrecopyAt`.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

use crate::facts;
use crate::lab::clock::Pace;

/// At full speed, how long a pause without a cutover lasts for each copy that there was: short at first, so that tests
/// go on, and longer and longer, so that a forgotten migration costs nothing.
const IDLE: Duration = Duration::from_millis(20);

/// `warm` of a VM's status.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Warm {
    pub(crate) successes: u32,
    pub(crate) failures: u32,
    /// The definition demands it.
    pub(crate) consecutive_failures: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_precopy_at: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) precopies: Vec<Precopy>,
}

/// A snapshot and the copy that was made from it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Precopy {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<String>,
    pub(crate) snapshot: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) create_task_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) remove_task_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) deltas: Vec<Delta>,
}

/// The change id of a disk at a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Delta {
    pub(crate) disk: String,
    pub(crate) delta_id: String,
}

/// What ends a pause, and how much simulated time it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Cutover(Duration),
    Precopy(Duration),
}

impl Warm {
    /// A copy has ended at `now`; the next one is due an interval later on the product's clock.
    pub(crate) fn end_copy(&mut self, now: Timestamp, interval: Duration) {
        if let Some(last) = self.precopies.last_mut() {
            last.end = Some(facts::rfc3339(now));
        }
        self.successes += 1;
        let begun = self.next_at().map_or(now, |ahead| ahead.max(now));
        self.next_precopy_at = Some(facts::rfc3339(plus(begun, interval)));
    }

    fn next_at(&self) -> Option<Timestamp> {
        self.next_precopy_at.as_deref()?.parse().ok()
    }

    /// What ends the present pause. A cutover in the past ends it at once.
    pub(crate) fn next(&self, cutover: Option<Timestamp>, interval: Duration) -> Next {
        let next = self.next_at().unwrap_or_else(facts::now);
        match cutover.filter(|cutover| *cutover <= next) {
            None => Next::Precopy(interval),
            Some(cutover) => {
                let left = Duration::try_from(next.duration_since(cutover)).unwrap_or_default();
                Next::Cutover(interval.saturating_sub(left))
            }
        }
    }

    /// How long a pause lasts in real time. At full speed no pause lasts whose end is known; without a cutover each is
    /// longer than the one before.
    pub(crate) fn real_pause(&self, pace: Pace, next: Next, cutover_known: bool) -> Duration {
        let (Next::Cutover(simulated) | Next::Precopy(simulated)) = next;
        match pace.real(simulated) {
            Some(real) => real,
            None if cutover_known => Duration::ZERO,
            None => IDLE * u32::try_from(self.precopies.len()).unwrap_or(u32::MAX),
        }
    }
}

fn plus(at: Timestamp, more: Duration) -> Timestamp {
    SignedDuration::try_from(more).ok().and_then(|more| at.checked_add(more).ok()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_clock_runs_ahead_by_the_intervals_that_did_not_pass() {
        let mut warm = Warm { precopies: vec![Precopy::default()], ..Warm::default() };
        let (now, cutover) = (at("2030-01-01T00:00:00Z"), Some(at("2030-01-01T00:05:00Z")));
        let mut order = Vec::new();
        for _ in 0..3 {
            warm.end_copy(now, 2 * MINUTE);
            order.push(warm.next(cutover, 2 * MINUTE));
        }
        assert_eq!(order, [Next::Precopy(2 * MINUTE), Next::Precopy(2 * MINUTE), Next::Cutover(MINUTE)]);
        assert_eq!(warm.next_precopy_at.as_deref(), Some("2030-01-01T00:06:00Z"));
        assert_eq!((warm.successes, warm.precopies[0].end.is_some()), (3, true));
    }

    #[test]
    fn a_past_cutover_fires_at_once_and_none_never() {
        let mut warm = Warm::default();
        warm.end_copy(at("2030-01-01T00:00:00Z"), MINUTE);
        assert_eq!(warm.next(Some(at("2029-01-01T00:00:00Z")), MINUTE), Next::Cutover(Duration::ZERO));
        assert_eq!(warm.next(None, MINUTE), Next::Precopy(MINUTE));
    }

    #[test]
    fn pauses_are_short_where_time_does_not_count() {
        let two = Warm { precopies: vec![Precopy::default(); 2], ..Warm::default() };
        let next = Next::Precopy(MINUTE);
        assert_eq!(two.real_pause(Pace::FULL, next, true), Duration::ZERO);
        assert_eq!(two.real_pause(Pace::FULL, next, false), IDLE * 2);
        assert_eq!(two.real_pause(Pace::divided_by(60.0), next, false), Duration::from_secs(1));
    }
}
