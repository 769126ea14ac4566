//! The order of the disks, and which one boots.

use super::pairing::Pairing;
use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::TargetVm;

pub(super) const CHECK: Check = Check {
    key: "disk-order",
    rule: "The VM's disks are in Forklift's order of the source's (SATA, IDE, SCSI, NVMe, then controller, unit and key \
           since MTV 2.11; key before), and the first one boots.",
    source: "forklift-api.md section 7 (disks)",
    judge: Rule::PerVm(judge),
};

// A disk that is missing is what the check `storage` finds; the others are still in order.
fn judge(evidence: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    if evidence.provider_type != "vsphere" {
        return Verdict::NotApplicable { reason: format!("{} sources have no such rule", evidence.provider_type) };
    }
    let pairing = Pairing::of(evidence, vm, target);
    let places: Vec<usize> = pairing.origins.iter().flatten().copied().collect();
    let unpaired = pairing.order.is_empty() || !pairing.same_count();
    if places.is_empty() && unpaired {
        return Verdict::NotApplicable { reason: "no disk of the source is on the cluster".to_owned() };
    }
    if pairing.same_count() && places.len() < pairing.order.len() {
        return Verdict::Inconclusive { reason: "a claim does not tell which disk it holds".to_owned() };
    }
    if !pairing.sure {
        return Verdict::Inconclusive {
            reason: "the order changed with MTV 2.11, and the version is not known".to_owned(),
        };
    }
    let names = |places: &[usize]| {
        places.iter().map(|place| pairing.order[*place].name.as_str()).collect::<Vec<_>>().join(", ")
    };
    let mut ordered = places.clone();
    ordered.sort_unstable();
    ordered.dedup();
    if !holds(&places, &ordered) {
        return Verdict::Failed { expected: names(&ordered), actual: names(&places) };
    }
    if ordered.first() != Some(&0) {
        return Verdict::Passed { seen: names(&places) };
    }
    let numbered =
        target.disks.iter().zip(&pairing.origins).filter_map(|(disk, origin)| Some((disk.boot_order?, origin)));
    let actual = match numbered.min_by_key(|(number, _)| *number) {
        Some((_, Some(0))) => return Verdict::Passed { seen: names(&places) },
        Some((number, Some(place))) => format!("boot order {number} on {}", names(&[*place])),
        Some((number, None)) => format!("boot order {number} on a disk that is not the source's"),
        None => "no disk has a boot order".to_owned(),
    };
    Verdict::Failed { expected: format!("boot order 1 on {}", names(&[0])), actual }
}

/// Whether the disks stand in this order, each at one of its places: a disk that is there twice is what `storage` finds.
fn holds(places: &[usize], ordered: &[usize]) -> bool {
    let mut left = places.iter();
    ordered.iter().all(|wanted| left.any(|place| place == wanted))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn judged(change: impl FnOnce(&mut Evidence, &mut TargetVm)) -> Verdict {
        sample::judged(judge, change)
    }

    #[test]
    fn volumes_follow_the_products_order_and_the_first_boots() {
        assert_eq!(judged(|_, _| {}), Verdict::Passed { seen: "Hard disk 2, Hard disk 1, Hard disk 3".into() });
        assert_eq!(
            judged(|_, target| target.disks.swap(1, 2)),
            Verdict::Failed {
                expected: "Hard disk 2, Hard disk 1, Hard disk 3".into(),
                actual: "Hard disk 2, Hard disk 3, Hard disk 1".into()
            }
        );
        let by_key = |evidence: &mut Evidence, _: &mut TargetVm| evidence.mtv_version = Some("2.10.2".into());
        assert!(matches!(judged(by_key), Verdict::Failed { .. }));
        let second = judged(|_, target| {
            target.disks[0].boot_order = None;
            target.disks[1].boot_order = Some(1);
        });
        assert_eq!(
            second,
            Verdict::Failed {
                expected: "boot order 1 on Hard disk 2".into(),
                actual: "boot order 1 on Hard disk 1".into()
            }
        );
        assert!(matches!(judged(|_, target| target.disks[0].boot_order = None), Verdict::Failed { .. }));
    }

    #[test]
    fn a_lost_disk_disturbs_no_order_and_silence_is_no_pass() {
        assert!(matches!(judged(|_, target| drop(target.disks.remove(1))), Verdict::Passed { .. }));
        assert!(matches!(judged(|_, target| drop(target.disks.remove(0))), Verdict::Passed { .. }));
        assert!(matches!(judged(|_, target| target.disks.clear()), Verdict::NotApplicable { .. }));
        let silent = |_: &mut Evidence, target: &mut TargetVm| {
            target.disks[0].source = None;
            target.disks[0].index = None;
        };
        assert!(matches!(judged(silent), Verdict::Inconclusive { .. }));
        let unknown = |evidence: &mut Evidence, _: &mut TargetVm| evidence.mtv_version = None;
        assert!(matches!(judged(unknown), Verdict::Inconclusive { .. }));
        let elsewhere = |evidence: &mut Evidence, _: &mut TargetVm| evidence.provider_type = "ovirt".into();
        assert!(matches!(judged(elsewhere), Verdict::NotApplicable { .. }));
    }
}
