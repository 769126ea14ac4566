//! The phases that a VM goes through and the steps they belong to.
//!
//! Pure. A VM's optional steps (hooks, inspection, waits) are `extras`: the names of those that its pipeline has.
//! Source: forklift-api.md section 6, "Pipelines" and "VM phases".

/// How the disks of a migration are copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// virt-v2v copies and converts.
    V2v,
    /// CDI copies, virt-v2v converts in place; before 2.12 the V2v transfer step is listed too.
    Cdi {
        /// Whether `DiskTransferV2v` is in the pipeline.
        lists_v2v: bool,
    },
    /// CDI copies, nothing is converted.
    Raw,
    /// CDI copies again and again while the source runs.
    Warm {
        /// Whether virt-v2v converts in place.
        converts: bool,
        /// Minor release of MTV 2, which decides about some phases.
        minor: u64,
        /// Whether the source is vSphere, which has phases of its own.
        vsphere: bool,
    },
    /// OpenStack's volumes are copied by way of snapshots and images.
    Snapshots,
}

const INITIALIZE: (&str, &str, bool) = ("Initialize", "Prepare the migration.", false);
const ALLOCATION: (&str, &str, bool) = ("DiskAllocation", "Allocate the disks.", true);
const TRANSFER: (&str, &str, bool) = ("DiskTransfer", "Copy the disks.", true);
const CONVERSION: (&str, &str, bool) = ("ImageConversion", "Convert the guest to run on KubeVirt.", false);
const TRANSFER_V2V: (&str, &str, bool) = ("DiskTransferV2v", "Copy the disks with virt-v2v.", true);
/// Its work is booked on the transfer, so that it never leaves Pending. Source: forklift-api.md section 13, 6.
const SNAPSHOT: (&str, &str, bool) = (CONVERT_SNAPSHOT, "Convert OpenStack snapshot.", false);
const CUTOVER: (&str, &str, bool) = ("Cutover", "Copy what changed last and finish the copies.", false);
const CREATION: (&str, &str, bool) = ("VirtualMachineCreation", "Create the virtual machine.", false);

/// Step and phase of the images of OpenStack's snapshots.
pub(super) const CONVERT_SNAPSHOT: &str = "ConvertOpenstackSnapshot";
/// Step and phase of the look at the disks before a warm migration.
pub(super) const INSPECTION: &str = "PreflightInspection";
/// Step and phase of the wait for a Windows guest.
pub(super) const REBOOTS: &str = "WaitForGuestReboots";
/// The last step of a warm migration since 2.12.
pub(super) const CONSOLIDATION: &str = "WaitForFinalSnapshotConsolidation";
const FINAL_REMOVAL: &str = "WaitForFinalSnapshotRemoval";

impl Method {
    /// Whether virt-v2v converts the guest.
    pub(super) fn converts(self) -> bool {
        !matches!(self, Self::Raw | Self::Snapshots | Self::Warm { converts: false, .. })
    }

    /// Name, description and "copies disks" of each step.
    pub(super) fn steps(self, extras: &[String]) -> Vec<(&'static str, &'static str, bool)> {
        let has = |step: &str| extras.iter().any(|extra| extra == step);
        let mut steps = vec![INITIALIZE];
        if has("PreHook") {
            steps.push(("PreHook", "Run the hook before the migration.", false));
        }
        match self {
            Self::V2v => steps.extend([ALLOCATION, CONVERSION, TRANSFER_V2V]),
            Self::Cdi { lists_v2v: true } => steps.extend([TRANSFER, CONVERSION, TRANSFER_V2V]),
            Self::Cdi { lists_v2v: false } => steps.extend([TRANSFER, CONVERSION]),
            Self::Raw => steps.push(TRANSFER),
            Self::Snapshots => steps.extend([TRANSFER, SNAPSHOT]),
            Self::Warm { converts, .. } => {
                if has(INSPECTION) {
                    steps.push((INSPECTION, "Inspect the disks before they are copied.", false));
                }
                steps.extend([TRANSFER, CUTOVER]);
                steps.extend(converts.then_some(CONVERSION));
            }
        }
        steps.push(CREATION);
        for (name, description) in [
            (REBOOTS, "Wait until the guest has started anew."),
            ("PostHook", "Run the hook after the migration."),
            (CONSOLIDATION, "Wait until the last snapshot is consolidated."),
        ] {
            if has(name) {
                steps.push((name, description, false));
            }
        }
        steps
    }

