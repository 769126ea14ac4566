//! What `virtctl version --client` says.

use crate::facts::parse_version;
use semver::Version;

/// The version of KubeVirt that a virtctl is of. It prints
/// `Client Version: version.Info{GitVersion:"v1.5.2", GitCommit:..., GoVersion:"go1.24", ...}`; JSON and a bare `v1.5.2`
/// are understood, too.
pub(super) fn read(text: &str) -> Option<Version> {
    let named = text.to_ascii_lowercase().find("gitversion").and_then(|at| first(&text[at + "gitversion".len()..]));
    named.or_else(|| {
        let words = text.split(|letter: char| letter.is_whitespace() || "\"',{}".contains(letter));
        words.filter(|word| word.starts_with('v') && word.contains('.')).find_map(|word| parse_version(word).ok())
    })
}

/// The version at the next letter that can begin one.
fn first(text: &str) -> Option<Version> {
    let begin = text.find(|letter: char| letter.is_ascii_alphanumeric())?;
    parse_version(&text[begin..]).ok()
}

/// Whether a virtctl of `found` serves a cluster of `wanted`: the same minor release, which virtctl itself demands.
pub(super) fn fits(found: &Version, wanted: Option<&Version>) -> bool {
    wanted.is_none_or(|wanted| (found.major, found.minor) == (wanted.major, wanted.minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_in_all_their_forms() {
        let real = "Client Version: version.Info{GitVersion:\"v1.5.2\", GitCommit:\"0ab\", GitTreeState:\"clean\", \
                    BuildDate:\"2025-07-01T00:00:00Z\", GoVersion:\"go1.24.4\", Compiler:\"gc\", Platform:\"linux/amd64\"}";
        for (text, version) in [
            (real, Some((1, 5, 2))),
            (
                "Client Version: version.Info{GitVersion:\"v1.3.1-53-gdaa0d9ebc\", GoVersion:\"go1.22\"}",
                Some((1, 3, 1)),
            ),
            ("{\"clientVersion\": {\"gitVersion\": \"v1.6.0-rc.1\"}}", Some((1, 6, 0))),
            ("virtctl v1.5.0\n", Some((1, 5, 0))),
            ("GitVersion:\"$Format:%h$\", GoVersion:\"go1.24\"", None),
            ("GoVersion:\"go1.24.4\"", None),
            ("command not found", None),
            ("", None),
        ] {
            let expected = version.map(|(major, minor, patch)| Version::new(major, minor, patch));
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn the_minor_release_decides() {
        let of = |text| parse_version(text).unwrap();
        assert!(fits(&of("1.5.2"), Some(&of("1.5.0"))));
        assert!(!fits(&of("1.5.2"), Some(&of("1.6.2"))));
        assert!(!fits(&of("2.5.2"), Some(&of("1.5.2"))));
        assert!(fits(&of("0.1.0"), None));
    }
}
