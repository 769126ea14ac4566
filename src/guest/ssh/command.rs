//! Commands: run within limits, with an honest account of how they ended.

use super::connection::PARALLEL;
use super::witness::{CLOSED, Ended, Porter, Witness, words};
use super::{Connection, SshError};
use crate::wait::pause;
use russh::client::{Handle, Msg};
use russh::{Channel, ChannelMsg, Sig};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

/// Quiet time after a command's end, after which whoever still holds its output is not waited for.
const LINGER: Duration = Duration::from_secs(2);

/// Time that a killed command has to end.
const DYING: Duration = Duration::from_secs(2);

/// Time after which a server that opens no session, though nothing else runs here, has none. OpenSSH frees a session
/// some time after it has said that it is closed.
const SETTLING: Duration = Duration::from_secs(2);

/// How often it is asked for one meanwhile.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// Characters of a command that errors show.
const SHOWN: usize = 60;

/// The code of stderr among extended data (RFC 4254, 5.2).
const STDERR: u32 = 1;

/// What a command may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From its turn to its end.
    pub time: Duration,
    /// Bytes kept of each of stdout and stderr; the rest is read, counted and dropped.
    pub output_bytes: usize,
}

/// How a command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Status(u32),
    /// By this signal (`TERM`, without `SIG`).
    Signal(String),
}

/// What one stream carried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// What was kept of it: the beginning.
    pub bytes: Vec<u8>,
    /// How many bytes there were.
    pub total: u64,
}

impl Captured {
    /// Whether there was more than what was kept.
    pub fn truncated(&self) -> bool {
        self.total > self.bytes.len() as u64
    }

    /// As text; what is not UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    fn add(&mut self, bytes: &[u8], limit: usize) {
        self.total += bytes.len() as u64;
        let room = limit.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// A command that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandOutput {
    /// How.
    pub exit: Exit,
    /// Its standard output.
    pub stdout: Captured,
    /// Its standard error.
    pub stderr: Captured,
    /// Something that it left in the background still held its output when it had ended, so what that writes is
    /// missing.
    pub held_open: bool,
}

impl Connection {
    /// Runs a command line in the account's shell; arguments must be quoted for that shell, and secrets kept out, since
    /// errors and the guest's process list show it.
    ///
    /// At most eight run at once on a connection; others wait for their turn, and a command's time begins with it. A
    /// server that allows fewer makes them wait within that time. What is not done in time is killed, where the server
    /// can do that (OpenSSH: not for root); the answer then comes up to two seconds after the limit.
    ///
    /// Cancel safe: a command whose future is dropped is stopped like one that is late, and the connection stays
    /// usable.
    ///
    /// # Errors
    /// [`SshError::NotStarted`], [`SshError::TimedOut`], [`SshError::CutOff`]; an exit status other than 0 is none.
    pub async fn run(&self, command: &str, limits: &Limits) -> Result<CommandOutput, SshError> {
        let not_started = |why: String| SshError::NotStarted { to: self.to.clone(), command: brief(command), why };
        let turn = Arc::clone(&self.slots).acquire_owned().await.map_err(|why| not_started(why.to_string()))?;
        let abandoned = CancellationToken::new();
        let _abandon = abandoned.clone().drop_guard();
        let work = Work {
            handle: Arc::clone(&self.handle),
            witness: Arc::clone(&self.witness),
            to: self.to.clone(),
            command: command.to_owned(),
            limits: *limits,
            slots: Arc::clone(&self.slots),
        };
        // A task of its own, so that a dropped future still closes its channel.
        let task = self.tasks.spawn(async move {
            let done = work.run(abandoned).await;
            drop(turn);
            done
        });
        task.await.unwrap_or_else(|why| Err(not_started(why.to_string())))
    }
}

/// One command on its way.
struct Work {
    handle: Arc<Handle<Porter>>,
    witness: Arc<Witness>,
    to: String,
    command: String,
    limits: Limits,
    slots: Arc<Semaphore>,
}

/// What was seen of it.
#[derive(Default)]
struct Progress {
    exit: Option<Exit>,
    stdout: Captured,
    stderr: Captured,
    held_open: bool,
    refused: bool,
    closed: bool,
}

impl Work {
    async fn run(self, abandoned: CancellationToken) -> Result<CommandOutput, SshError> {
        let deadline = Instant::now() + self.limits.time;
        let opened = timeout_at(deadline, self.session()).await;
        let mut channel = match opened {
            Ok(Ok(channel)) => channel,
            Ok(Err(fault)) => return Err(self.not_started(&fault)),
            Err(_) => return Err(self.late(0, false)),
        };
        let mut progress = Progress::default();
        let late = tokio::select! {
            biased;
            () = abandoned.cancelled() => true,
            followed = timeout_at(deadline, self.follow(&mut channel, &mut progress)) => match followed {
                Ok(followed) => { followed.map_err(|fault| self.not_started(&fault))?; false }
                Err(_) => true,
            },
        };
        if late && progress.exit.is_none() {
            let stopped = stop(&mut channel).await;
            return Err(self.late(progress.stdout.total + progress.stderr.total, stopped));
        }
        progress.held_open |= late;
        // The server has closed its side, or something in the background holds it open; a lost connection needs none.
        channel.close().await.ok();
        self.account(progress)
    }

