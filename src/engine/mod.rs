//! The only orchestrator: it looks at the environment, sets up what a session shares, runs scenarios step by step,
//! gathers evidence, and unwinds the ledger.
//!
//! Adapters do the calls, `migration` knows the product's rules, `check` judges. The engine emits events and knows no
//! report.

mod clean_up;
mod clone_request;
mod collect;
mod controller_share;
mod esxi_key;
mod evidence;
mod expected;
mod fixtures;
mod inside;
mod leftovers;
mod listed;
mod luks;
mod migrate;
mod migrated;
mod node_label;
mod offload;
mod outline;
mod overlap;
mod preflight;
mod prepare;
mod rights;
mod run;
mod scenario;
mod session;
mod skips;
mod source;
mod steps;
mod support;
mod undo_source;
mod unwind;
mod walk;

pub use controller_share::{ControllerShares, Share, Values, precopy_interval};
pub use fixtures::SourceFixture;
pub use inside::{LooksInside, TunnelParts, native_tunnel};
pub use leftovers::{find_leftovers, record_found};
pub use node_label::{LabelUse, NodeLabels};
pub use offload::{Capture, CaptureScope, OffloadSetup, OffloadVm, offload_section, set_up_offload};
pub use outline::{Outline, OutlineStep};
pub use preflight::{Environment, NeededSource, Problem, disconnect, examine_cluster, examine_sources};
pub use rights::{common_rights, openshift_source_rights, role_yaml, wanted_rights};
pub use run::{RunDirectory, RunDirectoryError};
pub use scenario::run_test;
pub use session::{Session, SessionParts};
pub use skips::skip_reason;
pub use source::{ConnectedSource, Reach};
pub use steps::StepError;
pub use support::{Unsupported, unsupported_keys};
pub use unwind::{Connections, Unwinder};
