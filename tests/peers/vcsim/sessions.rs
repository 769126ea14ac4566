//! Logging in and out, certificates, sessions that end early, and a vCenter that dies.

use super::simulator::{ALONE, NEEDS, PASSWORD, Simulator, USER, until};
use crate::bench::Bench;
use crate::trial::trial;
use futures::future::join_all;
use libtest_mimic::Trial;
use mtvtest::facts::{Power, chain};
use mtvtest::http::{RequestCounter, TlsPolicy};
use mtvtest::provider::{CloneRequest, ProviderError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("vcsim::a_login_is_one_session_and_disconnecting_ends_it", NEEDS, login_and_logout),
        trial("vcsim::a_wrong_password_is_tried_once_and_not_told", NEEDS, wrong_password),
        trial("vcsim::a_vcenter_that_is_still_starting_is_asked_again", NEEDS, starting),
        trial("vcsim::only_a_trusted_certificate_gets_the_password", NEEDS, certificates),
        trial("vcsim::a_session_that_was_idle_too_long_is_renewed", NEEDS, idle),
        trial("vcsim::parallel_calls_renew_an_ended_session_once", NEEDS, ended),
        trial("vcsim::a_view_that_ended_with_its_session_is_made_again", NEEDS, ended_under_a_list),
        trial("vcsim::many_parallel_reads_share_one_session", NEEDS, parallel),
        trial("vcsim::a_vcenter_killed_in_mid_call_is_named_with_the_call", NEEDS, killed_in_mid_call),
        trial("vcsim::a_vcenter_killed_under_a_task_ends_the_wait_for_it", NEEDS, killed_under_a_task),
    ]
}

async fn login_and_logout(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    assert_eq!(simulator.sessions().await.len(), 0);
    let provider = simulator.connect().await;
    let about = provider.test().await.unwrap();
    assert!(about.product.starts_with("VMware vCenter Server "), "{about:?}");
    assert_eq!(about.version, "6.5", "the oldest that is supported");
    let sessions = simulator.sessions().await;
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    assert_eq!(sessions[0]["User"], USER);
    provider.disconnect().await;
    assert_eq!(simulator.sessions().await.len(), 0);
}

async fn wrong_password(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let counter = RequestCounter::default();
    let outcome = simulator.connect_as("wr<ong", TlsPolicy::AcceptAny, counter.clone()).await;
    let error = outcome.err().unwrap();
    assert!(matches!(error, ProviderError::Login { .. }), "{error}");
    assert_eq!(
        chain(&error),
        format!(
            "log in to {} as {USER}: InvalidLogin: Login failure; correct username and password of this source in \
             providers.json, and see that the account is neither locked nor expired",
            simulator.url()
        )
    );
    assert_eq!(counter.total(), 2, "the managers, and one login");
    assert_eq!(simulator.sessions().await.len(), 0);
}

async fn starting(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-status", "503"]).await;
    let counter = RequestCounter::default();
    let provider = simulator.connect_as(PASSWORD, TlsPolicy::AcceptAny, counter.clone()).await.unwrap();
    assert_eq!(counter.total(), 3, "refused by a proxy, the managers, a login");
    provider.find_vm(ALONE).await.unwrap();
}

async fn certificates(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-trace"]).await;
    let stranger = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap().cert.pem();
    for tls in [TlsPolicy::SystemRoots, TlsPolicy::Pinned(stranger)] {
        let counter = RequestCounter::default();
        let error = simulator.connect_as(PASSWORD, tls.clone(), counter.clone()).await.err().unwrap();
        let words = chain(&error);
        assert!(matches!(error, ProviderError::Unreachable { .. }), "{words}");
        assert!(words.contains("certificate is not trusted") && words.contains(&simulator.url()), "{words}");
        assert_eq!(counter.total(), 1, "what cannot get better is not repeated");
    }
    assert!(!simulator.peer.log().contains("Request:"), "nothing was sent");
    for tls in [TlsPolicy::Pinned(simulator.certificate().await), TlsPolicy::AcceptAny] {
        let provider = simulator.connect_as(PASSWORD, tls, RequestCounter::default()).await.unwrap();
        provider.test().await.unwrap();
        provider.disconnect().await;
    }
}

async fn idle(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-session-timeout", "3s"]).await;
    let provider = simulator.connect().await;
    until("the idle session to end", async || {
        let sessions = simulator.sessions().await;
        (sessions.is_empty(), format!("{sessions:?}"))
    })
    .await;
    let before = provider.requests();
    let vms = provider.vms_with_prefix("DC0_H0_").await.unwrap();
    assert_eq!(vms.len(), 2, "{vms:?}");
    assert_eq!(provider.requests() - before, 5, "the view refused, a login, view, properties, view destroyed");
    provider.set_power(&vms[0], Power::On).await.unwrap();
    assert_eq!(simulator.vm(&vms[0].name).await["Power"], "poweredOn");
}

