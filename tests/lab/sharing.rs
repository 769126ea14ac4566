//! What is shared on a cluster: settings of the product under their Lease, and labels of nodes.

use crate::rig::{Collected, Rig};
use mtvtest::cluster::{Kind, ObjectRef};
use mtvtest::engine::{
    ControllerShares, NodeLabels, SessionParts, StepError, Unwinder, Values, precopy_interval, record_found,
};
use mtvtest::event::Event;
use mtvtest::undo::{Ledger, Thing};
use mtvtest::wait::Deadline;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const KEY: &str = "controller_precopy_interval";
const LABEL: &str = "mtvtest.io/place";

/// A session beside others on the rig's lab.
struct Party {
    parts: SessionParts,
    shares: ControllerShares,
    labels: NodeLabels,
    told: Collected,
}

impl Party {
    async fn new(rig: &mut Rig, seed: u64) -> Self {
        rig.seed = seed;
        let (parts, told) = rig.parts().await.unwrap_or_else(|problems| panic!("{problems:?}"));
        Self { parts, shares: ControllerShares::default(), labels: NodeLabels::default(), told }
    }

    async fn join(&self, minutes: u64, within: u64) -> Result<mtvtest::engine::Share, StepError> {
        let wanted = precopy_interval(Duration::from_secs(minutes * 60));
        Box::pin(self.shares.join(&self.parts, &wanted, &within_seconds(within))).await
    }

    async fn present(&self) -> Value {
        let controller = ObjectRef::namespaced(Kind::FORKLIFT_CONTROLLER, self.namespace(), "forklift-controller");
        self.parts.cluster.get(&controller).await.unwrap().unwrap().data["spec"][KEY].clone()
    }

    /// Sets the interval as somebody else would.
    async fn set(&self, value: Value) {
        let controller = ObjectRef::namespaced(Kind::FORKLIFT_CONTROLLER, self.namespace(), "forklift-controller");
        self.parts.cluster.patch(&controller, &json!({ "spec": { KEY: value } })).await.unwrap();
    }

    async fn lease_is_there(&self) -> bool {
        let lease = ObjectRef::namespaced(Kind::LEASE, self.namespace(), "mtvtest-forklift-controller");
        self.parts.cluster.get(&lease).await.unwrap().is_some()
    }

    /// The session ends, in order or after its renewals have: the ledger alone says what to undo.
    async fn end(&self) {
        assert_eq!(self.parts.tear_down().await.unwrap(), []);
    }

    /// The process dies: nothing is renewed any more.
    fn die(self) -> SessionParts {
        self.parts
    }

    async fn notes(self) -> Vec<String> {
        drop(self.parts);
        let note = |event| match event {
            Event::Noted { note, .. } => Some(note),
            _ => None,
        };
        self.told.end().await.into_iter().filter_map(note).collect()
    }

    fn namespace(&self) -> &str {
        &self.parts.settings.mtv_namespace
    }
}

fn within_seconds(seconds: u64) -> Deadline {
    Deadline::after(Duration::from_secs(seconds), &CancellationToken::new())
}

