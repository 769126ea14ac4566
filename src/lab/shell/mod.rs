//! What the simulated shells have in common: how a command ends, how a line is read, and the SSH server before them.

mod cut;
mod line;
mod output;
mod server;

pub(super) use line::{Command, Join, parse};
pub use output::Output;
pub(super) use server::{Broken, Manner, Seat, SshServer};

/// The port that SSH servers listen on.
pub(super) const SSH_PORT: u16 = 22;
