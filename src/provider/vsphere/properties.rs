//! The property collector: known objects, and every object of a type through a container view.
//!
//! Source: source-providers.md section 2.2.

use super::fault::{CallError, Fault};
use super::request::Call;
use super::session::Session;
use super::xml::{Element, MoRef};
use crate::provider::{ProviderError, Refusal};
use std::collections::{BTreeMap, BTreeSet};

/// Objects per page.
const PAGE: u32 = 500;

/// One object's properties.
#[derive(Debug, Clone, Default)]
pub(crate) struct Properties {
    /// The object.
    pub(crate) object: Option<MoRef>,
    /// Values by path; unset ones are absent.
    pub(crate) values: BTreeMap<String, Element>,
    /// Paths that could not be read, with the fault's type.
    pub(crate) unreadable: BTreeMap<String, String>,
}

impl Properties {
    /// The value at a path.
    pub(crate) fn get(&self, path: &str) -> Option<&Element> {
        self.values.get(path)
    }

    /// The text at a path; empty counts as absent.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.get(path).map(|value| value.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The number at a path.
    pub(crate) fn value<T: std::str::FromStr>(&self, path: &str) -> Option<T> {
        self.text(path).and_then(|text| text.trim().parse().ok())
    }

    /// The reference at a path.
    pub(crate) fn moref(&self, path: &str) -> Option<MoRef> {
        self.get(path).and_then(Element::to_moref)
    }

    /// The references of an array at a path.
    pub(crate) fn morefs(&self, path: &str) -> Vec<MoRef> {
        self.get(path).map(|array| array.children.iter().filter_map(Element::to_moref).collect()).unwrap_or_default()
    }

    /// An error for a path without which nothing can go on.
    pub(crate) fn lacking(&self, path: &str, object: &str) -> ProviderError {
        let fault = self.unreadable.get(path).map_or("Unset", String::as_str);
        ProviderError::Refused(Box::new(Refusal {
            operation: "RetrievePropertiesEx".to_owned(),
            object: object.to_owned(),
            status: None,
            fault: fault.to_owned(),
            message: format!("property {path} cannot be read"),
            remedy: "grant the user System.Read and System.View on the object, and see that it is not being deleted"
                .to_owned(),
        }))
    }

    fn needs_session(&self) -> bool {
        self.unreadable.values().any(|fault| fault == "NotAuthenticated")
    }

    fn of(object: &Element) -> Self {
        let mut properties = Self { object: object.moref_at("obj"), ..Self::default() };
        for set in object.all("propSet") {
            if let (Some(name), Some(value)) = (set.text_at("name"), set.child("val")) {
                properties.values.insert(name.to_owned(), value.clone());
            }
        }
        for missing in object.all("missingSet") {
            let fault = missing.at("fault/fault").and_then(|fault| fault.class.clone());
            let path = missing.text_at("path").unwrap_or_default();
            properties.unreadable.insert(path.to_owned(), fault.unwrap_or_else(|| "unknown fault".to_owned()));
        }
        properties
    }
}

impl Session {
    /// Properties of one object.
    ///
    /// # Errors
    /// Fault `ManagedObjectNotFound` when it is gone.
    pub(crate) async fn read(&self, object: &MoRef, paths: &[&str]) -> Result<Properties, CallError> {
        let found = self.read_all(std::slice::from_ref(object), paths).await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// The same properties of several objects in one call, in the order of the answer.
    pub(crate) async fn read_all(&self, objects: &[MoRef], paths: &[&str]) -> Result<Vec<Properties>, CallError> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let kinds: BTreeSet<&str> = objects.iter().map(|object| object.kind.as_str()).collect();
        let spec = Element::new("specSet")
            .with_all(kinds.into_iter().map(|kind| prop_set(kind, paths)))
            .with_all(objects.iter().map(|object| Element::new("objectSet").with(Element::moref("obj", object))));
        let about = if let [only] = objects { only.to_string() } else { format!("{} objects", objects.len()) };
        let call = self.retrieve(spec)?.about(&about);
        let epoch = self.epoch().await;
        match self.pages(&call).await {
            Err(error) if error.is("NotAuthenticated") => {
                self.renew(epoch).await?;
                self.pages(&call).await
            }
            other => other,
        }
    }

