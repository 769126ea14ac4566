//! The simulated world: a Kubernetes API server, the product's controllers as its clients, and simulated sources.
//!
//! It replaces transports; no product code knows of it. Facts come from the reference sheets (`docs/architecture.md`).

pub mod clock;
pub mod controllers;
pub mod fault;
pub mod inventory;
pub mod kube;
mod network;
pub mod oauth;
pub mod vsphere;
pub mod world;

pub use network::LabNetwork;
