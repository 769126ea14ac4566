//! Strategic merge patches, and which lists of built-in kinds are merged item by item.

use super::kinds::Kind;
use super::object::fields;
use serde_json::{Map, Value};

/// How a list is merged and owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ListRule {
    /// As one value.
    Atomic,
    /// Item by item, each a plain value.
    Set,
    /// Item by item, found by these keys.
    Keyed(Vec<String>),
}

/// The rule for a list of a built-in kind, or in any kind's metadata, by the name of its field.
pub(super) fn list_rule(kind: &Kind, field: &str) -> ListRule {
    let key = match field {
        "containers" | "initContainers" | "ephemeralContainers" | "env" | "volumes" | "imagePullSecrets" => "name",
        "secrets" if kind.is_core("serviceaccounts") => "name",
        "volumeMounts" => "mountPath",
        "volumeDevices" => "devicePath",
        "ports" if kind.is_core("services") => "port",
        "ports" => "containerPort",
        "conditions" | "addresses" => "type",
        "ownerReferences" => "uid",
        "hostAliases" | "podIPs" | "hostIPs" => "ip",
        "taints" => "key",
        "topologySpreadConstraints" => "topologyKey",
        "finalizers" => return ListRule::Set,
        _ => return ListRule::Atomic,
    };
    ListRule::Keyed(vec![key.to_owned()])
}

const ORDER: &str = "$setElementOrder/";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";

/// Merges a strategic patch into a value.
pub(super) fn merge(kind: &Kind, current: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *current = patch.clone();
        return;
    };
    match patch.get("$patch").and_then(Value::as_str) {
        Some("replace") => {
            *current = Value::Object(patch.iter().filter(|(key, _)| *key != "$patch").map(owned).collect());
            return;
        }
        Some("delete") => {
            *current = Value::Object(Map::new());
            return;
        }
        _ => {}
    }
    let map = fields(current);
    if let Some(keep) = patch.get("$retainKeys").and_then(Value::as_array) {
        map.retain(|key, _| keep.iter().any(|kept| kept == key.as_str()));
    }
    for (key, value) in patch {
        if let Some(field) = key.strip_prefix(DELETE_FROM) {
            if let Some(Value::Array(items)) = map.get_mut(field) {
                items.retain(|item| !value.as_array().is_some_and(|gone| gone.contains(item)));
            }
        } else if !key.starts_with('$') {
            merge_field(kind, map, key, value);
        }
    }
    for (key, order) in patch {
        if let (Some(field), Some(order)) = (key.strip_prefix(ORDER), order.as_array())
            && let Some(Value::Array(items)) = map.get_mut(field)
        {
            sort(&list_rule(kind, field), items, order);
        }
    }
}

fn owned((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

fn merge_field(kind: &Kind, map: &mut Map<String, Value>, key: &str, value: &Value) {
    match value {
        Value::Null => {
            map.remove(key);
        }
        Value::Object(_) => merge(kind, map.entry(key).or_insert(Value::Null), value),
        Value::Array(items) => {
            let current = map.entry(key).or_insert_with(|| Value::Array(Vec::new()));
            if !current.is_array() {
                *current = Value::Array(Vec::new());
            }
            if let Value::Array(current) = current {
                merge_list(kind, &list_rule(kind, key), current, items);
            }
        }
        _ => {
            map.insert(key.to_owned(), value.clone());
        }
    }
}

fn merge_list(kind: &Kind, rule: &ListRule, current: &mut Vec<Value>, patch: &[Value]) {
    if patch.iter().any(|item| item["$patch"] == "replace") {
        *current = patch.iter().filter(|item| item["$patch"] != "replace").cloned().collect();
        return;
    }
    let before = current.clone();
    match rule {
        ListRule::Atomic => *current = patch.to_vec(),
        ListRule::Set => {
            for item in patch {
                if !current.contains(item) {
                    current.push(item.clone());
                }
            }
        }
        ListRule::Keyed(keys) => {
            for item in patch {
                let known = current.iter().position(|other| same_key(keys, other, item));
                match (known, item["$patch"] == "delete") {
                    (Some(at), true) => {
                        current.remove(at);
                    }
                    (None, true) => {}
                    (Some(at), false) => merge(kind, &mut current[at], item),
                    (None, false) => {
                        let mut made = Value::Null;
                        merge(kind, &mut made, item);
                        current.push(made);
                    }
                }
            }
        }
    }
    if *rule != ListRule::Atomic {
        patched_first(rule, current, &before, patch);
    }
}

/// Orders a merged list as the real server does: what the patch names comes in its order, and a new item of it before
/// the next old one.
fn patched_first(rule: &ListRule, merged: &mut Vec<Value>, before: &[Value], patch: &[Value]) {
    let same = |left: &Value, right: &Value| match rule {
        ListRule::Keyed(keys) => same_key(keys, left, right),
        _ => left == right,
    };
    let (mut named, mut others): (Vec<Value>, Vec<Value>) =
        merged.drain(..).partition(|item| patch.iter().any(|other| same(item, other)));
    named.sort_by_key(|item| patch.iter().position(|other| same(item, other)));
    named.reverse();
    others.reverse();
    let place = |item: &Value| before.iter().position(|other| same(item, other));
    while let (Some(left), Some(right)) = (named.last(), others.last()) {
        let other_first = place(left).zip(place(right)).is_some_and(|(left, right)| right < left);
        merged.extend(if other_first { others.pop() } else { named.pop() });
    }
    merged.extend(named.into_iter().rev());
    merged.extend(others.into_iter().rev());
}

/// Whether two items of a keyed list are the same one.
pub(super) fn same_key(keys: &[String], left: &Value, right: &Value) -> bool {
    keys.iter().all(|key| left.get(key) == right.get(key))
}

fn sort(rule: &ListRule, items: &mut [Value], order: &[Value]) {
    items.sort_by_key(|item| {
        let place = order.iter().position(|wanted| match rule {
            ListRule::Keyed(keys) => same_key(keys, wanted, item),
            _ => wanted == item,
        });
        place.unwrap_or(usize::MAX)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::kube::kinds::built_in;
    use serde_json::json;

    #[test]
    fn lists_merge_by_their_keys() {
        let kind = built_in().find(|kind| kind.plural == "pods").unwrap();
        let mut pod = json!({"metadata": {"labels": {"a": "1"}, "finalizers": ["x"]},
            "spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}], "tolerations": [{"key": "t"}]}});
        let patch = json!({"metadata": {"labels": {"a": null, "b": "2"}, "finalizers": ["y"]},
            "spec": {"$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
                "containers": [{"name": "a", "image": "2"}, {"name": "b", "$patch": "delete"}, {"name": "c"}],
                "tolerations": [{"key": "u"}]}});
        merge(&kind, &mut pod, &patch);
        assert_eq!(
            pod,
            json!({"metadata": {"labels": {"b": "2"}, "finalizers": ["y", "x"]},
                "spec": {"containers": [{"name": "c"}, {"name": "a", "image": "2"}], "tolerations": [{"key": "u"}]}})
        );
        merge(
            &kind,
            &mut pod,
            &json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["x"]},
            "spec": {"$patch": "replace", "nodeName": "n"}}),
        );
        assert_eq!(pod, json!({"metadata": {"labels": {"b": "2"}, "finalizers": ["y"]}, "spec": {"nodeName": "n"}}));
    }
}