    /// The phase after `phase`. After `CopyingPaused` it is the next round; the cutover is entered otherwise.
    pub(super) fn next(self, phase: &str, extras: &[String]) -> &'static str {
        let has = |step: &str| extras.iter().any(|extra| extra == step);
        match (phase, self) {
            ("Started", _) if has("PreHook") => "PreHook",
            ("CreateVM", _) if has(REBOOTS) => REBOOTS,
            ("CreateVM" | REBOOTS, _) if has("PostHook") => "PostHook",
            ("CreateVM" | REBOOTS | "PostHook", Self::Warm { .. }) if has(CONSOLIDATION) => FINAL_REMOVAL,
            ("CreateVM" | REBOOTS | "PostHook", _) => "Completed",
            (_, Self::Warm { vsphere: false, minor, .. }) => next_warm_ovirt(phase, minor),
            (_, Self::Warm { converts, minor, .. }) => next_warm(phase, converts, minor, has(INSPECTION)),
            _ => self.next_cold(phase),
        }
    }

    fn next_cold(self, phase: &str) -> &'static str {
        match phase {
            "Started" | "PreHook" => "StorePowerState",
            "StorePowerState" => "PowerOffSource",
            "PowerOffSource" => "WaitForPowerOff",
            "WaitForPowerOff" => "CreateDataVolumes",
            "CreateDataVolumes" if self == Self::V2v => "AllocateDisks",
            "CreateDataVolumes" => "CopyDisks",
            "AllocateDisks" => "CreateGuestConversionPod",
            "CopyDisks" if self == Self::Snapshots => CONVERT_SNAPSHOT,
            "CopyDisks" if self != Self::Raw => "CreateGuestConversionPod",
            "CreateGuestConversionPod" => "ConvertGuest",
            "ConvertGuest" if matches!(self, Self::V2v | Self::Cdi { lists_v2v: true }) => "CopyDisksVirtV2V",
            "CopyDisks" | "ConvertGuest" | "CopyDisksVirtV2V" | CONVERT_SNAPSHOT => "CreateVM",
            _ => "Completed",
        }
    }
}

/// oVirt's snapshots have no deltas to store, and the product leaves their removal to the end.
fn next_warm_ovirt(phase: &str, minor: u64) -> &'static str {
    let next = next_warm(phase, false, minor, false);
    match next {
        "StoreInitialSnapshotDeltas"
        | "StoreSnapshotDeltas"
        | "RemovePreviousSnapshot"
        | "WaitForPreviousSnapshotRemoval"
        | "RemovePenultimateSnapshot"
        | "WaitForPenultimateSnapshotRemoval"
        | "RemoveFinalSnapshot"
        | FINAL_REMOVAL => next_warm_ovirt(next, minor),
        _ => next,
    }
}

