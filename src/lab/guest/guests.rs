//! The doors of the guests: SSH, and the tools of the source's hypervisor.

use super::host::{Host, has_run_for};
use crate::facts::Power;
use crate::lab::clock::Pace;
use crate::lab::shell::{Broken, Manner, Output, SSH_PORT, Seat, SshServer};
use crate::lab::world::{Says, Source, SshMethod, SshPort, SshStage, Vm, World};
use russh::{MethodKind, MethodSet};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};

/// What an odd guest writes before its answers.
const NO_TEXT: [u8; 6] = [0x00, 0xff, 0xfe, 0x80, 0x1b, 0x07];

/// A login that a guest's tools refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginRefused {
    /// The VM is off or boots, or has no tools.
    #[error("the guest's tools do not run")]
    NoTools,
    /// The user does not exist, or has another password.
    #[error("the guest does not know the user by this password")]
    Credentials,
}

/// The guests of a world. Clones share them.
#[derive(Debug, Clone)]
pub struct Guests {
    world: World,
    server: Arc<SshServer>,
}

/// Where a guest runs.
#[derive(Debug, Clone)]
enum Place {
    /// On a source: which one, and the VM's MoRef.
    Source(Arc<Source>, String),
    /// On the cluster: namespace and name.
    Cluster(String, String),
}

impl Guests {
    /// The guests of `world`; nothing runs until somebody connects.
    pub fn new(world: &World) -> Self {
        Self { world: world.clone(), server: Arc::default() }
    }

    /// One TCP connection to a port of the guest of a running VM of the cluster. Needs a running tokio runtime.
    ///
    /// # Errors
    /// `ConnectionRefused` while the guest boots, and if nothing listens there; `WouldBlock` if it hangs: nobody answers,
    /// not even with a refusal.
    pub fn accept<S>(&self, namespace: &str, vm_name: &str, port: u16, stream: S) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        self.connect(Place::Cluster(namespace.to_owned(), vm_name.to_owned()), port, stream)
    }

    /// As [`Self::accept`], to the guest of a source that has this address and runs.
    /// Only in this process: a served lab (`lab::serve`) has no hosts at its guests' addresses.
    ///
    /// # Errors
    /// As there.
    pub fn accept_source<S>(&self, ip: &str, port: u16, stream: S) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let has_address = |vm: &&Vm| {
            let mut nics = vm.nics.iter().filter(|nic| nic.connected);
            vm.power == Power::On && nics.any(|nic| nic.guest.iter().any(|address| address.ip == ip))
        };
        let found = self.world.sources.iter().find_map(|source| {
            let moref = source.read().vms.iter().find(has_address).map(|vm| vm.moref.clone())?;
            Some(Place::Source(Arc::clone(source), moref))
        });
        self.connect(found.ok_or_else(refused)?, port, stream)
    }

    /// Runs a command line in the guest of a source VM, as the tools of its hypervisor do.
    ///
    /// # Errors
    /// The tools do not run, or do not know the login.
    pub fn run_on_source(
        &self,
        source: &Source,
        moref: &str,
        (user, password): (&str, &str),
        line: &str,
    ) -> Result<Output, LoginRefused> {
        let mut inventory = source.read();
        let pace = self.world.pace;
        let vm = inventory.vm_mut(moref).filter(|vm| has_tools(vm, pace)).ok_or(LoginRefused::NoTools)?;
        let mut host = Host { vm, pace };
        if !host.admits(user, password) {
            return Err(LoginRefused::Credentials);
        }
        Ok(host.run(line.as_bytes()))
    }

    /// Whether a login is known, without running anything: what validates the credentials of guest operations.
    ///
    /// # Errors
    /// As [`Self::run_on_source`].
    pub fn knows_on_source(
        &self,
        source: &Source,
        moref: &str,
        (user, password): (&str, &str),
    ) -> Result<(), LoginRefused> {
        let mut inventory = source.read();
        let pace = self.world.pace;
        let vm = inventory.vm_mut(moref).filter(|vm| has_tools(vm, pace));
        let host = Host { vm: vm.ok_or(LoginRefused::NoTools)?, pace };
        if host.admits(user, password) { Ok(()) } else { Err(LoginRefused::Credentials) }
    }

    /// Runs a command line in the guest of a running VM of the cluster, without any login.
    pub fn run_in_cluster(&self, namespace: &str, vm_name: &str, line: &str) -> Option<Output> {
        let pace = self.world.pace;
        self.world.migrated.with((namespace, vm_name), |vm| Host { vm, pace }.run(line.as_bytes()))
    }

    /// Ends every connection.
    pub(in crate::lab) fn stop(&self) {
        self.server.stop();
    }

    fn connect<S>(&self, place: Place, port: u16, stream: S) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pace = self.world.pace;
        let meet = |vm: &mut Vm| {
            listen(vm, pace, port)?;
            Ok((manner(vm), vm.inside.spec.ssh.closes_in, boot_of(vm)))
        };
        let met = with(&self.world, &place, meet).unwrap_or_else(|| Err(refused()));
        let (manner, closes, boot) = met?;
        // A server that breaks off at once lets go of the stream.
        if closes != Some(SshStage::Handshake) {
            self.server.serve(&manner, Guest { world: self.world.clone(), place, boot }, stream);
        }
        Ok(())
    }
}

fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionRefused, "connection refused: no SSH server listens there")
}

/// Whether tools answer: once the guest is up.
fn has_tools(vm: &Vm, pace: Pace) -> bool {
    vm.tools && vm.inside.boot_time().is_some_and(|time| has_run_for(vm, pace, time))
}

fn hangs() -> io::Error {
    io::Error::new(io::ErrorKind::WouldBlock, "the guest hangs: nobody answers")
}

/// Whether an SSH server listens on this port; a slow guest refuses its first connections at any pace.
fn listen(vm: &mut Vm, pace: Pace, port: u16) -> io::Result<()> {
    let time = vm.inside.boot_time().ok_or_else(hangs)?;
    if port != SSH_PORT || vm.inside.spec.ssh.port == SshPort::None || !has_run_for(vm, pace, time) {
        return Err(refused());
    }
    if vm.inside.refusals > 0 {
        Arc::make_mut(&mut vm.inside).refusals -= 1;
        return Err(refused());
    }
    Ok(())
}

fn boot_of(vm: &Vm) -> Option<String> {
    vm.inside.boot.as_ref().map(|boot| boot.id.clone())
}

/// Acts on the guest at a place while it is on; `None` when it is not.
fn with<T>(world: &World, place: &Place, act: impl FnOnce(&mut Vm) -> T) -> Option<T> {
    match place {
        // What happens inside a guest is no change of the inventory.
        Place::Source(source, moref) => source.read().vm_mut(moref).filter(|vm| vm.power == Power::On).map(act),
        Place::Cluster(namespace, name) => world.migrated.with((namespace, name), act),
    }
}

/// The key is the guest's own, and a clone has that of what it was cloned from.
fn manner(vm: &Vm) -> Manner {
    let named = |method: &SshMethod| match method {
        SshMethod::Password => MethodKind::Password,
        SshMethod::KeyboardInteractive => MethodKind::KeyboardInteractive,
        SshMethod::Publickey => MethodKind::PublicKey,
    };
    let all = [MethodKind::PublicKey, MethodKind::Password, MethodKind::KeyboardInteractive];
    let own: Vec<MethodKind> = vm.inside.spec.ssh.methods.iter().map(named).collect();
    let methods = MethodSet::from(if own.is_empty() { &all[..] } else { &own[..] });
    Manner { methods, key: vm.inside.host_key.clone() }
}

/// The guest behind one connection.
struct Guest {
    world: World,
    place: Place,
    /// The boot in which the connection began, and with which it ends.
    boot: Option<String>,
}

impl Guest {
    /// Acts on the guest, unless it is off or has booted anew since.
    fn act<T>(&self, act: impl FnOnce(&mut Host<'_>) -> T) -> Result<T, Broken> {
        let pace = self.world.pace;
        let answer =
            with(&self.world, &self.place, |vm| (boot_of(vm) == self.boot).then(|| act(&mut Host { vm, pace })));
        answer.flatten().ok_or_else(Broken::default)
    }

    /// As [`Self::act`], where an odd server breaks off.
    fn log_in(&self, act: impl FnOnce(&mut Host<'_>) -> bool) -> Result<bool, Broken> {
        let breaks = |host: &Host<'_>| host.inside().spec.ssh.closes_in == Some(SshStage::Login);
        self.act(|host| if breaks(host) { Err(Broken::default()) } else { Ok(act(host)) })?
    }
}

impl Seat for Guest {
    fn admits(&mut self, user: &str, password: &str) -> Result<bool, Broken> {
        self.log_in(|host| host.admits(user, password))
    }

    fn trusts(&mut self, user: &str, key: &str) -> Result<bool, Broken> {
        self.log_in(|host| host.trusts(user, key))
    }

    fn run(&mut self, line: &[u8]) -> Result<Output, Broken> {
        self.act(|host| {
            let mut output = host.run(line);
            let ssh = &host.inside().spec.ssh;
            if ssh.says == Says::Binary {
                output.stdout.splice(0..0, NO_TEXT);
            }
            if ssh.closes_in == Some(SshStage::Command) {
                output.stdout.truncate(output.stdout.len() / 2);
                return Err(Broken { sent: output.stdout });
            }
            Ok(output)
        })?
    }
}
