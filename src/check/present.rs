//! The VM is on the cluster at all: what every other check stands on.

use super::VmEvidence;
use crate::event::{CheckReport, Verdict};

/// A failed report if the VM is not there.
pub(super) fn report_if_missing(vm: &VmEvidence) -> Option<CheckReport> {
    if vm.target.is_some() {
        return None;
    }
    Some(CheckReport {
        check: "present".to_owned(),
        vm: Some(vm.source.name.clone()),
        rule: "A migration that succeeded leaves a VirtualMachine for each VM of its Plan.".to_owned(),
        source: "forklift-api.md section 7".to_owned(),
        verdict: Verdict::Failed {
            expected: "a VirtualMachine in the target namespace".to_owned(),
            actual: "none, although the migration succeeded".to_owned(),
        },
    })
}
