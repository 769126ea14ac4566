//! The VM's name on the cluster.

use super::versions::mtv_before;
use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::TargetVm;

pub(super) const CHECK: Check = Check {
    key: "name",
    rule: "The VM has the name that Forklift makes of the source's; a renamed one keeps the source's name in the \
           annotation `openshift.io/display-name` (since MTV 2.9).",
    source: "forklift-api.md section 7 (name)",
    judge: Rule::PerVm(judge),
};

fn judge(evidence: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    if target.name != vm.target_name {
        return Verdict::Failed { expected: vm.target_name.clone(), actual: target.name.clone() };
    }
    let kept = target.display_name.as_ref() == Some(&vm.source.name);
    if target.name == vm.source.name || kept || mtv_before(evidence, 2, 9) {
        return Verdict::Passed { seen: target.name.clone() };
    }
    Verdict::Failed {
        expected: format!("{} with display name {:?}", vm.target_name, vm.source.name),
        actual: match &target.display_name {
            Some(other) => format!("display name {other:?}"),
            None => "no display name".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_renamed_vm_keeps_its_name_for_display() {
        let mut evidence = sample::renamed();
        let judged = |evidence: &Evidence, name: &str, display: Option<&str>| {
            let target = TargetVm { name: name.into(), display_name: display.map(str::to_owned), ..sample::target() };
            judge(evidence, &evidence.vms[0], &target)
        };
        assert_eq!(judged(&evidence, "xcopy-test", Some("XCopy_Test")), Verdict::Passed { seen: "xcopy-test".into() });
        assert_eq!(
            judged(&evidence, "vm-x1y2", Some("XCopy_Test")),
            Verdict::Failed { expected: "xcopy-test".into(), actual: "vm-x1y2".into() }
        );
        assert_eq!(
            judged(&evidence, "xcopy-test", None),
            Verdict::Failed {
                expected: "xcopy-test with display name \"XCopy_Test\"".into(),
                actual: "no display name".into()
            }
        );
        evidence.mtv_version = Some("2.8.5".into());
        assert!(matches!(judged(&evidence, "xcopy-test", None), Verdict::Passed { .. }));
        let plain = sample::evidence();
        assert!(matches!(judged(&plain, "rhel8", None), Verdict::Passed { .. }));
    }
}
