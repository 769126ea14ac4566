//! What goes wrong while a tree is read into the model, in a scenario author's words.

use super::tree::{Segment, Span};
use serde::de::{Error, Expected, Unexpected};
use std::fmt;

/// A fault with its place; the path is collected on the way out, innermost step first.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) problem: Problem,
    pub(super) span: Option<Span>,
    pub(super) path: Vec<Segment>,
}

/// What is wrong.
#[derive(Debug)]
pub(super) enum Problem {
    /// A key the mapping does not have.
    UnknownKey { key: String, known: &'static [&'static str] },
    /// A word that is not on the list.
    UnknownValue { value: String, known: &'static [&'static str] },
    /// A key that must be there.
    MissingKey(&'static str),
    /// A value of the wrong kind.
    WrongKind { found: String, expected: String, quote: bool },
    /// Anything else, in words.
    Other(String),
}

impl Fault {
    fn new(problem: Problem) -> Self {
        Self { problem, span: None, path: Vec::new() }
    }

    /// A value where one of a list of words was expected.
    pub(super) fn not_a_word(found: String, known: &[&str]) -> Self {
        Self::new(Problem::WrongKind { found, expected: or_list(known), quote: false })
    }

    /// Sets the place unless a place further in is known.
    pub(super) fn located(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// Adds the step that led to the fault.
    pub(super) fn under(mut self, segment: Segment) -> Self {
        self.path.push(segment);
        self
    }
}

/// `a`, `b` or `c`, in code quotes.
pub(super) fn or_list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

fn found_text(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("the number {value}"),
        Unexpected::Signed(value) => format!("the number {value}"),
        Unexpected::Float(value) => format!("the number {value}"),
        Unexpected::Str(value) => format!("the text {}", shortened(value)),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}

fn shortened(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    if short.len() < text.len() { format!("{short:?}...") } else { format!("{short:?}") }
}

fn expected_text(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "a boolean" => "true or false".to_owned(),
        "a string" | "string" => "text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a mapping".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        other if other.starts_with("struct ") => "a mapping".to_owned(),
        _ => text,
    }
}

impl Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Problem::Other(message.to_string()))
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let scalar = matches!(
            unexpected,
            Unexpected::Bool(_) | Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_)
        );
        let expected = expected_text(expected);
        let quote = scalar && expected == "text";
        Self::new(Problem::WrongKind { found: found_text(unexpected), expected, quote })
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Problem::UnknownValue { value: variant.to_owned(), known: expected })
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Problem::UnknownKey { key: field.to_owned(), known: expected })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Problem::MissingKey(field))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problem {
            Problem::UnknownKey { key, .. } => write!(out, "unknown key `{key}`"),
            Problem::UnknownValue { value, known } => {
                write!(out, "unknown value `{value}`; expected {}", or_list(known))
            }
            Problem::MissingKey(key) => write!(out, "missing key `{key}`"),
            Problem::WrongKind { found, expected, quote } => {
                write!(out, "expected {expected}, found {found}")?;
                if *quote { out.write_str("; put it into quotes") } else { Ok(()) }
            }
            Problem::Other(message) => out.write_str(message),
        }
    }
}

impl std::error::Error for Fault {}
