//! The phases that a VM goes through and the steps they belong to.
//!
//! Pure. Source: forklift-api.md section 6, "Pipelines" and "VM phases".

/// How the disks of a cold vSphere migration are copied.
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
}

const INITIALIZE: (&str, &str, bool) = ("Initialize", "Prepare the migration.", false);
const ALLOCATION: (&str, &str, bool) = ("DiskAllocation", "Allocate the disks.", true);
const TRANSFER: (&str, &str, bool) = ("DiskTransfer", "Copy the disks.", true);
const CONVERSION: (&str, &str, bool) = ("ImageConversion", "Convert the guest to run on KubeVirt.", false);
const TRANSFER_V2V: (&str, &str, bool) = ("DiskTransferV2v", "Copy the disks with virt-v2v.", true);
const CREATION: (&str, &str, bool) = ("VirtualMachineCreation", "Create the virtual machine.", false);

impl Method {
    /// Name, description and "copies disks" of each step.
    pub(super) fn steps(self, hooks: &[String]) -> Vec<(&'static str, &'static str, bool)> {
        let mut steps = vec![INITIALIZE];
        if hooks.iter().any(|hook| hook == "PreHook") {
            steps.push(("PreHook", "Run the hook before the migration.", false));
        }
        match self {
            Self::V2v => steps.extend([ALLOCATION, CONVERSION, TRANSFER_V2V]),
            Self::Cdi { lists_v2v: true } => steps.extend([TRANSFER, CONVERSION, TRANSFER_V2V]),
            Self::Cdi { lists_v2v: false } => steps.extend([TRANSFER, CONVERSION]),
            Self::Raw => steps.push(TRANSFER),
        }
        steps.push(CREATION);
        if hooks.iter().any(|hook| hook == "PostHook") {
            steps.push(("PostHook", "Run the hook after the migration.", false));
        }
        steps
    }

    /// The phase after `phase`.
    pub(super) fn next(self, phase: &str, hooks: &[String]) -> &'static str {
        let has = |step: &str| hooks.iter().any(|hook| hook == step);
        match phase {
            "Started" if has("PreHook") => "PreHook",
            "Started" | "PreHook" => "StorePowerState",
            "StorePowerState" => "PowerOffSource",
            "PowerOffSource" => "WaitForPowerOff",
            "WaitForPowerOff" => "CreateDataVolumes",
            "CreateDataVolumes" if self == Self::V2v => "AllocateDisks",
            "CreateDataVolumes" => "CopyDisks",
            "AllocateDisks" => "CreateGuestConversionPod",
            "CopyDisks" if self != Self::Raw => "CreateGuestConversionPod",
            "CreateGuestConversionPod" => "ConvertGuest",
            "ConvertGuest" if matches!(self, Self::V2v | Self::Cdi { lists_v2v: true }) => "CopyDisksVirtV2V",
            "CopyDisks" | "ConvertGuest" | "CopyDisksVirtV2V" => "CreateVM",
            "CreateVM" if has("PostHook") => "PostHook",
            _ => "Completed",
        }
    }
}

/// The step that a phase belongs to.
pub(super) fn step_of(phase: &str) -> Option<&'static str> {
    Some(match phase {
        "Started" | "StorePowerState" | "PowerOffSource" | "WaitForPowerOff" | "CreateDataVolumes" => "Initialize",
        "PreHook" => "PreHook",
        "AllocateDisks" => "DiskAllocation",
        "CopyDisks" => "DiskTransfer",
        "CreateGuestConversionPod" | "ConvertGuest" => "ImageConversion",
        "CopyDisksVirtV2V" => "DiskTransferV2v",
        "CreateVM" => "VirtualMachineCreation",
        "PostHook" => "PostHook",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(method: Method, hooks: &[String]) -> Vec<&'static str> {
        let mut phases = vec!["Started"];
        while let Some(last) = phases.last().copied().filter(|last| *last != "Completed") {
            phases.push(method.next(last, hooks));
        }
        phases
    }

    #[test]
    fn each_phase_belongs_to_a_step_of_its_pipeline_in_order() {
        let hooks = ["PreHook".to_owned(), "PostHook".to_owned()];
        for method in [Method::V2v, Method::Cdi { lists_v2v: true }, Method::Cdi { lists_v2v: false }, Method::Raw] {
            for hooks in [&hooks[..], &[]] {
                let mut steps: Vec<&str> = walk(method, hooks).into_iter().filter_map(step_of).collect();
                steps.dedup();
                let listed: Vec<&str> = method.steps(hooks).into_iter().map(|step| step.0).collect();
                // Initialize comes back after the PreHook.
                let expected: Vec<&str> = if hooks.is_empty() {
                    listed
                } else {
                    ["Initialize", "PreHook", "Initialize"].into_iter().chain(listed.into_iter().skip(2)).collect()
                };
                assert_eq!(steps, expected, "{method:?}");
            }
        }
    }
}
