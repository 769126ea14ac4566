//! What the watches have shown, and what our own writes have answered, whichever is newer.

use super::kinds::Kind;
use super::object::{label, name, namespace, text, uid};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

type Shelf = BTreeMap<(String, String), Arc<Value>>;

/// Objects by kind, namespace and name.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    shelves: BTreeMap<Kind, Shelf>,
    /// Uids that were deleted: a late answer to an own write must not bring them back.
    buried: BTreeSet<String>,
}

impl Cache {
    pub(crate) fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<Arc<Value>> {
        self.with(|inner| inner.shelves.get(&kind)?.get(&(namespace.to_owned(), name.to_owned())).cloned())
    }

    /// All of a kind that `keep` accepts, by namespace and name.
    pub(crate) fn list(&self, kind: Kind, keep: impl Fn(&Value) -> bool) -> Vec<Arc<Value>> {
        self.with(|inner| {
            let kept = inner.shelves.get(&kind);
            kept.into_iter().flat_map(BTreeMap::values).filter(|one| keep(one)).cloned().collect()
        })
    }

    /// All of a kind that carry these labels.
    pub(crate) fn labelled(&self, kind: Kind, labels: &[(&str, &str)]) -> Vec<Arc<Value>> {
        self.list(kind, |one| labels.iter().all(|(key, value)| label(one, key) == *value))
    }

    /// Stores an object unless a newer version is known or it is known to be gone.
    pub(crate) fn observe(&self, kind: Kind, object: Value) -> Arc<Value> {
        let object = Arc::new(object);
        self.with(|inner| {
            if inner.buried.contains(uid(&object)) {
                return;
            }
            let kept = inner.shelves.entry(kind).or_default();
            let key = (namespace(&object).to_owned(), name(&object).to_owned());
            let newer = kept.get(&key).is_none_or(|known| revision(known) <= revision(&object));
            if newer {
                kept.insert(key, Arc::clone(&object));
            }
        });
        object
    }

    /// Takes a deleted object out.
    pub(crate) fn forget(&self, kind: Kind, object: &Value) {
        self.with(|inner| {
            inner.buried.insert(uid(object).to_owned());
            let key = (namespace(object).to_owned(), name(object).to_owned());
            let kept = inner.shelves.entry(kind).or_default();
            if kept.get(&key).is_some_and(|known| uid(known) == uid(object)) {
                kept.remove(&key);
            }
        });
    }

    /// Takes out what a fresh list of `kind` did not show, and returns it.
    pub(crate) fn keep_only(&self, kind: Kind, seen: &BTreeSet<String>) -> Vec<Arc<Value>> {
        let gone = self.list(kind, |one| !seen.contains(uid(one)));
        for one in &gone {
            self.forget(kind, one);
        }
        gone
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn revision(object: &Value) -> u64 {
    text(object, "/metadata/resourceVersion").parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::kinds::SECRET;
    use super::*;
    use serde_json::json;

    fn secret(uid: &str, revision: &str) -> Value {
        json!({"metadata": {"namespace": "n", "name": "s", "uid": uid, "resourceVersion": revision}})
    }

    #[test]
    fn older_and_buried_objects_are_not_taken() {
        let cache = Cache::default();
        cache.observe(SECRET, secret("a", "9"));
        cache.observe(SECRET, secret("a", "5"));
        assert_eq!(cache.get(SECRET, "n", "s").unwrap()["metadata"]["resourceVersion"], "9");
        cache.forget(SECRET, &secret("a", "10"));
        cache.observe(SECRET, secret("a", "9"));
        assert!(cache.get(SECRET, "n", "s").is_none());
        cache.observe(SECRET, secret("b", "11"));
        assert_eq!(cache.keep_only(SECRET, &BTreeSet::new()).len(), 1);
        assert!(cache.get(SECRET, "n", "s").is_none());
    }
}
