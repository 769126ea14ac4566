//! What every source can be asked.

use super::{CloneRequest, ProviderError};
use crate::config::Secret;
use crate::facts::{GuestFamily, Power, SourceVm};
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

/// A host that runs VMs of the source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostRef {
    /// Name, as people write it.
    pub name: String,
    /// The source's own id: a MoRef on vSphere.
    pub id: String,
    /// Id of the cluster that it belongs to, where there is one.
    pub cluster: Option<String>,
    /// Whether VMs can be placed on it now: connected, not in maintenance.
    pub usable: bool,
}

/// Who runs commands in a guest.
#[derive(Debug, Clone)]
pub struct GuestAccount {
    /// User.
    pub user: String,
    /// Password.
    pub password: Secret,
    /// Which commands the guest understands.
    pub family: GuestFamily,
}

/// What a command in a guest answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestAnswer {
    /// Exit status; `None` when the guest tells none.
    pub status: Option<i64>,
    /// Standard output, as text; what is not UTF-8 is replaced. At most 1 MiB.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
    /// Whether some of the output was dropped.
    pub truncated: bool,
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

    /// The VM named `name` itself, to be migrated without a clone. It differs from [`Self::find_vm`] where clones are
    /// made from something else than a VM of that name.
    ///
    /// # Errors
    /// As [`Self::find_vm`].
    async fn find_itself(&self, name: &str) -> Result<VmRef, ProviderError> {
        self.find_vm(name).await
    }

    /// What the source knows of the VM now.
    async fn vm_facts(&self, vm: &VmRef) -> Result<SourceVm, ProviderError>;

    /// Clones, and waits until the clone is complete. A cancelled or late clone is cancelled on the source too, but may
    /// still be there: delete it by its name.
    async fn clone_vm(&self, request: &CloneRequest, cancel: &CancellationToken) -> Result<VmRef, ProviderError>;

    /// Switches the VM on or off (hard) and waits for it; nothing happens if it already is so.
    async fn set_power(&self, vm: &VmRef, power: Power) -> Result<(), ProviderError>;

    /// Takes a snapshot without memory and without quiescing the guest, and returns the source's id of it.
    async fn create_snapshot(&self, vm: &VmRef, name: &str) -> Result<String, ProviderError>;

    /// Removes a snapshot, not those above it; idempotent. With an `id` that one, if it still has that name; without
    /// one, or when that is gone, every snapshot of the VM with exactly this name. A VM that is gone has none.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] where the source has no snapshots.
    async fn remove_snapshot(&self, _vm: &VmRef, name: &str, _id: Option<&str>) -> Result<Removal, ProviderError> {
        Err(ProviderError::not_here(format!("remove snapshot {name:?}")))
    }

    /// Every host, by name.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] where hosts cannot be chosen.
    async fn hosts(&self) -> Result<Vec<HostRef>, ProviderError> {
        Err(ProviderError::not_here("list the hosts".to_owned()))
    }

    /// The name of the datastore with this id.
    ///
    /// # Errors
    /// [`ProviderError::Missing`] when there is none; [`ProviderError::Invalid`] where there are no datastores.
    async fn datastore_name(&self, id: &str) -> Result<String, ProviderError> {
        Err(ProviderError::not_here(format!("tell the name of datastore {id:?}")))
    }

    /// The host that the VM is on.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] where hosts cannot be chosen.
    async fn host_of(&self, vm: &VmRef) -> Result<HostRef, ProviderError> {
        Err(ProviderError::not_here(format!("tell the host of {vm}")))
    }

    /// Keeps the source from moving the VM between hosts by itself, until the VM is deleted. Nothing is done where
    /// nothing moves VMs.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] where hosts cannot be chosen.
    async fn keep_on_host(&self, vm: &VmRef) -> Result<(), ProviderError> {
        Err(ProviderError::not_here(format!("keep {vm} on its host")))
    }

    /// Adds a NIC on the network of the VM's first one, with an address of its own.
    ///
    /// # Errors
    /// [`ProviderError::Unhealthy`] when the VM has no NIC; [`ProviderError::Invalid`] where none can be added.
    async fn add_nic(&self, vm: &VmRef, start_connected: bool) -> Result<(), ProviderError> {
        Err(ProviderError::not_here(format!("add a NIC to {vm} (start connected: {start_connected})")))
    }

    /// Replaces the shared disks of `vm` by those of `owner`, pair by pair, and deletes the replaced files: clones of
    /// VMs that share disks would otherwise have a copy each.
    ///
    /// # Errors
    /// [`ProviderError::Invalid`] when both do not share as many disks of the same size, or the source knows no shared
    /// disks.
    async fn share_disks(&self, owner: &VmRef, vm: &VmRef) -> Result<(), ProviderError> {
        Err(ProviderError::not_here(format!("share the disks of {owner} with {vm}")))
    }

    /// Makes sure that the source tracks the changed blocks of the VM and its disks, which warm migrations need.
    ///
    /// # Errors
    /// [`ProviderError::Unhealthy`] when it does not.
    async fn require_change_tracking(&self, _vm: &VmRef) -> Result<(), ProviderError> {
        Ok(())
    }

    /// Waits until the running guest reports its network. `false`: it did not by the deadline.
    async fn wait_guest_info(&self, vm: &VmRef, deadline: &Deadline) -> Result<bool, ProviderError>;

    /// Runs a command line in the guest through the source's own tools, until the deadline, which includes the wait
    /// for tools that do not answer yet; an interruption ends it, too. A login that the guest refuses is offered once for the life of the connection.
    ///
    /// # Errors
    /// [`ProviderError::Refused`] when the VM is off, the tools do not run or the guest refuses the login;
    /// [`ProviderError::Wait`] when the command was not done in time, and was ended; [`ProviderError::Invalid`] where
    /// the source has no such tools. A status other than 0 is no error.
    async fn run_in_guest(
        &self,
        vm: &VmRef,
        _account: &GuestAccount,
        _line: &str,
        _deadline: &Deadline,
    ) -> Result<GuestAnswer, ProviderError> {
        Err(ProviderError::not_here(format!("run a command in the guest of {vm}")))
    }

    /// Powers the VM off and deletes it with its files; idempotent. With an `id` that VM is deleted, if it still has
    /// that name; without one, or when that VM is gone, every VM with exactly this name.
    ///
    /// # Errors
    /// [`ProviderError::Unhealthy`] when the VM `id` is there under another name.
    async fn delete_vm(&self, name: &str, id: Option<&str>) -> Result<Removal, ProviderError>;

    /// VMs whose name begins with `prefix`, by name.
    async fn vms_with_prefix(&self, prefix: &str) -> Result<Vec<VmRef>, ProviderError>;

    /// Whether it can be asked for its VMs. Of what it cannot, only the product's inventory knows the VMs, and nobody can
    /// clone or change them.
    fn reads_vms(&self) -> bool {
        true
    }

    /// Further URLs that the source sends its users to (`https://host:port/...`), where it has a catalog of them. Their
    /// hosts must be trusted like the source itself.
    async fn endpoints(&self) -> Result<Vec<String>, ProviderError> {
        Ok(Vec::new())
    }

    /// Ends the session. Never fails: an unreachable source ends it by itself.
    async fn disconnect(&self);

    /// How many requests were sent so far.
    fn requests(&self) -> u64;
}
