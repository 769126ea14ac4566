//! The releases of MTV that the lab can be.
//!
//! Source: forklift-api.md section 12.

use crate::facts::{nearest, parse_version};

/// The newest z-stream of each release that is offered.
const RELEASES: [(&str, &str); 5] =
    [("2.8", "2.8.9"), ("2.9", "2.9.9"), ("2.10", "2.10.9"), ("2.11", "2.11.9"), ("2.12", "2.12.7")];

/// The version that a text of the user means: a release alone (`2.12`) is its newest z-stream.
///
/// # Errors
/// The lab does not simulate it; the text names those that it does.
pub fn mtv_release(text: &str) -> Result<String, String> {
    if let Some((_, full)) = RELEASES.iter().find(|(release, _)| *release == text) {
        return Ok((*full).to_owned());
    }
    let known = |version: &semver::Version| {
        let release = format!("{}.{}", version.major, version.minor);
        RELEASES.iter().any(|(one, _)| *one == release)
    };
    if text.split('.').count() == 3 && parse_version(text).is_ok_and(|version| known(&version)) {
        return Ok(text.to_owned());
    }
    let offered = RELEASES.map(|(release, _)| release);
    let hint = nearest(text, offered, 1).first().map(|near| format!("; the nearest is {near}")).unwrap_or_default();
    Err(format!("the lab simulates MTV {}{hint}", offered.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::mtv_release;

    #[test]
    fn releases_mean_their_newest_z_stream_and_others_are_named() {
        assert_eq!(mtv_release("2.12").as_deref(), Ok("2.12.7"));
        assert_eq!(mtv_release("2.10.3").as_deref(), Ok("2.10.3"));
        for unknown in ["2.7", "2.13.1", "3", "x"] {
            assert!(mtv_release(unknown).unwrap_err().contains("2.8, 2.9, 2.10, 2.11, 2.12"), "{unknown}");
        }
    }
}
