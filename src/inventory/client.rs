//! The inventory of one provider.

use super::adapter::{Adapter, MapKind, Source};
use super::rest::Rest;
use super::wait::wait;
use super::wire::{Base, Provider};
use super::{InventoryError, InventoryVm, MapSource, VmKey};
use crate::config::Secret;
use crate::facts::{SourceVm, nearest};
use crate::http::HttpClient;
use crate::wait::{Deadline, Seen};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a state is asked for; the original asks for the provider every 5 s and for VMs every 10 s.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long a plain read may wait for a service that is not ready.
const PATIENCE: Duration = Duration::from_secs(60);
const NEAR: usize = 5;

/// The inventory of one provider. Cheap to clone.
#[derive(Clone)]
pub struct Inventory {
    source: Source,
}

impl Inventory {
    /// A client of the service at `base_url` (`https://<host of its Route>`). `provider_uid` is the UID of the Provider
    /// resource, `provider_type` its `spec.type`; for a type that is not supported every read says so.
    pub fn new(base_url: &str, token: Secret, http: HttpClient, provider_type: &str, provider_uid: &str) -> Self {
        let root = format!("providers/{provider_type}/{provider_uid}");
        Self { source: Source { rest: Rest::new(base_url, token, http), root, adapter: Adapter::of(provider_type) } }
    }

    /// Waits until the service knows the provider and has synchronised it.
    pub async fn wait_provider(&self, deadline: &Deadline) -> Result<Provider, InventoryError> {
        if let Adapter::Unsupported(kind) = &self.source.adapter {
            return Err(InventoryError::Unsupported { kind: kind.clone() });
        }
        let Source { rest, root, .. } = &self.source;
        let look = async || rest.get(root).await.map(Seen::Met);
        wait("wait for the provider in the inventory", deadline, INTERVAL, look).await
    }

    /// Waits until the inventory is complete enough to plan with, which a Ready provider need not be: on vSphere its
    /// hosts are listed, and each of `storages` (ids).
    ///
    /// Source: inventory-api.md section 5, "Newer vSphere work-arounds".
    pub async fn wait_ready(&self, storages: &[String], deadline: &Deadline) -> Result<(), InventoryError> {
        let look = || self.source.readiness(storages);
        wait("wait for a complete inventory", deadline, INTERVAL, look).await
    }

    /// The VM of that name.
    ///
    /// # Errors
    /// [`InventoryError::VmNotFound`] with the nearest names, [`InventoryError::Ambiguous`] when several have it.
    pub async fn vm_by_name(&self, name: &str) -> Result<InventoryVm, InventoryError> {
        let look = async || {
            let id = pick(name, &self.source.vms().await?)?;
            self.source.vm(&id).await.map(Seen::Met)
        };
        wait(&format!("read VM {name}"), &patience(), INTERVAL, look).await
    }

    /// Waits until the VM is in the inventory: by its id if the key has one, which no namesake can disturb.
    pub async fn wait_vm(&self, key: &VmKey, deadline: &Deadline) -> Result<InventoryVm, InventoryError> {
        let what = format!("wait for VM {} in the inventory", key.name);
        wait(&what, deadline, INTERVAL, async || not_yet(look_for(&self.source, key).await)).await
    }

    /// Waits until the NICs of a VM have exactly these MAC addresses, in whatever order: after a clone the inventory
    /// may still show those of the source.
    pub async fn wait_macs(
        &self,
        key: &VmKey,
        macs: &[String],
        deadline: &Deadline,
    ) -> Result<InventoryVm, InventoryError> {
        self.wait_shape(key, macs, None, deadline).await
    }

    /// Waits until the inventory shows the VM as the source does: the same MAC addresses, as many disks. After a clone
    /// it may still show what the clone was made from, and it learns late of what was added.
    pub async fn wait_like(
        &self,
        key: &VmKey,
        facts: &SourceVm,
        deadline: &Deadline,
    ) -> Result<InventoryVm, InventoryError> {
        let macs: Vec<String> = facts.nics.iter().map(|nic| nic.mac.clone()).collect();
        self.wait_shape(key, &macs, Some(facts.disks.len()), deadline).await
    }

