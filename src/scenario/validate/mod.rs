//! Rules of a scenario that its types cannot hold, each told at the key that breaks it.
//!
//! Source: original-suite.md sections 1.6, 2 and 4.

mod file;
mod hooks;
mod inside;
mod names;
mod plan;
mod run;
mod template;
mod vm;

#[cfg(test)]
pub(super) use file::SETTING_KEYS;
pub(super) use run::{Checked, validate};
