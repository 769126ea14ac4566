//! Who may come in, and what is restored when somebody goes. Pure: the book and the ForkliftController's spec go in.

use super::book::{Book, Holder, Setting};
use super::values::Values;
use serde_json::Value;
use std::collections::BTreeSet;

/// What a decision changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    /// The book afterwards.
    pub(super) book: Book,
    /// What is written to the ForkliftController; null removes a key.
    pub(super) writes: Values,
}

/// How somebody goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Going {
    /// Nothing of it is in the book.
    Gone,
    /// Others hold all that it held, or it held nothing: the book without it.
    Quietly(Book),
    /// It restores first: the book in which it says so. Nobody comes in on its values meanwhile.
    Restoring(Book),
}

impl Book {
    /// Lets `me` in, or tells why not yet. `stale` holders count as gone, and what only they held is restored.
    pub(super) fn admit(
        &self,
        me: &str,
        wanted: &Values,
        stale: &BTreeSet<String>,
        spec: &Value,
    ) -> Result<Decision, String> {
        let mut book = self.clone();
        book.holders.retain(|name, _| !stale.contains(name) && name != me);
        for (name, holder) in &book.holders {
            let clash = |(key, value): (&String, &Value)| match wanted.get(key) {
                Some(ours) if ours != value => Some(format!("{name} holds {key}={value}, wanted is {ours}")),
                Some(_) if holder.leaving => Some(format!("{name} is restoring {key}")),
                _ => None,
            };
            if let Some(why) = holder.values.iter().find_map(clash) {
                return Err(why);
            }
        }
        let mut writes = book.let_orphans_go(wanted, spec);
        for (key, value) in wanted {
            let present = spec.get(key).unwrap_or(&Value::Null);
            let setting = book.settings.get(key);
            let sharer = book.holders.iter().find(|(_, holder)| holder.values.contains_key(key));
            if let (Some((name, _)), Some(Setting { settled: false, .. })) = (sharer, setting) {
                return Err(format!("{name} is still applying {key}={value}"));
            }
            if present != value {
                writes.insert(key.clone(), value.clone());
            }
            book.settings.insert(key.clone(), next_setting(setting, value, present));
        }
        book.holders.insert(me.to_owned(), Holder::new(wanted.clone()));
        Ok(Decision { book, writes })
    }

    /// How `me` goes. Abandoned holders go with it.
    pub(super) fn going(&self, me: &str) -> Going {
        let mut book = self.clone();
        book.holders.retain(|name, holder| name == me || !holder.is_abandoned());
        let Some(holder) = book.holders.remove(me) else {
            // Nobody is left to restore what nobody holds.
            let abandoned = book.holders.is_empty() && !self.is_empty();
            if !abandoned {
                return Going::Gone;
            }
            let mut line = Holder::new(Values::new());
            line.leaving = true;
            book.holders.insert(me.to_owned(), line);
            return Going::Restoring(book);
        };
        let others_hold = |key: &String| book.holders.values().any(|other| other.values.contains_key(key));
        let alone: Values = holder.values.clone().into_iter().filter(|(key, _)| !others_hold(key)).collect();
        let is_last = book.holders.is_empty() && !book.settings.is_empty();
        if alone.is_empty() && !is_last {
            return Going::Quietly(book);
        }
        let leaving = Holder { values: alone, leaving: true, ..holder };
        book.holders.insert(me.to_owned(), leaving);
        Going::Restoring(book)
    }

    /// What `me`, which is leaving, writes back, and the keys that somebody else changed meanwhile: those stay.
    pub(super) fn restoring(&self, me: &str, spec: &Value) -> (Values, Vec<String>) {
        let mut others = self.clone();
        others.holders.remove(me);
        let foreign = others.settings.iter().filter(|(key, setting)| {
            let present = spec.get(key.as_str()).unwrap_or(&Value::Null);
            !others.is_held(key) && *present != setting.value && *present != setting.original
        });
        let foreign = foreign.map(|(key, _)| key.clone()).collect();
        (others.let_orphans_go(&Values::new(), spec), foreign)
    }

    /// The book once `me` has restored.
    pub(super) fn without(&self, me: &str) -> Self {
        let mut book = self.clone();
        book.holders.remove(me);
        let held: BTreeSet<String> = book.settings.keys().filter(|key| book.is_held(key)).cloned().collect();
        book.settings.retain(|key, _| held.contains(key));
        book
    }

    fn is_held(&self, key: &str) -> bool {
        self.holders.values().any(|holder| holder.values.contains_key(key))
    }

    /// What must be written back of keys that nobody holds or wants. A key stays in the book until it shows its
    /// original, so that a crash between the two writes loses nothing.
    fn let_orphans_go(&mut self, wanted: &Values, spec: &Value) -> Values {
        let mut writes = Values::new();
        let kept = self.clone();
        self.settings.retain(|key, setting| {
            if kept.is_held(key) || wanted.contains_key(key) {
                return true;
            }
            let present = spec.get(key.as_str()).unwrap_or(&Value::Null);
            let is_ours = *present == setting.value && setting.value != setting.original;
            if is_ours {
                writes.insert(key.clone(), setting.original.clone());
            }
            is_ours
        });
        writes
    }
}

