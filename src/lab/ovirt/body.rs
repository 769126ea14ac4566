//! What clients send, from either language, as one tree.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

/// Reads a body; none is an empty object.
///
/// # Errors
/// The parser's own text.
pub(super) fn read(text: &str) -> Result<Value, String> {
    match text.trim_start().chars().next() {
        None => Ok(Value::Object(Map::new())),
        Some('<') => from_xml(text),
        Some(_) => serde_json::from_str(text).map_err(|error| error.to_string()),
    }
}

/// The text at a pointer.
pub(super) fn text<'a>(body: &'a Value, pointer: &str) -> Option<&'a str> {
    body.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// An element is an object of its attributes and children; one without either is its text.
fn from_xml(text: &str) -> Result<Value, String> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<(String, Map<String, Value>, String)> = vec![(String::new(), Map::new(), String::new())];
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => {
                open.push(element(&start)?);
                close(&mut open);
            }
            Event::End(_) => close(&mut open),
            Event::Text(part) => append(&mut open, &part.decode().map_err(|error| error.to_string())?),
            Event::CData(part) => append(&mut open, &part.decode().map_err(|error| error.to_string())?),
            Event::GeneralRef(entity) => {
                let name = entity.decode().map_err(|error| error.to_string())?;
                let character = entity.resolve_char_ref().map_err(|error| error.to_string())?;
                append(&mut open, &character.map_or_else(|| predefined(&name), |letter| letter.to_string()));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match open.pop() {
        Some((_, mut root, _)) if open.is_empty() && root.len() == 1 => {
            Ok(root.values_mut().next().map(Value::take).unwrap_or_default())
        }
        _ => Err("not one root element".to_owned()),
    }
}

fn predefined(name: &str) -> String {
    match name {
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        _ => "",
    }
    .to_owned()
}

type Open = Vec<(String, Map<String, Value>, String)>;

fn append(open: &mut Open, text: &str) {
    if let Some((_, _, known)) = open.last_mut() {
        known.push_str(text);
    }
}

fn close(open: &mut Open) {
    let Some((name, members, text)) = open.pop() else { return };
    let value = if members.is_empty() { Value::String(text.trim().to_owned()) } else { Value::Object(members) };
    if let Some((_, parent, _)) = open.last_mut() {
        parent.insert(name, value);
    }
}

fn element(start: &BytesStart<'_>) -> Result<(String, Map<String, Value>, String), String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut members = Map::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        members.insert(text(attribute.key.local_name().as_ref()), text(&attribute.value).into());
    }
    Ok((text(start.local_name().as_ref()), members, String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_languages_give_one_tree() {
        let xml = "<vm>\n  <name>a &amp; b</name><cluster id=\"c1\"/><memory_policy><guaranteed>0</guaranteed>\
                   </memory_policy></vm>";
        let read = read(xml).unwrap();
        assert_eq!(read, json!({"name": "a & b", "cluster": {"id": "c1"}, "memory_policy": {"guaranteed": "0"}}));
        assert_eq!(super::read(&read.to_string()).unwrap(), read);
        assert_eq!(super::read("<action/>").unwrap(), json!(""));
        assert_eq!(super::read("").unwrap(), json!({}));
        assert!(super::read("<a><b></a>").is_err() && super::read("{").is_err());
    }
}
