//! A template that parses, and its rendering.

use super::blocks;
use super::error::TemplateError;
use super::functions::{FUNCTIONS, call};
use super::variables::{Field, Variables};
use super::words::{Words, Wrong, functions};
use gotmpl::parse::{Node, Parser};
use gotmpl::{MissingKey, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The name that the product gives a template; a `{{define}}` of it would be a second body.
const NAME: &str = "template";

/// More rounds of all ranges than any name has letters.
const ROUNDS_MAX: u64 = 100_000;

/// A template of the product that parses.
#[derive(Clone)]
pub struct Template {
    source: String,
    engine: Arc<gotmpl::Template>,
    fields: BTreeSet<String>,
    fixed: Vec<String>,
    fails: Option<String>,
}

impl std::fmt::Debug for Template {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Template({:?})", self.source)
    }
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Template {}

impl Template {
    /// Parses a template as the product would.
    ///
    /// Stricter than Go in one point: `.` and `$` as a whole, whose text no name can hold, are refused.
    ///
    /// # Errors
    /// It does not parse, or it calls an unknown function.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        let syntax = |why: String| TemplateError::Syntax { template: source.to_owned(), why };
        blocks::check(source).map_err(syntax)?;
        let parser = Parser::new(source, "{{", "}}").map_err(|error| syntax(words_of(error)))?;
        let (tree, defines) = parser.parse().map_err(|error| syntax(words_of(error)))?;
        let offered: Vec<&str> = FUNCTIONS.iter().map(|(name, ..)| *name).collect();
        let words = Words::of(&offered, &tree, &defines).map_err(|wrong| match wrong {
            Wrong::Function(name) => TemplateError::UnknownFunction {
                template: source.to_owned(),
                name,
                offered: functions(&offered).join(" "),
            },
            Wrong::Other(why) => syntax(why),
        })?;
        let mut engine = gotmpl::Template::new(NAME).missing_key(MissingKey::Error).max_range_iters(ROUNDS_MAX);
        for entry in FUNCTIONS {
            engine = engine.func(entry.0, move |arguments: &[Value]| call(entry, arguments));
        }
        let engine = engine.parse(source).map_err(|error| syntax(words_of(error)))?;
        let text = |node: &Node| match node {
            Node::Text(text) => Some(text.text.to_string()),
            _ => None,
        };
        let fixed = tree.nodes.iter().filter_map(text).collect();
        Ok(Self {
            source: source.to_owned(),
            engine: Arc::new(engine),
            fields: words.fields,
            fixed,
            fails: words.fails,
        })
    }

    /// The template's text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The variables that it reads, without the dot, sorted.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str)
    }

    /// Texts that stand in every outcome.
    pub(super) fn fixed(&self) -> impl Iterator<Item = &str> {
        self.fixed.iter().map(String::as_str)
    }

    /// Renders it for a claim.
    ///
    /// # Errors
    /// It reads an unknown variable, or a function fails.
    pub fn render(&self, variables: &Variables) -> Result<String, TemplateError> {
        let text = self.render_fields(&variables.fields())?;
        Ok(if variables.vocabulary.trims() { text.trim().to_owned() } else { text })
    }

    /// Renders it with variables by name.
    ///
    /// # Errors
    /// See [`Template::render`].
    pub fn render_fields(&self, fields: &[(&str, Field)]) -> Result<String, TemplateError> {
        let failed = |why: String| TemplateError::Render { template: self.source.clone(), why };
        if let Some(why) = &self.fails {
            return Err(failed(why.clone()));
        }
        let value = |field: &Field| match field {
            Field::Text(text) => Value::String(text.as_str().into()),
            Field::Number(number) => Value::Int(i64::try_from(*number).unwrap_or(i64::MAX)),
            Field::Flag(flag) => Value::Bool(*flag),
        };
        let data: BTreeMap<Arc<str>, Value> =
            fields.iter().map(|(name, field)| ((*name).into(), value(field))).collect();
        self.engine.execute_to_string(&Value::Map(Arc::new(data))).map_err(|error| failed(words_of(error)))
    }
}

/// An error of the engine without the place, which in a template of one line says little.
fn words_of(error: gotmpl::TemplateError) -> String {
    match error {
        gotmpl::TemplateError::Parse { message, .. }
        | gotmpl::TemplateError::Lex { message, .. }
        | gotmpl::TemplateError::Exec(message) => message,
        gotmpl::TemplateError::MissingKey { key } => format!("there is no variable .{key}"),
        other => other.to_string(),
    }
}
