//! Checks: pure functions from evidence to a verdict, one file each.
//!
//! Evidence is gathered once by the engine, stored with the run, and judged here without any I/O, so that a stored run
//! can be judged again. A new check is a file with its rule, its source and its tests, and a line in `registry`.

mod cpu;
mod evidence;
mod guest_agent;
mod judge;
mod memory;
mod network;
mod power;
mod present;
mod provider_tls;
mod registry;
mod serial;
mod storage;

#[cfg(test)]
mod sample;

pub use evidence::{
    Asked, AskedClaimNames, AskedNode, Evidence, ExpectedObject, MappedNetwork, MappedStorage, VmEvidence,
};
pub use judge::{judge_all, reason_to_fail};
pub use registry::{CHECKS, Check, Rule};
