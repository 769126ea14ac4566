//! Property filters and what changed since a client last looked.

use super::collector::{Found, collect};
use super::fault::{Fault, Ref};
use super::model::Model;
use super::session::Collector;
use super::xml::Node;
use std::collections::BTreeMap;

/// A property filter and what its client knows.
#[derive(Debug)]
pub(super) struct Filter {
    /// Its `PropertyFilterSpec`.
    pub(super) spec: Node,
    known: BTreeMap<Ref, Vec<(String, Node)>>,
}

impl Filter {
    /// A filter whose client knows nothing yet.
    pub(super) fn new(spec: Node) -> Self {
        Self { spec, known: BTreeMap::new() }
    }

    /// The object updates since the last call, and what is known afterwards.
    fn changes(&self, model: &Model<'_>) -> Result<(Vec<Node>, Vec<Found>), Fault> {
        let mut present = collect(model, &self.spec).or_else(|fault| {
            // An object of the spec went away: its filter reports that instead of failing.
            if fault.kind == "ManagedObjectNotFound" { Ok(Vec::new()) } else { Err(fault) }
        })?;
        present.sort_by(|one, other| one.object.cmp(&other.object));
        let mut updates = Vec::new();
        for found in &present {
            let before = self.known.get(&found.object);
            let changes = changed(before.map(Vec::as_slice).unwrap_or_default(), &found.values);
            if before.is_none() || !changes.is_empty() {
                let kind = if before.is_none() { "enter" } else { "modify" };
                let head = [Node::leaf("kind", kind), found.object.node("obj")];
                updates.push(Node::new("objectSet").with(head).with(changes));
            }
        }
        for gone in self.known.keys().filter(|object| !present.iter().any(|found| found.object == **object)) {
            updates.push(Node::new("objectSet").with([Node::leaf("kind", "leave"), gone.node("obj")]));
        }
        Ok((updates, present))
    }
}

fn changed(before: &[(String, Node)], after: &[(String, Node)]) -> Vec<Node> {
    let old = |path: &str| before.iter().find(|(known, _)| known == path).map(|(_, value)| value);
    let assigned = after.iter().filter(|(path, value)| old(path) != Some(value)).map(|(path, value)| {
        let head = [Node::leaf("name", path), Node::leaf("op", "assign")];
        Node::new("changeSet").with(head).with([value.clone().named("val")])
    });
    let removed = before.iter().filter(|(path, _)| !after.iter().any(|(known, _)| known == path));
    let removed =
        removed.map(|(path, _)| Node::new("changeSet").with([Node::leaf("name", path), Node::leaf("op", "remove")]));
    assigned.chain(removed).collect()
}

/// The update set since `version` as `returnval`; `None` if nothing changed. An unknown version starts afresh.
pub(super) fn since(collector: &mut Collector, model: &Model<'_>, version: &str) -> Result<Option<Node>, Fault> {
    if version.parse() != Ok(collector.version) || collector.version == 0 {
        collector.filters.values_mut().for_each(|filter| filter.known.clear());
    }
    let mut sets = Vec::new();
    for (value, filter) in &mut collector.filters {
        let (updates, present) = filter.changes(model)?;
        filter.known = present.into_iter().map(|found| (found.object, found.values)).collect();
        if !updates.is_empty() {
            let reference = Ref::new("PropertyFilter", value).node("filter");
            sets.push(Node::new("filterSet").with([reference]).with(updates));
        }
    }
    if sets.is_empty() {
        return Ok(None);
    }
    collector.version += 1;
    Ok(Some(Node::new("returnval").with([Node::leaf("version", collector.version)]).with(sets)))
}
