//! Scenario files: model, parsing, validation, expansion, selection.
//!
//! Owns what a scenario may say and every message about a scenario file. It knows no cluster, no provider and no
//! settings: what a scenario needs of them is answered from the [`SourceFacts`] it is given.
//!
//! The way of a file: text -> located tree (`tree`) -> one tree per matrix combination (`matrix`) -> typed model
//! (`decode`, `model`) -> rules (`validate`) -> [`Scenario`]. Every error keeps its place in the file.

mod catalogue;
mod decode;
mod error;
mod fault;
mod levels;
mod load;
mod matrix;
mod model;
mod needs;
mod schema;
mod select;
mod tree;
mod used;
mod validate;

#[cfg(test)]
mod tests;

pub use catalogue::{Catalogue, Scenario};
pub use error::{Position, ScenarioError, ScenarioErrors};
pub use model::{
    AddDisk, CheckSelection, Cutover, DatastoreRef, Destination, DiskMode, DiskType, ExpectedFailure, ExpectedResult,
    Hook, IntegrityRequest, KnownIssue, NamedPlan, PipelineStep, PlanSpec, PowerSetting, ProviderType, PvcNameTemplate,
    RdmType, Requires, RunMode, StopAfter, TimeoutOverrides, VmRequest, XfsCheck,
};
pub use needs::SourceFacts;
pub use schema::schema;
pub use select::{Selection, SelectionError, Shard, ShardError, Test, plan_scope, tests};
pub use used::UsedKey;
