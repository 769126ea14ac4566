//! The ledger and its file.
//!
//! The file is `resources.json`: kind (or provider type) to a list of entries, the shape that the original suite's tools
//! know, replaced atomically on every change so that it is whole at every moment.

use super::{Entry, EntryId, State, Thing};
use crate::facts::SessionId;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The ledger of one run. Every method is synchronous: when it returns, the file holds the change.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    session: SessionId,
    entries: Mutex<Vec<Entry>>,
}

/// The ledger's file cannot be used. Nothing may be created then.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Reading or writing failed.
    #[error("{operation} the ledger {path}")]
    Io {
        /// `read` or `write`.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: std::io::Error,
    },
    /// The file is no ledger.
    #[error("{path} is not a ledger of mtvtest (a resources.json of a run)")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: serde_json::Error,
    },
    /// The file names no session.
    #[error("the ledger {0} is empty: there is nothing to undo")]
    Empty(PathBuf),
}

impl Ledger {
    /// An empty ledger at `path`, written at once.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path, session: SessionId) -> Result<Self, LedgerError> {
        let ledger = Self { path: path.to_owned(), session, entries: Mutex::default() };
        ledger.write(&ledger.lock())?;
        Ok(ledger)
    }

    /// The ledger of an earlier run.
    ///
    /// # Errors
    /// The file cannot be read, is no ledger, or holds no entry.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let text = std::fs::read_to_string(path).map_err(|cause| LedgerError::Io {
            operation: "read",
            path: path.to_owned(),
            cause,
        })?;
        let listed: BTreeMap<String, Vec<Entry>> =
            serde_json::from_str(&text).map_err(|cause| LedgerError::Malformed { path: path.to_owned(), cause })?;
        let mut entries = Vec::new();
        for (key, list) in listed {
            for mut entry in list {
                entry.thing.set_listed_under(&key);
                entries.push(entry);
            }
        }
        entries.sort_by_key(|entry| entry.id);
        let session =
            entries.first().map(|entry| entry.session.clone()).ok_or_else(|| LedgerError::Empty(path.to_owned()))?;
        Ok(Self { path: path.to_owned(), session, entries: Mutex::new(entries) })
    }

    /// The session whose ledger it is.
    pub fn session(&self) -> &SessionId {
        &self.session
    }

    /// Writes down the intent to make `thing`. Call it before the call that makes it.
    ///
    /// # Errors
    /// The file cannot be written: then nothing may be made.
    pub fn intend(&self, scenario: Option<&str>, thing: Thing, needs: &[EntryId]) -> Result<EntryId, LedgerError> {
        let mut entries = self.lock();
        let id = entries.last().map_or(1, |entry| entry.id + 1);
        let entry = Entry {
            id,
            session: self.session.clone(),
            scenario: scenario.map(str::to_owned),
            state: State::Intended,
            needs: needs.to_vec(),
            thing,
        };
        entries.push(entry);
        self.write(&entries)?;
        Ok(id)
    }

    /// Notes that the call took effect, with the UID or provider's id that it gave.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn made(&self, id: EntryId, given: Option<&str>) -> Result<(), LedgerError> {
        self.change(id, |entry| {
            entry.state = State::Made;
            if let Some(value) = given {
                match &mut entry.thing {
                    Thing::Object { uid, .. } => *uid = Some(value.to_owned()),
                    Thing::SourceVm { vm_id, .. } => *vm_id = Some(value.to_owned()),
                    Thing::SourceSnapshot { snapshot_id, .. } => *snapshot_id = Some(value.to_owned()),
                    // They have no id, or it is known before the call.
                    Thing::SourcePower { .. }
                    | Thing::EsxiKey { .. }
                    | Thing::ControllerShare { .. }
                    | Thing::Patched { .. } => {}
                }
            }
        })
    }

    /// Notes that the thing is gone, or that it turned out to be somebody else's and must not be touched.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn undone(&self, id: EntryId) -> Result<(), LedgerError> {
        self.change(id, |entry| entry.state = State::Undone)
    }

    /// Notes that the thing could not be undone.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn stuck(&self, id: EntryId, why: &str) -> Result<(), LedgerError> {
        self.change(id, |entry| entry.state = State::Stuck { why: why.to_owned() })
    }

    /// All entries, in the order of intent.
    pub fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    /// Entries that are not undone yet, in the order of intent.
    pub fn open_entries(&self) -> Vec<Entry> {
        self.lock().iter().filter(|entry| entry.state != State::Undone).cloned().collect()
    }

    fn change(&self, id: EntryId, change: impl FnOnce(&mut Entry)) -> Result<(), LedgerError> {
        let mut entries = self.lock();
        if let Some(entry) = entries.iter_mut().find(|entry| entry.id == id) {
            change(entry);
        }
        self.write(&entries)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, entries: &[Entry]) -> Result<(), LedgerError> {
        let fail = |cause| LedgerError::Io { operation: "write", path: self.path.clone(), cause };
        let mut listed: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in entries {
            listed.entry(entry.thing.listed_under()).or_default().push(entry);
        }
        let text = serde_json::to_vec_pretty(&listed).map_err(|cause| fail(cause.into()))?;
        let beside = self.path.with_extension("json.new");
        std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, &self.path)).map_err(fail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::undo::ObjectUndo;

    fn plan(name: &str) -> Thing {
        Thing::Object {
            kind: "Plan".into(),
            api_version: "v1".into(),
            plural: "plans".into(),
            namespace: Some("ns".into()),
            name: name.into(),
            uid: None,
            undo: ObjectUndo::Delete,
        }
    }

    #[test]
    fn what_was_changed_is_read_back_with_what_it_was_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("resources.json");
        let ledger = Ledger::create(&path, SessionId::try_from("auto-1".to_owned()).unwrap()).unwrap();
        let share = Thing::ControllerShare {
            namespace: "mtv".into(),
            lease: "l".into(),
            holder: "auto-1.1".into(),
            values: [("controller_precopy_interval".to_owned(), serde_json::json!(2))].into(),
            originals: [("controller_precopy_interval".to_owned(), serde_json::Value::Null)].into(),
        };
        let label = Thing::Patched {
            kind: "Node".into(),
            api_version: "v1".into(),
            plural: "nodes".into(),
            namespace: None,
            name: "w1".into(),
            label: "k".into(),
            value: "v".into(),
            original: None,
        };
        ledger.intend(None, share.clone(), &[]).unwrap();
        ledger.intend(Some("t"), label.clone(), &[]).unwrap();
        let read: Vec<Thing> = Ledger::open(&path).unwrap().entries().into_iter().map(|entry| entry.thing).collect();
        assert_eq!(read, [share, label]);
        assert_eq!(read[1].to_string(), "label k=v of Node w1");
        assert!(read[0].to_string().starts_with("share auto-1.1 of controller_precopy_interval of"));
    }

    #[test]
    fn things_of_others_are_never_listed_where_clones_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("resources.json");
        let ledger = Ledger::create(&path, SessionId::try_from("auto-1".to_owned()).unwrap()).unwrap();
        let power = Thing::SourcePower {
            provider: "v8".into(),
            name: "db".into(),
            vm_id: "vm-7".into(),
            power: crate::facts::Power::On,
        };
        let snapshot = Thing::SourceSnapshot {
            provider: "v8".into(),
            vm: "db".into(),
            vm_id: "vm-7".into(),
            name: "db-auto-1-snapshot-1".into(),
            snapshot_id: None,
        };
        let key =
            Thing::EsxiKey { provider: "v8".into(), host: "esxi-1".into(), line: "command=\"x\" ssh-rsa A".into() };
        let ids = [power, snapshot, key].map(|thing| ledger.intend(None, thing, &[]).unwrap());
        for id in ids {
            ledger.made(id, Some("snapshot-3")).unwrap();
        }
        let shape: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(shape["vsphere"], serde_json::Value::Null);
        assert_eq!((&shape["SourcePower"][0]["name"], &shape["SourcePower"][0]["power"]), (&"db".into(), &"on".into()));
        assert_eq!(shape["SourcePower"][0]["vm_id"], "vm-7", "what made() gives is not its id");
        assert_eq!(shape["SourceSnapshot"][0]["snapshot_id"], "snapshot-3");
        let again = Ledger::open(&path).unwrap();
        let words: Vec<String> = again.entries().iter().map(|entry| entry.thing.to_string()).collect();
        assert_eq!(
            words,
            [
                "power on of VM db on provider v8",
                "snapshot db-auto-1-snapshot-1 of VM db on provider v8",
                "SSH key on ESXi host esxi-1 of provider v8"
            ]
        );
    }

    #[test]
    fn intent_is_on_disk_before_the_call_and_survives_a_crash() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("resources.json");
        let session = SessionId::try_from("auto-1".to_owned()).unwrap();
        let ledger = Ledger::create(&path, session).unwrap();
        assert!(matches!(Ledger::open(&path), Err(LedgerError::Empty(_))));
        let first = ledger.intend(Some("cold/sanity"), plan("a"), &[]).unwrap();
        let clone =
            Thing::SourceVm { provider_type: "vsphere".into(), provider: "v8".into(), name: "c".into(), vm_id: None };
        let second = ledger.intend(None, clone, &[first]).unwrap();
        drop(ledger);
        let ledger = Ledger::open(&path).unwrap();
        assert!(ledger.entries().iter().all(|entry| entry.state == State::Intended));
        ledger.made(second, Some("vm-7")).unwrap();
        ledger.undone(first).unwrap();
        let reopened = Ledger::open(&path).unwrap();
        let open = reopened.open_entries();
        assert_eq!(open.len(), 1);
        assert_eq!(open[0].thing.to_string(), "VM c on provider v8");
        assert!(matches!(&open[0].thing, Thing::SourceVm { vm_id: Some(id), .. } if id == "vm-7"));
        let shape: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(shape["Plan"][0]["name"], "a");
        assert_eq!(shape["Plan"][0]["state"], "undone");
        assert_eq!(shape["vsphere"][0]["scenario"], serde_json::Value::Null);
    }
}