    /// A session. One that is refused is asked for again while other commands of this connection may free one, as on a
    /// server that allows fewer than run here at once.
    async fn session(&self) -> Result<Channel<Msg>, russh::Error> {
        let settled = Instant::now() + SETTLING;
        loop {
            let refused = match self.handle.channel_open_session().await {
                Err(refused @ russh::Error::ChannelOpenFailure(_)) => refused,
                other => return other,
            };
            let alone = self.slots.available_permits() + 1 >= PARALLEL;
            if alone && Instant::now() >= settled {
                return Err(refused);
            }
            pause(ASK_AGAIN).await;
        }
    }

    /// Reads until the channel closes, or is quiet after the command's end.
    async fn follow(&self, channel: &mut Channel<Msg>, progress: &mut Progress) -> Result<(), russh::Error> {
        channel.exec(true, self.command.as_str()).await?;
        let limit = self.limits.output_bytes;
        loop {
            let message = if progress.exit.is_some() {
                timeout(LINGER, channel.wait()).await.unwrap_or_else(|_| {
                    progress.held_open = true;
                    None
                })
            } else {
                channel.wait().await
            };
            match message {
                Some(ChannelMsg::Data { data }) => progress.stdout.add(&data, limit),
                Some(ChannelMsg::ExtendedData { data, ext: STDERR }) => progress.stderr.add(&data, limit),
                Some(ChannelMsg::ExitStatus { exit_status }) => progress.exit = Some(Exit::Status(exit_status)),
                Some(ChannelMsg::ExitSignal { signal_name, .. }) => {
                    progress.exit = Some(Exit::Signal(name(signal_name)));
                }
                Some(ChannelMsg::Failure) => {
                    progress.refused = true;
                    return Ok(());
                }
                Some(ChannelMsg::Close) => {
                    progress.closed = true;
                    return Ok(());
                }
                Some(_) => {}
                None => return Ok(()),
            }
        }
    }

    fn account(&self, progress: Progress) -> Result<CommandOutput, SshError> {
        let Progress { exit, stdout, stderr, held_open, refused, closed } = progress;
        let (to, command) = (self.to.clone(), brief(&self.command));
        if refused {
            return Err(SshError::NotStarted { to, command, why: "the server runs no commands".to_owned() });
        }
        if let Some(exit) = exit {
            return Ok(CommandOutput { exit, stdout, stderr, held_open });
        }
        let why = if closed {
            "the server told no exit status".to_owned()
        } else {
            format!("connection lost: {}", self.reason(CLOSED))
        };
        Err(SshError::CutOff { to, command, read: stdout.total + stderr.total, why })
    }

    fn not_started(&self, fault: &russh::Error) -> SshError {
        let why = match fault {
            russh::Error::ChannelOpenFailure(_) => {
                "the server opens no further session; what ran too long in earlier commands may still hold them: connect \
                 anew"
                    .to_owned()
            }
            other => format!("connection lost: {}", self.reason(&words(other))),
        };
        SshError::NotStarted { to: self.to.clone(), command: brief(&self.command), why }
    }

    fn reason(&self, otherwise: &str) -> String {
        self.witness.ended().map_or_else(|| otherwise.to_owned(), Ended::why)
    }

    fn late(&self, read: u64, stopped: bool) -> SshError {
        let (to, command) = (self.to.clone(), brief(&self.command));
        SshError::TimedOut { to, command, limit: self.limits.time, read, stopped }
    }
}

/// Kills what runs in a channel, if the server can do that, and closes it. Waits for the server's close, since until
/// then the command holds one of the few sessions of a connection.
async fn stop(channel: &mut Channel<Msg>) -> bool {
    let dying = async {
        channel.signal(Sig::KILL).await?;
        while let Some(message) = channel.wait().await {
            if matches!(message, ChannelMsg::Close) {
                return Ok(true);
            }
        }
        Ok::<_, russh::Error>(false)
    };
    let stopped = matches!(timeout(DYING, dying).await, Ok(Ok(true)));
    // A connection that is gone has closed it.
    timeout(DYING, channel.close()).await.ok();
    stopped
}

/// A signal's name as the protocol spells it.
fn name(signal: Sig) -> String {
    match signal {
        Sig::Custom(name) => name,
        known => format!("{known:?}"),
    }
}

/// A command's beginning, for errors.
fn brief(command: &str) -> String {
    let line = command.trim().lines().next().unwrap_or_default();
    let mut shown: String = line.chars().take(SHOWN).collect();
    if shown.len() < command.trim().len() {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_the_limit_is_counted_and_dropped() {
        let mut captured = Captured::default();
        captured.add(b"abc", 4);
        assert!(!captured.truncated());
        captured.add(b"def", 4);
        captured.add(b"ghi", 4);
        assert_eq!(captured, Captured { bytes: b"abcd".to_vec(), total: 9 });
        assert!(captured.truncated());
    }

    #[test]
    fn text_is_lossy() {
        let captured = Captured { bytes: vec![b'a', 0xff, b'b'], total: 3 };
        assert_eq!(captured.text(), "a\u{fffd}b");
    }

    #[test]
    fn errors_show_the_first_line_of_a_command() {
        assert_eq!(brief(" uname -a "), "uname -a");
        assert_eq!(brief("one\ntwo"), "one...");
        assert_eq!(brief(&"ä".repeat(70)), format!("{}...", "ä".repeat(60)));
    }
}
