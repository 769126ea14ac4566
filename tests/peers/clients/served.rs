//! A lab served by the program's own executable, and the clients that are called on it.

use crate::bench::Bench;
use crate::part::Part;
use crate::peer::{Launch, Peer};
use mtvtest::wait::{Deadline, Seen, poll};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

/// The last line that the lab prints when everything answers.
const SERVES: &str = "get plans";

/// A served lab whose files are in `lab` of the test's folder.
pub(crate) struct Served {
    bench: Bench,
    pub(crate) lab: Peer,
}

/// How the lab is started; its files go to `lab` of `folder`.
pub(crate) fn launch(folder: &Path, options: &[&str]) -> Launch {
    let mut words = vec!["lab".to_owned(), "--dir".to_owned(), folder.join("lab").display().to_string()];
    words.extend(options.iter().map(|&option| option.to_owned()));
    Launch::new("lab", Path::new(env!("CARGO_BIN_EXE_mtvtest")), words).ready_when_logged(SERVES)
}

impl Served {
    /// Serves the built-in world on free ports.
    pub(crate) async fn start(bench: &Bench) -> Self {
        Self::with(bench, &[]).await
    }

    /// Serves with further options.
    pub(crate) async fn with(bench: &Bench, options: &[&str]) -> Self {
        Self::of(bench, bench.start(launch(bench.folder(), options)).await)
    }

    /// A lab that [`launch`] started.
    pub(crate) fn of(bench: &Bench, lab: Peer) -> Self {
        Self { bench: bench.clone(), lab }
    }

    /// A file of the test's folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.bench.folder().join(name)
    }

    /// Writes a file of the test's folder, which is where clients run.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.file(name), text).unwrap();
    }

    /// What the lab said about where something is (`kubernetes`, `vsphere-8`): a URL.
    pub(crate) fn url(&self, label: &str) -> String {
        let log = self.lab.log();
        let line = log.lines().find_map(|line| line.strip_prefix(label));
        line.unwrap_or_else(|| panic!("no {label} in {log}")).trim().to_owned()
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // Caches and configuration of the user must not reach the test, nor the test's them.
        command.current_dir(self.bench.folder()).env("HOME", self.bench.folder());
        command.env("KUBECONFIG", self.file("lab/kubeconfig")).kill_on_drop(true);
        command
    }

    /// Calls kubectl with the words of a line; single quotes keep spaces together.
    pub(crate) async fn kubectl(&self, line: &str) -> Said {
        self.kubectl_as(line, &[]).await
    }

    /// As [`Self::kubectl`], with variables of the environment.
    pub(crate) async fn kubectl_as(&self, line: &str, environment: &[(&str, &str)]) -> Said {
        let mut command = self.command(&Part::Kubectl.path());
        command.args(words(line)).envs(environment.iter().copied());
        said(format!("kubectl {line}"), command, "").await
    }

    /// As [`Self::kubectl`], with `-f -` reading this text.
    pub(crate) async fn kubectl_of(&self, line: &str, input: &str) -> Said {
        let mut command = self.command(&Part::Kubectl.path());
        command.args(words(line)).args(["-f", "-"]);
        said(format!("kubectl {line} -f -"), command, input).await
    }

    /// Calls kubectl until it writes exactly this.
    pub(crate) async fn until(&self, line: &str, wanted: &str) {
        let deadline = Deadline::after(Duration::from_secs(60), &CancellationToken::new());
        let what = format!("{wanted:?} from kubectl {line}");
        let seen = poll(&what, &deadline, Duration::from_millis(200), || async {
            let said = self.kubectl(line).await;
            if said.out.trim_end() == wanted { Seen::Met(()) } else { Seen::Pending(said.to_string()) }
        });
        seen.await.unwrap_or_else(|why| panic!("{why}"));
    }

    /// kubectl with `line`, which goes on until the test ends; ready when it has written `ready`.
    pub(crate) async fn watching(&self, name: &'static str, line: &str, ready: &'static str) -> Peer {
        let launch = Launch::new(name, &Part::Kubectl.path(), words(line))
            .env("HOME", self.bench.folder())
            .env("KUBECONFIG", self.file("lab/kubeconfig"))
            .ready_when_logged(ready);
        self.bench.start(launch).await
    }

    /// Runs a script of this folder in Python; it must succeed, and have done a step.
    pub(crate) async fn python(&self, script: &str, arguments: &[&str]) {
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/clients");
        let mut command = self.command(&Part::Python.path());
        // Nothing is to be written beside the scripts.
        command.env("PYTHONDONTWRITEBYTECODE", "1").arg("-u").arg(scripts.join(script)).args(arguments);
        let steps = said(format!("python {script} {}", arguments.join(" ")), command, "").await.done();
        assert!(steps.lines().any(|line| line.starts_with("ok: ")), "{script} did nothing: {steps}");
    }
}

