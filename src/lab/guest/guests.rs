//! The doors of the guests: SSH, and the tools of the source's hypervisor.

use super::host::{Host, has_run_for};
use crate::facts::Power;
use crate::lab::clock::Pace;
use crate::lab::shell::{Broken, Manner, Output, SSH_PORT, Seat, SshServer};
use crate::lab::world::{Says, SshMethod, SshPort, SshStage, Vm, VsphereSource, World};
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
    Source(Arc<VsphereSource>, String),
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
    /// `ConnectionRefused` while the guest boots, and if nothing listens there.
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
        let found = self.world.vsphere.iter().find_map(|source| {
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
        source: &VsphereSource,
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
        source: &VsphereSource,
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
        let guest = Guest { world: self.world.clone(), place };
        let listens = guest.with(listens).unwrap_or(false);
        if port != SSH_PORT || !listens {
            return Err(refused());
        }
        let (manner, closes) = guest.with(|vm, _| (manner(vm), vm.inside.spec.ssh.closes_in)).ok_or_else(refused)?;
        // A server that breaks off at once lets go of the stream.
        if closes != Some(SshStage::Handshake) {
            self.server.serve(&manner, guest, stream);
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

/// Whether an SSH server listens; a slow guest refuses its first connections at any pace.
fn listens(vm: &mut Vm, pace: Pace) -> bool {
    let up = vm.inside.boot_time().is_some_and(|time| has_run_for(vm, pace, time));
    if !up || vm.inside.spec.ssh.port == SshPort::None {
        return false;
    }
    let refuses = vm.inside.refusals > 0;
    if refuses {
        Arc::make_mut(&mut vm.inside).refusals -= 1;
    }
    !refuses
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
}

impl Guest {
    /// Acts on the guest while it is on; `None` when it is not.
    fn with<T>(&self, act: impl FnOnce(&mut Vm, Pace) -> T) -> Option<T> {
        let pace = self.world.pace;
        match &self.place {
            // What happens inside a guest is no change of the inventory.
            Place::Source(source, moref) => {
                source.read().vm_mut(moref).filter(|vm| vm.power == Power::On).map(|vm| act(vm, pace))
            }
            Place::Cluster(namespace, name) => self.world.migrated.with((namespace, name), |vm| act(vm, pace)),
        }
    }

    /// As [`Self::with`], where the connection ends with the guest, or breaks off at this stage.
    fn at<T>(&self, stage: SshStage, act: impl FnOnce(&mut Host<'_>) -> T) -> Result<T, Broken> {
        let answer = self.with(|vm, pace| {
            let breaks = vm.inside.spec.ssh.closes_in == Some(stage);
            (!breaks).then(|| act(&mut Host { vm, pace }))
        });
        answer.flatten().ok_or(Broken)
    }
}

impl Seat for Guest {
    fn admits(&mut self, user: &str, password: &str) -> Result<bool, Broken> {
        self.at(SshStage::Login, |host| host.admits(user, password))
    }

    fn trusts(&mut self, user: &str, key: &str) -> Result<bool, Broken> {
        self.at(SshStage::Login, |host| host.trusts(user, key))
    }

    fn run(&mut self, line: &[u8]) -> Result<Output, Broken> {
        self.at(SshStage::Command, |host| {
            let mut output = host.run(line);
            if host.inside().spec.ssh.says == Says::Binary {
                output.stdout.splice(0..0, NO_TEXT);
            }
            output
        })
    }
}
