//! Undo: twice, after a crash, from the ledger and from the cluster alone.

use crate::rig::{COLD, Rig};
use mtvtest::engine::{Unwinder, record_found};
use mtvtest::event::Outcome;
use mtvtest::undo::{Ledger, State};
use serde_json::Value;

/// A finished run that left everything in place.
async fn left_in_place() -> Rig {
    let mut rig = Rig::new();
    rig.settings.skip_teardown = true;
    let ran = Box::pin(rig.run(COLD)).await;
    assert_eq!(ran.outcome, Outcome::Passed, "{}", ran.reason());
    assert!(ran.differences.len() > 8, "{:?}", ran.differences);
    rig
}

/// Undoes a ledger of the rig's run, as `clean` does.
async fn clean(rig: &Rig, ledger: &Ledger) -> Vec<String> {
    let (parts, _collected) = clean_parts(rig).await;
    let unwinder = parts.unwinder_of(ledger);
    let leftovers = unwinder.undo(|_| true).await.unwrap();
    unwinder.close().await;
    leftovers.into_iter().map(|leftover| format!("{}: {}", leftover.what, leftover.why)).collect()
}

async fn clean_parts(rig: &Rig) -> (mtvtest::engine::SessionParts, crate::rig::Collected) {
    std::fs::rename(rig.run_directory(), rig.folder.path().join(format!("before-{}", fresh()))).ok();
    rig.parts().await.unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn fresh() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn copy_of_ledger(rig: &Rig) -> std::path::PathBuf {
    let copy = rig.folder.path().join(format!("{}.json", fresh()));
    std::fs::copy(rig.run_directory().join("resources.json"), &copy).unwrap();
    copy
}

#[tokio::test(start_paused = true)]
async fn every_undo_may_run_twice() {
    let rig = Box::pin(left_in_place()).await;
    let first = copy_of_ledger(&rig);
    let second = copy_of_ledger(&rig);
    assert_eq!(clean(&rig, &Ledger::open(&first).unwrap()).await, Vec::<String>::new());
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    // The second ledger still says that everything is there.
    let again = Ledger::open(&second).unwrap();
    assert!(again.entries().iter().any(|entry| entry.state == State::Made));
    assert_eq!(clean(&rig, &again).await, Vec::<String>::new());
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_intent_and_answer_is_cleaned_at_every_entry() {
    let rig = Box::pin(left_in_place()).await;
    let path = copy_of_ledger(&rig);
    let text = std::fs::read_to_string(&path).unwrap();
    let count = Ledger::open(&path).unwrap().entries().len();
    // As if the process had died after its last intent reached the disk and before any answer did.
    let mut listed: Value = serde_json::from_str(&text).unwrap();
    for list in listed.as_object_mut().unwrap().values_mut() {
        for entry in list.as_array_mut().unwrap() {
            entry["state"] = "intended".into();
            if entry["name"].as_str().is_some_and(|name| !name.contains("plan")) && entry["plural"] != "plans" {
                entry["uid"] = Value::Null;
            }
        }
    }
    std::fs::write(&path, listed.to_string()).unwrap();
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.open_entries().len(), count);
    assert_eq!(clean(&rig, &ledger).await, Vec::<String>::new());
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_any_file_the_labels_and_names_are_enough() {
    let rig = Box::pin(left_in_place()).await;
    let session = rig.session_id();
    let (parts, _collected) = clean_parts(&rig).await;
    let ledger = Ledger::create(&rig.folder.path().join("found.json"), session.clone()).unwrap();
    let unwinder = Unwinder { ledger: &ledger, ..parts.unwinder() };
    let found = record_found(&unwinder, &ledger, &parts.providers, &session).await.unwrap();
    assert!(found > 8, "only {found} things were found");
    assert_eq!(unwinder.undo(|_| true).await.unwrap(), []);
    unwinder.close().await;
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_belongs_to_another_session_is_left_alone() {
    let rig = Box::pin(left_in_place()).await;
    let path = copy_of_ledger(&rig);
    let text = std::fs::read_to_string(&path).unwrap();
    let others = text.replace(&format!("\"session\": \"{}\"", rig.session_id()), "\"session\": \"auto-other\"");
    // Without UIDs, as if the other run had died early: only the label can tell whose the objects are.
    std::fs::write(&path, others.replace("vsphere\": [", "none\": [")).unwrap();
    let before = rig.baseline.differences(&rig.lab).len();
    let ledger = Ledger::open(&path).unwrap();
    clean(&rig, &ledger).await;
    let kept = rig
        .lab
        .api()
        .objects()
        .iter()
        .filter(|object| object["metadata"]["labels"]["mtvtest.io/session"] == rig.session_id().as_str())
        .count();
    assert!(kept >= 8, "{kept} objects of the session are left of {before} differences");
    rig.lab.stop().await;
}
