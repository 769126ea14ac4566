//! By which key a server is known.

use super::server::{NEEDS, PASSWORD, Server, output, password, target};
use crate::bench::Bench;
use crate::part::on_path;
use crate::peer::Peer;
use crate::trial::trial;
use libtest_mimic::Trial;
use mtvtest::facts::chain;
use mtvtest::guest::ssh::{HostKey, HostKeyPolicy, Target};
use std::process::Command;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("openssh::a_recorded_host_key_is_what_ssh_keygen_prints", NEEDS, recorded),
        trial("openssh::another_host_key_than_the_pinned_one_is_refused", NEEDS, another),
        trial("openssh::a_server_of_several_keys_shows_the_pinned_one", NEEDS, several),
    ]
}

fn pinned(key: &str) -> Target {
    let key: HostKey = key.parse().unwrap();
    Target { host_key: HostKeyPolicy::Pinned(key), ..target(password(PASSWORD)) }
}

fn fingerprint(server: &Server, name: &str) -> String {
    let listed = Command::new(on_path("ssh-keygen").unwrap()).arg("-lf").arg(server.file(name)).output().unwrap();
    String::from_utf8(listed.stdout).unwrap().split_whitespace().nth(1).unwrap().to_owned()
}

async fn recorded(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "").await;
    let connection = server.connection().await;
    let printed = fingerprint(&server, "host");
    assert_eq!(connection.host_key().to_string(), format!("{printed} (ssh-ed25519)"));
    let again = server.open(&pinned(&printed)).await.unwrap();
    assert_eq!(again.host_key(), connection.host_key());
}

async fn another(bench: Bench) {
    let server = Server::new(&bench, "");
    let first = Peer::start(server.launch(), bench.folder()).await.unwrap();
    let connection = server.connection().await;
    let old = connection.host_key().to_string();
    first.kill().await;
    server.make_key("host", &["-t", "ed25519"]);
    let second = bench.start(server.launch()).await;
    let why = server.open(&pinned(&old)).await.err().unwrap();
    assert!(!why.transient());
    let (expected, offered) = (old.split(' ').next().unwrap(), fingerprint(&server, "host"));
    assert_eq!(
        chain(&why),
        format!(
            "ssh to tester@guest: the host key is {offered} (ssh-ed25519), expected {expected}; if the guest was really \
             made anew, drop the old key, else something else answers in its place"
        )
    );
    assert!(!second.log().contains("password"), "a password was shown to a stranger: {}", second.log());
    let recorded = server.connection().await;
    assert!(recorded.host_key().to_string().starts_with(&offered));
}

async fn several(bench: Bench) {
    let rsa = bench.folder().join("host-rsa");
    let server = Server::new(&bench, &format!("HostKey {}", rsa.display()));
    let line = server.make_key("host-rsa", &["-t", "rsa", "-b", "2048"]);
    bench.start(server.launch()).await;
    let liked = server.connection().await;
    assert!(liked.host_key().to_string().ends_with("(ssh-ed25519)"), "{}", liked.host_key());
    let connection = server.open(&pinned(&line)).await.unwrap();
    assert!(connection.host_key().to_string().starts_with(&fingerprint(&server, "host-rsa")));
    assert_eq!(output(&connection, "echo in").await, "in\n");
}
