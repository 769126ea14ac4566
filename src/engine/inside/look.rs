//! Looking into a migrated guest, once it answers: its facts, its marks, the commands that the scenario asks for.

use super::login::{asks_inside, login, opens};
use super::marks::{COMMAND, manifest_of};
use super::source_shell::READ;
use crate::check::{keeps_addresses, missing_addresses};
use crate::cluster::{self, Kind, ObjectRef};
use crate::engine::prepare::Prepared;
use crate::engine::steps::StepError;
use crate::engine::walk::Walk;
use crate::facts::{
    AgentView, GuestCommand, GuestEvidence, GuestFacts, GuestFamily, Integrity, LoginOutcome, TargetVm,
};
use crate::guest::integrity::verify;
use crate::guest::{Guest, GuestShell, ShellOutput, SshShell, Unreached, look};
use crate::wait::{Deadline, Seen, WaitError, poll};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

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
    let reached = reach(walk, vm, found.target).await?;
    // Asked when the guest is up: before, its agent says nothing.
    let agent = agent_view(walk, found.target).await?;
    let mut evidence = GuestEvidence { agent, ..GuestEvidence::untried("") };
    let guest = match reached {
        Ok(guest) => guest,
        Err(login) => {
            let commands = asked_command(walk, vm.facts.guest_family());
            let commands = commands.into_iter().map(|asked| asked.answered(Err("nobody came in".to_owned()))).collect();
            return Ok(GuestEvidence { login, integrity: vm.integrity.clone(), commands, ..evidence });
        }
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

/// The shell of a guest that was reached before: a guest may reboot meanwhile (Windows does after its conversion). A
/// login that is refused now is not offered again.
async fn again(walk: &Walk<'_>, guest: &Guest) -> Seen<SshShell> {
    match walk.guests.shell(guest, &ssh_deadline(walk)).await {
        Ok(shell) => Seen::Met(shell),
        Err(Unreached::Silent(why)) => Seen::Pending(why),
        Err(Unreached::Refused(why) | Unreached::Barred(why)) => Seen::Hopeless(why),
        Err(Unreached::Cancelled) => Seen::Hopeless("interrupted".to_owned()),
    }
}

/// Asks a guest something that may be asked again, until it answers: it may reboot in the middle. The outer error ends
/// the step; the inner one says why there is no answer.
async fn asked<T>(
    walk: &Walk<'_>,
    guest: &Guest,
    deadline: &Deadline,
    ask: impl AsyncFn(SshShell) -> Seen<T>,
) -> Result<Result<T, String>, StepError> {
    let what = format!("look into {}", guest.vm);
    let answer = poll(&what, deadline, INTERVAL, async || match again(walk, guest).await {
        Seen::Met(shell) => ask(shell).await,
        Seen::Pending(why) => Seen::Pending(why),
        Seen::Hopeless(why) => Seen::Hopeless(why),
    });
    match answer.await {
        Ok(answer) => Ok(Ok(answer)),
        Err(WaitError::Cancelled { .. }) => Err(StepError::Cancelled),
        Err(error) => Ok(Err(error.to_string())),
    }
}

/// Looks until the static addresses of the source are there: secondary ones appear late. What was seen last is the
/// evidence.
///
/// Source: original-suite.md section 3 (static IPs: 600 s, newer 660 s, every 30 s).
async fn settled_facts(walk: &Walk<'_>, vm: &Prepared, guest: &Guest) -> Result<Option<GuestFacts>, StepError> {
    let deadline = walk.deadline(walk.scenario.timeouts.static_ip, walk.session.parts().settings.timeouts.static_ip);
    let last: Mutex<Option<GuestFacts>> = Mutex::default();
    let looked = asked(walk, guest, &deadline, async |shell| {
        let facts = look(&shell, READ).await;
        let kept = keeps_addresses(walk.source.entry.type_name());
        let missing = if kept { missing_addresses(&vm.facts, &facts) } else { Vec::new() };
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(facts);
        if missing.is_empty() { Seen::Met(()) } else { Seen::Pending(missing.join("; ")) }
    });
    // What is missing at the end is for the checks to judge.
    drop(looked.await?);
    Ok(last.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// The marks and the commands that the scenario asks for.
async fn marks(
    walk: &Walk<'_>,
    vm: &Prepared,
    guest: &Guest,
) -> Result<(Option<Integrity>, Vec<GuestCommand>), StepError> {
    let deadline = ssh_deadline(walk);
    let mut integrity = vm.integrity.clone();
    if let (Some(marks), Some(request)) = (&mut integrity, &walk.plan.integrity) {
        let manifest = manifest_of(request, guest.family).map_err(StepError::Broken)?;
        let verified = asked(walk, guest, &deadline, async |shell| {
            verify(&shell, marks, &manifest, COMMAND)
                .await
                .map_or_else(|error| Seen::Pending(error.to_string()), Seen::Met)
        });
        match verified.await? {
            Ok(after) => marks.after = Some(after),
            Err(why) => walk.note(format!("the marks in the guest of {} cannot be read: {why}", guest.vm)),
        }
    }
    let mut commands = Vec::new();
    if let Some(command) = asked_command(walk, guest.family) {
        let answer = asked(walk, guest, &deadline, async |shell| {
            let output = shell.run(&command.line, READ).await;
            output.map_or_else(|error| Seen::Pending(error.to_string()), Seen::Met)
        });
        let answer = answer.await?.and_then(|output| command.read(&output));
        commands.push(command.answered(answer));
    }
    Ok((integrity, commands))
}

/// A command that the scenario asks for.
struct AskedCommand {
    line: String,
    expected: String,
}

/// The check of an XFS, which Windows does not have (original-suite.md section 3).
fn asked_command(walk: &Walk<'_>, family: GuestFamily) -> Option<AskedCommand> {
    let check = walk.plan.xfs_check.as_ref().filter(|_| family == GuestFamily::Linux)?;
    let line = format!("{} {}", check.command, check.mount_point);
    Some(AskedCommand { line, expected: check.expected_output.clone() })
}

impl AskedCommand {
    fn answered(self, answer: Result<(i64, String), String>) -> GuestCommand {
        GuestCommand { line: self.line, expected_output: self.expected, answer }
    }

    /// Status, and as much of the output as is kept: its beginning, and the line that was looked for.
    fn read(&self, output: &ShellOutput) -> Result<(i64, String), String> {
        let whole = &output.stdout;
        let mut kept: String = whole.chars().take(KEPT_CHARS).collect();
        if !kept.contains(&self.expected) {
            if let Some(line) = whole.lines().find(|line| line.contains(&self.expected)) {
                kept = format!("{kept}\n...\n{line}");
            } else if output.truncated {
                return Err("more output than is read, and nothing of what is looked for in it".to_owned());
            }
        }
        let status = output.status.ok_or_else(|| "it was ended by a signal".to_owned())?;
        if status != 0 {
            kept.extend(output.stderr.chars().take(KEPT_CHARS));
        }
        Ok((status, kept))
    }
}

async fn agent_view(walk: &Walk<'_>, target: &TargetVm) -> Result<Option<AgentView>, StepError> {
    let instance = ObjectRef::namespaced(Kind::VMI, &target.namespace, &target.name);
    let instance = walk.session.parts().cluster.get(&instance).await?;
    Ok(instance.as_ref().and_then(cluster::agent_view))
}
