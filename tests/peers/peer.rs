//! A peer's process: started with a deadline, watched, ended with everything that it started, also when this process is
//! killed.

#[path = "peer_tests.rs"]
pub(crate) mod tests;

use futures::future::join_all;
use mtvtest::wait::{Deadline, Seen, poll};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Lines of a peer's log that a failure shows.
const TAIL_LINES: usize = 25;

/// How a peer is started.
pub(crate) struct Launch {
    name: &'static str,
    command: Command,
    limit: Duration,
    ready: Box<dyn Fn(&str) -> bool + Send>,
}

impl Launch {
    /// A peer that is ready at once, or as [`Self::ready_when_logged`] says.
    pub(crate) fn new<A: AsRef<OsStr>>(
        name: &'static str,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        // The kernel kills it if this process is killed and cannot.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program).args(arguments);
        Self { name, command, limit: Duration::from_secs(60), ready: Box::new(|_| true) }
    }

    /// With a variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// It is ready once its log has this text.
    pub(crate) fn ready_when_logged(mut self, text: &'static str) -> Self {
        self.ready = Box::new(move |log| log.contains(text));
        self
    }

    /// It must be ready within this time.
    pub(crate) fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }
}

/// A port for a peer: nothing listens on it, and it lies below those that the kernel gives to others meanwhile.
pub(crate) fn free_port() -> u16 {
    let mut ports = std::iter::repeat_with(|| fastrand::u16(10_000..30_000));
    ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).unwrap()
}

/// A running peer; the last clone that is dropped ends it.
#[derive(Clone)]
pub(crate) struct Peer(Arc<Process>);

struct Process {
    name: &'static str,
    log: PathBuf,
    group: u32,
    ended: watch::Receiver<Option<String>>,
}

impl Peer {
    /// Starts a peer with its log in `folder` and waits until it is ready.
    ///
    /// # Errors
    /// It did not start, ended, or was not ready in time: with the tail of its log.
    pub(crate) async fn start(mut launch: Launch, folder: &Path) -> Result<Self, String> {
        let log = folder.join(format!("{}.log", launch.name));
        let file = File::create(&log).unwrap();
        launch.command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file).process_group(0);
        let name = launch.name;
        let (group, ended) = spawn(launch.command).map_err(|why| format!("{name} does not start: {why}"))?;
        let peer = Self(Arc::new(Process { name, log, group, ended }));
        let deadline = Deadline::after(launch.limit, &CancellationToken::new());
        let what = format!("{name} to be ready");
        let ready = poll(&what, &deadline, Duration::from_millis(200), || {
            let ended = peer.0.ended.borrow().clone();
            std::future::ready(match ended {
                Some(how) => Seen::Hopeless(format!("it ended: {how}")),
                None if (launch.ready)(&peer.log()) => Seen::Met(()),
                None => Seen::Pending("it runs".to_owned()),
            })
        });
        ready.await.map_err(|why| format!("{why}{}", peer.last_words()))?;
        Ok(peer)
    }

    /// What it wrote up to now.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.0.log).unwrap_or_default()).into_owned()
    }

    /// Resolves when the peer has ended, with what is to be said about that.
    pub(crate) async fn death(&self) -> String {
        let mut ended = self.0.ended.clone();
        let how = ended.wait_for(Option::is_some).await.ok().and_then(|how| how.clone());
        format!("{} ended in the middle of the test: {}", self.0.name, how.unwrap_or_default())
    }

    /// The tail of its log under a heading.
    pub(crate) fn last_words(&self) -> String {
        self.tail(TAIL_LINES)
    }

    /// So many last lines of its log under a heading.
    pub(crate) fn tail(&self, most: usize) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines[lines.len().saturating_sub(most)..].join("\n  ");
        format!("\n--- log of {}, last {most} lines\n  {tail}\n", self.0.name)
    }

    /// Sends a signal to the peer and everything that it started.
    pub(crate) fn signal(&self, signal: &str) {
        self.0.signal(signal);
    }

    /// The number of its process, which is that of its group.
    pub(crate) fn process(&self) -> u32 {
        self.0.group
    }

    /// Sends a signal to the peer alone.
    pub(crate) fn signal_leader(&self, signal: &str) {
        send(&self.0.group.to_string(), signal);
    }

    /// Ends the peer and waits until it is gone.
    pub(crate) async fn kill(&self) {
        self.signal("KILL");
        self.death().await;
    }
}

impl Process {
    fn signal(&self, signal: &str) {
        if self.ended.borrow().is_none() {
            send(&format!("-{}", self.group), signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal("KILL");
    }
}

/// Signals a process, or a process group by its negative number; one that is gone is no fault.
fn send(process: &str, signal: &str) {
    // The standard library signals no groups.
    let line = format!("kill -s {signal} -- {process}");
    Command::new("/bin/sh").args(["-c", &line]).stderr(Stdio::null()).status().unwrap();
}

/// Time in which a killed process is gone.
const DYING: Duration = Duration::from_secs(10);

/// Ends whatever still runs, and waits until it is gone: nobody else would bury it. Call it when no test runs any more.
pub(crate) fn end_all() {
    let running = std::mem::take(&mut *RUNNING.lock().unwrap());
    for (group, ended) in &running {
        if ended.borrow().is_none() {
            send(&format!("-{group}"), "KILL");
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let gone = running.into_values().map(|mut ended| async move { ended.wait_for(Option::is_some).await.is_ok() });
    runtime.block_on(async { timeout(DYING, join_all(gone)).await.ok() });
}

type Ended = watch::Receiver<Option<String>>;
type Birth = (Command, Sender<std::io::Result<(u32, Ended)>>);

/// Process groups that were started.
static RUNNING: Mutex<BTreeMap<u32, Ended>> = Mutex::new(BTreeMap::new());

/// The kernel ends a child when the *thread* that started it ends, so one thread that lives as long as the process
/// starts them all.
static NURSERY: LazyLock<Sender<Birth>> = LazyLock::new(|| {
    let (sender, births) = channel::<Birth>();
    std::thread::spawn(move || {
        for (command, answer) in births {
            answer.send(bear(command)).ok();
        }
    });
    sender
});

fn spawn(command: Command) -> std::io::Result<(u32, Ended)> {
    let (answer, answered) = channel();
    NURSERY.send((command, answer)).unwrap();
    let (group, ended) = answered.recv().unwrap()?;
    RUNNING.lock().unwrap().insert(group, ended.clone());
    Ok((group, ended))
}

fn bear(mut command: Command) -> std::io::Result<(u32, Ended)> {
    let mut child = command.spawn()?;
    let (tell, ended) = watch::channel(None);
    let group = child.id();
    std::thread::spawn(move || {
        let how = child.wait().map_or_else(|why| why.to_string(), |status| status.to_string());
        tell.send_replace(Some(how));
    });
    Ok((group, ended))
}
