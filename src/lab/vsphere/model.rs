//! Reading properties: of every kind of managed object, by path, typed as the interface description says.

use super::fault::{Fault, Ref};
use super::session::Session;
use super::tasks::LabTask;
use super::wsdl::{Field, wsdl};
use super::xml::Node;
use super::{content, entities, tree, vm_facts};
use crate::lab::world::{Inventory, Source};
use std::collections::BTreeMap;

/// Tasks that a vCenter calls recent, at most.
const RECENT_TASKS: usize = 200;

/// Everything that properties are read from, at one moment.
pub(super) struct Model<'a> {
    /// The source.
    pub(super) source: &'a Source,
    /// Its inventory.
    pub(super) inventory: &'a Inventory,
    /// Its tasks by MoRef value.
    pub(super) tasks: &'a BTreeMap<String, LabTask>,
    /// The session that asks.
    pub(super) session: Option<&'a Session>,
}

impl Model<'_> {
    /// Whether the object exists for this session.
    pub(super) fn exists(&self, object: &Ref) -> bool {
        match object.kind.as_str() {
            "Task" => self.tasks.contains_key(&object.value),
            "ContainerView" => self.session.is_some_and(|session| session.views.contains_key(&object.value)),
            "PropertyCollector" => {
                object.value == content::PROPERTY_COLLECTOR
                    || self.session.is_some_and(|session| session.collectors.contains_key(&object.value))
            }
            "PropertyFilter" => self.session.is_some_and(|session| session.has_filter(&object.value)),
            "VirtualMachineSnapshot" => {
                self.inventory.vms.iter().any(|vm| vm.snapshots.iter().any(|snapshot| snapshot.moref == object.value))
            }
            "HostDatastoreBrowser" => entities::browsed_store(self.inventory, &object.value).is_some(),
            kind if content::is_manager(kind, &object.value) => true,
            _ => tree::name_and_parent(self.inventory, object).is_some(),
        }
    }

    /// The object, or the fault that it does not exist.
    pub(super) fn require(&self, object: &Ref) -> Result<(), Fault> {
        if self.exists(object) { Ok(()) } else { Err(Fault::not_found(object)) }
    }

    /// What a path of an object holds, as an element `val`; `None` if it is unset.
    pub(super) fn value(&self, object: &Ref, path: &str) -> Result<Option<Node>, Fault> {
        let (field, nodes) = self.resolve(object, path)?;
        Ok(field.and_then(|field| typed(field, nodes)))
    }

    /// What a path of an object holds, as plain elements.
    pub(super) fn resolve(&self, object: &Ref, path: &str) -> Result<(Option<&'static Field>, Vec<Node>), Fault> {
        let mut segments = path.split('.');
        let head = segments.next().unwrap_or_default();
        let mut field = wsdl().field(&object.kind, head).ok_or_else(|| Fault::property(path))?;
        let mut nodes = self.property(object, head);
        for segment in segments {
            if field.array || field.reference {
                return Err(Fault::property(path));
            }
            let Some(current) = nodes.into_iter().next() else { return Ok((None, Vec::new())) };
            let kind = current.kind.as_deref().unwrap_or(field.kind);
            match wsdl().field(kind, segment) {
                Some(next) => field = next,
                None if wsdl().knows(kind) => return Err(Fault::property(path)),
                None => return Ok((None, Vec::new())),
            }
            nodes = current.children.into_iter().filter(|child| child.name == segment).collect();
        }
        Ok((Some(field), nodes))
    }

    fn property(&self, object: &Ref, name: &str) -> Vec<Node> {
        match object.kind.as_str() {
            "Task" => self.tasks.get(&object.value).map(|task| task.property(name)).unwrap_or_default(),
            "ContainerView" => self.view_property(object, name),
            "VirtualMachine" => self.vm_property(object, name),
            "VirtualMachineSnapshot" => entities::snapshot_property(self.inventory, &object.value, name),
            "TaskManager" if name == "recentTask" => self.recent_tasks(name, |_| true),
            kind if content::is_manager(kind, &object.value) => {
                content::property(self.source, self.session, object, name)
            }
            _ => self.entity_property(object, name),
        }
    }

    /// The last tasks that `chosen` chooses, oldest first, whether they run or have ended.
    fn recent_tasks(&self, name: &str, chosen: impl Fn(&LabTask) -> bool) -> Vec<Node> {
        let mut recent: Vec<&LabTask> = self.tasks.values().filter(|task| chosen(task)).collect();
        recent.sort_by_key(|task| task.number);
        let older = recent.len().saturating_sub(RECENT_TASKS);
        recent[older..].iter().map(|task| task.reference.node(name)).collect()
    }

    fn vm_property(&self, object: &Ref, name: &str) -> Vec<Node> {
        let Some(vm) = self.inventory.vm(&object.value) else { return Vec::new() };
        let own = vm_facts::property(self.inventory, vm, name);
        if own.is_empty() { self.entity_property(object, name) } else { own }
    }

    /// The properties that all entities share, else those of its kind.
    fn entity_property(&self, object: &Ref, name: &str) -> Vec<Node> {
        let Some((own_name, parent)) = tree::name_and_parent(self.inventory, object) else { return Vec::new() };
        match name {
            "name" => vec![Node::leaf(name, tree::stored_name(&own_name))],
            "parent" => parent.map(|parent| parent.node(name)).into_iter().collect(),
            "overallStatus" | "configStatus" => vec![Node::leaf(name, "green")],
            "effectiveRole" => vec![Node::leaf(name, -1)],
            "alarmActionsEnabled" => vec![Node::leaf(name, true)],
            "recentTask" => self.recent_tasks(name, |task| task.entity == *object),
            _ => entities::property(self.inventory, object, &own_name, name),
        }
    }

    fn view_property(&self, object: &Ref, name: &str) -> Vec<Node> {
        let view = self.session.and_then(|session| session.views.get(&object.value));
        let Some(view) = view else { return Vec::new() };
        match name {
            "container" => vec![view.container.node(name)],
            "type" => view.types.iter().map(|kind| Node::leaf(name, kind)).collect(),
            "recursive" => vec![Node::leaf(name, view.recursive)],
            "view" => {
                self.viewed(&view.container, &view.types, view.recursive).iter().map(|found| found.node(name)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn viewed(&self, container: &Ref, types: &[String], recursive: bool) -> Vec<Ref> {
        let mut found = tree::children(self.inventory, container);
        let mut at = 0;
        while recursive && at < found.len() {
            for child in tree::children(self.inventory, &found[at].clone()) {
                if !found.contains(&child) {
                    found.push(child);
                }
            }
            at += 1;
        }
        found.retain(|object| types.is_empty() || types.iter().any(|kind| wsdl().is_a(&object.kind, kind)));
        found
    }
}

/// Checks that a type has a path, without looking at any object.
pub(super) fn check_path(kind: &str, path: &str) -> Result<(), Fault> {
    let mut segments = path.split('.');
    let head = segments.next().unwrap_or_default();
    let mut field = wsdl().field(kind, head).ok_or_else(|| Fault::property(path))?;
    for segment in segments {
        if field.array || field.reference {
            return Err(Fault::property(path));
        }
        if !wsdl().knows(field.kind) {
            return Ok(());
        }
        match wsdl().field(field.kind, segment) {
            Some(next) => field = next,
            // A field of a class that derives from the declared one.
            None if field.kind == "DatastoreInfo" || field.kind == "DVSConfigInfo" => return Ok(()),
            None => return Err(Fault::property(path)),
        }
    }
    Ok(())
}

/// The value of a property as `val`, with its `xsi:type`.
fn typed(field: &Field, nodes: Vec<Node>) -> Option<Node> {
    let simple = simple_kind(field.kind);
    if field.array {
        let (kind, child) = match (field.reference, simple) {
            (true, _) => ("ArrayOfManagedObjectReference".to_owned(), "ManagedObjectReference"),
            (false, Some(simple)) => (format!("ArrayOf{}", capital(simple)), simple),
            (false, None) => (format!("ArrayOf{}", field.kind), field.kind),
        };
        let items = nodes.into_iter().map(|node| with_kind(node.named(child), field, simple));
        return Some(Node::new("val").of(&kind).with(items));
    }
    nodes.into_iter().next().map(|node| with_kind(node.named("val"), field, simple))
}

fn with_kind(node: Node, field: &Field, simple: Option<&str>) -> Node {
    if field.reference {
        return node.of("ManagedObjectReference");
    }
    if node.kind.is_some() { node } else { node.of(simple.unwrap_or(field.kind)) }
}

/// The XML Schema type of a simple type; `None` for structures and enumerations.
fn simple_kind(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "string" | "TypeName" | "PropertyPath" | "MethodName" | "ID" => "string",
        "int" => "int",
        "short" => "short",
        "byte" => "byte",
        "long" => "long",
        "boolean" => "boolean",
        "dateTime" => "dateTime",
        "double" => "double",
        _ => return None,
    })
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
