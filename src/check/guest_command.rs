//! Commands that the scenario asks for inside the guest.

use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::TargetVm;

pub(super) const CHECK: Check = Check {
    key: "guest-command",
    rule: "Each command that the scenario asks for ends with status 0 inside the guest, and its output contains the text \
           that the scenario expects.",
    source: "original-suite.md section 3 (XFS: command output)",
    judge: Rule::PerVm(judge),
};

fn judge(_: &Evidence, vm: &VmEvidence, _: &TargetVm) -> Verdict {
    let commands = &vm.guest.commands;
    if commands.is_empty() {
        return Verdict::NotApplicable { reason: "no command is asked of this guest".to_owned() };
    }
    let (mut broken, mut unknown) = (Vec::new(), Vec::new());
    for command in commands {
        match &command.answer {
            Ok((0, output)) if output.contains(&command.expected_output) => {}
            Ok((status, output)) => broken.push(format!("`{}`: status {status}, {:?}", command.line, shown(output))),
            Err(reason) => unknown.push(format!("`{}` was not run: {reason}", command.line)),
        }
    }
    let each = commands.iter().map(|command| format!("`{}` with {:?}", command.line, command.expected_output));
    let each = each.collect::<Vec<_>>().join(", ");
    if !broken.is_empty() {
        return Verdict::Failed { expected: format!("status 0 of {each}"), actual: broken.join("\n") };
    }
    if unknown.is_empty() {
        Verdict::Passed { seen: each }
    } else {
        Verdict::Inconclusive { reason: unknown.join("; ") }
    }
}

fn shown(output: &str) -> String {
    let output = output.trim();
    let cut: String = output.chars().take(300).collect();
    if cut.len() < output.len() { cut + "..." } else { cut }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::GuestCommand;

    fn judged(answers: &[Result<(i64, String), String>]) -> Verdict {
        sample::judged(judge, |evidence, _| {
            let command = |answer: &Result<(i64, String), String>| GuestCommand {
                line: "xfs_info /".into(),
                expected_output: "ftype=1".into(),
                answer: answer.clone(),
            };
            evidence.vms[0].guest.commands = answers.iter().map(command).collect();
        })
    }

    #[test]
    fn status_and_output_count() {
        let good = || Ok((0, "naming ftype=1\n".to_owned()));
        assert_eq!(judged(&[good()]), Verdict::Passed { seen: "`xfs_info /` with \"ftype=1\"".into() });
        assert_eq!(
            judged(&[good(), Ok((1, "naming ftype=1\n".into()))]),
            Verdict::Failed {
                expected: "status 0 of `xfs_info /` with \"ftype=1\", `xfs_info /` with \"ftype=1\"".into(),
                actual: "`xfs_info /`: status 1, \"naming ftype=1\"".into(),
            }
        );
        let Verdict::Failed { actual, .. } = judged(&[Ok((0, "x".repeat(400))), Err("lost".into())]) else { panic!() };
        assert!(actual.ends_with("xxx...\""), "{actual}");
        assert_eq!(
            judged(&[good(), Err("connection lost".into())]),
            Verdict::Inconclusive { reason: "`xfs_info /` was not run: connection lost".into() }
        );
        assert!(matches!(judged(&[]), Verdict::NotApplicable { .. }));
    }
}
