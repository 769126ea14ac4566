//! The differences of two transcripts, and the verdict on them.

use super::listed::Listed;
use super::sequence::Sequence;
use super::side::Answer;
use serde_json::{Value, json};

/// Differences that a failure shows: what fits on a screen.
const SHOWN: usize = 12;
const VALUE_MAX: usize = 300;

/// A place in a step's answer where the lab and the real server differ.
#[derive(Debug)]
pub(crate) struct Difference {
    step: &'static str,
    request: String,
    /// `answer`, `headers.warning`, `body.spec.parts[0].id`.
    path: String,
    lab: Option<Value>,
    real: Option<Value>,
}

/// All differences, in the order of the steps.
pub(crate) fn transcripts(sequence: &Sequence, lab: &[Answer], real: &[Answer]) -> Vec<Difference> {
    let mut found = Vec::new();
    for (step, (lab, real)) in sequence.steps.iter().zip(lab.iter().zip(real)) {
        let mut places = Vec::new();
        if outcome(lab) == outcome(real) {
            compare("headers", Some(&headers(lab)), Some(&headers(real)), &mut places);
            compare("body", Some(&lab.body), Some(&real.body), &mut places);
        } else {
            // One got an object and the other a refusal: field by field, that would say nothing.
            places.push(("answer".to_owned(), Some(gist(lab)), Some(gist(real))));
        }
        found.extend(places.into_iter().map(|(path, lab, real)| Difference {
            step: step.name,
            request: format!("{} {}", step.method, step.path),
            path,
            lab,
            real,
        }));
    }
    found
}

fn outcome(answer: &Answer) -> (u16, &Value) {
    (answer.status, &answer.body["kind"])
}

fn gist(answer: &Answer) -> Value {
    let message = &answer.body["message"];
    json!([answer.status, if message.is_string() { message } else { &answer.body }])
}

fn headers(answer: &Answer) -> Value {
    answer.headers.iter().map(|(name, values)| (name.clone(), json!(values))).collect::<serde_json::Map<_, _>>().into()
}

type Place = (String, Option<Value>, Option<Value>);

fn compare(path: &str, lab: Option<&Value>, real: Option<&Value>, found: &mut Vec<Place>) {
    match (lab, real) {
        (Some(lab), Some(real)) if lab == real => {}
        (Some(Value::Object(lab)), Some(Value::Object(real))) => {
            for (key, value) in lab {
                compare(&format!("{path}.{key}"), Some(value), real.get(key), found);
            }
            for (key, value) in real.iter().filter(|(key, _)| !lab.contains_key(*key)) {
                compare(&format!("{path}.{key}"), None, Some(value), found);
            }
        }
        (Some(Value::Array(lab)), Some(Value::Array(real))) => {
            for at in 0..lab.len().max(real.len()) {
                compare(&format!("{path}[{at}]"), lab.get(at), real.get(at), found);
            }
        }
        (lab, real) => found.push((path.to_owned(), lab.cloned(), real.cloned())),
    }
}

/// Fails for differences that are not listed, and for listed ones that do not occur.
pub(crate) fn judge(sequence: &Sequence, found: &[Difference], own: &[Listed]) -> Result<(), String> {
    let covers = |Listed(step, path, _): &Listed, difference: &Difference| {
        fits(step, difference.step) && fits(path, &difference.path)
    };
    let new: Vec<&Difference> =
        found.iter().filter(|difference| !own.iter().any(|listed| covers(listed, difference))).collect();
    let gone: Vec<&Listed> =
        own.iter().filter(|listed| !found.iter().any(|difference| covers(listed, difference))).collect();
    if new.is_empty() && gone.is_empty() {
        return Ok(());
    }
    let mut lines =
        vec![format!("{}: {} new differences, {} listed ones are gone", sequence.name, new.len(), gone.len())];
    let mut step = "";
    for difference in new.iter().take(SHOWN) {
        if difference.step != step {
            step = difference.step;
            lines.push(format!("  step {step:?}: {}", difference.request));
        }
        lines.push(format!("    {}", difference.path));
        lines.push(format!("      lab:  {}", show(difference.lab.as_ref())));
        lines.push(format!("      real: {}", show(difference.real.as_ref())));
    }
    if new.len() > SHOWN {
        lines.push(format!("  and {} more", new.len() - SHOWN));
    }
    let gone = gone.iter().map(|Listed(step, path, why)| {
        format!("  no longer differs, take it off the list: step {step:?} {path} ({why:?})")
    });
    lines.extend(gone);
    Err(lines.join("\n") + "\n")
}

fn show(value: Option<&Value>) -> String {
    value.map_or_else(|| "(absent)".to_owned(), |value| brief(&value.to_string()))
}

fn brief(text: &str) -> String {
    match text.char_indices().nth(VALUE_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text
            .strip_prefix(start)
            .is_some_and(|text| (0..=text.len()).filter_map(|at| text.get(at..)).any(|tail| fits(rest, tail))),
    }
}
