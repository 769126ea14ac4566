//! Guest operations: what VMware Tools do in a guest for a client of the vCenter.
//!
//! Names, shapes and faults are those of vSphere's interface description. Command lines are the guest's affair; here are
//! programs, processes, temporary files and the tickets by which files are fetched. It never changes the inventory.

mod calls;
mod program;
mod tools;

#[cfg(test)]
mod tests;

pub(super) use calls::{GuestOps, is_guest_call};
