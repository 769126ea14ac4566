//! Inside a guest: commands over SSH, and what they tell of it. An adapter; what is asked of a guest, and when, is decided
//! elsewhere.

mod shell;
pub mod ssh;
mod tunnel;

pub use shell::{GuestShell, ShellError, ShellOutput};
pub use tunnel::Tunnel;
