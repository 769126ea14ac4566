//! What the inventory knows of a vSphere source: the truth, some seconds late.
//!
//! Source: inventory-api.md sections 5 ("Sync speed") and 12.

use crate::facts::Power;
use crate::lab::clock::Pace;
use crate::lab::world::{Vm, VsphereSource};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How late a vSphere change arrives: it comes by events, within seconds.
const LAG: Duration = Duration::from_secs(3);

/// The copy of one source.
#[derive(Debug)]
pub(super) struct Mirror {
    /// The source.
    pub(super) source: Arc<VsphereSource>,
    from_the_start: BTreeSet<String>,
    copied: Mutex<Copied>,
}

/// VMs as the inventory knows them.
#[derive(Debug, Clone, Default)]
pub(super) struct Copied {
    /// The VMs.
    pub(super) vms: Vec<Vm>,
    /// MoRefs of VMs whose guest data was reported once; it outlives a power-off.
    pub(super) reported: BTreeSet<String>,
}

impl Mirror {
    /// A mirror that knows what the source holds now. The guests of the first VMs reported before the lab began.
    pub(super) fn new(source: Arc<VsphereSource>) -> Self {
        let vms = source.read().vms.clone();
        let from_the_start: BTreeSet<String> = vms.iter().map(|vm| vm.moref.clone()).collect();
        let copied = Mutex::new(Copied { vms, reported: from_the_start.clone() });
        Self { source, from_the_start, copied }
    }

    /// Follows the source for ever.
    pub(super) async fn follow(self: Arc<Self>, pace: Pace) {
        let mut revisions = self.source.revisions();
        loop {
            pace.pass(LAG).await;
            revisions.mark_unchanged();
            self.copy();
            if revisions.changed().await.is_err() {
                return;
            }
        }
    }

    fn copy(&self) {
        let vms = self.source.read().vms.clone();
        let mut copied = self.copied();
        let running = vms.iter().filter(|vm| vm.power == Power::On && vm.tools).map(|vm| vm.moref.clone());
        copied.reported.extend(running);
        copied.vms = vms;
    }

    /// The VMs; without those that came after the start if the inventory is `stale`.
    pub(super) fn known(&self, stale: bool) -> Copied {
        let mut known = self.copied().clone();
        known.vms.retain(|vm| !stale || self.from_the_start.contains(&vm.moref));
        known
    }

    fn copied(&self) -> MutexGuard<'_, Copied> {
        self.copied.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