    async fn wait_shape(
        &self,
        key: &VmKey,
        macs: &[String],
        disks: Option<usize>,
        deadline: &Deadline,
    ) -> Result<InventoryVm, InventoryError> {
        let what = match disks {
            None => format!("wait for the MAC addresses of VM {} in the inventory", key.name),
            Some(_) => format!("wait for VM {} in the inventory, with its NICs and disks", key.name),
        };
        let mut wanted: Vec<String> = macs.iter().map(|mac| mac.to_lowercase()).collect();
        wanted.sort();
        let look = async || {
            let vm = match not_yet(look_for(&self.source, key).await)? {
                Seen::Met(vm) => vm,
                other => return Ok(other),
            };
            let mut seen = vm.macs();
            seen.sort();
            if seen != wanted {
                return Ok(Seen::Pending(format!("{} instead of {}", list(&seen), list(&wanted))));
            }
            Ok(match disks {
                Some(count) if vm.disk_count() != count => {
                    Seen::Pending(format!("{} disks instead of {count}", vm.disk_count()))
                }
                _ => Seen::Met(vm),
            })
        };
        wait(&what, deadline, INTERVAL, look).await
    }

    /// Sources of a StorageMap for these VMs, without repeats.
    pub async fn storages(&self, vms: &[InventoryVm]) -> Result<Vec<MapSource>, InventoryError> {
        self.map("read the storages of the VMs", MapKind::Storage, vms).await
    }

    /// Sources of a NetworkMap for these VMs, in the order of their NICs, without repeats: the first goes to the pod
    /// network.
    pub async fn networks(&self, vms: &[InventoryVm]) -> Result<Vec<MapSource>, InventoryError> {
        self.map("read the networks of the VMs", MapKind::Network, vms).await
    }

    /// As [`Self::networks`], but one per NIC, repeats kept (`per_nic_network_map`).
    pub async fn nic_networks(&self, vms: &[InventoryVm]) -> Result<Vec<MapSource>, InventoryError> {
        self.map("read the network of each NIC", MapKind::PerNic, vms).await
    }

    async fn map(&self, what: &str, kind: MapKind, vms: &[InventoryVm]) -> Result<Vec<MapSource>, InventoryError> {
        wait(what, &patience(), INTERVAL, || self.source.map(kind, vms)).await
    }
}

/// Plain reads wait for a service that is not ready, but not long, and are short enough not to be interrupted.
fn patience() -> Deadline {
    Deadline::after(PATIENCE, &CancellationToken::new())
}

async fn look_for(source: &Source, key: &VmKey) -> Result<InventoryVm, InventoryError> {
    match &key.id {
        Some(id) => source.vm(id).await,
        None => source.vm(&pick(&key.name, &source.vms().await?)?).await,
    }
}

/// A VM that is not there may still come.
fn not_yet(found: Result<InventoryVm, InventoryError>) -> Result<Seen<InventoryVm>, InventoryError> {
    match found {
        Ok(vm) => Ok(Seen::Met(vm)),
        Err(error @ (InventoryError::VmNotFound { .. } | InventoryError::NotFound { .. })) => {
            Ok(Seen::Pending(error.to_string()))
        }
        Err(error) => Err(error),
    }
}

fn pick(name: &str, vms: &[Base]) -> Result<String, InventoryError> {
    let found: Vec<&Base> = vms.iter().filter(|vm| vm.name == name).collect();
    match found.as_slice() {
        [only] => Ok(only.id.clone()),
        [] => Err(InventoryError::VmNotFound {
            name: name.to_owned(),
            count: vms.len(),
            near: nearest(name, vms.iter().map(|vm| vm.name.as_str()), NEAR).into_iter().map(str::to_owned).collect(),
        }),
        several => Err(InventoryError::Ambiguous {
            name: name.to_owned(),
            paths: several.iter().map(|vm| format!("{} {}", vm.id, vm.path)).collect(),
        }),
    }
}

fn list(macs: &[String]) -> String {
    if macs.is_empty() { "none".to_owned() } else { macs.join(", ") }
}
