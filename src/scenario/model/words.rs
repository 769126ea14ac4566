//! The closed word lists of scenario files.

use crate::facts::Power;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;

/// Type of a source provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProviderType {
    /// VMware vSphere.
    Vsphere,
    /// oVirt or RHV.
    Ovirt,
    /// OpenStack.
    Openstack,
    /// OpenShift Virtualization.
    Openshift,
    /// OVA files on an NFS share.
    Ova,
    /// Microsoft Hyper-V.
    Hyperv,
}

impl ProviderType {
    /// Every type, in the order messages list them.
    pub const ALL: [Self; 6] = [Self::Vsphere, Self::Ovirt, Self::Openstack, Self::Openshift, Self::Ova, Self::Hyperv];

    /// The word of providers.json and of `requires.source`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vsphere => "vsphere",
            Self::Ovirt => "ovirt",
            Self::Openstack => "openstack",
            Self::Openshift => "openshift",
            Self::Ova => "ova",
            Self::Hyperv => "hyperv",
        }
    }
}

impl fmt::Display for ProviderType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A power state asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PowerSetting {
    /// Running.
    On,
    /// Stopped.
    Off,
}

impl From<PowerSetting> for Power {
    fn from(asked: PowerSetting) -> Self {
        match asked {
            PowerSetting::On => Self::On,
            PowerSetting::Off => Self::Off,
        }
    }
}

/// Where a migration goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Destination {
    /// The cluster that runs MTV (provider `host`).
    #[default]
    Local,
    /// The same cluster, added as a remote provider with URL and token; needs the setting `remote_ocp_cluster`.
    Remote,
}

/// How several plans of a scenario run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunMode {
    /// One after the other, in the order of the file.
    #[default]
    Sequential,
    /// All at once; every plan must be seen Executing at the same time.
    Concurrent,
}

/// How a hook or a migration must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExpectedResult {
    /// It must succeed.
    Succeed,
    /// It must fail; succeeding fails the scenario.
    Fail,
}

/// Provisioning of a disk on vSphere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DiskType {
    /// Thin.
    #[default]
    Thin,
    /// Thick, zeroed on first write.
    ThickLazy,
    /// Thick, zeroed at once.
    ThickEager,
}

/// Mode of an added disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiskMode {
    /// Part of snapshots.
    #[default]
    Persistent,
    /// Left out of snapshots; writes stay.
    IndependentPersistent,
    /// Left out of snapshots; writes are lost at power-off.
    IndependentNonpersistent,
}

/// Compatibility mode of a raw device mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RdmType {
    /// Virtual mode, persistent.
    Virtual,
    /// Physical mode, independent persistent.
    Physical,
}

/// A step of the product's migration pipeline, as `status.migration.vms[].pipeline[].name` has it.
///
/// Source: forklift-api.md section 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum PipelineStep {
    /// Initialize.
    Initialize,
    /// PreHook.
    PreHook,
    /// PreflightInspection.
    PreflightInspection,
    /// DiskAllocation.
    DiskAllocation,
    /// DiskTransfer.
    DiskTransfer,
    /// Cutover.
    Cutover,
    /// ImageConversion.
    ImageConversion,
    /// DiskTransferV2v.
    DiskTransferV2v,
    /// VirtualMachineCreation.
    VirtualMachineCreation,
    /// WaitForGuestReboots.
    WaitForGuestReboots,
    /// PostHook.
    PostHook,
}

impl PipelineStep {
    /// The step's name in a pipeline.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initialize => "Initialize",
            Self::PreHook => "PreHook",
            Self::PreflightInspection => "PreflightInspection",
            Self::DiskAllocation => "DiskAllocation",
            Self::DiskTransfer => "DiskTransfer",
            Self::Cutover => "Cutover",
            Self::ImageConversion => "ImageConversion",
            Self::DiskTransferV2v => "DiskTransferV2v",
            Self::VirtualMachineCreation => "VirtualMachineCreation",
            Self::WaitForGuestReboots => "WaitForGuestReboots",
            Self::PostHook => "PostHook",
        }
    }
}

/// The last step of a scenario that does not go all the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StopAfter {
    /// The Plan must become Ready; nothing is migrated.
    Plan,
    /// The migration must end as expected; the VMs are not checked.
    Migrate,
}
