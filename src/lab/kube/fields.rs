//! Sets of fields: who owns what of an object, in the `FieldsV1` form.
//!
//! A set is a tree. Its steps are `f:<member>`, `k:<keys of a list item>` and `v:<value of a set>`; a node that is a
//! member of the set is a field that is owned as such.

use super::kinds::Kind;
use super::object::fields;
use super::strategic::{ListRule, list_rule, same_key};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A set of fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FieldSet {
    member: bool,
    children: BTreeMap<String, FieldSet>,
}

/// What is known of the place in an object: how its lists and maps are merged.
#[derive(Debug, Clone)]
pub(super) struct Site<'a> {
    kind: &'a Kind,
    schema: Option<&'a Value>,
    in_metadata: bool,
    depth: usize,
    rule: ListRule,
}

impl<'a> Site<'a> {
    /// The root of an object.
    pub(super) fn root(kind: &'a Kind, version: &str) -> Self {
        let schema =
            kind.version(version).and_then(|version| version.schema.as_deref()).map(super::schema::Schema::root);
        Self { kind, schema, in_metadata: false, depth: 0, rule: ListRule::Atomic }
    }

    fn field(&self, name: &str) -> Self {
        let schema = self.schema.and_then(|schema| {
            schema["properties"]
                .get(name)
                .or_else(|| schema.get("additionalProperties").filter(|more| more.is_object()))
        });
        let in_metadata = self.in_metadata || (self.depth == 0 && name == "metadata");
        let rule = if in_metadata || !self.kind.custom {
            list_rule(self.kind, name)
        } else {
            schema.map_or(ListRule::Atomic, declared_rule)
        };
        Self { kind: self.kind, schema, in_metadata, depth: self.depth + 1, rule }
    }

    fn item(&self) -> Self {
        let schema = self.schema.and_then(|schema| schema.get("items"));
        Self { kind: self.kind, schema, in_metadata: self.in_metadata, depth: self.depth + 1, rule: ListRule::Atomic }
    }

    fn is_atomic_map(&self) -> bool {
        self.schema.is_some_and(|schema| schema["x-kubernetes-map-type"] == "atomic")
    }
}

fn declared_rule(schema: &Value) -> ListRule {
    match schema["x-kubernetes-list-type"].as_str() {
        Some("set") => ListRule::Set,
        Some("map") => {
            let keys = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
            ListRule::Keyed(keys.filter_map(Value::as_str).map(str::to_owned).collect())
        }
        _ => ListRule::Atomic,
    }
}

type Children<'v, 'a> = Vec<(String, &'v Value, Site<'a>)>;

/// The parts of a value that are owned one by one; none for what is owned as a whole.
fn parts<'v, 'a>(value: &'v Value, site: &Site<'a>) -> Option<Children<'v, 'a>> {
    match value {
        Value::Object(map) if !map.is_empty() && !site.is_atomic_map() => {
            Some(map.iter().map(|(key, value)| (format!("f:{key}"), value, site.field(key))).collect())
        }
        Value::Array(items) if !items.is_empty() && site.rule != ListRule::Atomic => {
            Some(items.iter().map(|item| (item_step(&site.rule, item), item, site.item())).collect())
        }
        _ => None,
    }
}

fn item_step(rule: &ListRule, item: &Value) -> String {
    match rule {
        ListRule::Keyed(keys) => {
            let named: Map<String, Value> =
                keys.iter().filter_map(|key| item.get(key).map(|value| (key.clone(), value.clone()))).collect();
            format!("k:{}", Value::Object(named))
        }
        _ => format!("v:{item}"),
    }
}

impl FieldSet {
    /// Every field of a value.
    pub(super) fn of(value: &Value, site: &Site<'_>) -> Self {
        let Some(parts) = parts(value, site) else { return Self { member: true, children: BTreeMap::new() } };
        let children = parts.into_iter().map(|(step, value, site)| {
            let mut child = Self::of(value, &site);
            child.member |= step.starts_with("k:");
            (step, child)
        });
        Self { member: false, children: children.collect() }
    }

    /// Every field of a value that a change added: its maps and lists themselves, too.
    fn added(value: &Value, site: &Site<'_>) -> Self {
        let parts = parts(value, site).into_iter().flatten();
        let children = parts.map(|(step, value, site)| (step, Self::added(value, &site))).collect();
        Self { member: true, children }
    }

    /// What a change from `old` to `new` set (added or changed), and what it removed.
    pub(super) fn difference(old: &Value, new: &Value, site: &Site<'_>) -> (Self, Self) {
        let (mut changed, mut removed) = (Self::default(), Self::default());
        compare(old, new, site, &mut changed, &mut removed);
        (changed, removed)
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.member && self.children.is_empty()
    }

    pub(super) fn from_json(value: &Value) -> Self {
        let map = value.as_object();
        let entries = map.into_iter().flatten();
        let children: BTreeMap<String, Self> =
            entries.filter(|(key, _)| *key != ".").map(|(key, value)| (key.clone(), Self::from_json(value))).collect();
        Self { member: map.is_none_or(|map| map.is_empty() || map.contains_key(".")), children }
    }

