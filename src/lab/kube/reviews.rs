//! Reviews: questions about users and their rights that are asked by POST and stored nowhere.
//!
//! Source: cluster-api.md section 6.7.

use super::auth::{Attributes, User, Users, allows, user_info};
use super::failure::Failure;
use super::object::{fields, meta, text};
use super::rbac;
use super::request::ResourcePath;
use super::store::State;
use crate::facts::{now, rfc3339};
use crate::lab::world::Role;
use serde_json::{Value, json};

/// Group, plural and kind of every review.
pub(super) const REVIEWS: [(&str, &str, &str); 6] = [
    ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
    ("authentication.k8s.io", "tokenreviews", "TokenReview"),
    ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ("authorization.k8s.io", "subjectaccessreviews", "SubjectAccessReview"),
    ("authorization.k8s.io", "localsubjectaccessreviews", "LocalSubjectAccessReview"),
];

/// The kind of the review at a path, if there is one.
pub(super) fn kind_at(path: &ResourcePath) -> Option<&'static str> {
    let found = REVIEWS.iter().find(|(group, plural, _)| *group == path.group && *plural == path.plural);
    found.filter(|_| path.version == "v1" && path.name.is_empty()).map(|(_, _, kind)| *kind)
}

/// Answers a review with itself and its status.
pub(super) fn answer(
    state: &State,
    users: &Users,
    user: &User,
    path: &ResourcePath,
    mut body: Value,
) -> Result<Value, Failure> {
    let kind = kind_at(path).unwrap_or_default();
    if !body.is_object() {
        return Err(Failure::bad_request("the body is no object"));
    }
    let status = match path.plural.as_str() {
        "selfsubjectreviews" => json!({"userInfo": user_info(user)}),
        "tokenreviews" => match users.by_token(state, text(&body, "/spec/token")) {
            Some(known) => json!({
                "authenticated": true, "user": user_info(&known), "audiences": ["https://kubernetes.default.svc"],
            }),
            None => json!({"error": "invalid bearer token"}),
        },
        "selfsubjectaccessreviews" => access(state, user, &body["spec"], &path.namespace),
        "selfsubjectrulesreviews" => rules(state, user, text(&body, "/spec/namespace")),
        _ => access(state, &described(&body["spec"]), &body["spec"], &path.namespace),
    };
    let map = fields(&mut body);
    map.insert("kind".into(), kind.into());
    map.insert("apiVersion".into(), format!("{}/v1", path.group).into());
    map.insert("status".into(), status);
    // Only this one is created like an object.
    let made = if path.plural == "selfsubjectreviews" { rfc3339(now()).into() } else { Value::Null };
    meta(&mut body).insert("creationTimestamp".into(), made);
    Ok(body)
}

fn access(state: &State, user: &User, spec: &Value, path_namespace: &str) -> Value {
    let resource = &spec["resourceAttributes"];
    let field = |name: &str| text(resource, &format!("/{name}")).to_owned();
    let wanted = if resource.is_object() {
        let namespace = field("namespace");
        Attributes {
            verb: field("verb"),
            group: field("group"),
            resource: field("resource"),
            subresource: field("subresource"),
            namespace: if namespace.is_empty() { path_namespace.to_owned() } else { namespace },
            name: field("name"),
            path: String::new(),
        }
    } else {
        let other = &spec["nonResourceAttributes"];
        Attributes {
            verb: text(other, "/verb").to_owned(),
            path: text(other, "/path").to_owned(),
            ..Attributes::default()
        }
    };
    json!({"allowed": allows(state, user, &wanted)})
}

/// The user that a SubjectAccessReview describes.
fn described(spec: &Value) -> User {
    let groups = spec["groups"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let (name, uid) = (text(spec, "/user").to_owned(), text(spec, "/uid").to_owned());
    User { name, uid, groups, role: Role::None }
}

/// What the world's role of a user and the bindings of RBAC allow in a namespace.
fn rules(state: &State, user: &User, namespace: &str) -> Value {
    let mut rules = rbac::rules(state, user, namespace);
    let verbs = match user.role {
        Role::Admin => Some(json!(["*"])),
        Role::Viewer => Some(json!(["get", "list", "watch"])),
        Role::None => None,
    };
    if let Some(verbs) = verbs {
        rules.push(json!({"verbs": verbs, "apiGroups": ["*"], "resources": ["*"]}));
        rules.push(json!({"verbs": verbs, "nonResourceURLs": ["*"]}));
    }
    let (other, resources): (Vec<Value>, Vec<Value>) =
        rules.into_iter().partition(|rule| rule.get("nonResourceURLs").is_some());
    json!({"resourceRules": resources, "nonResourceRules": other, "incomplete": false})
}