async fn ended(bench: Bench) {
    let simulator = Simulator::start(&bench, &[]).await;
    let provider = simulator.connect().await;
    let vm = provider.find_vm(ALONE).await.unwrap();
    for _ in 0..3 {
        assert_eq!(simulator.ask("end-sessions", &[]).await, 1);
        let found = join_all((0..12).map(|_| provider.find_vm(ALONE))).await;
        assert!(found.iter().all(|found| found.as_ref().ok() == Some(&vm)), "{found:?}");
        let sessions = simulator.sessions().await;
        assert_eq!(sessions.len(), 1, "of several logins all but one would be left over: {sessions:?}");
    }
    // A call that changes something was refused before it did anything, so it may be sent again too.
    simulator.ask("end-sessions", &[]).await;
    provider.create_snapshot(&vm, "one").await.unwrap();
    assert_eq!(simulator.vm(ALONE).await["Snapshots"].as_array().unwrap().len(), 1);
    provider.disconnect().await;
    assert_eq!(simulator.sessions().await.len(), 0);
}

/// The session ends between a list's view and its reading, and another call logs in meanwhile: the view is unknown to
/// the new session, which is no reason to fail.
async fn ended_under_a_list(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-trace", "-delay", "CreateContainerView:6000"]).await;
    let provider = simulator.connect().await;
    let vm = provider.find_vm(ALONE).await.unwrap();
    let views = || simulator.peer.log().matches("<CreateContainerView xmlns=\"urn:vim25\"><_this type").count();
    let before = views();
    let (listed, ()) = tokio::join!(provider.vms_with_prefix("DC0_"), async {
        until("the list to begin", async || (views() > before, "not yet".to_owned())).await;
        simulator.ask("end-sessions", &[]).await;
        provider.set_power(&vm, Power::On).await.unwrap();
    });
    assert_eq!(listed.unwrap().len(), 4);
    assert_eq!(views() - before, 2, "the view of the session that ended, and a new one");
    assert_eq!(simulator.sessions().await.len(), 1);
}

async fn parallel(bench: Bench) {
    let simulator = Simulator::start(&bench, &["-vm", "5"]).await;
    let provider = simulator.connect().await;
    let vms = provider.vms_with_prefix("DC0_").await.unwrap();
    assert_eq!(vms.len(), 10, "{vms:?}");
    let reads = (0..8).flat_map(|_| &vms).map(|vm| provider.vm_facts(vm));
    let facts: Vec<_> = join_all(reads).await.into_iter().map(Result::unwrap).collect();
    for (position, facts) in facts.iter().enumerate() {
        let vm = &vms[position % vms.len()];
        assert_eq!((&facts.id, &facts.name), (&vm.id, &vm.name), "an answer belongs to its question");
    }
    assert_eq!(simulator.sessions().await.len(), 1);
}

async fn killed_in_mid_call(bench: Bench) {
    let simulator = Simulator::start_mortal(&bench, &["-delay", "PowerOnVM_Task:600000"]).await;
    let provider = simulator.connect().await;
    let vm = provider.find_vm(ALONE).await.unwrap();
    let asked = provider.requests() + 2;
    let (outcome, ()) = tokio::join!(provider.set_power(&vm, Power::On), async {
        until("the call to be on its way", async || (provider.requests() >= asked, "not yet".to_owned())).await;
        simulator.peer.kill().await;
    });
    let error = outcome.unwrap_err();
    let words = chain(&error);
    assert!(matches!(error, ProviderError::Unreachable { .. }), "{words}");
    assert!(words.starts_with(&format!("PowerOnVM_Task on {vm}: the source did not answer: POST ")), "{words}");
    let words = chain(&provider.find_vm(ALONE).await.unwrap_err());
    assert!(words.contains("CreateContainerView on every VirtualMachine") && words.contains("refused"), "{words}");
    provider.disconnect().await;
}

async fn killed_under_a_task(bench: Bench) {
    let simulator = Simulator::start_mortal(&bench, &["-delay", "CloneVm:600000", "-delay", "LockHandoff:0"]).await;
    let provider = simulator.connect().await;
    let source = provider.find_vm(ALONE).await.unwrap();
    let request = CloneRequest { limit: Duration::from_secs(12), ..CloneRequest::new(source.clone(), "late") };
    let cancel = CancellationToken::new();
    let (outcome, ()) = tokio::join!(provider.clone_vm(&request, &cancel), async {
        simulator.until_runs("CloneVm").await;
        simulator.peer.kill().await;
    });
    let words = chain(&outcome.unwrap_err());
    assert!(words.starts_with(&format!("CloneVM_Task on {source} -> late: not within 12s; last seen: ")), "{words}");
    assert!(words.contains("the source did not answer"), "{words}");
}
