//! OpenStack: Keystone, Nova, Cinder, Neutron and Glance, by plain JSON.
//!
//! Compute speaks the one pinned microversion 2.47. A clone is a snapshot image, snapshots of the volumes, volumes of
//! those and a server; what belongs to it beside the server is known by its names alone, so that `delete_vm` finds all
//! of it after a crash, too.
//!
//! Source: source-providers.md section 4.

mod clone;
mod cloud;
mod facts;
mod keystone;
mod parts;
mod power;
mod remove;
mod servers;
mod snapshots;
mod source;
mod wire;

pub use source::Openstack;
