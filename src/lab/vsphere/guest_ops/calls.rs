//! The calls of guest operations, and the download of a file by its ticket.

use super::super::calls::Answer;
use super::super::fault::{Fault, Ref};
use super::super::vm_methods;
use super::super::xml::Node;
use super::program::Program;
use super::tools::{AllTools, Process, Tools};
use crate::facts::{GuestFamily, Power, now, rfc3339};
use crate::lab::clock::Pace;
use crate::lab::guest::{Guests, LoginRefused, Output};
use crate::lab::world::{Source, Vm, World};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;

/// Whether a method is one of guest operations.
pub(in super::super) fn is_guest_call(method: &str) -> bool {
    method.ends_with("InGuest") || method == "InitiateFileTransferFromGuest"
}

/// Guest operations of one source. Clones share what runs.
#[derive(Debug, Clone)]
pub(in super::super) struct GuestOps {
    source: Arc<Source>,
    guests: Guests,
    pace: Pace,
    tools: Arc<Mutex<AllTools>>,
}

/// A guest that answers, and who asks it.
#[derive(Debug, Clone)]
struct Guest {
    moref: String,
    /// The id of its boot.
    boot: String,
    windows: bool,
    user: String,
    password: String,
}

impl Guest {
    /// Whose tools are asked.
    fn place(&self) -> (&str, &str) {
        (&self.moref, &self.boot)
    }

    fn temporary(&self, name: &str) -> String {
        if self.windows { format!(r"C:\Users\{}\AppData\Local\Temp\{name}", self.user) } else { format!("/tmp/{name}") }
    }
}

impl GuestOps {
    /// Those of a source of `world`.
    pub(in super::super) fn new(source: Arc<Source>, world: &World) -> Self {
        Self { source, guests: Guests::new(world), pace: world.pace, tools: Arc::default() }
    }

    fn tools(&self) -> MutexGuard<'_, AllTools> {
        self.tools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a ticket stands for, once.
    pub(in super::super) fn redeem(&self, ticket: &str) -> Option<Vec<u8>> {
        self.tools().tickets.remove(ticket)
    }

    /// Answers a call of a live session. Programs run on `running`.
    pub(in super::super) fn answer(&self, call: &Node, running: &Mutex<JoinSet<()>>) -> Answer {
        let guest = self.admit(call)?;
        let text = |name: &str| call.text_of(name).unwrap_or_default();
        match call.name.as_str() {
            "ValidateCredentialsInGuest" => Ok(Vec::new()),
            "StartProgramInGuest" => self.start(&guest, call, running),
            "ListProcessesInGuest" => Ok(self.list(&guest, call)),
            "TerminateProcessInGuest" => self.terminate(&guest, call),
            "ReadEnvironmentVariableInGuest" => Ok(environment(&guest, call)),
            "CreateTemporaryFileInGuest" => Ok(self.make(&guest, call, false)),
            "CreateTemporaryDirectoryInGuest" => Ok(self.make(&guest, call, true)),
            "InitiateFileTransferFromGuest" => self.transfer(&guest, text("guestFilePath")),
            "DeleteFileInGuest" => {
                let path = text("filePath");
                let removed = self.tools().of(guest.place()).remove_file(path);
                if removed { Ok(Vec::new()) } else { Err(no_file(path)) }
            }
            "DeleteDirectoryInGuest" => self.remove_folder(&guest, text("directoryPath"), call.flag("recursive")),
            other => Err(Fault::new("NotSupported", format!("The lab does not serve {other}."))),
        }
    }

    /// The guest of the call, if it runs, has tools and knows the login.
    fn admit(&self, call: &Node) -> Result<Guest, Fault> {
        let object = Ref::child(call, "vm").ok_or_else(|| Fault::argument("vm"))?;
        let auth = call.child("auth").ok_or_else(|| Fault::argument("auth"))?;
        if auth.kind.as_deref() != Some("NamePasswordAuthentication") {
            let text = "The lab's guests know names and passwords only.";
            return Err(Fault::new("OperationNotSupportedByGuest", text));
        }
        let (windows, boot) = self.running(&object).inspect_err(|_| self.tools().stop(&object.value))?;
        let word = |name: &str| auth.child(name).map(|word| word.text.clone()).unwrap_or_default();
        let (user, password) = (word("username"), word("password"));
        self.guests.knows_on_source(&self.source, &object.value, (&user, &password)).map_err(refused)?;
        Ok(Guest { moref: object.value, boot, windows, user, password })
    }