#[track_caller]
fn broken<T: std::fmt::Debug>(answer: Result<T, StepError>) -> String {
    match answer {
        Err(StepError::Broken(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_that_agree_share_and_the_last_one_restores() {
    let mut rig = Rig::new();
    let (one, other) = (Party::new(&mut rig, 1).await, Party::new(&mut rig, 2).await);
    let _first = one.join(2, 600).await.unwrap();
    assert_eq!(one.present().await, json!(2));
    let _second = other.join(2, 600).await.unwrap();
    one.end().await;
    assert_eq!(other.present().await, json!(2));
    assert!(other.lease_is_there().await);
    other.end().await;
    assert_eq!(other.present().await, Value::Null);
    assert!(!other.lease_is_there().await);
    other.end().await;
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_conflict_waits_for_the_holder_and_names_it() {
    let mut rig = Rig::new();
    let (one, other) = (Party::new(&mut rig, 1).await, Party::new(&mut rig, 2).await);
    one.set(json!(60)).await;
    let _first = one.join(2, 600).await.unwrap();
    // Far beyond the time for which a line is good: it is renewed.
    let why = broken(other.join(5, 400).await);
    let holder = format!("{}.0 holds {KEY}=2, wanted is 5", one.parts.id);
    assert!(why.starts_with(&format!("wait to set {KEY}=5 of the ForkliftController: not within 6m")), "{why}");
    assert!(why.ends_with(&holder), "{why}");
    let (joined, ()) = tokio::join!(other.join(5, 900), one.end());
    drop(joined.unwrap());
    assert_eq!(other.present().await, json!(5));
    other.end().await;
    assert_eq!(other.present().await, json!(60));
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_holder_is_taken_over_and_its_clean_up_disturbs_nobody() {
    let mut rig = Rig::new();
    let (one, other) = (Party::new(&mut rig, 1).await, Party::new(&mut rig, 2).await);
    drop(one.join(2, 600).await.unwrap());
    let dead = one.die();
    let _second = other.join(5, 600).await.unwrap();
    assert_eq!(other.present().await, json!(5));
    assert_eq!(dead.tear_down().await.unwrap(), []);
    assert_eq!(other.present().await, json!(5));
    other.end().await;
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_clean_up_of_a_dead_holder_restores() {
    let mut rig = Rig::new();
    let party = Party::new(&mut rig, 1).await;
    drop(party.join(2, 600).await.unwrap());
    drop(party.labels.put(&party.parts, LABEL, None, &within_seconds(60)).await.unwrap());
    let dead = party.die();
    let ledger = rig.folder.path().join("copy.json");
    std::fs::copy(rig.run_directory().join("resources.json"), &ledger).unwrap();
    let again = Ledger::open(&ledger).unwrap();
    assert_eq!(dead.tear_down().await.unwrap(), []);
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    // Once more, from a ledger that still says that it is there.
    assert_eq!(dead.unwinder_of(&again).undo(|_| true).await.unwrap(), []);
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_ledger_the_lease_and_the_labels_tell() {
    let mut rig = Rig::new();
    let party = Party::new(&mut rig, 1).await;
    drop(party.join(2, 600).await.unwrap());
    drop(party.labels.put(&party.parts, LABEL, None, &within_seconds(60)).await.unwrap());
    let dead = party.die();
    let ledger = Ledger::create(&rig.folder.path().join("found.json"), dead.id.clone()).unwrap();
    let unwinder = Unwinder { ledger: &ledger, ..dead.unwinder() };
    assert_eq!(record_found(&unwinder, &ledger, &dead.providers, &dead.id).await.unwrap(), 2);
    assert_eq!(unwinder.undo(|_| true).await.unwrap(), []);
    unwinder.close().await;
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

/// Whatever the process had done when it died, the ledger's entry leads back.
#[tokio::test(start_paused = true)]
async fn a_crash_between_intent_and_patch_leaves_nothing() {
    let mut rig = Rig::new();
    let party = Party::new(&mut rig, 1).await;
    let never_made = Thing::ControllerShare {
        namespace: party.namespace().to_owned(),
        lease: "mtvtest-forklift-controller".to_owned(),
        holder: format!("{}.7", party.parts.id),
        values: precopy_interval(Duration::from_secs(120)),
        originals: [(KEY.to_owned(), Value::Null)].into(),
    };
    party.parts.ledger.intend(None, never_made, &[]).unwrap();
    party.end().await;
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    // In the Lease, but the value was not written.
    drop(party.join(2, 600).await.unwrap());
    party.set(Value::Null).await;
    party.end().await;
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    assert!(!party.lease_is_there().await);
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_lease_is_made_up_for_by_the_ledger() {
    let mut rig = Rig::new();
    let party = Party::new(&mut rig, 1).await;
    drop(party.join(2, 600).await.unwrap());
    let lease = ObjectRef::namespaced(Kind::LEASE, party.namespace(), "mtvtest-forklift-controller");
    let seen = party.parts.cluster.get(&lease).await.unwrap().unwrap();
    let fresh = party.parts.cluster.delete_if_unchanged(&lease, &seen).await.unwrap();
    assert!(fresh);
    party.end().await;
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_foreign_change_stays_and_is_told() {
    let mut rig = Rig::new();
    let party = Party::new(&mut rig, 1).await;
    drop(party.join(2, 600).await.unwrap());
    party.set(json!(9)).await;
    party.end().await;
    assert_eq!(party.present().await, json!(9));
    assert!(!party.lease_is_there().await);
    let notes = party.notes().await;
    assert!(notes.iter().any(|note| note.contains(KEY) && note.contains("somebody else")), "{notes:?}");
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn tests_of_one_run_share_and_those_that_conflict_take_turns() {
    let mut rig = Rig::new();
    let party = Party::new(&mut rig, 1).await;
    let first = party.join(2, 600).await.unwrap();
    let asked = party.parts.cluster.requests();
    let second = party.join(2, 600).await.unwrap();
    assert_eq!(party.parts.cluster.requests(), asked, "a share within the process asks nobody");
    drop(first);
    let why = broken(party.join(5, 60).await);
    assert!(why.ends_with(&format!("another test of this run holds {KEY}=2")), "{why}");
    drop(second);
    let _third = party.join(5, 600).await.unwrap();
    assert_eq!(party.present().await, json!(5));
    party.end().await;
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_there_already_is_held_but_not_written() {
    let mut rig = Rig::new();
    let (one, other) = (Party::new(&mut rig, 1).await, Party::new(&mut rig, 2).await);
    one.set(json!(2)).await;
    let generation = async || {
        let controller = ObjectRef::namespaced(Kind::FORKLIFT_CONTROLLER, one.namespace(), "forklift-controller");
        one.parts.cluster.get(&controller).await.unwrap().unwrap().metadata.generation
    };
    let before = generation().await;
    let _share = one.join(2, 600).await.unwrap();
    assert!(broken(other.join(5, 60).await).contains("holds"));
    one.end().await;
    assert_eq!((generation().await, one.present().await), (before, json!(2)));
    assert!(!one.lease_is_there().await);
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_value_of_the_wrong_kind_is_refused_and_leaves_nothing() {
    let mut rig = Rig::new();
    let party = Party::new(&mut rig, 1).await;
    let wanted = Values::from([(KEY.to_owned(), json!({ "an": "object" }))]);
    // The product's definition decides; whichever way, nothing may stay behind.
    drop(party.shares.join(&party.parts, &wanted, &within_seconds(600)).await);
    party.end().await;
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    assert!(!party.lease_is_there().await);
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_label_brings_one_node_and_goes_with_the_session() {
    let mut rig = Rig::new();
    let party = Party::new(&mut rig, 1).await;
    let put =
        async |value: Option<&str>, within| party.labels.put(&party.parts, LABEL, value, &within_seconds(within)).await;
    let first = put(None, 60).await.unwrap();
    assert_eq!((first.node.node.as_str(), first.node.value.as_str()), ("worker-2", party.parts.id.as_str()));
    let same = put(None, 60).await.unwrap();
    assert_eq!(same.node, first.node);
    let second = put(Some("gold"), 60).await.unwrap();
    assert_eq!(second.node.node, "worker-1");
    let third = put(Some("tin"), 60).await.unwrap();
    assert_eq!(third.node.node, "worker-0");
    let why = broken(put(Some("lead"), 60).await);
    assert!(why.contains("worker-1 bears mtvtest.io/place=gold"), "{why}");
    drop(second);
    assert_eq!(put(Some("lead"), 60).await.unwrap().node.node, "worker-1");
    party.end().await;
    assert_eq!(rig.baseline.differences(&rig.lab), Vec::<String>::new());
    rig.lab.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_label_that_somebody_changed_is_theirs() {
    let mut rig = Rig::new();
    let party = Party::new(&mut rig, 1).await;
    let found = party.labels.put(&party.parts, LABEL, Some("gold"), &within_seconds(60)).await.unwrap();
    let node = ObjectRef::global(Kind::NODE, &found.node.node);
    let theirs = json!({ "metadata": { "labels": { LABEL: "theirs" } } });
    party.parts.cluster.patch(&node, &theirs).await.unwrap();
    party.end().await;
    let after = party.parts.cluster.get(&node).await.unwrap().unwrap();
    assert_eq!(after.metadata.labels.unwrap()[LABEL], "theirs");
    rig.lab.stop().await;
}
