//! What the inventory knows of a source: the truth, some seconds late.
//!
//! Source: inventory-api.md sections 5 ("Sync speed") and 12.

use crate::facts::Power;
use crate::lab::clock::Pace;
use crate::lab::world::{Inventory, Source, SourceKind, Vm};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How late a change of a source arrives: vSphere's comes by events, within seconds; the others are asked from time to
/// time.
fn lag(source: &Source) -> Duration {
    Duration::from_secs(match source.kind {
        SourceKind::Vsphere(_) | SourceKind::Openshift => 3,
        SourceKind::Ovirt(_) | SourceKind::Openstack(_) => 10,
        SourceKind::Ova => 60,
    })
}

/// The copy of one source.
#[derive(Debug)]
pub(super) struct Mirror {
    /// The source.
    pub(super) source: Arc<Source>,
    from_the_start: BTreeSet<String>,
    copied: Mutex<Copied>,
}

/// VMs as the inventory knows them.
#[derive(Debug, Clone, Default)]
pub(super) struct Copied {
    /// The VMs.
    pub(super) vms: Vec<Vm>,
    /// Ids of the disks that are known, which OpenStack's inventory learns of after their VMs.
    pub(super) volumes: BTreeSet<String>,
    /// Ids of the networks that are known, which it learns of last.
    pub(super) networks: BTreeSet<String>,
    /// MoRefs of VMs whose guest data was reported once; it outlives a power-off.
    pub(super) reported: BTreeSet<String>,
}

impl Mirror {
    /// A mirror that knows what the source holds now. The guests of the first VMs reported before the lab began.
    pub(super) fn new(source: Arc<Source>) -> Self {
        let inventory = source.read();
        let vms = inventory.vms.clone();
        let from_the_start: BTreeSet<String> = vms.iter().map(|vm| vm.moref.clone()).collect();
        let (volumes, networks) = (volumes(&inventory), networks(&inventory));
        drop(inventory);
        let copied = Mutex::new(Copied { vms, volumes, networks, reported: from_the_start.clone() });
        Self { source, from_the_start, copied }
    }

    /// Follows the source for ever.
    pub(super) async fn follow(self: Arc<Self>, pace: Pace) {
        let mut revisions = self.source.revisions();
        loop {
            let lag = lag(&self.source);
            pace.pass(lag).await;
            revisions.mark_unchanged();
            self.copy();
            let is_late = matches!(self.source.kind, SourceKind::Openstack(_));
            for copy in [Self::copy_volumes, Self::copy_networks] {
                if is_late {
                    pace.pass(lag).await;
                }
                copy(&self);
            }
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

    fn copy_volumes(&self) {
        let volumes = volumes(&self.source.read());
        self.copied().volumes = volumes;
    }

    fn copy_networks(&self) {
        let networks = networks(&self.source.read());
        self.copied().networks = networks;
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

fn volumes(inventory: &Inventory) -> BTreeSet<String> {
    inventory.vms.iter().flat_map(|vm| &vm.disks).map(|disk| disk.uuid.clone()).collect()
}

fn networks(inventory: &Inventory) -> BTreeSet<String> {
    inventory.networks.iter().map(|network| network.moref.clone()).collect()
}
