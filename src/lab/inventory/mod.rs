//! Forklift's inventory service, for providers of every type; OpenShift ones are read live from the cluster.
//!
//! Providers are custom resources that it reads with an ordinary kube client; what they contain comes from the world,
//! with the lag of a real inventory. It changes nothing.
//!
//! Transport faults meet requests by the verb `INVENTORY:GET` and the request's path.
//!
//! Source: inventory-api.md.

mod gate;
mod item;
mod mirror;
mod openshift;
mod openstack;
mod ova;
mod ovirt;
mod query;
mod server;
mod vm;
mod vsphere;

#[cfg(test)]
mod tests;

pub use server::{InventoryServer, router};
