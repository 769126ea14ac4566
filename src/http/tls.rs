//! Whom to trust.

/// Which server certificates are accepted. Verification is the default everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TlsPolicy {
    /// Those that the operating system's roots vouch for.
    #[default]
    SystemRoots,
    /// These PEM certificates themselves, whatever they say of names and dates, and those that they vouch for; no others.
    /// What was pinned is what the same host and port showed, or a CA that the user gave.
    Pinned(String),
    /// Any. Only where the user asked for it by name.
    AcceptAny,
}

/// Chooses ring for all TLS of the process; without a choice rustls panics when two providers are compiled in.
/// May be called any number of times.
pub fn install_crypto() {
    rustls::crypto::ring::default_provider().install_default().ok();
}
