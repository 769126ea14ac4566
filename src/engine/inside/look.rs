//! Looking into a migrated guest, once it answers: its facts, its marks, the commands that the scenario asks for.

use super::login::{asks_inside, login, opens};
use super::marks::{COMMAND, manifest_of};
use crate::check::missing_addresses;
use crate::cluster::{self, Kind, ObjectRef};
use crate::engine::prepare::Prepared;
use crate::engine::steps::StepError;
use crate::engine::walk::Walk;
use crate::facts::{
    AgentView, GuestCommand, GuestEvidence, GuestFacts, GuestFamily, Integrity, LoginOutcome, TargetVm,
};
use crate::guest::integrity::verify;
use crate::guest::{Guest, GuestShell, SshShell, Unreached, look};
use crate::wait::{Deadline, Seen, WaitError, poll};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Longest time for one command that reads facts.
const READ: Duration = Duration::from_secs(60);
/// Longest pause between two looks for late addresses.
const INTERVAL: Duration = Duration::from_secs(10);
/// Characters of a command's output that are kept as evidence.
const KEPT_CHARS: usize = 4 << 10;

/// A migrated VM as it was found, and whether it runs by now.
pub(in crate::engine) struct Found<'a> {
    pub(in crate::engine) target: &'a TargetVm,
    pub(in crate::engine) runs: bool,
}

/// What a look into the guest of a migrated VM finds. That the guest does not answer is evidence, too.
///
/// # Errors
/// The run was interrupted, or the cluster cannot be asked.
pub(in crate::engine) async fn look_into(
    walk: &Walk<'_>,
    vm: &Prepared,
    found: Found<'_>,
) -> Result<GuestEvidence, StepError> {
    if !opens(walk.scenario, walk.plan) {
        return Ok(GuestEvidence::untried("the scenario skips the check ssh"));
    }
    if !found.runs && !asks_inside(walk.plan) {
        return Ok(GuestEvidence::untried("nothing inside it is asked for"));
    }
    let (reached, agent) = futures::join!(reach(walk, vm, found.target), agent_view(walk, found.target));
    let mut evidence = GuestEvidence { agent: agent?, ..GuestEvidence::untried("") };
    let guest = match reached? {
        Ok(guest) => guest,
        Err(outcome) => return Ok(GuestEvidence { login: outcome, integrity: vm.integrity.clone(), ..evidence }),
    };
    evidence.login = LoginOutcome::In(guest.login.user.clone());
    // The looks for late addresses may take long; the marks need not wait for them.
    let (facts, marks) = futures::join!(settled_facts(walk, vm, &guest), marks(walk, vm, &guest));
    evidence.facts = facts?;
    (evidence.integrity, evidence.commands) = marks?;
    Ok(evidence)
}

/// Logs in; the outer error ends the step, the inner one is evidence.
async fn reach(walk: &Walk<'_>, vm: &Prepared, target: &TargetVm) -> Result<Result<Guest, LoginOutcome>, StepError> {
    let family = vm.facts.guest_family();
    let login = match login(&walk.source.entry, family) {
        Ok(login) => login,
        Err(why) => return Ok(Err(LoginOutcome::Barred(why))),
    };
    let guest = Guest { namespace: target.namespace.clone(), vm: target.name.clone(), family, login };
    match walk.guests.shell(&guest, &ssh_deadline(walk)).await {
        Ok(_) => Ok(Ok(guest)),
        Err(Unreached::Cancelled) => Err(StepError::Cancelled),
        Err(Unreached::Refused(why)) => Ok(Err(LoginOutcome::Refused(why))),
        Err(Unreached::Silent(why)) => Ok(Err(LoginOutcome::Silent(why))),
        Err(Unreached::Barred(why)) => Ok(Err(LoginOutcome::Barred(why))),
    }
}

fn ssh_deadline(walk: &Walk<'_>) -> Deadline {
    walk.deadline(walk.scenario.timeouts.ssh, walk.session.parts().settings.timeouts.ssh)
}

/// The shell of a guest that was reached before: a guest may reboot meanwhile (Windows does after its conversion).
async fn again(walk: &Walk<'_>, guest: &Guest) -> Result<SshShell, String> {
    walk.guests.shell(guest, &ssh_deadline(walk)).await.map_err(|unreached| match unreached {
        Unreached::Refused(why) | Unreached::Silent(why) | Unreached::Barred(why) => why,
        Unreached::Cancelled => "interrupted".to_owned(),
    })
}

/// Looks until the static addresses of the source are there: secondary ones appear late. What was seen last is the
/// evidence.
///
/// Source: original-suite.md section 3 (static IPs: 600 s, newer 660 s, every 30 s).
async fn settled_facts(walk: &Walk<'_>, vm: &Prepared, guest: &Guest) -> Result<Option<GuestFacts>, StepError> {
    let deadline = walk.deadline(walk.scenario.timeouts.static_ip, walk.session.parts().settings.timeouts.static_ip);
    let last: Mutex<Option<GuestFacts>> = Mutex::default();
    let what = format!("wait for the static addresses of {}", guest.vm);
    let seen = poll(&what, &deadline, INTERVAL, async || {
        let facts = match again(walk, guest).await {
            Ok(shell) => look(&shell, READ).await,
            Err(why) => return Seen::Pending(why),
        };
        let missing = missing_addresses(&vm.facts, &facts);
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(facts);
        if missing.is_empty() { Seen::Met(()) } else { Seen::Pending(missing.join("; ")) }
    });
    if let Err(WaitError::Cancelled { .. }) = seen.await {
        return Err(StepError::Cancelled);
    }
    Ok(last.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The marks and the commands that the scenario asks for.
async fn marks(
    walk: &Walk<'_>,
    vm: &Prepared,
    guest: &Guest,
) -> Result<(Option<Integrity>, Vec<GuestCommand>), StepError> {
    let shell = again(walk, guest).await;
    let mut integrity = vm.integrity.clone();
    if let (Some(marks), Some(request), Ok(shell)) = (&mut integrity, &walk.plan.integrity, &shell) {
        let manifest = manifest_of(request, guest.family).map_err(StepError::Broken)?;
        match verify(shell, marks, &manifest, COMMAND).await {
            Ok(after) => marks.after = Some(after),
            Err(error) => walk.note(format!("the marks in the guest of {} cannot be read: {error}", guest.vm)),
        }
    }
    let mut commands = Vec::new();
    if let Some(check) = walk.plan.xfs_check.as_ref().filter(|_| guest.family == GuestFamily::Linux) {
        let line = format!("{} {}", check.command, check.mount_point);
        let answer = match &shell {
            Ok(shell) => answer(shell, &line).await,
            Err(why) => Err(why.clone()),
        };
        commands.push(GuestCommand { line, expected_output: check.expected_output.clone(), answer });
    }
    Ok((integrity, commands))
}

async fn answer(shell: &SshShell, line: &str) -> Result<(i64, String), String> {
    let output = shell.run(line, READ).await.map_err(|error| error.to_string())?;
    let text = (output.stdout + &output.stderr).chars().take(KEPT_CHARS).collect();
    Ok((output.status.unwrap_or(-1), text))
}

async fn agent_view(walk: &Walk<'_>, target: &TargetVm) -> Result<Option<AgentView>, StepError> {
    let instance = ObjectRef::namespaced(Kind::VMI, &target.namespace, &target.name);
    let instance = walk.session.parts().cluster.get(&instance).await?;
    Ok(instance.as_ref().and_then(cluster::agent_view))
}
