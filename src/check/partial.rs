//! Partial matches of objects, and where they fail.

use serde_json::Value;

/// One value that is not as asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// Where it is (`spec.template.spec.domain.cpu.cores`); empty for the whole.
    pub(super) path: String,
    /// What was asked for, as JSON.
    pub(super) expected: String,
    /// What was found, as JSON; `nothing` where there is no such value.
    pub(super) actual: String,
}

/// Everything in which `found` is not as `asked`, in the order of `asked`.
///
/// - A mapping asks for its keys; others may be there.
/// - A list of mappings with `name` asks for an element of each name. Any other list asks position by position, and more
///   elements may follow. An empty list asks for no element.
/// - `null` asks for absence (or null).
/// - Numbers are compared as numbers (`1` is `1.0`), everything else as it is written.
pub(super) fn differences(asked: &Value, found: Option<&Value>) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare("", asked, found, &mut differences);
    differences
}

fn compare(path: &str, asked: &Value, found: Option<&Value>, out: &mut Vec<Difference>) {
    match (asked, found) {
        (Value::Null, None | Some(Value::Null)) => {}
        (Value::Object(fields), Some(Value::Object(there))) => {
            for (key, value) in fields {
                compare(&join(path, key), value, there.get(key), out);
            }
        }
        (Value::Array(items), Some(Value::Array(there))) if !items.is_empty() => {
            compare_lists(path, items, there, out);
        }
        (Value::Array(items), None | Some(Value::Null)) if items.is_empty() => {}
        (asked, Some(found)) if same(asked, found) => {}
        (asked, found) => out.push(Difference {
            path: path.to_owned(),
            expected: asked.to_string(),
            actual: found.map_or_else(|| "nothing".to_owned(), Value::to_string),
        }),
    }
}

fn compare_lists(path: &str, asked: &[Value], found: &[Value], out: &mut Vec<Difference>) {
    let name = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
    let names: Option<Vec<String>> = asked.iter().map(name).collect();
    match names {
        Some(names) => {
            for (value, wanted) in asked.iter().zip(names) {
                let there = found.iter().find(|item| name(item).as_ref() == Some(&wanted));
                compare(&format!("{path}[name={wanted}]"), value, there, out);
            }
        }
        None => {
            for (index, value) in asked.iter().enumerate() {
                compare(&format!("{path}[{index}]"), value, found.get(index), out);
            }
        }
    }
}

fn same(asked: &Value, found: &Value) -> bool {
    match (asked, found) {
        (Value::Number(asked), Value::Number(found)) => asked == found || asked.as_f64() == found.as_f64(),
        _ => asked == found,
    }
}

/// A key that a path could not be read with is quoted (`metadata.labels["a.b/c"]`).
fn join(path: &str, key: &str) -> String {
    let plain = !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'));
    match (plain, path.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{path}.{key}"),
        (false, _) => format!("{path}[{key:?}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(asked: &Value, found: &Value) -> Vec<String> {
        let line = |one: Difference| format!("{}: {} | {}", one.path, one.expected, one.actual);
        differences(asked, Some(found)).into_iter().map(line).collect()
    }

    #[test]
    fn what_is_not_asked_for_may_be_anything() {
        let found =
            json!({"a": {"b": 1, "c": [1, 2]}, "items": [{"name": "y", "v": 2}, {"name": "x", "v": 1}], "n": null});
        for asked in [
            json!({}),
            json!({"a": {"b": 1.0}}),
            json!({"a": {"c": [1]}}),
            json!({"items": [{"name": "x", "v": 1}]}),
            json!({"n": null, "absent": null, "none": []}),
        ] {
            assert_eq!(lines(&asked, &found), Vec::<String>::new(), "{asked}");
        }
    }

    #[test]
    fn every_difference_has_its_path() {
        let found =
            json!({"a": {"b": 1, "c": [1, 2]}, "items": [{"name": "y", "v": 2}], "l": {"x.y/z": "1"}, "t": "1"});
        for (asked, expected) in [
            (json!({"a": {"b": 2, "d": {"e": 1}}}), vec!["a.b: 2 | 1", "a.d: {\"e\":1} | nothing"]),
            (json!({"a": {"c": [1, 3, 4]}}), vec!["a.c[1]: 3 | 2", "a.c[2]: 4 | nothing"]),
            (json!({"a": {"c": []}}), vec!["a.c: [] | [1,2]"]),
            (
                json!({"items": [{"name": "y", "v": 3}, {"name": "z"}]}),
                vec!["items[name=y].v: 3 | 2", "items[name=z]: {\"name\":\"z\"} | nothing"],
            ),
            (json!({"l": {"x.y/z": "2"}}), vec!["l[\"x.y/z\"]: \"2\" | \"1\""]),
            (json!({"t": 1}), vec!["t: 1 | \"1\""]),
            (json!({"a": null}), vec!["a: null | {\"b\":1,\"c\":[1,2]}"]),
            (json!({"t": {"x": 1}}), vec!["t: {\"x\":1} | \"1\""]),
        ] {
            assert_eq!(lines(&asked, &found), expected, "{asked}");
        }
        assert_eq!(differences(&json!({}), None)[0].actual, "nothing");
    }
}
