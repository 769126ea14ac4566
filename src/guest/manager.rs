//! The guests of one scenario: one connection for each, shared by all that ask, made again when a guest has rebooted, and
//! ended with the scenario.

use super::ssh::{CommandOutput, Connection, Exit, HostKeyPolicy, Limits, Login, SSH_PORT, SshError, Target};
use super::{GuestShell, ShellError, ShellOutput, Tunnel};
use crate::facts::{GuestFamily, chain};
use crate::wait::{Deadline, Seen, WaitError, poll};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Longest try: a guest that accepts and says nothing is asked again.
const TRY: Duration = Duration::from_secs(30);
/// Longest pause between tries.
const INTERVAL: Duration = Duration::from_secs(2);
/// Bytes kept of each stream of a command.
const OUTPUT_BYTES: usize = 1 << 20;
/// The word that a guest must say to count as reached: a login alone may still end in no shell. `cmd.exe`, PowerShell and
/// every POSIX shell say it alike.
const WORD: &str = "mtvtest";
/// The command that lets it.
pub const SAY_THE_WORD: &str = "echo mtvtest";

/// A migrated guest, and how one logs in to it.
#[derive(Debug, Clone)]
pub struct Guest {
    /// Namespace of the VM.
    pub namespace: String,
    /// Name of the VM.
    pub vm: String,
    /// Which commands it understands.
    pub family: GuestFamily,
    /// As whom.
    pub login: Login,
}

/// Why a guest was not reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreached {
    /// It answered, and refused; it is not asked again.
    Refused(String),
    /// It did not answer by the deadline; what was seen last.
    Silent(String),
    /// The way to it is closed.
    Barred(String),
    /// The run was interrupted.
    Cancelled,
}

type Slot = Arc<Mutex<Option<Arc<Connection>>>>;

/// Connections by namespace and name of the VM.
pub struct Guests {
    tunnel: Arc<dyn Tunnel>,
    slots: Mutex<BTreeMap<(String, String), Slot>>,
}

impl Guests {
    /// No connection yet; all will go through `tunnel`.
    pub fn new(tunnel: Arc<dyn Tunnel>) -> Self {
        Self { tunnel, slots: Mutex::default() }
    }

    /// The shell of a guest, over the connection that it has, else over a new one. While the guest boots it is asked
    /// again until the deadline; a refused login ends at once. Who asks for a guest that somebody else is connecting to
    /// waits for that.
    ///
    /// Cancel safe: a dropped attempt leaves no connection.
    ///
    /// # Errors
    /// See [`Unreached`].
    pub async fn shell(&self, guest: &Guest, deadline: &Deadline) -> Result<SshShell, Unreached> {
        let key = (guest.namespace.clone(), guest.vm.clone());
        let slot = Arc::clone(self.slots.lock().await.entry(key).or_default());
        let mut slot = slot.lock().await;
        if let Some(connection) = slot.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(SshShell { connection: Arc::clone(connection), family: guest.family });
        }
        let connection = Arc::new(self.connect(guest, deadline).await?);
        *slot = Some(Arc::clone(&connection));
        Ok(SshShell { connection, family: guest.family })
    }

    /// Ends every connection in order; what uses one fails.
    pub async fn close(&self) {
        let slots = std::mem::take(&mut *self.slots.lock().await);
        let closing = slots.into_values().map(async |slot| {
            // One that is still used elsewhere ends when it is let go of.
            if let Some(connection) = slot.lock().await.take().and_then(Arc::into_inner) {
                connection.close().await;
            }
        });
        futures::future::join_all(closing).await;
    }

    async fn connect(&self, guest: &Guest, deadline: &Deadline) -> Result<Connection, Unreached> {
        let what = format!("ssh to {}@{}", guest.login.user, guest.vm);
        let target = Target {
            name: guest.vm.clone(),
            login: guest.login.clone(),
            // Addresses of forwarded guests are reused (cluster-api.md section 5).
            host_key: HostKeyPolicy::Record,
        };
        let reached = poll(&what, deadline, INTERVAL, async || match self.attempt(guest, &target, deadline).await {
            Ok(connection) => Seen::Met(Ok(connection)),
            Err(error) if may_pass(&error) => Seen::Pending(chain(&error)),
            Err(error) => Seen::Met(Err(error)),
        });
        match reached.await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error @ (SshError::Unreachable { .. } | SshError::PrivateKey { .. }))) => {
                Err(Unreached::Barred(chain(&error)))
            }
            Ok(Err(error)) => Err(Unreached::Refused(chain(&error))),
            Err(WaitError::Cancelled { .. }) => Err(Unreached::Cancelled),
            Err(late) => Err(Unreached::Silent(late.to_string())),
        }
    }

    /// Logs in and lets the guest say a word.
    async fn attempt(&self, guest: &Guest, target: &Target, deadline: &Deadline) -> Result<Connection, SshError> {
        let limit = TRY.min(deadline.left());
        let dial = self.tunnel.dial(&guest.namespace, &guest.vm, SSH_PORT);
        let connection = Connection::open(dial, target, limit).await?;
        let limits = Limits { time: limit, output_bytes: OUTPUT_BYTES };
        let said = connection.run(SAY_THE_WORD, &limits).await?;
        if said.stdout.text().trim() == WORD {
            return Ok(connection);
        }
        let why = format!("logged in, but `{SAY_THE_WORD}` was answered with {:?}", said.stdout.text().trim());
        let why = why.chars().take(200).collect();
        Err(SshError::Refused { to: format!("{}@{}", guest.login.user, guest.vm), why })
    }
}

/// Whether a later attempt may end otherwise: a guest that boots, and one that reboots in the middle.
fn may_pass(error: &SshError) -> bool {
    match error {
        SshError::CutOff { .. } | SshError::TimedOut { .. } | SshError::NotStarted { .. } => true,
        other => other.transient(),
    }
}

/// Commands in a guest over its connection.
#[derive(Clone)]
pub struct SshShell {
    connection: Arc<Connection>,
    family: GuestFamily,
}

impl SshShell {
    /// Over a connection that is nobody else's.
    pub fn over(connection: Connection, family: GuestFamily) -> Self {
        Self { connection: Arc::new(connection), family }
    }
}

#[async_trait]
impl GuestShell for SshShell {
    fn family(&self) -> GuestFamily {
        self.family
    }

    async fn run(&self, line: &str, limit: Duration) -> Result<ShellOutput, ShellError> {
        let limits = Limits { time: limit, output_bytes: OUTPUT_BYTES };
        let output = self.connection.run(line, &limits).await.map_err(|error| ShellError(chain(&error)))?;
        Ok(shell_output(&output))
    }
}

fn shell_output(output: &CommandOutput) -> ShellOutput {
    ShellOutput {
        status: match output.exit {
            Exit::Status(status) => Some(status.into()),
            Exit::Signal(_) => None,
        },
        stdout: output.stdout.text().into_owned(),
        stderr: output.stderr.text().into_owned(),
        truncated: output.stdout.truncated() || output.stderr.truncated(),
    }
}
