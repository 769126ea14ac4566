//! Coming in: one share a set of values for all tests of a process, one line in the Lease for each.

use super::book::{Book, GOOD_FOR, LEASE_NAME};
use super::leave::Departure;
use super::operator::Operator;
use super::renewal::{TRIES, keep_renewed};
use super::values::{Values, as_the_product_reads, words};
use crate::cluster::{Kind, ObjectRef};
use crate::engine::session::SessionParts;
use crate::engine::steps::StepError;
use crate::event::Event;
use crate::undo::{EntryId, Thing};
use crate::wait::{Deadline, Seen, WaitError, poll};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Longest pause between two looks at a Lease that others hold: their lines go stale without any change to watch.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long the operator may take to take up a change. Source: original-suite.md section 1.9.
const OPERATOR: Duration = Duration::from_secs(300);

/// The shares of one process. Dropping it ends the renewals; the ledger says what is left to undo.
#[derive(Debug, Default)]
pub struct ControllerShares {
    state: Mutex<State>,
}

/// A test's use of shared settings: they hold at least until it is dropped.
///
/// The settings themselves stay until the session ends, so that tests one after another cost one change, unless a test
/// of this process wants others: then those that nobody uses any more make way.
#[derive(Debug, Default)]
#[must_use = "the settings may be changed as soon as it is dropped"]
pub struct Share {
    _use: Option<Arc<()>>,
}

#[derive(Debug, Default)]
struct State {
    held: Vec<Held>,
    lines: Lines,
    /// Number of the next line in the Lease.
    next: u64,
}

/// A line of ours in the Lease.
#[derive(Debug)]
struct Held {
    holder: String,
    values: Values,
    originals: Values,
    entry: EntryId,
    users: Arc<()>,
    _renewal: JoinSet<()>,
}

/// When each line of others was last seen to change, by our own clock: clocks of two machines may differ.
#[derive(Debug, Default)]
struct Lines(BTreeMap<String, (u64, Instant)>);

impl Lines {
    /// The holders whose lines are no longer good.
    fn stale(&mut self, book: &Book) -> BTreeSet<String> {
        self.0.retain(|name, _| book.holders.contains_key(name));
        let mut stale = BTreeSet::new();
        for (name, holder) in &book.holders {
            let seen = self.0.entry(name.clone()).or_insert_with(|| (holder.beats, Instant::now()));
            if seen.0 != holder.beats {
                *seen = (holder.beats, Instant::now());
            }
            if holder.is_abandoned() || seen.1.elapsed() >= GOOD_FOR {
                stale.insert(name.clone());
            }
        }
        stale
    }
}

impl ControllerShares {
    /// Makes `wanted` hold on the cluster, and keeps it so until the share is dropped.
    ///
    /// Sessions and tests that want the same share it. Where somebody holds another value, this waits until the
    /// deadline; the error names the holder and its value. The change is written to the ledger first, and when this
    /// returns the product has taken it up: the operator has run and the controller's Deployment is rolled out.
    ///
    /// # Errors
    /// [`StepError::Broken`]: the values are held by somebody else, the product does not know a key or does not take it
    /// up, or the cluster or the ledger cannot be written.
    pub async fn join(&self, parts: &SessionParts, wanted: &Values, deadline: &Deadline) -> Result<Share, StepError> {
        let wanted = as_the_product_reads(wanted);
        if wanted.is_empty() {
            return Ok(Share::default());
        }
        let what = format!("wait to set {} of the ForkliftController", words(&wanted));
        let come_in = || async {
            match Box::pin(self.state.lock().await.come_in(parts, &wanted)).await {
                Ok(Ok(share)) => Seen::Met(Ok(share)),
                Ok(Err(held)) => Seen::Pending(held),
                Err(error) => Seen::Met(Err(error)),
            }
        };
        match poll(&what, deadline, LOOK_AGAIN, come_in).await {
            Ok(answer) => answer,
            Err(WaitError::Cancelled { .. }) => Err(StepError::Cancelled),
            Err(error) => Err(StepError::Broken(error.to_string())),
        }
    }
}

/// Who keeps us out, in words.
type Kept = String;

impl State {
    async fn come_in(&mut self, parts: &SessionParts, wanted: &Values) -> Result<Result<Share, Kept>, StepError> {
        let covers = |held: &&Held| wanted.iter().all(|(key, value)| held.values.get(key) == Some(value));
        if let Some(held) = self.held.iter().find(covers) {
            return Ok(Ok(held.share()));
        }
        if let Err(kept) = self.make_way(parts, wanted).await? {
            return Ok(Err(kept));
        }
        for _ in 0..TRIES {
            match self.enter(parts, wanted).await? {
                Entered::Now => return Ok(self.held.last().map(Held::share).ok_or_else(Kept::new)),
                Entered::Kept(why) => return Ok(Err(why)),
                Entered::Forestalled => {}
            }
        }
        Ok(Err("the Lease changes all the time".to_owned()))
    }

    /// Leaves our own settings that are in the way, if no test uses them.
    async fn make_way(&mut self, parts: &SessionParts, wanted: &Values) -> Result<Result<(), Kept>, StepError> {
        let clashes = |held: &Held| held.values.iter().any(|(key, value)| wanted.get(key).is_some_and(|w| w != value));
        while let Some(index) = self.held.iter().position(clashes) {
            if Arc::strong_count(&self.held[index].users) > 1 {
                return Ok(Err(format!("another test of this run holds {}", words(&self.held[index].values))));
            }
            let held = self.held.remove(index);
            leave(parts, &held).await?;
        }
        Ok(Ok(()))
    }

