//! An object of the providers file, checked against its keys: form, need, duplicates, unknown names, overrides.

use super::ProviderProblem;
use super::keys::{Form, Key, Need};
use crate::config::json::{self, Json, Located};
use crate::config::{Environment, Position, Secret};
use crate::facts;
use std::collections::BTreeMap;

/// The members of a JSON object.
pub(super) type Members = Vec<(Located<String>, Located<Json>)>;

/// Where a checked object stands, and where its faults go.
pub(super) struct Scope<'a> {
    pub(super) origin: &'a str,
    pub(super) provider: &'a str,
    /// Place of the entry, for what is missing in it.
    pub(super) at: Position,
    /// Prefix of key names in messages: empty, or `copyoffload.`.
    pub(super) prefix: &'static str,
    pub(super) env: &'a dyn Environment,
    pub(super) problems: &'a mut Vec<ProviderProblem>,
}

/// Where a value came from.
#[derive(Clone)]
pub(super) struct Place {
    origin: String,
    at: Option<Position>,
}

impl Place {
    /// Whether it is in the file, not in the environment.
    pub(super) fn in_file(&self) -> bool {
        self.at.is_some()
    }
}

impl Scope<'_> {
    /// Notes a fault of `key`.
    pub(super) fn fault(&mut self, place: &Place, key: &str, fault: impl Into<String>, remedy: impl Into<String>) {
        self.problems.push(ProviderProblem {
            origin: place.origin.clone(),
            at: place.at,
            provider: Some(self.provider.to_owned()),
            key: Some(format!("{}{key}", self.prefix)),
            fault: fault.into(),
            remedy: remedy.into(),
        });
    }

    /// The place of something in the file.
    pub(super) fn file(&self, at: Position) -> Place {
        Place { origin: self.origin.to_owned(), at: Some(at) }
    }

    /// The place of the whole entry.
    pub(super) fn entry(&self) -> Place {
        self.file(self.at)
    }
}

/// A value in the form that its key asks for.
enum Value {
    Text(String),
    Secret(Secret),
    Switch(bool),
    List(Vec<String>),
    Map(BTreeMap<String, Secret>),
    Section(Members),
}

