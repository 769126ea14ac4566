//! Commands in a guest through VMware Tools: a folder in the guest, a program that writes its output there, the files
//! fetched, the folder removed.
//!
//! Names and shapes are those of vSphere's interface description (`GuestOperationsManager` and what it leads to).
//! Source: source-providers.md section 2.1 for the transport, section 2.3 for why the source is asked this way. It
//! knows no command: lines are its caller's.

mod fetch;
mod operations;
mod program;
mod refused;

#[cfg(test)]
mod tests;

pub(crate) use operations::{Command, GuestOps, run};
