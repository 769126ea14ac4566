//! The way to a port of a migrated guest.

use crate::http::ByteStream;
use async_trait::async_trait;
use std::io;

/// Carries connections to the guests of a cluster. Shared by everything that looks into guests.
#[async_trait]
pub trait Tunnel: Send + Sync {
    /// A connection to a TCP port of the guest of VM `vm`, alive until the stream is dropped. Bounded by the caller.
    ///
    /// # Errors
    /// `PermissionDenied` and `Unsupported` when the way is closed for good (a right is missing, the tunnel cannot be
    /// had); any other kind may be gone at the next try: the guest still boots, its server does not listen yet.
    async fn dial(&self, namespace: &str, vm: &str, port: u16) -> io::Result<Box<dyn ByteStream>>;

    /// Waits until whatever it started for connections has ended. All streams must be dropped before.
    async fn close(&self) {}
}
