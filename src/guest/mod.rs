//! Inside a guest: commands over SSH, and what they tell of it. An adapter; what is asked of a guest, and when, is decided
//! elsewhere.

pub mod integrity;
mod look;
mod manager;
mod powershell;
#[cfg(test)]
mod scripted;
mod shell;
pub mod ssh;
mod tunnel;
pub mod virtctl;

pub use look::look;
pub use manager::{Guest, Guests, SAY_THE_WORD, SshShell, Unreached};
pub use shell::{GuestShell, ShellError, ShellOutput};
pub use tunnel::Tunnel;
