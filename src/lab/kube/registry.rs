//! The kinds that are served right now.

use super::crd;
use super::kinds::{Kind, built_in};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All served kinds, by group and plural.
#[derive(Debug)]
pub(super) struct Registry {
    kinds: BTreeMap<(String, String), Arc<Kind>>,
    shelves: BTreeMap<Arc<str>, Arc<Kind>>,
    /// Goes up with each change, so that documents made from the registry can be told apart.
    pub(super) generation: u64,
}

impl Registry {
    pub(super) fn new() -> Self {
        let mut registry = Self { kinds: BTreeMap::new(), shelves: BTreeMap::new(), generation: 1 };
        for kind in built_in() {
            registry.add(kind);
        }
        registry
    }

    fn add(&mut self, kind: Kind) {
        let kind = Arc::new(kind);
        // The core group comes first and keeps the shelf that two groups share.
        self.shelves
            .entry(kind.shelf.clone())
            .and_modify(|known| {
                if kind.custom {
                    *known = kind.clone();
                }
            })
            .or_insert_with(|| kind.clone());
        self.kinds.insert((kind.group.clone(), kind.plural.clone()), kind);
    }

    /// Serves, or serves anew, the kind that a definition declares.
    pub(super) fn define(&mut self, definition: &Value) {
        let kind = crd::kind_of(definition);
        let known = self.kinds.get(&(kind.group.clone(), kind.plural.clone()));
        if known.is_none_or(|known| known.custom) {
            self.add(kind);
            self.generation += 1;
        }
    }

    /// Stops serving the kind that a definition declared.
    pub(super) fn forget(&mut self, definition: &Value) {
        let kind = crd::kind_of(definition);
        self.kinds.remove(&(kind.group, kind.plural));
        self.shelves.remove(&kind.shelf);
        self.generation += 1;
    }

    pub(super) fn find(&self, group: &str, plural: &str) -> Option<&Arc<Kind>> {
        self.kinds.get(&(group.to_owned(), plural.to_owned()))
    }

    /// The kind of an object, by its apiVersion and kind.
    pub(super) fn of_object(&self, object: &Value) -> Option<&Arc<Kind>> {
        let api_version = object["apiVersion"].as_str()?;
        let kind = object["kind"].as_str()?;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.kinds.values().find(|known| known.group == group && known.kind == kind && known.version(version).is_some())
    }

    pub(super) fn on_shelf(&self, label: &str) -> Option<&Arc<Kind>> {
        self.shelves.get(label)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.kinds.values()
    }
}
