//! Forklift: providers, maps, hooks, plans and migrations of every type of source.
//!
//! What a condition or a step is comes from pure functions over facts; reading the facts and writing the results is
//! kept apart from them. Source of all rules: forklift-api.md.

mod archive;
mod claim_names;
mod cluster_source;
mod conversion;
mod copy;
mod execute;
mod hook_runs;
pub(crate) mod hooks;
mod login;
pub(crate) mod maps;
pub(crate) mod migration;
mod objects;
mod offload;
mod phases;
mod pipeline;
mod places;
pub(crate) mod plan;
mod plan_facts;
pub(crate) mod populators;
mod prime;
pub(crate) mod provider;
mod steps;
mod target_vm;
mod validate;
mod validate_vms;
mod warm;
mod warm_steps;

pub(crate) use offload::{Slots, populator};
pub(crate) use plan_facts::PlanFacts;
pub(crate) use target_vm::ORIGIN;
