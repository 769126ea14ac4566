//! The cluster's controllers, as ordinary kube clients: Forklift, its operator, CDI and KubeVirt.
//!
//! They know the cluster only through a client, and run on the lab's API server as on a real one. The `World` gives them
//! the sources (definitions and power of VMs) and the faults. Everything is driven by watches; simulated work takes as
//! long as the world's pace says. They never touch the API server's insides.

#[cfg(test)]
mod bench;
mod cache;
mod cdi;
mod conditions;
#[cfg(test)]
mod fault_tests;
mod forklift;
mod golden;
mod harm;
mod hub;
mod instance;
mod kinds;
mod kubelet;
mod object;
mod operator;
#[cfg(test)]
mod placement_tests;
mod port_forward;
mod power;
mod queue;
mod routes;
mod runner;
mod seed;
#[cfg(test)]
mod sources_tests;
mod subresource;
mod virtual_machine;
#[cfg(test)]
mod warm_tests;
#[cfg(test)]
mod whole_tests;

pub use runner::run;
pub(crate) use seed::INVENTORY_HOST;
pub use seed::{PlantError, plant, seed};
pub use subresource::kubevirt_subresources;
