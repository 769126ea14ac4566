//! The guests of the cluster's VMs.
//!
//! A migration copies the source's guest as it is when the target VM is made: the source has been off since before its
//! last copy, so this is what was copied. From then on the copy belongs to the target VM, and to it alone: it lives until
//! that VM is removed, whatever becomes of the source.

use super::Vm;
use super::guest::Platform;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The guests, by the UID of their VM, and the instances that run. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MigratedGuests(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    guests: BTreeMap<String, Vm>,
    /// UIDs of the VMs whose guest is only presumed.
    presumed: BTreeSet<String>,
    /// UIDs of VM and instance, by namespace and name.
    running: BTreeMap<(String, String), (String, String)>,
}

impl MigratedGuests {
    /// A VM has been made whose guest is a copy of `source`'s; the second time it is not told again. What was presumed of
    /// it is forgotten: the VM may have been seen to run before the migration could say what it had copied.
    pub(crate) fn adopt(&self, vm_uid: &str, source: &Vm) {
        let mut kept = self.kept();
        if !kept.presumed.remove(vm_uid) && kept.guests.contains_key(vm_uid) {
            return;
        }
        let mut vm = copy_of(source);
        // It runs on.
        if let Some((_, instance)) = kept.running.values().find(|(running, _)| running == vm_uid) {
            vm.boot(instance);
        }
        kept.guests.insert(vm_uid.to_owned(), vm);
    }

    /// Nobody has said what a VM's guest is: a copy of `source`'s, until [`Self::adopt`] says better.
    pub(crate) fn presume(&self, vm_uid: &str, source: &Vm) {
        let mut kept = self.kept();
        if !kept.guests.contains_key(vm_uid) {
            kept.presumed.insert(vm_uid.to_owned());
            kept.guests.insert(vm_uid.to_owned(), copy_of(source));
        }
    }

    /// The guest of a VM, as it is now.
    pub(crate) fn of_vm(&self, vm_uid: &str) -> Option<Vm> {
        self.kept().guests.get(vm_uid).cloned()
    }

    /// An instance of a VM runs: its guest boots, once for each instance.
    pub(crate) fn boot(&self, place: (&str, &str), vm_uid: &str, instance_uid: &str) {
        let mut kept = self.kept();
        let now = (vm_uid.to_owned(), instance_uid.to_owned());
        let before = kept.running.insert((place.0.to_owned(), place.1.to_owned()), now.clone());
        if before.as_ref() != Some(&now)
            && let Some(vm) = kept.guests.get_mut(vm_uid)
        {
            vm.boot(instance_uid);
        }
    }

    /// The instance of this name ends.
    pub(crate) fn halt(&self, place: (&str, &str)) {
        let mut kept = self.kept();
        let ended = kept.running.remove(&(place.0.to_owned(), place.1.to_owned()));
        if let Some(vm) = ended.and_then(|(vm_uid, _)| kept.guests.get_mut(&vm_uid)) {
            Arc::make_mut(&mut vm.inside).boot = None;
        }
    }

    /// A VM is removed, and its guest with it.
    pub(crate) fn forget(&self, vm_uid: &str) {
        let mut kept = self.kept();
        kept.guests.remove(vm_uid);
        kept.presumed.remove(vm_uid);
    }

    /// Acts on the guest of a running instance.
    pub(crate) fn with<T>(&self, place: (&str, &str), act: impl FnOnce(&mut Vm) -> T) -> Option<T> {
        let mut kept = self.kept();
        let (vm_uid, _) = kept.running.get(&(place.0.to_owned(), place.1.to_owned()))?.clone();
        kept.guests.get_mut(&vm_uid).map(act)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn copy_of(source: &Vm) -> Vm {
    let mut vm = source.clone();
    let inside = Arc::make_mut(&mut vm.inside);
    (inside.platform, inside.boot) = (Platform::Kubevirt, None);
    vm
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::clock::Pace;
    use crate::lab::world::{World, WorldSpec};

    #[test]
    fn what_a_migration_copied_replaces_what_was_presumed() {
        let world = World::from_spec(WorldSpec::embedded().unwrap(), Pace::FULL).unwrap();
        let source = world.sources[0].read().vms[0].clone();
        let mut copied = source.clone();
        copied.hostname = "copied".to_owned();
        let guests = &world.migrated;
        let place = ("ns", "vm");
        guests.presume("uid", &source);
        guests.boot(place, "uid", "instance");
        let boot = |vm: &mut Vm| (vm.hostname.clone(), vm.inside.boot.as_ref().map(|boot| boot.id.clone()));
        let (presumed, id) = guests.with(place, boot).unwrap();
        assert!(presumed == source.hostname && id.is_some());
        guests.adopt("uid", &copied);
        assert_eq!(guests.with(place, boot), Some(("copied".to_owned(), id)), "it runs on");
        guests.presume("uid", &source);
        guests.adopt("uid", &source);
        assert_eq!(guests.of_vm("uid").unwrap().hostname, "copied");
    }
}
