//! The typed model of a scenario file: one struct per mapping, one field per key, in the original suite's words.
//!
//! Doc comments of fields are the descriptions of the JSON Schema, so they speak to scenario authors.

mod file;
mod plan;
mod values;
mod vm;
mod words;

pub(super) use file::ScenarioFile;
pub use file::{CheckSelection, KnownIssue, NamedPlan, Requires, TimeoutOverrides};
pub use plan::{Cutover, ExpectedFailure, Hook, IntegrityRequest, PlanSpec, XfsCheck};
pub use values::{DatastoreRef, PvcNameTemplate};
pub use vm::{AddDisk, VmRequest};
pub use words::{
    Destination, DiskMode, DiskType, ExpectedResult, PipelineStep, PowerSetting, ProviderType, RdmType, RunMode,
    StopAfter,
};
