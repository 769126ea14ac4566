//! The program as a child process, bounded in time.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A child that lives longer is killed, and its test fails.
const DEADLINE: Duration = Duration::from_secs(120);

/// Standard output or standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

/// A call of the program that has not begun.
pub(crate) struct Call {
    command: Command,
    words: Vec<String>,
}

/// A running program.
pub(crate) struct Running {
    child: Child,
    words: Vec<String>,
    lines: Receiver<(Stream, String)>,
    out: String,
    err: String,
    watchdog: Option<Watchdog>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) words: Vec<String>,
    /// Exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Call {
    /// The program in `folder`, with an environment that holds nothing of the developer's.
    pub(crate) fn new<W: AsRef<str>>(folder: &Path, words: impl IntoIterator<Item = W>) -> Self {
        let words: Vec<String> = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mtvtest"));
        command.current_dir(folder).args(&words).env_clear().env("HOME", folder).stdin(Stdio::null());
        command.env("MTVTEST_SOURCE_PROVIDER", "vsphere-8");
        Self { command, words }
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn start(mut self) -> Running {
        let mut child = self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        forward(child.stdout.take().unwrap(), Stream::Out, sender.clone());
        forward(child.stderr.take().unwrap(), Stream::Err, sender);
        let watchdog = Some(Watchdog::over(child.id()));
        Running { child, words: self.words, lines, out: String::new(), err: String::new(), watchdog }
    }

    /// Runs it to its end.
    pub(crate) fn end(self) -> Ended {
        self.start().end()
    }
}

/// Hands each line over, its line break included. The thread ends with the stream.
fn forward(stream: impl Read + Send + 'static, which: Stream, sender: Sender<(Stream, String)>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        loop {
            let mut line = Vec::new();
            match reader.read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => drop(sender.send((which, String::from_utf8_lossy(&line).into_owned()))),
            }
        }
    });
}

impl Running {
    /// Blocks until a line of either stream has all of `parts`, and returns it.
    pub(crate) fn until(&mut self, parts: &[&str]) -> String {
        while let Some(line) = self.next() {
            if parts.iter().all(|part| line.contains(part)) {
                return line;
            }
        }
        panic!("ended without a line with {parts:?}\nstdout:\n{}\nstderr:\n{}", self.out, self.err)
    }

    /// What was read of standard output up to now.
    pub(crate) fn out(&self) -> &str {
        &self.out
    }

    fn next(&mut self) -> Option<String> {
        let (stream, line) = self.lines.recv().ok()?;
        match stream {
            Stream::Out => self.out.push_str(&line),
            Stream::Err => self.err.push_str(&line),
        }
        Some(line)
    }

    /// Sends a signal by its name (`INT`, `KILL`, `STOP`, `CONT`).
    pub(crate) fn signal(&self, name: &str) {
        send(self.child.id(), name);
    }

    /// Blocks until it ends.
    pub(crate) fn end(mut self) -> Ended {
        while self.next().is_some() {}
        // Before `wait`, after which the number may belong to another process.
        let killed = self.watchdog.take().unwrap().stop();
        let code = self.child.wait().unwrap().code();
        let ended = Ended {
            words: std::mem::take(&mut self.words),
            code,
            out: std::mem::take(&mut self.out),
            err: std::mem::take(&mut self.err),
        };
        assert!(!killed, "took too long: {ended:#?}");
        ended
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(watchdog) = self.watchdog.take() {
            watchdog.stop();
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

fn send(process: u32, signal: &str) {
    // The standard library sends no other signal than KILL.
    let status = Command::new("/bin/sh").args(["-c", &format!("kill -{signal} {process}")]).status().unwrap();
    assert!(status.success(), "kill -{signal} {process}");
}

/// Kills a process after the deadline.
struct Watchdog {
    stop: Sender<()>,
    killed: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Watchdog {
    fn over(process: u32) -> Self {
        let (stop, stopped) = channel::<()>();
        let killed = Arc::new(AtomicBool::new(false));
        let told = killed.clone();
        let thread = std::thread::spawn(move || {
            if stopped.recv_timeout(DEADLINE) == Err(RecvTimeoutError::Timeout) {
                told.store(true, Ordering::SeqCst);
                send(process, "KILL");
            }
        });
        Self { stop, killed, thread: Mutex::new(Some(thread)) }
    }

    /// Whether it had to kill.
    fn stop(self) -> bool {
        self.stop.send(()).ok();
        if let Some(thread) = self.thread.lock().unwrap().take() {
            thread.join().ok();
        }
        self.killed.load(Ordering::SeqCst)
    }
}
