//! The look itself.

use super::ask::Ask;
use super::{linux, windows};
use crate::facts::{GuestFacts, GuestFamily};
use crate::guest::GuestShell;
use std::time::Duration;

/// Looks into a guest, giving each command `limit`. Never fails: what could not be read stands in `unread`, with the
/// reason.
pub async fn look(shell: &dyn GuestShell, limit: Duration) -> GuestFacts {
    let ask = Ask { shell, limit };
    match shell.family() {
        GuestFamily::Linux => Box::pin(linux::look(&ask)).await,
        GuestFamily::Windows => Box::pin(windows::look(&ask)).await,
    }
}
