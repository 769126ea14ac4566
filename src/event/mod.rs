//! What happened: the closed set of typed events that the engine emits and every report reads.
//!
//! A leaf beside `facts`. Stored one JSON object a line (`events.jsonl`), so that a stored run renders like a live one.

mod bus;
mod outcome;
mod record;
mod verdict;

pub use bus::{EventSender, Reader, bus};
pub use outcome::{Outcome, StepName, Summary};
pub use record::{Event, Leftover, Stamped};
pub use verdict::{CheckReport, Verdict};
