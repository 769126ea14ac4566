//! The one way to wait: a condition judged on what is seen, a deadline, an early end on hopeless states.
//!
//! A leaf. `until` follows a stream (a watch), `poll` asks again where nothing can be watched, `pause` is the only sleep
//! of the product. Waits carry what was last seen into their error.

mod deadline;
mod poll;
mod seen;
mod until;

pub use deadline::Deadline;
pub use poll::{pause, poll};
pub use seen::{Seen, WaitError};
pub use until::until;
