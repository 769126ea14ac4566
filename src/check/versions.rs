//! What the versions of the products mean for a check.

use crate::facts::parse_version;
use semver::Version;

use super::Evidence;

/// Whether a version is at least `major.minor`; `None` if it is not known.
pub(super) fn at_least(version: Option<&String>, major: u64, minor: u64) -> Option<bool> {
    let version = parse_version(version?).ok()?;
    Some(version >= Version::new(major, minor, 0))
}

/// Whether the product is known to be older than `major.minor`.
pub(super) fn mtv_before(evidence: &Evidence, major: u64, minor: u64) -> bool {
    at_least(evidence.mtv_version.as_ref(), major, minor) == Some(false)
}

/// Why a key of a Plan that came with a version is not judged: the product is older and knows nothing of it.
pub(super) fn too_old(evidence: &Evidence, what: &str, major: u64, minor: u64) -> Option<String> {
    mtv_before(evidence, major, minor).then(|| format!("MTV before {major}.{minor} has no {what}"))
}
