//! The share as a source that cannot be asked.

use crate::config::ProviderEntry;
use crate::facts::{Power, SourceVm};
use crate::provider::{About, CloneRequest, ProviderError, Removal, SourceProvider, VmRef};
use crate::wait::Deadline;
use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

/// An NFS share with OVA files.
pub(in crate::provider) struct OvaShare {
    share: String,
}

impl OvaShare {
    /// The share of an entry. Nobody is asked: whether it is there, the product finds out when it mounts it.
    pub(in crate::provider) fn new(entry: &ProviderEntry) -> Self {
        Self { share: entry.api_url.clone() }
    }

    fn not_here(&self, what: &str) -> ProviderError {
        ProviderError::Invalid {
            operation: format!("{what} on the NFS share {}", self.share),
            problem: "OVA files can be read by the product only".to_owned(),
            remedy: "leave it out of the scenario, or choose another type of source",
        }
    }
}

#[async_trait]
impl SourceProvider for OvaShare {
    fn reads_vms(&self) -> bool {
        false
    }

    /// There is no session that could fail.
    async fn test(&self) -> Result<About, ProviderError> {
        Ok(About { product: format!("OVA files on {}", self.share), version: String::new() })
    }

    async fn find_vm(&self, name: &str) -> Result<VmRef, ProviderError> {
        Err(self.not_here(&format!("find VM {name:?}")))
    }

    async fn vm_facts(&self, vm: &VmRef) -> Result<SourceVm, ProviderError> {
        Err(self.not_here(&format!("read {vm}")))
    }

    async fn clone_vm(&self, request: &CloneRequest, _: &CancellationToken) -> Result<VmRef, ProviderError> {
        Err(self.not_here(&format!("clone {} to {:?}", request.source, request.name)))
    }

    /// A file is off, and stays so.
    async fn set_power(&self, vm: &VmRef, power: Power) -> Result<(), ProviderError> {
        if power == Power::Off { Ok(()) } else { Err(self.not_here(&format!("switch {vm} {power}"))) }
    }

    async fn create_snapshot(&self, vm: &VmRef, name: &str) -> Result<String, ProviderError> {
        Err(self.not_here(&format!("take snapshot {name:?} of {vm}")))
    }

    /// No guest runs in a file.
    async fn wait_guest_info(&self, _: &VmRef, _: &Deadline) -> Result<bool, ProviderError> {
        Ok(false)
    }

    /// Nothing can have been made there.
    async fn delete_vm(&self, _: &str, _: Option<&str>) -> Result<Removal, ProviderError> {
        Ok(Removal::AlreadyGone)
    }

    /// Nothing can have been made there.
    async fn vms_with_prefix(&self, _: &str) -> Result<Vec<VmRef>, ProviderError> {
        Ok(Vec::new())
    }

    async fn disconnect(&self) {}

    fn requests(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_cannot_be_asked_is_refused_and_nothing_is_left_to_remove() {
        let share = OvaShare { share: "nas:/ova".to_owned() };
        let vm = VmRef { id: "i".into(), name: "rhel9".into() };
        let words = share.find_vm("rhel9").await.unwrap_err().to_string();
        assert!(words.contains("find VM \"rhel9\" on the NFS share nas:/ova"), "{words}");
        assert!(share.set_power(&vm, Power::Off).await.is_ok());
        assert!(share.set_power(&vm, Power::On).await.is_err());
        assert!(share.create_snapshot(&vm, "s").await.is_err());
        assert_eq!(share.delete_vm("rhel9", None).await.unwrap(), Removal::AlreadyGone);
        assert!(share.vms_with_prefix("auto-").await.unwrap().is_empty());
        assert!(!share.reads_vms());
    }
}
