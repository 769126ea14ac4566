//! A process that dies at the beginning of each step of a scenario that uses everything: its ledger leads back.

use crate::rig::Rig;
use mtvtest::event::{Event, StepName};
use mtvtest::lab::fault::Faults;
use mtvtest::undo::Ledger;
use std::pin::pin;
use std::task::Poll;

/// Warm, by the array, over ssh, on a labelled node, with hooks, to the remote destination.
const EVERYTHING: &str = "description: Everything.\nwarm_migration: true\ncopyoffload: true\ndestination: remote\n\
    vm_target_namespace: remote-vms\nmultus_namespace: default\ntarget_node_selector: {mtvtest.io/place: null}\n\
    pre_hook: {expected_result: succeed}\npost_hook: {expected_result: succeed}\nvirtual_machines:\n  - {name: \
    xcopy-template-test, source_vm_power: \"on\", guest_agent: true, disk_type: thin}\n";

/// Runs until `step` begins, and `polls` further turns; then everything of the process is gone, but its ledger.
async fn die_at(step: StepName, polls: u32) {
    let change = |spec: &mut mtvtest::lab::world::WorldSpec| {
        let array = &mut spec.sources[0].vsphere_mut().unwrap().array;
        array.as_mut().unwrap().clone_method = Some("ssh".into());
    };
    let rig = Rig::with_world(change, &Faults::default());
    let (session, test, collected) = Box::pin(rig.session(EVERYTHING)).await;
    let session = session.map_err(|(_, error)| error).unwrap();
    {
        let mut run = pin!(mtvtest::engine::run_test(&session, &test));
        let mut left = polls;
        let is_it = |event: &Event| matches!(event, Event::StepStarted { step: begun, .. } if *begun == step);
        let outcome = std::future::poll_fn(|context| {
            if let Poll::Ready(outcome) = run.as_mut().poll(context) {
                return Poll::Ready(Some(outcome));
            }
            if !collected.events.lock().unwrap().iter().any(is_it) {
                return Poll::Pending;
            }
            left = left.saturating_sub(1);
            if left == 0 { Poll::Ready(None) } else { Poll::Pending }
        })
        .await;
        assert_eq!(outcome, None, "{step:?}: it ended before");
    }
    drop(session);
    let copy = rig.folder.path().join("copy.json");
    std::fs::rename(rig.run_directory().join("resources.json"), &copy).unwrap();
    std::fs::rename(rig.run_directory(), rig.folder.path().join("dead")).unwrap();
    let (parts, _told) = rig.parts().await.unwrap_or_else(|problems| panic!("{problems:?}"));
    let ledger = Ledger::open(&copy).unwrap();
    let unwinder = parts.unwinder_of(&ledger);
    let leftovers = unwinder.undo(|_| true).await.unwrap();
    unwinder.close().await;
    assert_eq!(leftovers, [], "{step:?} + {polls}");
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new(), "{step:?} + {polls}");
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_death_while_things_are_made_leaves_nothing() {
    for step in [StepName::Prepare, StepName::StorageMap, StepName::NetworkMap, StepName::Hooks, StepName::Plan] {
        for polls in [1, 5] {
            Box::pin(die_at(step, polls)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_death_while_or_after_it_migrates_leaves_nothing() {
    for step in [StepName::Migrate, StepName::Check, StepName::CleanUp] {
        for polls in [1, 5] {
            Box::pin(die_at(step, polls)).await;
        }
    }
    Box::pin(die_at(StepName::Migrate, 20)).await;
}
