//! An object of a collection at its levels of detail.

use serde_json::{Value, json};

/// What every level shows, and what higher detail adds.
pub(super) struct Item {
    pub(super) base: Value,
    pub(super) more: Value,
}

impl Item {
    /// An object with the members that all of them have; `path` may be empty.
    pub(super) fn named(link: &str, collection: &str, (id, name, path): (&str, &str, &str), more: Value) -> Self {
        let base = json!({
            "id": id, "name": name, "path": path, "revision": 1, "selfLink": format!("{link}/{collection}/{id}"),
        });
        Self { base, more }
    }

    /// What a level of detail shows.
    pub(super) fn at(self, detail: u32) -> Value {
        let mut value = self.base;
        if detail > 0
            && let (Some(into), Value::Object(more)) = (value.as_object_mut(), self.more)
        {
            into.extend(more);
        }
        value
    }
}

/// An array as the service writes it: `null` when there is nothing.
pub(super) fn list(items: Vec<Value>) -> Value {
    if items.is_empty() { Value::Null } else { Value::Array(items) }
}
