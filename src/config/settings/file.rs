//! The settings file: YAML, keys with dots written as nested mappings.

use super::declare::KEYS;
use super::error::SettingsProblem;
use super::layer::{SettingsLayer, listed, unknown_key};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

impl SettingsLayer {
    /// The settings file at `path`.
    pub fn file(path: &Path) -> Self {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::yaml(&text, &name),
            Err(error) => Self {
                problems: vec![SettingsProblem {
                    origin: format!("file {name}"),
                    fault: format!("cannot be read: {error}"),
                    remedy: "name a readable YAML file with --config FILE".to_owned(),
                }],
                ..Self::default()
            },
        }
    }

    /// The text of a settings file; `name` stands for it in messages. A key without a value counts as absent.
    pub fn yaml(text: &str, name: &str) -> Self {
        let mut layer = Self::default();
        let reading = RefCell::new(String::new());
        let section = Section { layer: &mut layer, reading: &reading, prefix: String::new(), name };
        // Duplicates come through, to be reported with both places.
        let options = serde_yaml::options! {
            with_snippet: false, // A snippet would show the lines around a fault, where passwords may stand.
            duplicate_keys: serde_yaml::DuplicateKeyPolicy::PassThrough,
        };
        let read = |input: serde_yaml::Deserializer<'_, '_>| section.deserialize(input);
        if let Err(error) = serde_yaml::with_deserializer_from_str_with_options(text, options, read) {
            let line = error.location().map(|at| format!(":{}", at.line())).unwrap_or_default();
            let words = error.render_with_formatter(&serde_yaml::UserMessageFormatter);
            layer.problems.push(SettingsProblem {
                origin: format!("file {name}{line}"),
                fault: match reading.borrow().as_str() {
                    "" => format!("the file cannot be read as settings: {words}"),
                    key => format!("the value of {key} cannot be read: {words}"),
                },
                remedy: "write one YAML mapping, setting to value, as docs/settings.md shows".to_owned(),
            });
        }
        layer
    }
}

/// A mapping of the file: the whole, or the value of a group such as `timeouts`.
struct Section<'a> {
    layer: &'a mut SettingsLayer,
    /// The key whose value is being read, for the message when that fails; empty between keys.
    reading: &'a RefCell<String>,
    prefix: String,
    name: &'a str,
}

impl<'de> DeserializeSeed<'de> for Section<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Section<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a mapping of settings")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
        input.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut input: A) -> Result<(), A::Error> {
        let mut seen: BTreeMap<String, u64> = BTreeMap::new();
        while let Some(key) = input.next_key::<Spanned<String>>()? {
            let line = key.referenced.line();
            let origin = format!("file {}:{}", self.name, line);
            let full = format!("{}{}", self.prefix, key.value);
            let below = format!("{full}.");
            self.reading.replace(full.clone());
            // A dot within a written key would be a second way to nest.
            let known = KEYS.iter().find(|known| known.name == full && !key.value.contains('.'));
            if let Some(first) = seen.insert(key.value.clone(), line) {
                input.next_value::<IgnoredAny>()?;
                let fault = format!("{full} is there twice (first on line {first})");
                self.layer.problems.push(SettingsProblem { origin, fault, remedy: "keep one".to_owned() });
            } else if let Some(known) = known {
                let text =
                    if known.list { input.next_value_seed(List)? } else { input.next_value::<Option<String>>()? };
                if let Some(text) = text {
                    self.layer.give(known, &text, origin);
                }
            } else if KEYS.iter().any(|known| known.name.starts_with(&below)) {
                let group = Section { layer: &mut *self.layer, reading: self.reading, prefix: below, name: self.name };
                input.next_value_seed(group)?;
            } else {
                input.next_value::<IgnoredAny>()?;
                self.layer.problems.push(stray(origin, &full));
            }
            self.reading.take();
        }
        Ok(())
    }
}

fn stray(origin: String, full: &str) -> SettingsProblem {
    match full.split_once('.').filter(|_| KEYS.iter().any(|key| key.name == full)) {
        Some((group, rest)) => SettingsProblem {
            origin,
            fault: format!("{full} has a dot"),
            remedy: format!("nest it: a line `{group}:`, and `{rest}:` indented below"),
        },
        None => unknown_key(origin, full),
    }
}

/// A list, or its items with commas between them.
struct List;

impl<'de> DeserializeSeed<'de> for List {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List {
    type Value = Option<String>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of names")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Some(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut input: A) -> Result<Self::Value, A::Error> {
        let mut items: Vec<String> = Vec::new();
        while let Some(item) = input.next_element()? {
            items.push(item);
        }
        Ok(Some(listed(&items)))
    }
}
