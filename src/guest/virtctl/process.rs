//! A running virtctl: a process group of its own, whose output is always read, and of which nothing stays.

use super::output::{Mask, Told, drain};
use crate::wait::pause;
use futures::FutureExt;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::io;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// How long a group that was asked to end may take.
const GRACE: Duration = Duration::from_secs(2);
/// How long the output of a group that has ended may stay open: somebody may have left the group with it.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Tries while a program that was just written is still open in a process that another thread is starting.
const BUSY_TRIES: u32 = 20;
const BUSY_PAUSE: Duration = Duration::from_millis(25);

/// A process and all that it started. Dropping it asks the whole group to end, at once; what does not is killed.
#[derive(Debug)]
pub(super) struct Running {
    told: watch::Receiver<Told>,
    group: Group,
    _end: DropGuard,
}

impl Running {
    /// Starts `command`. A task of `tasks` sees to its output and its end.
    pub(super) async fn start(tasks: &TaskTracker, mut command: Command, mask: Arc<Mask>) -> io::Result<Self> {
        let exits = signal(SignalKind::child())?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        let child = spawn(&mut command).await?;
        let group = Group::of(&child)?;
        let end = CancellationToken::new();
        let (tell, told) = watch::channel(Told::default());
        tasks.spawn(supervise(child, KillOnDrop(group.clone()), exits, end.clone(), (tell, mask)));
        Ok(Self { told, group, _end: end.drop_guard() })
    }

    /// What it has told once that satisfies `enough`, or it has ended.
    pub(super) async fn told(&self, mut enough: impl FnMut(&Told) -> bool) -> Told {
        let mut told = self.told.clone();
        let settled = told.wait_for(|told| told.ended.is_some() || enough(told)).await;
        match settled {
            Ok(told) => told.clone(),
            // The task is gone with its runtime, and the group with it.
            Err(_) => Told { ended: Some("was killed".to_owned()), ..self.told.borrow().clone() },
        }
    }
}

/// Starts it; a program that was just written may be busy for a moment.
async fn spawn(command: &mut Command) -> io::Result<Child> {
    for _ in 0..BUSY_TRIES {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => pause(BUSY_PAUSE).await,
            started => return started,
        }
    }
    command.spawn()
}

impl Drop for Running {
    fn drop(&mut self) {
        // Not left to the task: the program may be about to end.
        self.group.signal(Signal::TERM);
    }
}

/// A process group, for as long as its first process is not reaped: then the number may become another's.
#[derive(Debug, Clone)]
struct Group(Arc<Mutex<Option<Pid>>>);

impl Group {
    fn of(child: &Child) -> io::Result<Self> {
        let number = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let number = number.ok_or_else(|| io::Error::other("the process has no number"))?;
        Ok(Self(Arc::new(Mutex::new(Some(number)))))
    }

    fn number(&self) -> MutexGuard<'_, Option<Pid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A group that is gone already needs no signal.
    fn signal(&self, kind: Signal) {
        if let Some(number) = *self.number() {
            kill_process_group(number, kind).ok();
        }
    }

    /// Waits until its first process has ended. It is left unreaped, so that its number stays the group's.
    async fn exited(&self, exits: &mut Signals) {
        let Some(number) = *self.number() else { return };
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while let Ok(None) = waitid(WaitId::Pid(number), look) {
            exits.recv().await;
        }
    }

    /// Kills what is left of it; from now on its number is not used.
    fn finish(&self) {
        if let Some(number) = self.number().take() {
            kill_process_group(number, Signal::KILL).ok();
        }
    }
}

/// Kills the group when its task is dropped, as with its runtime.
struct KillOnDrop(Group);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        self.0.finish();
    }
}

async fn supervise(
    mut child: Child,
    guard: KillOnDrop,
    mut exits: Signals,
    end: CancellationToken,
    (tell, mask): (watch::Sender<Told>, Arc<Mask>),
) {
    let group = &guard.0;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let read = async {
        let hear = |line: String| {
            tracing::debug!("virtctl: {line}");
            tell.send_modify(|told| told.hear(line));
        };
        let out = async {
            if let Some(out) = out {
                drain(out, &mask, hear).await;
            }
        };
        let err = async {
            if let Some(err) = err {
                drain(err, &mask, hear).await;
            }
        };
        tokio::join!(out, err);
    };
    let ending = async {
        tokio::select! {
            () = group.exited(&mut exits) => {}
            () = end.cancelled() => {
                // It has been asked to end.
                tokio::select! { () = group.exited(&mut exits) => {}, () = pause(GRACE) => {} }
            }
        }
        group.finish();
        child.wait().await
    };
    let (mut read, mut ending) = (pin!(read.fuse()), pin!(ending));
    let mut all_read = false;
    let status = loop {
        tokio::select! {
            status = &mut ending => break status,
            () = &mut read, if !all_read => all_read = true,
        }
    };
    if !all_read {
        tokio::time::timeout(LAST_WORDS, read).await.ok();
    }
    let how = status.map_or_else(|error| error.to_string(), describe);
    tell.send_modify(|told| told.ended = Some(how));
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), std::os::unix::process::ExitStatusExt::signal(&status)) {
        (Some(code), _) => format!("ended with code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}
