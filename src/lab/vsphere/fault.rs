//! vSphere faults: their type, their text, their properties.

use super::xml::Node;

/// A fault, of a call or of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Type (`InvalidLogin`).
    pub(super) kind: String,
    /// `faultstring`, or a task's `localizedMessage`.
    pub(super) message: String,
    /// Properties.
    pub(super) properties: Vec<Node>,
}

impl Fault {
    /// A fault without properties.
    pub(super) fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into(), properties: Vec::new() }
    }

    /// Adds a property.
    pub(super) fn with(mut self, property: Node) -> Self {
        self.properties.push(property);
        self
    }

    /// The object of a reference does not exist (any more).
    pub(super) fn not_found(reference: &Ref) -> Self {
        let text = format!(
            "The object 'vim.{}:{}' has already been deleted or has not been completely created",
            reference.kind, reference.value
        );
        Self::new("ManagedObjectNotFound", text).with(reference.node("obj"))
    }

    /// An argument that cannot be used.
    pub(super) fn argument(property: &str) -> Self {
        Self::new("InvalidArgument", format!("A specified parameter was not correct: {property}"))
            .with(Node::leaf("invalidProperty", property))
    }

    /// A request that does not follow the interface description.
    pub(super) fn request(problem: impl Into<String>) -> Self {
        Self::new("InvalidRequest", problem)
    }

    /// A property path that the type lacks.
    pub(super) fn property(path: &str) -> Self {
        Self::new("InvalidProperty", "").with(Node::leaf("name", path))
    }

    /// No live session.
    pub(super) fn not_authenticated() -> Self {
        Self::new("NotAuthenticated", "The session is not authenticated.")
            .with(Ref::new("Folder", "group-d1").node("object"))
            .with(Node::leaf("privilegeId", "System.View"))
    }

    /// As `LocalizedMethodFault`, the form in tasks and missing sets.
    pub(super) fn localized(&self, name: &str) -> Node {
        let fault = Node::new("fault").of(&self.kind).with(self.properties.clone());
        Node::new(name).with([fault, Node::leaf("localizedMessage", &self.message)])
    }

    /// As the body of an answer.
    pub(super) fn body(&self) -> Node {
        let detail = Node::new(&format!("{}Fault", self.kind)).of(&self.kind).with(self.properties.clone());
        Node::new("soapenv:Fault").with([
            Node::leaf("faultcode", "ServerFaultCode"),
            Node::leaf("faultstring", &self.message),
            Node::new("detail").with([detail]),
        ])
    }
}

/// A reference to a managed object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Ref {
    /// Type (`VirtualMachine`).
    pub(super) kind: String,
    /// Value (`vm-101`).
    pub(super) value: String,
}

impl Ref {
    /// A reference.
    pub(super) fn new(kind: &str, value: &str) -> Self {
        Self { kind: kind.to_owned(), value: value.to_owned() }
    }

    /// The reference that an element carries.
    pub(super) fn of(node: &Node) -> Self {
        Self::new(node.reference.as_deref().unwrap_or_default(), node.text.trim())
    }

    /// The reference that the child `name` carries.
    pub(super) fn child(node: &Node, name: &str) -> Option<Self> {
        node.child(name).map(Self::of)
    }

    /// As an element.
    pub(super) fn node(&self, name: &str) -> Node {
        Node { reference: Some(self.kind.clone()), ..Node::leaf(name, &self.value) }
    }
}
