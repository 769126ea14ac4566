//! What can go wrong before, beside and after a run, and the exit code of each.

use super::ExitCode;
use crate::cluster::ClusterError;
use crate::config::{ProvidersError, SettingsError};
use crate::engine::{Problem, RunDirectoryError, StepError};
use crate::lab::world::WorldError;
use crate::lab::{LabError, ServeError};
use crate::report::ReadError;
use crate::scenario::{ScenarioErrors, SelectionError};
use crate::undo::LedgerError;
use std::io;
use std::path::PathBuf;

/// An error of a command.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Scenario files are wrong.
    #[error("scenario files:\n{0}")]
    Scenarios(ScenarioErrors),
    /// Nothing is selected.
    #[error("{0}")]
    Selection(SelectionError),
    /// Settings are wrong.
    #[error("settings:\n{0}")]
    Settings(SettingsError),
    /// The providers file is wrong.
    #[error(transparent)]
    Providers(#[from] ProvidersError),
    /// The lab's world is wrong.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The lab cannot start.
    #[error(transparent)]
    Lab(#[from] LabError),
    /// The lab cannot be served.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// A stored run cannot be read.
    #[error(transparent)]
    Stored(#[from] ReadError),
    /// The ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// What was asked for cannot be, for a reason that the text tells with its remedy.
    #[error("{0}")]
    Usage(String),
    /// The environment is not ready: every problem, each with its remedy.
    #[error("the environment is not ready:\n{}", .0.iter().map(|problem| format!("  - {}", problem.0)).collect::<Vec<_>>().join("\n"))]
    NotReady(Vec<Problem>),
    /// The cluster cannot be logged in to, or fails between two steps of a command.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Finding what a session left failed.
    #[error("{0}")]
    Step(String),
    /// The run's directory cannot be used.
    #[error(transparent)]
    Directory(#[from] RunDirectoryError),
    /// Something cannot be written.
    #[error("write {}", path.display())]
    Write {
        /// The file, or `standard output`.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: io::Error,
    },
    /// The run's own files cannot be written.
    #[error("write the files of the run")]
    RunFiles(#[from] io::Error),
    /// A defect, or what comes close to one.
    #[error("{0}")]
    Internal(String),
    /// The machine refuses what the program needs (threads, signals).
    #[error("{what}")]
    System {
        /// What the program was about to do.
        what: &'static str,
        /// The cause.
        #[source]
        cause: io::Error,
    },
}

impl CliError {
    /// The code that the program ends with. Without a catch-all: a new error must choose.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Scenarios(_)
            | Self::Selection(_)
            | Self::Settings(_)
            | Self::World(_)
            | Self::Stored(_)
            | Self::Directory(_)
            | Self::Usage(_) => ExitCode::Usage,
            Self::Providers(error) => match error {
                ProvidersError::Missing(_)
                | ProvidersError::Unreadable { .. }
                | ProvidersError::Empty(_)
                | ProvidersError::NotJson { .. }
                | ProvidersError::NotObject { .. }
                | ProvidersError::NoProviders(_)
                | ProvidersError::Invalid(_)
                | ProvidersError::Unknown { .. } => ExitCode::Usage,
            },
            Self::Lab(error) => match error {
                LabError::NoAdmin | LabError::Seed { .. } => ExitCode::Usage,
                LabError::Certificates(_) => ExitCode::Internal,
            },
            Self::Serve(error) => match error {
                ServeError::Bind { .. } | ServeError::Write { .. } => ExitCode::Usage,
                ServeError::Certificates(_) | ServeError::Named { .. } => ExitCode::Internal,
            },
            Self::Ledger(error) => match error {
                LedgerError::Io { operation: "read", .. } | LedgerError::Malformed { .. } | LedgerError::Empty(_) => {
                    ExitCode::Usage
                }
                LedgerError::Io { .. } => ExitCode::Internal,
            },
            Self::NotReady(_) | Self::Cluster(_) | Self::Step(_) => ExitCode::NotReady,
            Self::Write { .. } | Self::RunFiles(_) | Self::Internal(_) | Self::System { .. } => ExitCode::Internal,
        }
    }

    /// What was asked for cannot be; `text` tells the remedy.
    pub fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    /// A defect, or what comes close to one.
    pub fn internal(text: impl Into<String>) -> Self {
        Self::Internal(text.into())
    }

    /// Standard output cannot be written.
    pub fn stdout(cause: io::Error) -> Self {
        Self::Write { path: PathBuf::from("standard output"), cause }
    }
}

impl From<StepError> for CliError {
    fn from(error: StepError) -> Self {
        match error {
            StepError::Failed(reason) | StepError::Broken(reason) => Self::Step(reason),
            StepError::Cancelled => Self::Step("interrupted".to_owned()),
        }
    }
}

impl From<ScenarioErrors> for CliError {
    fn from(errors: ScenarioErrors) -> Self {
        Self::Scenarios(errors)
    }
}

impl From<SelectionError> for CliError {
    fn from(error: SelectionError) -> Self {
        Self::Selection(error)
    }
}

impl From<SettingsError> for CliError {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn io_error() -> io::Error {
        io::Error::other("disk full")
    }

    #[test]
    fn every_kind_of_error_has_its_code() {
        let ledger = |operation| LedgerError::Io { operation, path: "l".into(), cause: io_error() };
        for (error, code) in [
            (CliError::Selection(SelectionError::Nothing(3)), ExitCode::Usage),
            (CliError::Settings(SettingsError(Vec::new())), ExitCode::Usage),
            (CliError::Providers(ProvidersError::Empty("p".into())), ExitCode::Usage),
            (CliError::Stored(ReadError::Io { path: "e".into(), cause: io_error() }), ExitCode::Usage),
            (CliError::World(WorldError::Invalid(vec!["two".into()])), ExitCode::Usage),
            (CliError::Lab(LabError::NoAdmin), ExitCode::Usage),
            (CliError::Usage("no".into()), ExitCode::Usage),
            (CliError::Ledger(ledger("read")), ExitCode::Usage),
            (CliError::Ledger(LedgerError::Empty("l".into())), ExitCode::Usage),
            (CliError::Ledger(ledger("write")), ExitCode::Internal),
            (CliError::stdout(io_error()), ExitCode::Internal),
            (CliError::from(io_error()), ExitCode::Internal),
            (CliError::internal("defect"), ExitCode::Internal),
            (CliError::System { what: "start threads", cause: io_error() }, ExitCode::Internal),
        ] {
            assert_eq!(error.exit_code(), code, "{error}");
        }
    }

    #[test]
    fn the_cause_is_told_once() {
        assert_eq!(crate::facts::chain(&CliError::stdout(io_error())), "write standard output: disk full");
    }
}
