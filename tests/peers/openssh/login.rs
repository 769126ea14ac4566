//! Who is let in, by what, and with how many attempts.

use super::server::{LIMIT, NEEDS, PASSWORD, Server, USER, output, password, target, target_as, until};
use crate::bench::Bench;
use crate::peer::Peer;
use crate::trial::trial;
use libtest_mimic::Trial;
use mtvtest::config::Secret;
use mtvtest::facts::chain;
use mtvtest::guest::ssh::{Connection, Method, SshError};
use std::io;
use tokio::net::TcpStream;

/// Servers that take passwords by one way only, or by both.
const BY_PASSWORD: &str = "PasswordAuthentication yes\nKbdInteractiveAuthentication no";
const BY_KEYBOARD: &str = "PasswordAuthentication no\nKbdInteractiveAuthentication yes";
const BY_BOTH: &str = "PasswordAuthentication yes\nKbdInteractiveAuthentication yes";
const BY_KEY: &str = "PasswordAuthentication no\nKbdInteractiveAuthentication no";

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("openssh::a_password_logs_in_by_password", NEEDS, by_password),
        trial("openssh::a_password_logs_in_by_keyboard_interactive", NEEDS, by_keyboard),
        trial("openssh::a_wrong_password_is_offered_once", NEEDS, wrong_password),
        trial("openssh::a_wrong_password_is_offered_once_by_keyboard_interactive", NEEDS, wrong_by_keyboard),
        trial("openssh::an_expired_password_is_told_once", NEEDS, expired),
        trial("openssh::an_unknown_user_is_refused", NEEDS, unknown_user),
        trial("openssh::too_many_failures_are_a_refusal", NEEDS, too_many_failures),
        trial("openssh::a_password_is_not_sent_to_a_server_that_takes_none", NEEDS, no_passwords),
        trial("openssh::a_server_that_wants_a_second_proof_refuses", NEEDS, second_proof),
        trial("openssh::keys_of_each_kind_log_in", NEEDS, keys),
        trial("openssh::an_rsa_key_signs_with_sha2", NEEDS, rsa_hash),
        trial("openssh::a_key_that_is_not_authorised_is_refused", NEEDS, unauthorised),
        trial("openssh::a_key_that_cannot_be_read_ends_before_dialling", NEEDS, unreadable),
        trial("openssh::a_guest_that_still_boots_is_not_yet", NEEDS, still_boots),
    ]
}

/// Counts lines of the log once the server has seen the last connection end.
async fn attempts(peer: &Peer, words: &str) -> usize {
    until(|| peer.log().contains("Connection closed by") || peer.log().contains("Disconnect")).await;
    peer.log().lines().filter(|line| line.contains(words)).count()
}

async fn by_password(bench: Bench) {
    let (server, peer) = Server::start(&bench, BY_PASSWORD).await;
    let connection = server.connection().await;
    assert_eq!(output(&connection, "id -un").await, format!("{USER}\n"));
    assert!(peer.log().contains("Accepted password for tester"), "{}", peer.log());
}

async fn by_keyboard(bench: Bench) {
    let (server, peer) = Server::start(&bench, BY_KEYBOARD).await;
    let connection = server.connection().await;
    assert_eq!(output(&connection, "id -un").await, format!("{USER}\n"));
    assert!(peer.log().contains("Accepted keyboard-interactive/pam for tester"), "{}", peer.log());
}

async fn wrong_password(bench: Bench) {
    let (server, peer) = Server::start(&bench, BY_BOTH).await;
    let wrong = target(password("hunter2-secret"));
    let why = server.open(&wrong).await.err().unwrap();
    assert!(!why.transient());
    assert_eq!(
        chain(&why),
        "ssh to tester@guest: login refused: the password (by method password); check the guest's user name and \
         credentials"
    );
    assert_eq!(attempts(&peer, "Failed ").await, 1, "{}", peer.log());
    assert!(peer.log().contains("Failed password for tester"), "{}", peer.log());
    let shown = format!("{wrong:?} {why:?}");
    assert!(!shown.contains("hunter2-secret"), "{shown}");
}

async fn wrong_by_keyboard(bench: Bench) {
    let (server, peer) = Server::start(&bench, BY_KEYBOARD).await;
    let why = server.open(&target(password("wrong"))).await.err().unwrap();
    assert!(!why.transient());
    assert_eq!(
        chain(&why),
        "ssh to tester@guest: login refused: the password (by method keyboard-interactive); check the guest's user name \
         and credentials"
    );
    assert_eq!(attempts(&peer, "Failed ").await, 1, "{}", peer.log());
}

/// The server asks for the old password again, or for a new one; neither may get the password that it was told.
async fn expired(bench: Bench) {
    let server = Server::new(&bench, BY_KEYBOARD);
    let shadow = std::fs::read_to_string(server.file("etc/shadow")).unwrap();
    server.write("etc/shadow", &shadow.replace(":19000:", ":0:"));
    let pam = std::fs::read_to_string(server.file("etc/pam.d/sshd")).unwrap();
    server.write("etc/pam.d/sshd", &pam.replace("pam_deny.so", "pam_unix.so"));
    bench.start(server.launch()).await;
    let why = server.open(&target(password(PASSWORD))).await.err().unwrap();
    assert!(!why.transient());
    assert_eq!(
        chain(&why),
        "ssh to tester@guest: login refused: the server asks \"You are required to change your password immediately \
         (administrator enforced). Changing password for tester. Current password:\", after the password was given; check \
         the guest's user name and credentials"
    );
}

