//! From a scenario's VM and the provider's entry to the clone that is asked of the source. Pure.
//!
//! Source: original-suite.md sections 1.9, 1.10, 2 ("Keys beyond the tables") and 4; source-providers.md section 2.5.

use super::steps::StepError;
use crate::config::{CopyOffload, EsxiCloneMethod, ProviderEntry};
use crate::provider::{self, CloneRequest, HostRef, NewDisk, RdmCompatibility, RdmLun, VmRef};
use crate::scenario::{AddDisk, DatastoreRef, DiskMode, DiskType, PlanSpec, RdmType, VmRequest};
use std::time::Duration;

/// What a VM's clone depends on.
pub(super) struct Wish<'a> {
    pub(super) plan: &'a PlanSpec,
    pub(super) request: &'a VmRequest,
    pub(super) entry: &'a ProviderEntry,
}

impl<'a> Wish<'a> {
    /// Whether a clone is migrated, not the named VM itself.
    pub(super) fn is_cloned(&self) -> bool {
        self.request.clone && !self.plan.skip_clone
    }

    /// The VM or template to start from: in a copy-offload plan the provider's own template takes the place of what is
    /// cloned.
    pub(super) fn source_name(&self) -> &'a str {
        let template = self.offload().and_then(|section| section.default_vm_name.as_deref());
        template.filter(|_| self.is_cloned()).unwrap_or(&self.request.name)
    }

    /// The base of the clone's name.
    pub(super) fn base_name(&self) -> &'a str {
        self.request.clone_name.as_deref().unwrap_or_else(|| self.source_name())
    }

    /// The host that scenario or provider name for the clone; `pin_to_non_dedicated_host` and `clone_to_same_host` are
    /// for the caller, who knows the hosts. An ssh login goes to one host, so the clones must be there.
    pub(super) fn named_host(&self) -> Option<&'a str> {
        let pinned = || {
            let section = self.offload().filter(|section| section.esxi_clone_method == Some(EsxiCloneMethod::Ssh))?;
            section.esxi.as_ref().map(|login| login.host.as_str())
        };
        let own = self.request.target_esxi_host.as_deref();
        own.or_else(|| if self.plan.pin_to_non_dedicated_host { None } else { pinned() })
    }

    /// The clone: `source` under `name`, on `host`.
    pub(super) fn clone_request(
        &self,
        source: VmRef,
        name: &str,
        host: Option<String>,
        limit: Duration,
    ) -> Result<CloneRequest, StepError> {
        let offload = self.offload();
        let own = self.request.target_datastore_id.as_ref().map(|store| self.datastore(store)).transpose()?;
        Ok(CloneRequest {
            disk_type: self.request.disk_type.map(disk_type),
            add_disks: self.request.add_disks.iter().map(|disk| self.new_disk(disk)).collect::<Result<_, _>>()?,
            cbt: self.plan.warm_migration,
            datastore: own.or_else(|| offload.map(|section| section.datastore_id.clone())),
            host,
            resource_pool: offload.and_then(|section| section.resource_pool.clone()),
            limit,
            ..CloneRequest::new(source, name)
        })
    }

    /// The section `copyoffload`, in a plan that uses it.
    fn offload(&self) -> Option<&'a CopyOffload> {
        self.entry.copyoffload().filter(|_| self.plan.copyoffload)
    }

    fn lacking(&self, key: &str) -> StepError {
        let (vm, provider) = (&self.request.name, &self.entry.name);
        StepError::Broken(format!(
            "VM {vm:?} needs copyoffload.{key} of provider {provider}, which is not set; add it to providers.json"
        ))
    }

    fn datastore(&self, store: &DatastoreRef) -> Result<String, StepError> {
        let section = self.entry.copyoffload();
        let found = match store {
            DatastoreRef::MoRef(id) => return Ok(id.clone()),
            DatastoreRef::Secondary => section.and_then(|section| section.secondary_datastore_id.clone()),
            DatastoreRef::NonXcopy => section.and_then(|section| section.non_xcopy_datastore_id.clone()),
        };
        found.ok_or_else(|| self.lacking(store.copyoffload_key().unwrap_or("datastore_id")))
    }

    fn new_disk(&self, asked: &AddDisk) -> Result<NewDisk, StepError> {
        let rdm = asked.rdm_type.map(|kind| self.lun(kind)).transpose()?;
        let own = asked.datastore_id.as_ref().map(|store| self.datastore(store)).transpose()?;
        // The file of a mapping lies on the array's datastore, whatever that of the clone is.
        let of_mapping = || self.entry.copyoffload().map(|section| section.datastore_id.clone());
        Ok(NewDisk {
            size_bytes: u64::from(asked.size_gb.unwrap_or_default()) << 30,
            provisioning: disk_type(asked.provision_type),
            mode: match asked.disk_mode {
                DiskMode::Persistent => provider::DiskMode::Persistent,
                DiskMode::IndependentPersistent => provider::DiskMode::IndependentPersistent,
                DiskMode::IndependentNonpersistent => provider::DiskMode::IndependentNonpersistent,
            },
            datastore: own.or_else(|| rdm.as_ref().and_then(|_| of_mapping())),
            datastore_path: asked.datastore_path.clone(),
            rdm,
        })
    }

    fn lun(&self, kind: RdmType) -> Result<RdmLun, StepError> {
        let lun_uuid = self.entry.copyoffload().and_then(|section| section.rdm_lun_uuid.clone());
        let compatibility = match kind {
            RdmType::Virtual => RdmCompatibility::Virtual,
            RdmType::Physical => RdmCompatibility::Physical,
        };
        Ok(RdmLun { compatibility, lun_uuid: lun_uuid.ok_or_else(|| self.lacking("rdm_lun_uuid"))? })
    }
}

/// A host outside the dedicated ones, for `pin_to_non_dedicated_host`: the source VM's own if it is one, else the first
/// by name in the same cluster.
pub(super) fn non_dedicated(hosts: &[HostRef], dedicated: &[String], own: &HostRef) -> Result<String, StepError> {
    let is_free = |host: &&HostRef| {
        let named = |given: &String| *given == host.id || *given == host.name;
        host.usable && host.cluster == own.cluster && !dedicated.iter().any(named)
    };
    let mut free: Vec<&HostRef> = hosts.iter().filter(is_free).collect();
    free.sort();
    let chosen = free.iter().find(|host| host.id == own.id).or_else(|| free.first());
    chosen.map(|host| host.id.clone()).ok_or_else(|| {
        let all: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
        StepError::Broken(format!(
            "pin_to_non_dedicated_host: no usable host beside {}; the hosts are {}",
            dedicated.join(", "),
            all.join(", ")
        ))
    })
}

fn disk_type(asked: DiskType) -> provider::DiskType {
    match asked {
        DiskType::Thin => provider::DiskType::Thin,
        DiskType::ThickLazy => provider::DiskType::ThickLazy,
        DiskType::ThickEager => provider::DiskType::ThickEager,
    }
}

#[cfg(test)]
#[path = "clone_request_tests.rs"]
mod tests;