/// A key's line when somebody wants `value`. A value that is neither ours nor the original is somebody else's, and
/// is what must be restored from now on.
fn next_setting(before: Option<&Setting>, value: &Value, present: &Value) -> Setting {
    let original = match before {
        Some(setting) if *present == setting.value || *present == setting.original => setting.original.clone(),
        _ => present.clone(),
    };
    let settled = before.is_some_and(|setting| setting.settled && setting.value == *value && present == value);
    Setting { original, value: value.clone(), settled }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn want(value: u64) -> Values {
        Values::from([("k".to_owned(), json!(value))])
    }

    fn nobody() -> BTreeSet<String> {
        BTreeSet::new()
    }

    /// `a` holds k=2, taken up by the product; 60 was there before.
    fn held() -> Book {
        let first = Book::default().admit("a", &want(2), &nobody(), &json!({ "k": 60 })).unwrap();
        assert_eq!(first.writes, want(2));
        let mut book = first.book;
        assert!(!book.settings["k"].settled);
        book.settings.get_mut("k").unwrap().settled = true;
        book
    }

    #[test]
    fn agreement_shares_and_conflict_waits() {
        let spec = json!({ "k": 2 });
        let second = held().admit("b", &want(2), &nobody(), &spec).unwrap();
        assert_eq!((second.writes, second.book.settings["k"].original.clone()), (Values::new(), json!(60)));
        assert_eq!(held().admit("b", &want(5), &nobody(), &spec).unwrap_err(), "a holds k=2, wanted is 5");
        let other = Values::from([("j".to_owned(), json!("true"))]);
        assert_eq!(held().admit("b", &other, &nobody(), &spec).unwrap().writes, other);
        let mut applying = held();
        applying.settings.get_mut("k").unwrap().settled = false;
        assert_eq!(applying.admit("b", &want(2), &nobody(), &spec).unwrap_err(), "a is still applying k=2");
    }

    #[test]
    fn a_stale_holder_is_taken_over_with_its_original() {
        let stale = BTreeSet::from(["a".to_owned()]);
        let taken = held().admit("b", &want(5), &stale, &json!({ "k": 2 })).unwrap();
        assert_eq!(taken.book.settings["k"], Setting { original: json!(60), value: json!(5), settled: false });
        assert!(!taken.book.holders.contains_key("a"));
        // What only the dead one wanted is restored, and stays in the book until that is seen.
        let other = Values::from([("j".to_owned(), json!(1))]);
        let taken = held().admit("b", &other, &stale, &json!({ "k": 2 })).unwrap();
        assert_eq!(taken.writes["k"], json!(60));
        assert!(taken.book.settings.contains_key("k"));
        let later = taken.book.admit("c", &other, &nobody(), &json!({ "k": 60, "j": 1 }));
        assert_eq!(later.unwrap_err(), "b is still applying j=1");
    }

    #[test]
    fn the_last_one_restores_and_only_what_is_still_ours() {
        let book = held().admit("b", &want(2), &nobody(), &json!({ "k": 2 })).unwrap().book;
        let Going::Quietly(book) = book.going("a") else { panic!() };
        let Going::Restoring(leaving) = book.going("b") else { panic!() };
        assert_eq!(leaving.admit("c", &want(2), &nobody(), &json!({ "k": 2 })).unwrap_err(), "b is restoring k");
        assert_eq!(leaving.restoring("b", &json!({ "k": 2 })), (want(60), vec![]));
        assert_eq!(leaving.restoring("b", &json!({ "k": 60 })), (Values::new(), vec![]));
        assert_eq!(leaving.restoring("b", &json!({ "k": 7 })), (Values::new(), vec!["k".to_owned()]));
        assert!(leaving.without("b").is_empty());
        // Once more, after a crash in mid-way.
        assert!(matches!(leaving.going("b"), Going::Restoring(again) if again == leaving));
        assert_eq!(Book::default().going("b"), Going::Gone);
    }

    #[test]
    fn a_foreign_value_becomes_the_original_when_somebody_comes_in_on_it() {
        let second = held().admit("b", &want(2), &nobody(), &json!({ "k": 9 })).unwrap();
        assert_eq!((&second.writes, &second.book.settings["k"].original), (&want(2), &json!(9)));
        assert!(!second.book.settings["k"].settled);
    }

    #[test]
    fn a_key_that_was_not_there_is_removed_again() {
        let book = Book::default().admit("a", &want(2), &nobody(), &json!({})).unwrap().book;
        let Going::Restoring(leaving) = book.going("a") else { panic!() };
        assert_eq!(leaving.restoring("a", &json!({ "k": 2 })).0, Values::from([("k".to_owned(), Value::Null)]));
    }
}
