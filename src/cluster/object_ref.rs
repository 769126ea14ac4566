//! Which object is meant.

use super::{ClusterError, Kind};
use crate::facts::{NAME_MAX_CHARS, SESSION_LABEL};
use crate::undo::{ObjectUndo, Thing};
use serde_json::{Value, json};
use std::fmt;

/// One object of the cluster, by kind, namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; `None` for cluster-scoped kinds.
    pub namespace: Option<String>,
    /// Its exact name.
    pub name: String,
}

impl ObjectRef {
    /// An object in a namespace.
    pub fn namespaced(kind: Kind, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind, namespace: Some(namespace.into()), name: name.into() }
    }

    /// An object of a cluster-scoped kind.
    pub fn global(kind: Kind, name: impl Into<String>) -> Self {
        Self { kind, namespace: None, name: name.into() }
    }

    /// The object of a ledger entry; `None` for VMs of a source and for kinds that this version does not know.
    pub fn of(thing: &Thing) -> Option<Self> {
        match thing {
            Thing::Object { kind, api_version, namespace, name, .. } => {
                Some(Self { kind: Kind::named(api_version, kind)?, namespace: namespace.clone(), name: name.clone() })
            }
            // What is only changed, or is no object, is not the ledger's to show or delete as one.
            _ => None,
        }
    }

    /// The ledger's form of it, with how to undo it.
    pub fn thing(&self, undo: ObjectUndo) -> Thing {
        Thing::Object {
            kind: self.kind.kind.to_owned(),
            api_version: self.kind.api_version.to_owned(),
            plural: self.kind.plural.to_owned(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            uid: None,
            undo,
        }
    }

    /// Checks that the reference can be created: a DNS-1123 name of at most 63 characters (a label for namespaces), and
    /// a namespace exactly where the kind has one.
    ///
    /// # Errors
    /// [`ClusterError::BadName`].
    pub fn check(&self) -> Result<(), ClusterError> {
        let bad = |why: &'static str| ClusterError::BadName { target: self.to_string(), why };
        if self.kind.namespaced != self.namespace.is_some() {
            return Err(bad(if self.kind.namespaced {
                "this kind needs a namespace"
            } else {
                "this kind has no namespace"
            }));
        }
        if self.name.len() > NAME_MAX_CHARS {
            return Err(bad("the name has more than 63 characters"));
        }
        let dots_fit = self.kind != Kind::NAMESPACE || !self.name.contains('.');
        if !dots_fit || !self.name.split('.').all(is_label) {
            return Err(bad(
                "a name has lower-case letters, digits and dashes, and begins and ends with a letter or digit",
            ));
        }
        Ok(())
    }
}

impl ObjectRef {
    /// `body` as this object: with its type, name and namespace.
    ///
    /// # Errors
    /// [`ClusterError::BadBody`]: the body, or its metadata, is no mapping.
    pub fn named(&self, body: Value) -> Result<Value, ClusterError> {
        let bad = || ClusterError::BadBody { target: self.to_string() };
        let Value::Object(mut fields) = body else { return Err(bad()) };
        fields.insert("apiVersion".into(), json!(self.kind.api_version));
        fields.insert("kind".into(), json!(self.kind.kind));
        let metadata = fields.entry("metadata").or_insert_with(|| json!({})).as_object_mut().ok_or_else(bad)?;
        metadata.insert("name".into(), json!(self.name));
        if let Some(namespace) = &self.namespace {
            metadata.insert("namespace".into(), json!(namespace));
        }
        Ok(Value::Object(fields))
    }

    /// As [`Self::named`], with the label of a session.
    ///
    /// # Errors
    /// As [`Self::named`], also where the labels are no mapping.
    pub fn manifest(&self, body: Value, session: &str) -> Result<Value, ClusterError> {
        let mut object = self.named(body)?;
        let bad = || ClusterError::BadBody { target: self.to_string() };
        let labels = object["metadata"].as_object_mut().ok_or_else(bad)?.entry("labels").or_insert_with(|| json!({}));
        labels.as_object_mut().ok_or_else(bad)?.insert(SESSION_LABEL.into(), json!(session));
        Ok(object)
    }
}

fn is_label(part: &str) -> bool {
    !part.is_empty()
        && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !part.starts_with('-')
        && !part.ends_with('-')
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(out, "{} {namespace}/{}", self.kind.kind, self.name),
            None => write!(out, "{} {}", self.kind.kind, self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for (target, good) in [
            (ObjectRef::namespaced(Kind::PLAN, "ns", "auto-ab12-plan"), true),
            (ObjectRef::namespaced(Kind::PLAN, "ns", "a.b"), true),
            (ObjectRef::namespaced(Kind::PLAN, "ns", "A"), false),
            (ObjectRef::namespaced(Kind::PLAN, "ns", "-a"), false),
            (ObjectRef::namespaced(Kind::PLAN, "ns", ""), false),
            (ObjectRef::namespaced(Kind::PLAN, "ns", "x".repeat(63)), true),
            (ObjectRef::namespaced(Kind::PLAN, "ns", "x".repeat(64)), false),
            (ObjectRef::global(Kind::PLAN, "a"), false),
            (ObjectRef::global(Kind::NAMESPACE, "a"), true),
            (ObjectRef::global(Kind::NAMESPACE, "a.b"), false),
            (ObjectRef::namespaced(Kind::NAMESPACE, "ns", "a"), false),
        ] {
            assert_eq!(target.check().is_ok(), good, "{target}");
        }
    }

    #[test]
    fn a_ledger_entry_leads_back_to_its_object() {
        let target = ObjectRef::namespaced(Kind::NAD, "ns", "cb-1");
        assert_eq!(ObjectRef::of(&target.thing(ObjectUndo::Delete)), Some(target));
        let vm =
            Thing::SourceVm { provider_type: "vsphere".into(), provider: "v".into(), name: "n".into(), vm_id: None };
        assert_eq!(ObjectRef::of(&vm), None);
    }
}
