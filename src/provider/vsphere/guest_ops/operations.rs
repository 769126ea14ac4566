//! The operations on one guest, in their order.

use super::super::fault::{CallError, Fault};
use super::super::properties::malformed;
use super::super::request::Call;
use super::super::session::Session;
use super::super::xml::{Element, MoRef};
use super::fetch::{self, Fetched};
use super::program::{OutputFiles, Program};
use super::refused::RefusedLogins;
use crate::facts::chain;
use crate::provider::{GuestAccount, GuestAnswer, ProviderError, VmRef};
use crate::wait::{Deadline, Seen, pause, poll};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

/// Beginning of the names of folders in guests.
const FOLDER_PREFIX: &str = "mtvtest";
/// How often a running program is looked at, at most.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Pause before Tools that do not answer yet are asked again.
const TOOLS_PAUSE: Duration = Duration::from_secs(2);
/// How long ending a program and removing its folder may take beyond the command's limit.
const CLEAN_LIMIT: Duration = Duration::from_secs(20);

/// What is kept between commands of a source: its managers, and the logins that were refused.
#[derive(Debug, Default)]
pub(crate) struct GuestOps {
    managers: OnceCell<Managers>,
    refused: RefusedLogins,
}

#[derive(Debug, Clone)]
struct Managers {
    files: MoRef,
    processes: MoRef,
}

/// A command to be run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Command<'a> {
    /// In the guest of this VM.
    pub(crate) vm: &'a VmRef,
    /// As this user.
    pub(crate) account: &'a GuestAccount,
    /// The command line.
    pub(crate) line: &'a str,
}

/// Runs a command until the deadline, the wait for Tools included. Whatever comes of it, the folder in the guest is
/// removed and a program that still runs is ended.
pub(crate) async fn run(
    session: &Session,
    ops: &GuestOps,
    command: Command<'_>,
    deadline: &Deadline,
) -> Result<GuestAnswer, ProviderError> {
    ops.refused.check(command.vm, command.account)?;
    let managers = ops.managers.get_or_try_init(|| managers(session)).await?;
    let guest = Guest { session, managers, command };
    let folder = guest.make_folder(deadline).await;
    if let Err(error) = &folder {
        ops.refused.note(command.vm, command.account, error);
    }
    let folder = folder?;
    let answer = guest.run_in(&folder, deadline).await;
    guest.remove(&folder).await;
    answer
}

async fn managers(session: &Session) -> Result<Managers, ProviderError> {
    let manager = session.content().manager("guestOperationsManager")?;
    let properties = session.read(&manager, &["fileManager", "processManager"]).await?;
    let of = |name: &str| {
        let found = properties.get(name).and_then(Element::to_moref);
        found.ok_or_else(|| properties.lacking(name, &manager.to_string()))
    };
    Ok(Managers { files: of("fileManager")?, processes: of("processManager")? })
}

/// The guest of a VM, as one user.
struct Guest<'a> {
    session: &'a Session,
    managers: &'a Managers,
    command: Command<'a>,
}

