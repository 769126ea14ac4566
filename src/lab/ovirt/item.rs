//! An object of the API, written in either language.
//!
//! JSON has numbers and booleans as texts and a list under its singular word; XML has an element for each member, with
//! id and address as attributes.

use jiff::Timestamp;
use quick_xml::escape::escape;
use serde_json::{Map, Value, json};

/// An object.
#[derive(Debug, Clone, Default)]
pub(super) struct Item {
    id: Option<String>,
    href: Option<String>,
    links: Vec<(&'static str, String)>,
    parts: Vec<(&'static str, Part)>,
}

/// A member of an object.
#[derive(Debug, Clone)]
pub(super) enum Part {
    /// A text, a number or a boolean.
    Text(String),
    /// A time.
    Time(Timestamp),
    /// An object, or a reference to one.
    Item(Item),
    /// Objects, each of that word.
    List(&'static str, Vec<Item>),
}

impl From<Item> for Part {
    fn from(item: Item) -> Self {
        Self::Item(item)
    }
}

impl From<Timestamp> for Part {
    fn from(time: Timestamp) -> Self {
        Self::Time(time)
    }
}

macro_rules! texts {
    ($($kind:ty),+) => {
        $(impl From<$kind> for Part {
            fn from(value: $kind) -> Self {
                Self::Text(value.to_string())
            }
        })+
    };
}

texts!(&str, String, &String, bool, u64, u32);

impl Item {
    /// An object at an address (`/vms/ID` below the API's root).
    pub(super) fn at(collection: &str, id: &str) -> Self {
        Self { id: Some(id.to_owned()), href: Some(format!("{ROOT}/{collection}/{id}")), ..Self::default() }
    }

    /// With a member.
    #[must_use]
    pub(super) fn with(mut self, name: &'static str, part: impl Into<Part>) -> Self {
        self.parts.push((name, part.into()));
        self
    }

    /// With the address of a collection below it.
    #[must_use]
    pub(super) fn linked(mut self, rel: &'static str) -> Self {
        let href = format!("{}/{rel}", self.href.as_deref().unwrap_or(ROOT));
        self.links.push((rel, href));
        self
    }

    /// Its id.
    pub(super) fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    /// In JSON.
    pub(super) fn json(&self) -> Value {
        let mut object = Map::new();
        for (name, value) in [("href", &self.href), ("id", &self.id)] {
            if let Some(value) = value {
                object.insert(name.to_owned(), value.as_str().into());
            }
        }
        for (name, part) in &self.parts {
            object.insert((*name).to_owned(), part.json());
        }
        if !self.links.is_empty() {
            let links = self.links.iter().map(|(rel, href)| json!({ "href": href, "rel": rel }));
            object.insert("link".to_owned(), links.collect());
        }
        Value::Object(object)
    }

    /// In XML, as an element of this name.
    pub(super) fn xml(&self, name: &str, out: &mut String) {
        out.extend(["<", name]);
        for (key, value) in [("href", &self.href), ("id", &self.id)] {
            if let Some(value) = value {
                out.extend([" ", key, "=\"", &escape(value.as_str()), "\""]);
            }
        }
        out.push('>');
        for (rel, href) in &self.links {
            out.extend(["<link href=\"", &escape(href.as_str()), "\" rel=\"", rel, "\"/>"]);
        }
        for (name, part) in &self.parts {
            part.xml(name, out);
        }
        out.extend(["</", name, ">"]);
    }
}

/// Objects of the word `word` in XML, in an element of this name.
pub(super) fn list_xml(name: &str, word: &str, items: &[Item], out: &mut String) {
    out.extend(["<", name, ">"]);
    for item in items {
        item.xml(word, out);
    }
    out.extend(["</", name, ">"]);
}

/// The root of the API on its host.
pub(super) const ROOT: &str = "/ovirt-engine/api";

impl Part {
    fn json(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Time(time) => time.as_millisecond().into(),
            Self::Item(item) => item.json(),
            Self::List(_, items) if items.is_empty() => json!({}),
            Self::List(word, items) => json!({ *word: items.iter().map(Item::json).collect::<Vec<_>>() }),
        }
    }

    fn xml(&self, name: &str, out: &mut String) {
        let leaf = |text: &str| ["<", name, ">", &escape(text), "</", name, ">"].concat();
        match self {
            Self::Text(text) => out.push_str(&leaf(text)),
            Self::Time(time) => out.push_str(&leaf(&time.strftime("%FT%T.%3f+00:00").to_string())),
            Self::Item(item) => item.xml(name, out),
            Self::List(word, items) => list_xml(name, word, items, out),
        }
    }
}