    /// Whether the VM, which must be on, runs Windows, and the id of its boot.
    fn running(&self, object: &Ref) -> Result<(bool, String), Fault> {
        let inventory = self.source.read();
        let vm: &Vm = inventory.vm(&object.value).ok_or_else(|| Fault::not_found(object))?;
        match vm.power {
            Power::On => Ok((vm.family() == GuestFamily::Windows, boot_of(vm))),
            _ => Err(vm_methods::wrong_power(vm, Power::On)),
        }
    }

    /// Runs a line. Of all commands only a plain `sleep` takes its time.
    async fn run(&self, guest: &Guest, line: &str) -> Result<Output, LoginRefused> {
        match line.strip_prefix("sleep ").map(str::trim) {
            Some("infinity") => std::future::pending().await,
            Some(seconds) if seconds.parse::<u64>().is_ok() => {
                self.pace.pass(Duration::from_secs(seconds.parse().unwrap_or_default())).await;
                Ok(Output::default())
            }
            _ => self.run_at_once(guest, line),
        }
    }

    fn run_at_once(&self, guest: &Guest, line: &str) -> Result<Output, LoginRefused> {
        let boot = self.source.read().vm(&guest.moref).map(boot_of);
        if boot.as_deref() != Some(&guest.boot) {
            return Err(LoginRefused::NoTools);
        }
        self.guests.run_on_source(&self.source, &guest.moref, (&guest.user, &guest.password), line)
    }

    fn start(&self, guest: &Guest, call: &Node, running: &Mutex<JoinSet<()>>) -> Answer {
        let spec = call.child("spec").ok_or_else(|| Fault::argument("spec"))?;
        let text = |name: &str| spec.child(name).map(|field| field.text.as_str()).unwrap_or_default();
        let (path, arguments) = (text("programPath"), text("arguments"));
        let program = Program::read(guest.windows, path, arguments).ok_or_else(|| no_file(path))?;
        let mut tools = self.tools();
        let pid = tools.number();
        let own = tools.of(guest.place());
        // The shell opens the files before it runs anything.
        for file in [&program.stdout, &program.stderr].into_iter().flatten() {
            own.files.insert(file.clone(), Vec::new());
        }
        let (ops, runner) = (self.clone(), guest.clone());
        let handle = running.lock().unwrap_or_else(PoisonError::into_inner).spawn(async move {
            // What a guest that is gone would have ended with, nobody knows.
            let Ok(output) = ops.run(&runner, &program.line).await else { return };
            if let Some(own) = ops.tools().still(runner.place()) {
                own.finish(pid, &program, output, rfc3339(now()));
            }
        });
        let process = Process {
            name: path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned(),
            owner: guest.user.clone(),
            line: format!("\"{path}\" {arguments}"),
            began: rfc3339(now()),
            ended: None,
            handle: Some(handle),
        };
        own.processes.insert(pid, process);
        Ok(vec![Node::leaf("returnval", pid)])
    }

    fn list(&self, guest: &Guest, call: &Node) -> Vec<Node> {
        let pids: Vec<i64> = call.all("pids").filter_map(|pid| pid.text.trim().parse().ok()).collect();
        let mut tools = self.tools();
        let all = tools.of(guest.place()).processes.iter();
        all.filter(|(pid, _)| pids.is_empty() || pids.contains(pid)).map(|(pid, process)| told(*pid, process)).collect()
    }

    fn terminate(&self, guest: &Guest, call: &Node) -> Answer {
        let pid = call.number("pid").ok_or_else(|| Fault::argument("pid"))?;
        if self.tools().of(guest.place()).terminate(pid, rfc3339(now())) {
            return Ok(Vec::new());
        }
        Err(Fault::new("GuestProcessNotFound", format!("There is no process {pid} in the guest."))
            .with(Node::leaf("pid", pid)))
    }