impl Guest<'_> {
    /// Gives a call the arguments that every guest operation begins with.
    fn addressed(&self, call: Call) -> Call {
        let Command { vm, account, .. } = self.command;
        let auth = Element::new("auth")
            .of("NamePasswordAuthentication")
            .with(Element::leaf("interactiveSession", "false"))
            .with(Element::leaf("username", account.user.as_str()))
            .with(Element::leaf("password", account.password.expose()));
        call.about(vm).with(Element::moref("vm", &MoRef::new("VirtualMachine", &vm.id))).with(auth)
    }

    /// Asks, and again while Tools do not answer yet: shortly after a boot they take their time.
    async fn ask(&self, call: &Call, deadline: &Deadline) -> Result<Element, ProviderError> {
        loop {
            match self.session.call(call).await {
                Err(CallError::Fault(fault)) if is_not_yet(&fault) && deadline.left() > TOOLS_PAUSE => {
                    pause(TOOLS_PAUSE).await;
                }
                other => return Ok(other?),
            }
        }
    }

    async fn make_folder(&self, deadline: &Deadline) -> Result<String, ProviderError> {
        let call = self
            .addressed(Call::new("CreateTemporaryDirectoryInGuest", &self.managers.files))
            .with(Element::leaf("prefix", FOLDER_PREFIX))
            .with(Element::leaf("suffix", ""));
        let answer = self.ask(&call, deadline).await?;
        answer.text_at("returnval").map(str::to_owned).ok_or_else(|| malformed(&call, "no folder"))
    }

    async fn run_in(&self, folder: &str, deadline: &Deadline) -> Result<GuestAnswer, ProviderError> {
        let Command { account, line, .. } = self.command;
        let files = OutputFiles::in_folder(account.family, folder);
        let pid = self.start(&Program::of_line(account.family, line, &files), deadline).await?;
        let ended = self.wait_for_end(pid, deadline).await;
        if ended.is_err() {
            self.terminate(pid).await;
        }
        let status = ended?;
        let stdout = self.fetch(&files.stdout, deadline).await?;
        let stderr = self.fetch(&files.stderr, deadline).await?;
        Ok(GuestAnswer {
            status,
            truncated: stdout.truncated || stderr.truncated,
            stdout: stdout.text,
            stderr: stderr.text,
        })
    }

    async fn start(&self, program: &Program, deadline: &Deadline) -> Result<i64, ProviderError> {
        let spec = Element::new("spec")
            .with(Element::leaf("programPath", program.path))
            .with(Element::leaf("arguments", program.arguments.as_str()));
        let call = self.addressed(Call::new("StartProgramInGuest", &self.managers.processes)).with(spec);
        let answer = self.ask(&call, deadline).await?;
        answer.value_at("returnval").ok_or_else(|| malformed(&call, "no process id"))
    }

    /// The exit status, once the program has one.
    async fn wait_for_end(&self, pid: i64, deadline: &Deadline) -> Result<Option<i64>, ProviderError> {
        let call = self
            .addressed(Call::read("ListProcessesInGuest", &self.managers.processes))
            .with(Element::leaf("pids", pid));
        let first = self.command.line.lines().next().unwrap_or_default();
        let what = format!("wait for the end of command {first:?} in {}", self.command.vm);
        poll(&what, deadline, LOOK_EVERY, || self.look(&call, pid)).await?
    }

    async fn look(&self, call: &Call, pid: i64) -> Seen<Result<Option<i64>, ProviderError>> {
        let answer = match self.session.call(call).await {
            Ok(answer) => answer,
            Err(CallError::Fault(fault)) if is_not_yet(&fault) => {
                return Seen::Pending(format!("{}: {}", fault.kind, fault.message));
            }
            Err(error) => return Seen::Met(Err(error.into())),
        };
        let process = answer.all("returnval").find(|process| process.value_at("pid") == Some(pid));
        match process {
            Some(process) if process.text_at("endTime").is_some() => Seen::Met(Ok(process.value_at("exitCode"))),
            Some(_) => Seen::Pending(format!("process {pid} runs")),
            None => Seen::Met(Err(ProviderError::Unhealthy {
                vm: self.command.vm.to_string(),
                problem: format!("VMware Tools no longer know process {pid}, so how it ended is unknown"),
                remedy: "see whether the guest or its Tools were restarted meanwhile, and run again",
            })),
        }
    }

    async fn fetch(&self, path: &str, deadline: &Deadline) -> Result<Fetched, ProviderError> {
        // Only a ticket is made, which runs out by itself.
        let call = self
            .addressed(Call::read("InitiateFileTransferFromGuest", &self.managers.files))
            .with(Element::leaf("guestFilePath", path));
        let answer = self.ask(&call, deadline).await?;
        fetch::file(self.session, self.command.vm, &call, &answer).await
    }

    /// Ends a program that is not waited for any more.
    async fn terminate(&self, pid: i64) {
        let call = self
            .addressed(Call::new("TerminateProcessInGuest", &self.managers.processes))
            .with(Element::leaf("pid", pid));
        self.clean(&call, "could not end a program in the guest").await;
    }

    async fn remove(&self, folder: &str) {
        let call = self
            .addressed(Call::new("DeleteDirectoryInGuest", &self.managers.files))
            .with(Element::leaf("directoryPath", folder))
            .with(Element::leaf("recursive", "true"));
        self.clean(&call, "could not remove a folder in the guest").await;
    }

    /// What fails here must not hide the command's own answer.
    async fn clean(&self, call: &Call, problem: &str) {
        let deadline = Deadline::after(CLEAN_LIMIT, &CancellationToken::new());
        if let Err(error) = self.ask(call, &deadline).await {
            tracing::warn!(vm = self.command.vm.name, error = chain(&error), "{problem}");
        }
    }
}

/// Tools that are not there (yet), or are busy with another operation.
fn is_not_yet(fault: &Fault) -> bool {
    fault.is("GuestOperationsUnavailable") || fault.is_busy()
}
