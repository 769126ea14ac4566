//! The small part of JSONPath that printer columns and selectable fields use: members, indexes, and filters of the form
//! `[?(@.type=="Ready")]`.

use serde_json::Value;

/// The first value at a path such as `.status.conditions[?(@.type=="Ready")].status`.
pub(super) fn first<'a>(root: &'a Value, path: &str) -> Option<&'a Value> {
    find(vec![root], path.trim().trim_start_matches('{').trim_end_matches('}')).into_iter().next()
}

fn find<'a>(mut found: Vec<&'a Value>, path: &str) -> Vec<&'a Value> {
    let mut rest = path.trim_start_matches('$');
    while !rest.is_empty() && !found.is_empty() {
        if let Some(tail) = rest.strip_prefix('[') {
            let Some(end) = closing(tail) else { return Vec::new() };
            found = bracket(&found, &tail[..end]);
            rest = &tail[end + 1..];
        } else {
            let tail = rest.strip_prefix('.').unwrap_or(rest);
            let end = member_end(tail);
            let key = tail[..end].replace("\\.", ".");
            found = found.into_iter().filter_map(|value| value.get(&key)).collect();
            rest = &tail[end..];
            if end == 0 && !rest.starts_with('[') {
                return Vec::new();
            }
        }
    }
    found
}

/// Where the member's name ends; an escaped dot belongs to it.
fn member_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    (0..bytes.len())
        .find(|at| bytes[*at] == b'[' || (bytes[*at] == b'.' && (*at == 0 || bytes[at - 1] != b'\\')))
        .unwrap_or(bytes.len())
}

/// Where the bracket closes, outside quotes.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (None, ']') => return Some(at),
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
    }
    None
}

fn bracket<'a>(found: &[&'a Value], inner: &str) -> Vec<&'a Value> {
    if inner == "*" {
        return found.iter().filter_map(|value| value.as_array()).flatten().collect();
    }
    if let Some(filter) = inner.strip_prefix("?(").and_then(|filter| filter.strip_suffix(')')) {
        let Some((left, right)) = filter.split_once("==") else { return Vec::new() };
        let path = left.trim().trim_start_matches('@');
        let wanted = right.trim().trim_matches(['\'', '"']);
        let items = found.iter().filter_map(|value| value.as_array()).flatten();
        return items.filter(|item| first(item, path).is_some_and(|value| plain(value) == wanted)).collect();
    }
    let key = inner.trim_matches(['\'', '"']);
    found
        .iter()
        .filter_map(|value| match (value, inner.parse::<usize>()) {
            (Value::Array(items), Ok(index)) => items.get(index),
            _ => value.get(key),
        })
        .collect()
}

/// A value as a table cell or selector sees it.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_find_values() {
        let object = json!({
            "metadata": {"annotations": {"x.io/y": "z"}},
            "status": {"phase": "Up", "conditions": [{"type": "A", "status": "No"}, {"type": "Ready", "status": "True"}]},
        });
        for (path, value) in [
            (".status.phase", Some("Up")),
            ("{.status.phase}", Some("Up")),
            (".status.conditions[?(@.type=='Ready')].status", Some("True")),
            (".status.conditions[?(@.type==\"Ready\")].status", Some("True")),
            (".status.conditions[0].type", Some("A")),
            (".metadata.annotations.x\\.io/y", Some("z")),
            (".metadata.annotations['x.io/y']", Some("z")),
            (".status.none.deep", None),
            (".status.conditions[?(@.type=='B')].status", None),
        ] {
            assert_eq!(first(&object, path).map(plain).as_deref(), value, "{path}");
        }
    }
}
