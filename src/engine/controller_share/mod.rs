//! Settings of the product that hold for a whole cluster, shared between tests and between sessions.
//!
//! Warm migrations want a short precopy interval and some scenarios other parameters of the ForkliftController, of which
//! a cluster has one. Sessions meet under a Lease in the product's namespace: those that want the same values share
//! them, others wait; who comes first writes down what was there before, and who leaves last restores it. Each holder
//! renews its line in the Lease; the line of one that died is taken over.
//!
//! Owns the Lease and the patches. It must not judge scenarios, and never removes what others still hold. Source:
//! forklift-api.md section 10, original-suite.md section 1.9 (`precopy_interval_forkliftcontroller`).

mod admission;
mod book;
mod leave;
mod operator;
mod renewal;
mod shares;
mod values;

pub(super) use leave::{Departure, found_shares};
pub use shares::{ControllerShares, Share};
pub use values::{Values, precopy_interval};
