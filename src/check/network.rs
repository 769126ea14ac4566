//! Networks: each NIC that is on both sides, by its MAC address, is where the NetworkMap sends it.

use super::versions::mtv_before;
use super::{Check, Evidence, MappedNetwork, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{NicAttachment, SourceNic, TargetNic, TargetVm};

pub(super) const CHECK: Check = Check {
    key: "network",
    rule: "Each NIC, found by its MAC address (by its place where the source tells none), is on the network that the \
           NetworkMap names; of several rows for one source network, each NIC takes one that no earlier NIC has taken (since MTV 2.11).",
    source: "original-suite.md section 3 (network); forklift-api.md section 7 (NICs)",
    judge: Rule::PerVm(judge),
};

// A NIC that is missing, or has another MAC address, is what the check `nics` finds.
fn judge(evidence: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    let (mut expected, mut actual, mut judged) = (Vec::new(), Vec::new(), 0);
    for (index, nic) in vm.source.nics.iter().enumerate() {
        let Some(found) = counterpart(vm, index, target) else { continue };
        judged += 1;
        let earlier = (0..index).filter(|other| vm.source.nics[*other].network == nic.network);
        let taken: Vec<&NicAttachment> =
            earlier.filter_map(|other| counterpart(vm, other, target)).map(|other| &other.attachment).collect();
        let wanted = destinations(evidence, nic, &taken);
        if !wanted.iter().any(|row| row.destination == found.attachment) {
            let names: Vec<_> = wanted.iter().map(|row| row.destination.to_string()).collect();
            let names =
                if names.is_empty() { "a network that the NetworkMap names".to_owned() } else { names.join(" or ") };
            let called = if nic.mac.is_empty() { &nic.name } else { &nic.mac };
            expected.push(format!("{called} ({}) on {names}", nic.network));
            actual.push(format!("{called} is on {}", found.attachment));
        }
    }
    if judged == 0 {
        return Verdict::NotApplicable { reason: "no NIC of the source is on the cluster".to_owned() };
    }
    if expected.is_empty() {
        return Verdict::Passed { seen: if judged == 1 { "1 NIC".to_owned() } else { format!("{judged} NICs") } };
    }
    Verdict::Failed { expected: expected.join("; "), actual: actual.join("; ") }
}

/// The NIC with the address of the source's NIC at this place; where the source tells none (an OVA file), the one at the
/// same place, if there are as many.
fn counterpart<'a>(vm: &VmEvidence, index: usize, target: &'a TargetVm) -> Option<&'a TargetNic> {
    let nic = &vm.source.nics[index];
    if nic.mac.is_empty() {
        return target.nics.get(index).filter(|_| target.nics.len() == vm.source.nics.len());
    }
    target.nics.iter().find(|found| found.mac.as_ref().is_some_and(|mac| mac.eq_ignore_ascii_case(&nic.mac)))
}

/// The rows that a NIC may follow, when earlier NICs of the same source network are on `taken`. Which row of a pool a NIC
/// takes, the sheet leaves open where one of them is the pod network.
fn destinations<'a>(evidence: &'a Evidence, nic: &SourceNic, taken: &[&NicAttachment]) -> Vec<&'a MappedNetwork> {
    let rows = evidence.network_map.iter().filter(|row| row.source == nic.network);
    let pooled = rows.clone().count() > 1 && !mtv_before(evidence, 2, 11);
    rows.filter(|row| !pooled || !taken.contains(&&row.destination)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

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
        target.nics.pop();
        assert_eq!(judged(&target), Verdict::Passed { seen: "1 NIC".into() });
        target.nics.clear();
        assert!(matches!(judged(&target), Verdict::NotApplicable { .. }));
    }

    #[test]
    fn nics_without_addresses_are_told_by_their_place() {
        let mut evidence = sample::evidence();
        for nic in &mut evidence.vms[0].source.nics {
            nic.mac.clear();
        }
        let mut target = sample::target();
        let judged = |target: &TargetVm| judge(&evidence, &evidence.vms[0], target);
        assert_eq!(judged(&target), Verdict::Passed { seen: "2 NICs".into() });
        target.nics[1].attachment = NicAttachment::Pod;
        let Verdict::Failed { actual, .. } = judged(&target) else { panic!() };
        assert_eq!(actual, "Network adapter 2 is on the pod network");
        target.nics.pop();
        assert!(matches!(judged(&target), Verdict::NotApplicable { .. }));
    }

    #[test]
    fn rows_for_one_network_are_taken_one_by_one() {
        let mut evidence = sample::evidence();
        for row in &mut evidence.network_map {
            row.source = "VM Network".into();
        }
        for nic in &mut evidence.vms[0].source.nics {
            nic.network = "VM Network".into();
        }
        let mut target = sample::target();
        assert!(matches!(judge(&evidence, &evidence.vms[0], &target), Verdict::Passed { .. }));
        target.nics[1].attachment = NicAttachment::Pod;
        assert!(matches!(judge(&evidence, &evidence.vms[0], &target), Verdict::Failed { .. }));
        evidence.mtv_version = Some("2.10.1".into());
        assert!(matches!(judge(&evidence, &evidence.vms[0], &target), Verdict::Passed { .. }));
        evidence.network_map.clear();
        assert!(matches!(judge(&evidence, &evidence.vms[0], &target), Verdict::Failed { .. }));
    }
}
