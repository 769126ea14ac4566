//! What was seen of a peer: the protocol's own errors say too little of it.

use super::{HostKey, HostKeyPolicy, SshError};
use russh::client::{DisconnectReason, Handler, Session};
use russh::keys::PublicKeyOrCertificate;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

/// Bytes of a peer's beginning that are kept.
const GREETING: usize = 255;

/// What servers say instead of a greeting when they have no room: OpenSSH's words, the second since 9.8.
const NO_ROOM: [&str; 2] = ["Exceeded MaxStartups", "Not allowed at this time"];

/// The end that says nothing.
pub(super) const CLOSED: &str = "closed by the other side";

/// How a connection ended.
#[derive(Debug, Clone)]
pub(super) enum Ended {
    /// The server took leave, with these words.
    Leave(String),
    /// The server left no method to try.
    NoMethod,
    /// Otherwise.
    Fault(String),
}

impl Ended {
    pub(super) fn why(self) -> String {
        match self {
            Self::Leave(words) => format!("the server ended it: {words:?}"),
            Self::NoMethod => "the server offers no method".to_owned(),
            Self::Fault(why) => why,
        }
    }
}

/// Notes on one connection, shared by all that take part in it.
#[derive(Debug, Default)]
pub(super) struct Witness(Mutex<Notes>);

#[derive(Debug, Default)]
struct Notes {
    dialled: bool,
    greeting: Vec<u8>,
    host_key: Option<HostKey>,
    authenticates: bool,
    banner: Option<String>,
    ended: Option<Ended>,
}

impl Witness {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn dialled(&self) {
        self.notes().dialled = true;
    }

    pub(super) fn authenticates(&self) {
        self.notes().authenticates = true;
    }

    pub(super) fn heard(&self, bytes: &[u8]) {
        let mut notes = self.notes();
        let room = GREETING - notes.greeting.len();
        notes.greeting.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// The key that the server has shown.
    pub(super) fn host_key(&self) -> Option<HostKey> {
        self.notes().host_key.clone()
    }

    pub(super) fn ended(&self) -> Option<Ended> {
        self.notes().ended.clone()
    }

    /// What is going on.
    pub(super) fn stage(&self) -> &'static str {
        let notes = self.notes();
        match (notes.dialled, greeted(&notes.greeting), notes.authenticates) {
            (false, ..) => "connecting",
            (true, false, _) => "waiting for the server's greeting",
            (true, true, false) => "the key exchange",
            (true, true, true) => "authentication",
        }
    }

    /// The error for a peer that did not come to an end within `limit`.
    pub(super) fn silent(&self, to: String, limit: Duration) -> SshError {
        let said = self.notes().greeting.clone();
        if !said.is_empty() && !greeted(&said) {
            return stranger(to, &said);
        }
        SshError::Silent { to, during: self.stage(), limit }
    }

    /// The error for a connection that ended while it was opened.
    pub(super) fn lost(&self, to: &str, why: &str) -> SshError {
        let during = self.stage();
        let notes = self.notes();
        let mut why = notes.ended.clone().map_or_else(|| why.to_owned(), Ended::why);
        if let Some(banner) = &notes.banner {
            why = format!("{why}; the server said {:?}", banner.trim());
        }
        SshError::Lost { to: to.to_owned(), during, why }
    }

    /// The error for a handshake that failed with `fault`.
    pub(super) fn handshake(&self, to: &str, expected: &HostKeyPolicy, fault: russh::Error) -> SshError {
        use russh::Error as Fault;
        let said = self.notes().greeting.clone();
        let to = to.to_owned();
        match (fault, self.host_key(), expected) {
            (Fault::UnknownKey, Some(offered), HostKeyPolicy::Pinned(expected)) => {
                SshError::HostKey { to, expected: Box::new(expected.clone()), offered: Box::new(offered) }
            }
            (Fault::Version, ..) => stranger(to, &said),
            _ if !said.is_empty() && !greeted(&said) => stranger(to, &said),
            (fault @ (Fault::IO(_) | Fault::Disconnect | Fault::HUP | Fault::SendError | Fault::RecvError), ..) => {
                self.lost(&to, &words(&fault))
            }
            (fault, ..) => SshError::Handshake { to, source: Box::new(fault) },
        }
    }
}

