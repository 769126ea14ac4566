//! Memory size.

use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::TargetVm;

pub(super) const CHECK: Check = Check {
    key: "memory",
    rule: "The memory of the guest is that of the source, to the byte.",
    source: "original-suite.md section 3 (memory)",
    judge: Rule::PerVm(judge),
};

fn judge(_: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    let expected = words(vm.source.memory_bytes);
    match target.memory_bytes {
        None => Verdict::Inconclusive { reason: "neither the VM nor its instance states a memory size".to_owned() },
        Some(bytes) if bytes == vm.source.memory_bytes => Verdict::Passed { seen: expected },
        Some(bytes) => Verdict::Failed { expected, actual: words(bytes) },
    }
}

fn words(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    if bytes.is_multiple_of(MIB) { format!("{} MiB", bytes / MIB) } else { format!("{bytes} bytes") }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn one_byte_is_too_few() {
        let evidence = sample::evidence();
        let judged = |memory_bytes| judge(&evidence, &evidence.vms[0], &TargetVm { memory_bytes, ..sample::target() });
        let same = evidence.vms[0].source.memory_bytes;
        assert_eq!(judged(Some(same)), Verdict::Passed { seen: "2048 MiB".into() });
        assert!(matches!(judged(Some(same - 1)), Verdict::Failed { .. }));
        assert!(matches!(judged(None), Verdict::Inconclusive { .. }));
    }
}
