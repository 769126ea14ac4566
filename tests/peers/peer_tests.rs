//! What peers do wrong, with a shell as the peer: each fault fails its test in time, with the peer's own words.

use super::{Launch, Peer};
use crate::bench::Bench;
use crate::part::on_path;
use crate::trial::{judge, trial};
use libtest_mimic::Trial;
use std::future::pending;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("peer::one_that_does_not_start_fails_with_its_log", &[], does_not_start),
        trial("peer::one_that_is_never_ready_fails_within_its_limit", &[], never_ready),
        Trial::test("peer::one_that_dies_in_mid_test_fails_it", || dies_in_mid_test().map_err(Into::into)),
        Trial::test("peer::a_test_that_hangs_fails_with_the_log", || hangs().map_err(Into::into)),
        trial("peer::what_a_peer_started_ends_with_it", &[], ends_with_its_children),
        trial("peer::what_a_killed_test_started_ends", &[], ends_with_its_parent),
    ]
}

fn shell(script: &str) -> Launch {
    Launch::new("shell", &on_path("sh").unwrap(), ["-c", script])
}

async fn does_not_start(bench: Bench) {
    let launch = shell("echo cannot bind >&2; exit 3").ready_when_logged("listening");
    let why = Peer::start(launch, bench.folder()).await.err().unwrap();
    assert!(why.starts_with("shell to be ready: it ended: exit status: 3"), "{why}");
    assert!(why.contains("cannot bind"), "{why}");
    let absent = Launch::new("absent", Path::new("/nowhere/absent"), [""; 0]).ready_when_logged("never said");
    let why = Peer::start(absent, bench.folder()).await.err().unwrap();
    assert!(why.contains("/nowhere/absent"), "{why}");
}

async fn never_ready(bench: Bench) {
    let launch =
        shell("echo still loading; sleep 1000").ready_when_logged("listening").within(Duration::from_millis(500));
    let why = Peer::start(launch, bench.folder()).await.err().unwrap();
    assert!(why.starts_with("shell to be ready: not within 500ms"), "{why}");
    assert!(why.contains("still loading"), "{why}");
}

fn dies_in_mid_test() -> Result<(), String> {
    let why = judge(Duration::from_secs(60), async |bench: Bench| {
        let peer = bench.start(shell("echo up; sleep 1000").ready_when_logged("up")).await;
        peer.signal("TERM");
        pending::<()>().await;
    });
    expect(&why, &["shell ended in the middle of the test: signal: 15", "\n  up\n"])
}

fn hangs() -> Result<(), String> {
    let why = judge(Duration::from_secs(1), async |bench: Bench| {
        let _peer = bench.start(shell("echo up; sleep 1000").ready_when_logged("up")).await;
        pending::<()>().await;
    });
    expect(&why, &["not done within 1 s", "\n  up\n"])
}

fn expect(ended: &Result<(), String>, parts: &[&str]) -> Result<(), String> {
    let why = ended.as_ref().err().ok_or("the test passed")?;
    if parts.iter().all(|part| why.contains(part)) { Ok(()) } else { Err(format!("{parts:?} not in {why}")) }
}

async fn ends_with_its_children(bench: Bench) {
    let peer = Peer::start(shell("sleep 1000 & echo child $!; wait").ready_when_logged("child"), bench.folder());
    let peer = peer.await.unwrap();
    let child = child_of(&peer);
    assert!(lives(&child));
    peer.kill().await;
    gone(&child).await;
}

/// A test process that is killed cannot end anything itself: this program, as another process that holds a peer.
async fn ends_with_its_parent(bench: Bench) {
    let program = std::env::current_exe().unwrap();
    let holder = Launch::new("holder", &program, [""; 0]).env(HOLD, bench.folder()).ready_when_logged("child ");
    let peer = Peer::start(holder, bench.folder()).await.unwrap();
    let child = child_of(&peer);
    assert!(lives(&child));
    peer.signal_leader("KILL");
    gone(&child).await;
}

/// Set in the environment of a process that is to hold a peer: the peer's folder.
pub(crate) const HOLD: &str = "MTVTEST_HOLD_A_PEER";

/// Starts a peer, says its process, and waits to be killed.
pub(crate) fn hold(folder: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let peer = Peer::start(shell("echo up; exec sleep 1000").ready_when_logged("up"), folder).await.unwrap();
        let line = format!("child {}\n", peer.process());
        std::io::stdout().write_all(line.as_bytes()).unwrap();
        pending::<()>().await;
    });
}

fn child_of(peer: &Peer) -> String {
    peer.log().trim().strip_prefix("child ").unwrap().to_owned()
}

fn lives(process: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    !status.is_empty() && !status.contains("State:\tZ")
}

async fn gone(process: &str) {
    while lives(process) {
        mtvtest::wait::pause(Duration::from_millis(5)).await;
    }
}
