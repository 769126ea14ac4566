//! Makes transcripts comparable: what must differ between two servers becomes a symbol that keeps what matters of it.
//!
//! Uids are named after their objects and numbered by first appearance. ResourceVersions are numbered per object, and
//! one that is lower than an earlier one of its object says so; those of lists must reach their items. Times keep their
//! precision only.

use super::sequence::Sequence;
use super::side::Answer;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Words after which messages name revisions.
const BEFORE_REVISIONS: [&str; 8] = [
    "in precondition: ",
    "in object meta: ",
    "in the precondition (",
    "in record (",
    "current: ",
    "resource version: ",
    "too old resource version: ",
    "newer than current ",
];

#[derive(Default)]
struct Symbols {
    /// Text to symbol, in order of appearance.
    aliases: Vec<(String, String)>,
    /// How many uids a name has had.
    named: HashMap<String, usize>,
    revisions: HashMap<String, Vec<u64>>,
    highest: u64,
}

/// The comparable form of a side's answers.
pub(crate) fn transcript(sequence: &Sequence, namespace: &str, answers: Vec<Answer>) -> Vec<Answer> {
    let mut symbols = Symbols::default();
    symbols.aliases.push((namespace.to_owned(), "NS".to_owned()));
    let steps = sequence.steps.iter().zip(answers);
    steps
        .map(|(step, mut answer)| {
            symbols.learn(&answer.body);
            let body = symbols.value(&answer.body, sequence.ownership);
            answer.body = step.view.map_or_else(|| body.clone(), |view| view(body.clone()));
            for (_, values) in &mut answer.headers {
                for value in values {
                    *value = symbols.text(value);
                }
            }
            answer
        })
        .collect()
}

impl Symbols {
    /// Takes note of generated names and uids.
    fn learn(&mut self, value: &Value) {
        match value {
            Value::Object(map) => {
                let text = |key: &str| map.get(key).and_then(Value::as_str);
                if let (Some(base), Some(name)) = (text("generateName"), text("name"))
                    && let Some(suffix) = name.strip_prefix(base)
                    && suffix.len() == 5
                {
                    self.alias(name, format!("{base}*****"));
                }
                if let Some(uid) = text("uid").filter(|uid| is_uuid(uid)) {
                    let name = self.text(text("name").unwrap_or_default());
                    self.uid(uid, &name);
                }
                map.values().for_each(|value| self.learn(value));
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            _ => {}
        }
    }

    fn alias(&mut self, text: &str, symbol: String) {
        if self.aliases.iter().all(|(known, _)| known != text) {
            self.aliases.push((text.to_owned(), symbol));
        }
    }

    fn uid(&mut self, uid: &str, name: &str) {
        if self.aliases.iter().all(|(known, _)| known != uid) {
            let count = self.named.entry(name.to_owned()).or_default();
            *count += 1;
            self.aliases.push((uid.to_owned(), format!("<uid {count} of {name}>")));
        }
    }

    fn value(&mut self, value: &Value, ownership: bool) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item, ownership)).collect(),
            Value::Object(map) => {
                let mut out = Map::new();
                // A list's revision is judged after its items.
                let late = |key: &str| key == "metadata" && (map.contains_key("items") || map.contains_key("rows"));
                for (key, value) in
                    map.iter().filter(|(key, _)| !late(key)).chain(map.iter().filter(|(key, _)| late(key)))
                {
                    let made = match (key.as_str(), value) {
                        ("managedFields", _) if !ownership => continue,
                        ("continue", Value::String(token)) if !token.is_empty() => "<continue>".into(),
                        ("token", Value::String(token)) if token.len() > 3 => "<token>".into(),
                        ("resourceVersion", Value::String(revision)) => self.revision(map, revision),
                        ("cells", Value::Array(cells)) => cells.iter().map(|cell| self.cell(cell)).collect(),
                        (_, value) => self.value(value, ownership),
                    };
                    out.insert(self.text(key), made);
                }
                sort_causes(&mut out);
                Value::Object(out)
            }
            other => other.clone(),
        }
    }

    fn cell(&mut self, cell: &Value) -> Value {
        let is_age = |text: &str| text.strip_suffix('s').is_some_and(|number| number.parse::<u32>().is_ok());
        match cell {
            Value::String(text) if is_age(text) => "<age>".into(),
            other => self.value(other, false),
        }
    }

    fn revision(&mut self, metadata: &Map<String, Value>, text: &str) -> Value {
        let Ok(number) = text.parse::<u64>() else { return text.into() };
        let Some(uid) = metadata.get("uid").and_then(Value::as_str) else {
            let current = number >= self.highest;
            self.highest = self.highest.max(number);
            return if current { "current".into() } else { "older than an object's".into() };
        };
        let seen = self.revisions.entry(uid.to_owned()).or_default();
        let at = seen.iter().position(|known| *known == number).unwrap_or_else(|| {
            seen.push(number);
            seen.len() - 1
        });
        let order = if seen[..at].iter().any(|earlier| *earlier > number) { " (goes back)" } else { "" };
        self.highest = self.highest.max(number);
        format!("{}@{}{order}", self.text(uid), at + 1).into()
    }

    fn text(&mut self, text: &str) -> String {
        let mut out = text.to_owned();
        for (known, symbol) in &self.aliases {
            out = out.replace(known, symbol);
        }
        while let Some(at) = uuid_in(&out) {
            let uid = out[at..at + 36].to_owned();
            self.uid(&uid, "?");
            let symbol = self.aliases.last().map(|(_, symbol)| symbol.clone()).unwrap_or_default();
            out = out.replace(&uid, &symbol);
        }
        for word in BEFORE_REVISIONS {
            out = blank_numbers(&out, word);
        }
        time(&out).unwrap_or(out)
    }
}

/// The real server names several causes of one refusal by a schema in no order.
fn sort_causes(status: &mut Map<String, Value>) {
    let several = status.get_mut("details").and_then(|details| details.get_mut("causes")).and_then(Value::as_array_mut);
    let Some(causes) = several.filter(|causes| causes.len() > 1) else { return };
    causes.sort_by_key(Value::to_string);
    let message = status.get("message").and_then(Value::as_str).unwrap_or_default();
    if let Some((start, _)) = message.split_once("is invalid: [") {
        let start = format!("{start}is invalid: [as the causes]");
        status.insert("message".to_owned(), start.into());
    }
}

fn blank_numbers(text: &str, word: &str) -> String {
    let mut parts = text.split(word);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|letter: char| letter.is_ascii_digit());
        out.push_str(word);
        out.push_str(if rest.len() < part.len() { "N" } else { "" });
        out.push_str(rest);
    }
    out
}

fn is_uuid(text: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(shape)
}

fn uuid_in(text: &str) -> Option<usize> {
    (0..text.len().saturating_sub(35)).find(|at| text.get(*at..at + 36).is_some_and(is_uuid))
}

/// The precision of a text that is a time.
fn time(text: &str) -> Option<String> {
    text.parse::<jiff::Timestamp>().ok()?;
    Some(if text.contains('.') { "<time with fractions>".to_owned() } else { "<time>".to_owned() })
}
