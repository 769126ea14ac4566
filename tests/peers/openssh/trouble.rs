//! Servers that are gone, silent, full, or no SSH servers at all.

use super::server::{LIMIT, LIMITS, NEEDS, PASSWORD, Server, made, output, password, target, until};
use crate::bench::Bench;
use crate::peer::Peer;
use crate::trial::trial;
use libtest_mimic::Trial;
use mtvtest::facts::chain;
use mtvtest::guest::ssh::{Connection, Limits, SshError};
use mtvtest::wait::{Deadline, Seen, poll};
use std::future::ready;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("openssh::a_session_that_dies_in_mid_command_is_no_exit", NEEDS, session_dies),
        trial("openssh::a_server_that_dies_in_mid_command_is_no_exit", NEEDS, server_dies),
        trial("openssh::a_server_that_hangs_in_mid_command_is_noticed", NEEDS, server_hangs),
        trial("openssh::a_restarted_server_is_not_yet_then_there", NEEDS, restarted),
        trial("openssh::a_full_server_is_not_yet", NEEDS, full),
        trial("openssh::the_end_of_a_connection_reaches_the_server", NEEDS, ends),
        trial("openssh::a_stream_that_is_no_socket_carries_it", NEEDS, any_stream),
        trial("openssh::a_silent_peer_is_left_at_the_limit", &[], silent),
        trial("openssh::a_peer_that_only_greets_is_left_at_the_limit", &[], greets),
        trial("openssh::a_peer_that_hangs_up_is_not_yet", &[], hangs_up),
        trial("openssh::what_is_no_ssh_server_is_named", &[], no_ssh),
    ]
}

async fn session_dies(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "").await;
    let connection = server.connection().await;
    // More than all buffers on the way hold, so that some of it was read.
    let why = connection.run("head -c 9000000 /dev/zero; kill -KILL $PPID; sleep 1000", &LIMITS).await.unwrap_err();
    assert!(matches!(why, SshError::CutOff { read: 1.., .. }), "{why:?}");
    assert!(!why.transient());
    let text = chain(&why);
    assert!(
        text.starts_with("ssh to tester@guest: `head -c 9000000 /dev/zero; kill -KILL $PPID; sleep 1000` was cut off")
    );
    // Closed or reset, as the kernel likes.
    assert!(text.contains(" bytes of output, its outcome is unknown: connection lost: "), "{text}");
    assert_eq!(output(&server.connection().await, "echo on").await, "on\n");
}

async fn server_dies(bench: Bench) {
    let server = Server::new(&bench, "");
    let peer = Peer::start(server.launch(), bench.folder()).await.unwrap();
    let connection = server.connection().await;
    let file = server.file("open").join("begun");
    let command = format!("touch {}; sleep 1000", file.display());
    let kill = async {
        made(&file).await;
        peer.kill().await;
    };
    let (ended, ()) = tokio::join!(connection.run(&command, &LIMITS), kill);
    let why = ended.unwrap_err();
    assert!(matches!(why, SshError::CutOff { read: 0, .. }), "{why:?}");
    connection.closed().await;
    assert!(connection.is_closed());
    let why = connection.run("true", &LIMITS).await.unwrap_err();
    assert!(matches!(why, SshError::NotStarted { .. }), "{why:?}");
    assert!(chain(&why).starts_with("ssh to tester@guest: `true` was not started: connection lost: "), "{why}");
}

/// The clock is stopped once the server is, and so jumps from one keepalive to the next.
async fn server_hangs(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "").await;
    let connection = server.connection().await;
    let file = server.file("open").join("stopped");
    let command = format!("kill -STOP $PPID; touch {}; sleep 1000", file.display());
    let limits = Limits { time: Duration::from_secs(150), output_bytes: 0 };
    let stop_clock = async {
        made(&file).await;
        tokio::time::pause();
    };
    let (ended, ()) = tokio::join!(connection.run(&command, &limits), stop_clock);
    let why = ended.unwrap_err();
    assert!(chain(&why).ends_with("connection lost: the server does not answer any more"), "{why}");
    assert_eq!(connection.closed().await, "the server does not answer any more");
}

async fn restarted(bench: Bench) {
    let server = Server::new(&bench, "");
    let first = Peer::start(server.launch(), bench.folder()).await.unwrap();
    let before = server.connection().await;
    first.kill().await;
    before.closed().await;
    let why = server.open(&target(password(PASSWORD))).await.err().unwrap();
    assert!(why.transient(), "{why:?}");
    assert!(chain(&why).starts_with("ssh to tester@guest: not connected; is the guest up"), "{why}");
    bench.start(server.launch()).await;
    assert_eq!(output(&server.connection().await, "echo back").await, "back\n");
}

