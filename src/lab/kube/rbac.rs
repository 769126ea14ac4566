//! What Roles, ClusterRoles and their bindings grant.

use super::auth::{Attributes, User, is_subject};
use super::object::{namespace, text};
use super::store::State;
use serde_json::{Value, json};

const GROUP: &str = "rbac.authorization.k8s.io";

/// The rules of every role that is bound to a user in the cluster or in a namespace.
pub(super) fn rules(state: &State, user: &User, namespace_name: &str) -> Vec<Value> {
    let bindings = |plural: &str, scope: Option<&str>| -> Vec<Value> {
        let shelf = state.shelves.get(format!("{plural}.{GROUP}").as_str());
        let bindings = shelf.into_iter().flat_map(|shelf| shelf.select(scope)).filter(|binding| {
            let mut subjects = binding.value["subjects"].as_array().into_iter().flatten();
            subjects.any(|subject| is_subject(subject, user, namespace(&binding.value)))
        });
        bindings.flat_map(|binding| role_rules(state, &binding.value)).collect()
    };
    let mut rules = bindings("clusterrolebindings", None);
    if !namespace_name.is_empty() {
        rules.extend(bindings("rolebindings", Some(namespace_name)));
    }
    rules
}

fn role_rules(state: &State, binding: &Value) -> Vec<Value> {
    let role = &binding["roleRef"];
    let (plural, scope) = if role["kind"] == "Role" { ("roles", namespace(binding)) } else { ("clusterroles", "") };
    let all = |verbs: &[&str]| vec![json!({"verbs": verbs, "apiGroups": ["*"], "resources": ["*"]})];
    match (plural, text(role, "/name")) {
        ("clusterroles", "cluster-admin" | "admin" | "edit") => all(&["*"]),
        ("clusterroles", "view" | "cluster-reader") => all(&["get", "list", "watch"]),
        (_, name) => {
            let stored = state.registry.find(GROUP, plural).and_then(|kind| state.find(kind, scope, name));
            stored.and_then(|role| role.value["rules"].as_array().cloned()).unwrap_or_default()
        }
    }
}

/// Whether a binding of the cluster or of the namespace grants what a user wants.
pub(super) fn grants(state: &State, user: &User, wanted: &Attributes) -> bool {
    let bound = |plural: &str, scope: Option<&str>| {
        let shelf = state.shelves.get(format!("{plural}.{GROUP}").as_str());
        shelf.into_iter().flat_map(|shelf| shelf.select(scope)).any(|binding| {
            let subjects = binding.value["subjects"].as_array().into_iter().flatten();
            let mut subjects = subjects.filter(|subject| is_subject(subject, user, namespace(&binding.value)));
            subjects.next().is_some() && role_grants(state, &binding.value, wanted)
        })
    };
    bound("clusterrolebindings", None)
        || (!wanted.namespace.is_empty() && bound("rolebindings", Some(&wanted.namespace)))
}

fn role_grants(state: &State, binding: &Value, wanted: &Attributes) -> bool {
    let role = &binding["roleRef"];
    let (plural, scope) = if role["kind"] == "Role" { ("roles", namespace(binding)) } else { ("clusterroles", "") };
    let name = text(role, "/name");
    if plural == "clusterroles"
        && let Some(granted) = well_known(name, wanted)
    {
        return granted;
    }
    let Some(kind) = state.registry.find(GROUP, plural) else { return false };
    let role = state.find(kind, scope, name);
    role.is_some_and(|role| role.value["rules"].as_array().into_iter().flatten().any(|rule| rule_grants(rule, wanted)))
}

/// The roles that every cluster has, unless they are stored.
fn well_known(name: &str, wanted: &Attributes) -> Option<bool> {
    let reads = matches!(wanted.verb.as_str(), "get" | "list" | "watch");
    match name {
        "cluster-admin" => Some(true),
        "admin" | "edit" => Some(wanted.path.is_empty()),
        "view" | "cluster-reader" => Some(reads && wanted.path.is_empty() && wanted.resource != "secrets"),
        _ => None,
    }
}

fn rule_grants(rule: &Value, wanted: &Attributes) -> bool {
    let has = |field: &str, value: &str| {
        let list = rule[field].as_array().into_iter().flatten();
        list.filter_map(Value::as_str).any(|item| item == "*" || item == value)
    };
    if !has("verbs", &wanted.verb) {
        return false;
    }
    if !wanted.path.is_empty() {
        let urls = rule["nonResourceURLs"].as_array().into_iter().flatten().filter_map(Value::as_str);
        return urls.into_iter().any(|url| match url.strip_suffix('*') {
            Some(prefix) => wanted.path.starts_with(prefix),
            None => url == wanted.path,
        });
    }
    let resource = if wanted.subresource.is_empty() {
        wanted.resource.clone()
    } else {
        format!("{}/{}", wanted.resource, wanted.subresource)
    };
    let names = rule["resourceNames"].as_array().is_none_or(|names| {
        names.is_empty() || names.iter().any(|name| *name == wanted.name.as_str() && !wanted.name.is_empty())
    });
    has("apiGroups", &wanted.group) && has("resources", &resource) && names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_grant_what_they_name() {
        let rule = json!({"verbs": ["get"], "apiGroups": ["g"], "resources": ["things", "things/status"], "resourceNames": ["a"]});
        let wanted = |verb: &str, resource: &str, subresource: &str, name: &str| Attributes {
            verb: verb.into(),
            group: "g".into(),
            resource: resource.into(),
            subresource: subresource.into(),
            name: name.into(),
            ..Attributes::default()
        };
        assert!(rule_grants(&rule, &wanted("get", "things", "", "a")));
        assert!(rule_grants(&rule, &wanted("get", "things", "status", "a")));
        assert!(!rule_grants(&rule, &wanted("get", "things", "log", "a")));
        assert!(!rule_grants(&rule, &wanted("get", "things", "", "b")));
        assert!(!rule_grants(&rule, &wanted("list", "things", "", "")));
        assert!(rule_grants(
            &json!({"verbs": ["*"], "nonResourceURLs": ["/metrics/*"]}),
            &Attributes { verb: "get".into(), path: "/metrics/x".into(), ..Attributes::default() }
        ));
    }
}
