//! virtctl as the way to a guest (`ssh.tunnel: virtctl`): had from PATH, from an earlier download or from the cluster, and
//! run once for each connection.
//!
//! It owns the archives and their checks, the cache of downloads, the processes and the file with the token. What comes
//! from the cluster (versions, the download's address, the token) is handed in. It must not ask the cluster anything.
//! Source: cluster-api.md sections 1.4 and 3.3, original-suite.md section 1.7.

mod archive;
mod cache;
mod download;
mod error;
mod forward;
mod obtain;
mod output;
mod part_file;
mod process;
mod program;
#[cfg(test)]
mod testing;
mod version;

pub use error::VirtctlError;
pub use obtain::{Virtctl, VirtctlRequest};
