//! Commands: how they end, what they say, what bounds them.

use super::server::{LIMIT, LIMITS, NEEDS, Server, made, output, target_as};
use crate::bench::Bench;
use crate::trial::trial;
use futures::future::join_all;
use libtest_mimic::Trial;
use mtvtest::facts::chain;
use mtvtest::guest::ssh::{Connection, Exit, Limits, SshError};
use std::path::Path;
use std::time::Duration;

/// For commands that do not end.
const SHORT: Limits = Limits { time: Duration::from_secs(1), output_bytes: 1 << 20 };

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("openssh::a_command_ends_with_its_status_or_signal", NEEDS, exits),
        trial("openssh::stdout_and_stderr_are_kept_apart", NEEDS, apart),
        trial("openssh::binary_output_is_intact", NEEDS, binary),
        trial("openssh::large_output_is_intact", NEEDS, async |bench| large(bench, "", 32).await),
        trial("openssh::output_is_intact_while_keys_are_renewed", NEEDS, async |bench| {
            large(bench, "RekeyLimit 1M", 8).await;
        }),
        trial("openssh::output_over_its_limit_is_counted_and_the_status_kept", NEEDS, over_limit),
        trial("openssh::a_late_command_is_killed_and_frees_its_session", NEEDS, late),
        trial("openssh::a_late_command_of_root_is_left_and_said_so", NEEDS, late_root),
        trial("openssh::an_abandoned_command_is_killed", NEEDS, abandoned),
        trial("openssh::a_background_child_does_not_hold_a_command", NEEDS, background),
        trial("openssh::many_commands_share_a_connection", NEEDS, parallel),
        trial("openssh::a_server_of_one_session_gets_one_command_at_a_time", NEEDS, one_session),
        trial("openssh::a_server_that_opens_no_session_is_told", NEEDS, no_session),
    ]
}

async fn exits(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "").await;
    let connection = server.connection().await;
    let cases = [
        ("true", Exit::Status(0)),
        ("exit 3", Exit::Status(3)),
        ("exit 255", Exit::Status(255)),
        ("/no/such/program", Exit::Status(127)),
        ("kill -TERM $$", Exit::Signal("TERM".to_owned())),
        ("kill -KILL $$", Exit::Signal("KILL".to_owned())),
    ];
    for (command, expected) in cases {
        let ended = connection.run(command, &LIMITS).await.unwrap();
        assert_eq!(ended.exit, expected, "{command}");
        assert!(!ended.held_open, "{command}");
    }
}

async fn apart(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "").await;
    let ended = server.connection().await.run("echo out; echo err >&2; echo more; exit 1", &LIMITS).await.unwrap();
    assert_eq!((ended.stdout.text(), ended.stderr.text()), ("out\nmore\n".into(), "err\n".into()));
    assert_eq!(ended.exit, Exit::Status(1));
}

async fn binary(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "").await;
    let bytes: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    std::fs::write(server.file("bytes"), &bytes).unwrap();
    let command = format!("cat {}", server.file("bytes").display());
    let ended = server.connection().await.run(&command, &LIMITS).await.unwrap();
    assert_eq!(ended.stdout.bytes, bytes);
    assert!(!ended.stdout.truncated());
}

async fn large(bench: Bench, settings: &str, mebibytes: usize) {
    let (server, _peer) = Server::start(&bench, settings).await;
    let mut bytes = vec![0; mebibytes << 20];
    fastrand::Rng::with_seed(1).fill(&mut bytes);
    std::fs::write(server.file("bytes"), &bytes).unwrap();
    let limits = Limits { time: LIMIT, output_bytes: bytes.len() };
    let command = format!("cat {}", server.file("bytes").display());
    let ended = server.connection().await.run(&command, &limits).await.unwrap();
    assert_eq!(ended.exit, Exit::Status(0));
    assert_eq!(ended.stdout.total, bytes.len() as u64);
    assert!(!ended.stdout.truncated());
    assert!(ended.stdout.bytes == bytes, "the output differs");
}

async fn over_limit(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "").await;
    let connection = server.connection().await;
    let limits = Limits { time: LIMIT, output_bytes: 10 };
    let ended = connection.run("head -c 5000000 /dev/zero; echo 12345678901 >&2; exit 4", &limits).await.unwrap();
    assert_eq!(ended.exit, Exit::Status(4));
    assert!(ended.stdout.truncated() && ended.stderr.truncated());
    assert_eq!((ended.stdout.bytes.len(), ended.stdout.total), (10, 5_000_000));
    assert_eq!((ended.stderr.text().as_ref(), ended.stderr.total), ("1234567890", 12));
}

