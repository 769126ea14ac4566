//! Storage: the objects of each kind, their recent history, and the indexes that collection needs.
//!
//! Everything here is plain data under one lock; no function waits.

use super::gc::Work;
use super::kinds::Kind;
use super::object::{Object, is_deleting, meta, name, namespace, owner_uids, uid};
use super::registry::Registry;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::watch;

/// Changes of a kind that a watch can be resumed from. A watcher that falls further behind has to list again, so a slow
/// client costs no memory.
const HISTORY: usize = 4096;

/// Where an object lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) shelf: Arc<str>,
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Place {
    pub(super) fn of(kind: &Kind, value: &Value) -> Self {
        Self { shelf: kind.shelf.clone(), namespace: namespace(value).to_owned(), name: name(value).to_owned() }
    }
}

/// A change of one object.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) revision: u64,
    /// The state before; none when it was created.
    pub(super) before: Option<Arc<Object>>,
    /// The state after; when it was removed, its last state under the new revision.
    pub(super) after: Arc<Object>,
    pub(super) removed: bool,
}

type Key = (String, String);

/// The objects of one kind.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) objects: BTreeMap<Key, Arc<Object>>,
    history: VecDeque<Arc<Change>>,
    /// Revision of the youngest change that the history has lost.
    floor: u64,
    notify: watch::Sender<u64>,
}

impl Shelf {
    fn new(floor: u64) -> Self {
        Self { objects: BTreeMap::new(), history: VecDeque::new(), floor, notify: watch::Sender::new(0) }
    }

    fn record(&mut self, change: Change) {
        let revision = change.revision;
        self.history.push_back(Arc::new(change));
        if self.history.len() > HISTORY
            && let Some(lost) = self.history.pop_front()
        {
            self.floor = lost.revision;
        }
        self.notify.send_replace(revision);
    }

    /// At most `most` changes after `revision`; none if the history no longer reaches back so far.
    pub(super) fn since(&self, revision: u64, most: usize) -> Option<Vec<Arc<Change>>> {
        if revision < self.floor {
            return None;
        }
        let first = self.history.partition_point(|change| change.revision <= revision);
        Some(self.history.range(first..).take(most).cloned().collect())
    }

    /// The objects as they were at `revision`; none if the history no longer reaches back so far.
    pub(super) fn at(&self, revision: u64) -> Option<BTreeMap<Key, Arc<Object>>> {
        if revision < self.floor {
            return None;
        }
        let mut objects = self.objects.clone();
        for change in self.history.iter().rev().take_while(|change| change.revision > revision) {
            let value = &change.after.value;
            let key = (namespace(value).to_owned(), name(value).to_owned());
            match &change.before {
                Some(before) => objects.insert(key, before.clone()),
                None => objects.remove(&key),
            };
        }
        Some(objects)
    }

    /// A receiver that hears of each change.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.notify.subscribe()
    }

    /// The objects, of one namespace if one is named.
    pub(super) fn select<'a>(&'a self, scope: Option<&'a str>) -> impl Iterator<Item = &'a Arc<Object>> {
        let start = (scope.unwrap_or_default().to_owned(), String::new());
        self.objects
            .range(start..)
            .take_while(move |((namespace, _), _)| scope.is_none_or(|wanted| wanted == namespace))
            .map(|(_, object)| object)
    }
}

