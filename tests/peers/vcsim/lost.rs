//! Answers that get lost: a forwarder between the provider and the vCenter is cut while a call is on its way.

use super::cloning::clone;
use super::simulator::{ALONE, NEEDS, Simulator, until};
use crate::bench::Bench;
use crate::trial::trial;
use libtest_mimic::Trial;
use mtvtest::facts::{Power, chain};
use mtvtest::provider::{ProviderError, Removal};
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("vcsim::a_read_whose_answer_was_lost_is_asked_again", NEEDS, read),
        trial("vcsim::a_change_whose_answer_was_lost_is_not_asked_again", NEEDS, change),
        trial("vcsim::a_clone_whose_answer_was_lost_is_found_and_deleted", NEEDS, lost_clone),
    ]
}

/// Forwards connections to the simulator.
struct Forwarder {
    listener: TcpListener,
    to: SocketAddr,
    cut: Notify,
}

impl Forwarder {
    async fn to(simulator: &Simulator) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener, to: simulator.address.parse().unwrap(), cut: Notify::new() }
    }

    /// The simulator as it is reached through this.
    fn view(&self, simulator: &Simulator) -> Simulator {
        Simulator { peer: simulator.peer.clone(), address: self.listener.local_addr().unwrap().to_string() }
    }

    async fn run(&self) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept() => {
                    let ((mut near, _), to) = (accepted.unwrap(), self.to);
                    connections.spawn(async move {
                        let mut far = TcpStream::connect(to).await.unwrap();
                        tokio::io::copy_bidirectional(&mut near, &mut far).await.ok();
                    });
                }
                () = self.cut.notified() => connections.shutdown().await,
            }
        }
    }

    /// Ends all connections once the vCenter has had a request with this text; new ones are forwarded.
    async fn cut_at(&self, simulator: &Simulator, text: &str) {
        until("the request", async || (times(simulator, text) > 0, "not yet".to_owned())).await;
        self.cut.notify_one();
    }
}

/// How often a request with this text reached the vCenter.
fn times(simulator: &Simulator, text: &str) -> usize {
    simulator.peer.log().matches(text).count()
}

/// Runs a test's body while its connections are forwarded.
async fn forwarded(forwarder: &Forwarder, body: impl Future<Output = ()>) {
    tokio::select! {
        () = body => {}
        () = forwarder.run() => {}
    }
}

async fn read(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-trace", "-delay", "CreateContainerView:1500"]).await;
    let forwarder = Forwarder::to(&simulator).await;
    forwarded(&forwarder, async {
        let provider = forwarder.view(&simulator).connect().await;
        let text = "<CreateContainerView ";
        let (found, ()) = tokio::join!(provider.find_vm(ALONE), forwarder.cut_at(&simulator, text));
        assert_eq!(found.unwrap().name, ALONE);
        assert_eq!(times(&simulator, text), 2);
    })
    .await;
}

async fn change(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-trace", "-delay", "PowerOnVM_Task:1500"]).await;
    let forwarder = Forwarder::to(&simulator).await;
    forwarded(&forwarder, async {
        let provider = forwarder.view(&simulator).connect().await;
        let vm = provider.find_vm(ALONE).await.unwrap();
        let text = "<PowerOnVM_Task ";
        let (outcome, ()) = tokio::join!(provider.set_power(&vm, Power::On), forwarder.cut_at(&simulator, text));
        let error = outcome.unwrap_err();
        let words = chain(&error);
        assert!(matches!(error, ProviderError::Unreachable { .. }), "{words}");
        assert!(words.starts_with(&format!("PowerOnVM_Task on {vm}: the source did not answer: ")), "{words}");
        // The vCenter did it all the same.
        until("the VM to be on", async || {
            let power = provider.vm_facts(&vm).await.unwrap().power;
            (power == Power::On, format!("{power:?}"))
        })
        .await;
        assert_eq!(times(&simulator, text), 1);
    })
    .await;
}

async fn lost_clone(bench: Bench) {
    let delays = ["-trace", "-delay", "CloneVM_Task:3000", "-delay", "CloneVm:4000", "-delay", "LockHandoff:0"];
    let simulator = Simulator::start(&bench, &delays).await;
    let forwarder = Forwarder::to(&simulator).await;
    forwarded(&forwarder, async {
        let provider = forwarder.view(&simulator).connect().await;
        let text = "<CloneVM_Task ";
        let making = clone(&*provider, ALONE, |_| ());
        let (outcome, ()) = tokio::join!(making, forwarder.cut_at(&simulator, text));
        let words = chain(&outcome.unwrap_err());
        assert!(words.contains("-> the-clone: the source did not answer: "), "{words}");
        assert_eq!(provider.delete_vm("the-clone", None).await.unwrap(), Removal::Removed);
        assert_eq!(times(&simulator, text), 1, "a second clone would come after the deletion");
        let tasks = simulator.tasks("CloneVm").await;
        assert_eq!((tasks.len(), &tasks[0]["State"]), (1, &"success".into()), "{tasks:?}");
        assert!(simulator.vms("the-clone").await.is_empty());
    })
    .await;
}
