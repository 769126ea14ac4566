//! The datastores that a clone names: found by MoRef or name, with their free space.

use super::super::names::unescape;
use super::super::request::Call;
use super::super::session::Session;
use super::super::xml::{Element, MoRef};
use crate::facts::{chain, nearest};
use crate::provider::ProviderError;
use std::collections::BTreeMap;

/// A datastore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Datastore {
    /// Reference.
    pub(crate) object: MoRef,
    /// Name as stored, for paths of files.
    pub(crate) stored_name: String,
    /// Free space in bytes, if it can be read.
    pub(crate) free_bytes: Option<u64>,
    /// Where its datacenter is to be looked for.
    pub(crate) parent: Option<MoRef>,
}

/// Every datastore of the source.
#[derive(Debug, Clone)]
pub(crate) struct Datastores(Vec<Datastore>);

impl Datastores {
    /// Reads them all.
    pub(crate) async fn read(session: &Session) -> Result<Self, ProviderError> {
        let found = session.list("Datastore", &["name", "summary.freeSpace", "parent"]).await?;
        let stores = found.into_iter().filter_map(|properties| {
            Some(Datastore {
                object: properties.object.clone()?,
                stored_name: properties.text("name")?.to_owned(),
                free_bytes: properties.value("summary.freeSpace"),
                parent: properties.moref("parent"),
            })
        });
        Ok(Self(stores.collect()))
    }

    /// The datastore of that MoRef value, else of that name.
    pub(crate) fn resolve(&self, wanted: &str) -> Result<&Datastore, ProviderError> {
        let by_id = self.0.iter().find(|store| store.object.id == wanted);
        by_id.or_else(|| self.0.iter().find(|store| unescape(&store.stored_name) == wanted)).ok_or_else(|| {
            let known = self.0.iter().flat_map(|store| [store.object.id.as_str(), store.stored_name.as_str()]);
            ProviderError::Missing {
                kind: "datastore",
                name: wanted.to_owned(),
                near: nearest(wanted, known, 5).into_iter().map(str::to_owned).collect(),
                remedy: "correct the datastore ids of copyoffload in providers.json (MoRefs such as datastore-12)",
            }
        })
    }

    /// Whether thick disks of these sizes fit: bytes needed by MoRef value.
    pub(crate) fn check_space(&self, clone: &str, needed: &BTreeMap<String, u64>) -> Result<(), ProviderError> {
        for (id, bytes) in needed {
            let store = self.resolve(id)?;
            if let Some(free_bytes) = store.free_bytes
                && free_bytes < *bytes
            {
                return Err(ProviderError::NoSpace {
                    clone: clone.to_owned(),
                    datastore: unescape(&store.stored_name),
                    needed_bytes: *bytes,
                    free_bytes,
                });
            }
        }
        Ok(())
    }
}

/// Makes a folder on a datastore. One that is there already is fine; another problem is only told, since the clone
/// itself will fail if the folder is really missing.
pub(crate) async fn make_folder(session: &Session, store: &Datastore, path: &str) -> Result<(), ProviderError> {
    let datacenter = datacenter_of(session, store).await?;
    let name = format!("[{}] {path}", store.stored_name);
    let call = Call::new("MakeDirectory", &session.content().manager("fileManager")?)
        .about(&name)
        .with(Element::leaf("name", &name))
        .with(Element::moref("datacenter", &datacenter))
        .with(Element::leaf("createParentDirectories", "true"));
    match session.call(&call).await {
        Ok(_) => {}
        Err(error) if error.is("FileAlreadyExists") || error.is("CannotCreateFile") => {}
        Err(error) => {
            let error = ProviderError::from(error);
            tracing::warn!(folder = name, error = chain(&error), "the folder could not be made");
        }
    }
    Ok(())
}

/// The first child of the root folder would be wrong where datacenters lie in folders: the parents tell.
async fn datacenter_of(session: &Session, store: &Datastore) -> Result<MoRef, ProviderError> {
    const DEEPEST: usize = 64;
    let mut next = store.parent.clone();
    for _ in 0..DEEPEST {
        match next {
            Some(found) if found.kind == "Datacenter" => return Ok(found),
            Some(folder) => next = session.read(&folder, &["parent"]).await?.moref("parent"),
            None => break,
        }
    }
    Err(ProviderError::Missing {
        kind: "datacenter",
        name: format!("of datastore {}", store.stored_name),
        near: Vec::new(),
        remedy: "grant the user System.View on the datacenter and the folders above the datastore",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stores() -> Datastores {
        let store = |id: &str, name: &str, free_bytes| Datastore {
            object: MoRef::new("Datastore", id),
            stored_name: name.to_owned(),
            free_bytes,
            parent: None,
        };
        Datastores(vec![store("datastore-1", "a%2fb", Some(100)), store("datastore-2", "ds2", None)])
    }

    #[test]
    fn found_by_id_and_by_name() {
        let stores = stores();
        assert_eq!(stores.resolve("datastore-2").unwrap().stored_name, "ds2");
        assert_eq!(stores.resolve("a/b").unwrap().object.id, "datastore-1");
        let error = stores.resolve("datastore-3").unwrap_err().to_string();
        assert!(error.contains("no datastore \"datastore-3\"") && error.contains("datastore-1"), "{error}");
    }

    #[test]
    fn thick_disks_must_fit() {
        let stores = stores();
        let needs = |id: &str, bytes| [(id.to_owned(), bytes)].into();
        assert!(stores.check_space("c", &needs("datastore-1", 100)).is_ok());
        assert!(stores.check_space("c", &needs("datastore-2", u64::MAX)).is_ok());
        let error = stores.check_space("c", &needs("datastore-1", 101)).unwrap_err();
        assert!(matches!(error, ProviderError::NoSpace { needed_bytes: 101, free_bytes: 100, .. }), "{error}");
    }
}
