//! The guest agent connects.

use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::TargetVm;

pub(super) const CHECK: Check = Check {
    key: "guest-agent",
    rule: "Where the scenario says `guest_agent: true`, the instance's AgentConnected becomes true within the time limit.",
    source: "original-suite.md section 3 (guest agent)",
    judge: Rule::PerVm(judge),
};

fn judge(_: &Evidence, vm: &VmEvidence, _: &TargetVm) -> Verdict {
    if !vm.agent_asked {
        return Verdict::NotApplicable { reason: "the scenario asks for no guest agent".to_owned() };
    }
    match vm.agent_connected {
        Some(true) => Verdict::Passed { seen: "connected".to_owned() },
        Some(false) => Verdict::Failed {
            expected: "a connected guest agent".to_owned(),
            actual: "none within the time limit (guest_agent_timeout)".to_owned(),
        },
        None => Verdict::Inconclusive { reason: "the VM could not be observed while it runs".to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn silence_is_not_a_pass() {
        let evidence = sample::evidence();
        let judged = |agent_asked, agent_connected| {
            let vm = VmEvidence { agent_asked, agent_connected, ..evidence.vms[0].clone() };
            judge(&evidence, &vm, &sample::target())
        };
        assert!(matches!(judged(true, Some(true)), Verdict::Passed { .. }));
        assert!(matches!(judged(true, Some(false)), Verdict::Failed { .. }));
        assert!(matches!(judged(true, None), Verdict::Inconclusive { .. }));
        assert!(matches!(judged(false, None), Verdict::NotApplicable { .. }));
    }
}
