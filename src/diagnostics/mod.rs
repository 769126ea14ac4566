//! Evidence of a failure, gathered before anything is removed: the objects involved, their events, the logs of their
//! pods.
//!
//! It reads the cluster and writes files below one directory; it judges nothing, changes nothing, and a part that
//! cannot be had is noted and skipped. Secrets are never read, and known secret values are masked in whatever is
//! written.

mod redact;
mod snapshot;

pub use redact::Redactor;
pub use snapshot::{Snapshot, Wanted};
