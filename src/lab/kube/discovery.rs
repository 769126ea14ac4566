//! Discovery: which groups, versions and resources are served.
//!
//! Source: cluster-api.md section 6.1.

use super::kinds::{Kind, Version};
use super::present;
use super::reviews::REVIEWS;
use super::server::ApiServer;
use super::store::State;
use axum::body::Body;
use http::{HeaderMap, HeaderValue, Response, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// In the order in which the real server names them.
const CUSTOM_VERBS: [&str; 8] = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

fn verbs(kind: &Kind) -> Vec<&'static str> {
    let verbs = if kind.custom { CUSTOM_VERBS } else { VERBS };
    verbs.into_iter().filter(|verb| *verb != "deletecollection" || !kind.is_core("namespaces")).collect()
}
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Paths that need no token.
pub(super) fn open(server: &ApiServer, path: &str) -> Option<Response<Body>> {
    match path {
        "/version" | "/version/" => Some(present::json_value(200, &version(server.version()))),
        "/livez" | "/readyz" | "/healthz" => Some(present::text(200, "ok")),
        _ => None,
    }
}

fn version(text: &str) -> Value {
    let mut numbers = text.trim_start_matches('v').split('.');
    let mut next = || numbers.next().unwrap_or("0").to_owned();
    json!({
        "major": next(), "minor": next(), "gitVersion": text, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "2026-01-01T00:00:00Z", "goVersion": "go1.24.0", "compiler": "gc", "platform": "linux/amd64",
    })
}

/// The discovery document at a path.
pub(super) fn answer(state: &State, path: &str, headers: &HeaderMap) -> Option<Response<Body>> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let aggregated = accept.contains("as=APIGroupDiscoveryList") && accept.contains("v=v2;")
        || accept.ends_with("as=APIGroupDiscoveryList;v=v2");
    let groups = groups(state);
    let document = match parts.as_slice() {
        ["api" | "apis"] if aggregated => return Some(aggregate(&groups, parts == ["api"])),
        ["api"] => json!({
            "kind": "APIVersions", "versions": ["v1"],
            "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": ""}],
        }),
        ["apis"] => {
            let list: Vec<Value> = groups
                .iter()
                .filter(|(name, _)| !name.is_empty())
                .map(|(name, group)| group_value(name, group))
                .collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": list})
        }
        ["api", version] => resource_list(groups.get("")?, "", version)?,
        ["apis", name] => {
            let mut value = group_value(name, groups.get(*name).filter(|_| !name.is_empty())?);
            value["kind"] = "APIGroup".into();
            value["apiVersion"] = "v1".into();
            value
        }
        ["apis", name, version] => resource_list(groups.get(*name)?, name, version)?,
        _ => return None,
    };
    Some(present::json_value(200, &document))
}

/// The kinds and reviews of a group.
#[derive(Default)]
struct Group {
    kinds: Vec<Arc<Kind>>,
    reviews: Vec<(&'static str, &'static str)>,
}

impl Group {
    /// Versions, the preferred first.
    fn versions(&self) -> Vec<String> {
        let mut versions: Vec<String> = Vec::new();
        for version in self.kinds.iter().flat_map(|kind| &kind.versions) {
            if !versions.contains(&version.name) {
                versions.push(version.name.clone());
            }
        }
        if !self.reviews.is_empty() && versions.is_empty() {
            versions.push("v1".to_owned());
        }
        versions
    }

    fn in_version<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a Arc<Kind>, &'a Version)> {
        self.kinds.iter().filter_map(move |kind| kind.version(name).map(|version| (kind, version)))
    }
}

fn groups(state: &State) -> BTreeMap<String, Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for kind in state.registry.iter() {
        groups.entry(kind.group.clone()).or_default().kinds.push(kind.clone());
    }
    for (group, plural, kind) in REVIEWS {
        groups.entry(group.to_owned()).or_default().reviews.push((plural, kind));
    }
    groups
}

fn group_value(name: &str, group: &Group) -> Value {
    let versions: Vec<Value> = group
        .versions()
        .into_iter()
        .map(|version| json!({"groupVersion": format!("{name}/{version}"), "version": version}))
        .collect();
    json!({"name": name, "versions": versions, "preferredVersion": versions.first()})
}

