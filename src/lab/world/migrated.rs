//! The guests of the cluster's VMs.
//!
//! A migration copies the source's guest as it is when the target VM is made: the source has been off since before its
//! last copy, so this is what was copied. From then on the copy belongs to the target VM, and to it alone: it lives until
//! that VM is removed, whatever becomes of the source.

use super::guest::Platform;
use super::vsphere::Vm;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The guests, by the UID of their VM, and the instances that run. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct MigratedGuests(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    guests: BTreeMap<String, Vm>,
    /// UIDs of VM and instance, by namespace and name.
    running: BTreeMap<(String, String), (String, String)>,
}

impl MigratedGuests {
    /// A VM has been made whose guest is a copy of `source`'s; the second time it is not told again.
    pub(crate) fn adopt(&self, vm_uid: &str, source: &Vm) {
        self.kept().guests.entry(vm_uid.to_owned()).or_insert_with(|| {
            let mut vm = source.clone();
            let inside = Arc::make_mut(&mut vm.inside);
            (inside.platform, inside.boot) = (Platform::Kubevirt, None);
            vm
        });
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
        self.kept().guests.remove(vm_uid);
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
