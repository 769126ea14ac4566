//! Scenarios on the lab, in-process: an unharmed migration, product faults that must be caught, failures at each step
//! after which the world must be empty, undo and crashes, clones that end early, environments that are not ready, what
//! sessions share, the whole catalogue.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on must end here")]

mod catalogue;
mod clones;
#[path = "../support/course.rs"]
mod course;
mod crash;
mod environment;
mod failures;
mod guest_ops;
mod guests;
mod inside;
mod looks;
mod luks;
mod many;
mod migration;
mod mutations;
mod offload;
mod offload_proof;
mod openshift;
mod openstack;
mod options;
mod ova;
mod ovirt;
mod plans;
mod rig;
mod sharing;
mod sources;
mod trust;
mod undo;
mod warm;
