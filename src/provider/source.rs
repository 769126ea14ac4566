//! What every source can be asked.

use super::{CloneRequest, ProviderError};
use crate::facts::{Power, SourceVm};
use crate::wait::Deadline;
use async_trait::async_trait;
use std::fmt;
use tokio_util::sync::CancellationToken;

/// A VM or template on the source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct VmRef {
    /// The source's own id: a MoRef on vSphere, a UUID elsewhere. The inventory knows the VM by it too.
    pub id: String,
    /// Name on the source, as people write it.
    pub name: String,
}

impl fmt::Display for VmRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "VM {} ({})", self.name, self.id)
    }
}

/// What a source says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Product name with version and build.
    pub product: String,
    /// Version of its API (`8.0.3.0`).
    pub version: String,
}

/// How a deletion ended. Both are success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// It was there and is gone now.
    Removed,
    /// There was nothing to delete.
    AlreadyGone,
}

/// A connected source. Shared between tests that run at once; every call is bounded in time.
#[async_trait]
pub trait SourceProvider: Send + Sync {
    /// Proves that the session works, by a read that needs one.
    async fn test(&self) -> Result<About, ProviderError>;

    /// The VM or template named `name`, once it is known to be usable.
    ///
    /// # Errors
    /// [`ProviderError::NotFound`] with the nearest names; [`ProviderError::Unhealthy`] when its files are missing.
    async fn find_vm(&self, name: &str) -> Result<VmRef, ProviderError>;

    /// What the source knows of the VM now.
    async fn vm_facts(&self, vm: &VmRef) -> Result<SourceVm, ProviderError>;

    /// Clones, and waits until the clone is complete. A cancelled or late clone is cancelled on the source too, but may
    /// still be there: delete it by its name.
    async fn clone_vm(&self, request: &CloneRequest, cancel: &CancellationToken) -> Result<VmRef, ProviderError>;

    /// Switches the VM on or off (hard) and waits for it; nothing happens if it already is so.
    async fn set_power(&self, vm: &VmRef, power: Power) -> Result<(), ProviderError>;

    /// Takes a snapshot without memory and without quiescing the guest.
    async fn create_snapshot(&self, vm: &VmRef, name: &str) -> Result<(), ProviderError>;

    /// Waits until the running guest reports its network. `false`: it did not by the deadline.
    async fn wait_guest_info(&self, vm: &VmRef, deadline: &Deadline) -> Result<bool, ProviderError>;

    /// Powers the VM off and deletes it with its files; idempotent. With an `id` that VM is deleted, if it still has
    /// that name; without one, or when that VM is gone, every VM with exactly this name.
    async fn delete_vm(&self, name: &str, id: Option<&str>) -> Result<Removal, ProviderError>;

    /// VMs whose name begins with `prefix`, by name.
    async fn vms_with_prefix(&self, prefix: &str) -> Result<Vec<VmRef>, ProviderError>;

    /// Ends the session. Never fails: an unreachable source ends it by itself.
    async fn disconnect(&self);

    /// How many requests were sent so far.
    fn requests(&self) -> u64;
}
