//! How a login or a command fails.

use super::HostKey;
use std::error::Error;
use std::io;
use std::time::Duration;

/// Why a guest was not reached, or what became of a command. Carries no secret; it does carry the command's first line,
/// so a secret must never be part of a command.
#[derive(Debug, thiserror::Error)]
pub enum SshError {
    /// Nothing to speak through: what carries the connection failed.
    #[error("ssh to {to}: not connected; is the guest up, and does its SSH server run?")]
    Unreachable {
        /// `USER@NAME`.
        to: String,
        /// What the dialling said.
        #[source]
        source: io::Error,
    },
    /// The peer said nothing for too long.
    #[error("ssh to {to}: no answer within {limit:?}, in {during}; is the guest up, and does its SSH server run?")]
    Silent {
        /// `USER@NAME`.
        to: String,
        /// What was going on.
        during: &'static str,
        /// The limit of the whole opening.
        limit: Duration,
    },
    /// The connection ended before it was of use.
    #[error("ssh to {to}: connection lost in {during}: {why}")]
    Lost {
        /// `USER@NAME`.
        to: String,
        /// What was going on.
        during: &'static str,
        /// What is known of the reason, and what the server said before (such as that it still boots).
        why: String,
    },
    /// The server has no room for another connection.
    #[error("ssh to {to}: the server takes no connection now: {said:?}")]
    Busy {
        /// `USER@NAME`.
        to: String,
        /// What it said.
        said: String,
    },
    /// The peer speaks something else.
    #[error("ssh to {to}: no SSH server; it said {said:?}; check the guest's SSH port")]
    NotSsh {
        /// `USER@NAME`.
        to: String,
        /// How it began.
        said: String,
    },
    /// Both sides speak SSH and do not understand each other.
    #[error("ssh to {to}: the handshake failed; compare the algorithms that the guest's server allows")]
    Handshake {
        /// `USER@NAME`.
        to: String,
        /// The fault.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Another host key than the pinned one.
    #[error(
        "ssh to {to}: the host key is {offered}, expected {expected}; if the guest was really made anew, drop the old \
         key, else something else answers in its place"
    )]
    HostKey {
        /// `USER@NAME`.
        to: String,
        /// The pinned key.
        expected: Box<HostKey>,
        /// The server's.
        offered: Box<HostKey>,
    },
    /// The private key is of no use.
    #[error("ssh to {to}: the private key cannot be used: {why}")]
    PrivateKey {
        /// `USER@NAME`.
        to: String,
        /// What is wrong and what helps; nothing of the key.
        why: String,
    },
    /// The server does not let this login in. The attempt was the only one.
    #[error("ssh to {to}: login refused: {why}; check the guest's user name and credentials")]
    Refused {
        /// `USER@NAME`.
        to: String,
        /// What was refused, and what the server would take instead.
        why: String,
    },
    /// The command was not begun.
    #[error("ssh to {to}: `{command}` was not started: {why}")]
    NotStarted {
        /// `USER@NAME`.
        to: String,
        /// The command's beginning.
        command: String,
        /// Why.
        why: String,
    },
    /// The command did not end in time.
    #[error(
        "ssh to {to}: `{command}` did not end within {limit:?} ({read} bytes of output){}",
        if *.stopped { "; it was killed" } else { "; it may still run in the guest" }
    )]
    TimedOut {
        /// `USER@NAME`.
        to: String,
        /// The command's beginning.
        command: String,
        /// Its limit.
        limit: Duration,
        /// Bytes of output until then.
        read: u64,
        /// Whether the server said that the command ended when it was told to.
        stopped: bool,
    },
    /// The command's end was not seen, so nothing is known of its outcome.
    #[error("ssh to {to}: `{command}` was cut off after {read} bytes of output, its outcome is unknown: {why}")]
    CutOff {
        /// `USER@NAME`.
        to: String,
        /// The command's beginning.
        command: String,
        /// Bytes of output until then.
        read: u64,
        /// Why.
        why: String,
    },
}

impl SshError {
    /// Whether another try to connect may end otherwise by itself, as with a guest that still boots. False where it
    /// would only repeat (a refused login, which may lock the account; another host key) and for all that became of
    /// commands, which may have had effects.
    pub fn transient(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => {
                !matches!(source.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported)
            }
            Self::Silent { .. } | Self::Lost { .. } | Self::Busy { .. } => true,
            Self::NotSsh { .. }
            | Self::Handshake { .. }
            | Self::HostKey { .. }
            | Self::PrivateKey { .. }
            | Self::Refused { .. }
            | Self::NotStarted { .. }
            | Self::TimedOut { .. }
            | Self::CutOff { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forbidden_dial_is_not_tried_again() {
        let unreachable = |kind: io::ErrorKind| SshError::Unreachable { to: "a@b".into(), source: kind.into() };
        assert!(unreachable(io::ErrorKind::ConnectionRefused).transient());
        assert!(!unreachable(io::ErrorKind::PermissionDenied).transient());
        assert!(!unreachable(io::ErrorKind::Unsupported).transient());
    }
}
