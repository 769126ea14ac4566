//! Diagnostics of a test that did not pass, bound to its own objects, before anything is removed.

use super::session::Session;
use crate::cluster::{Kind, ObjectRef};
use crate::config::{GuestCredentials, Secret};
use crate::diagnostics::{Redactor, Snapshot, Wanted};
use crate::event::Event;
use crate::migration::owned_by_plan;
use crate::undo::Thing;
use serde_json::Value;

/// Takes a snapshot of what `test` made. What cannot be had is noted; diagnostics never change an outcome.
pub(super) async fn collect(session: &Session, test: &str) {
    let parts = session.parts();
    if parts.settings.skip_data_collector {
        return;
    }
    let mut secrets: Vec<_> = parts.providers.iter().map(|entry| entry.password.clone()).collect();
    secrets.extend(parts.cluster.token().cloned());
    // The user data of VMs that are made on the cluster says who may log in to their guests.
    secrets.extend(parts.providers.iter().flat_map(|entry| guest_passwords(&entry.guest)));
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

/// Each as it is, and as it is written inside a text.
fn guest_passwords(guest: &GuestCredentials) -> Vec<Secret> {
    let logins = [&guest.linux, &guest.windows].into_iter().flatten();
    let passwords = logins.filter_map(|login| login.password.as_ref());
    let forms = |password: &Secret| {
        let quoted = Value::String(password.expose().to_owned()).to_string();
        [password.clone(), Secret::new(quoted.trim_matches('"'))]
    };
    passwords.flat_map(forms).collect()
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
        if let Thing::SourceVm { provider, name, .. } = &entry.thing
            && let Some(Ok(source)) = session.sources.get(provider)
            && let Some(site) = &source.site
        {
            wanted.objects.insert(ObjectRef::namespaced(Kind::VM, &site.place.namespace, name));
            wanted.objects.insert(ObjectRef::namespaced(Kind::DATA_VOLUME, &site.place.namespace, name));
            wanted.namespaces.insert(site.place.namespace.clone());
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
