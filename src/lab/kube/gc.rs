//! Collection: dependents of owners that are gone, foreground and orphan deletion, contents of namespaces and kinds.
//!
//! It runs to its end inside the request that caused it, so a lab at full speed needs no collector task and its order is
//! always the same. Source: cluster-api.md section 6.5.

use super::delete::{Policy, delete_object};
use super::object::{finalizers, is_deleting, member, meta, namespace, owner_uids, owners, set_finalizers, text, uid};
use super::store::{Place, State};
use serde_json::Value;

/// The finalizer of foreground deletion.
pub(super) const FOREGROUND: &str = "foregroundDeletion";
/// The finalizer of orphaning deletion.
pub(super) const ORPHAN: &str = "orphan";
/// The finalizer of a definition whose objects must go first.
pub(super) const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Something that collection has to look at.
#[derive(Debug)]
pub(super) enum Work {
    /// The object with this uid is gone.
    OwnerGone(String),
    /// An object got new owners.
    Owned(Place),
    /// An object may be in foreground deletion.
    Foreground(Place),
    /// An object is in orphaning deletion.
    Orphan(Place),
    /// A namespace may be terminating.
    Namespace(String),
    /// A definition (`plural.group`) may be terminating.
    Definition(String),
}

impl State {
    /// Does all collection work. Every request that writes ends with it.
    pub(super) fn settle(&mut self) {
        while let Some(work) = self.queue.pop_front() {
            match work {
                Work::OwnerGone(owner) => {
                    let places: Vec<Place> = self.dependents.get(&owner).into_iter().flatten().cloned().collect();
                    for place in places {
                        self.collect_if_orphaned(&place);
                    }
                }
                Work::Owned(place) => self.collect_if_orphaned(&place),
                Work::Foreground(place) => self.advance_foreground(&place),
                Work::Orphan(place) => self.orphan_dependents(&place),
                Work::Namespace(name) => self.terminate_namespace(&name),
                Work::Definition(name) => self.terminate_definition(&name),
            }
        }
    }

    /// Whether the owner lives where this dependent may refer to it: in its namespace, or cluster-scoped.
    fn owner_lives(&self, owner: &str, dependent: &Place) -> bool {
        self.living.get(owner).is_some_and(|place| place.namespace.is_empty() || place.namespace == dependent.namespace)
    }

    /// Deletes an object whose owners are all gone; strips dangling references if some live.
    fn collect_if_orphaned(&mut self, place: &Place) {
        let Some(object) = self.find_place(place) else { return };
        let gone: Vec<String> =
            owner_uids(&object.value).filter(|owner| !self.owner_lives(owner, place)).map(str::to_owned).collect();
        let total = owners(&object.value).count();
        let Some(kind) = self.registry.on_shelf(&place.shelf).cloned() else { return };
        if gone.is_empty() || is_deleting(&object.value) {
            return;
        }
        if gone.len() == total {
            delete_object(self, &kind, &object, Policy::Default);
        } else {
            let mut value = object.value.clone();
            drop_owners(&mut value, &gone);
            self.put(&kind, value);
        }
    }

    fn advance_foreground(&mut self, place: &Place) {
        let Some(owner) = self.find_place(place) else { return };
        if !is_deleting(&owner.value) || !finalizers(&owner.value).iter().any(|name| name == FOREGROUND) {
            return;
        }
        let owner_uid = uid(&owner.value).to_owned();
        let places: Vec<Place> = self.dependents.get(&owner_uid).into_iter().flatten().cloned().collect();
        for dependent in &places {
            self.delete_dependent(dependent);
        }
        let blocked = places.iter().any(|place| {
            self.find_place(place).is_some_and(|object| {
                owners(&object.value)
                    .any(|owner| owner["uid"] == owner_uid.as_str() && owner["blockOwnerDeletion"] == true)
                    // One that another owner keeps alive is not waited for; it only loses the reference.
                    && !owner_uids(&object.value).any(|owner| self.lives_on(owner))
            })
        });
        if !blocked {
            self.drop_finalizer(place, FOREGROUND);
        }
    }

    fn delete_dependent(&mut self, place: &Place) {
        let Some(object) = self.find_place(place) else { return };
        let Some(kind) = self.registry.on_shelf(&place.shelf).cloned() else { return };
        if is_deleting(&object.value) || owner_uids(&object.value).any(|owner| self.lives_on(owner)) {
            return;
        }
        let has_dependents = self.dependents.contains_key(uid(&object.value));
        delete_object(self, &kind, &object, if has_dependents { Policy::Foreground } else { Policy::Default });
    }

