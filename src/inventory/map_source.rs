//! The source side of one entry of a StorageMap or NetworkMap.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A source of a map. Forklift takes `id` if there is one, else `name`, else `type`.
///
/// Source: inventory-api.md section 5, "How Forklift resolves map sources".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapSource {
    /// The source's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name, or path where names repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `pod` for the pod network of an OpenShift source.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// A list that VMs refer to by id: what is in it, and which names are unique.
#[derive(Debug, Default)]
pub(super) struct Named {
    by_id: BTreeMap<String, String>,
    times: BTreeMap<String, usize>,
    other_ids: BTreeMap<String, String>,
}

impl Named {
    /// Adds an object; `alias` is another id by which it may be referred to.
    pub(super) fn add(&mut self, id: &str, name: &str, alias: &str) {
        self.by_id.insert(id.to_owned(), name.to_owned());
        *self.times.entry(name.to_owned()).or_default() += 1;
        if !alias.is_empty() && alias != id {
            self.other_ids.insert(alias.to_owned(), id.to_owned());
        }
    }

    /// Whether nothing is listed.
    pub(super) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Whether it is listed, by id or alias.
    pub(super) fn has(&self, id: &str) -> bool {
        self.by_id.contains_key(id) || self.other_ids.contains_key(id)
    }

    /// The map source of an id or alias: by name, and by id too where the name alone is ambiguous.
    pub(super) fn source(&self, id: &str) -> Option<MapSource> {
        let id = if self.by_id.contains_key(id) { id } else { self.other_ids.get(id)? };
        let name = self.by_id.get(id)?;
        let is_unique = self.times.get(name) == Some(&1);
        Some(MapSource { id: (!is_unique).then(|| id.to_owned()), name: Some(name.clone()), kind: None })
    }
}

/// Without repeats, first ones first. Forklift accepts repeats; the order decides which network goes to the pod network.
pub(super) fn without_repeats(sources: Vec<MapSource>) -> Vec<MapSource> {
    let mut kept: Vec<MapSource> = Vec::new();
    for source in sources {
        if !kept.contains(&source) {
            kept.push(source);
        }
    }
    kept
}
