//! Reads a tree into the model: a serde deserializer over [`Node`], and the loop that goes on after a fault.

use super::fault::{Fault, Problem};
use super::tree::{Entry, Item, Kind, Node, Segment};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::slice::Iter;

/// Faults of one file after which the rest is left for the next try.
const MOST_FAULTS: usize = 50;

/// Reads a value out of a tree. After a fault the faulty part is taken out and the rest read again, so that one look
/// finds every fault. `None` if any was found.
pub(super) fn decode<T: DeserializeOwned>(tree: &Node, faults: &mut Vec<Fault>) -> Option<T> {
    let mut tree = tree.clone();
    let before = faults.len();
    let mut taken: Vec<Vec<Segment>> = Vec::new();
    while faults.len() - before < MOST_FAULTS {
        let mut fault = match T::deserialize(Decoder(&tree)) {
            Ok(value) => return (faults.len() == before).then_some(value),
            Err(fault) => fault,
        };
        fault.path.reverse();
        let path = fault.path.clone();
        // A key that was taken out for a fault of its own is not missing.
        let told = match &fault.problem {
            Problem::MissingKey(key) => {
                let mut missing = path.clone();
                missing.push(Segment::Key((*key).to_owned()));
                taken.contains(&missing)
            }
            _ => false,
        };
        if !told {
            faults.push(fault);
        }
        if !tree.remove(&path) {
            return None;
        }
        taken.push(path);
    }
    None
}

/// The names of a struct's fields, as serde knows them.
pub(super) fn fields_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // The probe ends every read with a fault; only what it was asked for counts.
    drop(T::deserialize(FieldProbe(&mut fields)));
    fields
}

struct FieldProbe<'f>(&'f mut &'static [&'static str]);

impl<'de> Deserializer<'de> for FieldProbe<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
        Err(<Fault as serde::de::Error>::custom("no struct"))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Decoder<'de>(&'de Node);

impl<'de> Deserializer<'de> for Decoder<'de> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let outcome = match &self.0.kind {
            Kind::Null => visitor.visit_unit(),
            Kind::Bool(value) => visitor.visit_bool(*value),
            Kind::Integer(value) => match u64::try_from(*value) {
                Ok(value) => visitor.visit_u64(value),
                Err(_) => visitor.visit_i64(*value),
            },
            Kind::Large(value) => visitor.visit_u64(*value),
            Kind::Float(value) => visitor.visit_f64(*value),
            Kind::Text(value) => visitor.visit_borrowed_str(value),
            Kind::List(items) => visitor.visit_seq(Items(items.iter())),
            Kind::Map(entries) => visitor.visit_map(Entries { rest: entries.iter(), current: None }),
        };
        outcome.map_err(|fault| fault.located(self.0.at))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.kind {
            Kind::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let outcome = match &self.0.kind {
            Kind::Text(word) => visitor.visit_enum(BorrowedStrDeserializer::new(word)),
            Kind::List(_) => Err(Fault::not_a_word("a list".to_owned(), variants)),
            Kind::Map(_) => Err(Fault::not_a_word("a mapping".to_owned(), variants)),
            Kind::Null => Err(Fault::not_a_word("nothing".to_owned(), variants)),
            _ => Err(Fault::not_a_word(format!("`{}`", self.0.scalar_text().unwrap_or_default()), variants)),
        };
        outcome.map_err(|fault| fault.located(self.0.at))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

struct Items<'de>(Iter<'de, Item>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(item) = self.0.next() else { return Ok(None) };
        let read = seed.deserialize(Decoder(&item.value));
        read.map(Some).map_err(|fault| fault.located(item.value.at).under(Segment::Index(item.index)))
    }
}

struct Entries<'de> {
    rest: Iter<'de, Entry>,
    current: Option<&'de Entry>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.current = self.rest.next();
        let Some(entry) = self.current else { return Ok(None) };
        let read = seed.deserialize(BorrowedStrDeserializer::new(&entry.key));
        let placed = |fault: Fault| fault.located(entry.at).under(Segment::Key(entry.key.clone()));
        read.map(Some).map_err(placed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some(entry) = self.current else {
            return Err(<Fault as serde::de::Error>::custom("a value without its key"));
        };
        let placed = |fault: Fault| {
            let fault = fault.located(entry.value.at);
            // An empty value has no width of its own: its key stands for it.
            let empty = matches!(entry.value.kind, Kind::Null) && fault.span == Some(entry.value.at);
            if empty { Fault { span: Some(entry.at), ..fault } } else { fault }
        };
        let read = seed.deserialize(Decoder(&entry.value));
        read.map_err(|fault| placed(fault).under(Segment::Key(entry.key.clone())))
    }
}
