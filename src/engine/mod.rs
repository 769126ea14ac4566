//! The only orchestrator: it looks at the environment, sets up what a session shares, runs scenarios step by step,
//! gathers evidence, and unwinds the ledger.
//!
//! Adapters do the calls, `migration` knows the product's rules, `check` judges. The engine emits events and knows no
//! report.

mod clean_up;
mod clone_request;
mod collect;
mod esxi_key;
mod evidence;
mod fixtures;
mod leftovers;
mod outline;
mod preflight;
mod prepare;
mod rights;
mod run;
mod scenario;
mod session;
mod source;
mod steps;
mod support;
mod undo_source;
mod unwind;

pub use fixtures::SourceFixture;
pub use leftovers::{find_leftovers, record_found};
pub use outline::{Outline, OutlineStep};
pub use preflight::{Environment, NeededSource, Problem, disconnect, examine_cluster, examine_sources};
pub use rights::{role_yaml, wanted_rights};
pub use run::{RunDirectory, RunDirectoryError};
pub use scenario::run_test;
pub use session::{Session, SessionParts};
pub use source::{ConnectedSource, Reach};
pub use steps::StepError;
pub use support::{Unsupported, unsupported_keys};
pub use unwind::{Connections, Unwinder};
