//! The client of the Forklift inventory service.
//!
//! An adapter: it reads what Forklift knows of a source and derives the sources of its maps. It must not talk to the
//! source or to the cluster. One file per type of provider holds that type's rules; `adapter` chooses.
//!
//! Source: inventory-api.md.

mod adapter;
mod client;
mod error;
mod map_source;
mod openshift;
mod openstack;
mod ova;
mod ovirt;
mod rest;
#[cfg(test)]
mod tests;
mod vm;
mod vsphere;
mod wait;
pub mod wire;

pub use client::Inventory;
pub use error::InventoryError;
pub use map_source::MapSource;
pub use vm::{InventoryVm, VmDetail, VmKey};
