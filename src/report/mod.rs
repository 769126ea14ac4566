//! Readers of events: terminal, JUnit, JSON lines.
//!
//! Every reader sees only [`Stamped`](crate::event::Stamped) events, so a stored run (`events.jsonl`) renders exactly as
//! it did live. This part owns how a run looks to people and to CI; it decides no outcome and imports nothing but
//! `facts` and `event`.

mod closing;
mod console;
mod failure;
mod json;
mod jsonl;
mod junit;
mod paint;
mod record;
mod screen;
mod words;

pub use closing::{Place, closing_text};
pub use console::Console;
pub use failure::failure_text;
pub use json::run_json;
pub use jsonl::{JsonLines, ReadError, read_events, replay};
pub use junit::{JUnit, junit_xml};
pub use paint::Paint;
pub use record::{Environment, RunRecord, StepRecord, TestRecord, VmProgress};
pub use screen::Screen;
pub use words::{count_text, duration_text, leftover_line};
