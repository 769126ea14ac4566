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
/// Why nothing of a field of the Plan is in the VM's template: on sources of type openshift the product takes the source's
/// template over as it is. What is there all the same is judged.
///
/// Source: forklift-api.md section 7, "OpenShift source" (by reading; unconfirmed at run time).
pub(super) fn lost_with_template(evidence: &Evidence, field: &str) -> Option<String> {
    (evidence.provider_type == "openshift").then(|| {
        format!("the product takes the template of openshift sources over as it is, and {field} is lost with it")
    })
}