/// 2.7 to 2.10 wait for the DataVolumes in phases of their own; 2.7 to 2.11 wait for the end of the final snapshot before
/// the conversion.
fn next_warm(phase: &str, converts: bool, minor: u64, inspects: bool) -> &'static str {
    match phase {
        "Started" | "PreHook" => "CreateInitialSnapshot",
        "CreateInitialSnapshot" => "WaitForInitialSnapshot",
        "WaitForInitialSnapshot" => "StoreInitialSnapshotDeltas",
        "StoreInitialSnapshotDeltas" if inspects => INSPECTION,
        "StoreInitialSnapshotDeltas" | INSPECTION => "CreateDataVolumes",
        "CreateDataVolumes" if (7..=10).contains(&minor) => "WaitForDataVolumesStatus",
        "CreateDataVolumes" | "WaitForDataVolumesStatus" | "AddCheckpoint" => "CopyDisks",
        "CopyDisks" => "CopyingPaused",
        "CopyingPaused" => "RemovePreviousSnapshot",
        "RemovePreviousSnapshot" => "WaitForPreviousSnapshotRemoval",
        "WaitForPreviousSnapshotRemoval" => "CreateSnapshot",
        "CreateSnapshot" => "WaitForSnapshot",
        "WaitForSnapshot" => "StoreSnapshotDeltas",
        "StoreSnapshotDeltas" => "AddCheckpoint",
        "StorePowerState" => "PowerOffSource",
        "PowerOffSource" => "WaitForPowerOff",
        "WaitForPowerOff" => "RemovePenultimateSnapshot",
        "RemovePenultimateSnapshot" => "WaitForPenultimateSnapshotRemoval",
        "WaitForPenultimateSnapshotRemoval" => "CreateFinalSnapshot",
        "CreateFinalSnapshot" => "WaitForFinalSnapshot",
        "WaitForFinalSnapshot" => "AddFinalCheckpoint",
        "AddFinalCheckpoint" if (7..=10).contains(&minor) => "WaitForFinalDataVolumesStatus",
        "AddFinalCheckpoint" | "WaitForFinalDataVolumesStatus" => "Finalize",
        "Finalize" => "RemoveFinalSnapshot",
        "RemoveFinalSnapshot" if (7..=11).contains(&minor) => FINAL_REMOVAL,
        "RemoveFinalSnapshot" | FINAL_REMOVAL if minor <= 11 || phase != FINAL_REMOVAL => {
            if converts {
                "CreateGuestConversionPod"
            } else {
                "CreateVM"
            }
        }
        "CreateGuestConversionPod" => "ConvertGuest",
        "ConvertGuest" => "CreateVM",
        _ => "Completed",
    }
}

/// The step that a phase belongs to, in a pipeline that has the steps that `has` knows.
pub(super) fn step_of(phase: &str, has: impl Fn(&str) -> bool) -> Option<&'static str> {
    let warm = has("Cutover");
    Some(match phase {
        "StorePowerState" | "PowerOffSource" | "WaitForPowerOff" if warm => "Cutover",
        "CreateDataVolumes" if has(INSPECTION) => "DiskTransfer",
        "Started"
        | "StorePowerState"
        | "PowerOffSource"
        | "WaitForPowerOff"
        | "CreateDataVolumes"
        | "CreateInitialSnapshot"
        | "WaitForInitialSnapshot"
        | "StoreInitialSnapshotDeltas" => "Initialize",
        "PreHook" => "PreHook",
        INSPECTION => INSPECTION,
        "AllocateDisks" => "DiskAllocation",
        "CopyDisks"
        | CONVERT_SNAPSHOT
        | "CopyingPaused"
        | "WaitForDataVolumesStatus"
        | "RemovePreviousSnapshot"
        | "WaitForPreviousSnapshotRemoval"
        | "CreateSnapshot"
        | "WaitForSnapshot"
        | "StoreSnapshotDeltas"
        | "AddCheckpoint" => "DiskTransfer",
        FINAL_REMOVAL if has(CONSOLIDATION) => CONSOLIDATION,
        "RemovePenultimateSnapshot"
        | "WaitForPenultimateSnapshotRemoval"
        | "CreateFinalSnapshot"
        | "WaitForFinalSnapshot"
        | "AddFinalCheckpoint"
        | "WaitForFinalDataVolumesStatus"
        | "Finalize"
        | "RemoveFinalSnapshot"
        | FINAL_REMOVAL => "Cutover",
        "CreateGuestConversionPod" | "ConvertGuest" => "ImageConversion",
        "CopyDisksVirtV2V" => "DiskTransferV2v",
        "CreateVM" => "VirtualMachineCreation",
        REBOOTS => REBOOTS,
        "PostHook" => "PostHook",
        _ => return None,
    })
}

