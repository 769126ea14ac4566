//! The product's rules: what a Provider, the maps, a Plan and a Migration look like, and what their states mean.
//!
//! Everything here is pure: bodies go in, judgements of objects come out. The engine makes the calls, so that each rule
//! is tested on literals. Source: forklift-api.md.

mod archive;
mod copyoffload;
mod execution;
mod maps;
mod naming;
mod plan;
mod progress;
mod provider;
mod readiness;

pub use archive::{archive_patch, archived, cancel_patch, is_running, owned_by_plan, stopped};
pub use copyoffload::{
    OFFLOAD_CLAIM_TEMPLATE, forced_claim_template, is_populator_secret, offload_storage_rows, storage_secret_body,
};
pub use execution::{Failure, Finished, finished, migration_body};
pub use maps::{
    NetworkRow, OffloadPlugin, StorageRow, nad_body, network_map_body, network_rows, storage_map_body, storage_rows,
};
pub use naming::Names;
pub use plan::{PlanRefs, PlanVm, plan_body};
pub use progress::{StepProgress, VmProgress, vm_progress};
pub use provider::{destination_provider_body, provider_ready, source_provider_body, source_secret_body};
pub use readiness::ready;
