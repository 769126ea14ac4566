//! An entry of `virtual_machines`.

use super::values::DatastoreRef;
use super::words::{DiskMode, DiskType, PowerSetting, RdmType};
use schemars::JsonSchema;
use serde::Deserialize;

/// A VM to migrate.
///
/// Source: original-suite.md sections 1.9, 2 and 4.
#[expect(clippy::struct_excessive_bools, reason = "one flag per key of the file")]
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VmRequest {
    /// Name of the VM or template on the source. In a `copyoffload` plan the provider's
    /// `copyoffload.default_vm_name`, if set, takes its place for VMs that are cloned.
    pub name: String,
    /// Power state to bring the source VM to before the migration; not given: left as it is.
    pub source_vm_power: Option<PowerSetting>,
    /// Whether the guest agent must report in after the migration. Default false.
    #[serde(default)]
    pub guest_agent: bool,
    /// Whether a clone is migrated instead of the VM itself. Default true: the named VM is never touched.
    #[serde(default = "yes")]
    #[schemars(default = "yes")]
    pub clone: bool,
    /// Base of the clone's name, in place of `name`.
    pub clone_name: Option<String>,
    /// Keeps capitals and underscores in the clone's name. Default false.
    #[serde(default)]
    pub preserve_name_format: bool,
    /// Provisioning of the clone's disks (vSphere); not given: as the source's.
    pub disk_type: Option<DiskType>,
    /// Disks added to the clone (vSphere).
    #[serde(default)]
    pub add_disks: Vec<AddDisk>,
    /// Number of snapshots made on the source VM before the migration, 1 to 31.
    pub snapshots: Option<u32>,
    /// ESXi host the clone is placed on, by MoRef or name (vSphere); wins over `pin_to_non_dedicated_host`.
    pub target_esxi_host: Option<String>,
    /// Datastore the clone is placed on (vSphere).
    pub target_datastore_id: Option<DatastoreRef>,
    /// Adds a NIC to the clone (vSphere); needs `add_nic_start_connected`. Default false.
    #[serde(default)]
    pub add_nic: bool,
    /// Whether the added NIC is connected when the VM starts.
    pub add_nic_start_connected: Option<bool>,
    /// Whether the VM's disks are encrypted with LUKS. Default false.
    #[serde(default)]
    pub luks: bool,
    /// LUKS passphrase, in place of the provider entry's `luks_passphrase` (to try a wrong one).
    pub luks_passphrase: Option<String>,
    /// Whether this VM owns the plan's shared disks: true on exactly one VM of a plan with `migrate_shared_disks`.
    pub migrate_shared_disks: Option<bool>,
    /// Starts the VM and waits until cloud-init is done before anything else; the VM stays on, unless `source_vm_power`
    /// says otherwise. Default false.
    #[serde(default)]
    pub wait_for_cloud_init: bool,
}

fn yes() -> bool {
    true
}

/// A disk added to a clone.
///
/// Source: original-suite.md section 4, "add_disks".
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddDisk {
    /// Capacity in GiB; required unless `rdm_type` is given.
    pub size_gb: Option<u32>,
    /// Provisioning. Default thin.
    #[serde(default)]
    pub provision_type: DiskType,
    /// Mode. Default persistent.
    #[serde(default)]
    pub disk_mode: DiskMode,
    /// Datastore; not given: that of the VM.
    pub datastore_id: Option<DatastoreRef>,
    /// Folder on the datastore; not given: that of the VM.
    pub datastore_path: Option<String>,
    /// Maps the provider's `copyoffload.rdm_lun_uuid` as a raw device instead of making a disk.
    pub rdm_type: Option<RdmType>,
}
