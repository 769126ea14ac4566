//! The ESXi hosts of a vSphere source, as SSH shows them: a login, and the few commands that installing a key needs.
//!
//! Source: source-providers.md section 2.6. `server` speaks the protocol, `shell` understands the commands. What
//! is honest here: files have contents, missing ones are errors, and a command that the lab does not know ends with 127.

mod server;
mod shell;

pub(super) use server::EsxiServer;
