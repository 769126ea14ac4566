//! Diagnostics of a test that did not pass, bound to its own objects, before anything is removed.

use super::session::Session;
use crate::cluster::{Kind, ObjectRef};
use crate::diagnostics::{Redactor, Snapshot, Wanted};
use crate::event::Event;
use crate::migration::owned_by_plan;
use crate::undo::Thing;

/// Takes a snapshot of what `test` made. What cannot be had is noted; diagnostics never change an outcome.
pub(super) async fn collect(session: &Session, test: &str) {
    let parts = session.parts();
    if parts.settings.skip_data_collector {
        return;
    }
    let mut secrets: Vec<_> = parts.providers.iter().map(|entry| entry.password.clone()).collect();
    secrets.extend(parts.cluster.token().cloned());
    let redactor = Redactor::new(secrets);
    let directory = parts.directory.diagnostics_path(test);
    let snapshot = Snapshot { cluster: &parts.cluster, directory: &directory, redactor: &redactor };
    let note = match snapshot.take(&wanted(session, test)).await {
        Ok(missing) if missing.is_empty() => return,
        Ok(missing) => format!("diagnostics lack: {}", missing.join("; ")),
        Err(error) => format!("write diagnostics to {}: {error}", directory.display()),
    };
    parts.emit(Event::Noted { test: Some(test.to_owned()), note });
}

/// The objects of the test and of the session's fixtures, and what the product made for the test's Plans.
fn wanted(session: &Session, test: &str) -> Wanted {
    let mut wanted = Wanted::default();
    for entry in session.parts().ledger.open_entries() {
        let is_shared = entry.scenario.is_none();
        if !is_shared && entry.scenario.as_deref() != Some(test) {
            continue;
        }
        if let Thing::Object { kind, uid: Some(uid), .. } = &entry.thing
            && kind == Kind::PLAN.kind
        {
            wanted.selectors.insert(owned_by_plan(uid));
        }
        if let Some(target) = ObjectRef::of(&entry.thing) {
            wanted.namespaces.extend(target.namespace.clone());
            // The VMs that the product shall make may not be there yet, which is no gap of the snapshot.
            if target.kind != Kind::VM {
                wanted.objects.insert(target);
            }
        }
    }
    wanted
}
