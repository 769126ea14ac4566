//! Errors of scenario files: one rendering for all of them.

use super::tree::Span;
use std::fmt;

/// Where in a file an error is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Width in characters of what is wrong, 1 or more.
    pub width: usize,
    /// The text of the line.
    pub source_line: String,
}

/// One error of a scenario file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub struct ScenarioError {
    /// The file.
    pub file: String,
    /// The place, unless the whole file is wrong.
    pub position: Option<Position>,
    /// The key, such as `virtual_machines[0].name`; empty for the whole file.
    pub path: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl ScenarioError {
    /// An error of a whole file or folder.
    pub(super) fn whole(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), position: None, path: String::new(), message: message.into() }
    }

    /// An error at a place of a text.
    pub(super) fn placed(file: &str, text: &str, span: Span, path: String, message: String) -> Self {
        let line_text = span.line.checked_sub(1).and_then(|index| text.lines().nth(index));
        let position = (span.line > 0).then(|| {
            let source_line = line_text.unwrap_or_default().replace('\t', " ");
            let room = source_line.chars().count().saturating_sub(span.column.saturating_sub(1));
            let width = span.width.min(room).max(1);
            Position { line: span.line, column: span.column.max(1), width, source_line }
        });
        Self { file: file.to_owned(), position, path, message }
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(position) = &self.position else {
            return write!(out, "{}: {}", self.file, self.message);
        };
        let Position { line, column, width, source_line } = position;
        write!(out, "{}:{line}:{column}: {}", self.file, self.message)?;
        let margin = " ".repeat(line.to_string().len());
        write!(out, "\n  {line} | {}", source_line.trim_end())?;
        write!(out, "\n  {margin} | {}{}", " ".repeat(column - 1), "^".repeat(*width))?;
        if self.path.is_empty() { Ok(()) } else { write!(out, "\n  {margin} = at {}", self.path) }
    }
}

/// Every error of every file, by file and line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ScenarioErrors {
    /// The errors; at least one.
    pub errors: Vec<ScenarioError>,
}

impl ScenarioErrors {
    /// Sorts the errors and leaves out repeats (a fault that every combination of a matrix has is told once).
    pub(super) fn new(mut errors: Vec<ScenarioError>) -> Self {
        errors.sort();
        errors.dedup();
        Self { errors }
    }
}

impl fmt::Display for ScenarioErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.errors {
            write!(out, "{error}\n\n")?;
        }
        let mut files: Vec<&str> = self.errors.iter().map(|error| error.file.as_str()).collect();
        files.dedup();
        let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        write!(out, "{} in {}", plural(self.errors.len(), "error"), plural(files.len(), "scenario file"))
    }
}

impl From<ScenarioError> for ScenarioErrors {
    fn from(error: ScenarioError) -> Self {
        Self { errors: vec![error] }
    }
}