/// Sub-resources of a kind: name, kind, verbs.
fn parts_of(kind: &Kind, version: &Version) -> Vec<(&'static str, String, &'static [&'static str])> {
    let mut parts: Vec<(&'static str, String, &'static [&'static str])> = Vec::new();
    if version.status {
        parts.push(("status", kind.kind.clone(), &["get", "patch", "update"]));
    }
    if super::scale::has(kind) {
        parts.push(("scale", "Scale".to_owned(), &["get", "patch", "update"]));
    }
    if kind.is_core("pods") {
        parts.push(("log", "Pod".to_owned(), &["get"]));
    }
    if kind.is_core("serviceaccounts") {
        parts.push(("token", "TokenRequest".to_owned(), &["create"]));
    }
    if kind.is_core("namespaces") {
        parts.push(("finalize", "Namespace".to_owned(), &["update"]));
    }
    parts
}

fn resource_list(group: &Group, name: &str, version: &str) -> Option<Value> {
    let mut resources = Vec::new();
    for (kind, served) in group.in_version(version) {
        let mut resource = json!({
            "name": kind.plural, "singularName": kind.singular, "namespaced": kind.namespaced, "kind": kind.kind,
            "verbs": verbs(kind),
        });
        if !kind.short_names.is_empty() {
            resource["shortNames"] = kind.short_names.clone().into();
        }
        if !kind.categories.is_empty() {
            resource["categories"] = kind.categories.clone().into();
        }
        resources.push(resource);
        for (part, part_kind, verbs) in parts_of(kind, served) {
            resources.push(json!({
                "name": format!("{}/{part}", kind.plural), "singularName": "", "namespaced": kind.namespaced,
                "kind": part_kind, "verbs": verbs,
            }));
        }
    }
    for (plural, kind) in group.reviews.iter().filter(|_| version == "v1") {
        resources.push(json!({
            "name": plural, "singularName": kind.to_lowercase(), "namespaced": plural.starts_with("local"),
            "kind": kind, "verbs": ["create"],
        }));
    }
    let group_version = super::kinds::api_version(name, version);
    (!resources.is_empty()).then(|| {
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources})
    })
}

fn aggregate(groups: &BTreeMap<String, Group>, core: bool) -> Response<Body> {
    let items: Vec<Value> = groups
        .iter()
        .filter(|(name, _)| name.is_empty() == core)
        .map(|(name, group)| {
            let versions: Vec<Value> = group
                .versions()
                .iter()
                .map(|version| {
                    let resources = aggregated_resources(group, name, version);
                    json!({"version": version, "freshness": "Current", "resources": resources})
                })
                .collect();
            json!({"metadata": {"name": name, "creationTimestamp": null}, "versions": versions})
        })
        .collect();
    let list = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items,
    });
    let mut response = present::json_value(200, &list);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(AGGREGATED));
    response
}

fn aggregated_resources(group: &Group, name: &str, version: &str) -> Vec<Value> {
    let scope = |namespaced: bool| if namespaced { "Namespaced" } else { "Cluster" };
    let response_kind = |kind: &str| json!({"group": name, "version": version, "kind": kind});
    let kinds = group.in_version(version).map(|(kind, served)| {
        let parts: Vec<Value> = parts_of(kind, served)
            .into_iter()
            .map(|(part, part_kind, verbs)| {
                json!({"subresource": part, "responseKind": response_kind(&part_kind), "verbs": verbs})
            })
            .collect();
        let mut resource = json!({
            "resource": kind.plural, "responseKind": response_kind(&kind.kind), "scope": scope(kind.namespaced),
            "singularResource": kind.singular, "verbs": verbs(kind),
        });
        for (field, list) in [("shortNames", &kind.short_names), ("categories", &kind.categories)] {
            if !list.is_empty() {
                resource[field] = list.clone().into();
            }
        }
        if !parts.is_empty() {
            resource["subresources"] = parts.into();
        }
        resource
    });
    let reviews = group.reviews.iter().filter(|_| version == "v1").map(|(plural, kind)| {
        json!({
            "resource": plural, "responseKind": response_kind(kind), "scope": scope(plural.starts_with("local")),
            "singularResource": kind.to_lowercase(), "verbs": ["create"],
        })
    });
    kinds.chain(reviews).collect()
}