/// Everything the server knows.
#[derive(Debug)]
pub(super) struct State {
    /// The global revision: that of the last change.
    pub(super) revision: u64,
    pub(super) registry: Registry,
    pub(super) shelves: BTreeMap<Arc<str>, Shelf>,
    /// Living objects by uid.
    pub(super) living: HashMap<String, Place>,
    /// Owner uid to dependents.
    pub(super) dependents: HashMap<String, BTreeSet<Place>>,
    /// Number of objects in each namespace.
    pub(super) population: HashMap<String, usize>,
    /// What collection has yet to do; empty between requests.
    pub(super) queue: VecDeque<Work>,
    /// The next service address.
    pub(super) addresses: u32,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            // 0 has a meaning of its own in requests, so it must never be a revision.
            revision: 1,
            registry: Registry::new(),
            shelves: BTreeMap::new(),
            living: HashMap::new(),
            dependents: HashMap::new(),
            population: HashMap::new(),
            queue: VecDeque::new(),
            addresses: 0,
        }
    }

    pub(super) fn shelf(&mut self, kind: &Kind) -> &mut Shelf {
        self.shelves.entry(kind.shelf.clone()).or_insert_with(|| Shelf::new(0))
    }

    pub(super) fn find(&self, kind: &Kind, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.at(&kind.shelf, namespace, name)
    }

    pub(super) fn find_place(&self, place: &Place) -> Option<Arc<Object>> {
        self.at(&place.shelf, &place.namespace, &place.name)
    }

    fn at(&self, label: &str, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.shelves.get(label)?.objects.get(&(namespace.to_owned(), name.to_owned())).cloned()
    }

    /// Stores an object that was created or changed, and tells the watchers.
    pub(super) fn put(&mut self, kind: &Kind, mut value: Value) -> Arc<Object> {
        self.stamp(&mut value);
        let place = Place::of(kind, &value);
        let object = Object::new(value);
        let revision = self.revision;
        let key = (place.namespace.clone(), place.name.clone());
        let stock = self.shelf(kind);
        let before = stock.objects.insert(key, object.clone());
        stock.record(Change { revision, before: before.clone(), after: object.clone(), removed: false });
        match &before {
            Some(before) => {
                self.unlink(&place, &before.value);
                // A seed may put another object in its place.
                self.living.remove(uid(&before.value));
            }
            None if !place.namespace.is_empty() => {
                *self.population.entry(place.namespace.clone()).or_default() += 1;
            }
            None => {}
        }
        self.living.insert(uid(&object.value).to_owned(), place.clone());
        self.link(&place, &object.value, before.as_deref().map(|before| &before.value));
        if kind.is_definition() {
            self.registry.define(&object.value);
        }
        object
    }

    /// Removes an object whose last state is `last`, and tells the watchers.
    pub(super) fn remove(&mut self, kind: &Kind, mut last: Value) -> Arc<Object> {
        self.stamp(&mut last);
        let place = Place::of(kind, &last);
        let object = Object::new(last);
        let revision = self.revision;
        let stock = self.shelf(kind);
        let before = stock.objects.remove(&(place.namespace.clone(), place.name.clone()));
        stock.record(Change { revision, before: before.clone(), after: object.clone(), removed: true });
        let emptied = stock.objects.is_empty();
        if let Some(before) = &before {
            self.unlink(&place, &before.value);
        }
        self.living.remove(uid(&object.value));
        self.leave_namespace(&place);
        self.queue.push_back(Work::OwnerGone(uid(&object.value).to_owned()));
        self.queue_waiting_owners(&object.value);
        if kind.is_definition() {
            self.registry.forget(&object.value);
            // Dropping the shelf ends the watches of the kind.
            if let Some(shelf) = super::crd::shelf_of(&object.value) {
                self.shelves.remove(shelf.as_str());
            }
        } else if kind.custom && emptied {
            self.queue.push_back(Work::Definition(kind.qualified()));
        }
        object
    }

    fn stamp(&mut self, value: &mut Value) {
        self.revision += 1;
        meta(value).insert("resourceVersion".into(), self.revision.to_string().into());
    }

    fn leave_namespace(&mut self, place: &Place) {
        let Some(count) = self.population.get_mut(&place.namespace) else { return };
        *count -= 1;
        if *count == 0 {
            self.population.remove(&place.namespace);
            self.queue.push_back(Work::Namespace(place.namespace.clone()));
        }
    }

    fn link(&mut self, place: &Place, value: &Value, before: Option<&Value>) {
        let mut owned = false;
        for owner in owner_uids(value) {
            owned = true;
            self.dependents.entry(owner.to_owned()).or_default().insert(place.clone());
        }
        let same_owners =
            before.is_some_and(|before| before["metadata"]["ownerReferences"] == value["metadata"]["ownerReferences"]);
        if owned && !same_owners && !is_deleting(value) {
            self.queue.push_back(Work::Owned(place.clone()));
        }
        if let Some(before) = before.filter(|_| !same_owners) {
            self.queue_waiting_owners(before);
        }
    }

    fn unlink(&mut self, place: &Place, value: &Value) {
        for owner in owner_uids(value) {
            if let Some(places) = self.dependents.get_mut(owner) {
                places.remove(place);
                if places.is_empty() {
                    self.dependents.remove(owner);
                }
            }
        }
    }

    /// Owners in foreground deletion look again when a dependent leaves them.
    fn queue_waiting_owners(&mut self, dependent: &Value) {
        for owner in owner_uids(dependent) {
            if let Some(place) = self.living.get(owner) {
                self.queue.push_back(Work::Foreground(place.clone()));
            }
        }
    }
}
