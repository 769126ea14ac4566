//! The status of a VM in a migration: its steps and tasks, and how they move.
//!
//! Pure. Source: forklift-api.md sections 6 and 13.

use super::super::conditions::{Condition, Conditions};
use super::phases::{Method, is_quiet, step_of};
use super::warm::Warm;
use crate::facts;
use crate::lab::world::Disk;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// A VM in `status.migration.vms[]` of a Plan.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct VmStatus {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) new_name: String,
    pub(crate) phase: String,
    pub(crate) pipeline: Vec<Step>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) started: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) completed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Failed>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) restore_power_state: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) firmware: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) operating_system: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) conditions: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) warm: Option<Warm>,
    /// How long it wants to be left alone, in real time.
    #[serde(skip)]
    pub(crate) nap: Option<Duration>,
    /// The other fields of the plan's entry (`hooks`, `targetName`...).
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

/// A step of a pipeline.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Step {
    pub(crate) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) phase: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) started: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) completed: Option<String>,
    pub(crate) progress: Progress,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tasks: Vec<Step>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<Failed>,
}

/// How much of a step is done, in its own unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Progress {
    pub(crate) completed: u64,
    pub(crate) total: u64,
}

/// Why a VM or a step failed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Failed {
    pub(crate) phase: String,
    pub(crate) reasons: Vec<String>,
}

/// Whole mebibytes of a disk.
pub(crate) fn mebibytes(disk: &Disk) -> u64 {
    disk.size_bytes.div_ceil(1024 * 1024)
}

/// The steps of a migration by this method with these optional steps: all pending, but the cutover and the tasks without
/// phase. Source: forklift-api.md section 13, 3.
pub(crate) fn build(method: Method, extras: &[String], disks: &[Disk]) -> Vec<Step> {
    method
        .steps(extras)
        .into_iter()
        .map(|(name, description, copies)| new_step(name, description, copies, disks))
        .collect()
}

fn new_step(name: &str, description: &str, copies: bool, disks: &[Disk]) -> Step {
    let mut step = Step {
        name: name.to_owned(),
        description: description.to_owned(),
        phase: if name == "Cutover" { "" } else { "Pending" }.to_owned(),
        progress: Progress { completed: 0, total: 1 },
        ..Step::default()
    };
    if copies {
        let unit = BTreeMap::from([("unit".to_owned(), "MB".to_owned())]);
        step.progress.total = disks.iter().map(mebibytes).sum();
        step.annotations.clone_from(&unit);
        step.tasks = disks
            .iter()
            .map(|disk| Step {
                name: disk.file.clone(),
                progress: Progress { completed: 0, total: mebibytes(disk) },
                annotations: unit.clone(),
                ..Step::default()
            })
            .collect();
    }
    step
}

fn now() -> String {
    facts::rfc3339(facts::now())
}

impl Step {
    /// Starts it. A step that runs a second time keeps its times.
    fn start(&mut self) {
        self.phase = "Running".into();
        if self.started.is_none() {
            self.started = Some(now());
        }
    }

    /// Makes it run again from nothing: its end is taken back, its start stays.
    pub(crate) fn again(&mut self) {
        self.phase = "Running".into();
        self.completed = None;
        self.progress.completed = 0;
        for task in &mut self.tasks {
            task.again();
        }
    }

    /// Completes it and its tasks; a first `completed` stays.
    pub(crate) fn complete(&mut self) {
        for task in &mut self.tasks {
            task.complete();
        }
        self.phase = "Completed".into();
        self.progress.completed = self.progress.total;
        if self.started.is_none() {
            self.started = Some(now());
        }
        if self.completed.is_none() {
            self.completed = Some(now());
        }
    }

    /// Sets each task's share of its total, in percent, and the step's sum.
    pub(crate) fn advance(&mut self, percents: &[u64]) {
        for (task, percent) in self.tasks.iter_mut().zip(percents) {
            task.start();
            task.progress.completed = task.progress.total * (*percent).min(100) / 100;
            if *percent >= 100 {
                task.complete();
            }
        }
        self.progress.completed = self.tasks.iter().map(|task| task.progress.completed).sum();
    }

    /// How far its largest task is, in percent, as it was given to [`Self::advance`]: shares are stored rounded down to
    /// whole units, and counting on from a rounded share of a small disk could stand still.
    pub(crate) fn reached(&self) -> u64 {
        let largest = self.tasks.iter().max_by_key(|task| task.progress.total);
        largest.map_or(100, |task| match task.progress.total {
            0 => 100,
            total => (task.progress.completed * 100).div_ceil(total),
        })
    }

    /// The least share of its tasks, in percent.
    pub(crate) fn percent(&self) -> u64 {
        let share = |task: &Self| (task.progress.completed * 100).checked_div(task.progress.total).unwrap_or(100);
        self.tasks.iter().map(share).min().unwrap_or(100)
    }
}

impl VmStatus {
    /// A queued VM: no start, every step pending.
    pub(crate) fn queued(entry: &Value, id: &str, name: &str, pipeline: Vec<Step>) -> Self {
        let mut rest = entry.as_object().cloned().unwrap_or_default();
        rest.remove("id");
        rest.remove("name");
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            pipeline,
            rest,
            phase: "Started".to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn step_mut(&mut self, name: &str) -> Option<&mut Step> {
        self.pipeline.iter_mut().find(|step| step.name == name)
    }

    /// Begins it in its first phase.
    pub(crate) fn begin(&mut self) {
        self.started = Some(now());
        self.run_step();
    }

    /// The step of a phase in its pipeline.
    pub(crate) fn step_of(&self, phase: &str) -> Option<&'static str> {
        step_of(phase, |name| self.pipeline.iter().any(|step| step.name == name))
    }