    /// Whether the object with this uid exists and is not being deleted.
    fn lives_on(&self, owner: &str) -> bool {
        let object = self.living.get(owner).and_then(|place| self.find_place(place));
        object.is_some_and(|object| !is_deleting(&object.value))
    }

    fn orphan_dependents(&mut self, place: &Place) {
        let Some(owner) = self.find_place(place) else { return };
        let owner_uid = uid(&owner.value).to_owned();
        let places: Vec<Place> = self.dependents.get(&owner_uid).into_iter().flatten().cloned().collect();
        for dependent in places {
            let kind = self.registry.on_shelf(&dependent.shelf).cloned();
            if let (Some(kind), Some(object)) = (kind, self.find_place(&dependent)) {
                let mut value = object.value.clone();
                drop_owners(&mut value, std::slice::from_ref(&owner_uid));
                self.put(&kind, value);
            }
        }
        self.drop_finalizer(place, ORPHAN);
    }

    /// Takes a finalizer off an object that is being deleted, and removes the object if it was the last.
    fn drop_finalizer(&mut self, place: &Place, finalizer: &str) {
        let Some(object) = self.find_place(place) else { return };
        let Some(kind) = self.registry.on_shelf(&place.shelf).cloned() else { return };
        let mut value = object.value.clone();
        let left: Vec<String> = finalizers(&value).into_iter().filter(|name| name != finalizer).collect();
        set_finalizers(&mut value, &left);
        if left.is_empty() {
            self.remove(&kind, object.value.clone());
        } else {
            self.put(&kind, value);
        }
    }

    fn terminate_namespace(&mut self, name: &str) {
        let Some(kind) = self.registry.find("", "namespaces").cloned() else { return };
        let Some(object) = self.find(&kind, "", name) else { return };
        if !is_deleting(&object.value) {
            return;
        }
        for (shelf, value) in self.contents_of(name) {
            let Some(content_kind) = self.registry.on_shelf(&shelf).cloned() else { continue };
            if !is_deleting(&value.value) {
                delete_object(self, &content_kind, &value, Policy::Default);
            }
        }
        if self.population.contains_key(name) {
            return;
        }
        let mut value = object.value.clone();
        member(&mut value, "spec").remove("finalizers");
        if finalizers(&value).is_empty() {
            self.remove(&kind, value);
        } else if value != object.value {
            self.put(&kind, value);
        }
    }

    fn contents_of(&self, name: &str) -> Vec<(std::sync::Arc<str>, std::sync::Arc<super::object::Object>)> {
        self.shelves
            .iter()
            .flat_map(|(shelf, content)| content.select(Some(name)).map(|object| (shelf.clone(), object.clone())))
            .filter(|(_, object)| namespace(&object.value) == name)
            .collect()
    }

    fn terminate_definition(&mut self, name: &str) {
        let Some(kind) = self.registry.find("apiextensions.k8s.io", "customresourcedefinitions").cloned() else {
            return;
        };
        let Some(definition) = self.find(&kind, "", name) else { return };
        if !is_deleting(&definition.value) {
            return;
        }
        let group = text(&definition.value, "/spec/group");
        let plural = text(&definition.value, "/spec/names/plural");
        let Some(content_kind) = self.registry.find(group, plural).cloned() else { return };
        let contents: Vec<_> = self.shelf(&content_kind).objects.values().cloned().collect();
        for object in contents.iter().filter(|object| !is_deleting(&object.value)) {
            delete_object(self, &content_kind, object, Policy::Default);
        }
        if self.shelf(&content_kind).objects.is_empty()
            && finalizers(&definition.value).iter().any(|name| name == CLEANUP)
        {
            self.drop_finalizer(&Place::of(&kind, &definition.value), CLEANUP);
        }
    }
}

fn drop_owners(value: &mut Value, uids: &[String]) {
    let left: Vec<Value> =
        owners(value).filter(|owner| !uids.iter().any(|uid| owner["uid"] == uid.as_str())).cloned().collect();
    if left.is_empty() {
        meta(value).remove("ownerReferences");
    } else {
        meta(value).insert("ownerReferences".into(), left.into());
    }
}