async fn unknown_user(bench: Bench) {
    let (server, peer) = Server::start(&bench, BY_BOTH).await;
    let stranger = target_as("stranger", password(PASSWORD));
    let why = server.open(&stranger).await.err().unwrap();
    assert!(!why.transient());
    assert!(
        chain(&why).starts_with("ssh to stranger@guest: login refused: the password (by method password);"),
        "{why}"
    );
    assert_eq!(attempts(&peer, "Failed password for invalid user stranger").await, 1, "{}", peer.log());
}

/// Such a server breaks the connection off instead of saying that it refused, which must not look like a bad line.
async fn too_many_failures(bench: Bench) {
    let (server, _peer) = Server::start(&bench, &format!("{BY_PASSWORD}\nMaxAuthTries 1")).await;
    let why = server.open(&target(password("wrong"))).await.err().unwrap();
    assert!(matches!(why, SshError::Refused { .. }), "{why:?}");
    assert!(!why.transient());
    assert!(chain(&why).contains("Too many authentication failures"), "{why}");
}

async fn no_passwords(bench: Bench) {
    let (server, peer) = Server::start(&bench, BY_KEY).await;
    let why = server.open(&target(password(PASSWORD))).await.err().unwrap();
    assert!(!why.transient());
    assert!(chain(&why).contains("login refused: the server takes no passwords, only publickey;"), "{why}");
    assert_eq!(attempts(&peer, "Failed password").await, 0, "{}", peer.log());
}

async fn second_proof(bench: Bench) {
    let settings = format!("{BY_PASSWORD}\nAuthenticationMethods publickey,password");
    let (server, _peer) = Server::start(&bench, &settings).await;
    let key = server.make_login_key(&["-t", "ed25519"]);
    let why = server.open(&target(key)).await.err().unwrap();
    assert!(!why.transient());
    assert!(chain(&why).contains("is not enough, the server also wants password;"), "{why}");
}

async fn keys(bench: Bench) {
    let (server, peer) = Server::start(&bench, BY_KEY).await;
    let kinds: [(&[&str], Option<&str>); 8] = [
        (&["-t", "ed25519"], None),
        (&["-t", "rsa", "-b", "2048"], None),
        (&["-t", "rsa", "-b", "2048", "-m", "PEM"], None),
        (&["-t", "rsa", "-b", "2048", "-m", "PKCS8"], None),
        (&["-t", "ecdsa", "-b", "256"], None),
        (&["-t", "ecdsa", "-b", "384"], None),
        (&["-t", "ecdsa", "-b", "521"], None),
        (&["-t", "ed25519", "-a", "1", "-N", "pass phrase"], Some("pass phrase")),
    ];
    for (arguments, passphrase) in kinds {
        server.make_login_key(arguments);
        let opened = server.open(&target(server.key("login", passphrase))).await;
        let connection = opened.unwrap_or_else(|why| panic!("{arguments:?}: {}", chain(&why)));
        assert_eq!(output(&connection, "id -un").await, format!("{USER}\n"), "{arguments:?}");
    }
    assert_eq!(peer.log().matches("Accepted publickey for tester").count(), kinds.len(), "{}", peer.log());
}

async fn rsa_hash(bench: Bench) {
    let (server, _peer) = Server::start(&bench, &format!("{BY_KEY}\nPubkeyAcceptedAlgorithms rsa-sha2-512")).await;
    let key = server.make_login_key(&["-t", "rsa", "-b", "2048"]);
    let connection = server.open(&target(key)).await.unwrap();
    assert_eq!(output(&connection, "id -un").await, format!("{USER}\n"));
}

async fn unauthorised(bench: Bench) {
    let (server, _peer) = Server::start(&bench, BY_BOTH).await;
    server.make_login_key(&["-t", "ed25519"]);
    server.make_key("other", &["-t", "ed25519"]);
    let why = server.open(&target(server.key("other", None))).await.err().unwrap();
    assert!(!why.transient());
    assert!(chain(&why).starts_with("ssh to tester@guest: login refused: the key SHA256:"), "{why}");
}

async fn unreadable(bench: Bench) {
    let server = Server::new(&bench, BY_KEY);
    server.make_key("login", &["-t", "ed25519", "-a", "1", "-N", "pass phrase"]);
    let garbage = Method::Key { private_key: Secret::new("secret garbage"), passphrase: None };
    let cases = [
        (server.key("login", None), "it is encrypted; give its passphrase"),
        (server.key("login", Some("wrong")), "wrong passphrase, or not the whole text of a private key"),
        (garbage, "Could not read key; give the whole text of an OpenSSH or PEM private key"),
    ];
    for (method, reason) in cases {
        let dial = async || -> io::Result<TcpStream> { panic!("dialled") };
        let why = Connection::open(dial(), &target(method), LIMIT).await.err().unwrap();
        assert!(!why.transient());
        assert_eq!(chain(&why), format!("ssh to tester@guest: the private key cannot be used: {reason}"));
    }
}

/// What systemd does until users may log in.
async fn still_boots(bench: Bench) {
    let (server, _peer) = Server::start(&bench, BY_PASSWORD).await;
    server.write("nologin", "System is booting up.\n");
    let why = server.open(&target(password(PASSWORD))).await.err().unwrap();
    assert!(why.transient(), "{why:?}");
    assert_eq!(
        chain(&why),
        "ssh to tester@guest: connection lost in authentication: closed by the other side; the server said \"System is \
         booting up.\""
    );
    std::fs::remove_file(server.file("nologin")).unwrap();
    assert_eq!(output(&server.connection().await, "id -un").await, format!("{USER}\n"));
}
