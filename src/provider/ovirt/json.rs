//! Reading the engine's JSON, which writes numbers and booleans as texts.
//!
//! Source: source-providers.md section 3.1, "JSON rules".

use jiff::Timestamp;
use serde_json::Value;

/// The members of a list, which sit under the singular word; none when it is left out.
pub(super) fn list<'a>(answer: &'a Value, singular: &str) -> &'a [Value] {
    answer.get(singular).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The text at a JSON pointer (`/mac/address`), unless it is empty.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The number at a pointer.
pub(super) fn number(value: &Value, pointer: &str) -> Option<u64> {
    let found = value.pointer(pointer)?;
    found.as_u64().or_else(|| found.as_str()?.trim().parse().ok())
}

/// The boolean at a pointer.
pub(super) fn flag(value: &Value, pointer: &str) -> Option<bool> {
    let found = value.pointer(pointer)?;
    found.as_bool().or_else(|| found.as_str()?.trim().parse().ok())
}

/// A time as RFC 3339: it comes as milliseconds since 1970, or as text.
pub(super) fn time(value: &Value, pointer: &str) -> String {
    let milliseconds = number(value, pointer).and_then(|number| i64::try_from(number).ok());
    match milliseconds.and_then(|number| Timestamp::from_millisecond(number).ok()) {
        Some(time) => time.to_string(),
        None => text(value, pointer).unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_and_booleans_are_read_as_texts_too() {
        let value = json!({"a": "7", "b": 7, "c": "true", "d": false, "e": {"f": "x"}, "g": "", "vm": [{}, {}]});
        assert_eq!([number(&value, "/a"), number(&value, "/b"), number(&value, "/e")], [Some(7), Some(7), None]);
        assert_eq!([flag(&value, "/c"), flag(&value, "/d"), flag(&value, "/a")], [Some(true), Some(false), None]);
        assert_eq!([text(&value, "/e/f"), text(&value, "/g"), text(&value, "/h")], [Some("x"), None, None]);
        assert_eq!((list(&value, "vm").len(), list(&json!({}), "vm").len()), (2, 0));
    }

    #[test]
    fn times_come_in_two_ways() {
        let value = json!({"a": 1_767_323_045_000_u64, "b": "1767323045000", "c": "2026-01-02T03:04:05Z"});
        for pointer in ["/a", "/b", "/c"] {
            assert_eq!(time(&value, pointer), "2026-01-02T03:04:05Z", "{pointer}");
        }
        assert_eq!(time(&value, "/d"), "");
    }
}
