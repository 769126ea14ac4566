//! A failure injected at each step, then an empty world.

use crate::rig::{COLD, Rig};
use mtvtest::event::{Event, Outcome, StepName};
use mtvtest::lab::fault::{Failure, Faults, TransportEffect, TransportFault};

/// The step that failed.
fn failed_step(events: &[Event]) -> Option<StepName> {
    events.iter().find_map(|event| match event {
        Event::StepFinished { step, outcome: Outcome::Failed { .. } | Outcome::Broken { .. }, .. } => Some(*step),
        _ => None,
    })
}

#[tokio::test(start_paused = true)]
async fn open_failures_end_their_step_and_leave_nothing() {
    for (failure, step, words) in [
        (
            Failure::CloneFails { fault: "InsufficientStorageSpace".into() },
            StepName::Prepare,
            "InsufficientStorageSpace",
        ),
        (Failure::InventoryStale, StepName::Prepare, "inventory"),
        (Failure::PlanInvalid { condition: "VMNetworksNotMapped".into() }, StepName::Plan, "VMNetworksNotMapped"),
        (
            Failure::PipelineStep { step: "DiskTransferV2v".into(), reason: "the copy broke".into() },
            StepName::Migrate,
            "DiskTransferV2v: the copy broke",
        ),
        (
            Failure::PipelineStep { step: "VirtualMachineCreation".into(), reason: "no quota".into() },
            StepName::Migrate,
            "VirtualMachineCreation: no quota",
        ),
    ] {
        let mut rig = Rig::new();
        rig.settings.timeouts.inventory = std::time::Duration::from_millis(300);
        let (session, test, collected) = rig.session(COLD).await;
        let session = session.map_err(|(_, error)| error).unwrap();
        rig.faults().fail(failure.clone());
        let outcome = mtvtest::engine::run_test(&session, &test).await;
        let parts = session.close().await;
        let leftovers = parts.tear_down().await.unwrap();
        drop(parts);
        let events = collected.end().await;
        assert_eq!(failed_step(&events), Some(step), "{failure:?}: {outcome:?}");
        let (Outcome::Failed { reason } | Outcome::Broken { reason }) = &outcome else {
            panic!("{failure:?}: {outcome:?}")
        };
        assert!(reason.contains(words), "{failure:?}: {reason}");
        assert_eq!(leftovers, [], "{failure:?}");
        let diagnostics = rig.run_directory().join("diagnostics/cold/sanity");
        let text = crate::rig::all_files(&diagnostics);
        assert!(text.contains("kind: Provider") && !text.contains("kind: Secret"), "{failure:?}: {text}");
        if step == StepName::Migrate {
            assert!(text.contains("kind: Migration") && text.contains(words.rsplit(' ').next().unwrap_or_default()));
        }
        assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new(), "{failure:?}");
        rig.lab.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_creation_at_any_step_leaves_nothing() {
    for path in [
        "/namespaces$",
        "/providers$",
        "/secrets$",
        "/storagemaps$",
        "/network-attachment-definitions$",
        "/networkmaps$",
        "/plans$",
        "/migrations$",
    ] {
        for effect in [TransportEffect::Status(403), TransportEffect::Status(422)] {
            let rig = Rig::new();
            // Only the first request: the product's own controllers create Secrets too.
            let fault = TransportFault { verb: "POST".into(), path: path.into(), after: 0, times: Some(1), effect };
            rig.faults().disturb(fault);
            let ran = rig.run(COLD).await;
            assert!(matches!(ran.outcome, Outcome::Broken { .. }), "{path} {effect:?}: {:?}", ran.outcome);
            assert!(ran.reason().starts_with("create "), "{path} {effect:?}: {}", ran.reason());
            ran.assert_empty_world();
            rig.lab.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_source_call_leaves_nothing() {
    for call in ["CloneVM_Task", "RetrievePropertiesEx"] {
        let rig = Rig::new();
        let (session, test, _collected) = rig.session(COLD).await;
        let session = session.map_err(|(_, error)| error).unwrap();
        let verb = format!("SOAP:{call}");
        let effect = TransportEffect::Status(503);
        rig.faults().disturb(TransportFault { verb, path: String::new(), after: 0, times: Some(8), effect });
        let outcome = mtvtest::engine::run_test(&session, &test).await;
        assert!(matches!(outcome, Outcome::Broken { .. }), "{call}: {outcome:?}");
        rig.faults().heal();
        assert_eq!(session.close().await.tear_down().await.unwrap(), []);
        assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new(), "{call}");
        rig.lab.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_cannot_connect_ends_the_wait_at_once_with_its_message() {
    let faults = Faults::default();
    faults.fail(Failure::ProviderConnection { message: "the lab says no".into() });
    let rig = Rig::with_world(|_| {}, &faults);
    let ran = rig.run(COLD).await;
    let Outcome::Failed { reason } = &ran.outcome else { panic!("{:?}", ran.outcome) };
    assert!(reason.contains("ConnectionFailed") && reason.contains("the lab says no"), "{reason}");
    ran.assert_empty_world();
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_migration_is_cancelled_and_everything_removed() {
    let rig = Rig::new();
    let (session, test, _collected) = rig.session(COLD).await;
    let session = session.map_err(|(_, error)| error).unwrap();
    rig.faults().fail(Failure::MigrationStalls);
    let interrupt = async {
        rig.migration_exists().await;
        rig.cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(mtvtest::engine::run_test(&session, &test), interrupt);
    assert_eq!(outcome, Outcome::Cancelled);
    assert_eq!(session.close().await.tear_down().await.unwrap(), []);
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_removed_is_a_leftover_with_its_reason() {
    let rig = Rig::new();
    let (session, test, collected) = rig.session(COLD).await;
    let session = session.map_err(|(_, error)| error).unwrap();
    let effect = TransportEffect::Status(403);
    let fault = TransportFault { verb: "DELETE".into(), path: "/networkmaps/".into(), after: 0, times: None, effect };
    rig.faults().disturb(fault);
    let outcome = mtvtest::engine::run_test(&session, &test).await;
    assert_eq!(outcome, Outcome::Passed);
    rig.faults().disturb(TransportFault {
        verb: "DELETE".into(),
        path: format!("/namespaces/{}$", rig.session_id()),
        after: 0,
        times: None,
        effect,
    });
    let parts = session.close().await;
    let leftovers = parts.tear_down().await.unwrap();
    let kinds: Vec<&str> = leftovers.iter().filter_map(|leftover| leftover.what.split(' ').next()).collect();
    assert_eq!(kinds, ["NetworkMap", "Namespace"], "{leftovers:?}");
    assert!(leftovers.iter().all(|leftover| leftover.why.contains("not allowed")), "{leftovers:?}");
    // Later, with the right granted, the same ledger is enough.
    rig.faults().heal();
    assert_eq!(parts.tear_down().await.unwrap(), []);
    drop(parts);
    let told = collected.end().await.iter().filter(|event| matches!(event, Event::LeftBehind { .. })).count();
    assert!(told >= 2);
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}
