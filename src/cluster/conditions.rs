//! Conditions of an object's status, as Forklift, KubeVirt and Kubernetes write them.

use kube::core::DynamicObject;
use serde_json::Value;

/// One condition. Texts that the server left out are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// Type (`Ready`).
    pub kind: String,
    /// `True`, `False` or `Unknown`. Forklift never writes `False`: absence means it.
    pub status: String,
    /// Reason, one word.
    pub reason: String,
    /// Forklift's category: `Critical`, `Error`, `Warn`, `Advisory`, `Required`.
    pub category: String,
    /// Message for people.
    pub message: String,
    /// What Forklift suggests to do (MTV 2.10).
    pub suggestion: String,
    /// The things that Forklift's condition is about.
    pub items: Vec<String>,
    /// When it last changed, RFC 3339.
    pub last_transition: String,
}

impl Condition {
    /// Whether its status is `True`.
    pub fn is_true(&self) -> bool {
        self.status.eq_ignore_ascii_case("true")
    }

    /// Whether it keeps a Forklift object from becoming ready. Source: forklift-api.md section 0.
    pub fn is_blocker(&self) -> bool {
        self.is_true() && matches!(self.category.as_str(), "Critical" | "Error")
    }

    fn read(value: &Value) -> Self {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let items = value["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        Self {
            kind: text("type"),
            status: text("status"),
            reason: text("reason"),
            category: text("category"),
            message: text("message"),
            suggestion: text("suggestion"),
            items: items.iter().filter_map(Value::as_str).map(|item| item.trim().to_owned()).collect(),
            last_transition: text("lastTransitionTime"),
        }
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}={}", self.kind, self.status)?;
        if !self.reason.is_empty() {
            write!(out, " ({})", self.reason)?;
        }
        if !self.message.is_empty() {
            write!(out, ": {}", self.message)?;
        }
        if !self.items.is_empty() {
            write!(out, " [{}]", self.items.join(", "))?;
        }
        Ok(())
    }
}

/// All conditions of `object`, in the server's order; none when it has no status yet.
pub fn conditions(object: &DynamicObject) -> Vec<Condition> {
    let listed = object.data["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default();
    listed.iter().map(Condition::read).collect()
}

/// The condition of that type.
pub fn condition(object: &DynamicObject, kind: &str) -> Option<Condition> {
    conditions(object).into_iter().find(|condition| condition.kind == kind)
}

/// Whether the condition of that type is there and true.
pub fn is_true(object: &DynamicObject, kind: &str) -> bool {
    condition(object, kind).is_some_and(|condition| condition.is_true())
}

/// Whether the controller has seen the object's present spec (`status.observedGeneration` reached
/// `metadata.generation`); before that its conditions speak of an older one.
pub fn observed(object: &DynamicObject) -> bool {
    let seen = object.data["status"]["observedGeneration"].as_i64();
    seen.is_some_and(|seen| object.metadata.generation.is_none_or(|wanted| seen >= wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_are_read_leniently() {
        let plan: DynamicObject = serde_json::from_value(json!({
            "metadata": {"name": "p", "generation": 2},
            "status": {"observedGeneration": 1, "conditions": [
                {"type": "Ready", "status": "True", "category": "Required", "message": "fine", "items": null},
                {"type": "VMNotFound", "status": "True", "category": "Critical", "reason": "NotFound",
                 "message": "gone", "items": [" id:vm-1 name:'x' "]}]}
        }))
        .unwrap();
        assert!(is_true(&plan, "Ready") && !is_true(&plan, "Succeeded"));
        assert!(!observed(&plan));
        let blocker = condition(&plan, "VMNotFound").unwrap();
        assert!(blocker.is_blocker() && !condition(&plan, "Ready").unwrap().is_blocker());
        assert_eq!(blocker.to_string(), "VMNotFound=True (NotFound): gone [id:vm-1 name:'x']");
        let bare: DynamicObject = serde_json::from_value(json!({"metadata": {"name": "p"}})).unwrap();
        assert!(conditions(&bare).is_empty() && !observed(&bare));
    }
}
