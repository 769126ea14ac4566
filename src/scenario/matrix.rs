//! The matrix: one tree per combination, with `${{ matrix.KEY }}` replaced by the typed value.

use super::load::Finding;
use super::tree::{Kind, Node, Span, join_key};
use crate::facts::nearest;
use std::collections::BTreeSet;

const OPEN: &str = "${{";
const CLOSE: &str = "}}";
/// Combinations of one file; more is a slip, and would take the day to run.
const MOST_COMBINATIONS: usize = 256;

/// An axis of the matrix.
struct Axis {
    key: String,
    at: Span,
    values: Vec<Node>,
}

/// One test of a file: its tree, and its values by key.
pub(super) struct Combination {
    pub(super) tree: Node,
    pub(super) values: Vec<(String, String)>,
}

/// Expands a file's tree; without a matrix there is one combination.
pub(super) fn expand(root: &Node, findings: &mut Vec<Finding>) -> Vec<Combination> {
    let axes = axes(root, findings);
    check_references(root, &axes, findings);
    if !findings.is_empty() {
        return Vec::new();
    }
    let mut choices: Vec<Vec<(&str, &Node)>> = vec![Vec::new()];
    for axis in &axes {
        let longer = |choice: Vec<(_, _)>| {
            axis.values.iter().map(move |value| choice.iter().copied().chain([(axis.key.as_str(), value)]).collect())
        };
        choices = choices.into_iter().flat_map(longer).collect();
    }
    let combine = |choice: Vec<(&str, &Node)>| Combination {
        tree: substituted_root(root, &choice),
        values: choice.iter().map(|(key, value)| ((*key).to_owned(), value_text(value))).collect(),
    };
    choices.into_iter().map(combine).collect()
}

fn value_text(value: &Node) -> String {
    value.scalar_text().unwrap_or_default()
}

fn axes(root: &Node, findings: &mut Vec<Finding>) -> Vec<Axis> {
    let Some(matrix) = root.entry("matrix") else { return Vec::new() };
    let mut fail = |path: &str, at: Span, message: &str| {
        findings.push(Finding { path: path.to_owned(), span: at, message: message.to_owned() });
    };
    let Kind::Map(entries) = &matrix.value.kind else {
        fail("matrix", matrix.at, "`matrix` is a mapping from a key to the list of its values");
        return Vec::new();
    };
    let mut axes = Vec::new();
    for entry in entries {
        let path = join_key("matrix", &entry.key);
        let items = match &entry.value.kind {
            Kind::List(items) if !items.is_empty() => items,
            _ => {
                fail(&path, entry.at, "a matrix key needs a list of at least one value");
                axes.push(Axis { key: entry.key.clone(), at: entry.at, values: Vec::new() });
                continue;
            }
        };
        let mut seen = BTreeSet::new();
        for item in items {
            match item.value.scalar_text() {
                None => fail(&path, item.value.at, "the values of a matrix are scalars"),
                Some(text) if !seen.insert(text.clone()) => {
                    fail(&path, item.value.at, &format!("the value `{text}` is given twice"));
                }
                Some(_) => {}
            }
        }
        let values = items.iter().map(|item| item.value.clone()).collect();
        axes.push(Axis { key: entry.key.clone(), at: entry.at, values });
    }
    if axes.is_empty() && entries.is_empty() {
        fail("matrix", matrix.at, "the matrix is empty");
    }
    let count = axes.iter().fold(1_usize, |count, axis| count.saturating_mul(axis.values.len()));
    if count > MOST_COMBINATIONS {
        let message = format!("the matrix has {count} combinations; at most {MOST_COMBINATIONS} are allowed");
        fail("matrix", matrix.at, &message);
    }
    axes
}

