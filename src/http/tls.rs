//! Whom to trust.

/// Which server certificates are accepted. Verification is the default everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TlsPolicy {
    /// Those that the operating system's roots vouch for.
    #[default]
    SystemRoots,
    /// Those that these PEM certificates vouch for, and no others.
    Pinned(String),
    /// Any. Only where the user asked for it by name.
    AcceptAny,
}

/// Chooses ring for all TLS of the process; without a choice rustls panics when two providers are compiled in.
/// May be called any number of times.
pub fn install_crypto() {
    rustls::crypto::ring::default_provider().install_default().ok();
}
