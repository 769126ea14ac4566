//! How long a wait may take, and what else ends it.

use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A point in time by which a wait must end, and the token that ends it earlier.
#[derive(Debug, Clone)]
pub struct Deadline {
    pub(super) at: Instant,
    pub(super) limit: Duration,
    pub(super) cancel: CancellationToken,
}

impl Deadline {
    /// `limit` from now; a cancelled token ends the wait at once.
    pub fn after(limit: Duration, cancel: &CancellationToken) -> Self {
        Self { at: Instant::now() + limit, limit, cancel: cancel.clone() }
    }

    /// The same point in time, but not beyond `limit` from now.
    #[must_use]
    pub fn at_most(&self, limit: Duration) -> Self {
        let other = Self::after(limit, &self.cancel);
        if other.at < self.at { other } else { self.clone() }
    }

    /// What is left of it.
    pub fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }
}
