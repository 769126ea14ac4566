//! A YAML document as a tree whose every node and key knows its place in the file.
//!
//! Scalars are typed by YAML 1.2: `on`, `off`, `yes`, `no` are text, so `source_vm_power: on` means what it says.

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_yaml::{DuplicateKeyPolicy, Location, Options, Spanned};
use std::fmt;

/// Where something stands: line and column from 1, width in characters. Line 0: nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Span {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) width: usize,
}

impl From<Location> for Span {
    fn from(location: Location) -> Self {
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self { line: size(location.line()), column: size(location.column()), width: size(location.span().len()) }
    }
}

/// A node.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) at: Span,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Null,
    Bool(bool),
    Integer(i64),
    /// An integer beyond `i64`.
    Large(u64),
    Float(f64),
    Text(String),
    List(Vec<Item>),
    Map(Vec<Entry>),
}

/// An item of a list; it keeps its index when a faulty neighbour is taken out.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) index: usize,
    pub(super) value: Node,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Span,
    pub(super) value: Node,
}

/// A step from a node to one inside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

/// A path in the form of messages: `virtual_machines[0].name`.
pub(super) fn path_text<'a>(segments: impl IntoIterator<Item = &'a Segment>) -> String {
    segments.into_iter().fold(String::new(), |path, segment| match segment {
        Segment::Key(key) => join_key(&path, key),
        Segment::Index(index) => format!("{path}[{index}]"),
    })
}

/// The path of a key inside the mapping at `path`.
pub(super) fn join_key(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Reads a document. Duplicate keys stay in the tree for [`take_duplicates`].
pub(super) fn parse(text: &str) -> Result<Node, Box<serde_yaml::Error>> {
    serde_yaml::from_str_with_options(text, options()).map_err(Box::new)
}

fn options() -> Options {
    let mut options = Options::default();
    options.strict_booleans = true;
    options.leading_zero_numbers_as_strings = true;
    options.underscored_numbers_as_strings = true;
    options.reject_unsupported_tags = true;
    options.with_snippet = false;
    options.duplicate_keys = DuplicateKeyPolicy::PassThrough;
    options
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Spanned { value, referenced, .. } = Spanned::<Kind>::deserialize(from)?;
        Ok(Self { kind: value, at: referenced.into() })
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = Kind;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a scalar, a list or a mapping")
    }

    fn visit_unit<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_none<E>(self) -> Result<Kind, E> {
        Ok(Kind::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Kind, E> {
        Ok(Kind::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Kind, E> {
        Ok(Kind::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Kind, E> {
        Ok(i64::try_from(value).map_or(Kind::Large(value), Kind::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Kind, E> {
        Ok(Kind::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Kind, E> {
        Ok(Kind::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Kind, E> {
        Ok(Kind::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Kind, A::Error> {
        let mut items = Vec::new();
        while let Some(value) = list.next_element()? {
            items.push(Item { index: items.len(), value });
        }
        Ok(Kind::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let at = Span::from(key.referenced);
            entries.push(Entry { key: key.value, at, value: map.next_value()? });
        }
        Ok(Kind::Map(entries))
    }
}

impl Node {
    /// The entries of a mapping; none of anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The entry of a mapping's key.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// A scalar as text; `None` for lists and mappings.
    pub(super) fn scalar_text(&self) -> Option<String> {
        match &self.kind {
            Kind::Null => Some("null".to_owned()),
            Kind::Bool(value) => Some(value.to_string()),
            Kind::Integer(value) => Some(value.to_string()),
            Kind::Large(value) => Some(value.to_string()),
            Kind::Float(value) => Some(value.to_string()),
            Kind::Text(value) => Some(value.clone()),
            Kind::List(_) | Kind::Map(_) => None,
        }
    }

    /// Takes out the entry or item at `path`; whether there was one.
    pub(super) fn remove(&mut self, path: &[Segment]) -> bool {
        let Some((first, rest)) = path.split_first() else { return false };
        match (&mut self.kind, first) {
            (Kind::Map(entries), Segment::Key(key)) => {
                let Some(place) = entries.iter().position(|entry| entry.key == *key) else { return false };
                if rest.is_empty() {
                    entries.remove(place);
                    return true;
                }
                entries[place].value.remove(rest)
            }
            (Kind::List(items), Segment::Index(index)) => {
                let Some(place) = items.iter().position(|item| item.index == *index) else { return false };
                if rest.is_empty() {
                    items.remove(place);
                    return true;
                }
                items[place].value.remove(rest)
            }
            _ => false,
        }
    }

    /// Visits every entry and item, outer before inner, with its path, its place (that of the key, for an entry) and
    /// its value. `visit` says whether to go further in.
    pub(super) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&str, Span, &'a Self) -> bool) {
        self.walk_under("", visit);
    }

    fn walk_under<'a>(&'a self, path: &str, visit: &mut dyn FnMut(&str, Span, &'a Self) -> bool) {
        let mut step = |path: String, at: Span, value: &'a Self| {
            if visit(&path, at, value) {
                value.walk_under(&path, visit);
            }
        };
        match &self.kind {
            Kind::Map(entries) => {
                for entry in entries {
                    step(join_key(path, &entry.key), entry.at, &entry.value);
                }
            }
            Kind::List(items) => {
                for item in items {
                    step(format!("{path}[{}]", item.index), item.value.at, &item.value);
                }
            }
            _ => {}
        }
    }

    /// The place of what stands at `path`, else of the nearest thing around it.
    pub(super) fn locate(&self, path: &str) -> Span {
        let (mut best, mut best_length) = (self.at, 0);
        self.walk(&mut |here, at, _| {
            let around = path.strip_prefix(here).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
            if around && here.len() > best_length {
                (best, best_length) = (at, here.len());
            }
            around
        });
        best
    }

    /// Whether something stands at `path`.
    pub(super) fn has(&self, path: &str) -> bool {
        let mut found = false;
        self.walk(&mut |here, _, _| {
            found |= here == path;
            path.starts_with(here)
        });
        found
    }
}

/// A key given twice in one mapping.
pub(super) struct Duplicate {
    pub(super) path: String,
    pub(super) key: String,
    pub(super) at: Span,
    pub(super) first_line: usize,
}

/// Takes the second and later entries of repeated keys out of the tree.
pub(super) fn take_duplicates(node: &mut Node) -> Vec<Duplicate> {
    let mut found = Vec::new();
    take_under(node, "", &mut found);
    found
}

fn take_under(node: &mut Node, path: &str, found: &mut Vec<Duplicate>) {
    match &mut node.kind {
        Kind::Map(entries) => {
            let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
            for mut entry in entries.drain(..) {
                let here = join_key(path, &entry.key);
                if let Some(first) = kept.iter().find(|other| other.key == entry.key) {
                    let first_line = first.at.line;
                    found.push(Duplicate { path: here, key: entry.key, at: entry.at, first_line });
                    continue;
                }
                take_under(&mut entry.value, &here, found);
                kept.push(entry);
            }
            *entries = kept;
        }
        Kind::List(items) => {
            for item in items {
                take_under(&mut item.value, &format!("{path}[{}]", item.index), found);
            }
        }
        _ => {}
    }
}
