//! How far each VM of a migration is.
//!
//! Source: forklift-api.md section 6. Unknown steps, phases and fields are kept or ignored, never refused.

use crate::facts::WarmRecord;
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
    /// The precopies of a warm migration.
    pub warm: Option<Precopies>,
    /// When it began.
    pub started: Option<String>,
}

/// The precopies of a VM.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Precopies {
    /// Copies that ended well.
    pub successes: u32,
    /// One entry per snapshot, the final one included.
    pub precopies: Vec<Precopy>,
}

/// One precopy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Precopy {
    /// When it ended.
    pub end: Option<String>,
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
    /// When it began.
    pub started: Option<String>,
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

impl VmProgress {
    /// The step of that name.
    pub fn step(&self, name: &str) -> Option<&StepProgress> {
        self.pipeline.iter().find(|step| step.name == name)
    }

    /// What its disk steps copied, in MiB: the most that one of them did, since virt-v2v's steps list the same disks.
    pub fn copied_mib(&self) -> u64 {
        let disk_steps = self.pipeline.iter().filter(|step| step.name.starts_with("DiskTransfer"));
        disk_steps.map(|step| step.progress.completed).max().unwrap_or(0)
    }

    /// How long the VM was down, in milliseconds: a warm migration switches the source off as its cutover begins, and the
    /// VM is on the cluster when its migration ends. `None` where the times are not told.
    pub fn downtime_ms(&self) -> Option<u64> {
        let begun = self.step("Cutover")?.started.as_ref()?.parse::<jiff::Timestamp>().ok()?;
        let ended = self.completed.as_ref()?.parse::<jiff::Timestamp>().ok()?;
        u64::try_from(ended.duration_since(begun).as_millis()).ok()
    }

    /// The record of a warm migration; `None` of a cold one.
    pub fn warm_record(&self, cutover: Option<&str>) -> Option<WarmRecord> {
        let warm = self.warm.as_ref()?;
        let ended = warm.precopies.iter().filter(|precopy| precopy.end.is_some()).count();
        Some(WarmRecord {
            precopies: u32::try_from(ended).unwrap_or(u32::MAX),
            cutover_asked: cutover.map(str::to_owned),
            downtime_ms: self.downtime_ms(),
            copied_bytes: Some(self.copied_mib() << 20),
        })
    }
}
