//! What the Lease says: who holds which values, and what was there before. Kept in its annotations, since a Lease has
//! room for one holder only.

use super::values::Values;
use crate::facts::{now, rfc3339};
use jiff::Timestamp;
use kube::api::DynamicObject;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Name of the Lease, in the product's namespace.
pub(in crate::engine) const LEASE_NAME: &str = "mtvtest-forklift-controller";

/// How long a line in the book is good without a renewal.
pub(super) const GOOD_FOR: Duration = Duration::from_secs(60);
/// How often it is renewed.
pub(super) const RENEWED_EVERY: Duration = Duration::from_secs(15);
/// A line that is this old by our clock is abandoned, whatever the difference of the clocks.
const ABANDONED_AFTER: Duration = Duration::from_secs(180);

const HOLDER: &str = "holder.mtvtest.io/";
const SETTING: &str = "setting.mtvtest.io/";

/// Who holds what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Holder {
    /// The values it wants; while it leaves, those that it restores.
    pub(super) values: Values,
    /// When it last renewed, RFC 3339.
    pub(super) renewed: String,
    /// How often it renewed: tells a renewal from none, also to a reader whose clock differs.
    pub(super) beats: u64,
    /// It is restoring and takes nobody in.
    #[serde(default)]
    pub(super) leaving: bool,
}

/// What became of a key of the ForkliftController.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Setting {
    /// What was there before the first holder; null for nothing.
    pub(super) original: Value,
    /// What it was given.
    pub(super) value: Value,
    /// Whether the product has taken it up.
    pub(super) settled: bool,
}

/// The Lease's annotations, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Book {
    pub(super) holders: BTreeMap<String, Holder>,
    pub(super) settings: BTreeMap<String, Setting>,
}

impl Holder {
    pub(super) fn new(values: Values) -> Self {
        Self { values, renewed: rfc3339(now()), beats: 0, leaving: false }
    }

    /// Whether it is so old that nobody can still be there. A time that cannot be read is.
    pub(super) fn is_abandoned(&self) -> bool {
        let Ok(renewed) = self.renewed.parse::<Timestamp>() else { return true };
        now().duration_since(renewed).unsigned_abs() > ABANDONED_AFTER && now() > renewed
    }

    pub(super) fn renew(&mut self) {
        self.beats += 1;
        self.renewed = rfc3339(now());
    }
}

impl Book {
    /// Reads a Lease; without one the book is empty. Lines that cannot be read are nobody's.
    pub(super) fn of(lease: Option<&DynamicObject>) -> Self {
        let mut book = Self::default();
        let notes = lease.and_then(|lease| lease.metadata.annotations.as_ref());
        for (name, text) in notes.into_iter().flatten() {
            if let Some(holder) = name.strip_prefix(HOLDER)
                && let Ok(line) = serde_json::from_str(text)
            {
                book.holders.insert(holder.to_owned(), line);
            }
            if let Some(key) = name.strip_prefix(SETTING)
                && let Ok(setting) = serde_json::from_str(text)
            {
                book.settings.insert(key.to_owned(), setting);
            }
        }
        book
    }

    pub(super) fn is_empty(&self) -> bool {
        self.holders.is_empty() && self.settings.is_empty()
    }

    /// The body or merge patch that turns `before` into this.
    pub(super) fn written_over(&self, before: &Self) -> Value {
        let (old, new) = (before.lines(), self.lines());
        let gone = old.keys().filter(|name| !new.contains_key(*name)).map(|name| (name.clone(), Value::Null));
        let kept = new.iter().filter(|(name, text)| old.get(*name) != Some(*text));
        let notes: Map<String, Value> =
            kept.map(|(name, text)| (name.clone(), Value::String(text.clone()))).chain(gone).collect();
        let latest = self.holders.iter().max_by(|one, other| one.1.renewed.cmp(&other.1.renewed));
        let renewed = latest.map(|(_, holder)| holder.renewed.replace('Z', ".000000Z"));
        json!({
            "metadata": { "annotations": notes, "labels": { "app.kubernetes.io/managed-by": "mtvtest" } },
            "spec": {
                "holderIdentity": latest.map(|(name, _)| name),
                "leaseDurationSeconds": GOOD_FOR.as_secs(),
                "renewTime": renewed,
            },
        })
    }

    fn lines(&self) -> BTreeMap<String, String> {
        let holders = self.holders.iter().map(|(name, holder)| (format!("{HOLDER}{name}"), json!(holder).to_string()));
        let settings = self.settings.iter().map(|(key, one)| (format!("{SETTING}{key}"), json!(one).to_string()));
        holders.chain(settings).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_book_is_read_as_it_was_written_and_patches_hold_only_what_changed() {
        let mut book = Book::default();
        book.holders.insert("auto-1.1".into(), Holder::new(Values::from([("k".to_owned(), json!(2))])));
        book.settings.insert("k".into(), Setting { original: Value::Null, value: json!(2), settled: false });
        let mut lease = book.written_over(&Book::default());
        lease["apiVersion"] = json!("coordination.k8s.io/v1");
        lease["kind"] = json!("Lease");
        lease["metadata"]["name"] = json!("l");
        let lease: DynamicObject = serde_json::from_value(lease).unwrap();
        assert_eq!(Book::of(Some(&lease)), book);
        let mut after = book.clone();
        after.holders.clear();
        let patch = after.written_over(&book);
        assert_eq!(patch["metadata"]["annotations"], json!({ "holder.mtvtest.io/auto-1.1": null }));
        assert_eq!(patch["spec"]["holderIdentity"], Value::Null);
        assert_eq!(Book::of(None), Book::default());
    }

    #[test]
    fn only_old_lines_are_abandoned() {
        let mut holder = Holder::new(Values::new());
        assert!(!holder.is_abandoned());
        holder.renewed = "2020-01-01T00:00:00Z".into();
        assert!(holder.is_abandoned());
        holder.renewed = "2999-01-01T00:00:00Z".into();
        assert!(!holder.is_abandoned());
    }
}
