//! Regular expressions as Go reads them.
//!
//! Both engines read the same syntax, but Go's `\w`, `\d`, `\s` and `\b` are of ASCII only.

use regex::Regex;

/// Compiles a pattern.
///
/// # Errors
/// It is no regular expression: why, in one line.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::new(&of_ascii(pattern)).map_err(|error| {
        let words = error.to_string();
        words.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
    })
}

fn of_ascii(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            translated.push(letter);
            continue;
        }
        match letters.next() {
            Some('w') => translated.push_str("[0-9A-Za-z_]"),
            Some('W') => translated.push_str("[^0-9A-Za-z_]"),
            Some('d') => translated.push_str("[0-9]"),
            Some('D') => translated.push_str("[^0-9]"),
            Some('s') => translated.push_str(r"[\t\n\x0C\r\x20]"),
            Some('S') => translated.push_str(r"[^\t\n\x0C\r\x20]"),
            Some('b') => translated.push_str(r"(?-u:\b)"),
            Some(other) => translated.extend(['\\', other]),
            None => translated.push('\\'),
        }
    }
    translated
}
