//! The simulated world: a Kubernetes API server, the product's controllers as its clients, and simulated sources.
//!
//! It replaces transports; no product code knows of it. Facts come from the reference sheets (`docs/architecture.md`).

mod aggregated;
mod authority;
mod beside;
pub mod clock;
pub mod controllers;
mod downloads;
mod esxi;
pub mod fault;
pub mod guest;
pub mod inventory;
pub mod kube;
#[expect(clippy::module_inception, reason = "a lab is what this module is called after")]
mod lab;
mod network;
pub mod oauth;
pub mod openstack;
mod oracle;
pub mod ovirt;
mod providers_file;
mod releases;
mod serve;
mod shell;
mod source_api;
pub mod vsphere;
pub mod world;

pub use aggregated::Aggregated;
pub use authority::CertificateError;
pub use beside::{Beside, BesideError};
pub use downloads::KUBEVIRT_VERSION;
pub use lab::{Lab, LabError};
pub use network::LabNetwork;
pub use oracle::{Baseline, Oracle};
pub use releases::mtv_release;
pub use serve::{ServeError, ServeOptions, Served, serve};