/// How a connection ended, in words that mean the same whatever noticed it first.
pub(super) fn words(fault: &russh::Error) -> String {
    use russh::Error as Fault;
    match fault {
        Fault::Disconnect | Fault::HUP | Fault::SendError | Fault::RecvError => CLOSED.to_owned(),
        Fault::IO(fault) if fault.kind() == io::ErrorKind::UnexpectedEof => CLOSED.to_owned(),
        Fault::KeepaliveTimeout => "the server does not answer any more".to_owned(),
        other => other.to_string(),
    }
}

/// Whether a server's beginning has its greeting; other lines may stand before it (RFC 4253, 4.2).
fn greeted(said: &[u8]) -> bool {
    said.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"SSH-"))
}

fn stranger(to: String, said: &[u8]) -> SshError {
    let said = String::from_utf8_lossy(said);
    let said = said.lines().next().unwrap_or_default().chars().take(80).collect::<String>();
    if NO_ROOM.iter().any(|words| said.starts_with(words)) {
        return SshError::Busy { to, said };
    }
    SshError::NotSsh { to, said }
}

/// Judges the host key and takes notes.
pub(super) struct Porter {
    witness: Arc<Witness>,
    policy: HostKeyPolicy,
    _gone: DropGuard,
}

impl Porter {
    /// `gone` is cancelled when the protocol's task has ended.
    pub(super) fn new(witness: Arc<Witness>, policy: HostKeyPolicy, gone: CancellationToken) -> Self {
        Self { witness, policy, _gone: gone.drop_guard() }
    }
}

impl Handler for Porter {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let offered = HostKey::of(&key.public_key());
        let before = self.witness.notes().host_key.replace(offered.clone());
        let accepted = match (&self.policy, before) {
            (HostKeyPolicy::Pinned(expected), _) => expected.is(&offered),
            (HostKeyPolicy::Record, before) => before.is_none_or(|before| before.is(&offered)),
        };
        Ok(accepted)
    }

    async fn auth_banner(&mut self, banner: &str, _session: &mut Session) -> Result<(), russh::Error> {
        self.witness.notes().banner = Some(banner.to_owned());
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<russh::Error>) -> Result<(), russh::Error> {
        let (ended, result) = match reason {
            DisconnectReason::ReceivedDisconnect(leave) => (Ended::Leave(leave.message), Ok(())),
            DisconnectReason::Error(fault) => {
                let no_method = matches!(fault, russh::Error::NoAuthMethod);
                let ended = if no_method { Ended::NoMethod } else { Ended::Fault(words(&fault)) };
                (ended, Err(fault))
            }
        };
        self.witness.notes().ended = Some(ended);
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_a_greeting_is_allowed() {
        assert!(greeted(b"Welcome\r\nSSH-2.0-x\r\n"));
        assert!(!greeted(b"HTTP/1.1 400 SSH-2.0\r\n"));
        assert!(!greeted(b""));
    }

    #[test]
    fn a_server_without_room_is_no_stranger() {
        let room = stranger("a@b".into(), b"Exceeded MaxStartups\r\n");
        assert!(matches!(&room, SshError::Busy { said, .. } if said == "Exceeded MaxStartups"), "{room}");
        let other = stranger("a@b".into(), b"220 mail ready\r\n\xff");
        assert_eq!(
            other.to_string(),
            "ssh to a@b: no SSH server; it said \"220 mail ready\"; check the guest's SSH port"
        );
    }

    #[test]
    fn only_the_beginning_is_kept() {
        let witness = Witness::default();
        for _ in 0..3 {
            witness.heard(&[b'x'; 200]);
        }
        assert_eq!(witness.notes().greeting.len(), GREETING);
    }
}