/// Why the installed kubectl cannot do what its minor version `needed` can, if it cannot.
pub(crate) fn older_than(needed: u32) -> Option<String> {
    let version = std::process::Command::new(Part::Kubectl.path())
        .args(["version", "--client", "--output=json"])
        .env_remove("KUBECONFIG")
        .output()
        .unwrap();
    let version: serde_json::Value = serde_json::from_slice(&version.stdout).unwrap();
    let minor = version["clientVersion"]["minor"].as_str().unwrap().trim_end_matches('+').to_owned();
    let minor: u32 = minor.parse().unwrap();
    (minor < needed).then(|| format!("needs kubectl 1.{needed}, and this is 1.{minor}"))
}

/// Waits until a peer has written a text.
pub(crate) async fn written(peer: &Peer, text: &str) {
    let deadline = Deadline::after(Duration::from_secs(30), &CancellationToken::new());
    let what = format!("{text:?} to be written");
    let seen = poll(&what, &deadline, Duration::from_millis(100), || {
        let log = peer.log();
        std::future::ready(if log.contains(text) { Seen::Met(()) } else { Seen::Pending(log) })
    });
    seen.await.unwrap_or_else(|why| panic!("{why}"));
}

/// What a client said and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    line: String,
    code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// What it wrote; it must have succeeded.
    pub(crate) fn done(self) -> String {
        assert_eq!(self.code, Some(0), "{self}");
        self.out
    }

    /// It must have succeeded and written each of these.
    pub(crate) fn shows(self, wanted: &[&str]) -> String {
        for text in wanted {
            assert!(self.out.contains(text), "no {text:?} in what follows\n{self}");
        }
        self.done()
    }

    /// It must have succeeded and written exactly this, but for the last line's end.
    pub(crate) fn is(self, wanted: &str) {
        assert_eq!(self.out.trim_end_matches('\n'), wanted, "{self}");
        self.done();
    }

    /// It must have ended with this code and said this on its way.
    pub(crate) fn fails(self, code: i32, why: &str) {
        assert_eq!(self.code, Some(code), "{self}");
        assert!(self.out.contains(why) || self.err.contains(why), "no {why:?} in what follows\n{self}");
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "$ {}\nexit code {:?}\n{}\n{}", self.line, self.code, self.out, self.err)
    }
}

async fn said(line: String, mut command: Command, input: &str) -> Said {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|why| panic!("{line}: {why}"));
    let mut stdin = child.stdin.take().unwrap();
    // A client that does not read its input is judged by what it says.
    stdin.write_all(input.as_bytes()).await.ok();
    drop(stdin);
    let ended = child.wait_with_output().await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said { line, code: ended.status.code(), out: text(ended.stdout), err: text(ended.stderr) }
}

/// The words of a line, as a shell would take them; nothing but spaces and single quotes means anything.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut begun = false;
    for (index, piece) in line.split('\'').enumerate() {
        let quoted = index % 2 == 1;
        for letter in piece.chars() {
            if letter == ' ' && !quoted {
                if begun {
                    words.push(String::new());
                }
                begun = false;
            } else if let Some(word) = words.last_mut() {
                word.push(letter);
                begun = true;
            }
        }
        begun |= quoted;
    }
    if !begun {
        words.pop();
    }
    words
}
