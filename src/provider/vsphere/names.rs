//! Names as vSphere stores them.
//!
//! Source: source-providers.md section 2.2: `/`, `\` and `%` are stored as `%2f`, `%5c` and `%25`.

/// The name as people write it.
pub(crate) fn unescape(stored: &str) -> String {
    let mut name = String::with_capacity(stored.len());
    let mut rest = stored;
    while let Some(at) = rest.find('%') {
        name.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3).map(str::to_ascii_lowercase);
        let letter = match code.as_deref() {
            Some("2f") => Some('/'),
            Some("5c") => Some('\\'),
            Some("25") => Some('%'),
            _ => None,
        };
        name.push(letter.unwrap_or('%'));
        rest = &rest[at + if letter.is_some() { 3 } else { 1 }..];
    }
    name + rest
}

#[cfg(test)]
mod tests {
    use super::unescape;

    #[test]
    fn only_the_three_escapes_are_read() {
        for (stored, name) in [
            ("a%2fb", "a/b"),
            ("a%5Cb", "a\\b"),
            ("100%25", "100%"),
            ("%252f", "%2f"),
            ("50%", "50%"),
            ("%zz%2", "%zz%2"),
            ("ä%2fü", "ä/ü"),
            ("plain", "plain"),
        ] {
            assert_eq!(unescape(stored), name, "{stored}");
        }
    }
}
