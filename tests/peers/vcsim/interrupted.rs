//! Clones that are cancelled, late, or run by somebody else, and what deletion makes of them.

use super::cloning::clone;
use super::simulator::{ALONE, CLUSTERED, NEEDS, Simulator, until};
use crate::bench::Bench;
use crate::trial::trial;
use libtest_mimic::Trial;
use mtvtest::facts::chain;
use mtvtest::provider::{CloneRequest, ProviderError, Removal};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Clones take their time, and their source can be read meanwhile.
const SLOW: [&str; 4] = ["-delay", "CloneVm:8000", "-delay", "LockHandoff:0"];

pub(super) fn trials() -> Vec<Trial> {
    vec![
        trial("vcsim::an_interrupted_clone_is_cancelled_on_the_vcenter", NEEDS, interrupted),
        trial("vcsim::a_late_clone_is_cancelled_on_the_vcenter", NEEDS, late),
        trial("vcsim::a_clone_that_still_runs_is_waited_for_and_deleted", NEEDS, running),
        trial("vcsim::a_clone_of_another_name_is_not_waited_for", NEEDS, of_another_name),
    ]
}

async fn interrupted(bench: Bench) {
    let simulator = Simulator::start(&bench, &SLOW).await;
    let provider = simulator.connect().await;
    let source = provider.find_vm(ALONE).await.unwrap();
    let request = CloneRequest::new(source.clone(), "the-clone");
    let cancel = CancellationToken::new();
    let (outcome, ()) = tokio::join!(provider.clone_vm(&request, &cancel), async {
        simulator.until_runs("CloneVm").await;
        cancel.cancel();
    });
    let error = outcome.unwrap_err();
    let words = chain(&error);
    assert!(matches!(error, ProviderError::Wait(_)), "{words}");
    assert!(words.starts_with(&format!("CloneVM_Task on {source} -> the-clone: interrupted")), "{words}");
    let tasks = simulator.tasks("CloneVm").await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    assert_eq!(tasks[0]["Cancelled"], true, "{tasks:?}");
    // The simulator marks a cancelled task and carries it out all the same.
    until("the clone that was cancelled", async || (!simulator.vms("the-clone").await.is_empty(), String::new())).await;
    assert_eq!(provider.delete_vm("the-clone", None).await.unwrap(), Removal::Removed);
    assert!(simulator.vms("the-clone").await.is_empty());
    assert!(provider.clone_vm(&request, &cancel).await.is_err());
    assert_eq!(simulator.tasks("CloneVm").await.len(), 1, "an interrupted run starts nothing");
}

async fn late(bench: Bench) {
    let simulator = Simulator::start(&bench, &SLOW).await;
    let provider = simulator.connect().await;
    let limit = Duration::from_secs(1);
    let outcome = clone(&*provider, ALONE, |request| request.limit = limit).await;
    let words = chain(&outcome.unwrap_err());
    assert!(words.contains("-> the-clone: not within 1s; last seen: running"), "{words}");
    let tasks = simulator.tasks("CloneVm").await;
    assert_eq!((tasks.len(), &tasks[0]["Cancelled"]), (1, &true.into()), "{tasks:?}");
}

async fn running(bench: Bench) {
    let simulator = Simulator::start(&bench, &SLOW).await;
    // The run that clones, and the one that cleans up after it.
    let (cloning, cleaning) = (simulator.connect().await, simulator.connect().await);
    let (made, removal) = tokio::join!(clone(&*cloning, CLUSTERED, |_| ()), async {
        simulator.until_runs("CloneVm").await;
        let removal = cleaning.delete_vm("the-clone", None).await;
        let tasks = simulator.tasks("CloneVm").await;
        assert_eq!(tasks[0]["State"], "success", "it was not waited for: {tasks:?}");
        removal
    });
    assert_eq!(removal.unwrap(), Removal::Removed);
    assert!(simulator.vms("the-clone").await.is_empty());
    made.unwrap();
    assert_eq!(cleaning.delete_vm("the-clone", None).await.unwrap(), Removal::AlreadyGone);
}

async fn of_another_name(bench: Bench) {
    let slower = ["-delay", "CloneVm:600000", "-delay", "LockHandoff:0"];
    let simulator = Simulator::start(&bench, &slower).await;
    let provider = simulator.connect().await;
    let source = provider.find_vm(ALONE).await.unwrap();
    let request = CloneRequest::new(source, "the-clone");
    let cancel = CancellationToken::new();
    let (outcome, ()) = tokio::join!(provider.clone_vm(&request, &cancel), async {
        simulator.until_runs("CloneVm").await;
        assert_eq!(provider.delete_vm("the-other", None).await.unwrap(), Removal::AlreadyGone);
        assert_eq!(simulator.tasks("CloneVm").await[0]["State"], "running");
        cancel.cancel();
    });
    assert!(outcome.is_err());
}
