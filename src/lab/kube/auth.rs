//! Who asks, and whether they may.

use super::failure::Failure;
use super::kinds::qualified;
use super::object::{text, uid};
use super::rbac;
use super::store::State;
use crate::lab::world::{ClusterSpec, Role};
use http::{HeaderMap, header};
use std::sync::Arc;

/// A user who has shown a valid token. Handlers that are mounted on the server find it in the request's extensions, as
/// `Arc<User>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Name (`kube:admin`, `system:serviceaccount:ns:name`).
    pub name: String,
    /// Stable id.
    pub uid: String,
    /// Groups (`system:authenticated`).
    pub groups: Vec<String>,
    /// What the world's specification grants; RBAC objects may grant more.
    pub role: Role,
}

/// The users of the specification with their tokens.
#[derive(Debug)]
pub(super) struct Users(Vec<(String, Arc<User>)>);

/// What a request wants to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub(super) verb: String,
    pub(super) group: String,
    pub(super) resource: String,
    pub(super) subresource: String,
    pub(super) namespace: String,
    pub(super) name: String,
    /// The path of a request for no resource; empty otherwise.
    pub(super) path: String,
}

impl Users {
    pub(super) fn of(spec: &ClusterSpec) -> Self {
        let users = spec.users.iter().map(|user| {
            let mut groups = vec!["system:authenticated".to_owned(), "system:authenticated:oauth".to_owned()];
            if user.role == Role::Admin {
                groups.push("system:cluster-admins".to_owned());
            }
            let known = User { name: user.name.clone(), uid: format!("uid-{}", user.name), groups, role: user.role };
            (user.token.clone(), Arc::new(known))
        });
        Self(users.collect())
    }

    /// The user of a token: one of the specification, or a service account by `sa:<namespace>:<name>`.
    pub(super) fn by_token(&self, state: &State, token: &str) -> Option<Arc<User>> {
        let known = self.0.iter().find(|(other, _)| other == token && !token.is_empty());
        known.map(|(_, user)| user.clone()).or_else(|| service_account(state, token))
    }

    /// The user of a request.
    pub(super) fn authenticate(&self, state: &State, headers: &HeaderMap) -> Result<Arc<User>, Failure> {
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let token = value.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let user = token
            .and_then(|(_, token)| self.by_token(state, token.trim()))
            .ok_or_else(|| Failure::new(401, "Unauthorized", "Unauthorized"))?;
        self.impersonated(state, user, headers)
    }

    /// The user in whose place a request is made (`kubectl --as`), if its own user may ask for that.
    fn impersonated(&self, state: &State, user: Arc<User>, headers: &HeaderMap) -> Result<Arc<User>, Failure> {
        let given =
            |name: &str| headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok()).map(str::to_owned);
        let Some(name) = given("impersonate-user").next() else { return Ok(user) };
        let wanted = Attributes {
            verb: "impersonate".to_owned(),
            resource: "users".to_owned(),
            name: name.clone(),
            ..Attributes::default()
        };
        authorize(state, &user, &wanted)?;
        let account =
            name.strip_prefix("system:serviceaccount:").and_then(|rest| service_account(state, &format!("sa:{rest}")));
        let known = self.0.iter().map(|(_, known)| known).find(|known| known.name == name).cloned().or(account);
        let mut groups: Vec<String> = given("impersonate-group").collect();
        // Who is impersonated with groups has only these; the admin role of the world is such a group, too.
        let role = match &known {
            _ if groups.iter().any(|group| group == "system:masters") => Role::Admin,
            Some(known) if groups.is_empty() => known.role,
            _ => Role::None,
        };
        if groups.iter().all(|group| group != "system:authenticated") && !groups.is_empty() {
            groups.push("system:authenticated".to_owned());
        }
        if groups.is_empty() {
            groups =
                known.as_ref().map_or_else(|| vec!["system:authenticated".to_owned()], |known| known.groups.clone());
        }
        let uid = known.map(|known| known.uid.clone()).unwrap_or_default();
        Ok(Arc::new(User { name, uid, groups, role }))
    }
}

fn service_account(state: &State, token: &str) -> Option<Arc<User>> {
    let (namespace, account) = token.strip_prefix("sa:")?.split_once(':')?;
    let object = state.find(state.registry.find("", "serviceaccounts")?, namespace, account)?;
    Some(Arc::new(User {
        name: format!("system:serviceaccount:{namespace}:{account}"),
        uid: uid(&object.value).to_owned(),
        groups: vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
            "system:authenticated".to_owned(),
        ],
        role: Role::None,
    }))
}

/// Paths and reviews that every user may use.
fn is_open(wanted: &Attributes) -> bool {
    const PATHS: [&str; 7] = ["/api", "/apis", "/openapi", "/version", "/livez", "/readyz", "/healthz"];
    let own_review = wanted.verb == "create"
        && matches!(
            wanted.resource.as_str(),
            "selfsubjectreviews" | "selfsubjectaccessreviews" | "selfsubjectrulesreviews"
        );
    let own_user = wanted.group == "user.openshift.io" && wanted.resource == "users" && wanted.name == "~";
    let discovery = PATHS
        .iter()
        .any(|path| wanted.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    own_review || own_user || (discovery && wanted.verb == "get")
}

/// Whether a user may do something.
pub(super) fn allows(state: &State, user: &User, wanted: &Attributes) -> bool {
    let reads = matches!(wanted.verb.as_str(), "get" | "list" | "watch");
    match user.role {
        Role::Admin => true,
        Role::Viewer if reads => true,
        Role::Viewer | Role::None => is_open(wanted) || rbac::grants(state, user, wanted),
    }
}

/// Fails unless a user may do something.
pub(super) fn authorize(state: &State, user: &User, wanted: &Attributes) -> Result<(), Failure> {
    if allows(state, user, wanted) {
        return Ok(());
    }
    if !wanted.path.is_empty() {
        let message = format!("forbidden: User {:?} cannot {} path {:?}", user.name, wanted.verb, wanted.path);
        return Err(Failure::new(403, "Forbidden", message).about_resource("", "", ""));
    }
    let subject = qualified(&wanted.resource, &wanted.group);
    let target = if wanted.name.is_empty() { String::new() } else { format!(" {:?}", wanted.name) };
    let part = if wanted.subresource.is_empty() { String::new() } else { format!("/{}", wanted.subresource) };
    let place = if wanted.namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace {:?}", wanted.namespace)
    };
    let message = format!(
        "{subject}{target} is forbidden: User {:?} cannot {} resource \"{}{part}\" in API group {:?} {place}",
        user.name, wanted.verb, wanted.resource, wanted.group
    );
    let failure = Failure::new(403, "Forbidden", message);
    Err(failure.about_resource(&wanted.group, &wanted.resource, &wanted.name))
}

/// A user as `authentication.k8s.io` describes it.
pub(super) fn user_info(user: &User) -> serde_json::Value {
    let mut info = serde_json::json!({"username": user.name, "groups": user.groups});
    if !user.uid.is_empty() {
        info["uid"] = user.uid.clone().into();
    }
    info
}

/// Whether an RBAC subject means a user.
pub(super) fn is_subject(subject: &serde_json::Value, user: &User, binding_namespace: &str) -> bool {
    let subject_name = text(subject, "/name");
    match text(subject, "/kind") {
        "User" => subject_name == user.name,
        "Group" => user.groups.iter().any(|group| group == subject_name),
        "ServiceAccount" => {
            let namespace = subject["namespace"].as_str().unwrap_or(binding_namespace);
            user.name == format!("system:serviceaccount:{namespace}:{subject_name}")
        }
        _ => false,
    }
}
