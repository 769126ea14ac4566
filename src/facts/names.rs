//! The original's naming rules.
//!
//! Source: original-suite.md section 1.1, source-providers.md section 1.

use crate::facts::Seed;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Longest name that every object of a migration accepts.
pub const NAME_MAX_CHARS: usize = 63;

/// The label that marks what this program created; its value is the session id.
pub const SESSION_LABEL: &str = "mtvtest.io/session";

/// Label of VMs that were made on the cluster to be migrated from it; never on a migrated VM.
pub const SOURCE_LABEL: &str = "mtvtest.io/source-vm";

/// A run's id, `auto-` and four characters; every name the run makes begins with it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionId(String);

/// A name that breaks its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a session id.
    #[error("{0:?} is not a session id such as auto-k3x9: lower-case letters, digits and dashes, at most 20")]
    Session(String),
    /// Nothing is left of a VM name after sanitising.
    #[error("the VM name {0:?} has no character that a Kubernetes name may have")]
    Empty(String),
}

impl SessionId {
    /// The session id of a seed.
    pub fn generate(seed: Seed) -> Self {
        Self(format!("auto-{}", seed.suffix("session", 4)))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SessionId {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        let fits = (1..=20).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if fits { Ok(Self(text)) } else { Err(NameError::Session(text)) }
    }
}

impl From<SessionId> for String {
    fn from(id: SessionId) -> Self {
        id.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// The last `max` characters, without dashes or dots in front: the unique tail survives, and the result may begin a
/// Kubernetes name (the original's could begin with `-`).
pub fn keep_tail(name: &str, max: usize) -> String {
    let skip = name.chars().count().saturating_sub(max);
    let tail: String = name.chars().skip(skip).collect();
    if skip == 0 { tail } else { tail.trim_start_matches(['-', '.', '_']).to_owned() }
}

/// A version with dashes for dots, as names carry it (`8-0-3`).
pub fn dashed_version(version: &str) -> String {
    version.replace(['.', '_', ' '], "-").to_lowercase()
}

/// The suffix of source VM look-ups and VM names: `-<last two dash parts of the storage class>-<version>-<warm|cold>`.
pub fn vm_suffix(storage_class: &str, openshift_version: &str, warm: bool) -> String {
    let parts: Vec<&str> = storage_class.split('-').collect();
    let tail = parts[parts.len().saturating_sub(2)..].join("-");
    let kind = if warm { "warm" } else { "cold" };
    keep_tail(&format!("-{tail}-{}-{kind}", dashed_version(openshift_version)), NAME_MAX_CHARS)
}

/// Name of a source clone: `<session>-<base>-<4>`, lower case with dashes unless `preserve_format`, last 63 characters.
pub fn clone_name(session: &SessionId, base: &str, unique: &str, preserve_format: bool) -> String {
    let name = format!("{session}-{base}-{unique}");
    let formatted = if preserve_format { name } else { name.replace(['_', '.'], "-").to_lowercase() };
    keep_tail(&formatted, NAME_MAX_CHARS)
}

/// The name Forklift gives a VM on the cluster: the source name if it is a DNS-1123 subdomain, else sanitised.
///
/// Source: forklift-api.md section 7, "Target VirtualMachine".
///
/// # Errors
/// Nothing is left of the name (Forklift then makes up a random one, which nobody could find).
pub fn destination_vm_name(source: &str) -> Result<String, NameError> {
    let is_label = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    if source.len() <= 253 && source.split('.').all(is_label) {
        return Ok(source.to_owned());
    }
    let mut text = String::new();
    for letter in source.to_lowercase().chars() {
        match letter {
            'a'..='z' | '0'..='9' | '.' => text.push(letter),
            '-' | '_' | '+' | '*' | '/' | '\\' | ' ' if !text.ends_with('-') => text.push('-'),
            _ => {}
        }
    }
    let parts: Vec<&str> = text.split('.').map(|part| part.trim_matches('-')).filter(|part| !part.is_empty()).collect();
    let mut name = parts.join(".");
    name.truncate(NAME_MAX_CHARS);
    let name = name.trim_matches(['-', '.']).to_owned();
    if name.is_empty() { Err(NameError::Empty(source.to_owned())) } else { Ok(name) }
}

/// The candidates nearest to `wanted`, best first, at most `most`; those too far off are left out.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    let lower = wanted.to_lowercase();
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&lower, &name.to_lowercase()), name))
        .filter(|(score, _)| *score > 0.75)
        .collect();
    scored.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(right.1)));
    scored.into_iter().take(most).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_a_valid_tail() {
        assert_eq!(keep_tail("short", 63), "short");
        assert_eq!(keep_tail("abc--def", 5), "def");
        assert_eq!(keep_tail(&"x".repeat(70), 63).len(), 63);
    }

    #[test]
    fn suffix_and_clone_follow_the_original() {
        assert_eq!(vm_suffix("ocs-storagecluster-ceph-rbd", "4.20", false), "-ceph-rbd-4-20-cold");
        assert_eq!(vm_suffix("nfs", "4.18.1", true), "-nfs-4-18-1-warm");
        let session = SessionId::try_from("auto-ab12".to_owned()).unwrap();
        assert_eq!(clone_name(&session, "My_VM.x", "q1w2", false), "auto-ab12-my-vm-x-q1w2");
        assert_eq!(clone_name(&session, "My_VM", "q1w2", true), "auto-ab12-My_VM-q1w2");
    }

    #[test]
    fn destination_names_follow_forklift() {
        for (source, target) in [
            ("rhel8", "rhel8"),
            ("a.b", "a.b"),
            ("XCopy_Test VM", "xcopy-test-vm"),
            ("-a-", "a"),
            ("a__b", "a-b"),
            ("ä1", "1"),
            ("A..B", "a.b"),
        ] {
            assert_eq!(destination_vm_name(source).as_deref(), Ok(target), "{source}");
        }
        assert_eq!(destination_vm_name("__"), Err(NameError::Empty("__".into())));
    }

    #[test]
    fn nearest_names_come_first() {
        assert_eq!(
            nearest("mtv-rhel8", ["mtv-rhel9", "win2019", "mtv-tests-rhel8"], 2),
            ["mtv-rhel9", "mtv-tests-rhel8"]
        );
    }

    #[test]
    fn session_ids_are_checked() {
        assert!(SessionId::try_from("auto-x1".to_owned()).is_ok());
        assert!(SessionId::try_from("Auto x".to_owned()).is_err());
        assert_eq!(SessionId::generate(Seed(1)), SessionId::generate(Seed(1)));
    }
}
