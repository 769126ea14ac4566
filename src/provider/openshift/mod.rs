//! The cluster that the run is logged in to, as a source: VMs are made from the cluster's own golden image, started,
//! stopped and deleted through the Kubernetes API.
//!
//! It owns what a source VM is made of and how one is recognised. It must not make what VMs need around them: the
//! namespace and the network attachment are the engine's.
//!
//! Source: source-providers.md section 1; original-suite.md sections 1.2 and 1.10; cluster-api.md sections 1 and 2.

mod cloud_init;
mod facts;
mod golden;
mod machine;
mod power;
mod source;

pub use golden::{DATA_SOURCE, DISK_SIZE, INSTANCE_TYPE, OS_IMAGES, PREFERENCE};
pub use machine::machine;
pub use source::Openshift;
