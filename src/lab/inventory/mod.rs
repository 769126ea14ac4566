//! Forklift's inventory service, for vSphere providers and, live from the cluster, for OpenShift ones.
//!
//! Providers are custom resources that it reads with an ordinary kube client; what they contain comes from the world,
//! with the lag of a real inventory. It changes nothing.
//!
//! Transport faults meet requests by the verb `INVENTORY:GET` and the request's path.
//!
//! Source: inventory-api.md.

mod gate;
mod mirror;
mod openshift;
mod query;
mod server;
mod vm;
mod vsphere;

#[cfg(test)]
mod tests;

pub use server::{InventoryServer, router};
