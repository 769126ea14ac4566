//! The oVirt engine of a source: its REST API over the world, in XML and in JSON from one model.
//!
//! Owns the API's shapes, statuses and words. It holds no state of its own but running jobs: VMs, events and tokens are
//! the world's.
//!
//! Source: source-providers.md section 3; element names as the engine's Python SDK reads and writes them.

mod actions;
mod body;
mod collections;
mod entities;
mod fault;
mod item;
mod jobs;
mod reply;
mod search;
mod server;
mod sso;

pub use server::OvirtServer;
