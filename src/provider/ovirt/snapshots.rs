//! Snapshots: taken, read, and removed any number of times.
//!
//! Source: source-providers.md section 3.2.

use super::engine::{Engine, lacking};
use super::json::{list, text, time};
use super::power::EVERY;
use crate::facts::SourceSnapshot;
use crate::provider::rest::query_value;
use crate::provider::{ProviderError, Removal, VmRef};
use crate::wait::{Deadline, Seen, poll};
use serde_json::{Value, json};

/// The type of the entry that every VM has and that is no snapshot.
const ACTIVE: &str = "active";

/// The VM's snapshots, oldest first.
pub(super) async fn read(engine: &Engine, vm: &VmRef) -> Result<Vec<SourceSnapshot>, ProviderError> {
    let listed = engine.read(&path(vm, None), &vm.to_string()).await?;
    let mut found: Vec<SourceSnapshot> =
        list(&listed, "snapshot").iter().filter(|one| text(one, "/snapshot_type") != Some(ACTIVE)).map(facts).collect();
    found.sort_by(|left, right| left.created.cmp(&right.created));
    Ok(found)
}

fn facts(snapshot: &Value) -> SourceSnapshot {
    let of = |pointer| text(snapshot, pointer).unwrap_or_default().to_owned();
    SourceSnapshot {
        id: of("/id"),
        name: of("/description"),
        created: time(snapshot, "/date"),
        state: of("/snapshot_status"),
    }
}

/// Takes a snapshot without memory, and waits until it is complete; its id.
pub(super) async fn create(
    engine: &Engine,
    vm: &VmRef,
    name: &str,
    deadline: &Deadline,
) -> Result<String, ProviderError> {
    let body = json!({ "description": name, "persist_memorystate": false });
    let about = format!("snapshot {name} of {vm}");
    let made = engine.post(&path(vm, None), body, &about).await?;
    let id = text(&made, "/id").ok_or_else(|| lacking(&about, "id"))?.to_owned();
    let look = async || match engine.read(&path(vm, Some(&id)), &about).await {
        Ok(snapshot) => match text(&snapshot, "/snapshot_status") {
            Some("ok") => Seen::Met(Ok(())),
            other => Seen::Pending(other.unwrap_or("no status").to_owned()),
        },
        Err(error) if error.is_gone() => {
            Seen::Hopeless("the engine removed it again; see its events in the administration portal".to_owned())
        }
        Err(error) => Seen::Met(Err(error)),
    };
    poll(&format!("create {about}"), deadline, EVERY, look).await??;
    Ok(id)
}

/// Removes the snapshot `id` if it has that name, else every one of exactly this name.
pub(super) async fn remove(
    engine: &Engine,
    vm: &VmRef,
    (name, id): (&str, Option<&str>),
    deadline: &Deadline,
) -> Result<Removal, ProviderError> {
    let mut named = match read(engine, vm).await {
        Ok(found) => found,
        Err(error) if error.is_gone() => return Ok(Removal::AlreadyGone),
        Err(error) => return Err(error),
    };
    named.retain(|snapshot| snapshot.name == name);
    if named.iter().any(|snapshot| Some(snapshot.id.as_str()) == id) {
        named.retain(|snapshot| Some(snapshot.id.as_str()) == id);
    }
    let mut removal = Removal::AlreadyGone;
    for snapshot in named {
        if remove_one(engine, vm, &snapshot, deadline).await? {
            removal = Removal::Removed;
        }
    }
    Ok(removal)
}

/// Whether it was there.
async fn remove_one(
    engine: &Engine,
    vm: &VmRef,
    snapshot: &SourceSnapshot,
    deadline: &Deadline,
) -> Result<bool, ProviderError> {
    let about = format!("snapshot {} of {vm}", snapshot.name);
    let path = path(vm, Some(&snapshot.id));
    match engine.delete(&path, &about).await {
        Ok(()) => {}
        Err(error) if error.is_gone() => return Ok(false),
        Err(error) => return Err(error),
    }
    let look = async || match engine.read(&path, &about).await {
        Ok(snapshot) => Seen::Pending(text(&snapshot, "/snapshot_status").unwrap_or("still there").to_owned()),
        Err(error) if error.is_gone() => Seen::Met(Ok(())),
        Err(error) => Seen::Met(Err(error)),
    };
    poll(&format!("remove {about}"), deadline, EVERY, look).await??;
    Ok(true)
}

fn path(vm: &VmRef, snapshot: Option<&str>) -> String {
    let end = snapshot.map_or(String::new(), |id| format!("/{}", query_value(id)));
    format!("/vms/{}/snapshots{end}", query_value(&vm.id))
}
