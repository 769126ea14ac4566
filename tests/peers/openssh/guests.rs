//! A real system as a guest: its facts, its marks, and the one connection that all looks share.

use super::server::{LIMIT, NEEDS, PASSWORD, Server, USER, password};
use crate::bench::Bench;
use crate::peer::Peer;
use crate::trial::trial;
use async_trait::async_trait;
use libtest_mimic::Trial;
use mtvtest::facts::GuestFamily;
use mtvtest::guest::integrity::{record, verify};
use mtvtest::guest::ssh::Login;
use mtvtest::guest::{Guest, GuestShell, Guests, SshShell, Tunnel, Unreached, look};
use mtvtest::http::ByteStream;
use mtvtest::wait::Deadline;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio_util::sync::CancellationToken;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("openssh::a_real_system_is_read_and_marked", NEEDS, read_and_marked),
        trial("openssh::all_looks_share_a_connection_until_the_guest_reboots", NEEDS, shared),
        trial("openssh::a_wrong_password_is_offered_once_to_a_guest", NEEDS, refused),
    ]
}

/// Counts the connections to a server.
struct Road {
    server: Server,
    dialled: AtomicU32,
}

#[async_trait]
impl Tunnel for Road {
    async fn dial(&self, _: &str, _: &str, _: u16) -> io::Result<Box<dyn ByteStream>> {
        self.dialled.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(self.server.dial().await?))
    }
}

fn road(server: Server) -> Arc<Road> {
    Arc::new(Road { server, dialled: AtomicU32::new(0) })
}

fn guest(secret: &str) -> Guest {
    let login = Login { user: USER.to_owned(), method: password(secret) };
    Guest { namespace: "ns".into(), vm: "guest".into(), family: GuestFamily::Linux, login }
}

fn deadline() -> Deadline {
    Deadline::after(LIMIT, &CancellationToken::new())
}

async fn read_and_marked(bench: Bench) {
    let (server, _peer) = Server::start(&bench, "").await;
    let shell = SshShell::over(server.connection().await, GuestFamily::Linux);
    let facts = look(&shell, LIMIT).await;
    let own = |path: &str| std::fs::read_to_string(path).unwrap();
    let name = facts.os.unwrap();
    assert!(own("/etc/os-release").contains(&name), "{name}");
    assert_eq!(facts.boot_id.as_deref(), Some(own("/proc/sys/kernel/random/boot_id").trim()));
    assert_eq!(facts.hostname.as_deref(), Some(own("/proc/sys/kernel/hostname").trim()));

    let kept = server.file("kept.txt");
    let strange = server.file("it's $(odd).txt");
    std::fs::write(&kept, "one\n").unwrap();
    std::fs::write(&strange, "two\n").unwrap();
    let manifest = [kept.display().to_string(), strange.display().to_string()];
    let marks = record(&shell, Some("only this run"), &manifest, LIMIT).await.unwrap();
    assert_eq!(marks.before.len(), 2, "{marks:?}");
    let after = verify(&shell, &marks, &manifest, LIMIT).await.unwrap();
    assert_eq!((after.marker.as_deref(), &after.files), (Some("only this run"), &marks.before));

    std::fs::write(&kept, "One\n").unwrap();
    std::fs::remove_file(&strange).unwrap();
    let after = verify(&shell, &marks, &manifest, LIMIT).await.unwrap();
    assert_ne!(after.files[&manifest[0]], marks.before[&manifest[0]]);
    assert!(after.unread.contains_key(&manifest[1]) && !after.files.contains_key(&manifest[1]), "{after:?}");
    let (path, _) = marks.marker.unwrap();
    assert_eq!(shell.run(&format!("rm {path}"), LIMIT).await.unwrap().status, Some(0));
}

async fn shared(bench: Bench) {
    let server = Server::new(&bench, "");
    let first = Peer::start(server.launch(), bench.folder()).await.unwrap();
    let launch = server.launch();
    let road = road(server);
    let guests = Guests::new(road.clone());
    let guest = guest(PASSWORD);
    let limit = deadline();
    let (one, two) = tokio::join!(guests.shell(&guest, &limit), guests.shell(&guest, &limit));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.run("id -un", LIMIT).await.unwrap().stdout, format!("{USER}\n"));
    assert_eq!(two.run("exit 3", LIMIT).await.unwrap().status, Some(3));
    assert_eq!(road.dialled.load(Ordering::Relaxed), 1);
    first.kill().await;
    // What is under way is told to be lost; the next one finds the guest again, once it is up.
    assert!(one.run("true", LIMIT).await.is_err());
    bench.start(launch).await;
    let again = guests.shell(&guest, &limit).await.unwrap();
    assert_eq!(again.run("echo back", LIMIT).await.unwrap().stdout, "back\n");
    assert!(road.dialled.load(Ordering::Relaxed) >= 2);
    drop((one, two, again));
    guests.close().await;
}

async fn refused(bench: Bench) {
    let (server, peer) = Server::start(&bench, "").await;
    let road = road(server);
    let answer = Guests::new(road.clone()).shell(&guest("hunter2-secret"), &deadline()).await;
    let Some(Unreached::Refused(why)) = answer.err() else { panic!("a wrong password was taken") };
    assert!(why.contains("login refused") && !why.contains("hunter2"), "{why}");
    assert_eq!(road.dialled.load(Ordering::Relaxed), 1, "{}", peer.log());
}
