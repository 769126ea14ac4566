//! The guest lets in.

use super::{Check, Evidence, Rule, VmEvidence};
use crate::event::Verdict;
use crate::facts::{LoginOutcome, Power, TargetVm};

pub(super) const CHECK: Check = Check {
    key: "ssh",
    rule: "The guest of a running VM accepts a login over SSH and answers a command within the time limit (timeouts.ssh).",
    source: "original-suite.md section 3 (SSH)",
    judge: Rule::PerVm(judge),
};

fn judge(_: &Evidence, vm: &VmEvidence, target: &TargetVm) -> Verdict {
    let expected = "a login and an answer".to_owned();
    match &vm.guest.login {
        LoginOutcome::In(user) => Verdict::Passed { seen: format!("logged in as {user}") },
        LoginOutcome::Untried(reason) if target.power != Power::On => {
            Verdict::NotApplicable { reason: format!("the VM is {}: {reason}", target.power) }
        }
        login @ (LoginOutcome::Refused(_) | LoginOutcome::Silent(_)) => {
            Verdict::Failed { expected, actual: why_outside(login) }
        }
        login @ (LoginOutcome::Untried(_) | LoginOutcome::Barred(_)) => {
            Verdict::Inconclusive { reason: why_outside(login) }
        }
    }
}

/// Why nothing is known of the inside of a guest.
pub(super) fn why_outside(login: &LoginOutcome) -> String {
    match login {
        LoginOutcome::Untried(reason) => format!("no login was tried: {reason}"),
        LoginOutcome::In(user) => format!("logged in as {user}, and was not told"),
        LoginOutcome::Refused(reason) => format!("the guest refused: {reason}"),
        LoginOutcome::Silent(reason) => format!("the guest did not answer in time: {reason}"),
        LoginOutcome::Barred(reason) => format!("the way to the guest is closed: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn judged(login: LoginOutcome, power: Power) -> Verdict {
        sample::judged(judge, |evidence, target| {
            evidence.vms[0].guest.login = login;
            target.power = power;
        })
    }

    #[test]
    fn only_a_running_guest_can_fail() {
        let untried = || LoginOutcome::Untried("it does not run".into());
        assert_eq!(
            judged(LoginOutcome::In("root".into()), Power::On),
            Verdict::Passed { seen: "logged in as root".into() }
        );
        assert_eq!(
            judged(untried(), Power::Off),
            Verdict::NotApplicable { reason: "the VM is off: it does not run".into() }
        );
        assert!(matches!(judged(untried(), Power::Other), Verdict::NotApplicable { .. }));
        assert!(matches!(judged(untried(), Power::On), Verdict::Inconclusive { .. }));
        assert!(matches!(judged(LoginOutcome::Barred("no right".into()), Power::On), Verdict::Inconclusive { .. }));
        for login in [LoginOutcome::Refused("password".into()), LoginOutcome::Silent("refused".into())] {
            let Verdict::Failed { actual, .. } = judged(login, Power::On) else { panic!() };
            assert!(actual.starts_with("the guest "), "{actual}");
        }
    }
}
