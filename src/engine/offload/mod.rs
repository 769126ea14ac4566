//! Copy-offload around a plan: the array's Secret before it, and while it migrates the proof of how each disk was
//! copied.
//!
//! The proof must be taken while it lives: populators, their claims' marks and their pods are removed with the
//! migration. What was seen is told disk by disk; judging it is a check's business. Source: original-suite.md section 3
//! ("xcopy used"), forklift-api.md sections 6 and 7.

mod capture;
mod logs;
mod set_up;
mod sightings;

pub use capture::{Capture, CaptureScope};
pub(in crate::engine) use set_up::STORAGE_SECRET;
pub use set_up::{OffloadSetup, offload_section, set_up_offload};
pub use sightings::OffloadVm;
