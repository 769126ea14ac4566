//! Encrypted disks stay encrypted.

use super::ssh::why_outside;
use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{GuestDisk, GuestFacts, TargetVm};

/// What `lsblk` calls an encrypted partition.
const LUKS: &str = "crypto_LUKS";

pub(super) const CHECK: Check = Check {
    key: "encryption",
    rule: "Where the scenario says `luks`, at least one disk of the guest is encrypted with LUKS, as the guest itself sees \
           it.",
    source: "original-suite.md section 3 (LUKS)",
    judge: Rule::PerVm(judge),
};

fn judge(_: &Evidence, vm: &VmEvidence, _: &TargetVm) -> Verdict {
    if !vm.luks_asked {
        return Verdict::NotApplicable { reason: "the scenario speaks of no encrypted disk".to_owned() };
    }
    let Some(facts) = &vm.guest.facts else {
        return Verdict::Inconclusive { reason: why_outside(&vm.guest.login) };
    };
    if let Some(reason) = facts.unread.get(GuestFacts::DISKS) {
        return Verdict::Inconclusive { reason: format!("the disks of the guest could not be read: {reason}") };
    }
    let encrypted = |disk: &&GuestDisk| disk.contents.iter().any(|content| content == LUKS);
    let found: Vec<&str> = facts.disks.iter().filter(encrypted).map(|disk| disk.name.as_str()).collect();
    if found.is_empty() {
        let disks = facts.disks.iter().map(|disk| format!("{} ({})", disk.name, disk.contents.join(", ")));
        let disks = disks.collect::<Vec<_>>().join(", ");
        let actual = if disks.is_empty() { "no disk at all".to_owned() } else { disks };
        return Verdict::Failed { expected: format!("a disk with {LUKS}"), actual };
    }
    Verdict::Passed { seen: format!("{LUKS} on {}", found.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn judged(change: impl FnOnce(&mut Evidence)) -> Verdict {
        sample::judged(judge, |evidence, _| change(evidence))
    }

    #[test]
    fn one_encrypted_disk_is_enough() {
        assert_eq!(judged(|_| {}), Verdict::Passed { seen: "crypto_LUKS on sda".into() });
        let plain = judged(|evidence| {
            evidence.vms[0].guest.facts.as_mut().unwrap().disks[0].contents = vec!["swap".into(), "xfs".into()];
        });
        assert_eq!(
            plain,
            Verdict::Failed { expected: "a disk with crypto_LUKS".into(), actual: "sda (swap, xfs), sdb ()".into() }
        );
        assert!(matches!(judged(|evidence| evidence.vms[0].guest.facts = None), Verdict::Inconclusive { .. }));
        assert!(matches!(judged(|evidence| evidence.vms[0].luks_asked = false), Verdict::NotApplicable { .. }));
    }
}
