//! Storage: number of disks, and for each its storage class, its size and its modes.

use super::pairing::{Pairing, row_of};
use super::{Check, Evidence, MappedStorage, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{SourceDisk, TargetDisk, TargetVm};

pub(super) const CHECK: Check = Check {
    key: "storage",
    rule: "There are as many disks as on the source, each on the storage class that the StorageMap names for it and at \
           least as large; access and volume mode are the map's, else ReadWriteMany on ceph-rbd, and ReadWriteMany and \
           Block with copy-offload.",
    source: "original-suite.md section 3 (storage), with its gaps (size, volume mode, map per disk) closed; \
             forklift-api.md section 7 (populator PVC)",
    judge: Rule::PerVm(judge),
};

// In which order the disks are is the check `disk-order`'s question, and their names that of `pvc-names`.
fn judge(evidence: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    let (source, found) = (&vm.source.disks, &target.disks);
    if source.len() != found.len() {
        return Verdict::Failed { expected: disks(source.len()), actual: disks(found.len()) };
    }
    if source.is_empty() {
        return Verdict::NotApplicable { reason: "the source VM has no disk".to_owned() };
    }
    let pairing = Pairing::of(evidence, vm, target);
    let (mut expected, mut actual) = (Vec::new(), Vec::new());
    for (place, disk) in pairing.order.iter().enumerate() {
        let Some(row) = row_of(evidence, disk) else {
            expected.push(format!("a row of the StorageMap for {} of {}", disk.storage, disk.name));
            actual.push("none".to_owned());
            continue;
        };
        let wanted = Wanted::of(evidence, row, disk);
        let claim = pairing.claim_of(place);
        if !claim.is_some_and(|claim| wanted.fits(claim)) {
            expected.push(wanted.words());
            actual.push(claim.map_or_else(|| format!("no claim holds {}", disk.name), found_words));
        }
    }
    if expected.is_empty() {
        return Verdict::Passed { seen: disks(found.len()) };
    }
    Verdict::Failed { expected: expected.join("; "), actual: actual.join("; ") }
}

/// What one source disk asks for.
struct Wanted<'a> {
    name: &'a str,
    size_bytes: u64,
    class: &'a str,
    access_mode: Option<&'a str>,
    volume_mode: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn of(evidence: &Evidence, row: &'a MappedStorage, disk: &'a SourceDisk) -> Self {
        // These sources ignore the map's modes (forklift-api.md section 3).
        let modeless = matches!(evidence.provider_type.as_str(), "ovirt" | "openstack" | "openshift");
        let offload = row.vendor.is_some();
        let shared = offload || row.storage_class.contains("ceph-rbd");
        let access_mode = row.access_mode.as_deref().or(shared.then_some("ReadWriteMany"));
        let volume_mode = row.volume_mode.as_deref().or(offload.then_some("Block"));
        Self {
            name: &disk.name,
            size_bytes: disk.size_bytes,
            class: &row.storage_class,
            access_mode: access_mode.filter(|_| !modeless),
            volume_mode: volume_mode.filter(|_| !modeless),
        }
    }

    fn fits(&self, found: &TargetDisk) -> bool {
        found.storage_class.as_deref() == Some(self.class)
            && found.size_bytes >= self.size_bytes
            && self.access_mode.is_none_or(|mode| found.access_modes.iter().any(|found| found == mode))
            && self.volume_mode.is_none_or(|mode| found.volume_mode.as_deref() == Some(mode))
    }

    fn words(&self) -> String {
        let modes: String =
            [self.access_mode, self.volume_mode].into_iter().flatten().flat_map(|mode| [", ", mode]).collect();
        format!("{} on {} with at least {} bytes{modes}", self.name, self.class, self.size_bytes)
    }
}

fn found_words(disk: &TargetDisk) -> String {
    let class = disk.storage_class.as_deref().unwrap_or("no storage class");
    let mode = disk.volume_mode.as_deref().unwrap_or("no volume mode");
    format!("{} on {class} with {} bytes, {}, {mode}", disk.claim, disk.size_bytes, disk.access_modes.join("+"))
}

fn disks(count: usize) -> String {
    if count == 1 { "1 disk".to_owned() } else { format!("{count} disks") }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn judged(change: impl FnOnce(&mut Evidence, &mut TargetVm)) -> Verdict {
        sample::judged(judge, change)
    }

    #[test]
    fn count_class_size_and_modes_are_judged_and_order_is_not() {
        assert_eq!(judged(|_, target| target.disks.reverse()), Verdict::Passed { seen: "3 disks".into() });
        let Verdict::Failed { expected, actual } = judged(|_, target| drop(target.disks.pop())) else { panic!() };
        assert_eq!((expected.as_str(), actual.as_str()), ("3 disks", "2 disks"));
        for harm in [
            (|_, target| target.disks[0].size_bytes -= 1) as fn(&mut Evidence, &mut TargetVm),
            |_, target| target.disks[1].storage_class = Some("nfs-slow".into()),
            |_, target| target.disks[1].access_modes = vec!["ReadWriteOnce".into()],
            |_, target| target.disks[0].volume_mode = Some("Block".into()),
            |_, target| target.disks[1] = target.disks[0].clone(),
            |evidence, _| drop(evidence.storage_map.pop()),
        ] {
            assert!(matches!(judged(harm), Verdict::Failed { .. }));
        }
        assert!(matches!(judged(|_, target| target.disks[0].size_bytes += 4096), Verdict::Passed { .. }));
    }

    #[test]
    fn a_class_swapped_between_disks_is_found_and_told() {
        let swapped = judged(|_, target| {
            let first = target.disks[0].storage_class.take();
            target.disks[0].storage_class = target.disks[1].storage_class.replace(first.unwrap());
        });
        let Verdict::Failed { expected, actual } = swapped else { panic!() };
        assert!(expected.starts_with("Hard disk 2 on nfs with at least "), "{expected}");
        assert!(actual.contains("on ocs-storagecluster-ceph-rbd with"), "{actual}");
    }

    #[test]
    fn offload_asks_for_blocks_and_rows_may_name_ids() {
        let by_id = |evidence: &mut Evidence, _: &mut TargetVm| evidence.storage_map[1].source = "datastore-2".into();
        assert!(matches!(judged(by_id), Verdict::Passed { .. }));
        let offload = |evidence: &mut Evidence, _: &mut TargetVm| {
            evidence.storage_map[1].vendor = Some("ontap".into());
            evidence.storage_map[1].volume_mode = None;
        };
        assert!(matches!(judged(offload), Verdict::Failed { .. }));
        let modeless = |evidence: &mut Evidence, target: &mut TargetVm| {
            evidence.provider_type = "ovirt".into();
            target.disks[0].volume_mode = Some("Block".into());
        };
        assert!(matches!(judged(modeless), Verdict::Passed { .. }));
    }
}