    /// Enters `phase`: the step of the last phase is completed if it is another one.
    pub(crate) fn enter(&mut self, phase: &str) {
        let before = self.step_of(&self.phase);
        let after = self.step_of(phase);
        self.phase = phase.into();
        if before != after
            && let Some(step) = before.and_then(|name| self.step_mut(name))
        {
            step.complete();
        }
        self.run_step();
    }

    fn run_step(&mut self) {
        let Some(name) = self.step_of(&self.phase) else { return };
        let quiet = is_quiet(&self.phase, name);
        if let Some(step) = self.step_mut(name).filter(|_| !quiet) {
            step.start();
        }
    }

    /// Fails it in the step of its present phase: the step keeps its phase and has no `completed`.
    pub(crate) fn fail(&mut self, reason: &str) {
        let error = Failed { phase: self.phase.clone(), reasons: vec![reason.to_owned()] };
        let name = self.step_of(&self.phase);
        if let Some(step) = name.and_then(|name| self.step_mut(name)) {
            step.error = Some(error.clone());
        }
        self.error = Some(error);
        self.phase = "Completed".into();
        self.set(Condition::advisory("Failed", "", "the VM migration has failed").durable());
    }

    /// Cancels it.
    pub(crate) fn cancel(&mut self, reason: &'static str) {
        self.phase = "Completed".into();
        self.set(Condition::advisory("Canceled", reason, "the VM migration has been cancelled").durable());
    }

    /// The last cycle of a VM that was cancelled: the steps that had begun count as completed.
    pub(crate) fn close_started_steps(&mut self) {
        for step in self.pipeline.iter_mut().filter(|step| step.started.is_some() && step.completed.is_none()) {
            step.phase = "Completed".into();
            step.completed = Some(now());
        }
    }

    pub(crate) fn succeed(&mut self) {
        self.set(Condition::advisory("Succeeded", "", "the VM migration has succeeded").durable());
    }

    pub(crate) fn end(&mut self) {
        self.completed = Some(now());
    }

    pub(crate) fn has(&self, kind: &str) -> bool {
        self.conditions.iter().any(|one| one["type"] == json!(kind))
    }

    fn set(&mut self, condition: Condition) {
        let mut conditions = Conditions::from_list(self.conditions.iter());
        conditions.set(condition);
        self.conditions = conditions.finish().as_array().cloned().unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn disk(key: i32, gib: u64) -> Disk {
        Disk {
            key,
            label: format!("Hard disk {key}"),
            controller_key: 1000,
            bus: "scsi".into(),
            unit: key - 2000,
            size_bytes: gib << 30,
            datastore: "datastore-1".into(),
            file: format!("[ds1] vm/vm_{key}.vmdk"),
            mode: "persistent".into(),
            thin: true,
            eager: false,
            uuid: "6000C29".into(),
            lun: None,
            shared: false,
            partitions: Vec::new(),
        }
    }

    fn shape(vm: &VmStatus) -> Vec<(String, String)> {
        vm.pipeline.iter().map(|step| (step.name.clone(), step.phase.clone())).collect()
    }

    #[test]
    fn the_whole_pipeline_is_there_from_the_start() {
        let pipeline = build(Method::V2v, &[], &[disk(2000, 16), disk(2001, 1)]);
        let vm = VmStatus::queued(&json!({"id": "vm-1", "targetName": "t"}), "vm-1", "a", pipeline);
        let names: Vec<&str> = vm.pipeline.iter().map(|step| step.name.as_str()).collect();
        assert_eq!(
            names,
            ["Initialize", "DiskAllocation", "ImageConversion", "DiskTransferV2v", "VirtualMachineCreation"]
        );
        assert!(vm.pipeline.iter().all(|step| step.phase == "Pending" && step.started.is_none()));
        assert!(vm.pipeline[3].tasks.iter().all(|task| task.phase.is_empty()));
        assert_eq!(vm.pipeline[3].progress.total, 17 * 1024);
        assert_eq!(vm.rest["targetName"], "t");
        let round: VmStatus = serde_json::from_value(serde_json::to_value(&vm).unwrap()).unwrap();
        assert_eq!(round, vm);
    }

    #[test]
    fn a_pre_hook_lets_initialize_run_twice_and_keep_its_time() {
        let mut vm =
            VmStatus::queued(&json!({}), "vm-1", "a", build(Method::V2v, &["PreHook".into()], &[disk(2000, 1)]));
        vm.begin();
        vm.enter("PreHook");
        vm.pipeline[0].completed = Some("first".into());
        assert_eq!(shape(&vm)[0].1, "Completed");
        vm.enter("StorePowerState");
        assert_eq!((shape(&vm)[0].1.as_str(), shape(&vm)[1].1.as_str()), ("Running", "Completed"));
        vm.enter("AllocateDisks");
        assert_eq!((shape(&vm)[0].1.as_str(), vm.pipeline[0].completed.as_deref()), ("Completed", Some("first")));
    }

    #[test]
    fn a_failed_step_keeps_its_phase() {
        let mut vm = VmStatus::queued(&json!({}), "vm-1", "a", build(Method::V2v, &[], &[disk(2000, 1)]));
        vm.begin();
        vm.enter("ConvertGuest");
        vm.enter("CopyDisksVirtV2V");
        vm.pipeline[3].advance(&[50]);
        vm.fail("broken");
        let step = &vm.pipeline[3];
        assert_eq!((step.phase.as_str(), step.completed.is_none(), step.progress.completed), ("Running", true, 512));
        assert_eq!(step.error.as_ref().unwrap().reasons, ["broken"]);
        assert!(vm.has("Failed") && vm.completed.is_none() && vm.phase == "Completed");
    }
}