    /// The same properties of every object of a type, below the root folder.
    pub(crate) async fn list(&self, kind: &str, paths: &[&str]) -> Result<Vec<Properties>, CallError> {
        let epoch = self.epoch().await;
        match self.list_once(kind, paths).await {
            // The view ended with its session, so the whole is repeated.
            Err(error) if error.is("NotAuthenticated") => {
                self.renew(epoch).await?;
                self.list_once(kind, paths).await
            }
            // So it did when another call logged in again meanwhile: the new session does not know the view.
            Err(error) if error.is("ManagedObjectNotFound") && self.epoch().await != epoch => {
                self.list_once(kind, paths).await
            }
            other => other,
        }
    }

    async fn list_once(&self, kind: &str, paths: &[&str]) -> Result<Vec<Properties>, CallError> {
        let call = Call::read("CreateContainerView", &self.content().manager("viewManager")?)
            .about(&format!("every {kind}"))
            .with(Element::moref("container", &self.content().manager("rootFolder")?))
            .with(Element::leaf("type", kind))
            .with(Element::leaf("recursive", "true"));
        let answer = self.send(&call).await?;
        let view = answer.moref_at("returnval").ok_or_else(|| malformed(&call, "no view"))?;
        let selection = Element::new("selectSet")
            .of("TraversalSpec")
            .with(Element::leaf("name", "v"))
            .with(Element::leaf("type", &view.kind))
            .with(Element::leaf("path", "view"))
            .with(Element::leaf("skip", "false"));
        let start = Element::new("objectSet")
            .with(Element::moref("obj", &view))
            .with(Element::leaf("skip", "true"))
            .with(selection);
        let spec = Element::new("specSet").with(prop_set(kind, paths)).with(start);
        let found = self.pages(&self.retrieve(spec)?.about(&format!("every {kind}"))).await;
        let destroyed = self.send(&Call::new("DestroyView", &view)).await;
        if let (Ok(_), Err(error)) = (&found, destroyed) {
            tracing::debug!(?error, "a view could not be destroyed; it ends with the session");
        }
        found
    }

    fn retrieve(&self, spec: Element) -> Result<Call, ProviderError> {
        Ok(Call::read("RetrievePropertiesEx", &self.content().manager("propertyCollector")?)
            .with(spec)
            .with(Element::new("options").with(Element::leaf("maxObjects", PAGE))))
    }

    async fn pages(&self, first: &Call) -> Result<Vec<Properties>, CallError> {
        let collector = self.content().manager("propertyCollector")?;
        let mut found = Vec::new();
        let mut answer = self.send(first).await?;
        loop {
            let Some(page) = answer.child("returnval") else { return Ok(found) };
            found.extend(page.all("objects").map(Properties::of));
            // Without a session the call succeeds on some servers, and every property is missing for that reason.
            if found.iter().any(Properties::needs_session) {
                return Err(Fault::without_session(first.method, &first.object).into());
            }
            let Some(token) = page.text_at("token") else { return Ok(found) };
            let next = Call::read("ContinueRetrievePropertiesEx", &collector)
                .about(&first.object)
                .with(Element::leaf("token", token));
            answer = self.send(&next).await?;
        }
    }
}

fn prop_set(kind: &str, paths: &[&str]) -> Element {
    Element::new("propSet")
        .with(Element::leaf("type", kind))
        .with(Element::leaf("all", "false"))
        .with_all(paths.iter().map(|path| Element::leaf("pathSet", path)))
}

/// An answer without what it must hold.
pub(crate) fn malformed(call: &Call, problem: &str) -> ProviderError {
    ProviderError::Malformed {
        operation: call.method.to_owned(),
        object: call.object.clone(),
        problem: format!("the answer holds {problem}"),
        remedy: "see that api_url in providers.json is a vCenter's",
    }
}
