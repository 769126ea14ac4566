//! Conditions as Forklift keeps them: absence means false, what is not asserted again vanishes unless durable.
//!
//! Pure. Source: forklift-api.md section 0.

use super::object::{items, text};
use crate::facts;
use serde_json::{Value, json};

/// How much a condition weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Category {
    Critical,
    Warn,
    Advisory,
    Required,
    /// An empty category: it neither blocks nor informs.
    Nothing,
}

fn word(category: Category) -> String {
    if category == Category::Nothing { String::new() } else { format!("{category:?}") }
}

/// A condition to assert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) kind: String,
    pub(crate) category: Category,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) items: Vec<String>,
    pub(crate) durable: bool,
}

impl Condition {
    pub(crate) fn new(kind: &str, category: Category, reason: &'static str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), category, reason, message: message.into(), items: Vec::new(), durable: false }
    }

    pub(crate) fn critical(kind: &str, reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(kind, Category::Critical, reason, message)
    }

    pub(crate) fn warn(kind: &str, reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(kind, Category::Warn, reason, message)
    }

    pub(crate) fn advisory(kind: &str, reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(kind, Category::Advisory, reason, message)
    }

    pub(crate) fn required(kind: &str, reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(kind, Category::Required, reason, message)
    }

    #[must_use]
    pub(crate) fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    #[must_use]
    pub(crate) fn about(mut self, items: Vec<String>) -> Self {
        self.items = items;
        self
    }
}

/// The conditions of one object during one reconcile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    entries: Vec<(Value, bool)>,
}

impl Conditions {
    /// Those of `object`; only the durable ones are asserted yet.
    pub(crate) fn begin(object: &Value) -> Self {
        Self::from_list(items(object, "/status/conditions"))
    }

    /// Those of a list of conditions.
    pub(crate) fn from_list<'a>(list: impl Iterator<Item = &'a Value>) -> Self {
        let entries = list.map(|one| (one.clone(), one["durable"].as_bool().unwrap_or(false))).collect();
        Self { entries }
    }

    /// Asserts a condition. Its transition time moves if any of its fields changes.
    pub(crate) fn set(&mut self, condition: Condition) {
        let mut wanted = json!({
            "type": Value::String(condition.kind), "status": "True", "category": word(condition.category),
            "message": condition.message,
        });
        if !condition.reason.is_empty() {
            wanted["reason"] = json!(condition.reason);
        }
        if !condition.items.is_empty() {
            wanted["items"] = json!(condition.items);
        }
        if condition.durable {
            wanted["durable"] = json!(true);
        }
        let now = json!(facts::rfc3339(facts::now()));
        let Some((existing, staged)) = self.entries.iter_mut().find(|(one, _)| one["type"] == wanted["type"]) else {
            wanted["lastTransitionTime"] = now;
            self.entries.push((wanted, true));
            return;
        };
        wanted["lastTransitionTime"] = existing["lastTransitionTime"].clone();
        if *existing != wanted {
            wanted["lastTransitionTime"] = now;
            *existing = wanted;
        }
        *staged = true;
    }

    pub(crate) fn set_all(&mut self, conditions: impl IntoIterator<Item = Condition>) {
        conditions.into_iter().for_each(|condition| self.set(condition));
    }

    /// Removes a condition, durable or not.
    pub(crate) fn retire(&mut self, kind: &str) {
        self.entries.retain(|(one, _)| text(one, "/type") != kind);
    }

    /// Whether it is asserted.
    pub(crate) fn has(&self, kind: &str) -> bool {
        self.entries.iter().any(|(one, staged)| *staged && text(one, "/type") == kind)
    }

    /// Whether a Critical or Error condition is asserted.
    pub(crate) fn blocked(&self) -> bool {
        self.entries.iter().any(|(one, staged)| *staged && matches!(text(one, "/category"), "Critical" | "Error"))
    }

    /// The asserted ones, in the order of their first insertion.
    pub(crate) fn finish(self) -> Value {
        self.entries.into_iter().filter(|(_, staged)| *staged).map(|(one, _)| one).collect()
    }
}

/// The conditions of `after` that `before` did not carry in this form: each is worth an Event.
pub(crate) fn news<'a>(before: &Value, after: &'a Value) -> Vec<&'a Value> {
    let old: Vec<&Value> = items(before, "/status/conditions").collect();
    items(after, "/status/conditions").filter(|one| !old.contains(one)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unasserted_conditions_vanish_and_durable_ones_stay() {
        let old = json!({"status": {"conditions": [
            {"type": "Gone", "status": "True", "category": "Critical", "lastTransitionTime": "t"},
            {"type": "Executing", "status": "True", "category": "Advisory", "durable": true, "lastTransitionTime": "t"},
            {"type": "Kept", "status": "True", "category": "Required", "message": "m", "lastTransitionTime": "t"},
        ]}});
        let mut conditions = Conditions::begin(&old);
        assert!(!conditions.blocked());
        conditions.set(Condition::required("Kept", "", "m"));
        conditions.set(Condition::critical("Bad", "NotSet", "x"));
        assert!(conditions.blocked() && conditions.has("Executing") && !conditions.has("Gone"));
        let list = conditions.finish();
        let kinds: Vec<&str> = items(&list, "").map(|one| text(one, "/type")).collect();
        assert_eq!(kinds, ["Executing", "Kept", "Bad"]);
        assert_eq!(list[1]["lastTransitionTime"], "t");
        let after = json!({"status": {"conditions": list}});
        assert_eq!(news(&old, &after).len(), 1);
    }
}
