//! What a schema says of a single value: bounds, sizes, formats, and lists whose items differ.

use super::failure::Cause;
use super::schema::field;
use regex::Regex;
use serde_json::{Map, Value};

/// Adds what is wrong with a value itself, not with what is in it.
pub(super) fn check(value: &Value, schema: &Value, path: &str, causes: &mut Vec<Cause>) {
    if let Some(why) = out_of_bounds(value, schema) {
        causes.push(Cause::invalid(field(path), value, &format!("{path} in body {why}")));
    }
    match value {
        Value::String(text) => check_text(text, schema, path, causes),
        Value::Array(items) => {
            check_number(items.len(), schema, path, causes);
            check_doubles(items, schema, path, causes);
        }
        _ => {}
    }
}

fn check_text(text: &str, schema: &Value, path: &str, causes: &mut Vec<Cause>) {
    if let Some(most) = schema["maxLength"].as_u64().filter(|most| exceeds(text.chars().count(), *most)) {
        let message = format!("Too long: may not be more than {most} bytes");
        causes.push(Cause { reason: "FieldValueTooLong", message, field: field(path) });
    }
    if schema["format"] == "date-time" && text.parse::<jiff::Timestamp>().is_err() {
        let why = format!("{path} in body must be of type date-time: {text:?}");
        let cause = Cause::invalid(field(path), &text.into(), &why);
        causes.push(Cause { reason: "FieldValueTypeInvalid", ..cause });
    }
    if let Some(pattern) = schema["pattern"].as_str()
        // A pattern that only Go's engine reads refuses nothing.
        && Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
    {
        let why = format!("{path} in body should match '{pattern}'");
        causes.push(Cause::invalid(field(path), &text.into(), &why));
    }
}

fn exceeds(size: usize, most: u64) -> bool {
    u64::try_from(size).is_ok_and(|size| size > most)
}

fn check_number(count: usize, schema: &Value, path: &str, causes: &mut Vec<Cause>) {
    if let Some(most) = schema["maxItems"].as_u64().filter(|most| exceeds(count, *most)) {
        let message = format!("Too many: {count}: must have at most {most} items");
        causes.push(Cause { reason: "FieldValueTooMany", message, field: field(path) });
    }
}

/// Items of a set differ, and items of a map in their keys.
fn check_doubles(items: &[Value], schema: &Value, path: &str, causes: &mut Vec<Cause>) {
    let keys: Vec<&str> =
        schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let identity = |item: &Value| match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => Some(item.clone()),
        Some("map") => {
            let pairs = keys.iter().filter_map(|key| Some(((*key).to_owned(), item.get(*key)?.clone())));
            Some(Value::Object(pairs.collect::<Map<_, _>>()))
        }
        _ => None,
    };
    let mut seen: Vec<Value> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(identity) = identity(item) else { return };
        if seen.contains(&identity) {
            let shown = match &identity {
                Value::Object(map) => {
                    let pairs: Vec<String> = map.iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
                    format!("map[string]interface {{}}{{{}}}", pairs.join(", "))
                }
                other => other.to_string(),
            };
            let message = format!("Duplicate value: {shown}");
            causes.push(Cause { reason: "FieldValueDuplicate", message, field: format!("{path}[{index}]") });
        }
        seen.push(identity);
    }
}

fn out_of_bounds(value: &Value, schema: &Value) -> Option<String> {
    let bound = |name: &str| schema[name].as_f64();
    if let Some(number) = value.as_f64() {
        let (least, most) = (bound("minimum"), bound("maximum"));
        let open_least = schema["exclusiveMinimum"] == true;
        let open_most = schema["exclusiveMaximum"] == true;
        if let Some(least) = least.filter(|least| number < *least || (open_least && number <= *least)) {
            let or_equal = if open_least { "" } else { " or equal to" };
            return Some(format!("should be greater than{or_equal} {least}"));
        }
        let most = most.filter(|most| number > *most || (open_most && number >= *most))?;
        let or_equal = if open_most { "" } else { " or equal to" };
        return Some(format!("should be less than{or_equal} {most}"));
    }
    let (size, least, most, unit) = match value {
        Value::String(text) => (text.chars().count(), "minLength", "", "chars long"),
        Value::Array(items) => (items.len(), "minItems", "", "items"),
        Value::Object(map) => (map.len(), "minProperties", "maxProperties", "properties"),
        _ => return None,
    };
    let size = u64::try_from(size).unwrap_or(u64::MAX);
    if let Some(least) = schema[least].as_u64().filter(|least| size < *least) {
        return Some(format!("should be at least {least} {unit}"));
    }
    let most = schema[most].as_u64().filter(|most| size > *most)?;
    Some(format!("should be at most {most} {unit}"))
}
