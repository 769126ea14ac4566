//! What the product does wrong while it says Succeeded: the one place where faults of the table do their harm.
//!
//! The controllers make healthy objects and know nothing of this. The hub hands over what it is about to write
//! (`written`), and a migration that succeeded its source and its Secret (`succeeded`); whatever faults are on change it
//! then. A harm that does not fit an object, as the loss of a second NIC of a VM with one, leaves it as it is.

mod agent;
mod claims;
mod copying;
mod disks;
mod guest;
mod machine;
mod nics;
mod placement;
mod source;
mod succeeded;
#[cfg(test)]
mod tests;
mod written;

pub(crate) use guest::harm_guest;
pub(crate) use succeeded::{after_success, is_blind};
pub(crate) use written::{harm_created, harm_line, harm_patch, harm_status};
