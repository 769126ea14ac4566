//! The lab's pace: as fast as the machine goes, or minutes that look real.

use std::time::Duration;

/// How fast simulated work goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Simulated time is divided by this; `None` is full speed: simulated work takes no time at all.
    divisor: Option<f64>,
}

impl Pace {
    /// Full speed.
    pub const FULL: Self = Self { divisor: None };

    /// Simulated time divided by `divisor` (1 is real time, 60 makes a minute a second).
    pub fn divided_by(divisor: f64) -> Self {
        Self { divisor: Some(divisor.max(f64::MIN_POSITIVE)) }
    }

    /// How long simulated time takes at this pace; `None` at full speed, where it takes none.
    pub fn real(self, simulated: Duration) -> Option<Duration> {
        self.divisor.map(|divisor| simulated.div_f64(divisor))
    }

    /// Lets `simulated` time pass at this pace. At full speed it only gives other tasks a turn.
    #[expect(clippy::disallowed_methods, reason = "the lab's only sleep")]
    pub async fn pass(self, simulated: Duration) {
        match self.divisor {
            None => tokio::task::yield_now().await,
            Some(divisor) => tokio::time::sleep(simulated.div_f64(divisor)).await,
        }
    }
}