/// Whether a phase lets its step be as it is: between two copies the step counts as completed, and the cutover begins
/// only with the final snapshot, after the source is off. Source: forklift-api.md section 13, 5.
pub(super) fn is_quiet(phase: &str, step: &str) -> bool {
    matches!(phase, "CopyingPaused" | "RemovePreviousSnapshot" | "WaitForPreviousSnapshotRemoval")
        || step == "Cutover"
            && matches!(
                phase,
                "StorePowerState"
                    | "PowerOffSource"
                    | "WaitForPowerOff"
                    | "RemovePenultimateSnapshot"
                    | "WaitForPenultimateSnapshotRemoval"
            )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(method: Method, hooks: &[String]) -> Vec<&'static str> {
        let mut phases = vec!["Started"];
        while let Some(last) = phases.last().copied().filter(|last| *last != "Completed") {
            let round = last == "CopyingPaused";
            phases.push(if round { "StorePowerState" } else { method.next(last, hooks) });
        }
        phases
    }

    fn steps_of(method: Method, extras: &[String]) -> Vec<&'static str> {
        let listed = method.steps(extras);
        let mut steps: Vec<&str> = walk(method, extras)
            .into_iter()
            .filter_map(|phase| step_of(phase, |name| listed.iter().any(|step| step.0 == name)))
            .collect();
        steps.dedup();
        steps
    }

    #[test]
    fn each_phase_belongs_to_a_step_of_its_pipeline_in_order() {
        let hooks = ["PreHook", REBOOTS, "PostHook"].map(str::to_owned);
        for method in [Method::V2v, Method::Cdi { lists_v2v: true }, Method::Cdi { lists_v2v: false }, Method::Raw] {
            for extras in [&hooks[..], &[]] {
                let listed: Vec<&str> = method.steps(extras).into_iter().map(|step| step.0).collect();
                // Initialize comes back after the PreHook.
                let expected: Vec<&str> = if extras.is_empty() {
                    listed
                } else {
                    ["Initialize", "PreHook", "Initialize"].into_iter().chain(listed.into_iter().skip(2)).collect()
                };
                assert_eq!(steps_of(method, extras), expected, "{method:?}");
            }
        }
    }

    #[test]
    fn an_openstack_migration_books_its_snapshots_on_the_transfer() {
        let listed: Vec<&str> = Method::Snapshots.steps(&[]).into_iter().map(|step| step.0).collect();
        assert_eq!(listed, ["Initialize", "DiskTransfer", CONVERT_SNAPSHOT, "VirtualMachineCreation"]);
        assert!(walk(Method::Snapshots, &[]).contains(&CONVERT_SNAPSHOT));
        assert_eq!(steps_of(Method::Snapshots, &[]), ["Initialize", "DiskTransfer", "VirtualMachineCreation"]);
    }

    #[test]
    fn a_warm_ovirt_migration_has_no_phases_of_vsphere() {
        for minor in [7, 10, 12] {
            let method = Method::Warm { converts: false, minor, vsphere: false };
            let phases = walk(method, &[]);
            let of_vsphere = |phase: &&str| phase.contains("Deltas") || phase.contains("Remov");
            assert!(!phases.iter().any(of_vsphere), "{phases:?}");
            assert_eq!(steps_of(method, &[]), ["Initialize", "DiskTransfer", "Cutover", "VirtualMachineCreation"]);
        }
    }

    #[test]
    fn a_warm_migration_passes_its_steps_in_order_in_every_release() {
        for minor in 6..=12 {
            for converts in [true, false] {
                let mut extras = Vec::new();
                extras.extend((minor >= 10).then(|| INSPECTION.to_owned()));
                extras.extend(
                    (minor >= 12)
                        .then(|| [REBOOTS, "PostHook", CONSOLIDATION].map(str::to_owned))
                        .into_iter()
                        .flatten(),
                );
                let method = Method::Warm { converts, minor, vsphere: true };
                let listed: Vec<&str> = method.steps(&extras).into_iter().map(|step| step.0).collect();
                assert_eq!(steps_of(method, &extras), listed, "2.{minor} {converts}");
            }
        }
    }
}
