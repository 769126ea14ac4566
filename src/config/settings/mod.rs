//! The settings: defaults, below a file, below the environment, below `--set` and flags.
//!
//! `declare` holds the one declaration of each key; layers, documentation and schema derive from it.
//!
//! Source: original-suite.md section 5.

mod declare;
mod error;
mod file;
mod format;
mod layer;
mod reference;
mod resolve;
mod retired;
mod schema;
mod table;
#[cfg(test)]
mod tests;

pub use declare::{Settings, Ssh, Timeouts};
pub use error::{SettingsError, SettingsProblem};
pub use format::SshTunnel;
pub use layer::SettingsLayer;
pub use reference::settings_reference;
pub use schema::settings_schema;
