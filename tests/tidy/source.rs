//! A source file as the rules see it: its text, and its code without comments, strings and tests.

/// A file.
pub(crate) struct Source {
    /// Path from the package's root, with `/`.
    pub(crate) path: String,
    /// The whole text.
    pub(crate) text: String,
    /// The text with comments, strings and test modules blanked; line breaks stay.
    pub(crate) code: String,
    /// Whether it holds nothing but tests.
    pub(crate) tests_only: bool,
    /// Number of lines without test modules.
    pub(crate) lines: usize,
}

impl Source {
    /// The file `text` at `path`.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let tests_only = path.ends_with("tests.rs") || path.contains("/tests/");
        let (code, test_lines) = without_tests(&without_comments_and_strings(text));
        let lines = if tests_only { 0 } else { text.lines().count() - test_lines };
        let code = if tests_only { String::new() } else { code };
        Self { path: path.into(), text: text.into(), code, tests_only, lines }
    }

    /// Path of the module below the crate's root (`["report", "console"]`).
    pub(crate) fn module(&self) -> Vec<&str> {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path).trim_end_matches(".rs");
        inner.split('/').filter(|part| !["mod", "lib", "main"].contains(part)).collect()
    }
}

fn blanked(text: &str) -> String {
    text.chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }).collect()
}

/// Where the token that begins at the start of `text` ends, if it is a comment or a string.
fn opaque_end(text: &str) -> Option<usize> {
    let end_of = |from: usize, mark: &str| text[from..].find(mark).map_or(text.len(), |at| from + at + mark.len());
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(end_of(2, "*/"));
    }
    if let Some(raw) = text.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            return Some(end_of(hashes + 2, &format!("\"{}", "#".repeat(hashes))));
        }
    }
    if text.starts_with("'\"'") || text.starts_with("'{'") || text.starts_with("'}'") {
        return Some(3);
    }
    if !text.starts_with('"') {
        return None;
    }
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return Some(at + 1),
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    Some(text.len())
}

fn without_comments_and_strings(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    let mut in_word = false;
    while let Some(letter) = rest.chars().next() {
        // An `r` inside a word begins no raw string.
        let end = if in_word && letter == 'r' { None } else { opaque_end(rest) };
        if let Some(end) = end {
            code.push_str(&blanked(&rest[..end]));
            rest = &rest[end..];
            in_word = false;
        } else {
            code.push(letter);
            rest = &rest[letter.len_utf8()..];
            in_word = letter.is_alphanumeric() || letter == '_';
        }
    }
    code
}

/// Blanks every item under `#[cfg(test)]`, and counts their lines.
fn without_tests(code: &str) -> (String, usize) {
    let mut kept = String::new();
    let mut lines = 0;
    let mut rest = code;
    while let Some(start) = rest.find("#[cfg(test)]") {
        kept.push_str(&rest[..start]);
        let item = &rest[start..];
        let end = item_end(item);
        kept.push_str(&blanked(&item[..end]));
        lines += item[..end].lines().count();
        rest = &item[end..];
    }
    (kept + rest, lines)
}

/// An item ends with its braces, or with `;` before any.
fn item_end(item: &str) -> usize {
    let mut depth = 0;
    for (at, letter) in item.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    item.len()
}

/// Names under `[dependencies]`, `[dev-dependencies]` and `[build-dependencies]` of a manifest.
pub(crate) fn direct_dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.trim_end_matches(']').ends_with("dependencies");
        } else if inside && let Some((name, _)) = line.split_once('=') {
            names.push(name.trim().to_owned());
        }
    }
    names.sort();
    names.dedup();
    names
}

mod tests {
    use super::*;

    #[test]
    fn comments_strings_and_tests_are_blank() {
        let source = Source::new(
            "src/a/b.rs",
            "// crate::one\nlet x = \"crate::two \\\" {\"; let y = r#\"crate::three\"#; '{'\ncrate::four\n\
             #[cfg(test)]\nmod tests { fn f() { crate::five } }\ncrate::six\n",
        );
        let found: Vec<&str> = source.code.split_whitespace().filter(|word| word.contains("crate")).collect();
        assert_eq!(found, ["crate::four", "crate::six"]);
        assert_eq!(source.code.lines().count(), source.text.lines().count());
        assert_eq!(source.module(), ["a", "b"]);
        assert_eq!(source.lines, 4);
        let tests = Source::new("src/a/b_tests.rs", "use crate::c;\n");
        assert_eq!((tests.tests_only, tests.code.as_str(), tests.lines), (true, "", 0));
    }

    #[test]
    fn dependencies_are_found() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\na = \"1\"\n\n[dev-dependencies]\nb = { version = \"1\" }\na = \"1\"\n[lints]\nc = 1\n";
        assert_eq!(direct_dependencies(manifest), ["a", "b"]);
    }
}
