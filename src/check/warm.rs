//! That a warm migration was warm.

use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::TargetVm;

pub(super) const CHECK: Check = Check {
    key: "warm",
    rule: "A warm migration copied at least twice, the final copy included; with `cutover: {after_precopies: N}`, N times \
           and once more.",
    source: "forklift-api.md section 6 (warm: precopies)",
    judge: Rule::PerVm(judge),
};

fn judge(evidence: &Evidence, vm: &VmEvidence, _: &TargetVm) -> Verdict {
    if !evidence.asked.warm {
        return Verdict::NotApplicable { reason: "the migration was cold".to_owned() };
    }
    let Some(record) = &vm.warm else {
        return Verdict::Inconclusive { reason: "the Migration tells nothing of precopies".to_owned() };
    };
    let wanted = evidence.asked.after_precopies.map_or(2, |before| before.saturating_add(1).max(2));
    let seen = copies(record.precopies);
    if record.precopies >= wanted {
        return Verdict::Passed { seen };
    }
    Verdict::Failed { expected: format!("at least {}", copies(wanted)), actual: seen }
}

fn copies(count: u32) -> String {
    format!("{count} {}, the final one included", if count == 1 { "copy" } else { "copies" })
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::WarmRecord;

    #[test]
    fn the_final_copy_alone_is_not_warm() {
        let mut evidence = sample::warm();
        let judged = |evidence: &Evidence, precopies: Option<u32>| {
            let warm = precopies.map(|precopies| WarmRecord {
                precopies,
                cutover_asked: None,
                downtime_ms: None,
                copied_bytes: None,
            });
            let vm = VmEvidence { warm, ..evidence.vms[0].clone() };
            judge(evidence, &vm, &sample::target())
        };
        evidence.asked.after_precopies = None;
        assert!(matches!(judged(&evidence, Some(2)), Verdict::Passed { .. }));
        assert_eq!(
            judged(&evidence, Some(1)),
            Verdict::Failed {
                expected: "at least 2 copies, the final one included".into(),
                actual: "1 copy, the final one included".into()
            }
        );
        assert!(matches!(judged(&evidence, None), Verdict::Inconclusive { .. }));
        evidence.asked.after_precopies = Some(3);
        assert!(matches!(judged(&evidence, Some(3)), Verdict::Failed { .. }));
        assert!(matches!(judged(&evidence, Some(5)), Verdict::Passed { .. }));
        evidence.asked.warm = false;
        assert!(matches!(judged(&evidence, None), Verdict::NotApplicable { .. }));
    }
}
