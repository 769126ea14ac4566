//! Storage: number of disks, and for each its storage class, its size and, on Ceph RBD, its access mode.

use super::{Check, Evidence, MappedStorage, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{TargetDisk, TargetVm};

pub(super) const CHECK: Check = Check {
    key: "storage",
    rule: "There are as many disks as on the source, each on the storage class that the StorageMap names for it and at \
           least as large; on ceph-rbd the access mode is the map's, else ReadWriteMany.",
    source: "original-suite.md section 3 (storage), with its gaps (size, map per disk) closed",
    judge: Rule::PerVm(judge),
};

/// What one source disk asks for.
struct Wanted<'a> {
    row: &'a MappedStorage,
    size_bytes: u64,
    name: &'a str,
}

fn judge(evidence: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    let (source, found) = (&vm.source.disks, &target.disks);
    if source.len() != found.len() {
        return Verdict::Failed { expected: disks(source.len()), actual: disks(found.len()) };
    }
    let mut wanted = Vec::new();
    for disk in source {
        let Some(row) = evidence.storage_map.iter().find(|row| row.source == disk.storage) else {
            return Verdict::Failed {
                expected: format!("a row of the StorageMap for {} of {}", disk.storage, disk.name),
                actual: "none".to_owned(),
            };
        };
        wanted.push(Wanted { row, size_bytes: disk.size_bytes, name: &disk.name });
    }
    // Which target disk came from which source disk is the disk-order check's question. Here the largest disks are
    // matched first, class by class, so that no order of the same disks can fail.
    wanted.sort_by_key(|disk| std::cmp::Reverse(disk.size_bytes));
    let mut left: Vec<&TargetDisk> = found.iter().collect();
    left.sort_by_key(|disk| std::cmp::Reverse(disk.size_bytes));
    for disk in &wanted {
        match left.iter().position(|found| fits(found, disk)) {
            Some(index) => drop(left.remove(index)),
            None => {
                return Verdict::Failed {
                    expected: want(disk),
                    actual: left.iter().map(|found| found_words(found)).collect::<Vec<_>>().join("; "),
                };
            }
        }
    }
    Verdict::Passed { seen: disks(found.len()) }
}

fn fits(found: &TargetDisk, wanted: &Wanted<'_>) -> bool {
    found.storage_class.as_deref() == Some(&wanted.row.storage_class)
        && found.size_bytes >= wanted.size_bytes
        && access_mode(wanted.row).is_none_or(|mode| found.access_modes.iter().any(|found| found == mode))
}

fn access_mode(row: &MappedStorage) -> Option<&str> {
    let by_class = row.storage_class.contains("ceph-rbd").then_some("ReadWriteMany");
    row.access_mode.as_deref().or(by_class)
}

fn want(disk: &Wanted<'_>) -> String {
    let mode = access_mode(disk.row).map_or(String::new(), |mode| format!(", {mode}"));
    format!("{} on {} with at least {} bytes{mode}", disk.name, disk.row.storage_class, disk.size_bytes)
}

fn found_words(disk: &TargetDisk) -> String {
    let class = disk.storage_class.as_deref().unwrap_or("no storage class");
    format!("{} on {class} with {} bytes, {}", disk.claim, disk.size_bytes, disk.access_modes.join("+"))
}

fn disks(count: usize) -> String {
    if count == 1 { "1 disk".to_owned() } else { format!("{count} disks") }
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
    fn count_class_size_and_mode_are_judged_and_order_is_not() {
        assert_eq!(judged(|target| target.disks.reverse()), Verdict::Passed { seen: "2 disks".into() });
        let Verdict::Failed { expected, actual } = judged(|target| drop(target.disks.pop())) else { panic!() };
        assert_eq!((expected.as_str(), actual.as_str()), ("2 disks", "1 disk"));
        assert!(matches!(judged(|target| target.disks[0].size_bytes -= 1), Verdict::Failed { .. }));
        assert!(matches!(judged(|target| target.disks[1].storage_class = Some("nfs".into())), Verdict::Failed { .. }));
        assert!(matches!(
            judged(|target| target.disks[0].access_modes = vec!["ReadWriteOnce".into()]),
            Verdict::Failed { .. }
        ));
        assert!(matches!(judged(|target| target.disks[0].size_bytes += 4096), Verdict::Passed { .. }));
    }
}
