//! Words of a POSIX shell.

/// `text` as one word of `/bin/sh`, whatever is in it.
pub fn sh_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::sh_quoted;

    #[test]
    fn quotes_and_dollars_stay_what_they_are() {
        assert_eq!(sh_quoted("a b"), "'a b'");
        assert_eq!(sh_quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(sh_quoted(""), "''");
    }
}
