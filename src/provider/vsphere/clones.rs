//! Clones under way: which running tasks may yet become a VM of some name.
//!
//! A clone that was cancelled, or whose start was not answered, may appear after its deletion found nothing. A running
//! clone task does not tell the name of its clone, so what this process did not start itself counts as possible.
//!
//! Source: source-providers.md section 2.4.

use super::fault::CallError;
use super::find;
use super::properties::Properties;
use super::session::Session;
use super::xml::MoRef;
use crate::facts::chain;
use crate::provider::ProviderError;
use crate::wait::{Deadline, Seen, poll};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often running clones are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// By when a call that was sent but not answered has started its task, if it ever does.
const LOST_LIMIT: Duration = Duration::from_secs(10);
const PATHS: [&str; 4] = ["info.name", "info.descriptionId", "info.state", "info.entityName"];

/// Clone tasks that this process started: the name of the clone by the task's id.
#[derive(Debug, Default)]
pub(crate) struct StartedClones(Mutex<BTreeMap<String, String>>);

impl StartedClones {
    /// Notes that `task` makes `name`.
    pub(crate) fn note(&self, task: &MoRef, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(task.id.clone(), name.to_owned());
    }

    /// Whether the task may make `name`: it is known to, or not known at all.
    fn may_make(&self, task: &MoRef, name: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&task.id).is_none_or(|own| own == name)
    }
}

/// Running clone tasks, of whomever, that may make a VM called `name`; in people's words, by id.
pub(crate) async fn under_way(session: &Session, name: &str) -> Result<BTreeMap<String, String>, CallError> {
    // Only a vCenter clones, and each has one; a bare ESXi host need not.
    let Ok(manager) = session.content().manager("taskManager") else { return Ok(BTreeMap::new()) };
    let mut recent = session.read(&manager, &["recentTask"]).await?.morefs("recentTask");
    recent.retain(|task| session.started_clones().may_make(task, name));
    let running = |task: Properties| {
        let id = task.object.as_ref()?.id.clone();
        is_running_clone(&task)
            .then(|| format!("{id} on {}", task.text("info.entityName").unwrap_or("a VM")))
            .map(|words| (id, words))
    };
    match session.read_all(&recent, &PATHS).await {
        Ok(tasks) => Ok(tasks.into_iter().filter_map(running).collect()),
        // One of them was forgotten between the two reads, and the whole answer with it.
        Err(error) if error.is("ManagedObjectNotFound") => {
            let mut found = BTreeMap::new();
            for task in &recent {
                match session.read(task, &PATHS).await {
                    Ok(task) => found.extend(running(task)),
                    Err(error) if error.is("ManagedObjectNotFound") => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(found)
        }
        Err(error) => Err(error),
    }
}

fn is_running_clone(task: &Properties) -> bool {
    is_clone(task.text("info.name"), task.text("info.descriptionId"))
        && matches!(task.text("info.state"), Some("queued" | "running"))
}

/// Tasks carry their method with and without `_Task`, and its words in either case: `CloneVM_Task` and
/// `VirtualMachine.clone` on a vCenter, `CloneVm` and `VirtualMachine.cloneVm` on vcsim.
fn is_clone(name: Option<&str>, description_id: Option<&str>) -> bool {
    let is = |text: Option<&str>, wanted: &str| text.is_some_and(|text| text.eq_ignore_ascii_case(wanted));
    is(name.map(|name| name.trim_end_matches("_Task")), "CloneVM")
        || is(description_id, "VirtualMachine.clone")
        || is(description_id, "VirtualMachine.cloneVM")
}

/// Waits until the tasks ended, or a VM called `name` is there.
pub(crate) async fn wait_for(
    session: &Session,
    name: &str,
    tasks: &BTreeMap<String, String>,
    deadline: &Deadline,
) -> Result<(), ProviderError> {
    let what = format!("delete VM {name}: wait for the running clones, one of which may become it");
    let look = async || match still_running(session, name, tasks).await {
        Ok(None) => Seen::Met(Ok(())),
        Ok(Some(running)) => Seen::Pending(running),
        Err(error) => Seen::Met(Err(error.into())),
    };
    poll(&what, deadline, LOOK_EVERY, look).await?
}

async fn still_running(
    session: &Session,
    name: &str,
    tasks: &BTreeMap<String, String>,
) -> Result<Option<String>, CallError> {
    // First the tasks: what ends after this look shows up in the list of VMs that follows.
    let mut running = under_way(session, name).await?;
    running.retain(|id, _| tasks.contains_key(id));
    let is_there = find::all_vms(session).await?.iter().any(|vm| vm.name == name);
    let words: Vec<String> = running.into_values().collect();
    Ok((!is_there && !words.is_empty()).then(|| words.join(", ")))
}

/// After a clone whose start was not answered: gives the server time to begin it, so that whoever deletes it by its
/// name finds either the VM or a running task.
pub(crate) async fn settle_lost(session: &Session, name: &str) {
    let deadline = Deadline::after(LOST_LIMIT, &CancellationToken::new());
    let look = async || {
        let running = match under_way(session, name).await {
            Ok(running) => running,
            Err(error) => return Seen::Pending(chain(&ProviderError::from(error))),
        };
        match find::all_vms(session).await {
            Ok(vms) if vms.iter().any(|vm| vm.name == name) => Seen::Met("the VM is there".to_owned()),
            Ok(_) if running.is_empty() => Seen::Pending("neither task nor VM".to_owned()),
            Ok(_) => Seen::Met(format!("{} runs", running.into_values().collect::<Vec<_>>().join(", "))),
            Err(error) => Seen::Pending(chain(&error)),
        }
    };
    let seen = poll("a clone that was not answered", &deadline, Duration::from_secs(1), look).await;
    tracing::debug!(clone = name, ?seen, "the answer to a clone was lost");
}

#[cfg(test)]
mod tests {
    use super::is_clone;

    #[test]
    fn clones_by_the_names_of_a_vcenter_and_of_the_simulator() {
        for (name, description) in [
            (Some("CloneVM_Task"), Some("VirtualMachine.clone")),
            (Some("CloneVm"), None),
            (None, Some("VirtualMachine.clone")),
            (None, Some("VirtualMachine.cloneVm")),
        ] {
            assert!(is_clone(name, description), "{name:?} {description:?}");
        }
        for (name, description) in [
            (Some("CreateVM_Task"), Some("Folder.createVm")),
            (Some("CloneVApp_Task"), Some("VirtualApp.clone")),
            (None, None),
        ] {
            assert!(!is_clone(name, description), "{name:?} {description:?}");
        }
    }
}
