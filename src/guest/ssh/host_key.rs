//! The key by which a guest is known.

use russh::keys::ssh_key::{Algorithm, Fingerprint, HashAlg, PublicKey};
use std::fmt;
use std::str::FromStr;

/// Which host key is accepted.
#[derive(Debug, Clone)]
pub enum HostKeyPolicy {
    /// Any at first, and for the connection's life that one; [`super::Connection::host_key`] tells it, for
    /// [`Self::Pinned`] later on. Addresses of forwarded guests are reused, so nothing is remembered by address.
    Record,
    /// This key and no other.
    Pinned(HostKey),
}

/// A host key: its SHA256 fingerprint, and its algorithm where that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKey {
    fingerprint: Fingerprint,
    algorithm: Option<Algorithm>,
}

impl HostKey {
    pub(super) fn of(key: &PublicKey) -> Self {
        Self { fingerprint: key.fingerprint(HashAlg::Sha256), algorithm: Some(key.algorithm()) }
    }

    /// Whether both are the same key: a fingerprint alone says so.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
    }

    /// The algorithms to agree on, this key's first: a server with several keys shows the one that the client likes
    /// best, which need not be the pinned one.
    pub(super) fn first(&self, algorithms: &[Algorithm]) -> Vec<Algorithm> {
        let Some(mine) = &self.algorithm else { return algorithms.to_vec() };
        let same = |other: &Algorithm| other == mine || (is_rsa(other) && is_rsa(mine));
        let (mut first, rest): (Vec<_>, Vec<_>) = algorithms.iter().cloned().partition(same);
        first.extend(rest);
        first
    }
}

/// An RSA key has one name for each hash that it signs with.
fn is_rsa(algorithm: &Algorithm) -> bool {
    matches!(algorithm, Algorithm::Rsa { .. })
}

impl fmt::Display for HostKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fingerprint.fmt(out)?;
        self.algorithm.as_ref().map_or(Ok(()), |algorithm| write!(out, " ({algorithm})"))
    }
}

/// A text that names no host key.
#[derive(Debug, thiserror::Error)]
#[error("{text:?} is no host key: give SHA256:... as `ssh-keygen -lf` prints it, or the line of the .pub file")]
pub struct HostKeyError {
    text: String,
}

impl FromStr for HostKey {
    type Err = HostKeyError;

    /// Reads `SHA256:...`, with anything after it, or a public key's line.
    fn from_str(text: &str) -> Result<Self, HostKeyError> {
        let text = text.trim();
        let fault = || HostKeyError { text: text.to_owned() };
        if text.starts_with("SHA256:") {
            let fingerprint = text.split_whitespace().next().unwrap_or_default();
            let fingerprint = fingerprint.parse().map_err(|_| fault())?;
            return Ok(Self { fingerprint, algorithm: None });
        }
        PublicKey::from_openssh(text).map(|key| Self::of(&key)).map_err(|_| fault())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti guest";

    #[test]
    fn a_line_and_its_fingerprint_are_the_same_key() {
        let line: HostKey = LINE.parse().unwrap();
        let text = line.to_string();
        assert_eq!(text, "SHA256:UCUiLr7Pjs9wFFJMDByLgc3NrtdU344OgUM45wZPcIQ (ssh-ed25519)");
        let pinned: HostKey = text.parse().unwrap();
        assert!(pinned.is(&line));
        assert_ne!(pinned, line, "a fingerprint alone knows no algorithm");
    }

    #[test]
    fn nonsense_is_told_from_a_key() {
        for text in ["", "SHA256:", "SHA256:abc", "MD5:00:11", "ssh-ed25519", "ssh-ed25519 AAAA"] {
            assert!(text.parse::<HostKey>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_pinned_algorithm_comes_first() {
        let rsa = |hash| Algorithm::Rsa { hash };
        let line: HostKey = LINE.parse().unwrap();
        let all = [rsa(Some(HashAlg::Sha512)), Algorithm::Ed25519, rsa(None)];
        assert_eq!(line.first(&all)[0], Algorithm::Ed25519);
        let pinned = HostKey { algorithm: Some(rsa(None)), ..line };
        assert_eq!(pinned.first(&all), [rsa(Some(HashAlg::Sha512)), rsa(None), Algorithm::Ed25519]);
    }
}
