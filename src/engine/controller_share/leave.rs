//! Leaving the shared settings: restore what nobody else holds, then go. May be repeated at will.

use super::admission::Going;
use super::book::{Book, LEASE_NAME};
use super::operator::Operator;
use super::renewal::{TRIES, keep_renewed};
use super::values::{Values, words};
use crate::cluster::{Cluster, ClusterError, Kind, ObjectRef};
use crate::event::{Event, EventSender};
use crate::facts::SessionId;
use crate::undo::Thing;
use crate::wait::Deadline;
use serde_json::Value;
use std::time::Duration;

/// How long the operator may take to take up what was restored.
const OPERATOR: Duration = Duration::from_secs(300);

/// Somebody who goes.
pub(in crate::engine) struct Departure<'a> {
    pub(in crate::engine) cluster: &'a Cluster,
    pub(in crate::engine) events: &'a EventSender,
    /// The product's namespace.
    pub(in crate::engine) namespace: &'a str,
    pub(in crate::engine) holder: &'a str,
    /// What it was given and what was there before, for the case that nobody keeps a Lease any more.
    pub(in crate::engine) values: &'a Values,
    pub(in crate::engine) originals: &'a Values,
    pub(in crate::engine) deadline: Deadline,
}

impl Departure<'_> {
    /// Goes; tells whether there was anything to undo.
    ///
    /// Others keep their values. The last holder of a value restores what was there before it, waits until the product
    /// has taken that up, and with the last line of all the Lease goes. A value that somebody else set meanwhile stays.
    pub(in crate::engine) async fn leave(&self) -> Result<bool, ClusterError> {
        let lease = self.lease();
        for _ in 0..TRIES {
            let Some(seen) = self.cluster.get(&lease).await? else { return self.restore_from_memory().await };
            let book = Book::of(Some(&seen));
            let (after, restores) = match book.going(self.holder) {
                Going::Gone => return Ok(false),
                Going::Quietly(after) => (after, false),
                Going::Restoring(during) => (during, true),
            };
            if self.cluster.patch_if_unchanged(&lease, &seen, after.written_over(&book)).await?.is_none() {
                continue;
            }
            if restores {
                self.restore(&after).await?;
                self.strike_out(&lease).await?;
            }
            return Ok(true);
        }
        Err(busy(&lease))
    }

    async fn restore(&self, book: &Book) -> Result<(), ClusterError> {
        let Some(controller) = self.operator().controller().await? else { return Ok(()) };
        let (writes, foreign) = book.restoring(self.holder, &controller.data["spec"]);
        if !foreign.is_empty() {
            let keys = foreign.join(", ");
            self.note(format!("{keys} of the ForkliftController was changed by somebody else, and stays as it is"));
        }
        self.write_back(&writes).await
    }

    /// Without a Lease nobody shares; what still has our value gets the one that the ledger remembers.
    async fn restore_from_memory(&self) -> Result<bool, ClusterError> {
        let Some(controller) = self.operator().controller().await? else { return Ok(false) };
        let spec = &controller.data["spec"];
        let is_ours = |key: &String| spec.get(key.as_str()) == self.values.get(key);
        let writes: Values = self
            .originals
            .iter()
            .filter(|(key, original)| is_ours(key) && self.values.get(*key) != Some(*original))
            .map(|(key, original)| (key.clone(), original.clone()))
            .collect();
        self.write_back(&writes).await?;
        Ok(!writes.is_empty())
    }

    async fn write_back(&self, writes: &Values) -> Result<(), ClusterError> {
        if writes.is_empty() {
            return Ok(());
        }
        let _renewed = keep_renewed(self.cluster, self.events, &self.lease(), self.holder);
        let deadline = self.deadline.at_most(OPERATOR);
        let operator = self.operator();
        // A run that goes on may have read the old value; it must not be taken for the next one.
        let before = operator.rests(&deadline).await;
        operator.write(writes).await?;
        let taken_up = match before {
            Ok(before) => operator.has_run(&before, &deadline).await,
            Err(error) => Err(error),
        };
        match taken_up {
            Err(ClusterError::Wait(wait)) => self.note(format!("{wait}; {} is restored all the same", words(writes))),
            other => other?,
        }
        Ok(())
    }

    async fn strike_out(&self, lease: &ObjectRef) -> Result<(), ClusterError> {
        for _ in 0..TRIES {
            let Some(seen) = self.cluster.get(lease).await? else { return Ok(()) };
            let book = Book::of(Some(&seen));
            let after = book.without(self.holder);
            let done = if after.is_empty() {
                self.cluster.delete_if_unchanged(lease, &seen).await?
            } else {
                self.cluster.patch_if_unchanged(lease, &seen, after.written_over(&book)).await?.is_some()
            };
            if done {
                return Ok(());
            }
        }
        Err(busy(lease))
    }

    fn operator(&self) -> Operator<'_> {
        Operator { cluster: self.cluster, namespace: self.namespace }
    }

    fn lease(&self) -> ObjectRef {
        ObjectRef::namespaced(Kind::LEASE, self.namespace, LEASE_NAME)
    }

    fn note(&self, note: String) {
        self.events.emit(Event::Noted { test: None, note });
    }
}

fn busy(lease: &ObjectRef) -> ClusterError {
    let operation = format!("change {lease}");
    ClusterError::Conflict { operation, message: "others change it all the time; try again".to_owned() }
}

/// What `session` holds, as the Lease tells it: for a clean-up without a ledger.
///
/// # Errors
/// The Lease cannot be read.
pub(in crate::engine) async fn found_shares(
    cluster: &Cluster,
    namespace: &str,
    session: &SessionId,
) -> Result<Vec<Thing>, ClusterError> {
    let lease = ObjectRef::namespaced(Kind::LEASE, namespace, LEASE_NAME);
    let book = match cluster.get(&lease).await {
        Ok(seen) => Book::of(seen.as_ref()),
        Err(error) if error.is_kind_missing() => Book::default(),
        Err(error) => return Err(error),
    };
    let ours = book.holders.iter().filter(|(name, _)| is_of(name, session));
    let thing = |(name, holder): (&String, &super::book::Holder)| {
        let original = |key: &String| book.settings.get(key).map_or(Value::Null, |setting| setting.original.clone());
        Thing::ControllerShare {
            namespace: namespace.to_owned(),
            lease: LEASE_NAME.to_owned(),
            holder: name.clone(),
            values: holder.values.clone(),
            originals: holder.values.keys().map(|key| (key.clone(), original(key))).collect(),
        }
    };
    Ok(ours.map(thing).collect())
}

/// Holders are named `<session>.<number>`.
fn is_of(holder: &str, session: &SessionId) -> bool {
    holder.rsplit_once('.').is_some_and(|(name, _)| name == session.as_str())
}
