//! What may be wrong with a providers file.

use crate::config::Position;
use std::fmt;
use std::path::PathBuf;

/// One fault of a providers file. Never holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderProblem {
    /// The file, or the name of the environment variable, that holds the fault.
    pub origin: String,
    /// Where in the file; `None` for the environment.
    pub at: Option<Position>,
    /// The provider, where the fault lies in one.
    pub provider: Option<String>,
    /// The key, dotted below a section (`copyoffload.datastore_id`), where the fault lies in one.
    pub key: Option<String>,
    /// What is wrong, as a clause about the key.
    pub fault: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for ProviderProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.origin)?;
        if let Some(at) = self.at {
            write!(out, ":{}:{}", at.line, at.column)?;
        }
        out.write_str(": ")?;
        if let Some(provider) = &self.provider {
            write!(out, "provider {provider:?}: ")?;
        }
        if let Some(key) = &self.key {
            write!(out, "key {key:?} ")?;
        }
        write!(out, "{}; {}", self.fault, self.remedy)
    }
}

/// Why there are no providers, or not the one asked for.
#[derive(Debug, thiserror::Error)]
pub enum ProvidersError {
    /// The file is not there.
    #[error(
        "the providers file {} does not exist; create it (a template: providers.example.json) or name another with \
         --providers FILE or PROVIDERS_JSON_PATH", .0.display()
    )]
    Missing(PathBuf),
    /// The file cannot be read.
    #[error("the providers file {} cannot be read; make it a file that this user may read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file holds nothing.
    #[error(
        "the providers file {0} is empty; it must hold an object, provider name to entry (see providers.example.json)"
    )]
    Empty(String),
    /// The text is not JSON.
    #[error(
        "the providers file {origin} is not JSON: {fault}; it must be strict JSON, without comments or trailing commas"
    )]
    NotJson {
        /// The file.
        origin: String,
        /// What the parser met, with line and column.
        fault: String,
    },
    /// The JSON is no object.
    #[error("the providers file {origin} holds {found}; it must hold an object, provider name to entry")]
    NotObject {
        /// The file.
        origin: String,
        /// What it holds instead.
        found: &'static str,
    },
    /// The object has no provider.
    #[error("the providers file {0} names no provider; add an entry (see providers.example.json)")]
    NoProviders(String),
    /// Entries break their rules; every fault is listed.
    #[error("{}", list(.0))]
    Invalid(Vec<ProviderProblem>),
    /// No entry has the name.
    #[error("provider {name:?} is not in {origin}; choose one of: {}", known.join(", "))]
    Unknown {
        /// The name asked for.
        name: String,
        /// The file.
        origin: String,
        /// The names in the file, the nearest first.
        known: Vec<String>,
    },
}

fn list(problems: &[ProviderProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
