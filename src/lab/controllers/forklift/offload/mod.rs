//! Storage copy-offload: the array copies the disks of a VM, asked by a populator per disk.
//!
//! Which plans use it and what is wrong with them is in `rules`; what a plan makes is in `objects`, under the names of
//! `names`; `populator` is the controller that copies, by the verdict of `verdict`; `progress` is what the plan sees of
//! it. `keys` are the SSH keys that each provider gets. Source: forklift-api.md sections 2, 3, 6, 7, 8, 10, 11.

mod keys;
mod log;
mod names;
mod objects;
pub(crate) mod populator;
mod progress;
mod rules;
mod slots;
#[cfg(test)]
mod tests;
mod verdict;

pub(super) use keys::{ensure_keys, ssh_conditions};
pub(super) use objects::{clean_up, create};
pub(super) use progress::transfer;
pub(super) use rules::{applies, check_map, check_plan};
pub(crate) use slots::Slots;
