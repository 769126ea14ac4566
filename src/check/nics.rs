//! The NICs themselves: number, MAC addresses, order, links.

use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{SourceNic, TargetNic, TargetVm};

pub(super) const CHECK: Check = Check {
    key: "nics",
    rule: "The VM has the source's NICs: as many, with the same MAC addresses, in the same order, each link up or down as \
           it is when the source starts.",
    source: "forklift-api.md section 7 (NICs); original-suite.md section 3 (network, link)",
    judge: Rule::PerVm(judge),
};

fn judge(_: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    let (source, found) = (&vm.source.nics, &target.nics);
    if source.is_empty() && found.is_empty() {
        return Verdict::NotApplicable { reason: "the source VM has no NIC, and neither has the VM".to_owned() };
    }
    let same = source.len() == found.len() && source.iter().zip(found).all(|(nic, found)| agree(nic, found));
    let wanted = |nic: &SourceNic| if nic.mac.is_empty() { "any MAC".to_owned() } else { nic.mac.clone() };
    let expected = listed(source.iter().map(|nic| words(&wanted(nic), nic.connected)));
    if same {
        return Verdict::Passed { seen: expected };
    }
    // A link is told only beside a source's link that is known.
    let links = source.iter().map(|nic| nic.connected).chain(std::iter::repeat(None));
    let actual = found.iter().zip(links);
    let actual = actual.map(|(nic, link)| words(nic.mac.as_deref().unwrap_or_default(), link.map(|_| nic.link_up)));
    Verdict::Failed { expected, actual: listed(actual) }
}

/// A source that tells no MAC address (an OVA file) leaves the choice to the cluster.
fn agree(nic: &SourceNic, found: &TargetNic) -> bool {
    (nic.mac.is_empty() || found.mac.as_ref().is_some_and(|mac| mac.eq_ignore_ascii_case(&nic.mac)))
        && nic.connected.is_none_or(|connected| connected == found.link_up)
}

fn words(mac: &str, connected: Option<bool>) -> String {
    let mac = match mac {
        "" => "no MAC".to_owned(),
        "any MAC" => mac.to_owned(),
        _ => mac.to_lowercase(),
    };
    if connected == Some(false) { format!("{mac} (link down)") } else { mac }
}

fn listed(nics: impl Iterator<Item = String>) -> String {
    let nics: Vec<String> = nics.collect();
    let count = if nics.len() == 1 { "1 NIC".to_owned() } else { format!("{} NICs", nics.len()) };
    if nics.is_empty() { count } else { format!("{count}: {}", nics.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn judged(change: impl FnOnce(&mut TargetVm)) -> Verdict {
        let evidence = sample::evidence();
        let mut target = sample::target();
        change(&mut target);
        judge(&evidence, &evidence.vms[0], &target)
    }

    #[test]
    fn number_macs_order_and_links_count_and_case_does_not() {
        let seen = "2 NICs: 00:50:56:00:00:01, 00:50:56:00:00:02 (link down)";
        let same = judged(|target| target.nics[0].mac = Some("00:50:56:00:00:01".to_uppercase()));
        assert_eq!(same, Verdict::Passed { seen: seen.into() });
        let Verdict::Failed { expected, actual } = judged(|target| target.nics.swap(0, 1)) else { panic!() };
        assert_eq!(expected, seen);
        assert_eq!(actual, "2 NICs: 00:50:56:00:00:02 (link down), 00:50:56:00:00:01");
        for harm in [
            (|target| drop(target.nics.pop())) as fn(&mut TargetVm),
            |target| target.nics.clear(),
            |target| target.nics[0].mac = None,
            |target| target.nics[0].link_up = false,
            |target| target.nics[1].link_up = true,
            |target| target.nics.push(target.nics[0].clone()),
        ] {
            assert!(matches!(judged(harm), Verdict::Failed { .. }));
        }
    }

    #[test]
    fn a_source_that_tells_no_address_leaves_it_to_the_cluster() {
        let mut evidence = sample::evidence();
        for nic in &mut evidence.vms[0].source.nics {
            (nic.mac, nic.connected) = (String::new(), None);
        }
        let mut target = sample::target();
        target.nics[0].mac = None;
        let seen = "2 NICs: any MAC, any MAC".to_owned();
        assert_eq!(judge(&evidence, &evidence.vms[0], &target), Verdict::Passed { seen });
        target.nics.pop();
        assert!(matches!(judge(&evidence, &evidence.vms[0], &target), Verdict::Failed { .. }));
    }

    #[test]
    fn a_link_that_the_source_does_not_tell_is_not_judged() {
        let mut evidence = sample::evidence();
        evidence.vms[0].source.nics[1].connected = None;
        assert!(matches!(judge(&evidence, &evidence.vms[0], &sample::target()), Verdict::Passed { .. }));
        evidence.vms[0].source.nics.clear();
        let bare = TargetVm { nics: Vec::new(), ..sample::target() };
        assert!(matches!(judge(&evidence, &evidence.vms[0], &bare), Verdict::NotApplicable { .. }));
    }
}