    fn make(&self, guest: &Guest, call: &Node, folder: bool) -> Vec<Node> {
        let text = |name: &str| call.text_of(name).unwrap_or_default();
        let mut tools = self.tools();
        let name = format!("{}{}{}", text("prefix"), tools.number(), text("suffix"));
        let separator = if guest.windows { '\\' } else { '/' };
        let path = match call.text_of("directoryPath").filter(|path| !path.is_empty()) {
            Some(parent) => format!("{}{separator}{name}", parent.trim_end_matches(separator)),
            None => guest.temporary(&name),
        };
        let own = tools.of(guest.place());
        if folder {
            own.folders.push(path.clone());
        } else {
            own.files.insert(path.clone(), Vec::new());
        }
        vec![Node::leaf("returnval", path)]
    }

    fn remove_folder(&self, guest: &Guest, path: &str, recursive: bool) -> Answer {
        let mut tools = self.tools();
        let own: &mut Tools = tools.of(guest.place());
        match own.inside(path) {
            None => Err(no_file(path)),
            Some(1..) if !recursive => {
                Err(Fault::new("DirectoryNotEmpty", format!("The directory {path} is not empty."))
                    .with(Node::leaf("file", path)))
            }
            Some(_) => {
                own.remove_folder(path);
                Ok(Vec::new())
            }
        }
    }

    /// A ticket for a file: one of the tools', else one that the guest itself has.
    fn transfer(&self, guest: &Guest, path: &str) -> Answer {
        let own = self.tools().of(guest.place()).files.get(path).cloned();
        let content = match own {
            Some(content) => content,
            None if guest.windows => return Err(no_file(path)),
            None => {
                let line = format!("cat '{}'", path.replace('\'', r"'\''"));
                let read = self.run_at_once(guest, &line).map_err(refused)?;
                if read.status != 0 {
                    return Err(no_file(path));
                }
                read.stdout
            }
        };
        let (at, size) = (rfc3339(now()), content.len());
        let mut tools = self.tools();
        let number = tools.number();
        let ticket = self.source.uuid_for(&format!("ticket-{number}"));
        tools.tickets.insert(ticket.clone(), content);
        let times = [Node::leaf("modificationTime", &at), Node::leaf("accessTime", &at)];
        let attributes = Node::new("attributes").of(if guest.windows {
            "GuestWindowsFileAttributes"
        } else {
            "GuestPosixFileAttributes"
        });
        Ok(vec![Node::new("returnval").of("FileTransferInformation").with([
            attributes.with(times),
            Node::leaf("size", size),
            Node::leaf("url", format!("https://*:443/guestFile?id={number}&token={ticket}")),
        ])])
    }
}

fn boot_of(vm: &Vm) -> String {
    vm.inside.boot.as_ref().map(|boot| boot.id.clone()).unwrap_or_default()
}

fn refused(why: LoginRefused) -> Fault {
    match why {
        LoginRefused::NoTools => {
            Fault::new("GuestOperationsUnavailable", "The guest operations agent could not be contacted.")
        }
        LoginRefused::Credentials => {
            Fault::new("InvalidGuestLogin", "Failed to authenticate with the guest operating system.")
        }
    }
}

fn no_file(path: &str) -> Fault {
    Fault::new("FileNotFound", format!("File {path} was not found")).with(Node::leaf("file", path))
}

fn told(pid: i64, process: &Process) -> Node {
    let ended = process.ended.as_ref();
    Node::new("returnval")
        .of("GuestProcessInfo")
        .with([
            Node::leaf("name", &process.name),
            Node::leaf("pid", pid),
            Node::leaf("owner", &process.owner),
            Node::leaf("cmdLine", &process.line),
            Node::leaf("startTime", &process.began),
        ])
        .with(ended.map(|(at, _)| Node::leaf("endTime", at)))
        .with(ended.map(|(_, status)| Node::leaf("exitCode", status)))
}

/// The variables that are asked for, or all, as `NAME=value`.
fn environment(guest: &Guest, call: &Node) -> Vec<Node> {
    let names: Vec<&str> = call.all("names").map(|name| name.text.trim()).collect();
    let all = if guest.windows {
        vec![("TEMP", guest.temporary("")), ("USERNAME", guest.user.clone())]
    } else {
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin".to_owned();
        vec![("PATH", path), ("USER", guest.user.clone())]
    };
    all.into_iter()
        .filter(|(name, _)| names.is_empty() || names.contains(name))
        .map(|(name, value)| Node::leaf("returnval", format!("{name}={value}")))
        .collect()
}
