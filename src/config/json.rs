//! Strict JSON that remembers where each key and value stands, so that an error can point at it.
//!
//! serde_json does the parsing (RFC 8259, depth limit); the reader it draws from counts the bytes.

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};

/// Line and column, both from 1; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A value and where it begins.
pub(super) struct Located<T> {
    pub(super) value: T,
    pub(super) at: Position,
}

/// A JSON value. No `Debug`: it may hold passwords.
pub(super) enum Json {
    Null,
    Switch(bool),
    /// A number as it reads back; only `storage_secret_extra` takes numbers.
    Number(String),
    Text(String),
    List(Vec<Located<Json>>),
    /// Members in the order of the file; duplicates are kept, for the caller to report.
    Object(Vec<(Located<String>, Located<Json>)>),
}

impl Json {
    /// What this is, for messages.
    pub(super) fn form(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Switch(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// Parses `text` as one JSON value.
///
/// # Errors
/// The text is not strict JSON; the error names line and column and repeats nothing of the text.
pub(super) fn parse(text: &str) -> Result<Located<Json>, serde_json::Error> {
    let read = Cell::new(0);
    let last = Cell::new((0, Position { line: 1, column: 1 }));
    let places = Places { text, read: &read, last };
    let mut parser = serde_json::Deserializer::from_reader(Counting { rest: text.as_bytes(), read: &read });
    let value = Value { places: &places, peeked: false }.deserialize(&mut parser)?;
    parser.end()?;
    Ok(value)
}

struct Counting<'a> {
    rest: &'a [u8],
    read: &'a Cell<usize>,
}

impl Read for Counting<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One byte a call: the count must not run ahead of the parser.
        let wanted = buffer.len().min(1);
        let count = self.rest.read(&mut buffer[..wanted])?;
        self.read.set(self.read.get() + count);
        Ok(count)
    }
}

struct Places<'a> {
    text: &'a str,
    read: &'a Cell<usize>,
    /// The offset and place found last: tokens come in order, so the search goes on from there.
    last: Cell<(usize, Position)>,
}

impl Places<'_> {
    /// Where the next token begins.
    fn next(&self) -> Position {
        let read = self.read.get().min(self.text.len());
        let gap = self.text.as_bytes()[read..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.position(read + gap)
    }

    /// Where the token begins whose first byte the parser has just looked at.
    fn peeked(&self) -> Position {
        self.position(self.read.get().saturating_sub(1))
    }

    fn position(&self, offset: usize) -> Position {
        let (from, mut at) = self.last.get();
        for letter in self.text.get(from..offset).unwrap_or_default().chars() {
            at = match letter {
                '\n' => Position { line: at.line + 1, column: 1 },
                _ => Position { line: at.line, column: at.column + 1 },
            };
        }
        self.last.set((offset.max(from), at));
        at
    }
}

struct Value<'a> {
    places: &'a Places<'a>,
    /// Whether the parser has looked at the first byte already, as it does for the items of a list.
    peeked: bool,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Located<Json>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        let at = if self.peeked { self.places.peeked() } else { self.places.next() };
        Ok(Located { value: input.deserialize_any(self)?, at })
    }
}

struct Key<'a>(&'a Places<'a>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Located<String>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        let at = self.0.peeked();
        let value: String = de::Deserialize::deserialize(input)?;
        Ok(Located { value, at })
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Json;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Switch(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut input: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = input.next_element_seed(Value { places: self.places, peeked: true })? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut input: A) -> Result<Json, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = input.next_key_seed(Key(self.places))? {
            members.push((key, input.next_value_seed(Value { places: self.places, peeked: false })?));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(at: Position) -> (usize, usize) {
        (at.line, at.column)
    }

    #[test]
    fn keys_values_and_items_know_their_place() {
        let text = "{\n  \"ä\" :  [1,\n \"b\" , {}],\n  \"c\":null}";
        let root = parse(text).ok().unwrap();
        assert_eq!(place(root.at), (1, 1));
        let Json::Object(members) = root.value else { panic!("not an object") };
        assert_eq!((members[0].0.value.as_str(), place(members[0].0.at)), ("ä", (2, 3)));
        assert_eq!(place(members[0].1.at), (2, 10));
        let Json::List(items) = &members[0].1.value else { panic!("not a list") };
        assert_eq!(items.iter().map(|item| place(item.at)).collect::<Vec<_>>(), [(2, 11), (3, 2), (3, 8)]);
        assert_eq!((place(members[1].0.at), place(members[1].1.at)), ((4, 3), (4, 7)));
    }

    #[test]
    fn only_strict_json_is_read() {
        for text in ["", "{", "{'a': 1}", "{\"a\": 1,}", "// x\n{}", "{} {}", "{a: 1}", "NaN", "[01]"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err(), "depth has a limit");
    }
}
