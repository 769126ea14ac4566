//! Reading: one object, or a list with its pages.
//!
//! Source: cluster-api.md section 6.4.

use super::convert;
use super::failure::{Cause, Failure};
use super::object::{Object, name, namespace};
use super::request::Call;
use super::selector::Selector;
use super::store::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::sync::Arc;

/// A page of a list.
#[derive(Debug)]
pub(super) struct Page {
    /// In the version of the call.
    pub(super) items: Vec<Arc<Object>>,
    pub(super) revision: u64,
    /// Token for the next page; empty on the last.
    pub(super) next: String,
    /// Items on the pages to come.
    pub(super) remaining: usize,
}

/// Where the next page begins.
struct Mark {
    revision: u64,
    namespace: String,
    name: String,
}

impl Mark {
    fn encode(&self) -> String {
        let token = json!({"rv": self.revision, "ns": self.namespace, "name": self.name});
        URL_SAFE_NO_PAD.encode(token.to_string())
    }

    fn decode(text: &str) -> Result<Self, Failure> {
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        let token: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let field = |name: &str| token[name].as_str().map(str::to_owned);
        match (token["rv"].as_u64(), field("ns"), field("name")) {
            (Some(revision), Some(namespace), Some(name)) => Ok(Self { revision, namespace, name }),
            _ => Err(Failure::bad_request("invalid continue token: continue key is not valid")),
        }
    }
}

/// The object of a call, as it is stored.
pub(super) fn get(state: &State, call: &Call) -> Result<Arc<Object>, Failure> {
    check_future(state, call.params.revision()?)?;
    state.find(&call.kind, &call.namespace, &call.name).ok_or_else(|| call.not_found())
}

/// The list of a call.
pub(super) fn list(state: &mut State, call: &Call) -> Result<Page, Failure> {
    let selector = Selector::of(call)?;
    let limit = usize::try_from(call.params.number("limit")?.unwrap_or(0)).unwrap_or(usize::MAX);
    let token = call.params.text("continue");
    let wanted = call.params.revision()?;
    check_match(call, wanted)?;
    if !token.is_empty() && wanted.is_some_and(|wanted| wanted > 0) {
        return Err(Failure::bad_request("specifying resource version is not allowed when using continue"));
    }
    if token.is_empty() {
        check_future(state, wanted)?;
        let revision = state.revision;
        if call.params.text("resourceVersionMatch") == "Exact" {
            let exact = wanted.unwrap_or(revision);
            let objects = state.shelf(&call.kind).at(exact).ok_or_else(Failure::expired)?;
            return Ok(page(call, &selector, objects.values(), exact, limit));
        }
        let found = single(state, call, &selector);
        return Ok(match found {
            Some(found) => page(call, &selector, found.iter(), revision, limit),
            None => page(call, &selector, state.shelf(&call.kind).select(call.scope()), revision, limit),
        });
    }
    let mark = Mark::decode(token)?;
    let objects = state.shelf(&call.kind).at(mark.revision).ok_or_else(Failure::expired)?;
    let after = (mark.namespace.clone(), mark.name.clone());
    let rest = objects.range((std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded));
    Ok(page(call, &selector, rest.map(|(_, object)| object), mark.revision, limit))
}

/// The one object that can match, if the selector and scope name it: most clients ask that way.
fn single(state: &State, call: &Call, selector: &Selector) -> Option<Vec<Arc<Object>>> {
    let name = selector.only_name()?;
    (!call.kind.namespaced || call.scope().is_some())
        .then(|| state.find(&call.kind, &call.namespace, name).into_iter().collect())
}

/// Nobody can answer from a future state; the real server waits a while for it.
fn check_future(state: &State, wanted: Option<u64>) -> Result<(), Failure> {
    let Some(wanted) = wanted.filter(|wanted| *wanted > state.revision) else { return Ok(()) };
    let message = format!("Timeout: Too large resource version: {wanted}, current: {}", state.revision);
    let cause =
        Cause { reason: "ResourceVersionTooLarge", message: "Too large resource version".into(), field: String::new() };
    Err(Failure::new(504, "Timeout", message).with_causes(&[cause]).retry_after(1))
}

fn check_match(call: &Call, wanted: Option<u64>) -> Result<(), Failure> {
    if !call.params.text("sendInitialEvents").is_empty() {
        let cause = Cause::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
        return Err(Failure::options("ListOptions", &[cause]));
    }
    let rule = call.params.text("resourceVersionMatch");
    let why = match rule {
        "Exact" | "NotOlderThan" if wanted.is_none() && !call.params.flag("watch") => {
            "resourceVersionMatch is forbidden unless resourceVersion is provided"
        }
        "Exact" if wanted == Some(0) => "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
        "" | "Exact" | "NotOlderThan" => return Ok(()),
        _ => {
            let known = ["Exact", "NotOlderThan", ""];
            let cause = Cause::unsupported("resourceVersionMatch", &format!("{rule:?}"), &known);
            return Err(Failure::options("ListOptions", &[cause]));
        }
    };
    Err(Failure::options("ListOptions", &[Cause::forbidden("resourceVersionMatch", why)]))
}

fn page<'a>(
    call: &Call,
    selector: &Selector,
    objects: impl Iterator<Item = &'a Arc<Object>>,
    revision: u64,
    limit: usize,
) -> Page {
    let scope = call.scope();
    let mut selected = objects.filter(|object| {
        scope.is_none_or(|scope| namespace(&object.value) == scope) && selector.matches(&object.value)
    });
    let most = if limit == 0 { usize::MAX } else { limit };
    let items: Vec<Arc<Object>> = selected.by_ref().take(most).cloned().collect();
    let remaining = selected.count();
    let next = match items.last() {
        Some(last) if remaining > 0 => {
            let (namespace, name) = (namespace(&last.value).to_owned(), name(&last.value).to_owned());
            Mark { revision, namespace, name }.encode()
        }
        _ => String::new(),
    };
    let items = items.iter().map(|object| convert::serve(call, object)).collect();
    Page { items, revision, next, remaining }
}