/// Every reference must name an axis, and every axis must be referred to.
fn check_references(root: &Node, axes: &[Axis], findings: &mut Vec<Finding>) {
    let mut used = BTreeSet::new();
    let mut fail = |path: &str, span: Span, message: String| {
        findings.push(Finding { path: path.to_owned(), span, message });
    };
    root.walk(&mut |path, at, node| {
        if path == "matrix" {
            return false;
        }
        if path.contains(OPEN) {
            fail(path, at, "a key cannot hold a matrix reference, only a value can".to_owned());
            return false;
        }
        let Kind::Text(text) = &node.kind else { return true };
        for reference in references(text) {
            match judge(&reference, axes) {
                Ok(key) => {
                    used.insert(key);
                }
                Err(message) => fail(path, node.at, message),
            }
        }
        true
    });
    for axis in axes.iter().filter(|axis| !used.contains(axis.key.as_str())) {
        let key = &axis.key;
        let message = format!("matrix key `{key}` is never used; write `${{{{ matrix.{key} }}}}` where it belongs");
        fail(&join_key("matrix", key), axis.at, message);
    }
}

/// The key that a reference names.
fn judge<'a>(reference: &Reference<'_>, axes: &'a [Axis]) -> Result<&'a str, String> {
    let Some(inner) = reference.inner else {
        return Err(format!("`{OPEN}` without `{CLOSE}`"));
    };
    let Some(key) = inner.strip_prefix("matrix.") else {
        return Err(format!("`{OPEN} {inner} {CLOSE}`: only `matrix.KEY` can be referred to"));
    };
    if let Some(axis) = axes.iter().find(|axis| axis.key == key) {
        return Ok(&axis.key);
    }
    let hint = match nearest(key, axes.iter().map(|axis| axis.key.as_str()), 1).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None if axes.is_empty() => "the file has no `matrix`".to_owned(),
        None => {
            let known: Vec<String> = axes.iter().map(|axis| format!("`{}`", axis.key)).collect();
            format!("the matrix has {}", known.join(", "))
        }
    };
    Err(format!("unknown matrix key `{key}`; {hint}"))
}

/// A `${{ ... }}` in a text; `inner` is `None` when it is not closed.
struct Reference<'t> {
    start: usize,
    end: usize,
    inner: Option<&'t str>,
}

fn references(text: &str) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(place) = text[from..].find(OPEN) {
        let start = from + place;
        let body = start + OPEN.len();
        let Some(length) = text[body..].find(CLOSE) else {
            found.push(Reference { start, end: text.len(), inner: None });
            break;
        };
        let end = body + length + CLOSE.len();
        found.push(Reference { start, end, inner: Some(text[body..body + length].trim()) });
        from = end;
    }
    found
}

fn substituted_root(root: &Node, choice: &[(&str, &Node)]) -> Node {
    let mut tree = root.clone();
    if let Kind::Map(entries) = &mut tree.kind {
        for entry in entries.iter_mut().filter(|entry| entry.key != "matrix") {
            substitute(&mut entry.value, choice);
        }
    }
    tree
}

fn substitute(node: &mut Node, choice: &[(&str, &Node)]) {
    match &mut node.kind {
        Kind::Map(entries) => entries.iter_mut().for_each(|entry| substitute(&mut entry.value, choice)),
        Kind::List(items) => items.iter_mut().for_each(|item| substitute(&mut item.value, choice)),
        Kind::Text(text) => {
            if let Some(value) = replaced(text, node.at, choice) {
                *node = value;
            }
        }
        _ => {}
    }
}

/// A reference that is the whole scalar becomes the value itself, with its type and its place; inside a text it
/// becomes the value's text.
fn replaced(text: &str, at: Span, choice: &[(&str, &Node)]) -> Option<Node> {
    let found = references(text);
    let value_of = |reference: &Reference<'_>| {
        let key = reference.inner?.strip_prefix("matrix.")?;
        choice.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
    };
    match found.as_slice() {
        [] => None,
        [whole] if whole.start == 0 && whole.end == text.len() => value_of(whole).cloned(),
        several => {
            let mut out = String::new();
            let mut from = 0;
            for reference in several {
                out.push_str(&text[from..reference.start]);
                out.push_str(&value_of(reference).map(value_text).unwrap_or_default());
                from = reference.end;
            }
            out.push_str(&text[from..]);
            Some(Node { kind: Kind::Text(out), at })
        }
    }
}
