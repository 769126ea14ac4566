//! mtvtest: declarative VM-migration scenarios against MTV / Forklift on OpenShift Virtualization.
//!
//! The parts and the direction of their dependencies stand in `docs/architecture.md`; `tests/tidy.rs` enforces them.

pub mod check;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod diagnostics;
pub mod engine;
pub mod event;
pub mod facts;
pub mod guest;
pub mod http;
pub mod inventory;
pub mod lab;
pub mod migration;
pub mod provider;
pub mod report;
pub mod scenario;
pub mod template;
pub mod undo;
pub mod wait;
