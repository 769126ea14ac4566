//! Stored objects, and how their common fields are read.

use bytes::Bytes;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};
use std::sync::{Arc, OnceLock};

/// One version of an object. Its JSON is made once, however many clients read or watch it.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) value: Value,
    json: OnceLock<Bytes>,
    item: OnceLock<Bytes>,
}

impl Object {
    pub(super) fn new(value: Value) -> Arc<Self> {
        Arc::new(Self { value, json: OnceLock::new(), item: OnceLock::new() })
    }

    /// The whole object as JSON.
    pub(super) fn json(&self) -> Bytes {
        self.json.get_or_init(|| encode(&self.value)).clone()
    }

    /// The object as an item of a list of a built-in kind: without apiVersion and kind.
    pub(super) fn item(&self) -> Bytes {
        self.item.get_or_init(|| encode(&Untyped(&self.value))).clone()
    }
}

struct Untyped<'a>(&'a Value);

impl Serialize for Untyped<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let Value::Object(fields) = self.0 else { return self.0.serialize(out) };
        let mut map = out.serialize_map(None)?;
        for (key, value) in fields.iter().filter(|(key, _)| *key != "apiVersion" && *key != "kind") {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// Any value as JSON. Maps with text keys, numbers and texts cannot fail to encode.
pub(super) fn encode(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).map(Bytes::from).unwrap_or_default()
}

/// The text at a JSON pointer, or the empty text.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn meta_text<'a>(value: &'a Value, field: &str) -> &'a str {
    value["metadata"][field].as_str().unwrap_or_default()
}

pub(super) fn name(value: &Value) -> &str {
    meta_text(value, "name")
}

pub(super) fn namespace(value: &Value) -> &str {
    meta_text(value, "namespace")
}

pub(super) fn uid(value: &Value) -> &str {
    meta_text(value, "uid")
}

/// The resourceVersion as text.
pub(super) fn revision(value: &Value) -> &str {
    meta_text(value, "resourceVersion")
}

pub(super) fn is_deleting(value: &Value) -> bool {
    !meta_text(value, "deletionTimestamp").is_empty()
}

pub(super) fn finalizers(value: &Value) -> Vec<String> {
    let list = value["metadata"]["finalizers"].as_array();
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(super) fn set_finalizers(value: &mut Value, finalizers: &[String]) {
    if finalizers.is_empty() {
        meta(value).remove("finalizers");
    } else {
        meta(value).insert("finalizers".into(), finalizers.into());
    }
}

/// The uids in the ownerReferences.
pub(super) fn owner_uids(value: &Value) -> impl Iterator<Item = &str> {
    owners(value).map(|owner| owner["uid"].as_str().unwrap_or_default()).filter(|uid| !uid.is_empty())
}

pub(super) fn owners(value: &Value) -> impl Iterator<Item = &Value> {
    value["metadata"]["ownerReferences"].as_array().into_iter().flatten()
}

/// The metadata, made if it is missing or no object.
pub(super) fn meta(value: &mut Value) -> &mut Map<String, Value> {
    member(value, "metadata")
}

/// A member that is an object, made if it is missing or something else.
pub(super) fn member<'a>(value: &'a mut Value, key: &str) -> &'a mut Map<String, Value> {
    let field = fields(value).entry(key).or_insert_with(|| Value::Object(Map::new()));
    fields(field)
}

/// The value as an object, replaced by an empty one if it is something else.
pub(super) fn fields(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("the line above made it an object"),
    }
}

/// Copies a field from one object to another; absent there, it is removed here.
pub(super) fn copy_field(from: &Value, to: &mut Map<String, Value>, key: &str) {
    match from.get(key) {
        Some(value) => to.insert(key.to_owned(), value.clone()),
        None => to.remove(key),
    };
}