    /// One try to write ourselves into the Lease and our values into the ForkliftController.
    async fn enter(&mut self, parts: &SessionParts, wanted: &Values) -> Result<Entered, StepError> {
        let namespace = &parts.settings.mtv_namespace;
        let operator = Operator { cluster: &parts.cluster, namespace };
        let lease = ObjectRef::namespaced(Kind::LEASE, namespace, LEASE_NAME);
        let seen = parts.cluster.get(&lease).await?;
        let book = Book::of(seen.as_ref());
        let Some(controller) = operator.controller().await? else {
            let remedy = "set mtv_namespace to where MTV is installed";
            return Err(StepError::Broken(format!(
                "no ForkliftController forklift-controller in {namespace}; {remedy}"
            )));
        };
        let holder = format!("{}.{}", parts.id, self.next);
        let stale = self.lines.stale(&book);
        let decision = match book.admit(&holder, wanted, &stale, &controller.data["spec"]) {
            Ok(decision) => decision,
            Err(why) => return Ok(Entered::Kept(why)),
        };
        let original = |key: &String| decision.book.settings.get(key).map_or(Value::Null, |one| one.original.clone());
        let originals: Values = wanted.keys().map(|key| (key.clone(), original(key))).collect();
        let thing = Thing::ControllerShare {
            namespace: namespace.clone(),
            lease: LEASE_NAME.to_owned(),
            holder: holder.clone(),
            values: wanted.clone(),
            originals: originals.clone(),
        };
        let entry = parts.ledger.intend(None, thing, &[])?;
        let body = decision.book.written_over(&book);
        let written = match &seen {
            Some(seen) => parts.cluster.patch_if_unchanged(&lease, seen, body).await?,
            None => parts.cluster.create_if_absent(&lease, body).await?,
        };
        if written.is_none() {
            // If the answer to our own write was lost, the line is there, under the same name for the next try.
            parts.ledger.undone(entry)?;
            return Ok(Entered::Forestalled);
        }
        self.next += 1;
        let renewal = keep_renewed(&parts.cluster, &parts.events, &lease, &holder);
        let held = Held { holder, values: wanted.clone(), originals, entry, users: Arc::default(), _renewal: renewal };
        if let Err(error) = apply(parts, operator, &held, &decision.writes).await {
            // What is not taken up is not kept; if it cannot be left now, the ledger has it.
            leave(parts, &held).await.ok();
            return Err(error);
        }
        parts.ledger.made(entry, None)?;
        if !decision.writes.is_empty() {
            let what = format!("{} of the ForkliftController", words(&decision.writes));
            parts.emit(Event::Made { test: None, what });
        }
        self.held.push(held);
        Ok(Entered::Now)
    }
}

enum Entered {
    /// The last of `held` is ours.
    Now,
    /// Somebody is in the way.
    Kept(Kept),
    /// Somebody changed the Lease meanwhile.
    Forestalled,
}

impl Held {
    fn share(&self) -> Share {
        Share { _use: Some(Arc::clone(&self.users)) }
    }
}

/// Writes the values and waits until the product has taken them up; without a change it only must be at rest, since a
/// patch that changes nothing starts no run.
async fn apply(parts: &SessionParts, operator: Operator<'_>, held: &Held, writes: &Values) -> Result<(), StepError> {
    let broken = |error| match StepError::from(error) {
        StepError::Failed(reason) => StepError::Broken(reason),
        other => other,
    };
    let deadline = parts.deadline(OPERATOR);
    let before = operator.rests(&deadline).await.map_err(broken)?;
    if writes.is_empty() {
        operator.is_rolled_out(&deadline).await.map_err(broken)?;
    } else {
        let spec = operator.write(writes).await?;
        let ignored = held.values.iter().find(|(key, value)| spec.get(key.as_str()) != Some(*value));
        if let Some((key, value)) = ignored {
            let why = "the ForkliftController does not keep it: this version of the product does not know the key";
            return Err(StepError::Broken(format!("set {key}={value}: {why}")));
        }
        operator.has_run(&before, &deadline).await.map_err(broken)?;
    }
    settle(parts, held).await
}

/// Notes in the Lease that the product has taken the values up, for those who come after.
async fn settle(parts: &SessionParts, held: &Held) -> Result<(), StepError> {
    let lease = ObjectRef::namespaced(Kind::LEASE, &parts.settings.mtv_namespace, LEASE_NAME);
    for _ in 0..TRIES {
        let seen = parts.cluster.get(&lease).await?;
        let book = Book::of(seen.as_ref());
        let Some(seen) = seen.filter(|_| book.holders.contains_key(&held.holder)) else {
            return Err(StepError::Broken(format!("{} was struck out of {lease} by another session", held.holder)));
        };
        let mut after = book.clone();
        for key in held.values.keys() {
            if let Some(setting) = after.settings.get_mut(key) {
                setting.settled = true;
            }
        }
        if parts.cluster.patch_if_unchanged(&lease, &seen, after.written_over(&book)).await?.is_some() {
            return Ok(());
        }
    }
    Err(StepError::Broken(format!("{lease} changes all the time")))
}

async fn leave(parts: &SessionParts, held: &Held) -> Result<(), StepError> {
    let departure = Departure {
        cluster: &parts.cluster,
        events: &parts.events,
        namespace: &parts.settings.mtv_namespace,
        holder: &held.holder,
        values: &held.values,
        originals: &held.originals,
        deadline: parts.deadline(OPERATOR),
    };
    departure.leave().await?;
    Ok(parts.ledger.undone(held.entry)?)
}
