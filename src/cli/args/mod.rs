//! What was typed. Each file holds the options of one concern, with the help that is the manual's text.
//!
//! These types only parse; what the options mean together is settled by `options` and by the commands.

mod command;
mod environment;
mod lab;
mod lab_virtctl;
mod run;
mod selection;
mod tools;

pub use command::{Cli, ColourChoice, Command, GlobalArgs, LogLevel};
pub use environment::{EnvironmentArgs, KeyValue};
pub use lab::{FaultsArgs, LabArgs, LabCommand, NamedAddress, Speed};
pub use lab_virtctl::{
    ForwardPorts, ForwardTarget, LabVirtctlArgs, LabVirtctlCommand, LabVirtctlPortForward, LabVirtctlVersion,
};
pub use run::{CleanArgs, HarnessArgs, PlanArgs, RunArgs};
pub use selection::SelectionArgs;
pub use tools::{CompletionsArgs, ListArgs, ListFormat, ManArgs, ReportArgs, ReportFormat, SchemaArgs, SchemaKind};

#[cfg(test)]
mod tests;
