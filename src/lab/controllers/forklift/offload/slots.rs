//! How many disks of one ESXi host are copied at once.
//!
//! Source: forklift-api.md section 10 (in-flight limits); the populators' own limit has the operator's default of 20.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Namespace and name of a populator.
pub(super) type Key = (String, String);

/// The populators that copy, each with its host.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    taken: Mutex<BTreeMap<Key, String>>,
}

impl Slots {
    /// Takes a slot of a host, or keeps the one that the populator has; whether it has one then.
    ///
    /// `lives` tells of populators with a slot whether they still copy.
    pub(super) fn take(&self, key: Key, host: &str, limit: u64, lives: impl Fn(&Key) -> bool) -> bool {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.contains_key(&key) {
            return true;
        }
        taken.retain(|other, _| lives(other));
        let running = taken.values().filter(|other| *other == host).count();
        let free = u64::try_from(running).is_ok_and(|running| running < limit);
        if free {
            taken.insert(key, host.to_owned());
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_copies_no_more_than_its_limit() {
        let slots = Slots::default();
        let key = |name: &str| ("n".to_owned(), name.to_owned());
        assert!(slots.take(key("a"), "host-1", 1, |_| true));
        assert!(slots.take(key("a"), "host-1", 1, |_| true), "it keeps its slot");
        assert!(!slots.take(key("b"), "host-1", 1, |_| true));
        assert!(slots.take(key("c"), "host-2", 1, |_| true), "another host has its own");
        assert!(slots.take(key("b"), "host-1", 1, |one| one.1 != "a"), "what has ended is forgotten");
    }
}
