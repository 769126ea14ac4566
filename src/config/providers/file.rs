//! The providers file as a whole.

use super::copyoffload::unread_overrides;
use super::fields::{Members, Scope};
use super::{ProviderEntry, ProviderProblem, ProvidersError};
use crate::config::json::{self, Json, Located};
use crate::config::{Environment, Position};
use crate::facts;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The sources of a providers file, by name.
#[derive(Debug, Clone)]
pub struct Providers {
    origin: String,
    entries: BTreeMap<String, ProviderEntry>,
}

impl Providers {
    /// Reads and checks the file at `path`; `COPYOFFLOAD_*` variables of `env` override its copy-offload keys.
    ///
    /// # Errors
    /// The file is missing, unreadable, empty, not JSON or no object, or entries break their rules (all are listed).
    pub fn load(path: &Path, env: &dyn Environment) -> Result<Self, ProvidersError> {
        let unreadable = |source| ProvidersError::Unreadable { path: path.to_owned(), source };
        let bytes = match std::fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ProvidersError::Missing(path.to_owned()));
            }
            bytes => bytes.map_err(unreadable)?,
        };
        let text = String::from_utf8(bytes).map_err(|_| unreadable(io::Error::other("the text is not UTF-8")))?;
        Self::parse(&text, &path.display().to_string(), env)
    }

    /// Checks `text`; `origin` names it in messages.
    ///
    /// # Errors
    /// As [`Providers::load`].
    pub fn parse(text: &str, origin: &str, env: &dyn Environment) -> Result<Self, ProvidersError> {
        // Editors on Windows put a byte order mark in front, which JSON lets parsers skip (RFC 8259 section 8.1).
        let text = text.trim_start_matches('\u{feff}');
        if text.trim().is_empty() {
            return Err(ProvidersError::Empty(origin.to_owned()));
        }
        let root = json::parse(text)
            .map_err(|error| ProvidersError::NotJson { origin: origin.to_owned(), fault: error.to_string() })?;
        let Json::Object(members) = root.value else {
            return Err(ProvidersError::NotObject { origin: origin.to_owned(), found: root.value.form() });
        };
        let mut problems = Vec::new();
        let entries = read_entries(members, origin, env, &mut problems);
        if entries.values().any(|entry| entry.copyoffload().is_some()) {
            problems.extend(unread_overrides(env).into_iter().map(|(variable, remedy)| ProviderProblem {
                origin: format!("environment {variable}"),
                at: None,
                provider: None,
                key: None,
                fault: "overrides nothing".to_owned(),
                remedy,
            }));
        }
        if !problems.is_empty() {
            return Err(ProvidersError::Invalid(problems));
        }
        if entries.is_empty() {
            return Err(ProvidersError::NoProviders(origin.to_owned()));
        }
        Ok(Self { origin: origin.to_owned(), entries })
    }

    /// The entry of that name.
    ///
    /// # Errors
    /// There is none; the error lists those there are, the nearest first.
    pub fn get(&self, name: &str) -> Result<&ProviderEntry, ProvidersError> {
        self.entries.get(name).ok_or_else(|| {
            let mut known = facts::nearest(name, self.entries.keys().map(String::as_str), usize::MAX);
            let rest: Vec<&str> = self.entries.keys().map(String::as_str).filter(|key| !known.contains(key)).collect();
            known.extend(rest);
            let known = known.into_iter().map(str::to_owned).collect();
            ProvidersError::Unknown { name: name.to_owned(), origin: self.origin.clone(), known }
        })
    }

    /// Every entry, by name.
    pub fn iter(&self) -> impl Iterator<Item = &ProviderEntry> {
        self.entries.values()
    }
}

fn read_entries(
    members: Members,
    origin: &str,
    env: &dyn Environment,
    problems: &mut Vec<ProviderProblem>,
) -> BTreeMap<String, ProviderEntry> {
    let mut entries = BTreeMap::new();
    let mut seen: BTreeMap<String, Position> = BTreeMap::new();
    for (name, value) in members {
        if let Some(first) = seen.insert(name.value.clone(), name.at) {
            let fault = format!("is there twice (first on line {})", first.line);
            problems.push(whole(origin, &name, fault, "rename or remove one"));
            continue;
        }
        match value.value {
            // The schema's address, for editors.
            Json::Text(_) if name.value == "$schema" => {}
            Json::Object(_) if name.value.trim().is_empty() => {
                problems.push(whole(origin, &name, "has an empty name".to_owned(), "give it a name"));
            }
            Json::Object(members) => {
                let mut scope = Scope { origin, provider: &name.value, at: name.at, prefix: "", env, problems };
                if let Some(entry) = ProviderEntry::build(members, &mut scope) {
                    entries.insert(name.value, entry);
                }
            }
            other if name.value == "$schema" => {
                problems.push(whole(
                    origin,
                    &name,
                    format!("is {}", other.form()),
                    "write the schema's address, a string",
                ));
            }
            other => problems.push(whole(
                origin,
                &name,
                format!("is {}", other.form()),
                "write an object with the provider's keys",
            )),
        }
    }
    entries
}

fn whole(origin: &str, name: &Located<String>, fault: String, remedy: &str) -> ProviderProblem {
    let provider = Some(name.value.clone());
    ProviderProblem {
        origin: origin.to_owned(),
        at: Some(name.at),
        provider,
        key: None,
        fault,
        remedy: remedy.to_owned(),
    }
}
