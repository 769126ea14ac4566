//! The property collector's reading: from filter specs to objects with their properties.

use super::fault::{Fault, Ref};
use super::model::{Model, check_path};
use super::wsdl::wsdl;
use super::xml::Node;
use std::collections::{BTreeMap, BTreeSet};

/// An object with what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The object.
    pub(super) object: Ref,
    /// Path and value (`val`) of each set property.
    pub(super) values: Vec<(String, Node)>,
}

impl Found {
    /// As an `ObjectContent` of this name.
    pub(super) fn node(&self, name: &str) -> Node {
        let sets = self
            .values
            .iter()
            .map(|(path, value)| Node::new("propSet").with([Node::leaf("name", path), value.clone().named("val")]));
        Node::new(name).with([self.object.node("obj")]).with(sets)
    }
}

/// Reads everything that a `PropertyFilterSpec` selects.
pub(super) fn collect(model: &Model<'_>, spec: &Node) -> Result<Vec<Found>, Fault> {
    for set in spec.all("propSet") {
        let kind = set.text_of("type").unwrap_or_default();
        if !wsdl().knows(kind) {
            return Err(
                Fault::new("InvalidType", format!("The type {kind:?} is unknown")).with(Node::leaf("argument", kind))
            );
        }
        for path in set.all("pathSet") {
            check_path(kind, path.text.trim())?;
        }
    }
    let mut walk =
        Walk { model, named: BTreeMap::new(), seen: BTreeSet::new(), selected: Vec::new(), known: BTreeSet::new() };
    for set in spec.all("objectSet") {
        set.all("selectSet").for_each(|select| walk.name(select));
    }
    for set in spec.all("objectSet") {
        let object = Ref::child(set, "obj").ok_or_else(|| Fault::argument("objectSet.obj"))?;
        model.require(&object)?;
        walk.visit(&object, set.flag("skip"), set.all("selectSet").collect())?;
    }
    let selected = walk.selected;
    selected.into_iter().filter_map(|object| read(model, spec, object).transpose()).collect()
}

fn read(model: &Model<'_>, spec: &Node, object: Ref) -> Result<Option<Found>, Fault> {
    let mut values: Vec<(String, Node)> = Vec::new();
    let mut asked = false;
    for set in spec.all("propSet").filter(|set| wsdl().is_a(&object.kind, set.text_of("type").unwrap_or_default())) {
        asked = true;
        let paths: Vec<&str> = if set.flag("all") {
            wsdl().fields(&object.kind).iter().map(|field| field.name).collect()
        } else {
            set.all("pathSet").map(|path| path.text.trim()).collect()
        };
        for path in paths {
            if values.iter().any(|(known, _)| known == path) {
                continue;
            }
            if let Some(value) = model.value(&object, path)? {
                values.push((path.to_owned(), value));
            }
        }
    }
    Ok(asked.then_some(Found { object, values }))
}

struct Walk<'a> {
    model: &'a Model<'a>,
    named: BTreeMap<&'a str, &'a Node>,
    seen: BTreeSet<(Ref, *const Node)>,
    selected: Vec<Ref>,
    known: BTreeSet<Ref>,
}

impl<'a> Walk<'a> {
    fn name(&mut self, select: &'a Node) {
        if let (Some(name), Some(_)) = (select.text_of("name"), select.child("path")) {
            self.named.insert(name, select);
        }
        for deeper in select.all("selectSet") {
            self.name(deeper);
        }
    }

    fn visit(&mut self, object: &Ref, skip: bool, selects: Vec<&'a Node>) -> Result<(), Fault> {
        if !skip && self.known.insert(object.clone()) {
            self.selected.push(object.clone());
        }
        for select in selects {
            let select = if select.child("path").is_some() {
                select
            } else {
                let name = select.text_of("name").unwrap_or_default();
                self.named.get(name).copied().ok_or_else(|| Fault::argument("selectSet.name"))?
            };
            self.traverse(object, select)?;
        }
        Ok(())
    }

    fn traverse(&mut self, object: &Ref, select: &'a Node) -> Result<(), Fault> {
        let (kind, path) = (select.text_of("type").unwrap_or_default(), select.text_of("path").unwrap_or_default());
        if !wsdl().is_a(&object.kind, kind) || !self.seen.insert((object.clone(), std::ptr::from_ref(select))) {
            return Ok(());
        }
        let (_, nodes) = self.model.resolve(object, path)?;
        for target in nodes.iter().filter(|node| node.reference.is_some()).map(Ref::of) {
            if self.model.exists(&target) {
                self.visit(&target, select.flag("skip"), select.all("selectSet").collect())?;
            }
        }
        Ok(())
    }
}
