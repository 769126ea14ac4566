//! Guests: what runs inside the VMs of the simulated sources and of the cluster, as SSH and the tools of a hypervisor show
//! it.
//!
//! A guest is no machine but a state (`world::Inside`, and the NICs and disks of its VM) that a few commands read and
//! write. They answer as the real ones do, also when they fail; what the lab does not know fails as an unknown command.
//! `host` is a guest as both shells see it, `linux` and `windows` are the shells, `guests` the doors.

mod guests;
mod host;
mod linux;
mod system;
mod windows;

#[cfg(test)]
mod tests;

pub use crate::lab::shell::Output;
pub use guests::{Guests, LoginRefused};
pub(in crate::lab) use host::nic_inside;
pub(in crate::lab) use system::system_name;
