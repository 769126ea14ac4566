//! Sessions of the SOAP server: who is logged in, with which views and property filters.

use super::fault::Ref;
use super::updates::Filter;
use super::xml::Node;
use std::collections::BTreeMap;

/// A container view.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// Where it begins.
    pub(super) container: Ref,
    /// What it shows; everything if empty.
    pub(super) types: Vec<String>,
    /// Whether it goes deeper than one level.
    pub(super) recursive: bool,
}

/// A property collector with its filters.
#[derive(Debug, Default)]
pub(super) struct Collector {
    /// Filters by MoRef value.
    pub(super) filters: BTreeMap<String, Filter>,
    /// Whether a client cancelled its wait.
    pub(super) cancelled: bool,
    /// Version of the last update set.
    pub(super) version: u64,
}

/// A live session.
#[derive(Debug)]
pub(super) struct Session {
    /// Key, also the value of the cookie.
    pub(super) key: String,
    /// Who logged in.
    pub(super) user: String,
    /// When, RFC 3339.
    pub(super) since: String,
    /// Views by MoRef value.
    pub(super) views: BTreeMap<String, View>,
    /// Collectors by MoRef value.
    pub(super) collectors: BTreeMap<String, Collector>,
    /// What is left of paged answers, by token.
    pub(super) pages: BTreeMap<String, Vec<Node>>,
    /// The next number for views, filters, tokens.
    pub(super) next: u64,
}

impl Session {
    /// A session that just began.
    pub(super) fn new(key: &str, user: &str, since: String) -> Self {
        Self {
            key: key.to_owned(),
            user: user.to_owned(),
            since,
            views: BTreeMap::new(),
            collectors: BTreeMap::new(),
            pages: BTreeMap::new(),
            next: 0,
        }
    }

    /// A MoRef value that belongs to this session.
    pub(super) fn fresh(&mut self) -> String {
        self.next += 1;
        format!("session[{}]{}", self.key, self.next)
    }

    /// Whether one of its collectors has this filter.
    pub(super) fn has_filter(&self, value: &str) -> bool {
        self.collectors.values().any(|collector| collector.filters.contains_key(value))
    }

    /// The filters of a collector, as references of this name.
    pub(super) fn filters_of(&self, collector: &str, name: &str) -> Vec<Node> {
        let filters =
            self.collectors.get(collector).map(|collector| collector.filters.keys().cloned().collect::<Vec<_>>());
        filters.unwrap_or_default().iter().map(|value| Ref::new("PropertyFilter", value).node(name)).collect()
    }

    /// As a `UserSession` of this name.
    pub(super) fn node(&self, name: &str) -> Node {
        Node::new(name).of("UserSession").with([
            Node::leaf("key", &self.key),
            Node::leaf("userName", &self.user),
            Node::leaf("fullName", &self.user),
            Node::leaf("loginTime", &self.since),
            Node::leaf("lastActiveTime", &self.since),
            Node::leaf("locale", "en"),
            Node::leaf("messageLocale", "en"),
            Node::leaf("extensionSession", false),
            Node::leaf("ipAddress", "127.0.0.1"),
            Node::leaf("userAgent", ""),
            Node::leaf("callCount", 0),
        ])
    }
}
