//! Checks: pure functions from evidence to a verdict, one file each.
//!
//! Evidence is gathered once by the engine, stored with the run, and judged here without any I/O, so that a stored run
//! can be judged again. A new check is a file with its rule, its source and its tests, and a line in `registry`.

mod affinity;
mod cpu;
mod disk_order;
mod encryption;
mod ending;
mod evidence;
mod expect;
mod firmware;
mod guest_agent;
mod guest_command;
mod integrity;
mod judge;
mod labels;
mod memory;
mod name;
mod network;
mod nics;
mod node;
mod pairing;
mod partial;
mod power;
mod present;
mod provider_tls;
mod pvc_names;
mod registry;
mod serial;
mod shutdown;
mod snapshots;
mod source;
mod ssh;
mod static_ip;
mod storage;
mod versions;
mod warm;
mod xcopy;

#[cfg(test)]
mod guest_harms;
#[cfg(test)]
mod guest_sample;
#[cfg(test)]
mod harms;
#[cfg(test)]
mod sample;

pub use ending::{AskedFailure, VmEnding, judge_ending};
pub use evidence::{
    Asked, AskedClaimNames, AskedNode, Evidence, ExpectedObject, MappedNetwork, MappedStorage, VmEvidence,
};
pub use judge::{judge_all, reason_to_fail};
pub use registry::{CHECKS, Check, Rule};
pub use static_ip::{keeps_addresses, missing_addresses};