    pub(super) fn to_json(&self) -> Value {
        let mut map: Map<String, Value> =
            self.children.iter().map(|(step, child)| (step.clone(), child.to_json())).collect();
        if self.member && !map.is_empty() {
            map.insert(".".into(), json!({}));
        }
        Value::Object(map)
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.member |= other.member;
        for (step, child) in &other.children {
            self.children.entry(step.clone()).or_default().add(child);
        }
    }

    /// What is in this set but not in the other. A field stays out also if the other has a part of it.
    #[must_use]
    pub(super) fn without(&self, other: &Self) -> Self {
        let children = self.children.iter().map(|(step, child)| match other.children.get(step) {
            Some(other) => (step.clone(), child.without(other)),
            None => (step.clone(), child.clone()),
        });
        Self {
            member: self.member && !other.member && other.children.is_empty(),
            children: children.filter(|(_, child)| !child.is_empty()).collect(),
        }
    }

    /// What is in both sets.
    #[must_use]
    pub(super) fn shared(&self, other: &Self) -> Self {
        let children = self.children.iter().filter_map(|(step, child)| {
            let both = child.shared(other.children.get(step)?);
            (!both.is_empty()).then(|| (step.clone(), both))
        });
        Self { member: self.member && other.member, children: children.collect() }
    }

    /// The members as paths such as `.spec.replicas` and `.spec.containers[name="a"].image`.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect_paths("", &mut paths);
        paths
    }

    fn collect_paths(&self, path: &str, paths: &mut Vec<String>) {
        if self.member {
            paths.push(path.to_owned());
        }
        for (step, child) in &self.children {
            let (form, rest) = step.split_at(2.min(step.len()));
            let next = match form {
                "k:" => {
                    let keys: Map<String, Value> = serde_json::from_str(rest).unwrap_or_default();
                    let texts: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
                    format!("{path}[{}]", texts.join(","))
                }
                "v:" => format!("{path}[={rest}]"),
                _ => format!("{path}.{rest}"),
            };
            child.collect_paths(&next, paths);
        }
    }
}

fn compare(old: &Value, new: &Value, site: &Site<'_>, changed: &mut FieldSet, removed: &mut FieldSet) {
    if old == new {
        return;
    }
    let (Some(before), Some(after)) = (parts(old, site), parts(new, site)) else {
        if parts(old, site).is_some() {
            removed.add(&FieldSet::of(old, site));
        }
        changed.add(&FieldSet::of(new, site));
        return;
    };
    let known: BTreeMap<&String, &Value> = before.iter().map(|(step, value, _)| (step, *value)).collect();
    for (step, value, part) in &after {
        match known.get(step) {
            Some(old) => {
                let (set, gone) = FieldSet::difference(old, value, part);
                attach(changed, step, &set);
                attach(removed, step, &gone);
            }
            None => attach(changed, step, &FieldSet::added(value, part)),
        }
    }
    for (step, value, part) in &before {
        if !after.iter().any(|(other, _, _)| other == step) {
            attach(removed, step, &whole(step, value, part));
        }
    }
}

fn whole(step: &str, value: &Value, site: &Site<'_>) -> FieldSet {
    let mut set = FieldSet::of(value, site);
    set.member |= step.starts_with("k:");
    set
}

fn attach(set: &mut FieldSet, step: &str, child: &FieldSet) {
    if !child.is_empty() {
        set.children.entry(step.to_owned()).or_default().add(child);
    }
}

/// Merges an applied configuration into a live object.
pub(super) fn merge(live: &mut Value, applied: &Value, site: &Site<'_>) {
    match (live, applied) {
        (Value::Object(live), Value::Object(applied)) if !site.is_atomic_map() => {
            for (key, value) in applied {
                match live.get_mut(key) {
                    Some(known) => merge(known, value, &site.field(key)),
                    None => {
                        live.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(live), Value::Array(applied)) if site.rule != ListRule::Atomic => {
            for item in applied {
                let known = match &site.rule {
                    ListRule::Keyed(keys) => live.iter().position(|other| same_key(keys, other, item)),
                    _ => live.iter().position(|other| other == item),
                };
                match known {
                    Some(at) => merge(&mut live[at], item, &site.item()),
                    None => live.push(item.clone()),
                }
            }
        }
        (live, applied) => *live = applied.clone(),
    }
}

/// Removes a set of fields from a value, and the maps and lists that this empties.
pub(super) fn remove(value: &mut Value, set: &FieldSet, site: &Site<'_>) {
    for (step, child) in &set.children {
        let (form, rest) = step.split_at(2.min(step.len()));
        if form == "f:" {
            remove_field(value, rest, child, site);
        } else if let Value::Array(items) = value {
            let at = items.iter().position(|item| item_step(&site.rule, item) == *step);
            match at {
                Some(at) if child.member => {
                    items.remove(at);
                }
                Some(at) => remove(&mut items[at], child, &site.item()),
                None => {}
            }
        }
    }
}

fn remove_field(value: &mut Value, name: &str, set: &FieldSet, site: &Site<'_>) {
    if !value.is_object() {
        return;
    }
    let map = fields(value);
    if set.member && set.children.is_empty() {
        map.remove(name);
        return;
    }
    let Some(field) = map.get_mut(name) else { return };
    remove(field, set, &site.field(name));
    let emptied = field.as_object().is_some_and(Map::is_empty) || field.as_array().is_some_and(Vec::is_empty);
    if emptied {
        map.remove(name);
    }
}
