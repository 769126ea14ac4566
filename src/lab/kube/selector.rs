//! Label and field selectors.
//!
//! Source: cluster-api.md section 6.4.

use super::failure::Failure;
use super::jsonpath;
use super::kinds::Kind;
use super::object::{name, namespace};
use super::request::Call;
use super::validate::{LABEL, QUALIFIED, token_problem};
use serde_json::Value;

/// The conditions of a list, watch or deletecollection; all must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selector {
    labels: Vec<Rule>,
    fields: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
    Above(i64),
    Below(i64),
}

impl Test {
    fn holds(&self, value: Option<&str>) -> bool {
        match self {
            Self::In(values) => value.is_some_and(|value| values.iter().any(|wanted| wanted == value)),
            Self::NotIn(values) => value.is_none_or(|value| values.iter().all(|other| other != value)),
            Self::Exists => value.is_some(),
            Self::Absent => value.is_none(),
            Self::Above(bound) => value.and_then(|value| value.parse::<i64>().ok()).is_some_and(|value| value > *bound),
            Self::Below(bound) => value.and_then(|value| value.parse::<i64>().ok()).is_some_and(|value| value < *bound),
        }
    }
}

/// Fields of built-in kinds that selectors may use beside name and namespace.
const FIELDS: &[(&str, &[&str])] = &[
    (
        "pods",
        &[
            "status.phase",
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "status.podIP",
        ],
    ),
    (
        "events",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "reason",
            "reportingComponent",
            "reportingController",
            "source",
            "type",
        ],
    ),
    ("namespaces", &["status.phase"]),
    ("nodes", &["spec.unschedulable"]),
    ("secrets", &["type"]),
    ("jobs", &["status.successful"]),
];

impl Selector {
    /// The selectors of a call.
    pub(super) fn of(call: &Call) -> Result<Self, Failure> {
        let labels = parse_labels(call.params.text("labelSelector"))?;
        let fields = parse_fields(call.params.text("fieldSelector"))?;
        for rule in &fields {
            if !supported(&call.kind, &call.version, &rule.key) {
                let own = FIELDS.iter().any(|(plural, _)| *plural == call.kind.plural);
                let message = if call.kind.custom || own {
                    format!("field label not supported: {}", rule.key)
                } else {
                    let known = "only \"metadata.name\", \"metadata.namespace\"";
                    format!("{:?} is not a known field selector: {known}", rule.key)
                };
                return Err(Failure::bad_request(message));
            }
        }
        Ok(Self { labels, fields })
    }

    /// The one name that can match, if the selector names one.
    pub(super) fn only_name(&self) -> Option<&str> {
        self.fields.iter().find_map(|rule| match (&rule.test, rule.key.as_str()) {
            (Test::In(values), "metadata.name") => values.first().map(String::as_str),
            _ => None,
        })
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.labels.iter().all(|rule| rule.test.holds(labels[rule.key.as_str()].as_str()))
            && self.fields.iter().all(|rule| rule.test.holds(Some(&field(object, &rule.key))))
    }
}

fn supported(kind: &Kind, version: &str, key: &str) -> bool {
    let path = format!(".{key}");
    key == "metadata.name"
        || key == "metadata.namespace"
        || kind.version(version).is_some_and(|version| version.selectable.contains(&path))
        || (!kind.custom && FIELDS.iter().any(|(plural, keys)| *plural == kind.plural && keys.contains(&key)))
}

/// A field as selectors see it: what is absent is empty.
fn field(object: &Value, key: &str) -> String {
    match key {
        "metadata.name" => name(object).to_owned(),
        "metadata.namespace" => namespace(object).to_owned(),
        "spec.unschedulable" => (object["spec"]["unschedulable"] == true).to_string(),
        "source" => object["source"]["component"].as_str().unwrap_or_default().to_owned(),
        // Events lie in their core form.
        _ if key.starts_with("regarding.") => field(object, &key.replacen("regarding", "involvedObject", 1)),
        "reportingController" => field(object, "reportingComponent"),
        _ => match jsonpath::first(object, &format!(".{key}")) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        },
    }
}

fn parse_fields(text: &str) -> Result<Vec<Rule>, Failure> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (key, value, equal) = if let Some((key, value)) = part.split_once("!=") {
                (key, value, false)
            } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
                (key, value, true)
            } else {
                return Err(Failure::bad_request(format!("invalid selector: '{part}'; can't understand '{part}'")));
            };
            let values = vec![value.trim().to_owned()];
            let rule = if equal { Test::In(values) } else { Test::NotIn(values) };
            Ok(Rule { key: key.trim().to_owned(), test: rule })
        })
        .collect()
}