/// Checked values by key. A getter asked twice answers `None`: each value is moved out.
pub(super) struct Fields(BTreeMap<&'static str, (Value, Place)>);

impl Fields {
    /// Checks `members` against `keys`. `foreign` explains a key that belongs elsewhere.
    pub(super) fn check(
        members: Members,
        keys: &[Key],
        foreign: impl Fn(&str) -> Option<String>,
        scope: &mut Scope<'_>,
    ) -> Self {
        let mut fields = Self(BTreeMap::new());
        let mut seen: BTreeMap<String, Position> = BTreeMap::new();
        for (name, value) in members {
            let place = scope.file(name.at);
            if let Some(first) = seen.insert(name.value.clone(), name.at) {
                let fault = format!("is there twice (first on line {})", first.line);
                scope.fault(&place, &name.value, fault, "keep one");
                continue;
            }
            let Some(key) = keys.iter().find(|key| key.name == name.value) else {
                unknown(&name.value, keys, &foreign, scope, &place);
                continue;
            };
            let place = scope.file(value.at);
            match read(value.value, key.form) {
                Ok(Some(value)) => drop(fields.0.insert(key.name, (value, place))),
                Ok(None) => {}
                Err((fault, remedy)) => {
                    scope.fault(&place, key.name, fault, remedy);
                    // Counted as there, so that it is not called missing as well.
                    fields.0.insert(key.name, (Value::Text(String::new()), place));
                }
            }
        }
        for key in keys {
            fields.apply_override(key, scope);
            if key.need == Need::Required && !fields.0.contains_key(key.name) {
                let verb = if seen.contains_key(key.name) { "is empty" } else { "is missing" };
                scope.fault(&scope.entry(), key.name, verb, add(key));
            }
        }
        fields
    }

    fn apply_override(&mut self, key: &Key, scope: &mut Scope<'_>) {
        let variable = override_name(key.name);
        let Some(text) = key.env.then(|| scope.env.filled(&variable)).flatten() else { return };
        let place = Place { origin: format!("environment {variable}"), at: None };
        match read_text(text, key.form) {
            Ok(value) => drop(self.0.insert(key.name, (value, place))),
            Err((fault, remedy)) => {
                scope.fault(&place, key.name, fault, remedy);
                self.0.insert(key.name, (Value::Text(String::new()), place));
            }
        }
    }

    /// The keys that have a value.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }

    /// Where the value of `name` stands.
    pub(super) fn place(&self, name: &str) -> Option<Place> {
        self.0.get(name).map(|(_, place)| place.clone())
    }

    /// A text that stays where it is; `None` when it is empty.
    pub(super) fn peek(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some((Value::Text(text), _)) => Some(text.as_str()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).map(|(value, _)| value)
    }

    /// A text, not empty.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A text, empty when absent (a required one that is absent was reported by the check).
    pub(super) fn word(&mut self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    /// A secret.
    pub(super) fn secret(&mut self, name: &str) -> Option<Secret> {
        match self.take(name) {
            Some(Value::Secret(secret)) => Some(secret),
            _ => None,
        }
    }

    /// A switch.
    pub(super) fn switch(&mut self, name: &str) -> Option<bool> {
        match self.take(name) {
            Some(Value::Switch(on)) => Some(on),
            _ => None,
        }
    }

    /// A list of texts, empty when absent.
    pub(super) fn list(&mut self, name: &str) -> Vec<String> {
        match self.take(name) {
            Some(Value::List(list)) => list,
            _ => Vec::new(),
        }
    }

    /// A map, empty when absent.
    pub(super) fn map(&mut self, name: &str) -> BTreeMap<String, Secret> {
        match self.take(name) {
            Some(Value::Map(map)) => map,
            _ => BTreeMap::new(),
        }
    }

    /// The members of a section.
    pub(super) fn section(&mut self, name: &str) -> Option<Members> {
        match self.take(name) {
            Some(Value::Section(members)) => Some(members),
            _ => None,
        }
    }
}

/// The variable that overrides a key of `copyoffload`.
pub(super) fn override_name(key: &str) -> String {
    format!("COPYOFFLOAD_{}", key.to_uppercase())
}

/// What to do about a key that is not there.
fn add(key: &Key) -> String {
    let also = if key.env { format!(" or set {}", override_name(key.name)) } else { String::new() };
    format!("add it{also}: {}", key.doc.trim_end_matches('.'))
}

fn unknown(name: &str, keys: &[Key], foreign: &impl Fn(&str) -> Option<String>, scope: &mut Scope<'_>, place: &Place) {
    if let Some(why) = foreign(name) {
        return scope.fault(place, name, why, "remove it");
    }
    let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
    let remedy = match facts::nearest(name, names.iter().copied(), 1).first() {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("known keys: {}", names.join(", ")),
    };
    scope.fault(place, name, "is unknown", remedy);
}

/// Fault and remedy.
type Refusal = (String, String);

/// The value in its form; `None` when it is empty.
fn read(value: Json, form: Form) -> Result<Option<Value>, Refusal> {
    match (value, form) {
        (Json::Null, _) => Ok(None),
        (Json::Text(text), _) if text.trim().is_empty() => Ok(None),
        (Json::Text(text), Form::Text | Form::Secret | Form::Choice(_) | Form::Switch) => {
            read_text(text, form).map(Some)
        }
        (Json::Switch(on), Form::Switch) => Ok(Some(Value::Switch(on))),
        (Json::List(items), Form::TextList) => read_list(items).map(Value::List).map(Some),
        (Json::Object(members), Form::SecretMap) => read_map(members).map(Value::Map).map(Some),
        (Json::Object(members), Form::CopyOffload) => Ok(Some(Value::Section(members))),
        (value, form) => Err((format!("is {}", value.form()), format!("write {}", wanted(form)))),
    }
}

fn wanted(form: Form) -> &'static str {
    match form {
        Form::Text | Form::Secret | Form::Choice(_) => "a string, in double quotes",
        Form::Switch => "true or false",
        Form::TextList => "a list of strings",
        Form::SecretMap => "an object whose values are strings, numbers or booleans",
        Form::CopyOffload => "an object",
    }
}

/// A text, from the file or the environment, in its form.
fn read_text(text: String, form: Form) -> Result<Value, Refusal> {
    match form {
        Form::Text => Ok(Value::Text(text)),
        Form::Secret => Ok(Value::Secret(Secret::new(text))),
        Form::Switch => match text.as_str() {
            "true" => Ok(Value::Switch(true)),
            "false" => Ok(Value::Switch(false)),
            _ => Err((format!("is {text:?}"), "write true or false".to_owned())),
        },
        Form::Choice(words) if words.contains(&text.as_str()) => Ok(Value::Text(text)),
        Form::Choice(words) => Err((format!("is {text:?}"), choose(&text, words))),
        Form::SecretMap => match json::parse(&text) {
            Ok(Located { value: Json::Object(members), .. }) => read_map(members).map(Value::Map),
            Ok(other) => Err((format!("is {}", other.value.form()), "write a JSON object".to_owned())),
            Err(error) => Err((format!("is not JSON ({error})"), "write a JSON object".to_owned())),
        },
        Form::TextList | Form::CopyOffload => Err(("is a string".to_owned(), format!("write {}", wanted(form)))),
    }
}

/// Tells which word was probably meant.
pub(super) fn choose(text: &str, words: &[&str]) -> String {
    let near = facts::nearest(text, words.iter().copied(), 1).first().map(|near| format!("did you mean {near:?}? "));
    format!("{}choose one of: {}", near.unwrap_or_default(), words.join(", "))
}

fn read_list(items: Vec<Located<Json>>) -> Result<Vec<String>, Refusal> {
    items
        .into_iter()
        .map(|item| match item.value {
            Json::Text(text) if !text.trim().is_empty() => Ok(text),
            Json::Text(_) => Err(("has an empty item".to_owned(), "remove it".to_owned())),
            other => Err((format!("has an item that is {}", other.form()), "write strings only".to_owned())),
        })
        .collect()
}

/// Booleans become `true` and `false`. Source: original-suite.md section 4, `storage_secret_extra`.
fn read_map(members: Members) -> Result<BTreeMap<String, Secret>, Refusal> {
    let mut map = BTreeMap::new();
    for (name, value) in members {
        let text = match value.value {
            Json::Text(text) | Json::Number(text) => text,
            Json::Switch(on) => on.to_string(),
            other => {
                let remedy = "write a string, number or boolean".to_owned();
                return Err((format!("has {:?}, which is {}", name.value, other.form()), remedy));
            }
        };
        // Source: Kubernetes' rule for the keys of a Secret.
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.value.is_empty() || name.value.len() > 253 || !name.value.bytes().all(fits) {
            let remedy = "use letters, digits, '-', '_' and '.' only".to_owned();
            return Err((format!("has {:?}, which no Secret may have as a key", name.value), remedy));
        }
        if map.insert(name.value.clone(), Secret::new(text)).is_some() {
            return Err((format!("has {:?} twice", name.value), "keep one".to_owned()));
        }
    }
    Ok(map)
}