async fn full(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "MaxStartups 1").await;
    let mut idle = server.dial().await.unwrap();
    let mut greeting = [0; 4];
    idle.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"SSH-");
    let why = server.open(&target(password(PASSWORD))).await.err().unwrap();
    assert!(why.transient(), "{why:?}");
    assert_eq!(chain(&why), "ssh to tester@guest: the server takes no connection now: \"Exceeded MaxStartups\"");
    drop(idle);
    // As a caller waits for a guest that boots.
    let deadline = Deadline::after(LIMIT, &CancellationToken::new());
    let opened = poll("a login", &deadline, Duration::from_millis(200), async || {
        match server.open(&target(password(PASSWORD))).await {
            Ok(connection) => Seen::Met(connection),
            Err(why) if why.transient() => Seen::Pending(chain(&why)),
            Err(why) => Seen::Hopeless(chain(&why)),
        }
    });
    let connection = opened.await.unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(output(&connection, "echo in").await, "in\n");
}

async fn ends(bench: Bench) {
    let (server, peer) = Server::start(&bench, "").await;
    let connection = server.connection().await;
    assert!(!connection.is_closed());
    connection.close().await;
    until(|| peer.log().contains(":11: done")).await;
    let dropped = server.connection().await;
    drop(dropped);
    until(|| peer.log().contains("Connection closed by 127.0.0.1")).await;
}

/// As a port-forward hands it over: bytes without an address, in small pieces.
async fn any_stream(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "").await;
    let (near, mut far) = duplex(100);
    let mut socket = server.dial().await.unwrap();
    let carry = copy_bidirectional(&mut far, &mut socket);
    let speak = async {
        let connection = Connection::open(ready(Ok(near)), &target(password(PASSWORD)), LIMIT).await.unwrap();
        assert_eq!(output(&connection, "seq 1 20000 | tail -n 1").await, "20000\n");
        let all = connection.run("seq 1 20000", &LIMITS).await.unwrap();
        assert_eq!(all.stdout.text().lines().count(), 20000);
        connection.close().await;
    };
    let (carried, ()) = tokio::join!(carry, speak);
    carried.unwrap();
}

/// Both ends of a connection to a peer that does what the test does.
async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (near, listener.accept().await.unwrap().0)
}

/// Opens on a stopped clock, which jumps to the limit when nothing else can happen.
async fn fails(near: TcpStream) -> SshError {
    tokio::time::pause();
    let opened = Connection::open(ready(Ok(near)), &target(password(PASSWORD)), LIMIT).await;
    tokio::time::resume();
    opened.err().unwrap()
}

async fn silent(_bench: Bench) {
    let (near, mut far) = pair().await;
    let why = fails(near).await;
    assert!(why.transient(), "{why:?}");
    assert_eq!(
        chain(&why),
        "ssh to tester@guest: no answer within 60s, in waiting for the server's greeting; is the guest up, and does its \
         SSH server run?"
    );
    let mut heard = String::new();
    far.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("SSH-2.0-mtvtest_"), "{heard}");
}

async fn greets(_bench: Bench) {
    let (near, mut far) = pair().await;
    far.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await.unwrap();
    let why = fails(near).await;
    assert!(why.transient(), "{why:?}");
    assert!(chain(&why).contains("no answer within 60s, in the key exchange"), "{why}");
    // The protocol's task must not hold the stream for ever.
    far.read_to_end(&mut Vec::new()).await.unwrap();
}

async fn hangs_up(_bench: Bench) {
    for greeting in ["", "SSH-2.0-OpenSSH_9.2\r\n"] {
        let (near, mut far) = pair().await;
        far.write_all(greeting.as_bytes()).await.unwrap();
        far.shutdown().await.unwrap();
        let why = fails(near).await;
        assert!(matches!(why, SshError::Lost { .. }), "{greeting:?}: {why:?}");
        assert!(why.transient());
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let opened = Connection::open(TcpStream::connect(address), &target(password(PASSWORD)), LIMIT).await;
    let why = opened.err().unwrap();
    assert!(matches!(why, SshError::Unreachable { .. }) && why.transient(), "{why:?}");
}

async fn no_ssh(_bench: Bench) {
    let long = format!("{}\r\n", "x".repeat(400));
    let peers = [
        ("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", true, "HTTP/1.1 400 Bad Request"),
        ("220 mail ready\r\n", false, "220 mail ready"),
        (long.as_str(), false, &long[..80]),
    ];
    for (says, hangs_up, shown) in peers {
        let (near, mut far) = pair().await;
        far.write_all(says.as_bytes()).await.unwrap();
        if hangs_up {
            far.shutdown().await.unwrap();
        }
        let why = fails(near).await;
        assert!(!why.transient(), "{why:?}");
        let expected = format!("ssh to tester@guest: no SSH server; it said {shown:?}; check the guest's SSH port");
        assert_eq!(chain(&why), expected);
    }
}