fn parse_labels(text: &str) -> Result<Vec<Rule>, Failure> {
    split_outside_parentheses(text).into_iter().map(parse_label).collect()
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn parse_label(part: &str) -> Result<Rule, Failure> {
    let fail = |why: &str| Failure::bad_request(format!("unable to parse requirement: {why}"));
    let rule = |key: &str, test: Test| {
        let key = key.trim();
        if let Some((_, other)) = key.split_once(char::is_whitespace) {
            let other = other.trim();
            return Err(fail(&format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt")));
        }
        let bare = key.rsplit_once('/').map_or(key, |(_, bare)| bare);
        if let Some(why) = token_problem(bare, QUALIFIED).or(bare.is_empty().then_some("must be non-empty")) {
            return Err(fail(&format!("<nil>: Invalid value: {key:?}: name part {why}")));
        }
        if let Test::In(values) | Test::NotIn(values) = &test {
            for (index, value) in values.iter().enumerate() {
                if let Some((_, other)) = value.split_once(char::is_whitespace) {
                    let why = format!("found '{}', expected: ',' or 'end of string'", other.trim());
                    return Err(Failure::bad_request(why));
                }
                if let Some(why) = token_problem(value, LABEL) {
                    return Err(fail(&format!("values[{index}][{key}]: Invalid value: {value:?}: {why}")));
                }
            }
        }
        Ok(Rule { key: key.to_owned(), test })
    };
    if let Some((head, values)) = part.split_once('(') {
        let values = values.strip_suffix(')').ok_or_else(|| fail("found '', expected: ',' or ')'"))?;
        let values: Vec<String> = values.split(',').map(|value| value.trim().to_owned()).collect();
        let unknown = || fail(&format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", head.trim()));
        let (key, operator) = head.trim().rsplit_once(char::is_whitespace).ok_or_else(unknown)?;
        return match operator {
            "in" => rule(key, Test::In(values)),
            "notin" => rule(key, Test::NotIn(values)),
            _ => Err(unknown()),
        };
    }
    if let Some(key) = part.strip_prefix('!') {
        return rule(key, Test::Absent);
    }
    let value = |value: &str| vec![value.trim().to_owned()];
    if let Some((key, given)) = part.split_once("!=") {
        return rule(key, Test::NotIn(value(given)));
    }
    if let Some((key, given)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return rule(key, Test::In(value(given)));
    }
    for (sign, above) in [('>', true), ('<', false)] {
        if let Some((key, given)) = part.split_once(sign) {
            let bound =
                given.trim().parse().map_err(|_| fail("for 'Gt', 'Lt' operators, the value must be an integer"))?;
            return rule(key, if above { Test::Above(bound) } else { Test::Below(bound) });
        }
    }
    rule(part, Test::Exists)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn labels_select() {
        let object = json!({"metadata": {"labels": {"app": "web", "x.io/tier": "1"}}});
        for (text, matches) in [
            ("", true),
            ("app=web", true),
            ("app==web,x.io/tier=1", true),
            ("app=db", false),
            ("app!=db", true),
            ("other!=db", true),
            ("app in (db, web)", true),
            ("app in (db),app", false),
            ("app notin (db,x)", true),
            ("other notin (db)", true),
            ("app", true),
            ("!app", false),
            ("!other", true),
            ("x.io/tier>0", true),
            ("x.io/tier<1", false),
        ] {
            let selector = Selector { labels: parse_labels(text).unwrap(), fields: Vec::new() };
            assert_eq!(selector.matches(&object), matches, "{text}");
        }
        assert!(parse_labels("a b c").is_err());
    }

    #[test]
    fn fields_select() {
        let object = json!({"metadata": {"name": "a"}, "status": {"phase": "Running"}});
        for (text, matches) in [
            ("metadata.name=a", true),
            ("metadata.name!=a", false),
            ("metadata.name==a,status.phase=Running", true),
            ("status.phase!=Running", false),
            ("spec.nodeName=", true),
        ] {
            let selector = Selector { labels: Vec::new(), fields: parse_fields(text).unwrap() };
            assert_eq!(selector.matches(&object), matches, "{text}");
        }
        assert!(parse_fields("oops").is_err());
    }
}
