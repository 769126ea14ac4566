//! Which claim holds which disk of the source.
//!
//! Source: forklift-api.md section 7 (disks; DataVolume; populator PVC).

use super::versions::at_least;
use super::{Evidence, MappedStorage, VmEvidence};
use crate::facts::{SourceDisk, TargetDisk, TargetVm, base_disk_file};

/// The disks of a VM on both sides.
pub(super) struct Pairing<'a> {
    /// The source's disks in the product's order, which is that of its disk indexes.
    pub(super) order: Vec<&'a SourceDisk>,
    /// Whether that order is sure: it changed with MTV 2.11, and the version may not be known.
    pub(super) sure: bool,
    /// For each disk of the target, in the VM's order: the place in `order` of the disk that its claim holds; `None`
    /// where the claim does not tell.
    pub(super) origins: Vec<Option<usize>>,
    found: &'a [TargetDisk],
}

impl<'a> Pairing<'a> {
    pub(super) fn of(evidence: &Evidence, vm: &'a VmEvidence, target: &'a TargetVm) -> Self {
        let disks = &vm.source.disks;
        let (order, sure) = match (evidence.provider_type.as_str(), by_bus(disks), by_key(disks)) {
            ("vsphere", by_bus, by_key) => match at_least(evidence.mtv_version.as_ref(), 2, 11) {
                Some(true) => (by_bus, true),
                Some(false) => (by_key, true),
                None => {
                    let same = by_bus == by_key;
                    (by_bus, same)
                }
            },
            _ => (disks.iter().collect(), true),
        };
        let origins = target.disks.iter().map(|found| origin(&order, found)).collect();
        Self { order, sure, origins, found: &target.disks }
    }

    /// The claim that holds the disk at that place of the order: by what the claims tell, else, if as many claims as
    /// disks are there, by position.
    pub(super) fn claim_of(&self, place: usize) -> Option<&'a TargetDisk> {
        let told = self.origins.iter().position(|origin| *origin == Some(place));
        let silent = || (self.same_count() && self.origins.get(place) == Some(&None)).then_some(place);
        told.or_else(silent).and_then(|index| self.found.get(index))
    }

    /// Whether there are as many disks on both sides.
    pub(super) fn same_count(&self) -> bool {
        self.order.len() == self.found.len()
    }
}

/// The row of the `StorageMap` for a disk, by the name or the id of what it is on.
pub(super) fn row_of<'a>(evidence: &'a Evidence, disk: &SourceDisk) -> Option<&'a MappedStorage> {
    let mut rows = evidence.storage_map.iter();
    rows.find(|row| row.source == disk.storage || Some(&row.source) == disk.storage_id.as_ref())
}

/// SATA, IDE, SCSI, `NVMe`, then controller, unit and key: since MTV 2.11.
fn by_bus(disks: &[SourceDisk]) -> Vec<&SourceDisk> {
    let mut order: Vec<_> = disks.iter().collect();
    order.sort_by_key(|disk| (disk.bus.is_none(), disk.bus, disk.controller, disk.unit, key(disk)));
    order
}

fn by_key(disks: &[SourceDisk]) -> Vec<&SourceDisk> {
    let mut order: Vec<_> = disks.iter().collect();
    order.sort_by_key(|disk| key(disk));
    order
}

fn key(disk: &SourceDisk) -> u64 {
    disk.id.parse().unwrap_or(u64::MAX)
}

/// The surest word first: the disk's own id, its file, its id in the volume's name, then its number.
fn origin(order: &[&SourceDisk], found: &TargetDisk) -> Option<usize> {
    let place = |is: &dyn Fn(&SourceDisk) -> bool| order.iter().position(|disk| is(disk));
    let by_id = found.source_id.as_ref().and_then(|id| place(&|disk| disk.id == *id));
    let by_file = found.source.as_ref().and_then(|told| {
        let same = |file: &String| base_disk_file(file) == base_disk_file(told);
        place(&|disk| disk.id == *told || disk.file.as_ref().is_some_and(same))
    });
    // A volume of OpenStack is called after its disk, and its claim after an image (forklift-api.md section 7).
    let by_name = found.name.strip_prefix("vol-").and_then(|id| place(&|disk| disk.id == id));
    by_id.or(by_file).or(by_name).or(found.index.filter(|index| *index < order.len()))
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn names<'a>(pairing: &Pairing<'a>) -> Vec<&'a str> {
        pairing.order.iter().map(|disk| disk.name.as_str()).collect()
    }

    #[test]
    fn the_order_follows_the_version_where_it_is_known() {
        let mut evidence = sample::evidence();
        let target = sample::target();
        for (version, expected, sure) in [
            (Some("2.11.3"), ["Hard disk 2", "Hard disk 1", "Hard disk 3"], true),
            (Some("2.10.9"), ["Hard disk 1", "Hard disk 3", "Hard disk 2"], true),
            (None, ["Hard disk 2", "Hard disk 1", "Hard disk 3"], false),
        ] {
            evidence.mtv_version = version.map(str::to_owned);
            let pairing = Pairing::of(&evidence, &evidence.vms[0], &target);
            assert_eq!((names(&pairing), pairing.sure), (expected.to_vec(), sure), "{version:?}");
        }
        evidence.provider_type = "ovirt".into();
        let pairing = Pairing::of(&evidence, &evidence.vms[0], &target);
        assert_eq!((names(&pairing)[0], pairing.sure), ("Hard disk 1", true));
        evidence.provider_type = "vsphere".into();
        evidence.vms[0].source.disks.truncate(1);
        assert!(Pairing::of(&evidence, &evidence.vms[0], &target).sure, "one disk has one order");
    }

    #[test]
    fn claims_tell_by_id_then_file_then_number_and_position_is_the_last_resort() {
        let evidence = sample::evidence();
        let mut target = sample::target();
        target.disks.reverse();
        target.disks[0].source = target.disks[0].source.take().map(|file| file.replace(".vmdk", "-000003.vmdk"));
        target.disks[1].source = None;
        target.disks[2].source_id = Some("16000".into());
        target.disks[2].source = Some("[ds1] other.vmdk".into());
        let pairing = Pairing::of(&evidence, &evidence.vms[0], &target);
        assert_eq!(pairing.origins, [Some(2), Some(1), Some(0)]);
        assert_eq!(pairing.claim_of(0).map(|claim| claim.claim.as_str()), Some(target.disks[2].claim.as_str()));
        target.disks[1].index = None;
        let pairing = Pairing::of(&evidence, &evidence.vms[0], &target);
        assert_eq!(pairing.origins, [Some(2), None, Some(0)]);
        assert_eq!(pairing.claim_of(1).map(|claim| claim.claim.as_str()), Some(target.disks[1].claim.as_str()));
        target.disks.pop();
        let pairing = Pairing::of(&evidence, &evidence.vms[0], &target);
        assert!(pairing.claim_of(1).is_none(), "with a disk too few, positions say nothing");
    }
}
