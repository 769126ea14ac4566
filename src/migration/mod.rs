//! The product's rules: what a Provider, the maps, a Plan and a Migration look like, and what their states mean.
//!
//! Everything here is pure: bodies go in, judgements of objects come out. The engine makes the calls, so that each rule
//! is tested on literals. Source: forklift-api.md.

mod archive;
mod copyoffload;
mod destination;
mod execution;
mod hooks;
mod luks;
mod maps;
mod naming;
mod plan;
mod progress;
mod provider;
mod readiness;

pub use archive::{archive_patch, archived, cancel_patch, is_running, owned_by_plan, stopped};
pub use copyoffload::{forced_claim_template, is_populator_secret, offload_storage_rows, storage_secret_body};
pub use destination::{destination_provider_body, remote_provider_body, remote_secret_body};
pub use execution::{Failure, Finished, cutover_patch, finished, migration_body};
pub use hooks::{HookStep, failing_hook, hook_body, hooks_of};
pub use luks::{luks_secret_body, luks_secret_name};
pub use maps::{
    NetworkRow, OffloadPlugin, StorageRow, nad_body, network_map_body, network_rows, storage_map_body, storage_rows,
};
pub use naming::Names;
pub use plan::{PlanChoices, PlanRefs, PlanVm, plan_body};
pub use progress::{StepProgress, VmProgress, vm_progress};
pub use provider::{SourceAccess, provider_ready, source_provider_body, source_secret_body};
pub use readiness::ready;
