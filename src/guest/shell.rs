//! Running commands in a guest, whatever carries them: SSH, or the tools of its hypervisor.

use crate::facts::GuestFamily;
use async_trait::async_trait;
use std::time::Duration;

/// What a command answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShellOutput {
    /// Exit status; `None` when a signal ended it.
    pub status: Option<i64>,
    /// Standard output, as text; what is not UTF-8 is replaced.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
    /// Whether some of the output was dropped, since there was more than the limit.
    pub truncated: bool,
}

/// A command that was not answered; what is known of the reason is in the text, and no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ShellError(pub String);

/// The way into one guest. A command line is read by `/bin/sh` on Linux and by `cmd.exe` or PowerShell on Windows, so
/// what is built for Windows must mean the same to both.
#[async_trait]
pub trait GuestShell: Send + Sync {
    /// Which commands the guest understands.
    fn family(&self) -> GuestFamily;

    /// Runs a command line for at most `limit`. At most 1 MiB of each stream is kept.
    ///
    /// # Errors
    /// It was not started, not done in time, or the way to the guest broke; a status other than 0 is none.
    async fn run(&self, line: &str, limit: Duration) -> Result<ShellOutput, ShellError>;
}
