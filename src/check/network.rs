//! Networks: each NIC of the source, by its MAC address, is where the NetworkMap sends it.

use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{SourceNic, TargetVm};

pub(super) const CHECK: Check = Check {
    key: "network",
    rule: "Each NIC of the source is on the cluster with its MAC address, on the network that the NetworkMap names.",
    source: "original-suite.md section 3 (network)",
    judge: Rule::PerVm(judge),
};

fn judge(evidence: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    if vm.source.nics.is_empty() {
        return Verdict::NotApplicable { reason: "the source VM has no NIC".to_owned() };
    }
    let (mut expected, mut actual) = (Vec::new(), Vec::new());
    for nic in &vm.source.nics {
        if let Some((wanted, found)) = difference(evidence, nic, target) {
            expected.push(format!("{} ({}) on {wanted}", nic.mac, nic.network));
            actual.push(format!("{} {found}", nic.mac));
        }
    }
    if expected.is_empty() {
        return Verdict::Passed { seen: format!("{} NICs", vm.source.nics.len()) };
    }
    Verdict::Failed { expected: expected.join("; "), actual: actual.join("; ") }
}

/// What the map wants for this NIC and what was found instead, or `None` if they agree.
fn difference(evidence: &Evidence, nic: &SourceNic, target: &TargetVm) -> Option<(String, String)> {
    let rows: Vec<_> = evidence.network_map.iter().filter(|row| row.source == nic.network).collect();
    let wanted = match rows.as_slice() {
        [] => "a network that the NetworkMap names".to_owned(),
        rows => rows.iter().map(|row| row.destination.to_string()).collect::<Vec<_>>().join(" or "),
    };
    let mac = nic.mac.to_lowercase();
    match target.nics.iter().find(|found| found.mac.as_ref().is_some_and(|other| other.to_lowercase() == mac)) {
        None => Some((wanted, "is on no NIC of the VM".to_owned())),
        Some(found) if rows.iter().any(|row| row.destination == found.attachment) => None,
        Some(found) => Some((wanted, format!("is on {}", found.attachment))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::NicAttachment;

    #[test]
    fn macs_match_without_case_and_places_must_agree() {
        let evidence = sample::evidence();
        let judged = |target: &TargetVm| judge(&evidence, &evidence.vms[0], target);
        let mut target = sample::target();
        target.nics[0].mac = target.nics[0].mac.take().map(|mac| mac.to_uppercase());
        assert_eq!(judged(&target), Verdict::Passed { seen: "2 NICs".into() });
        target.nics[1].attachment = NicAttachment::Pod;
        let Verdict::Failed { expected, actual } = judged(&target) else { panic!() };
        assert_eq!(expected, "00:50:56:00:00:02 (Mgmt) on NAD ns/cb-1");
        assert_eq!(actual, "00:50:56:00:00:02 is on the pod network");
        target.nics.clear();
        assert!(matches!(judged(&target), Verdict::Failed { .. }));
    }
}
