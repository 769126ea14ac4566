//! CPU topology.

use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{Cpu, TargetVm};

pub(super) const CHECK: Check = Check {
    key: "cpu",
    rule: "Sockets, cores and threads are those of the source.",
    source: "original-suite.md section 3 (CPU)",
    judge: Rule::PerVm(judge),
};

fn judge(_: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    let expected = words(vm.source.cpu);
    match target.cpu {
        None => Verdict::Inconclusive { reason: "neither the VM nor its instance states a CPU topology".to_owned() },
        Some(cpu) if cpu == vm.source.cpu => Verdict::Passed { seen: expected },
        Some(cpu) => Verdict::Failed { expected, actual: words(cpu) },
    }
}

fn words(cpu: Cpu) -> String {
    format!("{} sockets x {} cores x {} threads", cpu.sockets, cpu.cores, cpu.threads)
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn every_number_counts() {
        let evidence = sample::evidence();
        let judged = |cpu| judge(&evidence, &evidence.vms[0], &TargetVm { cpu, ..sample::target() });
        let same = evidence.vms[0].source.cpu;
        assert!(matches!(judged(Some(same)), Verdict::Passed { .. }));
        assert!(matches!(judged(Some(Cpu { cores: same.cores + 1, ..same })), Verdict::Failed { .. }));
        assert!(matches!(
            judged(Some(Cpu { sockets: same.cores, cores: same.sockets, threads: 2 })),
            Verdict::Failed { .. }
        ));
        assert!(matches!(judged(None), Verdict::Inconclusive { .. }));
    }
}