/// A command that tells its process id and does not end.
fn endless(file: &Path) -> String {
    format!("echo $$ > {0}.part; mv {0}.part {0}; echo begun; sleep 1000", file.display())
}

/// Whether the process whose id a command told is still there, asked in the guest.
async fn lives(connection: &Connection, file: &Path) -> bool {
    let asked = connection.run(&format!("kill -0 $(cat {})", file.display()), &LIMITS).await.unwrap();
    asked.exit == Exit::Status(0)
}

async fn late(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "MaxSessions 1").await;
    let connection = server.connection().await;
    for round in ["a", "b"] {
        let file = server.file("open").join(round);
        let why = connection.run(&endless(&file), &SHORT).await.unwrap_err();
        assert!(matches!(why, SshError::TimedOut { stopped: true, read: 6, .. }), "{why:?}");
        assert!(chain(&why).ends_with("did not end within 1s (6 bytes of output); it was killed"), "{why}");
        assert!(!lives(&connection, &file).await);
    }
}

/// OpenSSH signals nothing that runs as root.
async fn late_root(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "PermitRootLogin yes").await;
    let root = target_as("root", server.make_login_key(&["-t", "ed25519"]));
    let connection = server.open(&root).await.unwrap();
    let file = server.file("open").join("root");
    let why = connection.run(&endless(&file), &SHORT).await.unwrap_err();
    assert!(matches!(why, SshError::TimedOut { stopped: false, .. }), "{why:?}");
    assert!(chain(&why).ends_with("it may still run in the guest"), "{why}");
    assert!(lives(&connection, &file).await);
}

async fn abandoned(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "MaxSessions 2").await;
    let connection = server.connection().await;
    let file = server.file("open").join("abandoned");
    let command = endless(&file);
    tokio::select! {
        ended = connection.run(&command, &LIMITS) => panic!("{ended:?}"),
        () = made(&file) => {}
    }
    while lives(&connection, &file).await {}
}

async fn background(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "").await;
    let connection = server.connection().await;
    // Longer than a test may take.
    let limits = Limits { time: Duration::from_secs(1000), ..LIMITS };
    let ended = connection.run("sleep 1000 & echo done; exit 5", &limits).await.unwrap();
    assert_eq!((ended.exit, ended.stdout.text().as_ref()), (Exit::Status(5), "done\n"));
    assert!(ended.held_open);
    let detached = connection.run("sleep 1000 >/dev/null 2>&1 & echo done", &LIMITS).await.unwrap();
    assert!(!detached.held_open);
    assert_eq!(output(&connection, "echo on").await, "on\n");
}

/// More than OpenSSH's ten sessions a connection.
async fn parallel(bench: Bench) {
    let (server, peer) = Server::start(&bench, "").await;
    let connection = server.connection().await;
    let commands = (0..40).map(|number| {
        let connection = &connection;
        async move {
            let command = format!("seq 1 {}; exit {number}", number * 1000);
            let ended = connection.run(&command, &LIMITS).await.unwrap();
            assert_eq!(ended.exit, Exit::Status(number));
            let lines: Vec<String> = ended.stdout.text().lines().map(str::to_owned).collect();
            assert_eq!(lines.len(), number as usize * 1000);
            assert!(lines.last().is_none_or(|last| *last == (number * 1000).to_string()));
        }
    });
    join_all(commands).await;
    assert_eq!(peer.log().matches("Accepted ").count(), 1, "{}", peer.log());
}

async fn one_session(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "MaxSessions 1").await;
    let connection = server.connection().await;
    // Each fails if another one runs.
    let folder = server.file("open").join("alone").display().to_string();
    let command = format!("mkdir {folder} && sleep 0.2 && rmdir {folder}");
    join_all((0..6).map(|_| output(&connection, &command))).await;
}

async fn no_session(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "MaxSessions 0").await;
    let why = server.connection().await.run("true", &LIMITS).await.unwrap_err();
    assert!(matches!(why, SshError::NotStarted { .. }), "{why:?}");
    assert!(
        chain(&why).starts_with("ssh to tester@guest: `true` was not started: the server opens no further session")
    );
}
