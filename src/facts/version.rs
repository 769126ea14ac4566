//! Product versions (MTV, OpenShift) as semantic versions, read leniently: `2.11`, `v2.11.3-rc.1`, `8.0.3.0`.

use semver::{Version, VersionReq};

/// A version or requirement that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a version {1}")]
pub struct VersionError(pub String, pub &'static str);

/// A version with missing parts filled with zero; what follows the third number is dropped, so that a release candidate
/// counts as its release (a build under test satisfies `>=` of its own version).
///
/// # Errors
/// The text does not begin with a number (after an optional `v`).
pub fn parse_version(text: &str) -> Result<Version, VersionError> {
    let fail = || VersionError(text.to_owned(), "such as 2.11 or 4.20.1");
    let bare = text.trim().trim_start_matches('v');
    let mut parts = bare.split(|letter: char| !letter.is_ascii_digit()).take(3);
    let major = parts.next().and_then(|part| part.parse().ok()).ok_or_else(fail)?;
    let mut next = || parts.next().and_then(|part| part.parse().ok()).unwrap_or(0);
    let (minor, patch) = (next(), next());
    Ok(Version::new(major, minor, patch))
}

/// A requirement such as `>=2.10` or `>=2.10, <2.12`.
///
/// # Errors
/// The text is no requirement.
pub fn parse_requirement(text: &str) -> Result<VersionReq, VersionError> {
    VersionReq::parse(text).map_err(|_| VersionError(text.to_owned(), "requirement such as \">=2.10\""))
}

#[cfg(test)]
mod tests {
    use super::{parse_requirement, parse_version};

    #[test]
    fn lenient_versions_meet_requirements() {
        let requirement = parse_requirement(">=2.10").unwrap();
        for (text, met) in
            [("2.10", true), ("v2.11.3-rc.1", true), ("2.9.9", false), ("8.0.3.0", true), ("2.10.0-2", true)]
        {
            assert_eq!(requirement.matches(&parse_version(text).unwrap()), met, "{text}");
        }
        assert!(parse_version("latest").is_err());
        assert!(parse_requirement("2.x.y.z").is_err());
    }
}
