//! SSH: one connection to a guest, its authentication, its commands.
//!
//! Works over any byte stream: what carries it (a port-forward, a tunnel, TCP) is the caller's. It never tries anything
//! again by itself: [`SshError::transient`] says whether a later try may end otherwise, so that a guest that boots is
//! waited for and a refused password is not offered twice.

mod authenticate;
mod command;
mod connection;
mod error;
mod host_key;
mod login;
mod stream;
mod witness;

pub use command::{Captured, CommandOutput, Exit, Limits};
pub use connection::Connection;
pub use error::SshError;
pub use host_key::{HostKey, HostKeyError, HostKeyPolicy};
pub use login::{Login, Method, SSH_PORT, Target};
