//! How far each VM of a migration is.
//!
//! Source: forklift-api.md section 6. Unknown steps, phases and fields are kept or ignored, never refused.

use kube::api::DynamicObject;
use serde::Deserialize;
use serde_json::Value;

/// A VM's state in `status.vms[]` of a Migration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct VmProgress {
    /// Id on the source.
    pub id: String,
    /// Name on the source.
    pub name: String,
    /// Phase of the itinerary (`CopyDisksVirtV2V`).
    pub phase: String,
    /// When it ended.
    pub completed: Option<String>,
    /// Name on the cluster, where it was renamed.
    #[serde(rename = "newName")]
    pub new_name: String,
    /// Steps in order.
    pub pipeline: Vec<StepProgress>,
    /// Why it failed.
    pub error: Option<StepError>,
}

/// A step of the pipeline.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StepProgress {
    /// Name (`DiskTransferV2v`).
    pub name: String,
    /// `Pending`, `Running`, `Completed` or empty.
    pub phase: String,
    /// Completed and total units: MiB in disk steps.
    pub progress: Units,
    /// Why it failed.
    pub error: Option<StepError>,
}

/// Units of a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Units {
    /// Done.
    pub completed: u64,
    /// In all.
    pub total: u64,
}

/// An error of a step or a VM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StepError {
    /// Phase in which it happened.
    pub phase: String,
    /// Reasons.
    pub reasons: Vec<String>,
}

/// The VMs of a Migration (`status.vms`) or, where that is stale, of a Plan (`status.migration.vms`).
pub fn vm_progress(object: &DynamicObject) -> Vec<VmProgress> {
    let status = &object.data["status"];
    let vms = if status["vms"].is_array() { &status["vms"] } else { &status["migration"]["vms"] };
    let list = vms.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|vm: &Value| VmProgress::deserialize(vm).ok()).collect()
}

impl VmProgress {
    /// The step that is under way: the failed one, else the last that has begun.
    pub fn current_step(&self) -> Option<&StepProgress> {
        let failed = self.pipeline.iter().find(|step| step.error.is_some());
        let begun = || self.pipeline.iter().rev().find(|step| matches!(step.phase.as_str(), "Running" | "Completed"));
        failed.or_else(begun)
    }
}
